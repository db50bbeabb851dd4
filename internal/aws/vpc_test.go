package aws_test

import (
	"testing"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

func TestASubnetUsesItsOwnTableOrTheMainOne(t *testing.T) {
	own := types.RouteTable{RouteTableId: new("own"), Associations: []types.RouteTableAssociation{{SubnetId: new("a")}}}
	main := types.RouteTable{RouteTableId: new("main"), Associations: []types.RouteTableAssociation{{Main: new(true)}}}
	for _, tables := range [][]types.RouteTable{{own, main}, {main, own}} {
		for subnet, want := range map[string]string{"a": "own", "b": "main"} {
			if got := awsc.RouteTableOf(tables, subnet); got == nil || *got.RouteTableId != want {
				t.Errorf("%s: %+v", subnet, got)
			}
		}
	}
	if got := awsc.RouteTableOf([]types.RouteTable{own}, "b"); got != nil {
		t.Errorf("%+v", got)
	}
}
