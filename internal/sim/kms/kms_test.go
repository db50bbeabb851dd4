package kms_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func code(err error) string {
	if e := smithy.APIError(nil); errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// A key is found by its ID and its ARN, and goes from state to state as KMS allows.
func TestAKeysLife(t *testing.T) {
	c := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.KMS
	ctx := t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Description: new("secrets")})
	if err != nil {
		t.Fatal(err)
	}
	id, arn := made.KeyMetadata.KeyId, made.KeyMetadata.Arn
	other, err := c.CreateKey(ctx, &kms.CreateKeyInput{Description: new("secrets")})
	if err != nil || *other.KeyMetadata.KeyId == *id {
		t.Fatalf("a second key is the first: %v", err)
	}
	describe := func(id *string) types.KeyMetadata {
		t.Helper()
		d, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: id})
		if err != nil {
			t.Fatal(err)
		}
		return *d.KeyMetadata
	}
	if a, b := describe(id), describe(arn); *a.Arn != *b.Arn || *a.Description != "secrets" || !a.Enabled || a.KeySpec != types.KeySpecSymmetricDefault {
		t.Errorf("%+v and %+v", a, b)
	}
	enable := func() error { _, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: id}); return err }
	disable := func() error { _, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id}); return err }
	remove := func() error {
		_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id})
		return err
	}
	cancel := func() error { _, err := c.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: id}); return err }
	for i, x := range []struct {
		do    func() error
		code  string
		state types.KeyState
	}{
		{cancel, "KMSInvalidStateException", types.KeyStateEnabled},
		{disable, "", types.KeyStateDisabled}, {disable, "", types.KeyStateDisabled}, {enable, "", types.KeyStateEnabled},
		{remove, "", types.KeyStatePendingDeletion}, {remove, "KMSInvalidStateException", types.KeyStatePendingDeletion},
		{enable, "KMSInvalidStateException", types.KeyStatePendingDeletion}, {disable, "KMSInvalidStateException", types.KeyStatePendingDeletion},
		{cancel, "", types.KeyStateDisabled}, {enable, "", types.KeyStateEnabled},
	} {
		if err := x.do(); code(err) != x.code || (err == nil) != (x.code == "") {
			t.Errorf("call %d: %v, want %q", i, err, x.code)
		}
		if m := describe(arn); m.KeyState != x.state || m.Enabled != (x.state == types.KeyStateEnabled) {
			t.Errorf("after call %d the key is %s, enabled %v; want %s", i, m.KeyState, m.Enabled, x.state)
		}
	}
	if _, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: new("mrk-nobodys")}); code(err) != "NotFoundException" {
		t.Errorf("a key that is not there: %v", err)
	}
}
