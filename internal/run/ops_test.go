package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// only is the one difference at a path.
func only(t *testing.T, rep *drift.Report, path string) *drift.Difference {
	t.Helper()
	var at *drift.Difference
	for i, d := range rep.Differences {
		if d.Path == path && at != nil {
			t.Fatalf("%s differs more than once: %s; %s", path, at.What, d.What)
		} else if d.Path == path {
			at = &rep.Differences[i]
		}
	}
	if at == nil {
		t.Fatalf("nothing differs at %s: %+v", path, rep.Differences)
	}
	return at
}

// A policy of the company's that adds a security group to every instance is named as what
// adds it again; it is nobody's to repair, and no reason to replace a node. A group that
// somebody else added is not said to be that policy's.
func TestAPolicyThatAddsGroupsIsNamedAndNeverUndone(t *testing.T) {
	for name, policy := range map[string]bool{"FMManagedSecurityGroup7c1b": true, "bastion": false} {
		r := standingOne(t)
		o := snapshotOf(t, r)
		instance, groups := "", []string{`"${g}"`}
		for id, i := range o.Instances {
			instance = id
			for _, g := range i.SecurityGroups {
				groups = append(groups, g.ID)
			}
		}
		edit(t, r, `edits:
- {by: fms, service: ec2, operation: CreateSecurityGroup, parameters: {GroupName: `+name+`, Description: x, VpcId: "${VPC}"}, save: {g: GroupId}}
- {by: fms, service: ec2, operation: ModifyInstanceAttribute, parameters: {InstanceId: `+instance+`, Groups: [`+strings.Join(groups, ", ")+`]}}`)
		d := only(t, drifted(t, r, run.DriftOptions{}), "nodes.securityGroups")
		said := strings.Contains(d.What, ": a policy of Firewall Manager's, which adds it again wherever it is taken away")
		if d.Kind != drift.Foreign || d.Severity != finding.Info || len(d.Repairs) > 0 || said != policy {
			t.Errorf("%s: %+v", name, d)
		}
		if p := prepare(t, r, oneGroup).Plan; !p.Empty() {
			t.Errorf("%s: up would do %+v", name, p.Entries)
		}
	}
}

// Where a subnet's tags say that another tool's code keeps it, the report warns that this
// takes the tags away again; of a subnet that nobody else keeps, it does not.
func TestTagsThatAnotherToolTakesAwayAgainAreSaidToBe(t *testing.T) {
	r := up(t, withoutNAT)
	edit(t, r, `edits:
- {by: ci, service: ec2, operation: CreateTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: managed-by, Value: Terraform}]}}
- {by: ci, service: ec2, operation: CreateTags, parameters: {Resources: ["${SubnetPublicUSWEST2B}"], Tags: [{Key: "pulumi:project", Value: net}]}}
- {by: ci, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {by: ci, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2B}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {by: ci, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2C}"], Tags: [{Key: kubernetes.io/role/elb}]}}`)
	o, tools := snapshotOf(t, r), map[string]string{"us-west-2a": "Terraform", "us-west-2b": "Pulumi", "us-west-2c": ""}
	seen := 0
	for _, d := range drifted(t, r, run.DriftOptions{}).Drifted() {
		if d.Path != "network.subnets.tags" {
			continue
		}
		seen++
		tool := tools[o.Network.Subnets[d.Key].Zone]
		warned := strings.Contains(d.What, "; its tags say that "+tool+" manages it, which takes them away again unless its code has them")
		if warned != (tool != "") || tool == "" && strings.Contains(d.What, "manages it") || !slices.Equal(d.Lacks, []string{"kubernetes.io/role/elb=1"}) {
			t.Errorf("%+v", d)
		}
		if len(d.Repairs) != 1 || d.Repairs[0].Call == nil || d.Repairs[0].Call.Operation != "CreateTags" {
			t.Errorf("%+v", d.Repairs)
		}
	}
	if seen != 3 {
		t.Errorf("%d subnets lack tags", seen)
	}
}

