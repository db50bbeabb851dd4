package drift_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/tfstate"
)

// bases are clusters that edits are made of, where rich has nothing of the kind.
var bases = map[string]string{
	"rich":  rich,
	"empty": testregion.Cluster + "addonsConfig: {disableDefaultAddons: true}\nvpc: {nat: {gateway: Disable}}\n",
	// quiet has a group without nodes, so that nothing holds the private subnets.
	"quiet": testregion.Cluster + "addonsConfig: {disableDefaultAddons: true}\naddons: [{name: vpc-cni}]\nmanagedNodeGroups: [{name: q, privateNetworking: true, minSize: 0, desiredCapacity: 0}]\n",
	"few":   testregion.Cluster + "vpc: {nat: {gateway: Disable}}\n", // with add-ons, and without nodes
	"auto":  testregion.Cluster + "autoModeConfig: {enabled: true}\n",
	"ipv6": testregion.Cluster + "iam: {withOIDC: true}\nkubernetesNetworkConfig: {ipFamily: IPv6}\n" +
		"addons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}]\nmanagedNodeGroups: [{name: m, desiredCapacity: 1}]\n",
}

// region is one in which a base stands: each is launched once.
func region(t *testing.T, saved map[string][]byte, base string) *testregion.Region {
	t.Helper()
	if saved[base] == nil {
		b, err := launched(t, bases[base]).Sim.Save()
		if err != nil {
			t.Fatal(err)
		}
		saved[base] = b
	}
	r := testregion.New(t, testregion.Load(t, bases[base]), 1)
	if err := r.Sim.Load(saved[base]); err != nil {
		t.Fatal(err)
	}
	return r
}

// rewritten updates the cluster's stack with another template, as somebody who edits it does.
func rewritten(t *testing.T, r *testregion.Region, change func(template map[string]any)) {
	t.Helper()
	name := "eksctl-test-cluster"
	have, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: &name})
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]any
	if err := json.Unmarshal([]byte(*have.TemplateBody), &template); err != nil {
		t.Fatal(err)
	}
	change(template)
	b, err := json.Marshal(template)
	if err != nil {
		t.Fatal(err)
	}
	in := &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: new(string(b)), Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}}
	if _, err := r.AWS.CFN.UpdateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(20 * time.Minute)
	st, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil || st.Stacks[0].StackStatus != types.StackStatusUpdateComplete {
		t.Fatal(err, st)
	}
}

// Each output of the cluster's stack is named where it says something else than the cluster,
// and no other is: somebody wrote another value into it.
func TestEachOutputIsNamed(t *testing.T) {
	saved := map[string][]byte{}
	for _, o := range drift.Outputs {
		t.Run(o.Name, func(t *testing.T) {
			base, value := "empty", "somebody-elses"
			switch {
			case o.Name == "AutoModeNodeRoleARN":
				base = "auto"
			case o.Joined:
				value = "subnet-0123456789abcdef0"
			case strings.HasSuffix(o.Name, "ARN"):
				value = "arn:aws:iam::111122223333:role/nobody"
			case o.Name == "FeatureNATMode":
				value = "HighlyAvailable"
			}
			r := region(t, saved, base)
			rewritten(t, r, func(template map[string]any) {
				outputs := template["Outputs"].(map[string]any)
				of, _ := outputs[o.Name].(map[string]any)
				if of == nil {
					of = map[string]any{}
					outputs[o.Name] = of
				}
				of["Value"] = value
			})
			rep := compared(t, r)
			if got := paths(rep); got != "record."+o.Name {
				b, _ := json.MarshalIndent(rep.Differences, "", " ")
				t.Errorf("named %q\n%s", got, b)
			}
			if len(rep.Drifted()) > 0 && rep.Drifted()[0].What == "" {
				t.Error("without a sentence")
			}
		})
	}
}

// lonely is a private subnet that nothing lives in.
func lonely(t *testing.T, r *testregion.Region) string {
	t.Helper()
	o := observed(t, r)
	enis, err := r.AWS.EC2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range slices.Sorted(maps.Keys(o.Network.Subnets)) {
		taken := slices.ContainsFunc(enis.NetworkInterfaces, func(n ec2types.NetworkInterface) bool { return *n.SubnetId == id })
		if s := o.Network.Subnets[id]; !taken && !s.PublicOnLaunch && slices.Contains(o.Cluster.ResourcesVPCConfig.SubnetIDs, id) {
			return id
		}
	}
	t.Fatal("each subnet is taken")
	return ""
}

