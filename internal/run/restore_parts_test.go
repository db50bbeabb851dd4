package run_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// titles are what a restore does, in words.
func titles(s *run.Restore) string {
	var out []string
	for _, e := range s.Plan.Entries {
		out = append(out, e.Title)
	}
	return strings.Join(out, "\n")
}

// unrestored expects a restore to be refused for one cause, by its code and in words.
func unrestored(t *testing.T, r *testregion.Region, o run.RestoreOptions, code string, words ...string) {
	t.Helper()
	before := len(r.Sim.World.Log())
	_, err := run.PrepareRestore(t.Context(), r.AWS, "test", o)
	fs, ok := finding.Of(err)
	if !ok || fs[0].Code != code || fs[0].Remedy == "" {
		t.Fatalf("%v is no %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(fs[0].What+"; "+fs[0].Where.Resource+"; "+fs[0].Remedy, w) {
			t.Errorf("%q is not said: %v", w, err)
		}
	}
	if len(r.Sim.World.Log()) != before {
		t.Error("something was changed")
	}
}

// ofFirstZone is the public subnet of the first zone, or the private one.
func ofFirstZone(was *observe.Observed, public bool) *observe.Subnet {
	for _, id := range slices.Sorted(maps.Keys(was.Network.Subnets)) {
		if s := was.Network.Subnets[id]; s.Zone == "us-west-2a" && s.PublicOnLaunch == public {
			return s
		}
	}
	return nil
}

// With --subnet, that subnet alone is made again, with what is its own and its place in the
// control plane, which keeps the subnets that it has.
func TestOneSubnetAloneIsRestored(t *testing.T) {
	r, was := replacedFrom(t)
	gone, before := ofFirstZone(was, true), snapshotOf(t, r)
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, deletionProtection: true}}]`)
	s := restored(t, r, run.RestoreOptions{Snapshot: was, Subnets: []string{gone.ID}})
	now := snapshotOf(t, r)
	made := byBlock(now, gone.CIDR)
	if made == nil || len(now.Network.Subnets) != len(before.Network.Subnets)+1 {
		t.Fatalf("%s\nmade %+v", titles(s), made)
	}
	want := slices.Sorted(slices.Values(append(slices.Clone(before.Cluster.ResourcesVPCConfig.SubnetIDs), made.ID)))
	if have := now.Cluster.ResourcesVPCConfig.SubnetIDs; !slices.Equal(want, have) {
		t.Errorf("the control plane is in %v, and not in %v", have, want)
	}
	if x := now.Network.RoutesOf(made.ID); x == nil || x.ID != was.Network.RoutesOf(gone.ID).ID || !made.PublicOnLaunch {
		t.Errorf("%+v served by %+v", made, x)
	}
	if !now.Cluster.DeletionProtection {
		t.Error("what is no subnet's was brought back, too")
	}
}

// With --only, fields at these paths alone are brought back.
func TestOnlyWhatIsNamedIsRestored(t *testing.T) {
	r, was := replacedFrom(t)
	before := snapshotOf(t, r)
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {
		endpointPrivateAccess: true, publicAccessCidrs: [203.0.113.0/24]}}}]`)
	s := restored(t, r, run.RestoreOptions{Snapshot: was, Only: []string{"vpc.publicAccessCIDRs"}})
	now := snapshotOf(t, r)
	if got := titles(s); got != "Kubernetes API: public access from 0.0.0.0/0" {
		t.Error(got)
	}
	if v := now.Cluster.ResourcesVPCConfig; !slices.Equal(v.PublicAccessCIDRs, []string{"0.0.0.0/0"}) || !v.EndpointPrivateAccess {
		t.Errorf("%+v", v)
	}
	if len(now.Network.Subnets) != len(before.Network.Subnets) {
		t.Error("subnets were made")
	}
	restored(t, r, run.RestoreOptions{Snapshot: was, Only: []string{"network"}})
	now = snapshotOf(t, r)
	if len(now.Network.Subnets) != len(before.Network.Subnets)+3 ||
		!slices.Equal(now.Cluster.ResourcesVPCConfig.SubnetIDs, before.Cluster.ResourcesVPCConfig.SubnetIDs) {
		t.Errorf("%d subnets, the control plane in %v", len(now.Network.Subnets), now.Cluster.ResourcesVPCConfig.SubnetIDs)
	}
	for _, gone := range was.Network.Subnets {
		if made := byBlock(now, gone.CIDR); made == nil || made.Zone != gone.Zone || now.Network.RoutesOf(made.ID).ID != was.Network.RoutesOf(gone.ID).ID {
			t.Errorf("%s is %+v", gone.CIDR, made)
		}
	}
}

