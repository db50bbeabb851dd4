package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// byBlock is the live subnet with a block; nil: there is none.
func byBlock(o *observe.Observed, block string) *observe.Subnet {
	for _, id := range slices.Sorted(maps.Keys(o.Network.Subnets)) {
		if s := o.Network.Subnets[id]; s.CIDR == block {
			return s
		}
	}
	return nil
}

// A subnet that no template has, made by hand and deleted since, is made again from what
// CloudTrail tells of it: what it was made with, and what was set and taken away since.
// What was refused, or is of another subnet, is none of that.
func TestASubnetMadeByHandIsMadeAgainAsCloudTrailTells(t *testing.T) {
	r := up(t, withoutNAT)
	edit(t, r, `edits:
- {by: ann, service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 192.168.192.0/20, AvailabilityZone: us-west-2b, TagSpecifications: [
    {ResourceType: subnet, Tags: [{Key: team, Value: net}, {Key: draft, Value: "yes"}]}]}, save: {s: Subnet.SubnetId}}
- {by: ann, service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 192.168.208.0/20, AvailabilityZone: us-west-2b},
    save: {other: Subnet.SubnetId}}
- {by: ann, service: ec2, operation: CreateTags, parameters: {Resources: ["${s}"], Tags: [
    {Key: kubernetes.io/role/elb, Value: "1"}, {Key: team, Value: platform}]}}
- {by: bob, service: ec2, operation: CreateTags, parameters: {Resources: ["${other}"], Tags: [{Key: of-another, Value: "1"}]}}
- {by: ann, service: ec2, operation: DeleteTags, parameters: {Resources: ["${s}"], Tags: [{Key: draft}]}}
- {by: ann, service: ec2, operation: AssociateRouteTable, parameters: {RouteTableId: "${PublicRouteTable}", SubnetId: "${s}"}}
- {by: ann, service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${s}", MapPublicIpOnLaunch: {Value: true}}}
- {by: ann, service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
    "${SubnetPublicUSWEST2A}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}",
    "${SubnetPrivateUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}", "${s}"]}}}`)
	was := byBlock(snapshotOf(t, r), "192.168.192.0/20")
	table := snapshotOf(t, r).Network.RoutesOf(was.ID).ID
	if attached := snapshotOf(t, r).Cluster.ResourcesVPCConfig.SubnetIDs; !slices.Contains(attached, was.ID) {
		t.Fatalf("the control plane is in %v", attached)
	}
	edit(t, r, `edits:
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [
    "${SubnetPublicUSWEST2A}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}",
    "${SubnetPrivateUSWEST2A}", "${SubnetPrivateUSWEST2B}", "${SubnetPrivateUSWEST2C}"]}}}
- {wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: `+was.ID+`}}`)
	before := snapshotOf(t, r)
	s := restored(t, r, run.RestoreOptions{Subnets: []string{was.ID}})
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "What the subnet "+was.ID+" was is told by CloudTrail alone.") {
		t.Error(notes)
	}
	after := snapshotOf(t, r)
	now := byBlock(after, was.CIDR)
	if now == nil || now.ID == was.ID || now.Zone != "us-west-2b" || now.ZoneID != was.ZoneID || now.VPC != was.VPC || !now.PublicOnLaunch {
		t.Fatalf("it was %+v and is %+v", was, now)
	}
	if want := (observe.Tags{"team": "platform", "kubernetes.io/role/elb": "1"}); !maps.Equal(now.Tags, want) {
		t.Errorf("it has the tags %v, and not %v", now.Tags, want)
	}
	if x := after.Network.RoutesOf(now.ID); x == nil || x.ID != table {
		t.Errorf("it is served by %+v, and not by %s", x, table)
	}
	if len(after.Network.Subnets) != len(before.Network.Subnets)+1 {
		t.Errorf("there were %d subnets, and are %d", len(before.Network.Subnets), len(after.Network.Subnets))
	}
	if n := s.Replaced(); len(n) != 1 || n[0].Was != was.ID || n[0].Now != now.ID {
		t.Errorf("%+v", n)
	}
	again, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Subnets: []string{was.ID}})
	if err != nil || !again.Plan.Empty() {
		t.Errorf("a second one does %+v (%v)", again.Plan.Entries, err)
	}
	untold(t, r, was)
}

// untold: what CloudTrail may not be asked of, or has forgotten, is refused by name.
func untold(t *testing.T, r *testregion.Region, was *observe.Subnet) {
	t.Helper()
	refused := func() string {
		t.Helper()
		_, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Subnets: []string{was.ID}})
		if fs, ok := finding.Of(err); !ok || fs[0].Code != "restore-unknown" || !strings.Contains(err.Error(), was.ID) {
			t.Errorf("%v", err)
		}
		return errText(err)
	}
	r.Sim.World.Advance(91 * 24 * time.Hour)
	if said := refused(); !strings.Contains(said, "is not in the earlier state, and nothing tells what it was") {
		t.Error(said)
	}
	r.Region.IAM.Deny("cloudtrail:LookupEvents")
	if said := refused(); !strings.Contains(said, "cannot be read: ") || !strings.Contains(said, "let the caller read it (cloudtrail:LookupEvents)") {
		t.Error(said)
	}
}

// A subnet that was given its IPv6 block after its making has it again, and gives instances
// addresses of it.
func TestAnIPv6BlockThatWasGivenLaterIsToldByCloudTrail(t *testing.T) {
	r := up(t, ofIPv6)
	block := strings.Replace(ofFirstZone(snapshotOf(t, r), false).IPv6CIDRs[0].Block, ":3::/64", ":aa::/64", 1)
	edit(t, r, `edits:
- {by: ann, service: ec2, operation: CreateSubnet, parameters: {VpcId: "${VPC}", CidrBlock: 192.168.224.0/20, AvailabilityZone: us-west-2c},
    save: {s: Subnet.SubnetId}}
- {by: ann, service: ec2, operation: AssociateSubnetCidrBlock, parameters: {SubnetId: "${s}", Ipv6CidrBlock: "`+block+`"}}
- {by: ann, service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${s}", AssignIpv6AddressOnCreation: {Value: true}}}`)
	was := byBlock(snapshotOf(t, r), "192.168.224.0/20")
	if len(was.IPv6CIDRs) != 1 || was.IPv6CIDRs[0].Block != block || !was.IPv6OnCreation {
		t.Fatalf("this test shows nothing: %+v", was)
	}
	edit(t, r, `edits: [{service: ec2, operation: DeleteSubnet, parameters: {SubnetId: `+was.ID+`}}]`)
	restored(t, r, run.RestoreOptions{Subnets: []string{was.ID}})
	if now := byBlock(snapshotOf(t, r), was.CIDR); now == nil || !slices.Equal(now.IPv6CIDRs, was.IPv6CIDRs) || !now.IPv6OnCreation {
		t.Errorf("it was %+v and is %+v", was, now)
	}
}
