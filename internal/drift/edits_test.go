package drift_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// rich is a cluster with something of every kind.
const rich = testregion.Cluster + `
iam: {withOIDC: true, serviceAccounts: [{metadata: {namespace: y, name: x}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}
vpc: {nat: {gateway: Single}}
managedNodeGroups: [{name: m, desiredCapacity: 2, minSize: 1, maxSize: 4, labels: {a: b}, propagateASGTags: false, iam: {withAddonPolicies: {autoScaler: true}}}]
nodeGroups: [{name: s, desiredCapacity: 1}]
`

// edited applies edits to a region, and lets what they begin come to its end.
func edited(t testing.TB, r *testregion.Region, text string) {
	t.Helper()
	edits, err := sim.ParseEdits([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Region.Apply("test", edits); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(20 * time.Minute)
}

// kinds are live edits, each with the fields that drift must name for it, and whether the
// repair that it prints brings all back.
var kinds = []struct {
	name, edits string
	want        string
	repaired    bool
}{
	{"a public subnet gives no addresses", `{service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${SubnetPublicUSWEST2A}", MapPublicIpOnLaunch: {Value: false}}}`,
		"network.subnets.publicOnLaunch", true},
	{"a private subnet gives addresses", `{service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${SubnetPrivateUSWEST2B}", MapPublicIpOnLaunch: {Value: true}}}`,
		"network.subnets.publicOnLaunch", true},
	{"a tag of load balancers is gone", `{service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2C}"], Tags: [{Key: kubernetes.io/role/elb}]}}`,
		"network.subnets.tags", true},
	{"a route is gone", `{service: ec2, operation: DeleteRoute, parameters: {RouteTableId: "${PrivateRouteTableUSWEST2A}", DestinationCidrBlock: 0.0.0.0/0}}`,
		"network.routes", true},
	{"a route is added", `{service: ec2, operation: CreateRoute, parameters: {RouteTableId: "${PrivateRouteTableUSWEST2A}", DestinationCidrBlock: 10.9.0.0/16, NatGatewayId: "${NATGateway}"}}`,
		"network.routes.added", false},
	{"nodes cannot reach nodes", `{service: ec2, operation: RevokeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: "-1", UserIdGroupPairs: [{GroupId: "${ClusterSharedNodeSecurityGroup}"}]}]}}`,
		"network.rules", true},
	{"a rule is added", `{service: ec2, operation: AuthorizeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: 203.0.113.0/24}]}]}}`,
		"network.rules", false},
	{"the cluster's own group lets nobody out", `{service: ec2, operation: RevokeSecurityGroupEgress, parameters: {GroupId: "${output:ClusterSecurityGroupId}", IpPermissions: [{IpProtocol: "-1", IpRanges: [{CidrIp: 0.0.0.0/0}]}]}}`,
		"network.rules", true},
	{"the NAT gateway is gone", `{service: ec2, operation: DeleteNatGateway, parameters: {NatGatewayId: "${NATGateway}"}}`,
		"network.elasticIPs network.natGateways network.routes record.FeatureNATMode", false},
	{"the NAT gateway is gone, and its address", `{service: ec2, operation: DeleteNatGateway, parameters: {NatGatewayId: "${NATGateway}"}},
		{wait: 10m, service: ec2, operation: ReleaseAddress, parameters: {AllocationId: "ALLOCATION"}}`,
		"network.elasticIPs network.natGateways network.routes record.FeatureNATMode", false},
	{"the endpoint becomes private", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true}}}`,
		"vpc.clusterEndpoints.privateAccess", true},
	{"the public endpoint is limited", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {publicAccessCidrs: [203.0.113.0/24]}}}`,
		"vpc.publicAccessCIDRs", true},
	{"logs are turned on", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, logging: {clusterLogging: [{types: [api], enabled: true}]}}}`,
		"cloudWatch.clusterLogging.enableTypes", true},
	{"deletion protection", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, deletionProtection: true}}`, "controlPlane.deletionProtection", true},
	{"standard support only", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, upgradePolicy: {supportType: STANDARD}}}`, "upgradePolicy.supportType", true},
	{"zonal shift", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, zonalShiftConfig: {enabled: true}}}`, "zonalShiftConfig.enabled", true},
	{"the control plane leaves a subnet", `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: ["${SubnetPublicUSWEST2A}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"]}}}`,
		"record.SubnetsPrivate vpc.controlPlaneSubnetIDs", true},
	{"a group's sizes", `{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {minSize: 0, maxSize: 6}}}`,
		"managedNodeGroups.maxSize managedNodeGroups.minSize", true},
	{"a group's desired size is nobody's drift", `{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {desiredSize: 3}}}`,
		"", true},
	{"a group's label is gone", `{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, labels: {removeLabels: [a]}}}`,
		"managedNodeGroups.labels", true},
	{"a group gets a label", `{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, labels: {addOrUpdateLabels: {c: d}}}}`,
		"managedNodeGroups.labels.added", false},
	{"a group gets a taint", `{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, taints: {addOrUpdateTaints: [{key: x, value: y, effect: PREFER_NO_SCHEDULE}]}}}`,
		"managedNodeGroups.taints", true},
	{"the Auto Scaling group is edited", `{service: autoscaling, operation: UpdateAutoScalingGroup, parameters: {AutoScalingGroupName: "ASG", MaxSize: 9}}`,
		"nodegroups.scalingGroup.maxSize", true},
	{"a process is suspended", `{service: autoscaling, operation: SuspendProcesses, parameters: {AutoScalingGroupName: "ASG", ScalingProcesses: [Terminate]}}`,
		"nodegroups.scalingGroup.suspended", true},
	{"a node role loses a policy", `{service: iam, operation: DetachRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyArn: "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}}`,
		"roles.policies", true},
	{"a role gets a policy", `{service: iam, operation: AttachRolePolicy, parameters: {RoleName: "${ServiceRole}", PolicyArn: "arn:aws:iam::aws:policy/AmazonEKSServicePolicy"}}`,
		"roles.policies", false},
	{"a policy inside a role is gone", `{service: iam, operation: DeleteRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyName: eksctl-test-nodegroup-m-PolicyAutoScaling}}`,
		"roles.inlinePolicies", true},
	{"a policy inside a role allows nothing", `{service: iam, operation: PutRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyName: eksctl-test-nodegroup-m-PolicyAutoScaling, PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'}}`,
		"roles.inlinePolicies", true},
	{"somebody puts a policy inside a role", `{service: iam, operation: PutRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyName: other, PolicyDocument: '{"Version":"2012-10-17","Statement":[]}'}}`,
		"roles.inlinePolicies", false},
	{"a role's trust", `{service: iam, operation: UpdateAssumeRolePolicy, parameters: {RoleName: "${nodegroup-m/NodeInstanceRole}", PolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}'}}`,
		"roles.trust", true},
	{"the OIDC provider is gone", `{service: iam, operation: DeleteOpenIDConnectProvider, parameters: {OpenIDConnectProviderArn: "OIDC"}}`, "iam.withOIDC", true},
	{"nodes are not let in", `{service: eks, operation: DeleteAccessEntry, parameters: {clusterName: test, principalArn: "NODEROLE"}}`, "access.nodes", true},
	{"a launch template is gone", `{service: ec2, operation: DeleteLaunchTemplate, parameters: {LaunchTemplateId: "${nodegroup-m/LaunchTemplate}"}}`,
		"nodegroups.health nodegroups.launchTemplate", false},
	{"a subnet has no route table of its own", `{service: ec2, operation: DisassociateRouteTable, parameters: {AssociationId: "${RouteTableAssociationPublicUSWEST2A}"}}`,
		"network.subnets.routeTable record.SubnetsPrivate record.SubnetsPublic", true},
	{"a network ACL keeps all out", `{service: ec2, operation: CreateNetworkAclEntry, parameters: {NetworkAclId: "ACL", RuleNumber: 50, Protocol: "-1", RuleAction: deny, Egress: false, CidrBlock: 0.0.0.0/0}}`,
		"network.subnets.acl", false},
	{"the VPC gives no DNS names", `{service: ec2, operation: ModifyVpcAttribute, parameters: {VpcId: "${VPC}", EnableDnsHostnames: {Value: false}}}`, "network.vpc.dnsHostnames", true},
	{"the role of a service account is gone", `{service: iam, operation: DetachRolePolicy, parameters: {RoleName: "${addon-iamserviceaccount-y-x/Role1}", PolicyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}},
		{service: iam, operation: DeleteRole, parameters: {RoleName: "${addon-iamserviceaccount-y-x/Role1}"}}`, "roles.exists", true},
	{"a role was made again, and its access entry was not", `{service: iam, operation: CreateRole, parameters: {RoleName: late, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'}},
		{wait: 1m, service: eks, operation: CreateAccessEntry, parameters: {clusterName: test, principalArn: "arn:aws:iam::111122223333:role/late", type: EC2_LINUX}},
		{wait: 10m, service: iam, operation: DeleteRole, parameters: {RoleName: late}},
		{wait: 10m, service: iam, operation: CreateRole, parameters: {RoleName: late, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'}}`,
		"access.entries.added access.entries.alive", true},
	{"the role of an access entry is gone", `{service: iam, operation: CreateRole, parameters: {RoleName: late, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}'}},
		{wait: 1m, service: eks, operation: CreateAccessEntry, parameters: {clusterName: test, principalArn: "arn:aws:iam::111122223333:role/late", type: EC2_LINUX}},
		{wait: 10m, service: iam, operation: DeleteRole, parameters: {RoleName: late}}`,
		"access.entries.role", true},
	{"the Auto Scaling group of a self-managed group is gone", `{service: autoscaling, operation: DeleteAutoScalingGroup, parameters: {AutoScalingGroupName: "${nodegroup-s/NodeGroup}", ForceDelete: true}}`,
		"nodegroups.selfManaged.exists", false},
	{"a managed group is gone, and its stack is not", `{service: eks, operation: DeleteNodegroup, parameters: {clusterName: test, nodegroupName: m}}`,
		"nodegroups.exists", false},
	{"a node is in another group too", `{service: ec2, operation: ModifyInstanceAttribute, parameters: {InstanceId: "INSTANCE", Groups: ["${output:ClusterSecurityGroupId}", "${ControlPlaneSecurityGroup}"]}}`,
		"nodes.securityGroups", false},
	{"a node is in no group of EKS's", `{service: ec2, operation: ModifyInstanceAttribute, parameters: {InstanceId: "INSTANCE", Groups: ["${ControlPlaneSecurityGroup}"]}}`,
		"nodes.securityGroups", true},
}

