package kms

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (k *KMS) registerPolicies(s *wire.Service) {
	wire.Handle(s, "GetKeyPolicy", k.GetKeyPolicy)
	wire.Handle(s, "PutKeyPolicy", k.PutKeyPolicy)
	wire.Handle(s, "ListKeyPolicies", k.ListKeyPolicies)
}

// defaultPolicy is the policy of a key made without one, as KMS writes it.
func (k *KMS) defaultPolicy() string {
	return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:` + k.Partition + `:iam::` + k.Account + `:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

const maxPolicy = 32 * 1024 // bytes

// checkPolicy refuses what is no key policy, and principals that do not exist.
func (k *KMS) checkPolicy(doc string) error {
	p, err := eval.Parse(doc)
	switch {
	case len(doc) > maxPolicy:
		return wire.Errorf("LimitExceededException", "Policy size exceeds the limit of %d bytes", maxPolicy)
	case err != nil:
		return wire.Errorf("MalformedPolicyDocumentException", "The new key policy is malformed: %s", err)
	}
	for _, s := range p.Statements {
		if s.Principal == nil && s.NotPrincipal == nil {
			return wire.Errorf("MalformedPolicyDocumentException", "Policy contains a statement with no principal")
		}
		for _, x := range append(s.Principal["AWS"], s.NotPrincipal["AWS"]...) {
			if x != "*" && strings.HasPrefix(x, "arn:") && !k.Knows(x) {
				return wire.Errorf("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
			}
		}
	}
	return nil
}

func onlyDefault(name *string) error {
	if name != nil && *name != "default" {
		return wire.Errorf("NotFoundException", "No such policy exists")
	}
	return nil
}

// GetKeyPolicy reads a key's one policy, default.
func (k *KMS) GetKeyPolicy(_ *wire.Caller, in *kms.GetKeyPolicyInput) (*kms.GetKeyPolicyOutput, error) {
	m, err := k.key(in.KeyId)
	if err == nil {
		err = onlyDefault(in.PolicyName)
	}
	if err != nil {
		return nil, err
	}
	return &kms.GetKeyPolicyOutput{Policy: aws.String(m.Policy), PolicyName: new("default")}, nil
}

// PutKeyPolicy replaces it.
func (k *KMS) PutKeyPolicy(_ *wire.Caller, in *kms.PutKeyPolicyInput) (*kms.PutKeyPolicyOutput, error) {
	m, err := k.own(in.KeyId)
	if err == nil {
		err = onlyDefault(in.PolicyName)
	}
	if err == nil {
		err = k.checkPolicy(aws.ToString(in.Policy))
	}
	if err != nil {
		return nil, err
	}
	m.Policy = *in.Policy
	return &kms.PutKeyPolicyOutput{}, nil
}

// ListKeyPolicies lists the policies' names: default.
func (k *KMS) ListKeyPolicies(_ *wire.Caller, in *kms.ListKeyPoliciesInput) (*kms.ListKeyPoliciesOutput, error) {
	if _, err := k.key(in.KeyId); err != nil {
		return nil, err
	}
	return &kms.ListKeyPoliciesOutput{PolicyNames: []string{"default"}}, nil
}
