package eks

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (s *EKS) registerClusters(svc *wire.Service) {
	wire.Handle(svc, "CreateCluster", s.CreateCluster)
	wire.Handle(svc, "DescribeCluster", s.DescribeCluster)
	wire.Handle(svc, "ListClusters", s.ListClusters)
	wire.Handle(svc, "DeleteCluster", s.DeleteCluster)
	wire.Handle(svc, "UpdateClusterConfig", s.UpdateClusterConfig)
	wire.Handle(svc, "UpdateClusterVersion", s.UpdateClusterVersion)
	wire.Handle(svc, "CancelUpdate", s.CancelUpdate)
	wire.Handle(svc, "AssociateEncryptionConfig", s.AssociateEncryptionConfig)
	wire.Handle(svc, "DescribeUpdate", s.DescribeUpdate)
	wire.Handle(svc, "ListUpdates", s.ListUpdates)
	wire.Handle(svc, "DescribeClusterVersions", s.DescribeClusterVersions)
}

const badZones = "use1-az3 usw1-az2 cac1-az3"

// CreateCluster validates as EKS does, then takes about ten minutes.
func (s *EKS) CreateCluster(caller *wire.Caller, in *eks.CreateClusterInput) (*eks.CreateClusterOutput, error) {
	name := aws.ToString(in.Name)
	exists := inUse("Cluster already exists with name: %s", name).Member("clusterName", name)
	if s.connected.Get(name) != nil {
		return nil, exists
	}
	if c := s.clusters.Get(name); c != nil {
		if caller.Before() != c.ID {
			return nil, exists
		}
		return &eks.CreateClusterOutput{Cluster: c.view()}, nil
	}
	version := aws.ToString(in.Version)
	if version == "" {
		version = Versions[slices.IndexFunc(Versions, func(v Version) bool { return v.Default })].Minor
	}
	if !Offered(version) {
		return nil, invalid("unsupported Kubernetes version").Member("clusterName", name)
	}
	auto := in.ComputeConfig != nil && aws.ToBool(in.ComputeConfig.Enabled)
	if auto && aws.ToBool(in.BootstrapSelfManagedAddons) {
		return nil, invalid("When EKS Auto Mode is enabled, bootstrapSelfManagedAddons must be set to false.")
	}
	if !s.iam.Assumable(aws.ToString(in.RoleArn), "eks.amazonaws.com", *s.arn("cluster/%s", name)) {
		return nil, invalid("Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", aws.ToString(in.RoleArn))
	}
	if in.ResourcesVpcConfig == nil {
		return nil, invalid("VPC configuration is required")
	}
	vpcID, zones, err := s.checkSubnets(in.ResourcesVpcConfig.SubnetIds)
	if err != nil {
		return nil, err
	}
	if err := s.roomFor("InvalidParameterException", in.ResourcesVpcConfig.SubnetIds); err != nil {
		return nil, err
	}
	if err := s.checkGroups(in.ResourcesVpcConfig.SecurityGroupIds, vpcID); err != nil {
		return nil, err
	}
	for _, e := range in.EncryptionConfig {
		if err := s.checkKey(e); err != nil {
			return nil, err
		}
	}
	if err := errorOf(checkTags(caller, in.Tags), checkNewEndpoints(in.ResourcesVpcConfig), s.checkNetwork(in.KubernetesNetworkConfig, vpcID)); err != nil {
		return nil, err
	}
	if s.clusters.Len() >= mostClusters {
		return nil, wire.Errorf("ResourceLimitExceededException", "Cluster limit exceeded for account: %d", mostClusters).Member("clusterName", name)
	}
	c := s.newCluster(name, version, vpcID, zones, in)
	caller.Note(c.ID)
	c.SelfManaged = in.BootstrapSelfManagedAddons == nil || aws.ToBool(in.BootstrapSelfManagedAddons)
	s.clusters.Put(name, c)
	s.iam.Link("eks.amazonaws.com")
	s.creatorAdmin(c, caller, in.AccessConfig)
	d := s.w.Draw("eks:cluster", name, 10*time.Minute, 8*time.Minute+20*time.Second, 11*time.Minute+30*time.Second)
	s.w.Schedule(d/5, "eks:interfaces", c.ID, nil)
	s.w.Start("eks:cluster", name, d, "eks:cluster-up", c.ID, nil)
	return &eks.CreateClusterOutput{Cluster: c.view()}, nil
}

