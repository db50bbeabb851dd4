package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// clusterChanges are the aspects of a live cluster that the file wants otherwise:
// what EKS changes in place is updated, anything else that the file changed since
// the cluster was made is refused. What the file does not mention stays as it is.
func (b *builder) clusterChanges() {
	l := b.live.Cluster
	if b.coming() {
		l = b.asMade()
	}
	if l == nil {
		return
	}
	b.endpoints(l)
	b.controlPlaneSubnets()
	b.logging()
	b.authenticationMode(l)
	b.encryption(l)
	b.otherAspects()
	b.clusterTags(l)
	b.fixedByCluster(l)
}

// asMade is the control plane as its stack is making it: known before it is there, as
// far as changes compare with it. nil: another tool makes it.
func (b *builder) asMade() *observe.Cluster {
	was := b.recorded(stack.ClusterName(b.cfg.Metadata.Name))
	if was == nil {
		return nil
	}
	e := was.VPC.ClusterEndpoints
	out := &observe.Cluster{
		ARN:          "arn:" + b.in.Partition + ":eks:" + b.cfg.Metadata.Region + ":" + b.in.Account + ":cluster/" + b.cfg.Metadata.Name,
		Tags:         was.Metadata.Tags,
		AccessConfig: &observe.AccessConfig{AuthenticationMode: was.AccessConfig.AuthenticationMode},
		ResourcesVPCConfig: &observe.VPCConfig{EndpointPublicAccess: config.On(e.PublicAccess, true), EndpointPrivateAccess: config.On(e.PrivateAccess, false),
			PublicAccessCIDRs: was.VPC.PublicAccessCIDRs},
	}
	if s := was.SecretsEncryption; s != nil {
		out.EncryptionConfig = []observe.Encryption{{Provider: &observe.Provider{KeyARN: s.KeyARN}}}
	}
	return out
}

// clusterTags sets the file's tags on a cluster; one that its stack is making has those
// that the stack gives it.
func (b *builder) clusterTags(l *observe.Cluster) {
	if b.coming() {
		if !steps.Holds(l.Tags, b.cfg.Metadata.Tags) {
			b.tag("cluster", &steps.Tag{ARN: l.ARN, Tags: b.cfg.Metadata.Tags}, "")
		}
		return
	}
	b.tags("", "", "cluster", l.ARN)
}

// apart are the fields of a cluster that have an update of their own above; what else
// EKS changes in place has the file's name and shape in EKS's request.
var apart = []string{"vpc", "cloudWatch", "accessConfig", "secretsEncryption"}

func (b *builder) otherAspects() {
	var done []string
	for _, d := range b.wanted("", "", rules.ClusterUpdate) {
		aspect, _, _ := strings.Cut(d.Path, ".")
		if slices.Contains(apart, aspect) || slices.Contains(done, aspect) {
			continue
		}
		done = append(done, aspect)
		if b.value(aspect) == nil {
			continue // silence is no wish
		}
		in := &eks.UpdateClusterConfigInput{}
		into(in, aspect, b.value(aspect))
		b.clusterUpdate(aspect, fmt.Sprintf("%s: %v", d.Path, d.Desired.Is), in)
	}
}

func (b *builder) clusterUpdate(name, title string, in *eks.UpdateClusterConfigInput) {
	b.clusterStep(name, title, &steps.ClusterUpdate{Input: *in})
}

func (b *builder) clusterStep(name, title string, run steps.Spec) {
	b.add(part{Step: rules.Step{Kind: rules.ClusterUpdate, Name: name}, Action: Update, Title: title,
		Typical: typicalUpdate, Timeout: timeoutUpdate,
		Run: run})
}

func (b *builder) written(path string) bool {
	_, ok := b.in.File.Written(path)
	return ok
}

// endpoints follows the file where it says something: silence must not open an
// endpoint that somebody closed.
func (b *builder) endpoints(l *observe.Cluster) {
	v, rc := b.cfg.VPC, l.ResourcesVPCConfig
	if rc == nil {
		return
	}
	public, private, cidrs := rc.EndpointPublicAccess, rc.EndpointPrivateAccess, rc.PublicAccessCIDRs
	if b.written("vpc.clusterEndpoints.publicAccess") {
		public = *v.ClusterEndpoints.PublicAccess
	}
	if b.written("vpc.clusterEndpoints.privateAccess") {
		private = *v.ClusterEndpoints.PrivateAccess
	}
	if len(v.PublicAccessCIDRs) > 0 {
		cidrs = v.PublicAccessCIDRs
	}
	if !b.wants("", "vpc.clusterEndpoints.publicAccess", "vpc.clusterEndpoints.privateAccess") && !(public && b.wants("", "vpc.publicAccessCIDRs")) {
		return
	}
	in := &types.VpcConfigRequest{EndpointPublicAccess: &public, EndpointPrivateAccess: &private}
	if public {
		in.PublicAccessCidrs = cidrs
	}
	b.clusterUpdate("endpoints", "Kubernetes API endpoint access", &eks.UpdateClusterConfigInput{ResourcesVpcConfig: in})
}