// fill puts in what only the region knows.
func fill(t testing.TB, r *testregion.Region, edits string) string {
	t.Helper()
	o := observed(t, r)
	g := o.Groups["m"]
	instance, allocation := "", ""
	for _, n := range o.Network.NATGateways {
		allocation = n.Addresses[0].Allocation
	}
	for id, i := range o.Instances {
		if i.Tags["eks:nodegroup-name"] == "m" && (instance == "" || id < instance) {
			instance = id
		}
	}
	return strings.NewReplacer(`"ASG"`, `"`+o.ScalingGroupOf("m").Name+`"`, `"OIDC"`, `"`+o.OIDCProvider.ARN+`"`, `"NODEROLE"`, `"`+g.NodeRole+`"`,
		`"INSTANCE"`, `"`+instance+`"`, `"ACL"`, `"`+slices.Sorted(maps.Keys(o.Network.ACLs))[0]+`"`,
		`"ALLOCATION"`, `"`+allocation+`"`).Replace(edits)
}

func paths(rep *drift.Report) string {
	var out []string
	for _, d := range rep.Drifted() {
		out = append(out, d.Path)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// repair makes every call that a report prints, the first repair of each difference.
func repair(t testing.TB, r *testregion.Region, rep *drift.Report) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range rep.Drifted() {
		for _, x := range d.Repairs {
			if x.Call == nil || seen[x.Command] {
				continue
			}
			seen[x.Command] = true
			b, err := json.Marshal(map[string]any{"edits": []any{map[string]any{"service": x.Call.Service, "operation": x.Call.Operation, "parameters": x.Call.Parameters}}})
			if err != nil {
				t.Fatal(err)
			}
			edited(t, r, string(b))
		}
	}
}

// Each kind of edit is named by its field and no other, and where drift prints a call that
// repairs it, that call does.
func TestEachEditIsNamedByItsField(t *testing.T) {
	saved, err := launched(t, rich).Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, rich), 1)
			if err := r.Sim.Load(saved); err != nil {
				t.Fatal(err)
			}
			edited(t, r, fmt.Sprintf("edits: [%s]", fill(t, r, k.edits)))
			rep := compared(t, r)
			if got := paths(rep); got != k.want {
				b, _ := json.MarshalIndent(rep.Differences, "", " ")
				t.Fatalf("named %q, expected %q\n%s", got, k.want, b)
			}
			if !k.repaired {
				return
			}
			repair(t, r, rep)
			if got := compared(t, r); weighty(got) != "" && !strings.Contains(k.want, "record.") {
				b, _ := json.MarshalIndent(got.Differences, "", " ")
				t.Errorf("after the repair: %s", b)
			}
		})
	}
}