func (s *EKS) newCluster(name, version, vpcID string, zones []string, in *eks.CreateClusterInput) *cluster {
	c := &cluster{ID: strings.ToUpper(s.w.Hex("cluster "+name, 32)), Zones: zones, OnFargate: map[string]bool{}, ByNode: map[string]string{},
		ByInstance: map[string]string{}}
	rc := in.ResourcesVpcConfig
	public, private := true, false
	if rc.EndpointPublicAccess != nil {
		public = *rc.EndpointPublicAccess
	}
	if rc.EndpointPrivateAccess != nil {
		private = *rc.EndpointPrivateAccess
	}
	cidrs := rc.PublicAccessCidrs
	if len(cidrs) == 0 && public {
		cidrs = []string{"0.0.0.0/0"}
	}
	mode := types.AuthenticationModeConfigMap
	if in.AccessConfig != nil && in.AccessConfig.AuthenticationMode != "" {
		mode = in.AccessConfig.AuthenticationMode
	}
	c.Cluster = types.Cluster{Name: new(name), Arn: s.arn("cluster/%s", name), Version: new(version), PlatformVersion: new("eks.12"), RoleArn: in.RoleArn,
		Status: types.ClusterStatusCreating, CreatedAt: new(s.w.Date()), Tags: tagsOf(in.Tags), ClientRequestToken: in.ClientRequestToken,
		ResourcesVpcConfig: &types.VpcConfigResponse{SubnetIds: rc.SubnetIds, SecurityGroupIds: rc.SecurityGroupIds, VpcId: new(vpcID),
			EndpointPublicAccess: public, EndpointPrivateAccess: private, PublicAccessCidrs: cidrs, ControlPlaneEgressMode: rc.ControlPlaneEgressMode},
		AccessConfig: &types.AccessConfigResponse{AuthenticationMode: mode},
		KubernetesNetworkConfig: s.serviceNetwork(in.KubernetesNetworkConfig,
			vpcID), EncryptionConfig: in.EncryptionConfig, Logging: in.Logging, Health: &types.ClusterHealth{Issues: []types.ClusterIssue{}},
		UpgradePolicy: &types.UpgradePolicyResponse{SupportType: types.SupportTypeExtended}, DeletionProtection: new(aws.ToBool(in.DeletionProtection)),
		RemoteNetworkConfig: remote(in.RemoteNetworkConfig), ControlPlaneScalingConfig: in.ControlPlaneScalingConfig}
	if c.Logging == nil {
		c.Logging = &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: new(false),
			Types: []types.LogType{"api", "audit", "authenticator", "controllerManager", "scheduler"}}}}
	}
	if in.UpgradePolicy != nil {
		c.UpgradePolicy.SupportType = in.UpgradePolicy.SupportType
	}
	if in.ZonalShiftConfig != nil {
		c.ZonalShiftConfig = &types.ZonalShiftConfigResponse{Enabled: in.ZonalShiftConfig.Enabled}
	}
	if in.ComputeConfig != nil {
		c.ComputeConfig = &types.ComputeConfigResponse{Enabled: in.ComputeConfig.Enabled, NodePools: in.ComputeConfig.NodePools,
			NodeRoleArn: in.ComputeConfig.NodeRoleArn}
	}
	c.setComponents(in.KubeApiServerConfig, in.KubeControllerManagerConfig, in.KubeSchedulerConfig)
	if in.StorageConfig != nil {
		c.StorageConfig = &types.StorageConfigResponse{BlockStorage: in.StorageConfig.BlockStorage}
	}
	return s.bind(c)
}

func remote(in *types.RemoteNetworkConfigRequest) *types.RemoteNetworkConfigResponse {
	if in == nil {
		return nil
	}
	return &types.RemoteNetworkConfigResponse{RemoteNodeNetworks: in.RemoteNodeNetworks, RemotePodNetworks: in.RemotePodNetworks}
}

