package eks

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// clusterChange is what an update of a cluster changes at its end.
type clusterChange struct {
	Update     string // its identifier
	Config     *eks.UpdateClusterConfigInput
	Encryption []types.EncryptionConfig
	IDP        string // an identity provider that is associated
	Gone       string // an identity provider that is not any more
	Version    string // of Kubernetes
}

// UpdateClusterConfig applies one kind of change, one call at a time.
func (s *EKS) UpdateClusterConfig(by *wire.Caller, in *eks.UpdateClusterConfigInput) (*eks.UpdateClusterConfigOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	if u := c.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateClusterConfigOutput{Update: new(*u)}, nil
	}
	all := configChanges(in)
	switch len(all) {
	case 0:
		return nil, invalid("No changes needed for the cluster config provided")
	case 1:
	default:
		return nil, invalid("Only one type of update can be allowed.")
	}
	kind := all[0]
	if err := s.checkChange(c, kind, in); err != nil {
		return nil, err
	}
	var params []types.UpdateParam
	if kind == types.UpdateTypeVpcConfigUpdate {
		params = []types.UpdateParam{param(types.UpdateParamTypeSubnets, strings.Join(in.ResourcesVpcConfig.SubnetIds, ","))}
	}
	u, err := c.begin(by, kind, params, string(kind), 5*time.Minute, 2*time.Minute, 10*time.Minute, clusterChange{Config: in})
	if err != nil {
		return nil, err
	}
	return &eks.UpdateClusterConfigOutput{Update: u}, nil
}

// configChanges are the kinds of update that a request asks for.
func configChanges(in *eks.UpdateClusterConfigInput) []types.UpdateType {
	var all []types.UpdateType
	add := func(kind types.UpdateType, wanted bool) {
		if wanted {
			all = append(all, kind)
		}
	}
	if r := in.ResourcesVpcConfig; r != nil {
		add(types.UpdateTypeVpcConfigUpdate, len(r.SubnetIds)+len(r.SecurityGroupIds) > 0)
		add(types.UpdateTypeControlPlaneEgressUpdate, r.ControlPlaneEgressMode != "")
		add(types.UpdateTypeEndpointAccessUpdate, r.EndpointPrivateAccess != nil || r.EndpointPublicAccess != nil || len(r.PublicAccessCidrs) > 0)
	}
	add(types.UpdateTypeLoggingUpdate, in.Logging != nil)
	add(types.UpdateTypeAccessConfigUpdate, in.AccessConfig != nil)
	add(types.UpdateTypeUpgradePolicyUpdate, in.UpgradePolicy != nil)
	add(types.UpdateTypeZonalShiftConfigUpdate, in.ZonalShiftConfig != nil)
	add(types.UpdateTypeControlPlaneScalingConfigUpdate, in.ControlPlaneScalingConfig != nil)
	add(types.UpdateTypeDeletionProtectionUpdate, in.DeletionProtection != nil)
	add(types.UpdateTypeAutoModeUpdate, in.ComputeConfig != nil || in.StorageConfig != nil || in.KubernetesNetworkConfig != nil)
	add(types.UpdateTypeRemoteNetworkConfigUpdate, in.RemoteNetworkConfig != nil)
	add(types.UpdateTypeControlPlaneComponentConfigUpdate, in.KubeApiServerConfig != nil || in.KubeControllerManagerConfig != nil ||
		in.KubeSchedulerConfig != nil)
	return all
}

func (s *EKS) checkChange(c *cluster, kind types.UpdateType, in *eks.UpdateClusterConfigInput) error {
	switch kind {
	case types.UpdateTypeVpcConfigUpdate:
		return s.checkVpcUpdate(c, in.ResourcesVpcConfig)
	case types.UpdateTypeEndpointAccessUpdate:
		return c.checkEndpoints(in.ResourcesVpcConfig)
	case types.UpdateTypeLoggingUpdate:
		if slices.Equal(enabledLogs(c.Logging), enabledLogs(in.Logging)) {
			return invalid("No changes needed for the logging config provided")
		}
	}
	return nil
}