// Each edit that needs more than a call whose parameters are known beforehand is named by
// its fields and no other.
func TestEachOtherEditIsNamed(t *testing.T) {
	saved := map[string][]byte{}
	for _, c := range others {
		t.Run(c.name, func(t *testing.T) {
			r := region(t, saved, c.base)
			if c.edits != "" {
				edits := c.edits
				if c.base == "rich" {
					edits = fill(t, r, edits)
				}
				if strings.Contains(edits, "LONELY") {
					edits = strings.ReplaceAll(edits, "LONELY", lonely(t, r))
				}
				edited(t, r, "edits: ["+edits+"]")
			}
			if c.do != nil {
				c.do(t, r)
			}
			rep := compared(t, r)
			if got := paths(rep); got != c.want {
				b, _ := json.MarshalIndent(rep.Differences, "", " ")
				t.Fatalf("named %q, expected %q\n%s", got, c.want, b)
			}
			for path, sets := range c.sets {
				d := rep.Differences[slices.IndexFunc(rep.Differences, func(d drift.Difference) bool { return d.Path == path })]
				for _, k := range sets {
					if len(d.Sets[k]) == 0 && d.Kind != k {
						t.Errorf("%s is not told to be %s: %s (%v)", path, k, d.Kind, d.Sets)
					}
				}
			}
			if !c.repaired {
				return
			}
			repair(t, r, rep)
			if left := weighty(compared(t, r)); left != "" {
				t.Errorf("after the repair: %s", left)
			}
		})
	}
}

type other struct {
	name, base, edits string
	do                func(*testing.T, *testregion.Region)
	want              string
	repaired          bool
	sets              map[string][]drift.Kind // by path: what its subnets are told to be
}