func (s *EKS) serviceNetwork(in *types.KubernetesNetworkConfigRequest, vpcID string) *types.KubernetesNetworkConfigResponse {
	out := &types.KubernetesNetworkConfigResponse{IpFamily: types.IpFamilyIpv4, ServiceIpv4Cidr: new("10.100.0.0/16")}
	if v := s.ec2.Vpc(vpcID); v != nil && strings.HasPrefix(*v.CidrBlock, "10.") {
		out.ServiceIpv4Cidr = new("172.20.0.0/16")
	}
	if in == nil {
		return out
	}
	if in.ServiceIpv4Cidr != nil {
		out.ServiceIpv4Cidr = in.ServiceIpv4Cidr
	}
	if in.IpFamily == types.IpFamilyIpv6 {
		out.IpFamily, out.ServiceIpv4Cidr, out.ServiceIpv6Cidr = types.IpFamilyIpv6, nil, new("fd30:1c53:5f8a::/108")
	}
	if in.ElasticLoadBalancing != nil {
		out.ElasticLoadBalancing = in.ElasticLoadBalancing
	}
	return out
}

// checkSubnets applies EKS's rules on control-plane subnets and returns their VPC
// and zones.
func (s *EKS) checkSubnets(ids []string) (vpcID string, zones []string, err error) {
	for _, id := range ids {
		sub := s.ec2.Subnet(id)
		if sub == nil {
			return "", nil, invalid("The subnet ID '%s' does not exist", id)
		}
		if vpcID != "" && vpcID != *sub.VpcId {
			return "", nil, invalid("Subnets are not in the same VPC")
		}
		vpcID = *sub.VpcId
		if strings.Contains(badZones, *sub.AvailabilityZoneId) {
			return "", nil, wire.Errorf("UnsupportedAvailabilityZoneException",
				"Cannot create cluster because %s, the targeted availability zone, does not currently have sufficient capacity to support the cluster.",
				*sub.AvailabilityZone).Member("validZones", s.validZones())
		}
		if !slices.Contains(zones, *sub.AvailabilityZone) {
			zones = append(zones, *sub.AvailabilityZone)
		}
	}
	if len(zones) < 2 {
		return "", nil, invalid("Subnets specified must be in at least two different AZs")
	}
	slices.Sort(zones)
	return vpcID, zones, nil
}

func (s *EKS) validZones() []string {
	var out []string
	for _, z := range s.ec2.Zones {
		if z.Type == "availability-zone" && !strings.Contains(badZones, z.ID) {
			out = append(out, z.Name)
		}
	}
	return out
}

func (s *EKS) checkGroups(ids []string, vpcID string) error {
	if len(ids) > 5 {
		return invalid("Too many security groups: %d", len(ids))
	}
	for _, id := range ids {
		g := s.ec2.Group(id)
		if g == nil || *g.VpcId != vpcID {
			return invalid("The security group '%s' does not exist in VPC '%s'", id, vpcID)
		}
	}
	return nil
}

func (s *EKS) checkKey(e types.EncryptionConfig) error {
	if e.Provider == nil || s.kms.Key(aws.ToString(e.Provider.KeyArn)) == nil {
		return invalid("KMS key not found")
	}
	if !s.kms.Key(*e.Provider.KeyArn).Enabled {
		return invalid("KMS key is disabled")
	}
	return nil
}

