// Package kms simulates the few KMS operations around secrets encryption. It must
// not know what the keys encrypt.
package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// KMS is the service's state in one region.
type KMS struct {
	res.Registry
	w                          *world.World
	Account, Partition, Region string
	keys                       *res.Kind[types.KeyMetadata]
}

// New is a region without keys.
func New(w *world.World, region, account, partition string) *KMS {
	k := &KMS{w: w, Region: region, Account: account, Partition: partition}
	k.keys = res.Add(&k.Registry, &res.Kind[types.KeyMetadata]{Name: "key", Key: func(m *types.KeyMetadata) string { return bare(aws.ToString(m.Arn)) },
		Missing: missing, Complete: k.complete})
	return k
}

func missing(id string) error { return wire.Errorf("NotFoundException", "Key '%s' does not exist", id) }

// bare is a key's ID, of its ARN or its ID.
func bare(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// Register adds the operations.
func (k *KMS) Register(s *wire.Service) {
	wire.Handle(s, "CreateKey", func(_ *wire.Caller, in *kms.CreateKeyInput) (*kms.CreateKeyOutput, error) {
		id := k.w.UUID("kms", aws.ToString(in.Description))
		m := &types.KeyMetadata{Arn: new("arn:" + k.Partition + ":kms:" + k.Region + ":" + k.Account + ":key/" + id), Description: in.Description}
		return &kms.CreateKeyOutput{KeyMetadata: k.keys.Put(id, m)}, k.complete(m)
	})
	wire.Handle(s, "DescribeKey", func(_ *wire.Caller, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
		if m := k.Key(aws.ToString(in.KeyId)); m != nil {
			return &kms.DescribeKeyOutput{KeyMetadata: m}, nil
		}
		return nil, missing(aws.ToString(in.KeyId))
	})
	wire.Handle(s, "DisableKey", func(_ *wire.Caller, in *kms.DisableKeyInput) (*kms.DisableKeyOutput, error) {
		return &kms.DisableKeyOutput{}, k.turn(in.KeyId, types.KeyStateDisabled, false)
	})
	wire.Handle(s, "EnableKey", func(_ *wire.Caller, in *kms.EnableKeyInput) (*kms.EnableKeyOutput, error) {
		return &kms.EnableKeyOutput{}, k.turn(in.KeyId, types.KeyStateEnabled, false)
	})
	wire.Handle(s, "ScheduleKeyDeletion", func(_ *wire.Caller, in *kms.ScheduleKeyDeletionInput) (*kms.ScheduleKeyDeletionOutput, error) {
		return &kms.ScheduleKeyDeletionOutput{KeyId: in.KeyId, KeyState: types.KeyStatePendingDeletion}, k.turn(in.KeyId, types.KeyStatePendingDeletion, false)
	})
	wire.Handle(s, "CancelKeyDeletion", func(_ *wire.Caller, in *kms.CancelKeyDeletionInput) (*kms.CancelKeyDeletionOutput, error) {
		return &kms.CancelKeyDeletionOutput{KeyId: in.KeyId}, k.turn(in.KeyId, types.KeyStateDisabled, true)
	})
}

// turn changes a key's state; only an enabled key encrypts. What is pending deletion
// can only be kept, and nothing else can.
func (k *KMS) turn(id *string, to types.KeyState, keep bool) error {
	m := k.Key(aws.ToString(id))
	switch pending := m != nil && m.KeyState == types.KeyStatePendingDeletion; {
	case m == nil:
		return missing(aws.ToString(id))
	case pending && !keep:
		return wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", *m.Arn)
	case keep && !pending:
		return wire.Errorf("KMSInvalidStateException", "%s is not pending deletion.", *m.Arn)
	}
	m.Enabled, m.KeyState = to == types.KeyStateEnabled, to
	return nil
}

// Key finds a key by ID or ARN, or nil.
func (k *KMS) Key(id string) *types.KeyMetadata {
	return k.keys.Get(bare(id))
}

// complete makes a key of an ARN an enabled symmetric one.
func (k *KMS) complete(m *types.KeyMetadata) error {
	m.KeyId, m.AWSAccountId, m.CreationDate = new(bare(*m.Arn)), new(k.Account), new(k.w.Date())
	m.Enabled, m.KeyState, m.KeySpec, m.KeyUsage = true, types.KeyStateEnabled, types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt
	return nil
}
