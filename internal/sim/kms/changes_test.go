package kms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// A key keeps what it was made with, is found by its aliases, and is changed in place.
func TestAKeyIsWhatItWasMadeAs(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	c, ctx := r.AWS.KMS, t.Context()
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{Description: new("d"), Policy: &policy, Tags: []types.Tag{{TagKey: new("a"), TagValue: new("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	got, err := c.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: id, PolicyName: new("default")})
	if err != nil || *got.Policy != policy {
		t.Errorf("%+v %v", got, err)
	}
	_, err = c.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: id, Policy: new(strings.Replace(policy, ":root", ":role/none", 1))})
	if code(err) != "MalformedPolicyDocumentException" {
		t.Errorf("a principal that is not there: %v", err)
	}
	if _, err := c.TagResource(ctx, &kms.TagResourceInput{KeyId: id, Tags: []types.Tag{{TagKey: new("b"), TagValue: new("2")}}}); err != nil {
		t.Error(err)
	}
	tags, err := c.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: id})
	if err != nil || len(tags.Tags) != 2 {
		t.Errorf("%+v %v", tags, err)
	}
	if _, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: id}); err != nil {
		t.Error(err)
	}
	rotation, err := c.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: id})
	if err != nil || !rotation.KeyRotationEnabled || *rotation.RotationPeriodInDays != 365 {
		t.Errorf("%+v %v", rotation, err)
	}
	alias := func(name string) error {
		_, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: id})
		return err
	}
	for _, x := range []struct{ name, code string }{{"alias/mine", ""}, {"alias/mine", "AlreadyExistsException"}, {"alias/aws/x", "NotAuthorizedException"},
		{"mine", "ValidationException"}} {
		if err := alias(x.name); code(err) != x.code {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	for _, n := range []string{"alias/mine", "arn:aws:kms:us-west-2:111122223333:alias/mine", "alias/aws/ebs"} {
		d, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &n})
		if err != nil || (n != "alias/aws/ebs") != (*d.KeyMetadata.KeyId == *id) {
			t.Errorf("%s: %+v %v", n, d, err)
		}
	}
	list, err := c.ListAliases(ctx, &kms.ListAliasesInput{KeyId: id})
	if err != nil || len(list.Aliases) != 1 || *list.Aliases[0].TargetKeyId != *id {
		t.Errorf("%+v %v", list, err)
	}
}

// What is encrypted is decrypted by the same key, in the same context, while it is on.
func TestAKeyEncrypts(t *testing.T) {
	c, ctx := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.KMS, t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	in := map[string]string{"a": "b"}
	sealed, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: id, Plaintext: []byte("secret"), EncryptionContext: in})
	if err != nil || strings.Contains(string(sealed.CiphertextBlob), "secret") {
		t.Fatalf("%v", err)
	}
	open := func(in map[string]string) (string, error) {
		out, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: in})
		if err != nil {
			return "", err
		}
		return string(out.Plaintext), nil
	}
	if s, err := open(in); err != nil || s != "secret" {
		t.Errorf("%q %v", s, err)
	}
	if _, err := open(nil); code(err) != "InvalidCiphertextException" {
		t.Errorf("another context: %v", err)
	}
	data, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: id, KeySpec: types.DataKeySpecAes256})
	if err != nil || len(data.Plaintext) != 32 {
		t.Errorf("%+v %v", data, err)
	}
	if _, err := c.DisableKey(ctx, &kms.DisableKeyInput{KeyId: id}); err != nil {
		t.Error(err)
	}
	if _, err := open(in); code(err) != "DisabledException" {
		t.Errorf("disabled: %v", err)
	}
}

// A key is gone when its window is over, and no sooner.
func TestAKeyIsDeletedInTheEnd(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	c, ctx := r.AWS.KMS, t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	if _, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: new("alias/x"), TargetKeyId: id}); err != nil {
		t.Fatal(err)
	}
	out, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: id, PendingWindowInDays: new(int32(7))})
	if err != nil || *out.PendingWindowInDays != 7 || out.DeletionDate == nil {
		t.Fatalf("%+v %v", out, err)
	}
	r.Sim.World.Advance(6 * 24 * time.Hour)
	if _, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: new("alias/x")}); err != nil {
		t.Error(err)
	}
	r.Sim.World.Advance(2 * 24 * time.Hour)
	if _, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: id}); code(err) != "NotFoundException" {
		t.Error(err)
	}
	if _, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: new("alias/x")}); code(err) != "NotFoundException" {
		t.Error(err)
	}
}

func TestGrantsEnd(t *testing.T) {
	c, ctx := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.KMS, t.Context()
	made, err := c.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	id := made.KeyMetadata.KeyId
	for _, end := range []func(g *kms.CreateGrantOutput) error{
		func(g *kms.CreateGrantOutput) error {
			_, err := c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: id, GrantId: g.GrantId})
			return err
		},
		func(g *kms.CreateGrantOutput) error {
			_, err := c.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: g.GrantToken})
			return err
		},
	} {
		g, err := c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: id, GranteePrincipal: new("arn:aws:iam::111122223333:user/admin"),
			Operations: []types.GrantOperation{types.GrantOperationDecrypt}})
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: id})
		if err != nil || len(list.Grants) != 1 {
			t.Errorf("%+v %v", list, err)
		}
		if err := end(g); err != nil {
			t.Error(err)
		}
	}
	if list, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: id}); err != nil || len(list.Grants) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}