// placeInterfaces creates the cluster security group and the control plane's
// interfaces, two to four of them in some of the subnets (facts/eks.md §3).
func (s *EKS) placeInterfaces(c *cluster) {
	if c.ResourcesVpcConfig.ClusterSecurityGroupId == nil {
		out, err := s.ec2.CreateSecurityGroup(nil, &ec2sdk.CreateSecurityGroupInput{VpcId: c.ResourcesVpcConfig.VpcId,
			GroupName:   new("eks-cluster-sg-" + *c.Name + "-" + s.w.Hex("security group "+c.ID, 8)),
			Description: new("EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any managed workloads."),
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup,
				Tags: []ec2types.Tag{{Key: new("kubernetes.io/cluster/" + *c.Name), Value: new("owned")},
					{Key: new("aws:eks:cluster-name"), Value: c.Name}}}}})
		if err != nil {
			return // the VPC is gone; the cluster's health will say so
		}
		id := *out.GroupId
		c.ResourcesVpcConfig.ClusterSecurityGroupId = new(id)
		s.ec2.AuthorizeSecurityGroupIngress(nil, &ec2sdk.AuthorizeSecurityGroupIngressInput{GroupId: new(id),
			IpPermissions: []ec2types.IpPermission{{IpProtocol: new("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: new(id)}}}}})
	}
	for _, id := range c.ENIs {
		s.ec2.DropInterface(id)
	}
	c.ENIs = nil
	seen := map[string]bool{}
	for _, id := range c.ResourcesVpcConfig.SubnetIds {
		sub := s.ec2.Subnet(id)
		if sub == nil || seen[*sub.AvailabilityZone] || len(c.ENIs) == 2 {
			continue
		}
		seen[*sub.AvailabilityZone] = true
		if eni := s.controlPlaneInterface(c, id); eni != "" {
			c.ENIs = append(c.ENIs, eni)
		}
	}
}

// clusterUp is the moment the control plane answers.
func (s *EKS) clusterUp(c *cluster) {
	if c.Deleting {
		return
	}
	name := *c.Name
	c.nodes = s.fleet.New(c.ID, c)
	k, err := kubeapi.NewCluster(kubelet(*c.Version), c.uid, s.w.Date, c.nodes.Changed)
	if err != nil {
		c.Status = types.ClusterStatusFailed
		return
	}
	k.SetDown(s.down[name])
	suffix := "amazonaws.com"
	if s.Partition == "aws-cn" {
		suffix = "amazonaws.com.cn"
	}
	c.Endpoint = new(fmt.Sprintf("https://%s.gr7.%s.eks.%s", c.ID, s.Region, suffix))
	if err := s.serve(c, k); err != nil {
		c.Status = types.ClusterStatusFailed
		return
	}
	c.CertificateAuthority = &types.Certificate{Data: new(base64.StdEncoding.EncodeToString(k.CA))}
	c.Identity = &types.Identity{Oidc: &types.OIDC{Issuer: new(s.issuerURL(c.ID))}}
	if r := c.KubernetesNetworkConfig; r != nil {
		if p, err := netip.ParsePrefix(aws.ToString(r.ServiceIpv4Cidr)); err == nil {
			k.SetServiceRange(p)
		}
	}
	k.Bootstrap()
	for _, ns := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		k.Save(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: ns}})
	}
	if c.SelfManaged {
		for _, a := range []string{"vpc-cni", "coredns", "kube-proxy"} {
			c.selfInstall(a)
		}
	}
	s.logging(c)
	c.defaultStorage()
	c.grantNodeManager()
	c.Status = types.ClusterStatusActive
	c.watchHealth()
	c.lookAhead()
	c.watchInsights()
}

func (c *cluster) view() *types.Cluster {
	v := c.Cluster
	rc := *c.ResourcesVpcConfig
	v.ResourcesVpcConfig = &rc
	return &v
}

// DescribeCluster reads a cluster.
func (s *EKS) DescribeCluster(_ *wire.Caller, in *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
	if c := s.connected.Get(aws.ToString(in.Name)); c != nil {
		return &eks.DescribeClusterOutput{Cluster: new(c.Cluster)}, nil
	}
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeClusterOutput{Cluster: c.view()}, nil
}

// ListClusters lists names; of clusters from elsewhere too where all are asked for.
func (s *EKS) ListClusters(_ *wire.Caller, in *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
	out := &eks.ListClustersOutput{Clusters: []string{}}
	for _, c := range s.clusters.All() {
		out.Clusters = append(out.Clusters, *c.Name)
	}
	if slices.Contains(in.Include, "all") {
		for _, c := range s.connected.All() {
			out.Clusters = append(out.Clusters, *c.Name)
		}
	}
	slices.Sort(out.Clusters)
	return out, nil
}

// DeleteCluster refuses while node groups or Fargate profiles are attached.
func (s *EKS) DeleteCluster(_ *wire.Caller, in *eks.DeleteClusterInput) (*eks.DeleteClusterOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	name := *c.Name
	switch {
	case c.groups.Len() > 0:
		return nil, inUse("Cluster has nodegroups attached").Member("clusterName", name)
	case c.profiles.Len() > 0:
		return nil, inUse("Cluster has Fargate Profiles in ACTIVE/CREATING state").Member("clusterName", name)
	case c.capabilities.Len() > 0: // assumed: the user guide has them deleted first
		return nil, inUse("Cluster has capabilities attached").Member("clusterName", name)
	case aws.ToBool(c.DeletionProtection):
		return nil, wire.Errorf("InvalidRequestException", "Cluster %s has deletion protection enabled", name)
	case c.busy() != nil:
		return nil, inUse("Cannot delete cluster because cluster %s currently has update %s in progress", name, *c.busy().Id).Member("clusterName", name)
	}
	if c.Deleting {
		return &eks.DeleteClusterOutput{Cluster: c.view()}, nil
	}
	c.Deleting = true
	c.Status = types.ClusterStatusDeleting
	d := s.w.Draw("eks:cluster-delete", name, 3*time.Minute, 70*time.Second, 8*time.Minute+40*time.Second)
	s.w.Start("eks:cluster-delete", name, d, "eks:cluster-down", c.ID, nil)
	return &eks.DeleteClusterOutput{Cluster: c.view()}, nil
}