// A node role that lost its policies is named with who took them and when; what is printed
// attaches them and changes no node, and then nothing differs.
func TestANodeRoleWithoutItsPoliciesIsNamedAndRepairedInPlace(t *testing.T) {
	r := standingOne(t)
	role := nodeRole(t, r)
	had, err := r.AWS.IAM.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	must(t, err)
	text := "edits:\n"
	for _, p := range had.AttachedPolicies {
		text += "- {by: deploy/run-7, service: iam, operation: DetachRolePolicy, parameters: {RoleName: " + role + ", PolicyArn: \"" + *p.PolicyArn + "\"}}\n"
	}
	edit(t, r, text)
	d := only(t, drifted(t, r, run.DriftOptions{Blame: true}), "roles.policies")
	if len(d.Lacks) != len(had.AttachedPolicies) || d.Severity != finding.Error || len(d.Breaks) == 0 || d.By == nil || d.By.Who != "run-7 (role deploy)" {
		t.Errorf("%+v %+v", d, d.By)
	}
	nodes := len(snapshotOf(t, r).Instances)
	calls := "edits:\n"
	for _, x := range d.Repairs {
		if x.Call == nil || x.Call.Operation != "AttachRolePolicy" {
			t.Fatalf("%+v", x)
		}
		calls += "- {service: iam, operation: AttachRolePolicy, parameters: {RoleName: " + x.Call.Parameters["RoleName"].(string) +
			", PolicyArn: \"" + x.Call.Parameters["PolicyArn"].(string) + "\"}}\n"
	}
	edit(t, r, calls)
	if left := drifted(t, r, run.DriftOptions{}).Drifted(); len(left) > 0 || len(snapshotOf(t, r).Instances) != nodes {
		t.Errorf("%+v", left)
	}
}

// nodeRole is the name of the role of the nodes of group m.
func nodeRole(t *testing.T, r *testregion.Region) string {
	t.Helper()
	arn := snapshotOf(t, r).Groups["m"].NodeRole
	return arn[strings.LastIndex(arn, "/")+1:]
}

const withIRSA = testregion.Cluster + `vpc: {nat: {gateway: Disable}}
iam:
  withOIDC: true
  serviceAccounts: [{metadata: {name: aws-node, namespace: kube-system}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}]
`

// The role of aws-node is gone, and its stack says CREATE_COMPLETE: that is drift, with its
// service account and what makes the role again. A new group is refused before it fails
// after half an hour, and is made once the role is there again, under its name.
func TestAGroupIsMadeWhereTheRoleOfAWSNodeWasGone(t *testing.T) {
	r := up(t, withIRSA)
	role := ""
	for name := range snapshotOf(t, r).Roles {
		if strings.Contains(name, "addon-iamserviceaccount-kube-system-aws") {
			role = name
		}
	}
	edit(t, r, `edits:
- {by: ann, service: iam, operation: DetachRolePolicy, parameters: {RoleName: `+role+`, PolicyArn: "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"}}
- {by: ann, service: iam, operation: DeleteRole, parameters: {RoleName: `+role+`}}`)
	d := only(t, drifted(t, r, run.DriftOptions{}), "roles.exists")
	if !strings.Contains(d.What, "of service account kube-system/aws-node does not exist any more, and stack eksctl-test-addon-iamserviceaccount-") {
		t.Error(d.What)
	}
	create := func() (*run.Session, error) {
		g := run.NewGroup{Managed: true, Properties: map[string]any{"name": "m", "desiredCapacity": 1}}
		return run.PrepareGroup(t.Context(), r.AWS, "test", g, run.Wish{})
	}
	before := len(r.Sim.World.Log())
	_, err := create()
	fs, _ := finding.Of(err)
	if !slices.ContainsFunc(fs, func(f finding.Finding) bool {
		return f.Code == "plugin-role-gone" && f.Severity == finding.Error && strings.Contains(f.What, role) &&
			strings.Contains(f.Remedy, "slipway drift test")
	}) || len(r.Sim.World.Log()) != before {
		t.Fatalf("%v", err)
	}
	for _, x := range d.Repairs {
		must(t, r.Region.Apply("test", []sim.Edit{{Service: x.Call.Service, Operation: x.Call.Operation, Parameters: x.Call.Parameters}}))
	}
	if left := drifted(t, r, run.DriftOptions{Only: []string{"roles"}}).Drifted(); len(left) > 0 {
		t.Errorf("%+v", left)
	}
	s, err := create()
	must(t, err)
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
}
