package owner_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
)

const signed = "EKS cluster [created and managed by slipway, by eksctl's contract]"

// mixed is a cluster that several have touched: slipway's stacks, one of another kind,
// Terraform, AWS, Karpenter, the console.
func mixed() *observe.Observed {
	return &observe.Observed{Name: "mix",
		Cluster: &observe.Cluster{Name: "mix", Tags: observe.Tags{"aws:cloudformation:stack-name": "eksctl-mix-cluster"}},
		Stacks: map[string]*observe.Stack{
			"eksctl-mix-cluster": {Name: "eksctl-mix-cluster", Status: "CREATE_COMPLETE", Description: signed, Tags: observe.Tags{"ManagedBy": "terraform"},
				Resources: []observe.StackResource{{LogicalID: "ServiceRole", PhysicalID: "mix-ServiceRole", Type: "AWS::IAM::Role", Status: "CREATE_COMPLETE"}}},
			"eksctl-mix-nodegroup-old": {Name: "eksctl-mix-nodegroup-old", Status: "CREATE_COMPLETE", Description: "EKS Managed Nodes",
				Template: `{"Resources": {"NodeInstanceRole": {"Type": "AWS::IAM::Role"}}}`, Tags: observe.Tags{"alpha.eksctl.io/nodegroup-name": "old"}},
		},
		Groups: map[string]*observe.Nodegroup{
			"old":                                {Name: "old", NodeRole: "arn:aws:iam::1:role/old", Tags: observe.Tags{"aws:cloudformation:stack-name": "eksctl-mix-nodegroup-old"}},
			"cdk":                                {Name: "cdk", Tags: observe.Tags{"aws:cloudformation:stack-name": "MixStack"}},
			"tf":                                 {Name: "tf", Tags: observe.Tags{"Terraform": "true"}},
			"given":                              {Name: "given"},
			"left":                               {Name: "left", Tags: observe.Tags{"aws:cloudformation:stack-name": "eksctl-mix-nodegroup-left"}},
			"not":                                {Name: "not", Tags: observe.Tags{"terraform": "false", "team": "terraform-guild"}},
			"default-20260825101010101000000001": {Name: "default-20260825101010101000000001"},
		},
		ScalingGroups: map[string]*observe.ScalingGroup{"eks-old-1": {Name: "eks-old-1", Nodegroup: "old", Managed: true}},
		Addons:        map[string]*observe.Addon{"coredns": {Name: "coredns", Tags: observe.Tags{"ManagedBy": "terraform"}}},
		AccessEntries: map[string]*observe.AccessEntry{"arn:aws:iam::1:role/old": {}, "arn:aws:iam::1:user/ann": {}},
		Roles:         map[string]*observe.Role{"mix-ServiceRole": {Name: "mix-ServiceRole"}, "old": {Name: "old"}},
		Kubernetes: &observe.Kubernetes{
			Nodes: map[string]*observe.Node{"a": {Labels: map[string]string{"karpenter.sh/nodepool": "spot"}},
				"b": {Labels: map[string]string{"karpenter.sh/nodepool": "system", "eks.amazonaws.com/compute-type": "auto"}}},
			DaemonSets: map[string]*observe.Workload{"kube-system/aws-node": {Managers: observe.Set{"Terraform"}}, "kube-system/kube-proxy": {Managers: observe.Set{"eks"}}},
		},
		Network: &observe.Network{RouteTables: map[string]*observe.RouteTable{"rtb-1": {ID: "rtb-1", Associations: observe.Sorted[observe.Association]{{Main: true}}}},
			Subnets:        map[string]*observe.Subnet{"subnet-1": {ID: "subnet-1"}, "subnet-2": {ID: "subnet-2", Tags: observe.Tags{"managed-by": "OpenTofu"}}},
			SecurityGroups: map[string]*observe.SecurityGroup{"sg-1": {Name: "eks-cluster-sg-mix-1", Tags: observe.Tags{"aws:eks:cluster-name": "mix"}}}},
	}
}