var others = []other{
	{name: "the cluster is gone, and its stack is not", base: "empty", edits: `{service: eks, operation: DeleteCluster, parameters: {name: test}}`,
		want: "controlPlane.exists"},
	{name: "a subnet of the control plane is gone", base: "quiet", edits: `{service: ec2, operation: DeleteSubnet, parameters: {SubnetId: LONELY}}`,
		want: "controlPlane.health controlPlane.subnets network.subnets.exists nodegroups.health nodegroups.subnets record.SubnetsPrivate",
		sets: map[string][]drift.Kind{"controlPlane.subnets": {drift.Listed}, "nodegroups.subnets": {drift.Listed}, "record.SubnetsPrivate": {drift.Dangling}}},
	{name: "the control plane is in a subnet of somebody else's", base: "empty", do: func(t *testing.T, r *testregion.Region) {
		edited(t, r, `edits: [{service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 192.168.224.0/20, AvailabilityZone: us-west-2a}}]`)
		o := observed(t, r)
		add := ""
		for id, s := range o.Network.Subnets {
			if s.CIDR == "192.168.224.0/20" {
				add = id
			}
		}
		edited(t, r, fmt.Sprintf(`edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [%s]}}}]`,
			strings.Join(append(slices.Clone(o.Cluster.ResourcesVPCConfig.SubnetIDs), add), ", ")))
	}, want: "network.subnets.tags record.SubnetsPrivate vpc.controlPlaneSubnetIDs",
		sets: map[string][]drift.Kind{"record.SubnetsPrivate": {drift.Added}, "vpc.controlPlaneSubnetIDs": {drift.Added}}},
	{name: "the VPC answers no DNS", base: "empty", edits: `{service: ec2, operation: ModifyVpcAttribute, parameters: {VpcId: "${VPC}", EnableDnsSupport: {Value: false}}}`,
		want: "network.vpc.dnsSupport", repaired: true},
	{name: "no IPv6 addresses", base: "ipv6", edits: `{service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${PublicSubnetUSWEST2A}", AssignIpv6AddressOnCreation: {Value: false}}}`,
		want: "network.subnets.ipv6OnCreation", repaired: true},
	{name: "no way out by IPv6", base: "ipv6", edits: `{service: ec2, operation: DeleteEgressOnlyInternetGateway, parameters: {EgressOnlyInternetGatewayId: "${EgressOnlyInternetGateway}"}}`,
		want: "network.egressOnlyGateway"},
	{name: "a route table is gone", base: "empty", edits: `{service: ec2, operation: DisassociateRouteTable, parameters: {AssociationId: "${RouteTableAssociationPrivateUSWEST2A}"}},
		{service: ec2, operation: DeleteRouteTable, parameters: {RouteTableId: "${PrivateRouteTableUSWEST2A}"}}`,
		want: "network.routeTables.exists network.subnets.routeTable"},
	{name: "the internet gateway is gone", base: "empty", edits: `{service: ec2, operation: DetachInternetGateway, parameters: {InternetGatewayId: "${InternetGateway}", VpcId: "${VPC}"}},
		{service: ec2, operation: DeleteInternetGateway, parameters: {InternetGatewayId: "${InternetGateway}"}}`,
		want: "network.internetGateway network.routes record.SubnetsPrivate record.SubnetsPublic"},
	{name: "the Auto Scaling group has another least size", base: "rich", edits: `{service: autoscaling, operation: UpdateAutoScalingGroup, parameters: {AutoScalingGroupName: "ASG", MinSize: 0}}`,
		want: "nodegroups.scalingGroup.minSize", repaired: true},
	{name: "the Auto Scaling group is in one subnet", base: "rich", edits: `{service: autoscaling, operation: UpdateAutoScalingGroup, parameters: {AutoScalingGroupName: "ASG", VPCZoneIdentifier: "${SubnetPublicUSWEST2A}"}}`,
		want: "nodegroups.scalingGroup.subnets", repaired: true},
	{name: "the Auto Scaling group is gone", base: "rich", edits: `{service: autoscaling, operation: DeleteAutoScalingGroup, parameters: {AutoScalingGroupName: "ASG", ForceDelete: true}}`,
		want: "nodegroups.health nodegroups.scalingGroup.exists"},
	{name: "a newer launch template", base: "rich", edits: `{service: ec2, operation: CreateLaunchTemplateVersion, parameters: {LaunchTemplateId: "${nodegroup-m/LaunchTemplate}", SourceVersion: "1", LaunchTemplateData: {}}}`,
		want: "nodegroups.launchTemplateVersion"},
	{name: "no audience", base: "rich", edits: `{service: iam, operation: RemoveClientIDFromOpenIDConnectProvider, parameters: {OpenIDConnectProviderArn: "OIDC", ClientID: sts.amazonaws.com}}`,
		want: "access.oidcProvider.audiences", repaired: true},
	{name: "nodes of a self-managed group are not let in", base: "rich", do: func(t *testing.T, r *testregion.Region) {
		role := observed(t, r).Stacks["eksctl-test-nodegroup-s"].Outputs["InstanceRoleARN"]
		edited(t, r, `edits: [{service: eks, operation: DeleteAccessEntry, parameters: {clusterName: test, principalArn: "`+role+`"}}]`)
	}, want: "access.nodes", repaired: true},
	{name: "somebody lets himself in", base: "rich", edits: `{wait: 1h, service: eks, operation: CreateAccessEntry, parameters: {clusterName: test, principalArn: "arn:aws:iam::111122223333:user/eve"}},
		{service: eks, operation: AssociateAccessPolicy, parameters: {clusterName: test, principalArn: "arn:aws:iam::111122223333:user/eve",
			policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", accessScope: {type: cluster}}}`,
		want: "access.entries.added"},
	{name: "the network plugin is gone", base: "rich", edits: `{service: eks, operation: DeleteAddon, parameters: {clusterName: test, addonName: vpc-cni}}`,
		want: "workloads.network", repaired: true},
	{name: "an add-on is unwell", base: "few", want: "addons.health"},
}

