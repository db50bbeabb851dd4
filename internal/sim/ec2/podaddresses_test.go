package ec2_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// A t3.small has three interfaces of four addresses, the first of each its own: nine pods.
func TestPodsHaveAddressesOfTheirInstance(t *testing.T) {
	_, e := region()
	n := build(e)
	in := run(n.public)
	in.InstanceType = "t3.small"
	i := must(e.RunInstances(nil, in)).Instances[0]
	block := netip.MustParsePrefix(*e.Subnet(n.public).CidrBlock)
	taken := map[string]bool{}
	for range 9 {
		ip, err := e.PodAddress(*i.InstanceId, taken)
		if err != nil || taken[ip] || !block.Contains(netip.MustParseAddr(ip)) {
			t.Fatalf("after %d: %s, %v", len(taken), ip, err)
		}
		taken[ip] = true
	}
	if _, err := e.PodAddress(*i.InstanceId, taken); code(err) != "AttachmentLimitExceeded" {
		t.Errorf("a tenth: %v", err)
	}
	free := slices.Sorted(maps.Keys(taken))[3]
	delete(taken, free)
	if ip, err := e.PodAddress(*i.InstanceId, taken); ip != free || err != nil {
		t.Errorf("an address that is free again, %s: %s, %v", free, ip, err)
	}
	l := must(e.DescribeNetworkInterfaces(nil, &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{{Name: new("addresses.private-ip-address"),
		Values: []string{free}}}}))
	if len(l.NetworkInterfaces) != 1 || *l.NetworkInterfaces[0].Attachment.InstanceId != *i.InstanceId {
		t.Errorf("by its address: %d interfaces", len(l.NetworkInterfaces))
	}
}