// weighty are the fields of what is more than untidy: repairs add, and take nothing away
// that somebody else put there.
func weighty(rep *drift.Report) string {
	heavy := *rep
	heavy.Differences = slices.DeleteFunc(slices.Clone(rep.Differences), func(d drift.Difference) bool { return d.Severity == finding.Info })
	return paths(&heavy)
}

// independent are the edits that can be made beside each other, whatever their order: those
// of one thing alone.
func independent() (out []independentEdit) {
	add := func(edits, want string, repaired bool) {
		if want != "" && repaired && !strings.Contains(want, " ") && !strings.Contains(edits, "late") && !strings.Contains(edits, "DeleteRole") {
			out = append(out, independentEdit{edits, want})
		}
	}
	for _, k := range kinds {
		add(k.edits, k.want, k.repaired)
	}
	for _, o := range others {
		if o.base == "rich" && o.do == nil {
			add(o.edits, o.want, o.repaired)
		}
	}
	return out
}

type independentEdit struct{ edits, want string }

// byRestore are the fields that slipway restore brings back from the record alone.
var byRestore = []string{"network.subnets", "network.routes", "network.rules", "network.vpc", "vpc", "cloudWatch", "upgradePolicy", "zonalShiftConfig",
	"managedNodeGroups", "nodegroups.scalingGroup", "iam.withOIDC"}