// What EC2 lets nobody do while a cluster stands is compared all the same: a look that finds
// it so.
func TestEachImaginedLookIsNamed(t *testing.T) {
	saved := map[string][]byte{}
	for _, c := range imagined {
		t.Run(c.want, func(t *testing.T) {
			o := observed(t, region(t, saved, c.base))
			c.look(o)
			if got := paths(drift.Compare(drift.Of(o))); got != c.want {
				t.Errorf("named %q, expected %q", got, c.want)
			}
		})
	}
}

var imagined = []struct {
	want, base string
	look       func(*observe.Observed)
}{
	{"network.vpc", "empty", func(o *observe.Observed) { o.Network.VPC = nil }},
	{"network.securityGroups.exists", "rich", func(o *observe.Observed) {
		for _, r := range o.Stacks["eksctl-test-cluster"].Resources {
			if r.LogicalID == "ControlPlaneSecurityGroup" {
				delete(o.Network.SecurityGroups, r.PhysicalID)
			}
		}
	}},
	{"network.subnets.freeAddresses", "empty", func(o *observe.Observed) {
		o.Network.Subnets[o.Cluster.ResourcesVPCConfig.SubnetIDs[0]].FreeAddresses = 2
	}},
	{"controlPlane.version", "empty", func(o *observe.Observed) { o.Cluster.Version = "1.35" }},
	{"nodes.instanceProfile", "rich", func(o *observe.Observed) { // all of a group at once
		for _, i := range o.Instances {
			if i.Tags["eks:nodegroup-name"] == "m" {
				i.Profile = &observe.Profile{ARN: "arn:aws:iam::111122223333:instance-profile/AmazonSSMRoleForInstancesQuickSetup"}
			}
		}
	}},
	{"addons.managers", "rich", func(o *observe.Observed) {
		o.Kubernetes.DaemonSets["kube-system/aws-node"].Taken = map[string]observe.Set{"argocd-controller": {`.spec.template.spec.containers[name="aws-node"].env`},
			"kubectl-rollout": {".spec.template.metadata.annotations.kubectl.kubernetes.io/restartedAt"}}
	}},
	{"stacks.role", "rich", func(o *observe.Observed) {
		o.Stacks["eksctl-test-cluster"].RoleARN = "arn:aws:iam::111122223333:role/deploy"
	}},
	{"stacks.status", "rich", func(o *observe.Observed) { o.Stacks["eksctl-test-nodegroup-m"].Status = "UPDATE_ROLLBACK_FAILED" }},
}

// Every field of the catalogue is named in some test here: one that no difference can name
// is a check that cannot fail.
func TestEveryFieldIsNamedSomewhere(t *testing.T) {
	named := map[string]bool{}
	for _, k := range kinds {
		for _, p := range strings.Fields(k.want) {
			named[p] = true
		}
	}
	for _, c := range others {
		for _, p := range strings.Fields(c.want) {
			named[p] = true
		}
	}
	for _, c := range imagined {
		named[c.want] = true
	}
	for _, c := range kept {
		named[c.want] = true
	}
	for _, o := range drift.Outputs {
		named["record."+o.Name] = true
	}
	for _, f := range drift.Catalogue() {
		if !named[f.Path] {
			t.Errorf("no test here has %s named", f.Path)
		}
	}
}

// state is a Terraform state with one of each of EKS's own things.
const state = `{"version": 4, "terraform_version": "1.9.8", "serial": 1, "lineage": "x", "resources": [
  {"mode": "managed", "type": "aws_eks_addon", "name": "x", "instances": [{"attributes": {"cluster_name": "test", "addon_name": "coredns"}}]},
  {"mode": "managed", "type": "aws_eks_fargate_profile", "name": "x", "instances": [{"attributes": {"cluster_name": "test", "fargate_profile_name": "f"}}]},
  {"mode": "managed", "type": "aws_eks_pod_identity_association", "name": "x", "instances": [{"attributes": {"cluster_name": "test", "namespace": "a", "service_account": "b"}}]},
  {"mode": "managed", "type": "aws_eks_identity_provider_config", "name": "x", "instances": [{"attributes": {"cluster_name": "test",
    "oidc": [{"identity_provider_config_name": "dex"}]}}]},
  {"mode": "managed", "type": "aws_eks_access_entry", "name": "x", "instances": [{"attributes": {"cluster_name": "test", "type": "STANDARD",
    "principal_arn": "arn:aws:iam::111122223333:role/ops", "kubernetes_groups": ["ops"]}}]},
  {"mode": "managed", "type": "aws_eks_access_policy_association", "name": "x", "instances": [{"attributes": {"cluster_name": "test",
    "principal_arn": "arn:aws:iam::111122223333:role/ops", "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    "access_scope": [{"type": "namespace", "namespaces": ["a", "b"]}]}}]}]}`

