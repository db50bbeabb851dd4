package ec2_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	sim "github.com/slipway-eks/slipway/internal/sim/ec2"
)

func group(e *sim.EC2, vpc string) string {
	return *must(e.CreateSecurityGroup(nil, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: new("web"), Description: new("web")})).GroupId
}

func https(cidrs ...string) types.IpPermission {
	p := types.IpPermission{IpProtocol: new("6"), FromPort: new(int32(443)), ToPort: new(int32(443))}
	for _, c := range cidrs {
		p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &c})
	}
	return p
}

// Rules are kept once, answered as one permission for their ports, and revoked where
// they are.
func TestSecurityGroupRulesAreKeptOnce(t *testing.T) {
	_, e := region()
	n := build(e)
	g := group(e, n.vpc)
	add := func(ps ...types.IpPermission) error {
		return second(e.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g, IpPermissions: ps}))
	}
	is(t, "two sources", add(https("10.0.0.1/8", "10.0.0.0/16")), "")
	err := add(https("10.0.0.0/8"))
	is(t, "one of them again", err, "InvalidPermission.Duplicate")
	if want := `the specified rule "peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW" already exists`; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v", err)
	}
	is(t, "twice in one", add(https("11.0.0.0/8", "11.0.0.0/8")), "InvalidParameterValue")
	is(t, "no block", add(https("11.0.0.0/99")), "InvalidParameterValue")
	is(t, "no protocol", add(types.IpPermission{IpProtocol: new("carrier-pigeon"), IpRanges: []types.IpRange{{CidrIp: new("1.0.0.0/8")}}}),
		"InvalidParameterValue")
	is(t, "no ports", add(types.IpPermission{IpProtocol: new("tcp"), IpRanges: []types.IpRange{{CidrIp: new("1.0.0.0/8")}}}), "InvalidParameterValue")
	list := *must(e.DescribePrefixLists(nil, &ec2.DescribePrefixListsInput{})).PrefixLists[0].PrefixListId
	p := https()
	p.PrefixListIds, p.Ipv6Ranges = []types.PrefixListId{{PrefixListId: &list}}, []types.Ipv6Range{{CidrIpv6: new("::/0")}}
	is(t, "a list and IPv6", add(p), "")
	got := e.Group(g).IpPermissions
	if len(got) != 1 || *got[0].IpProtocol != "tcp" || len(got[0].IpRanges) != 2 || *got[0].IpRanges[0].CidrIp != "10.0.0.0/8" ||
		len(got[0].PrefixListIds) != 1 || len(got[0].Ipv6Ranges) != 1 {
		t.Errorf("%+v", got)
	}
	revoke := func(p types.IpPermission) error {
		return second(e.RevokeSecurityGroupIngress(nil, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []types.IpPermission{p}}))
	}
	is(t, "the list and IPv6", revoke(p), "")
	is(t, "once more", revoke(p), "InvalidPermission.NotFound")
	is(t, "an unknown rule", second(e.RevokeSecurityGroupIngress(nil, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g,
		SecurityGroupRuleIds: []string{"sgr-1"}})), "InvalidSecurityGroupRuleId.NotFound")
}

// A rule is changed in place, and described.
func TestRulesAreModified(t *testing.T) {
	_, e := region()
	n := build(e)
	g := group(e, n.vpc)
	r := must(e.AuthorizeSecurityGroupIngress(nil, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g,
		IpPermissions: []types.IpPermission{https("10.0.0.0/8")}})).SecurityGroupRules[0]
	must(e.ModifySecurityGroupRules(nil, &ec2.ModifySecurityGroupRulesInput{GroupId: &g, SecurityGroupRules: []types.SecurityGroupRuleUpdate{{
		SecurityGroupRuleId: r.SecurityGroupRuleId, SecurityGroupRule: &types.SecurityGroupRuleRequest{IpProtocol: new("-1"), ReferencedGroupId: &g}}}}))
	must(e.UpdateSecurityGroupRuleDescriptionsIngress(nil, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &g,
		SecurityGroupRuleDescriptions: []types.SecurityGroupRuleDescription{{SecurityGroupRuleId: r.SecurityGroupRuleId, Description: new("ourselves")}}}))
	got := e.Group(g).IpPermissions
	if len(got) != 1 || got[0].FromPort != nil || *got[0].UserIdGroupPairs[0].Description != "ourselves" {
		t.Errorf("%+v", got)
	}
	l := must(e.GetSecurityGroupsForVpc(nil, &ec2.GetSecurityGroupsForVpcInput{VpcId: &n.vpc})).SecurityGroupForVpcs
	if len(l) != 2 || *l[1].PrimaryVpcId != n.vpc {
		t.Errorf("%+v", l)
	}
	def := l[0].GroupId
	is(t, "the default group", second(e.DeleteSecurityGroup(nil, &ec2.DeleteSecurityGroupInput{GroupId: def})), "CannotDelete")
}

// Tags are for what is there, by EC2's rules.
func TestTagsAreForWhatIsThere(t *testing.T) {
	_, e := region()
	n := build(e)
	tag := func(id, key string) error {
		return second(e.CreateTags(nil, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: &key, Value: new("v")}}}))
	}
	is(t, "a VPC", tag(n.vpc, "k"), "")
	is(t, "an unknown VPC", tag("vpc-1", "k"), "InvalidVpcID.NotFound")
	is(t, "no identifier", tag("something", "k"), "InvalidID")
	is(t, "AWS's own", tag(n.vpc, "aws:x"), "InvalidParameterValue")
	del := func(tags ...types.Tag) {
		must(e.DeleteTags(nil, &ec2.DeleteTagsInput{Resources: []string{n.vpc}, Tags: tags}))
	}
	del(types.Tag{Key: new("k"), Value: new("another")})
	if len(e.Tags(n.vpc)) != 2 {
		t.Errorf("a tag of another value went: %v", e.Tags(n.vpc))
	}
	del(types.Tag{Key: new("k"), Value: new("v")})
	del()
	if len(e.Tags(n.vpc)) != 0 {
		t.Errorf("%v", e.Tags(n.vpc))
	}
}
