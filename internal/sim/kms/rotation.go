package kms

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (k *KMS) registerRotation(s *wire.Service) {
	wire.Handle(s, "EnableKeyRotation", k.EnableKeyRotation)
	wire.Handle(s, "DisableKeyRotation", k.DisableKeyRotation)
	wire.Handle(s, "GetKeyRotationStatus", k.GetKeyRotationStatus)
}

// yearly is the period of rotation where none is said, in days.
const yearly = 365

// rotatable is an enabled key that can rotate: symmetric, with material that KMS made.
func (k *KMS) rotatable(id *string) (*key, error) {
	m, err := k.own(id)
	switch {
	case err != nil:
		return nil, err
	case m.KeySpec != types.KeySpecSymmetricDefault || m.Origin != types.OriginTypeAwsKms:
		return nil, wire.Errorf("UnsupportedOperationException", "%s does not support automatic rotation.", *m.Arn)
	case !m.Enabled:
		return nil, disabled(m)
	}
	return m, nil
}

func disabled(m *key) error {
	if m.KeyState == types.KeyStateDisabled {
		return wire.Errorf("DisabledException", "%s is disabled.", *m.Arn)
	}
	return wire.Errorf("KMSInvalidStateException", "%s is pending import.", *m.Arn)
}

// EnableKeyRotation has a key rotate every so many days.
func (k *KMS) EnableKeyRotation(_ *wire.Caller, in *kms.EnableKeyRotationInput) (*kms.EnableKeyRotationOutput, error) {
	m, err := k.rotatable(in.KeyId)
	if err != nil {
		return nil, err
	}
	days := int32(yearly)
	if m.Rotates {
		days = m.Period
	}
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if days < 90 || days > 2560 {
		return nil, wire.Errorf("ValidationException", "RotationPeriodInDays must be between 90 and 2560 days.")
	}
	m.Rotates, m.Period, m.Since = true, days, k.w.Date()
	return &kms.EnableKeyRotationOutput{}, nil
}

// DisableKeyRotation ends that.
func (k *KMS) DisableKeyRotation(_ *wire.Caller, in *kms.DisableKeyRotationInput) (*kms.DisableKeyRotationOutput, error) {
	m, err := k.rotatable(in.KeyId)
	if err != nil {
		return nil, err
	}
	m.Rotates = false
	return &kms.DisableKeyRotationOutput{}, nil
}

// GetKeyRotationStatus says whether a key rotates, and when next. One that is pending
// deletion does not.
func (k *KMS) GetKeyRotationStatus(_ *wire.Caller, in *kms.GetKeyRotationStatusInput) (*kms.GetKeyRotationStatusOutput, error) {
	m, err := k.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	out := &kms.GetKeyRotationStatusOutput{KeyId: m.Arn, KeyRotationEnabled: m.Rotates && m.KeyState != types.KeyStatePendingDeletion}
	if out.KeyRotationEnabled {
		period := time.Duration(m.Period) * 24 * time.Hour
		next := m.Since.Add(period)
		for !next.After(k.w.Date()) {
			next = next.Add(period)
		}
		out.RotationPeriodInDays, out.NextRotationDate = new(m.Period), &next
	}
	return out, nil
}