// clusterDown is the moment a control plane is gone.
func (s *EKS) clusterDown(c *cluster) {
	for _, id := range append(c.ENIs, c.Moving...) {
		s.ec2.DropInterface(id)
	}
	c.endHosts(func(host) bool { return true })
	if c.nodes != nil {
		c.nodes.Stop()
	}
	if c.stop != nil {
		c.stop()
	}
	if g := c.ResourcesVpcConfig.ClusterSecurityGroupId; g != nil {
		s.ec2.DeleteSecurityGroup(nil, &ec2sdk.DeleteSecurityGroupInput{GroupId: g})
	}
	s.drop(c)
}

// busy is the update in progress, if any.
func (c *cluster) busy() *types.Update {
	return c.Updates.Find(func(u *types.Update) bool { return u.Status == types.UpdateStatusInProgress })
}

// free refuses an update of a cluster that has another one under way, or something else to do.
func (c *cluster) free(kind types.UpdateType) error {
	if u := c.busy(); u != nil {
		return inUse("Cannot %s because cluster %s currently has update %s in progress", kind, *c.Name, *u.Id).Member("clusterName", *c.Name)
	}
	if c.Status != types.ClusterStatusActive {
		return inUse("Cannot %s because cluster %s is in status %s", kind, *c.Name, c.Status).Member("clusterName", *c.Name)
	}
	return nil
}

// open notes an update that begins.
func (c *cluster) open(by *wire.Caller, kind types.UpdateType, params []types.UpdateParam) *types.Update {
	id := c.e.w.UUID("update", c.ID, string(kind))
	u := c.Updates.Put(id, &types.Update{Id: new(id), Status: types.UpdateStatusInProgress, Type: kind, Params: params,
		CreatedAt: new(c.e.w.Date()), Errors: []types.ErrorDetail{}})
	by.Note(id)
	return u
}

// begin starts an update that applies a change at its end; one at a time.
func (c *cluster) begin(by *wire.Caller, kind types.UpdateType, params []types.UpdateParam, name string, typical, low, high time.Duration,
	change clusterChange) (*types.Update, error) {
	if err := c.free(kind); err != nil {
		return nil, err
	}
	u := c.open(by, kind, params)
	change.Update = *u.Id
	c.Status = types.ClusterStatusUpdating
	w := c.e.w
	w.Start("eks:update", *c.Name+"/"+string(kind), w.Draw("eks:update", *c.Name+"/"+name, typical, low, high), "eks:updated", c.ID, change)
	return u, nil
}

func param(t types.UpdateParamType, v string) types.UpdateParam {
	return types.UpdateParam{Type: t, Value: new(v)}
}

