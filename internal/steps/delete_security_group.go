package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

func securityGroupFound(ctx context.Context, e *Env, id string) (*found, error) {
	_, err := e.AWS.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	return absent(&found{}, err)
}

// deleteSecurityGroup revokes the rules of other groups that name it, too: EC2 deletes no
// group that a rule refers to.
func deleteSecurityGroup(ctx context.Context, e *Env, id string) error {
	for _, side := range []struct {
		filter string
		rules  func(types.SecurityGroup) []types.IpPermission
		revoke func(group *string, rules []types.IpPermission) error
	}{
		{"ip-permission.group-id", func(g types.SecurityGroup) []types.IpPermission { return g.IpPermissions },
			func(group *string, rules []types.IpPermission) error {
				_, err := e.AWS.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: group, IpPermissions: rules})
				return err
			}},
		{"egress.ip-permission.group-id", func(g types.SecurityGroup) []types.IpPermission { return g.IpPermissionsEgress },
			func(group *string, rules []types.IpPermission) error {
				_, err := e.AWS.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: group, IpPermissions: rules})
				return err
			}},
	} {
		pages := ec2.NewDescribeSecurityGroupsPaginator(e.AWS.EC2, &ec2.DescribeSecurityGroupsInput{
			Filters: []types.Filter{{Name: &side.filter, Values: []string{id}}}})
		for pages.HasMorePages() {
			p, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("asking which security groups refer to %s: %w", id, err)
			}
			for _, g := range p.SecurityGroups {
				if aws.ToString(g.GroupId) == id {
					continue // its own rules go with it
				}
				if err := side.revoke(g.GroupId, naming(side.rules(g), id)); err != nil {
					return fmt.Errorf("revoking what %s allows %s: %w", aws.ToString(g.GroupId), id, err)
				}
			}
		}
	}
	_, err := e.AWS.EC2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})
	return err
}

// naming are the rules for a group, and nothing else of theirs.
func naming(rules []types.IpPermission, group string) []types.IpPermission {
	var out []types.IpPermission
	for _, r := range rules {
		for _, p := range r.UserIdGroupPairs {
			if aws.ToString(p.GroupId) == group {
				out = append(out, types.IpPermission{IpProtocol: r.IpProtocol, FromPort: r.FromPort, ToPort: r.ToPort,
					UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: p.GroupId, UserId: p.UserId}}})
			}
		}
	}
	return out
}