// broughtBack restores what the record tells, after which drift names none of those fields.
func broughtBack(t testing.TB, r *testregion.Region) *drift.Report {
	t.Helper()
	s, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
		t.Fatal(rep.FirstFailure, err)
	}
	left := compared(t, r)
	for _, path := range strings.Fields(weighty(left)) {
		if slices.ContainsFunc(byRestore, func(p string) bool { return drift.Fits(p, path) }) {
			t.Errorf("%s is left by the restore: %v", path, s.Plan.Notes)
		}
	}
	return left
}

// From any random edit of a live cluster by the catalogue's fields, drift names exactly the
// edited fields: SLIPWAY_CASES regions (CI: a thousand), each edited in one to four ways. After
// the repairs that it prints, nothing of weight is named any more: in every other region the
// calls alone, in the others slipway restore first.
func TestDriftNamesExactlyWhatWasEdited(t *testing.T) {
	cases, err := strconv.Atoi(os.Getenv("SLIPWAY_CASES"))
	if err != nil {
		cases = 20
	}
	base := launched(t, rich)
	saved, err := base.Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	all, f := independent(), testregion.Load(t, rich)
	for i := range all {
		all[i].edits = fill(t, base, all[i].edits)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range cases {
		r := testregion.New(t, f, 1)
		if err := r.Sim.Load(saved); err != nil {
			t.Fatal(err)
		}
		want, touched := map[string]bool{}, map[string]bool{}
		var edits []string
		for range 1 + random.IntN(4) {
			e := all[random.IntN(len(all))]
			what := subject.FindString(e.edits) // two edits of one thing may undo each other
			node := strings.HasPrefix(e.want, "nodes.")
			moves := e.want == "nodegroups.scalingGroup.subnets" // which ends instances, and the edits of them
			if touched[what] || node && touched["moves"] || moves && touched["nodes"] {
				continue
			}
			touched[what], touched["nodes"], touched["moves"] = true, touched["nodes"] || node, touched["moves"] || moves
			edits = append(edits, e.edits)
			want[e.want] = true
		}
		edited(t, r, "edits: ["+strings.Join(edits, ", ")+"]")
		got := strings.Fields(paths(compared(t, r)))
		if !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
			t.Fatalf("case %d: edited %v, drift names %v (%v)", n, slices.Sorted(maps.Keys(want)), got, slices.Sorted(maps.Keys(touched)))
		}
		rep := compared(t, r)
		if n%2 == 1 {
			rep = broughtBack(t, r)
		}
		repair(t, r, rep)
		if left := weighty(compared(t, r)); left != "" {
			t.Fatalf("case %d: edited %v, and after the repair drift names %s", n, slices.Sorted(maps.Keys(want)), left)
		}
	}
}

// subject is what an edit touches: its first parameter.
var subject = regexp.MustCompile(`parameters: \{\w+: [^,}]*`)