func enabledLogs(l *types.Logging) []string {
	var out []string
	if l != nil {
		for _, x := range l.ClusterLogging {
			if aws.ToBool(x.Enabled) {
				for _, t := range x.Types {
					out = append(out, string(t))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}

func (s *EKS) checkVpcUpdate(c *cluster, r *types.VpcConfigRequest) error {
	if len(r.SubnetIds) > 0 {
		vpcID, zones, err := s.checkSubnets(r.SubnetIds)
		if err != nil {
			return err
		}
		if vpcID != *c.ResourcesVpcConfig.VpcId {
			return invalid("Specified subnets must belong to cluster's vpc %s", *c.ResourcesVpcConfig.VpcId)
		}
		if !slices.Equal(zones, c.Zones) {
			return invalid(
				"Provided subnets belong to the AZs '%s'. But they should belong to the exact set of AZs '%s' in which subnets were provided during "+
					"cluster creation.", strings.Join(zones, ","), strings.Join(c.Zones, ","))
		}
		if err := s.roomFor("InvalidRequestException", r.SubnetIds); err != nil {
			return err
		}
	}
	return s.checkGroups(r.SecurityGroupIds, *c.ResourcesVpcConfig.VpcId)
}

func (c *cluster) endpoints(r *types.VpcConfigRequest) (private, public bool, cidrs []string) {
	v := c.ResourcesVpcConfig
	private, public, cidrs = v.EndpointPrivateAccess, v.EndpointPublicAccess, v.PublicAccessCidrs
	if r.EndpointPrivateAccess != nil {
		private = *r.EndpointPrivateAccess
	}
	if r.EndpointPublicAccess != nil {
		public = *r.EndpointPublicAccess
	}
	if len(r.PublicAccessCidrs) > 0 {
		cidrs = r.PublicAccessCidrs
	}
	return private, public, cidrs
}

func (c *cluster) checkEndpoints(r *types.VpcConfigRequest) error {
	private, public, cidrs := c.endpoints(r)
	if err := checkPublic(cidrs); err != nil {
		return err
	}
	v := c.ResourcesVpcConfig
	if private == v.EndpointPrivateAccess && public == v.EndpointPublicAccess && slices.Equal(cidrs, v.PublicAccessCidrs) {
		return invalid(
			"Cluster is already at the desired configuration with endpointPrivateAccess: %t , endpointPublicAccess: %t, and Public Endpoint Restrictions: "+
				"[%s]", private, public, strings.Join(cidrs, ", "))
	}
	if !private && !public {
		return invalid("Private and public endpoint access cannot both be disabled")
	}
	return nil
}

func (c *cluster) setEndpoints(r *types.VpcConfigRequest) {
	v := c.ResourcesVpcConfig
	v.EndpointPrivateAccess, v.EndpointPublicAccess, v.PublicAccessCidrs = c.endpoints(r)
}

// AssociateEncryptionConfig turns secrets encryption on.
func (s *EKS) AssociateEncryptionConfig(by *wire.Caller, in *eks.AssociateEncryptionConfigInput) (*eks.AssociateEncryptionConfigOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	if u := c.Updates.Get(by.Before()); u != nil {
		return &eks.AssociateEncryptionConfigOutput{Update: new(*u)}, nil
	}
	for _, e := range in.EncryptionConfig {
		if err := s.checkKey(e); err != nil {
			return nil, err
		}
	}
	u, err := c.begin(by, types.UpdateTypeAssociateEncryptionConfig, nil, "encryption", 5*time.Minute, 2*time.Minute, 10*time.Minute,
		clusterChange{Encryption: in.EncryptionConfig})
	if err != nil {
		return nil, err
	}
	return &eks.AssociateEncryptionConfigOutput{Update: u}, nil
}

// DescribeUpdate reads an update of a cluster, node group or add-on.
func (s *EKS) DescribeUpdate(_ *wire.Caller, in *eks.DescribeUpdateInput) (*eks.DescribeUpdateOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	l, err := s.updatesOf(c, in.NodegroupName, in.AddonName, in.CapabilityName)
	if err != nil {
		return nil, err
	}
	u := l.Get(aws.ToString(in.UpdateId))
	if u == nil {
		return nil, notFound("No update found for ID: %s", aws.ToString(in.UpdateId))
	}
	return &eks.DescribeUpdateOutput{Update: new(*u)}, nil
}

// updatesOf are the updates of one of a cluster's groups, add-ons or capabilities where it is named,
// else those of the cluster itself.
func (s *EKS) updatesOf(c *cluster, group, addon, capability *string) (*table.Table[types.Update], error) {
	switch {
	case group != nil:
		_, g, err := s.group(c.Name, group)
		if err != nil {
			return nil, err
		}
		return &g.Updates, nil
	case addon != nil:
		_, a, err := s.addon(c.Name, addon)
		if err != nil {
			return nil, err
		}
		return &a.Updates, nil
	case capability != nil:
		_, k, err := s.capability(c.Name, capability)
		if err != nil {
			return nil, err
		}
		return &k.Updates, nil
	}
	return &c.Updates, nil
}

// ListUpdates lists the updates of a cluster, or of one of its groups or add-ons.
func (s *EKS) ListUpdates(_ *wire.Caller, in *eks.ListUpdatesInput) (*eks.ListUpdatesOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	out := &eks.ListUpdatesOutput{UpdateIds: []string{}}
	l, err := s.updatesOf(c, in.NodegroupName, in.AddonName, in.CapabilityName)
	if err != nil {
		return nil, err
	}
	for _, u := range slices.Backward(l.All()) { // newest first: assumed
		out.UpdateIds = append(out.UpdateIds, *u.Id)
	}
	return out, nil
}
