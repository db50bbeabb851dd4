package stack_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
)

// What a role's template was made from is read back from it, and makes the same template.
func TestARoleIsReadBack(t *testing.T) {
	doc := config.Document{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}}
	for name, r := range map[string]stack.Role{
		"bare":       {},
		"managed":    {ARNs: []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::111122223333:policy/b"}},
		"inline":     {Policy: doc, Boundary: "arn:aws:iam::111122223333:policy/edge", RoleName: "mine"},
		"named":      {Policy: doc, PolicyName: "given"},
		"well known": {ARNs: []string{"arn:aws:iam::aws:policy/A"}, WellKnown: &config.WellKnownPolicies{EbsCSIController: new(true), CertManager: new(true), ExternalDNS: new(true)}},
	} {
		r.Stack = "eksctl-c-addon-x"
		text := func(r stack.Role) string {
			b, err := json.Marshal(stack.PodIdentity(r))
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		got, others, ok := stack.RoleOf(r.Stack, text(r))
		if !ok || len(others) > 0 || !reflect.DeepEqual(got, r) || text(got) != text(r) {
			t.Errorf("%s: %+v %v %v", name, got, others, ok)
		}
	}
	_, others, ok := stack.RoleOf("s", `{"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Ref": "P"}]}},
		"Extra": {"Type": "AWS::IAM::Policy", "Properties": {}}}}`)
	if !ok || len(others) != 2 {
		t.Errorf("%v %v", others, ok)
	}
	if _, _, ok := stack.RoleOf("s", `{"Resources": {}}`); ok {
		t.Error("a template without a role is read as one")
	}
}

func TestAMITypesHaveTheirFamily(t *testing.T) {
	for typ, want := range map[string]string{"AL2023_ARM_64_STANDARD": "AmazonLinux2023", "AL2023_x86_64_NVIDIA": "AmazonLinux2023", "BOTTLEROCKET_ARM_64_FIPS": "BottlerocketFips",
		"BOTTLEROCKET_x86_64_NVIDIA": "Bottlerocket", "WINDOWS_FULL_2022_x86_64": "WindowsServer2022FullContainer", "AL2_x86_64_GPU": "AmazonLinux2", "CUSTOM": ""} {
		if got := stack.FamilyOf(typ); got != want {
			t.Errorf("%s is %s", typ, got)
		}
	}
}
