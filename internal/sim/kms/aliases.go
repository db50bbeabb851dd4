package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (k *KMS) registerAliases(s *wire.Service) {
	wire.Handle(s, "CreateAlias", k.CreateAlias)
	wire.Handle(s, "UpdateAlias", k.UpdateAlias)
	wire.Handle(s, "DeleteAlias", k.DeleteAlias)
	wire.Handle(s, "ListAliases", k.ListAliases)
}

// managed are the services whose keys AWS manages, of those that encrypt for clusters and
// nodes: alias/aws/ebs is there when it is first asked for.
var managed = map[string]string{
	"alias/aws/ebs":               "Default key that protects my EBS volumes when no other key is defined",
	"alias/aws/ssm":               "Default key that protects my SSM parameters when no other key is defined",
	"alias/aws/sqs":               "Default key that protects my SQS messages when no other key is defined",
	"alias/aws/s3":                "Default key that protects my S3 objects when no other key is defined",
	"alias/aws/elasticfilesystem": "Default key that protects my EFS filesystems when no other key is defined",
	"alias/aws/secretsmanager":    "Default key that protects my Secrets Manager data when no other key is defined",
}

// ofAWS makes the key that AWS manages behind one of its own aliases.
func (k *KMS) ofAWS(name string) {
	what := managed[name]
	if what == "" || k.aliases.Get(name) != nil {
		return
	}
	m := &key{KeyMetadata: types.KeyMetadata{Arn: new(k.arn("key/" + k.w.UUID("kms:aws", name))), Description: new(what), KeyManager: types.KeyManagerTypeAws},
		Rotates: true, Period: yearly, Since: k.w.Date()}
	if k.complete(m) == nil {
		k.keys.Put(*m.KeyId, m)
		k.aliases.Put(name, &alias{name, *m.KeyId, k.w.Date(), k.w.Date()})
	}
}

func (k *KMS) checkAlias(name string) error {
	switch {
	case strings.HasPrefix(name, "alias/aws/"):
		return wire.Errorf("NotAuthorizedException", "%s is reserved for AWS managed keys.", name).With(400)
	case !strings.HasPrefix(name, "alias/") || name == "alias/":
		return wire.Errorf("ValidationException", "Invalid identifier")
	}
	return nil
}

func (k *KMS) alias(name *string) (*alias, error) {
	n := aws.ToString(name)
	if err := k.checkAlias(n); err != nil {
		return nil, err
	}
	if a := k.aliases.Get(n); a != nil {
		return a, nil
	}
	return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", k.arn(n))
}

// CreateAlias names a key.
func (k *KMS) CreateAlias(_ *wire.Caller, in *kms.CreateAliasInput) (*kms.CreateAliasOutput, error) {
	name := aws.ToString(in.AliasName)
	if err := k.checkAlias(name); err != nil {
		return nil, err
	}
	m, err := k.own(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	if k.aliases.Get(name) != nil {
		return nil, wire.Errorf("AlreadyExistsException", "An alias with the name %s already exists", k.arn(name))
	}
	k.aliases.Put(name, &alias{name, *m.KeyId, k.w.Date(), k.w.Date()})
	return &kms.CreateAliasOutput{}, nil
}

// UpdateAlias names another key of the same kind.
func (k *KMS) UpdateAlias(_ *wire.Caller, in *kms.UpdateAliasInput) (*kms.UpdateAliasOutput, error) {
	a, err := k.alias(in.AliasName)
	if err != nil {
		return nil, err
	}
	m, err := k.own(in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	symmetric := func(m *key) bool { return m.KeySpec == types.KeySpecSymmetricDefault }
	if old := k.keys.Get(a.Key); old != nil && (old.KeyUsage != m.KeyUsage || symmetric(old) != symmetric(m)) {
		return nil, wire.Errorf("ValidationException", "Alias %s cannot be changed from a key of usage %s to one of usage %s", a.Name, old.KeyUsage, m.KeyUsage)
	}
	a.Key, a.Changed = *m.KeyId, k.w.Date()
	return &kms.UpdateAliasOutput{}, nil
}

// DeleteAlias takes a name away; its key stays.
func (k *KMS) DeleteAlias(_ *wire.Caller, in *kms.DeleteAliasInput) (*kms.DeleteAliasOutput, error) {
	a, err := k.alias(in.AliasName)
	if err != nil {
		return nil, err
	}
	k.aliases.Delete(a.Name)
	return &kms.DeleteAliasOutput{}, nil
}

// ListAliases lists all aliases, or a key's.
func (k *KMS) ListAliases(_ *wire.Caller, in *kms.ListAliasesInput) (*kms.ListAliasesOutput, error) {
	of := ""
	if in.KeyId != nil {
		m, err := k.key(in.KeyId)
		if err != nil {
			return nil, err
		}
		of = *m.KeyId
	}
	out := &kms.ListAliasesOutput{Aliases: []types.AliasListEntry{}}
	for _, a := range k.aliases.All() {
		if of == "" || a.Key == of {
			out.Aliases = append(out.Aliases, types.AliasListEntry{AliasName: new(a.Name), AliasArn: new(k.arn(a.Name)), TargetKeyId: new(a.Key),
				CreationDate: new(a.Born), LastUpdatedDate: new(a.Changed)})
		}
	}
	return out, nil
}