const ofIPv6 = testregion.Cluster + "iam: {withOIDC: true}\nkubernetesNetworkConfig: {ipFamily: IPv6}\n" +
	"addons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}]\n"

// takenAwayOfIPv6 takes the private subnet of the first zone out of the control plane and deletes it.
const takenAwayOfIPv6 = `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
		"${PublicSubnetUSWEST2A}", "${PublicSubnetUSWEST2B}", "${PublicSubnetUSWEST2C}", "${PrivateSubnetUSWEST2B}", "${PrivateSubnetUSWEST2C}"]}}},
	{wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}"}}]`

// A subnet of an IPv6 cluster has its IPv6 block again, and gives instances IPv6 addresses.
func TestAnIPv6SubnetIsMadeAgainWithItsBlock(t *testing.T) {
	for _, from := range []string{"snapshot", "record"} {
		t.Run(from, func(t *testing.T) {
			r := up(t, ofIPv6)
			was := snapshotOf(t, r)
			edit(t, r, takenAwayOfIPv6)
			o := run.RestoreOptions{}
			if from == "snapshot" {
				o.Snapshot, o.From = was, "a"
			}
			var gone *observe.Subnet
			live := snapshotOf(t, r)
			for id, s := range was.Network.Subnets {
				if live.Network.Subnets[id] == nil {
					gone = s
				}
			}
			if len(gone.IPv6CIDRs) != 1 || !gone.IPv6OnCreation {
				t.Fatalf("this test shows nothing: %+v", gone)
			}
			restored(t, r, o)
			now := snapshotOf(t, r)
			if shape(now) != shape(was) {
				t.Errorf("it was\n%s\nand is\n%s", shape(was), shape(now))
			}
			if made := byBlock(now, gone.CIDR); made == nil || !slices.Equal(made.IPv6CIDRs, gone.IPv6CIDRs) || !made.IPv6OnCreation {
				t.Errorf("it was %+v and is %+v", gone, made)
			}
		})
	}
}

// How instances are named in a subnet comes back with it, and to one that stands; an IPv6 block
// that the VPC has no longer is refused before anything is done.
func TestHowASubnetNamesItsInstancesIsRestored(t *testing.T) {
	r := up(t, ofIPv6)
	edit(t, r, `edits:
- {service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}", PrivateDnsHostnameTypeOnLaunch: resource-name}}
- {service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}", EnableResourceNameDnsAAAARecordOnLaunch: {Value: true}}}`)
	was := snapshotOf(t, r)
	id, before := ofFirstZone(was, false).ID, fmt.Sprint(ofFirstZone(was, false).PrivateDNSLaunch)
	edit(t, r, `edits:
- {service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}", PrivateDnsHostnameTypeOnLaunch: ip-name}}
- {service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${PrivateSubnetUSWEST2A}",
    EnableResourceNameDnsAAAARecordOnLaunch: {Value: false}}}`)
	s := restored(t, r, run.RestoreOptions{Snapshot: was})
	if now := fmt.Sprint(snapshotOf(t, r).Network.Subnets[id].PrivateDNSLaunch); now != before {
		t.Errorf("%s: it was %s and is %s", titles(s), before, now)
	}
	edit(t, r, takenAwayOfIPv6)
	block := was.Network.Subnets[id].IPv6CIDRs[0].Block
	other := *was
	other.Network = new(*was.Network)
	other.Network.Subnets = maps.Clone(was.Network.Subnets)
	other.Network.Subnets[id] = new(*was.Network.Subnets[id])
	other.Network.Subnets[id].IPv6CIDRs = observe.Sorted[observe.IPv6CIDR]{{Block: "2600:1f14:ffff:ff01::/64"}}
	unrestored(t, r, run.RestoreOptions{Snapshot: &other}, "restore-block-outside", "subnet "+id, "has its IPv6 block 2600:1f14:ffff:ff01::/64 no longer")
	restored(t, r, run.RestoreOptions{Snapshot: was})
	made := byBlock(snapshotOf(t, r), was.Network.Subnets[id].CIDR)
	if now := fmt.Sprint(made.PrivateDNSLaunch); now != before || len(made.IPv6CIDRs) != 1 || made.IPv6CIDRs[0].Block != block {
		t.Errorf("it was %s and is %s, %+v", before, now, made)
	}
}