const ops = "arn:aws:iam::111122223333:role/ops"

// kept is what becomes of each.
var kept = []struct {
	want string
	look func(*observe.Observed)
}{
	{"", func(*observe.Observed) {}},
	{"addons.exists", func(o *observe.Observed) { delete(o.Addons, "coredns") }},
	{"fargateProfiles.exists", func(o *observe.Observed) { delete(o.Profiles, "f") }},
	{"podIdentities.exists", func(o *observe.Observed) { delete(o.PodIdentities, "a/b") }},
	{"identityProviders.exists", func(o *observe.Observed) { delete(o.IdentityProviders, "dex") }},
	{"access.entries.exists", func(o *observe.Observed) { delete(o.AccessEntries, ops) }},
	{"access.entries.permissions", func(o *observe.Observed) {
		o.AccessEntries[ops].Policies[0].PolicyARN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
	}},
	{"access.entries.permissions", func(o *observe.Observed) {
		o.AccessEntries[ops].Policies[0].AccessScope.Namespaces = observe.Set{"a", "b", "c"}
	}},
	{"access.entries.permissions", func(o *observe.Observed) { o.AccessEntries[ops].KubernetesGroups = observe.Set{"system:masters"} }},
}

// What a stack, or a Terraform state, made of EKS's own things, and is gone or allows
// something else, is named by its field, with the owner who puts it back.
func TestWhatAStateKeepsIsNamed(t *testing.T) {
	r := region(t, map[string][]byte{}, "rich")
	s, err := tfstate.Parse([]byte(state))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range kept {
		o := observed(t, r)
		o.Profiles = map[string]*observe.FargateProfile{"f": {Name: "f"}}
		o.PodIdentities = map[string]*observe.PodIdentity{"a/b": {Namespace: "a", ServiceAccount: "b"}}
		o.IdentityProviders = map[string]*observe.IdentityProvider{"dex": {Name: "dex"}}
		o.AccessEntries[ops] = &observe.AccessEntry{PrincipalARN: ops, Type: "STANDARD", KubernetesGroups: observe.Set{"ops"}, Policies: observe.Sorted[observe.AccessPolicy]{
			{PolicyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", AccessScope: &observe.AccessScope{Type: "namespace", Namespaces: observe.Set{"a", "b"}}}}}
		c.look(o)
		truths := drift.Of(o)
		truths.AddState("a state", s.Claims("test", o.Cluster.ResourcesVPCConfig.VPCID))
		rep := drift.Compare(truths)
		if got := paths(rep); got != c.want {
			t.Errorf("named %q, expected %q", got, c.want)
			continue
		}
		for _, d := range rep.Drifted() {
			if !strings.HasPrefix(d.Repairs[0].Command, "terraform plan -target=") {
				t.Errorf("%s: Terraform's own plan comes first, not %s", d.Path, d.Repairs[0].Command)
			}
		}
	}
}

// Of two policies that an entry lacks or has too many, the calls that drift prints give and
// take each; a scope that changed is written over.
func TestWhoMayDoOtherThingsIsPutBack(t *testing.T) {
	r := region(t, map[string][]byte{}, "empty")
	edited(t, r, `edits: [{service: iam, operation: CreateRole, parameters: {RoleName: ops, AssumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}}]}'}}]`)
	body := `{"Resources": {"AccessEntry": {"Type": "AWS::EKS::AccessEntry", "Properties": {"ClusterName": "test", "PrincipalArn": "` + ops + `", "KubernetesGroups": ["ops"],
		"AccessPolicies": [{"PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "AccessScope": {"Type": "namespace", "Namespaces": ["a"]}},
			{"PolicyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", "AccessScope": {"Type": "cluster"}}]}}}}`
	in := &cloudformation.CreateStackInput{StackName: new("eksctl-test-accessentry-ops"), TemplateBody: &body, Tags: []types.Tag{
		{Key: new("alpha.eksctl.io/cluster-name"), Value: new("test")}}}
	if _, err := r.AWS.CFN.CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(time.Hour)
	if got := paths(compared(t, r)); got != "" {
		t.Fatalf("just made, and %s", got)
	}
	for _, c := range []struct{ edits, want string }{
		{`{service: eks, operation: DisassociateAccessPolicy, parameters: {clusterName: test, principalArn: "OPS", policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"}},
		{service: eks, operation: AssociateAccessPolicy, parameters: {clusterName: test, principalArn: "OPS", policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
			accessScope: {type: cluster}}},
		{service: eks, operation: AssociateAccessPolicy, parameters: {clusterName: test, principalArn: "OPS", policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
			accessScope: {type: cluster}}},
		{service: eks, operation: UpdateAccessEntry, parameters: {clusterName: test, principalArn: "OPS", kubernetesGroups: [others]}}`, "access.entries.permissions"},
		{`{service: eks, operation: DeleteAccessEntry, parameters: {clusterName: test, principalArn: "OPS"}}`, "access.entries.exists"},
	} {
		edited(t, r, "edits: ["+strings.ReplaceAll(c.edits, "OPS", ops)+"]")
		rep := compared(t, r)
		if got := paths(rep); got != c.want {
			t.Fatalf("named %q, expected %q", got, c.want)
		}
		repair(t, r, rep)
		if left := compared(t, r); paths(left) != "" {
			b, _ := json.MarshalIndent(left.Differences, "", " ")
			t.Errorf("after the repair: %s", b)
		}
	}
}

// What could not be read is said of each field that is read from it, and never taken for
// equal, nor for gone.
func TestWhatWasNotReadIsSaid(t *testing.T) {
	saved := map[string][]byte{}
	for _, c := range []struct{ deny, want string }{
		{"ec2:DescribeInstances", "nodes.securityGroups nodes.instanceProfile"},
		{"ec2:DescribeSubnets", "network.subnets.exists network.subnets.publicOnLaunch network.subnets.tags network.subnets.freeAddresses record.SubnetsPublic nodegroups.subnets"},
		{"ec2:DescribeRouteTables", "network.routes network.subnets.routeTable record.SubnetsPrivate"},
		{"ec2:DescribeSecurityGroups", "network.rules network.securityGroups.exists record.SharedNodeSecurityGroup"},
		{"ec2:DescribeNetworkAcls", "network.subnets.acl"},
		{"iam:GetRole", "roles.policies roles.trust roles.inlinePolicies access.entries.alive"},
		{"eks:ListAddons", "addons.health addons.managers"},
		{"eks:ListAccessEntries", "access.nodes access.entries.alive access.entries.added"},
		{"eks:ListNodegroups", "nodegroups.exists nodegroups.health nodegroups.scalingGroup.maxSize"},
		{"autoscaling:DescribeAutoScalingGroups", "nodegroups.scalingGroup.exists nodegroups.scalingGroup.minSize nodegroups.selfManaged.exists"},
		{"kubernetes", "addons.managers workloads.network"},
	} {
		t.Run(c.deny, func(t *testing.T) {
			r := region(t, saved, "rich")
			r.Region.IAM.Deny(c.deny)
			o := observed(t, r)
			if c.deny == "kubernetes" { // whose endpoint is private, say
				o.Kubernetes, o.NotRead = nil, append(o.NotRead, observe.NotRead{Part: observe.Inside, What: "Kubernetes", Why: "no route to host"})
			}
			rep := drift.Compare(drift.Of(o))
			for _, path := range strings.Fields(c.want) {
				said := func(n drift.NotChecked) bool { return n.Path == path || strings.HasPrefix(n.Path, path+" of ") }
				if i := slices.IndexFunc(rep.NotChecked, said); i < 0 || rep.NotChecked[i].Why == "" {
					t.Errorf("%s is not said to be unchecked: %v", path, rep.NotChecked)
				}
			}
			if got := paths(rep); got != "" {
				t.Errorf("what was not read differs: %s", got)
			}
		})
	}
}
