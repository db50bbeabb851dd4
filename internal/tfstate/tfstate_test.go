package tfstate_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/tfstate"
)

const stateFile = `{"version": 4, "terraform_version": "1.9.8", "serial": 12, "lineage": "x", "resources": [
  {"mode": "data", "type": "aws_vpc", "name": "v", "instances": [{"attributes": {"id": "vpc-1"}}]},
  {"module": "module.eks", "mode": "managed", "type": "aws_eks_cluster", "name": "this", "instances": [{"index_key": 0, "attributes": {"id": "prod", "name": "prod",
    "role_arn": "arn:aws:iam::111122223333:role/eks", "version": "1.34", "vpc_config": [{"subnet_ids": ["subnet-1"], "endpoint_public_access": true, "public_access_cidrs": ["0.0.0.0/0"]}]}}]},
  {"module": "module.eks.module.group[\"a\"]", "mode": "managed", "type": "aws_eks_node_group", "name": "this", "instances": [{"index_key": 0, "attributes": {"cluster_name": "prod",
    "node_group_name": "a", "scaling_config": [{"min_size": 1, "max_size": 3, "desired_size": 2}], "taint": [{"key": "k", "value": "", "effect": "NO_SCHEDULE"}]}}]},
  {"mode": "managed", "type": "aws_subnet", "name": "public", "instances": [{"index_key": "a", "attributes": {"id": "subnet-1", "vpc_id": "vpc-1", "tags_all": {"kubernetes.io/role/elb": "1"}}},
    {"index_key": "b", "attributes": {"id": "subnet-2", "vpc_id": "vpc-other"}}, {"index_key": "c", "deposed": "00000001", "attributes": {"id": "subnet-3", "vpc_id": "vpc-1"}}]},
  {"mode": "managed", "type": "aws_security_group", "name": "n", "instances": [{"attributes": {"id": "sg-1", "vpc_id": "vpc-1"}}]},
  {"mode": "managed", "type": "aws_security_group_rule", "name": "r", "instances": [{"attributes": {"security_group_id": "sg-1", "type": "ingress", "protocol": "tcp", "from_port": 443,
    "to_port": 443, "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"]}}]},
  {"mode": "managed", "type": "aws_iam_role", "name": "eks", "instances": [{"attributes": {"arn": "arn:aws:iam::111122223333:role/eks", "name": "eks", "assume_role_policy": "{}"}}]},
  {"mode": "managed", "type": "aws_iam_role", "name": "other", "instances": [{"attributes": {"arn": "arn:aws:iam::111122223333:role/other", "name": "other"}}]},
  {"mode": "managed", "type": "aws_iam_role_policy_attachment", "name": "p", "instances": [{"attributes": {"role": "eks", "policy_arn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}}]}]}`

const shown = `{"format_version": "1.0", "terraform_version": "1.9.8", "values": {"root_module": {"resources": [
  {"address": "aws_subnet.public[\"a\"]", "mode": "managed", "type": "aws_subnet", "values": {"id": "subnet-1", "vpc_id": "vpc-1"}}],
  "child_modules": [{"address": "module.eks", "resources": [{"address": "module.eks.aws_eks_cluster.this[0]", "mode": "managed", "type": "aws_eks_cluster",
    "values": {"name": "prod", "vpc_config": [{"subnet_ids": ["subnet-1"]}]}}]}]}}}`

// A state file and what terraform show prints claim the same; what is of another cluster or
// network, and what is deposed, is left out.
func TestAStateClaimsWhatIsTheClusters(t *testing.T) {
	s, err := tfstate.Parse([]byte(stateFile))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range s.Claims("prod", "vpc-1") {
		got = append(got, r.Type+" "+r.LogicalID)
		if r.Type == "AWS::IAM::Role" && len(r.Properties["ManagedPolicyArns"].([]any)) != 1 {
			t.Errorf("%+v", r)
		}
	}
	want := `AWS::EKS::Cluster module.eks.aws_eks_cluster.this[0]
AWS::EKS::Nodegroup module.eks.module.group["a"].aws_eks_node_group.this[0]
AWS::EC2::Subnet aws_subnet.public["a"]
AWS::EC2::SecurityGroup aws_security_group.n
AWS::EC2::SecurityGroupIngress aws_security_group_rule.r.0
AWS::EC2::SecurityGroupIngress aws_security_group_rule.r.1
AWS::IAM::Role aws_iam_role.eks`
	if strings.Join(got, "\n") != want || s.Serial != 12 {
		t.Errorf("%d\n%s", s.Serial, strings.Join(got, "\n"))
	}
	if s, err = tfstate.Parse([]byte(shown)); err != nil || len(s.Claims("prod", "vpc-1")) != 2 {
		t.Errorf("%+v %v", s, err)
	}
}

// What is no state is refused by what it is.
func TestWhatIsNoStateIsRefusedByName(t *testing.T) {
	for text, want := range map[string]string{
		`{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "AAAA", "encryption_version": "v0"}`: "encrypted by OpenTofu",
		`{"format_version": "1.2", "planned_values": {"root_module": {}}}`:                                "this is a plan",
		`{"version": 3}`:  "version 3",
		`{"kind": "Pod"}`: "no Terraform state",
		`apiVersion: v1`:  "no Terraform state",
	} {
		if _, err := tfstate.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(stateFile))
	f.Add([]byte(shown))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := tfstate.Parse(b); err == nil {
			s.Claims("prod", "vpc-1")
		}
	})
}
