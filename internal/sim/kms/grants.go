package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type grant struct {
	types.GrantListEntry
	Token string
}

func (k *KMS) registerGrants(s *wire.Service) {
	wire.Handle(s, "CreateGrant", k.CreateGrant)
	wire.Handle(s, "ListGrants", k.ListGrants)
	wire.Handle(s, "RevokeGrant", k.RevokeGrant)
	wire.Handle(s, "RetireGrant", k.RetireGrant)
}

// CreateGrant lets somebody use a key.
func (k *KMS) CreateGrant(_ *wire.Caller, in *kms.CreateGrantInput) (*kms.CreateGrantOutput, error) {
	m, err := k.usable(in.KeyId)
	if err != nil {
		return nil, err
	}
	if !m.Enabled {
		return nil, disabled(m)
	}
	for _, p := range []*string{in.GranteePrincipal, in.RetiringPrincipal} {
		if p != nil && strings.HasPrefix(*p, "arn:") && !k.Knows(*p) {
			return nil, wire.Errorf("InvalidArnException", "ARN does not refer to a valid principal: %s", *p)
		}
	}
	id := k.w.Hex("kms:grant\x00"+*m.KeyId, 64)
	g := &grant{Token: k.w.Hex("kms:granttoken\x00"+*m.KeyId, 64), GrantListEntry: types.GrantListEntry{GrantId: new(id), KeyId: m.Arn, Name: in.Name,
		Operations: in.Operations, GranteePrincipal: in.GranteePrincipal, GranteeServicePrincipal: in.GranteeServicePrincipal,
		RetiringPrincipal: in.RetiringPrincipal, RetiringServicePrincipal: in.RetiringServicePrincipal, Constraints: in.Constraints,
		IssuingAccount: new("arn:" + k.Partition + ":iam::" + k.Account + ":root"), CreationDate: new(k.w.Date())}}
	k.grants.Put(id, g)
	return &kms.CreateGrantOutput{GrantId: g.GrantId, GrantToken: new(g.Token)}, nil
}

// ListGrants lists a key's grants.
func (k *KMS) ListGrants(_ *wire.Caller, in *kms.ListGrantsInput) (*kms.ListGrantsOutput, error) {
	m, err := k.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	same := func(want, have *string) bool { return want == nil || *want == aws.ToString(have) }
	out := &kms.ListGrantsOutput{Grants: []types.GrantListEntry{}}
	for _, g := range k.grants.All() {
		if *g.KeyId == *m.Arn && same(in.GrantId, g.GrantId) && same(in.GranteePrincipal, g.GranteePrincipal) &&
			same(in.GranteeServicePrincipal, g.GranteeServicePrincipal) {
			out.Grants = append(out.Grants, g.GrantListEntry)
		}
	}
	return out, nil
}

// RevokeGrant takes a grant away.
func (k *KMS) RevokeGrant(_ *wire.Caller, in *kms.RevokeGrantInput) (*kms.RevokeGrantOutput, error) {
	m, err := k.key(in.KeyId)
	if err != nil {
		return nil, err
	}
	g := k.grants.Get(aws.ToString(in.GrantId))
	if g == nil || *g.KeyId != *m.Arn {
		return nil, wire.Errorf("NotFoundException", "Grant ID %s not found", aws.ToString(in.GrantId))
	}
	k.grants.Delete(*g.GrantId)
	return &kms.RevokeGrantOutput{}, nil
}

// RetireGrant ends a grant by its token, or by its key and ID.
func (k *KMS) RetireGrant(_ *wire.Caller, in *kms.RetireGrantInput) (*kms.RetireGrantOutput, error) {
	g := k.grants.Find(func(g *grant) bool {
		if in.GrantToken != nil {
			return g.Token == *in.GrantToken
		}
		return *g.GrantId == aws.ToString(in.GrantId) && *g.KeyId == aws.ToString(in.KeyId)
	})
	switch {
	case in.GrantToken == nil && (in.GrantId == nil || in.KeyId == nil):
		return nil, wire.Errorf("ValidationException", "Either a grant token, or a key and a grant ID must be given")
	case g == nil && in.GrantToken != nil:
		return nil, wire.Errorf("InvalidGrantTokenException", "Invalid grant token")
	case g == nil:
		return nil, wire.Errorf("NotFoundException", "Grant ID %s not found", *in.GrantId)
	}
	k.grants.Delete(*g.GrantId)
	return &kms.RetireGrantOutput{}, nil
}
