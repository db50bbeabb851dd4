// Package kms simulates the few KMS operations around secrets encryption. It must
// not know what the keys encrypt.
package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// KMS is the service's state in one region.
type KMS struct {
	w                          *world.World
	Account, Partition, Region string
	keys                       table.Table[types.KeyMetadata]
}

// New is a region without keys.
func New(w *world.World, region, account, partition string) *KMS {
	return &KMS{w: w, Region: region, Account: account, Partition: partition}
}

// Register adds the operations.
func (k *KMS) Register(s *wire.Service) {
	wire.Handle(s, "CreateKey", func(_ *wire.Caller, in *kms.CreateKeyInput) (*kms.CreateKeyOutput, error) {
		id := k.w.UUID("kms")
		return &kms.CreateKeyOutput{KeyMetadata: k.Adopt("arn:" + k.Partition + ":kms:" + k.Region + ":" + k.Account + ":key/" + id)}, nil
	})
	wire.Handle(s, "DescribeKey", func(_ *wire.Caller, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
		if m := k.Key(aws.ToString(in.KeyId)); m != nil {
			return &kms.DescribeKeyOutput{KeyMetadata: m}, nil
		}
		return nil, wire.Errorf("NotFoundException", "Key '%s' does not exist", aws.ToString(in.KeyId))
	})
	wire.Handle(s, "DisableKey", func(_ *wire.Caller, in *kms.DisableKeyInput) (*kms.DisableKeyOutput, error) {
		return &kms.DisableKeyOutput{}, k.turn(in.KeyId, types.KeyStateDisabled)
	})
	wire.Handle(s, "EnableKey", func(_ *wire.Caller, in *kms.EnableKeyInput) (*kms.EnableKeyOutput, error) {
		return &kms.EnableKeyOutput{}, k.turn(in.KeyId, types.KeyStateEnabled)
	})
	wire.Handle(s, "ScheduleKeyDeletion", func(_ *wire.Caller, in *kms.ScheduleKeyDeletionInput) (*kms.ScheduleKeyDeletionOutput, error) {
		return &kms.ScheduleKeyDeletionOutput{KeyId: in.KeyId, KeyState: types.KeyStatePendingDeletion}, k.turn(in.KeyId, types.KeyStatePendingDeletion)
	})
	wire.Handle(s, "CancelKeyDeletion", func(_ *wire.Caller, in *kms.CancelKeyDeletionInput) (*kms.CancelKeyDeletionOutput, error) {
		return &kms.CancelKeyDeletionOutput{KeyId: in.KeyId}, k.turn(in.KeyId, types.KeyStateDisabled)
	})
}

// turn changes a key's state; only an enabled key encrypts.
func (k *KMS) turn(id *string, to types.KeyState) error {
	m := k.Key(aws.ToString(id))
	if m == nil {
		return wire.Errorf("NotFoundException", "Key '%s' does not exist", aws.ToString(id))
	}
	if m.KeyState == types.KeyStatePendingDeletion && to == types.KeyStateEnabled {
		return wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", *m.Arn)
	}
	m.Enabled, m.KeyState = to == types.KeyStateEnabled, to
	return nil
}

// Key finds a key by ID or ARN, or nil.
func (k *KMS) Key(id string) *types.KeyMetadata {
	return k.keys.Get(id[strings.LastIndex(id, "/")+1:])
}

// Adopt registers an enabled symmetric key under a given ARN.
func (k *KMS) Adopt(arn string) *types.KeyMetadata {
	if m := k.Key(arn); m != nil {
		return m
	}
	id := arn[strings.LastIndex(arn, "/")+1:]
	return k.keys.Put(id, &types.KeyMetadata{KeyId: new(id), Arn: new(arn), AWSAccountId: new(k.Account), Enabled: true, KeyState: types.KeyStateEnabled, KeySpec: types.KeySpecSymmetricDefault, KeyUsage: types.KeyUsageTypeEncryptDecrypt, CreationDate: new(k.w.Date())})
}
