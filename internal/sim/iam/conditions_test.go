package iam

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// What controllers' published policies ask about is seen: the tags of what EC2 is to make, wherever
// the request has them, and those of what it acts on (Karpenter's controller policy, in kind).
func TestPoliciesSeeTagsOfRequestsAndResources(t *testing.T) {
	i := New(world.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 1, 0), "111122223333", "aws")
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(i.CreateRole(nil, &iam.CreateRoleInput{RoleName: new("karpenter"), AssumeRolePolicyDocument: new(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`)}))
	must(i.PutRolePolicy(nil, &iam.PutRolePolicyInput{RoleName: new("karpenter"), PolicyName: new("p"), PolicyDocument: new(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": ["ec2:CreateFleet", "ec2:CreateLaunchTemplate"], "Resource": ["arn:aws:ec2:us-west-2:*:fleet/*", "arn:aws:ec2:us-west-2:*:launch-template/*"],
			"Condition": {"StringEquals": {"aws:RequestTag/kubernetes.io/cluster/c": "owned"}, "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"}}},
		{"Effect": "Allow", "Action": ["ec2:TerminateInstances", "ec2:CreateTags"], "Resource": "arn:aws:ec2:us-west-2:*:instance/*",
			"Condition": {"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/c": "owned"}}}]}`)}))
	i.Tagged("us-west-2", func(service, arn string) map[string]string {
		if service == "ec2" && arn == "arn:aws:ec2:us-west-2:111122223333:instance/i-ours" {
			return map[string]string{"kubernetes.io/cluster/c": "owned"}
		}
		return nil
	})
	spec := func(keys ...string) (out []types.TagSpecification) {
		s := types.TagSpecification{ResourceType: types.ResourceTypeInstance}
		for _, k := range keys {
			s.Tags = append(s.Tags, types.Tag{Key: new(k), Value: new("owned")})
		}
		return append(out, s)
	}
	c := &wire.Caller{Service: "ec2", Region: "us-west-2", ARN: "arn:aws:sts::111122223333:assumed-role/karpenter/s"}
	for what, x := range map[string]struct {
		op  string
		in  any
		may bool
	}{
		"a fleet with its tags":    {"CreateFleet", &ec2.CreateFleetInput{TagSpecifications: spec("kubernetes.io/cluster/c", "karpenter.sh/nodepool")}, true},
		"a fleet without":          {"CreateFleet", &ec2.CreateFleetInput{}, false},
		"a fleet with one":         {"CreateFleet", &ec2.CreateFleetInput{TagSpecifications: spec("kubernetes.io/cluster/c")}, false},
		"a template with its tags": {"CreateLaunchTemplate", &ec2.CreateLaunchTemplateInput{TagSpecifications: spec("kubernetes.io/cluster/c", "karpenter.sh/nodepool")}, true},
		"the end of ours":          {"TerminateInstances", &ec2.TerminateInstancesInput{InstanceIds: []string{"i-ours"}}, true},
		"the end of another":       {"TerminateInstances", &ec2.TerminateInstancesInput{InstanceIds: []string{"i-other"}}, false},
		"tags of ours":             {"CreateTags", &ec2.CreateTagsInput{Resources: []string{"i-ours"}}, true},
		"tags of another":          {"CreateTags", &ec2.CreateTagsInput{Resources: []string{"i-other"}}, false},
	} {
		if err := i.Authorize(c, x.op, x.in); (err == nil) != x.may {
			t.Errorf("%s: %v", what, err)
		}
	}
}