// controlPlaneSubnets follows the IDs that the file names.
func (b *builder) controlPlaneSubnets() {
	v := b.cfg.VPC
	in := &types.VpcConfigRequest{}
	if b.wants("", "vpc.controlPlaneSubnetIDs") {
		in.SubnetIds = v.ControlPlaneSubnetIDs
	}
	if b.wants("", "vpc.controlPlaneSecurityGroupIDs") {
		in.SecurityGroupIds = v.ControlPlaneSecurityGroupIDs
	}
	if len(in.SubnetIds)+len(in.SecurityGroupIds) > 0 {
		b.clusterUpdate("control-plane-network", "control plane's subnets and security groups", &eks.UpdateClusterConfigInput{ResourcesVpcConfig: in})
	}
}

func (b *builder) logging() {
	if !b.wants("", "cloudWatch.clusterLogging.enableTypes") {
		return
	}
	want := b.cfg.CloudWatch.ClusterLogging.EnableTypes
	b.clusterUpdate("logging", "control-plane logging: "+strings.Join(want, ", "), &eks.UpdateClusterConfigInput{Logging: loggingOf(want)})
}

// modes in the order in which EKS lets a cluster go, one way only.
var modes = []string{"CONFIG_MAP", "API_AND_CONFIG_MAP", "API"}

func (b *builder) authenticationMode(l *observe.Cluster) {
	const path = "accessConfig.authenticationMode"
	a := l.AccessConfig
	if !b.wants("", path) {
		return
	}
	have, want := slices.Index(modes, a.AuthenticationMode), slices.Index(modes, b.cfg.AccessConfig.AuthenticationMode)
	switch {
	case want < have:
		b.refuse(path, "leave it at "+modes[have], "the cluster's authentication mode is %s, and EKS lets no cluster back to %s", modes[have], modes[want])
	case want == have+1, want == have: // it may be on its way from there, or to it
		b.clusterUpdate(
			"authentication-mode",
			"authentication mode "+modes[want],
			&eks.UpdateClusterConfigInput{AccessConfig: &types.UpdateAccessConfigRequest{AuthenticationMode: types.AuthenticationMode(modes[want])}},
		)
	default:
		b.refuse(
			path,
			"set it to "+modes[have+1]+" first, and go on from there",
			"the cluster's authentication mode is %s, and EKS takes no step from there to %s",
			modes[have],
			modes[want],
		)
	}
}

func (b *builder) encryption(l *observe.Cluster) {
	const path = "secretsEncryption.keyARN"
	if !b.wants("", path) {
		return
	}
	want := b.cfg.SecretsEncryption.KeyARN
	if e := l.EncryptionConfig; len(e) == 0 {
		b.clusterStep("encryption", "secrets encryption with "+short(want), &steps.Encryption{KeyARN: want})
	} else if e[0].Provider != nil && e[0].Provider.KeyARN != want {
		b.refuse(path, "leave it at "+e[0].Provider.KeyARN, "the cluster's secrets are encrypted with another key, and EKS changes no key")
	}
}

// fixedByCluster refuses what the file changed since the cluster stack was made and
// what no step above follows.
func (b *builder) fixedByCluster(l *observe.Cluster) {
	name := stack.ClusterName(b.cfg.Metadata.Name)
	if was := b.recorded(name); was != nil {
		b.refuseChanges("", "the cluster", was.Foundation(), b.cfg.Foundation())
		return
	}
	v := b.cfg.VPC
	if rc := l.ResourcesVPCConfig; rc != nil && v.ID != "" && v.ID != rc.VPCID {
		b.refuse("vpc.id", "set it to "+rc.VPCID, "the cluster is in %s", rc.VPCID)
	}
	if n := l.KubernetesNetworkConfig; n != nil && b.written("kubernetesNetworkConfig.ipFamily") && b.cfg.IPv6() != (n.IPFamily == "ipv6") {
		b.refuse("kubernetesNetworkConfig.ipFamily", "leave it at "+n.IPFamily, "the cluster's IP family is %s, and EKS changes no family", n.IPFamily)
	}
	if r := b.cfg.IAM.ServiceRoleARN; r != "" && r != l.RoleARN {
		b.refuse("iam.serviceRoleARN", "set it to "+l.RoleARN, "the cluster's role is another, and EKS changes no role")
	}
	if live := l.ComputeConfig != nil && l.ComputeConfig.Enabled; live != b.cfg.AutoMode() {
		b.refuse("autoModeConfig.enabled", fmt.Sprintf("set it to %t", live), "the cluster's Auto Mode is %t, and Slipway does not turn it", live)
	}
}