// updated is the end of an update of a cluster.
func (s *EKS) updated(c *cluster, change clusterChange) {
	u := c.Updates.Get(change.Update)
	if u != nil && u.Status != types.UpdateStatusInProgress {
		return // it has failed
	}
	if change.Version != "" {
		if d := c.ails(append(controlPlaneChecks, answers)); d != nil {
			c.revert(u, d)
			return
		}
	}
	s.apply(c, change)
	if u != nil {
		u.Status = types.UpdateStatusSuccessful
	}
	s.w.Schedule(2*time.Second, "eks:settled", c.ID, nil) // status lags the update (facts/eks.md §1)
}

func (s *EKS) settled(c *cluster) {
	if c.Status == types.ClusterStatusUpdating {
		c.Status = types.ClusterStatusActive
		c.look() // an update is also a check
	}
}

func (s *EKS) apply(c *cluster, change clusterChange) {
	if change.Encryption != nil {
		c.EncryptionConfig = change.Encryption
	}
	if p := c.idps.Get(change.IDP); p != nil {
		p.Status = types.ConfigStatusActive
	}
	if change.Gone != "" {
		c.idps.Delete(change.Gone)
	}
	if change.Version != "" {
		c.moved()
		c.setVersion(change.Version)
	}
	in := change.Config
	if in == nil {
		return
	}
	if r := in.ResourcesVpcConfig; r != nil && len(r.SubnetIds)+len(r.SecurityGroupIds) > 0 {
		if len(r.SubnetIds) > 0 {
			c.ResourcesVpcConfig.SubnetIds = r.SubnetIds
		}
		if len(r.SecurityGroupIds) > 0 {
			c.ResourcesVpcConfig.SecurityGroupIds = r.SecurityGroupIds
		}
		s.placeInterfaces(c)
	} else if r != nil && r.ControlPlaneEgressMode != "" {
		c.ResourcesVpcConfig.ControlPlaneEgressMode = r.ControlPlaneEgressMode
	} else if r != nil {
		c.setEndpoints(r)
	}
	c.setComponents(in.KubeApiServerConfig, in.KubeControllerManagerConfig, in.KubeSchedulerConfig)
	if in.RemoteNetworkConfig != nil {
		c.RemoteNetworkConfig = remote(in.RemoteNetworkConfig)
	}
	if in.StorageConfig != nil {
		c.StorageConfig = &types.StorageConfigResponse{BlockStorage: in.StorageConfig.BlockStorage}
	}
	if n := in.KubernetesNetworkConfig; n != nil && n.ElasticLoadBalancing != nil {
		k := *c.KubernetesNetworkConfig
		k.ElasticLoadBalancing = n.ElasticLoadBalancing
		c.KubernetesNetworkConfig = &k
	}
	if in.Logging != nil {
		c.Logging = in.Logging
		s.logging(c)
	}
	if a := in.AccessConfig; a != nil {
		c.AccessConfig.AuthenticationMode = a.AuthenticationMode
	}
	if u := in.UpgradePolicy; u != nil {
		c.UpgradePolicy = &types.UpgradePolicyResponse{SupportType: u.SupportType}
	}
	if z := in.ZonalShiftConfig; z != nil {
		c.ZonalShiftConfig = &types.ZonalShiftConfigResponse{Enabled: z.Enabled}
	}
	if in.ControlPlaneScalingConfig != nil {
		c.ControlPlaneScalingConfig = in.ControlPlaneScalingConfig
	}
	if in.DeletionProtection != nil {
		c.DeletionProtection = in.DeletionProtection
	}
	if m := in.ComputeConfig; m != nil {
		c.ComputeConfig = &types.ComputeConfigResponse{Enabled: m.Enabled, NodePools: m.NodePools, NodeRoleArn: m.NodeRoleArn}
	}
}

// setComponents notes what was asked of the control plane's components; nothing here
// depends on it.
func (c *cluster) setComponents(api *types.KubeApiServerConfigRequest, manager *types.KubeControllerManagerConfigRequest,
	scheduler *types.KubeSchedulerConfigRequest) {
	if api != nil {
		c.KubeApiServerConfig = &types.KubeApiServerConfigResponse{}
		rewrite(api, c.KubeApiServerConfig)
	}
	if manager != nil {
		c.KubeControllerManagerConfig = &types.KubeControllerManagerConfigResponse{}
		rewrite(manager, c.KubeControllerManagerConfig)
	}
	if scheduler != nil {
		c.KubeSchedulerConfig = &types.KubeSchedulerConfigResponse{}
		rewrite(scheduler, c.KubeSchedulerConfig)
	}
}