// takenAway takes the public subnet of the first zone out of the control plane and deletes it.
const takenAway = `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
		"${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}", "${SubnetPrivateUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"]}}},
	{wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${SubnetPublicUSWEST2A}"}}]`

// aclOfItsOwn puts a network ACL of its own before a subnet, and gives the ACL's ID.
func aclOfItsOwn(t *testing.T, r *testregion.Region, subnet string) string {
	t.Helper()
	of := []ec2types.Filter{{Name: new("association.subnet-id"), Values: []string{subnet}}}
	d, err := r.AWS.EC2.DescribeNetworkAcls(t.Context(), &ec2.DescribeNetworkAclsInput{Filters: of})
	must(t, err)
	association := ""
	for _, a := range d.NetworkAcls[0].Associations {
		if *a.SubnetId == subnet {
			association = *a.NetworkAclAssociationId
		}
	}
	edit(t, r, fmt.Sprintf(`edits:
- {service: ec2, operation: CreateNetworkAcl, parameters: {VpcId: "${VPC}"}, save: {a: NetworkAcl.NetworkAclId}}
- {service: ec2, operation: CreateNetworkAclEntry, parameters: {NetworkAclId: "${a}", RuleNumber: 100, Protocol: "-1", RuleAction: allow,
    Egress: false, CidrBlock: 0.0.0.0/0}}
- {service: ec2, operation: CreateNetworkAclEntry, parameters: {NetworkAclId: "${a}", RuleNumber: 100, Protocol: "-1", RuleAction: allow,
    Egress: true, CidrBlock: 0.0.0.0/0}}
- {service: ec2, operation: ReplaceNetworkAclAssociation, parameters: {NetworkAclId: "${a}", AssociationId: %s}}`, association))
	for id, a := range snapshotOf(t, r).Network.ACLs {
		if slices.ContainsFunc(a.Associations, func(x observe.ACLAssociation) bool { return x.Subnet == subnet }) && !a.IsDefault {
			return id
		}
	}
	t.Fatal("no network ACL of its own guards the subnet")
	return ""
}

// A network ACL that is not the VPC's default guards a subnet again that was made again, and
// one that stands; one that is gone cannot, and that is said.
func TestANetworkACLGuardsItsSubnetAgain(t *testing.T) {
	r := up(t, withoutNAT)
	subnet := ofFirstZone(snapshotOf(t, r), true)
	acl := aclOfItsOwn(t, r, subnet.ID)
	was := snapshotOf(t, r)
	edit(t, r, takenAway)
	s := restored(t, r, run.RestoreOptions{Snapshot: was})
	now := snapshotOf(t, r)
	if !strings.Contains(titles(s), "network ACL "+acl) || shape(now) != shape(was) {
		t.Fatalf("it was\n%s\nand is\n%s", shape(was), shape(now))
	}
	// Another one is put before the subnet that stands now, and goes back.
	made := byBlock(now, subnet.CIDR).ID
	was = now
	other := aclOfItsOwn(t, r, made)
	if other == acl {
		t.Fatal("this test shows nothing")
	}
	s = restored(t, r, run.RestoreOptions{Snapshot: was})
	if got := titles(s); got != "subnet "+made+": network ACL "+acl || shape(snapshotOf(t, r)) != shape(was) {
		t.Errorf("%s\n%s", got, shape(snapshotOf(t, r)))
	}
	aclOfItsOwn(t, r, made)
	edit(t, r, `edits: [{service: ec2, operation: DeleteNetworkAcl, parameters: {NetworkAclId: `+acl+`}}]`)
	s, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Snapshot: was})
	must(t, err)
	notes := strings.Join(s.Plan.Notes, "\n")
	if !s.Plan.Empty() || !strings.Contains(notes, "Cannot be brought back: the network ACL "+acl+" of subnet "+made+": it is gone") {
		t.Errorf("%s\n%s", titles(s), notes)
	}
}

