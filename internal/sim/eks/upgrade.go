package eks

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// skew is how many minors a kubelet may be older than its API server (Kubernetes'
// version skew policy since 1.28; facts/eks.md §6).
const skew = 3

// UpdateClusterVersion brings the control plane to the next minor: 8 to 15 minutes.
// Nodes and add-ons stay as they are.
func (s *EKS) UpdateClusterVersion(_ *wire.Caller, in *eks.UpdateClusterVersionInput) (*eks.UpdateClusterVersionOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	to := aws.ToString(in.Version)
	if !Offered(to) {
		return nil, invalid("unsupported Kubernetes version").Member("clusterName", *c.Name)
	}
	if minorNumber(to) != minorNumber(*c.Version)+1 {
		return nil, invalid("Unsupported Kubernetes minor version update from %s to %s", *c.Version, to).Member("clusterName", *c.Name)
	}
	for _, g := range c.groups.All() {
		if minorNumber(to)-minorNumber(*g.Version) > skew {
			return nil, wire.Errorf("InvalidRequestException", "Nodegroups %s must be updated to match cluster version %s before updating cluster version",
				*g.NodegroupName, *c.Version).Member("clusterName", *c.Name)
		}
	}
	params := []types.UpdateParam{param(types.UpdateParamTypeVersion, to), param(types.UpdateParamTypePlatformVersion, *c.PlatformVersion)}
	u, err := c.begin(types.UpdateTypeVersionUpdate, params, "version", 10*time.Minute, 8*time.Minute, 15*time.Minute, clusterChange{Version: to})
	if err != nil {
		return nil, err
	}
	return &eks.UpdateClusterVersionOutput{Update: u}, nil
}

// setVersion is the end of an upgrade.
func (c *cluster) setVersion(v string) {
	c.Version = new(v)
	c.kube.SetVersion(kubelet(v))
}
