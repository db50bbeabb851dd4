package eks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// roomFor refuses subnets that lack addresses for a control plane's interfaces. The words are
// EKS's of cluster creation, of updates of subnets, and of versions (containers-roadmap #1693;
// elastic-ipfs/infrastructure #221); the code differs.
func (s *EKS) roomFor(code string, subnets []string) error {
	var few []string
	for _, id := range subnets {
		if sub := s.ec2.Subnet(id); sub != nil && *sub.AvailableIpAddressCount < updateAddresses {
			few = append(few, fmt.Sprintf("%s Free IPs: %d", id, *sub.AvailableIpAddressCount))
		}
	}
	if len(few) == 0 {
		return nil
	}
	return wire.Errorf(code, "Provided subnets %s , need at least %d IPs in each subnet to be free for this operation", strings.Join(few, " "), updateAddresses)
}

// moveAfter is when a new control plane's interfaces are made, within the 8 minutes that an
// update takes at least: assumed.
const moveAfter = 3 * time.Minute

// replaceControlPlane begins with what an update of a version does: API servers of another
// version, with interfaces of their own, replace those that run.
func (c *cluster) replaceControlPlane(u *types.Update, to string) {
	w, change := c.e.w, clusterChange{Update: *u.Id, Version: to}
	c.Status = types.ClusterStatusUpdating
	w.Schedule(moveAfter, "eks:version-move", c.ID, change)
	w.Start("eks:update", *c.Name+"/"+string(u.Type), w.Draw("eks:update", *c.Name+"/version", 10*time.Minute, 8*time.Minute, 15*time.Minute), "eks:updated",
		c.ID, change)
}

// moveInterfaces makes the new control plane's interfaces, in any of the cluster's subnets (EKS
// user guide, "Update existing cluster to new Kubernetes version"); the old ones are there
// until it has taken over.
func (s *EKS) moveInterfaces(c *cluster, change clusterChange) {
	u := c.Updates.Get(change.Update)
	if u == nil || u.Status != types.UpdateStatusInProgress {
		return
	}
	if d := c.ails(controlPlaneChecks); d != nil {
		c.revert(u, d)
		return
	}
	subnets := slices.Clone(c.ResourcesVpcConfig.SubnetIds)
	at, seen := s.w.Pick("control plane "+change.Update, len(subnets)), map[string]bool{}
	var full []string
	for i := range subnets {
		sub := s.ec2.Subnet(subnets[(at+i)%len(subnets)])
		if seen[*sub.AvailabilityZone] || len(c.Moving) == 2 {
			continue
		}
		if id := s.controlPlaneInterface(c, *sub.SubnetId); id != "" {
			seen[*sub.AvailabilityZone], c.Moving = true, append(c.Moving, id)
		} else {
			full = append(full, *sub.SubnetId)
		}
	}
	if len(c.Moving) < 2 {
		slices.Sort(full)
		c.revert(u, detail(types.ErrorCodeIpNotAvailable, "A subnet associated with the cluster doesn't have any available IP addresses.", full...))
	}
}

// securityGroups are those of a control plane's interfaces.
func (c *cluster) securityGroups() []string {
	v := c.ResourcesVpcConfig
	if v.ClusterSecurityGroupId == nil {
		return v.SecurityGroupIds
	}
	return append([]string{*v.ClusterSecurityGroupId}, v.SecurityGroupIds...)
}

// controlPlaneInterface makes an interface of a control plane; "" where a subnet is full.
func (s *EKS) controlPlaneInterface(c *cluster, subnet string) string {
	if n := s.ec2.NewInterface(subnet, "Amazon EKS "+*c.Name, c.securityGroups()); n != nil {
		return *n.NetworkInterfaceId
	}
	return ""
}

// moved is the moment at which the new control plane has taken over.
func (c *cluster) moved() {
	for _, id := range c.ENIs {
		c.e.ec2.DropInterface(id)
	}
	c.ENIs, c.Moving = c.Moving, nil
}

// revert ends an update as EKS does where the new control plane is not well: it goes, the one
// of before stays ("If any of these checks fail, Amazon EKS reverts the infrastructure
// deployment, and your cluster remains on the prior Kubernetes version").
func (c *cluster) revert(u *types.Update, d *types.ErrorDetail) {
	for _, id := range c.Moving {
		c.e.ec2.DropInterface(id)
	}
	c.Moving, c.Back = nil, nil
	c.drift()
	u.Status, u.Errors = types.UpdateStatusFailed, []types.ErrorDetail{*d}
	c.e.w.Schedule(2*time.Second, "eks:settled", c.ID, nil)
}

func detail(code types.ErrorCode, text string, ids ...string) *types.ErrorDetail {
	return &types.ErrorDetail{ErrorCode: code, ErrorMessage: new(text), ResourceIds: ids}
}

// ails is the first thing that a new control plane lacks, or nil.
func (c *cluster) ails(checks []func(*cluster) *types.ErrorDetail) *types.ErrorDetail {
	for _, check := range checks {
		if d := check(c); d != nil {
			return d
		}
	}
	return nil
}

// lacking words the want of something that a cluster is of.
func lacking(code types.ErrorCode, ids []string, text string) *types.ErrorDetail {
	if len(ids) == 0 {
		return nil
	}
	return detail(code, text, ids...)
}

// controlPlaneChecks are what the interfaces and the API servers of a new control plane stand
// on; the sentences are of EKS's API reference, ErrorDetail.
var controlPlaneChecks = []func(*cluster) *types.ErrorDetail{
	func(c *cluster) *types.ErrorDetail {
		return lacking(types.ErrorCodeVpcIdNotFound, missing([]string{*c.ResourcesVpcConfig.VpcId}, func(id string) bool { return c.e.ec2.Vpc(id) != nil }),
			"We couldn't find the VPC associated with the cluster.")
	},
	func(c *cluster) *types.ErrorDetail {
		return lacking(types.ErrorCodeSubnetNotFound, missing(c.ResourcesVpcConfig.SubnetIds, func(id string) bool { return c.e.ec2.Subnet(id) != nil }),
			"We couldn't find one of the subnets associated with the cluster.")
	},
	func(c *cluster) *types.ErrorDetail {
		return lacking(types.ErrorCodeSecurityGroupNotFound, missing(c.securityGroups(), func(id string) bool { return c.e.ec2.Group(id) != nil }),
			"We couldn't find one of the security groups associated with the cluster.")
	},
	func(c *cluster) *types.ErrorDetail {
		return lacking(types.ErrorCodeOperationNotPermitted, missing([]string{*c.RoleArn}, func(arn string) bool {
			return c.e.iam.Assumable(arn, "eks.amazonaws.com")
		}), "The service role associated with the cluster doesn't have the required access permissions for Amazon EKS.")
	},
	func(c *cluster) *types.ErrorDetail { // API servers that cannot read their secrets are not well
		if i := keyIssue(c); i != nil {
			return detail(types.ErrorCodeAccessDenied, *i.Message, i.ResourceIds...)
		}
		return nil
	},
}

// answers is EKS's readiness check of the API servers: assumed to be worded as in a cluster's
// health.
func answers(c *cluster) *types.ErrorDetail {
	if c.kube == nil || c.kube.Down() == "" {
		return nil
	}
	return detail(types.ErrorCodeClusterUnreachable, "Amazon EKS is unable to communicate with your Kubernetes cluster API server: "+c.kube.Down(), *c.Name)
}
