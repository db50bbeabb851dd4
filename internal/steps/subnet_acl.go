package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/engine"
)

// SubnetACL has a subnet guarded by a network ACL.
type SubnetACL struct {
	Place Place  `json:"place"`
	ACL   string `json:"networkAcl"`
}

// Run looks, then replaces the association, which every subnet has.
func (s *SubnetACL) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	subnet, err := s.Place.id(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	d, err := e.AWS.EC2.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: filter("association.subnet-id", subnet)})
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading which network ACL guards %s: %w", subnet, err)
	}
	for _, acl := range d.NetworkAcls {
		for _, a := range acl.Associations {
			if aws.ToString(a.SubnetId) != subnet {
				continue
			}
			if aws.ToString(acl.NetworkAclId) == s.ACL {
				return engine.Finished("as wanted")
			}
			in := &ec2.ReplaceNetworkAclAssociationInput{AssociationId: a.NetworkAclAssociationId, NetworkAclId: &s.ACL}
			if _, err := e.AWS.EC2.ReplaceNetworkAclAssociation(ctx, in); err != nil {
				return engine.Result{}, fmt.Errorf("giving the subnet %s the network ACL %s: %w", subnet, s.ACL, err)
			}
			return engine.Result{State: engine.Done, Reason: "associated", Changed: true}, nil
		}
	}
	return engine.Waiting("EC2 gives the subnet " + subnet + " its VPC's network ACL")
}