func TestEachPartHasItsOwner(t *testing.T) {
	o := owner.Of(mixed(), map[owner.Ref]string{{Kind: owner.NodeGroup, Name: "given"}: "module.eks.aws_eks_node_group.this[0]"})
	for _, c := range []struct{ kind, name, want string }{
		{owner.ControlPlane, "mix", "stack eksctl-mix-cluster (slipway)"},
		{owner.NodeGroup, "old", "stack eksctl-mix-nodegroup-old (eksctl)"},
		{owner.NodeGroup, "cdk", "CloudFormation stack MixStack"},
		{owner.NodeGroup, "left", "API or console (no stack)"}, // its stack is gone
		{owner.NodeGroup, "tf", "Terraform?"},
		{owner.NodeGroup, "given", "Terraform (module.eks.aws_eks_node_group.this[0])"},
		{owner.NodeGroup, "not", "API or console (no stack)"},
		{owner.NodeGroup, "default-20260825101010101000000001", "Terraform?"},
		{owner.ScalingGroup, "eks-old-1", "AWS, for node group old"},
		{owner.AddOn, "coredns", "API or console (no stack)"},          // the tag is the file's: the cluster's stack has it, too
		{owner.Role, "old", "stack eksctl-mix-nodegroup-old (eksctl)"}, // by its group
		{owner.Resource, "rtb-1", "AWS, for the VPC"},
		{owner.AccessEntry, "arn:aws:iam::1:role/old", "AWS, for node group old"},
		{owner.AccessEntry, "arn:aws:iam::1:user/ann", "API or console (no stack)"},
		{owner.Role, "mix-ServiceRole", "stack eksctl-mix-cluster (slipway)"},
		{owner.Nodes, "spot", "Karpenter"},
		{owner.Nodes, "system", "EKS Auto Mode"},
		{owner.Workload, "kube-system/aws-node", "Terraform?"},
		{owner.Resource, "subnet-1", "API or console (no stack)"},
		{owner.Resource, "subnet-2", "Terraform?"},
		{owner.Resource, "sg-1", "AWS, for the cluster"},
	} {
		got, ok := o.At(owner.Ref{Kind: c.kind, Name: c.name})
		if !ok || got.String() != c.want {
			t.Errorf("%s %s: %s %v, want %s", c.kind, c.name, got, ok, c.want)
		}
	}
	if _, ok := o.At(owner.Ref{Kind: owner.NodeGroup, Name: "none"}); ok {
		t.Error("a group that is not there has an owner")
	}
}

// What Terraform keeps is refused by name, what only seems to be its, as unsure; what is
// not there yet may be made.
func TestWhatTerraformKeepsIsRefused(t *testing.T) {
	o := owner.Of(mixed(), map[owner.Ref]string{{Kind: owner.NodeGroup, Name: "given"}: "aws_eks_node_group.this",
		{Kind: owner.CloudFormation, Name: "eksctl-mix-cluster"}: "aws_cloudformation_stack.cluster"})
	got := o.Refused([]owner.Ref{{Kind: owner.NodeGroup, Name: "old"}, {Kind: owner.NodeGroup, Name: "given"}, {Kind: owner.NodeGroup, Name: "given"},
		{Kind: owner.NodeGroup, Name: "tf"}, {Kind: owner.NodeGroup, Name: "new"}, {Kind: owner.CloudFormation, Name: "eksctl-mix-cluster"},
		{Kind: owner.ControlPlane, Name: "mix"}})
	want := `terraform-owned: node group given: is kept by Terraform (aws_eks_node_group.this); the next terraform apply would take back what is written here; nothing was changed (change it in Terraform's code, or give --adopt to write it all the same)
terraform-owned: node group tf: seems to be kept by Terraform: its tag Terraform=true says so; the next terraform apply would take back what is written here; nothing was changed (give its state to be sure (--terraform-state FILE), or --adopt to write it all the same)
terraform-owned: stack eksctl-mix-cluster: is kept by Terraform (aws_cloudformation_stack.cluster); the next terraform apply would take back what is written here; nothing was changed (change it in Terraform's code, or give --adopt to write it all the same)
terraform-owned: control plane mix: is kept by Terraform (aws_cloudformation_stack.cluster); the next terraform apply would take back what is written here; nothing was changed (change it in Terraform's code, or give --adopt to write it all the same)`
	var lines []string
	for _, f := range got {
		lines = append(lines, f.Error())
	}
	if strings.Join(lines, "\n") != want {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

func TestASummaryHasAnOwnerALine(t *testing.T) {
	want := `stacks by eksctl's contract (slipway): control plane; IAM role mix-ServiceRole
CloudFormation stack MixStack: node group cdk
Terraform, as marks say (no state was given, or it does not hold them): node groups default-20260825101010101000000001, tf; workload kube-system/aws-node; EC2 resource subnet-2
API or console (no stack): node groups given, left, not; add-on coredns; access entry arn:aws:iam::1:user/ann; EC2 resource subnet-1
stacks by eksctl's contract (eksctl): node group old; IAM role old
AWS itself: Auto Scaling group eks-old-1; access entry arn:aws:iam::1:role/old; EC2 resources sg-1, rtb-1
Karpenter: nodes spot
EKS Auto Mode: nodes system`
	if got := strings.Join(owner.Of(mixed(), nil).Summary(), "\n"); got != want {
		t.Errorf("%s", got)
	}
}
