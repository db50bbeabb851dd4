package kms

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

var idRE = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$`)

// usages are what keys of each spec are for, the first is meant where none is said;
// asymmetric keys must say ("Key spec reference" in the KMS developer guide).
var usages = map[types.KeySpec][]types.KeyUsageType{
	types.KeySpecSymmetricDefault: {types.KeyUsageTypeEncryptDecrypt},
	types.KeySpecRsa2048:          {types.KeyUsageTypeEncryptDecrypt, types.KeyUsageTypeSignVerify},
	types.KeySpecRsa3072:          {types.KeyUsageTypeEncryptDecrypt, types.KeyUsageTypeSignVerify},
	types.KeySpecRsa4096:          {types.KeyUsageTypeEncryptDecrypt, types.KeyUsageTypeSignVerify},
	types.KeySpecEccNistP256:      {types.KeyUsageTypeSignVerify, types.KeyUsageTypeKeyAgreement},
	types.KeySpecEccNistP384:      {types.KeyUsageTypeSignVerify, types.KeyUsageTypeKeyAgreement},
	types.KeySpecEccNistP521:      {types.KeyUsageTypeSignVerify, types.KeyUsageTypeKeyAgreement},
	types.KeySpecEccSecgP256k1:    {types.KeyUsageTypeSignVerify},
	types.KeySpecHmac224:          {types.KeyUsageTypeGenerateVerifyMac},
	types.KeySpecHmac256:          {types.KeyUsageTypeGenerateVerifyMac},
	types.KeySpecHmac384:          {types.KeyUsageTypeGenerateVerifyMac},
	types.KeySpecHmac512:          {types.KeyUsageTypeGenerateVerifyMac},
}

// CreateKey makes a key.
func (k *KMS) CreateKey(_ *wire.Caller, in *kms.CreateKeyInput) (*kms.CreateKeyOutput, error) {
	spec, usage := in.KeySpec, in.KeyUsage
	if spec == "" {
		//lint:ignore SA1019 older clients send it still
		spec = types.KeySpec(in.CustomerMasterKeySpec)
	}
	if spec == "" {
		spec = types.KeySpecSymmetricDefault
	}
	if usage == "" && spec == types.KeySpecSymmetricDefault {
		usage = types.KeyUsageTypeEncryptDecrypt
	}
	switch {
	case usages[spec] == nil:
		return nil, wire.Errorf("UnsupportedOperationException", "The simulated region has no keys of the spec %s.", spec)
	case usage == "":
		return nil, wire.Errorf("ValidationException", "You must specify a KeyUsage value for all KeySpec values except SYMMETRIC_DEFAULT.")
	case !slices.Contains(usages[spec], usage):
		return nil, wire.Errorf("ValidationException", "KeyUsage %s is not compatible with KeySpec %s", usage, spec)
	case in.Origin != "" && in.Origin != types.OriginTypeAwsKms && in.Origin != types.OriginTypeExternal:
		return nil, wire.Errorf("UnsupportedOperationException", "The simulated region has no key stores for keys of the origin %s.", in.Origin)
	}
	policy := aws.ToString(in.Policy)
	if in.Policy == nil {
		policy = k.defaultPolicy()
	}
	if err := k.checkPolicy(policy); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	id := k.w.UUID("kms", aws.ToString(in.Description))
	if aws.ToBool(in.MultiRegion) {
		id = "mrk-" + strings.ReplaceAll(id, "-", "")
	}
	m := &key{Policy: policy, Tags: in.Tags, KeyMetadata: types.KeyMetadata{Arn: new(k.arn("key/" + id)), Description: new(aws.ToString(in.Description)),
		KeySpec: spec, KeyUsage: usage, Origin: in.Origin, MultiRegion: in.MultiRegion}}
	if err := k.complete(m); err != nil {
		return nil, err
	}
	k.keys.Put(id, m)
	return &kms.CreateKeyOutput{KeyMetadata: new(m.KeyMetadata)}, nil
}

// complete makes a key of an ARN whole: an enabled symmetric one, unless it says another.
func (k *KMS) complete(m *key) error {
	m.KeyId, m.AWSAccountId, m.CreationDate = new(bare(*m.Arn)), new(k.Account), new(k.w.Date())
	m.Enabled, m.KeyState = true, types.KeyStateEnabled
	if m.KeySpec == "" {
		m.KeySpec, m.KeyUsage = types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt
	}
	if m.KeyManager == "" {
		m.KeyManager = types.KeyManagerTypeCustomer
	}
	if m.Origin == "" {
		m.Origin = types.OriginTypeAwsKms
	}
	if m.Origin == types.OriginTypeExternal {
		m.Enabled, m.KeyState = false, types.KeyStatePendingImport
	}
	//lint:ignore SA1019 KMS answers it still
	m.CustomerMasterKeySpec = types.CustomerMasterKeySpec(m.KeySpec)
	m.MultiRegion = new(aws.ToBool(m.MultiRegion))
	if *m.MultiRegion {
		m.MultiRegionConfiguration = &types.MultiRegionConfiguration{MultiRegionKeyType: types.MultiRegionKeyTypePrimary,
			PrimaryKey: &types.MultiRegionKey{Arn: m.Arn, Region: new(k.Region)}, ReplicaKeys: []types.MultiRegionKey{}}
	}
	algorithms(&m.KeyMetadata)
	if m.Policy == "" {
		m.Policy = k.defaultPolicy()
	}
	var err error
	m.Material, err = hex.DecodeString(k.w.Hex("kms:material\x00"+*m.KeyId, 64))
	return err
}

// algorithms are what a key can be used with.
func algorithms(m *types.KeyMetadata) {
	rsa := strings.HasPrefix(string(m.KeySpec), "RSA_")
	switch {
	case m.KeySpec == types.KeySpecSymmetricDefault:
		m.EncryptionAlgorithms = []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecSymmetricDefault}
	case rsa && m.KeyUsage == types.KeyUsageTypeEncryptDecrypt:
		m.EncryptionAlgorithms = []types.EncryptionAlgorithmSpec{types.EncryptionAlgorithmSpecRsaesOaepSha1, types.EncryptionAlgorithmSpecRsaesOaepSha256}
	case rsa:
		m.SigningAlgorithms = []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecRsassaPkcs1V15Sha256, types.SigningAlgorithmSpecRsassaPkcs1V15Sha384,
			types.SigningAlgorithmSpecRsassaPkcs1V15Sha512, types.SigningAlgorithmSpecRsassaPssSha256, types.SigningAlgorithmSpecRsassaPssSha384,
			types.SigningAlgorithmSpecRsassaPssSha512}
	case m.KeyUsage == types.KeyUsageTypeGenerateVerifyMac:
		m.MacAlgorithms = []types.MacAlgorithmSpec{types.MacAlgorithmSpec(strings.Replace(string(m.KeySpec), "HMAC_", "HMAC_SHA_", 1))}
	case m.KeyUsage == types.KeyUsageTypeKeyAgreement:
		m.KeyAgreementAlgorithms = []types.KeyAgreementAlgorithmSpec{types.KeyAgreementAlgorithmSpecEcdh}
	case m.KeySpec == types.KeySpecEccNistP384:
		m.SigningAlgorithms = []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEcdsaSha384}
	case m.KeySpec == types.KeySpecEccNistP521:
		m.SigningAlgorithms = []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEcdsaSha512}
	default:
		m.SigningAlgorithms = []types.SigningAlgorithmSpec{types.SigningAlgorithmSpecEcdsaSha256}
	}
}

// DescribeKey reads a key. An alias of AWS's own gets its key when it is first asked for.
func (k *KMS) DescribeKey(_ *wire.Caller, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
	k.ofAWS(strings.TrimPrefix(aws.ToString(in.KeyId), k.arn("")))
	m, err := k.named(in.KeyId)
	if err != nil {
		return nil, err
	}
	return &kms.DescribeKeyOutput{KeyMetadata: new(m.KeyMetadata)}, nil
}

// ListKeys lists every key.
func (k *KMS) ListKeys(_ *wire.Caller, _ *kms.ListKeysInput) (*kms.ListKeysOutput, error) {
	out := &kms.ListKeysOutput{Keys: []types.KeyListEntry{}}
	for _, m := range k.keys.All() {
		out.Keys = append(out.Keys, types.KeyListEntry{KeyId: m.KeyId, KeyArn: m.Arn})
	}
	return out, nil
}

// UpdateKeyDescription replaces the description.
func (k *KMS) UpdateKeyDescription(_ *wire.Caller, in *kms.UpdateKeyDescriptionInput) (*kms.UpdateKeyDescriptionOutput, error) {
	m, err := k.usable(in.KeyId)
	if err != nil {
		return nil, err
	}
	m.Description = in.Description
	return &kms.UpdateKeyDescriptionOutput{}, nil
}

// EnableKey lets a key be used.
func (k *KMS) EnableKey(_ *wire.Caller, in *kms.EnableKeyInput) (*kms.EnableKeyOutput, error) {
	m, err := k.own(in.KeyId)
	if err != nil {
		return nil, err
	}
	m.Enabled, m.KeyState = true, types.KeyStateEnabled
	return &kms.EnableKeyOutput{}, nil
}

// DisableKey keeps a key from being used.
func (k *KMS) DisableKey(_ *wire.Caller, in *kms.DisableKeyInput) (*kms.DisableKeyOutput, error) {
	m, err := k.own(in.KeyId)
	if err != nil {
		return nil, err
	}
	m.Enabled, m.KeyState = false, types.KeyStateDisabled
	return &kms.DisableKeyOutput{}, nil
}

// own is a usable key that AWS does not manage.
func (k *KMS) own(id *string) (*key, error) {
	m, err := k.usable(id)
	if err == nil && m.KeyManager == types.KeyManagerTypeAws {
		return nil, wire.Errorf("AccessDeniedException", "%s is managed by AWS.", *m.Arn)
	}
	return m, err
}

// ScheduleKeyDeletion deletes a key after some days, 30 by default.
func (k *KMS) ScheduleKeyDeletion(_ *wire.Caller, in *kms.ScheduleKeyDeletionInput) (*kms.ScheduleKeyDeletionOutput, error) {
	m, err := k.own(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(30)
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < 7 || days > 30 {
		return nil, wire.Errorf("ValidationException", "PendingWindowInDays %d must be between 7 and 30 days.", days)
	}
	window := time.Duration(days) * 24 * time.Hour
	m.Enabled, m.KeyState, m.DeletionDate = false, types.KeyStatePendingDeletion, new(k.w.Date().Add(window))
	k.w.Schedule(window, "kms:delete", *m.KeyId, *m.DeletionDate)
	return &kms.ScheduleKeyDeletionOutput{KeyId: m.Arn, KeyState: m.KeyState, DeletionDate: m.DeletionDate, PendingWindowInDays: &days}, nil
}

// deleted ends a key with its aliases and grants, unless it was kept or rescheduled.
func (k *KMS) deleted(id string, scheduled time.Time) {
	m := k.keys.Get(id)
	if m == nil || m.DeletionDate == nil || !m.DeletionDate.Equal(scheduled) {
		return
	}
	k.keys.Delete(id)
	for _, a := range k.aliases.All() {
		if a.Key == id {
			k.aliases.Delete(a.Name)
		}
	}
	for _, g := range k.grants.All() {
		if *g.KeyId == *m.Arn {
			k.grants.Delete(*g.GrantId)
		}
	}
}

// CancelKeyDeletion keeps a key, disabled.
func (k *KMS) CancelKeyDeletion(_ *wire.Caller, in *kms.CancelKeyDeletionInput) (*kms.CancelKeyDeletionOutput, error) {
	m, err := k.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	if m.KeyState != types.KeyStatePendingDeletion {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is not pending deletion.", *m.Arn)
	}
	m.KeyState, m.DeletionDate = types.KeyStateDisabled, nil
	return &kms.CancelKeyDeletionOutput{KeyId: m.Arn}, nil
}
