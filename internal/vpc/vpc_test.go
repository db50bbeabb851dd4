package vpc

import (
	"testing"
)

// Subnets are laid out as eksctl lays them out: eight blocks, public first.
func TestSplitFollowsEksctl(t *testing.T) {
	n := Split("192.168.0.0/16", []string{"us-west-2a", "us-west-2b", "us-west-2c"}, true, true)
	if n.Public[0].CIDR != "192.168.0.0/19" || n.Public[2].CIDR != "192.168.64.0/19" || n.Private[0].CIDR != "192.168.96.0/19" ||
		n.Private[2].CIDR != "192.168.160.0/19" {
		t.Errorf("%+v", n)
	}
	if six := Split("10.0.0.0/16", []string{"a", "b", "c", "d", "e"}, true, true); six.Private[4].CIDR != "10.0.144.0/20" {
		t.Errorf("%+v", six)
	}
}