// The control plane has its security groups again; of one that is gone, that is said.
func TestTheControlPlanesSecurityGroupsAreRestored(t *testing.T) {
	r := up(t, withoutNAT)
	edit(t, r, `edits: [{service: ec2, operation: CreateSecurityGroup, parameters: {GroupName: mine, Description: mine, VpcId: "${VPC}"}, save: {g: GroupId}},
		{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {securityGroupIds: ["${ControlPlaneSecurityGroup}", "${g}"]}}}]`)
	was := snapshotOf(t, r)
	groups := was.Cluster.ResourcesVPCConfig.SecurityGroupIDs
	if len(groups) != 2 {
		t.Fatal(groups)
	}
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {
		securityGroupIds: ["${ControlPlaneSecurityGroup}"]}}}]`)
	s := restored(t, r, run.RestoreOptions{Snapshot: was})
	if now := snapshotOf(t, r).Cluster.ResourcesVPCConfig; titles(s) != "control plane: security groups "+strings.Join(groups, ", ") ||
		!slices.Equal(now.SecurityGroupIDs, groups) || !slices.Equal(now.SubnetIDs, was.Cluster.ResourcesVPCConfig.SubnetIDs) {
		t.Errorf("%s: %+v", titles(s), now)
	}
	mine := slices.DeleteFunc(slices.Clone(groups), func(id string) bool { return was.Network.SecurityGroups[id].Name != "mine" })[0]
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {
		securityGroupIds: ["${ControlPlaneSecurityGroup}"]}}},
		{wait: 20m, service: ec2, operation: DeleteSecurityGroup, parameters: {GroupId: `+mine+`}}]`)
	s, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Snapshot: was})
	must(t, err)
	notes := strings.Join(s.Plan.Notes, "\n")
	if !s.Plan.Empty() || !strings.Contains(notes, "Cannot be brought back: the control plane's security groups: "+mine+" does not exist any more") {
		t.Errorf("%s\n%s", titles(s), notes)
	}
}

// What AWS would refuse in the middle is refused first, in words: a block that the VPC has no
// longer, one that another subnet has a part of, and zones that EKS does not take.
func TestWhatAWSWouldRefuseInTheMiddleIsSaidInWords(t *testing.T) {
	r := up(t, withoutNAT)
	edit(t, r, `edits:
- {service: ec2, operation: AssociateVpcCidrBlock, parameters: {VpcId: "${VPC}", CidrBlock: 100.64.0.0/16}, save: {c: CidrBlockAssociation.AssociationId}}
- {wait: 5m, service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 100.64.0.0/20, AvailabilityZone: us-west-2a},
    save: {s: Subnet.SubnetId}}
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
    "${s}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}"]}}}`)
	was := snapshotOf(t, r)
	own := byBlock(was, "100.64.0.0/20")
	v, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{was.Network.VPC.ID}})
	must(t, err)
	association := ""
	for _, a := range v.Vpcs[0].CidrBlockAssociationSet {
		if *a.CidrBlock == "100.64.0.0/16" {
			association = *a.AssociationId
		}
	}
	edit(t, r, `edits:
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
    "${SubnetPublicUSWEST2A}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}"]}}}
- {wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: `+own.ID+`}}
- {service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 100.64.8.0/21, AvailabilityZone: us-west-2b},
    save: {part: Subnet.SubnetId}}`)
	taken := byBlock(snapshotOf(t, r), "100.64.8.0/21").ID
	unrestored(t, r, run.RestoreOptions{Snapshot: was}, "restore-block-taken", "subnet "+own.ID,
		"its block 100.64.0.0/20 is taken by the subnet "+taken+" (100.64.8.0/21, in us-west-2b)", "leave the subnet out")
	edit(t, r, `edits:
- {service: ec2, operation: DeleteSubnet, parameters: {SubnetId: `+taken+`}}
- {service: ec2, operation: DisassociateVpcCidrBlock, parameters: {AssociationId: `+association+`}}`)
	unrestored(t, r, run.RestoreOptions{Snapshot: was}, "restore-block-outside", "subnet "+own.ID,
		"the VPC "+was.Network.VPC.ID+" has its block 100.64.0.0/20 no longer", "aws ec2 associate-vpc-cidr-block")
	// Leaving the network out, and taking away what came instead, the rest is restored; without that subnet, the control plane
	// has no subnet of that zone.
	unrestored(t, r, run.RestoreOptions{Snapshot: was, Only: []string{"vpc.controlPlaneSubnetIDs"}, Remove: true}, "restore-zones", "the control plane",
		"its subnets would be in us-west-2b, us-west-2c, and EKS takes exactly the zones in which it was made: us-west-2a, us-west-2b, us-west-2c", "--only network")
}
