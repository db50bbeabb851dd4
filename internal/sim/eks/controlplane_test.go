package eks_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// interfaces are those of the control plane, as EC2 lists them.
func (l life) interfaces() (ids []string) {
	l.t.Helper()
	out, err := l.AWS.EC2.DescribeNetworkInterfaces(l.t.Context(), &ec2sdk.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{{Name: new("description"), Values: []string{"Amazon EKS c"}}}})
	l.refused("", err)
	for _, n := range out.NetworkInterfaces {
		ids = append(ids, *n.NetworkInterfaceId)
	}
	slices.Sort(ids)
	return ids
}

// leave has a subnet with so many free addresses.
func (l life) leave(subnet string, free int32) {
	e := l.Region.Region.EC2
	for *e.Subnet(subnet).AvailableIpAddressCount > free {
		e.NewInterface(subnet, "somebody's", nil)
	}
}

// The interfaces of the new control plane are others, and the old ones go at its end.
func TestAnUpgradeMovesTheControlPlanesInterfaces(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	old := l.interfaces()
	l.holds("interfaces", len(old), 2)
	_, err := l.upgrade("1.35")
	l.refused("", err)
	l.after(5 * time.Minute)
	l.holds("interfaces meanwhile", len(l.interfaces()), 4)
	l.after(15 * time.Minute)
	now := l.interfaces()
	l.holds("interfaces afterwards", len(now), 2)
	if slices.ContainsFunc(now, func(id string) bool { return slices.Contains(old, id) }) {
		t.Errorf("the interfaces are %v, and were %v", now, old)
	}
}

// Every subnet must have five addresses, whether it is forced or not.
func TestAnUpgradeWantsAddresses(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	l.leave(subnetB, 4)
	for _, force := range []bool{false, true} {
		_, err := l.AWS.EKS.UpdateClusterVersion(t.Context(), &eks.UpdateClusterVersionInput{Name: new("c"), Version: new("1.35"), Force: force})
		l.refused("InvalidRequestException", err)
		l.says("Provided subnets subnet-b Free IPs: 4 , need at least 5 IPs in each subnet to be free for this operation", err)
	}
	l.expect("the cluster", string(l.cluster().Status), "ACTIVE")
	_, err := l.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("d"), RoleArn: new(role),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}}})
	l.refused("InvalidParameterException", err)
	l.says("need at least 5 IPs in each subnet", err)
}

// What a new control plane does not find, or that it does not work, ends the update: the one
// of before goes on, with its interfaces, and the update can be asked for again.
func TestAnUpgradeOfAnUnwellControlPlaneIsReverted(t *testing.T) {
	for want, spoil := range map[string]func(l life){
		"IpNotAvailable A subnet associated with the cluster doesn't have any available IP addresses.": func(l life) {
			l.leave(subnetA, 0)
			l.leave(subnetB, 0)
		},
		"SubnetNotFound We couldn't find one of the subnets associated with the cluster.": func(l life) {
			for _, id := range l.interfaces() {
				l.Region.Region.EC2.DropInterface(id)
			}
			_, err := l.Region.Region.EC2.DeleteSubnet(nil, &ec2sdk.DeleteSubnetInput{SubnetId: new(subnetB)})
			l.refused("", err)
		},
		"OperationNotPermitted The service role associated with the cluster doesn't have the required access permissions for Amazon EKS.": func(l life) {
			for _, p := range []string{"AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy"} {
				_, err := l.AWS.IAM.DetachRolePolicy(t.Context(), &iamsdk.DetachRolePolicyInput{RoleName: new("cluster"), PolicyArn: new("arn:aws:iam::aws:policy/" + p)})
				l.refused("", err)
			}
			_, err := l.AWS.IAM.DeleteRole(t.Context(), &iamsdk.DeleteRoleInput{RoleName: new("cluster")})
			l.refused("", err)
		},
		"ClusterUnreachable Amazon EKS is unable to communicate with your Kubernetes cluster API server: a test": func(l life) {
			l.Region.Region.EKS.SetDown("c", "a test")
		},
	} {
		l := begin(t).after(20 * time.Minute)
		before := l.interfaces()
		u, err := l.upgrade("1.35")
		l.refused("", err)
		l.after(time.Minute)
		spoil(l)
		kept := l.interfaces()
		l.after(20 * time.Minute)
		l.expect("the update", l.update(u.Id, nil), "Failed "+want)
		l.expect("the cluster", string(l.cluster().Status)+" "+*l.cluster().Version, "ACTIVE 1.34")
		l.holds("the interfaces", fmt.Sprint(l.interfaces()), fmt.Sprint(kept))
		if len(kept) == 0 {
			continue // there is no control plane to speak of
		}
		l.holds("the interfaces", fmt.Sprint(kept), fmt.Sprint(before))
		_, err = l.AWS.EKS.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{Name: new("c"), DeletionProtection: new(true)})
		l.refused("", err)
	}
}
