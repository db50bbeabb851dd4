package eks

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// fargateProfile is a profile, and the request that made it.
type fargateProfile struct {
	types.FargateProfile
}

func (s *EKS) registerFargate(svc *wire.Service) {
	wire.Handle(svc, "CreateFargateProfile", s.CreateFargateProfile)
	wire.Handle(svc, "DescribeFargateProfile", s.DescribeFargateProfile)
	wire.Handle(svc, "ListFargateProfiles", s.ListFargateProfiles)
	wire.Handle(svc, "DeleteFargateProfile", s.DeleteFargateProfile)
}

// CreateFargateProfile takes one to two minutes; one at a time.
func (s *EKS) CreateFargateProfile(by *wire.Caller, in *eks.CreateFargateProfileInput) (*eks.CreateFargateProfileOutput, error) {
	c, err := s.active(in.ClusterName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.FargateProfileName)
	if p := c.profiles.Get(name); p != nil {
		if by.Before() != *p.FargateProfileArn {
			return nil, inUse("Fargate Profile already exists with this name %s for cluster %s", name, *c.Name).Member("clusterName", *c.Name)
		}
		return &eks.CreateFargateProfileOutput{FargateProfile: new(p.FargateProfile)}, nil
	}
	if p := c.profiles.Find(func(p *fargateProfile) bool {
		return p.Status == types.FargateProfileStatusDeleting || p.Status == types.FargateProfileStatusCreating
	}); p != nil {
		return nil, inUse("Cannot Create Fargate Profile %s because cluster %s currently has Fargate profile %s in status %s", name, *c.Name,
			*p.FargateProfileName, p.Status).Member("clusterName", *c.Name)
	}
	arn := s.arn("fargateprofile/%s/%s/%s", *c.Name, name, s.w.UUID("fargate profile", c.ID, name))
	if !s.iam.Assumable(aws.ToString(in.PodExecutionRoleArn), "eks-fargate-pods.amazonaws.com", *arn) {
		return nil, invalid("Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal")
	}
	if err := errorOf(checkSelectors(in.Selectors), checkTags(by, in.Tags)); err != nil {
		return nil, err
	}
	if c.profiles.Len() >= mostProfiles {
		return nil, wire.Errorf("ResourceLimitExceededException", "Fargate Profile limit exceeded for cluster %s: %d", *c.Name, mostProfiles)
	}
	for _, id := range in.Subnets {
		if s.ec2.Subnet(id) == nil {
			return nil, invalid("The subnet ID '%s' does not exist", id)
		}
		if s.ec2.Internet(id) == "igw" {
			return nil, invalid("Subnet %s provided in Fargate Profile is not a private subnet", id)
		}
	}
	s.iam.Link("eks-fargate.amazonaws.com")
	p := c.profiles.Put(name, &fargateProfile{FargateProfile: types.FargateProfile{FargateProfileName: new(name), ClusterName: c.Name,
		FargateProfileArn:   arn,
		PodExecutionRoleArn: in.PodExecutionRoleArn, Selectors: in.Selectors, Subnets: in.Subnets, Tags: tagsOf(in.Tags), Status: types.FargateProfileStatusCreating,
		CreatedAt: new(s.w.Date())}})
	if c.AccessConfig.AuthenticationMode != types.AuthenticationModeConfigMap && c.entries.Get(*in.PodExecutionRoleArn) == nil {
		s.newEntry(c, *in.PodExecutionRoleArn, "FARGATE_LINUX")
	}
	by.Note(*arn)
	d := s.w.Draw("eks:fargate", *c.Name+"/"+name, 90*time.Second, 60*time.Second, 120*time.Second)
	s.w.Start("eks:fargate", *c.Name+"/"+name, d, "eks:fargate-up", c.ID, part{name, *p.FargateProfileArn})
	return &eks.CreateFargateProfileOutput{FargateProfile: new(p.FargateProfile)}, nil
}

// profileOf is the profile that an event means, or nil when it is gone.
func (c *cluster) profileOf(e part) *fargateProfile {
	if p := c.profiles.Get(e.Name); p != nil && *p.FargateProfileArn == e.ARN {
		return p
	}
	return nil
}

func (s *EKS) profileUp(c *cluster, e part) {
	if p := c.profileOf(e); p != nil && p.Status == types.FargateProfileStatusCreating {
		p.Status = types.FargateProfileStatusActive
		c.nodes.Changed()
	}
}

func (s *EKS) profileDown(c *cluster, e part) {
	if c.profileOf(e) != nil {
		c.profiles.Delete(e.Name)
		c.endHosts(func(h host) bool { return h.Profile == e.Name })
	}
}

func (s *EKS) profile(clusterName, name *string) (*cluster, *fargateProfile, error) {
	c, err := s.cluster(clusterName)
	if err != nil {
		return nil, nil, err
	}
	if p := c.profiles.Get(aws.ToString(name)); p != nil {
		return c, p, nil
	}
	return nil, nil, notFound("No Fargate Profile found with name: %s.", aws.ToString(name)).Member("clusterName", *c.Name)
}

// DescribeFargateProfile reads a profile.
func (s *EKS) DescribeFargateProfile(_ *wire.Caller, in *eks.DescribeFargateProfileInput) (*eks.DescribeFargateProfileOutput, error) {
	_, p, err := s.profile(in.ClusterName, in.FargateProfileName)
	if err != nil {
		return nil, err
	}
	return &eks.DescribeFargateProfileOutput{FargateProfile: new(p.FargateProfile)}, nil
}

// ListFargateProfiles lists names.
func (s *EKS) ListFargateProfiles(_ *wire.Caller, in *eks.ListFargateProfilesInput) (*eks.ListFargateProfilesOutput, error) {
	c, err := s.cluster(in.ClusterName)
	if err != nil {
		return nil, err
	}
	out := &eks.ListFargateProfilesOutput{FargateProfileNames: []string{}}
	for _, p := range c.profiles.All() {
		out.FargateProfileNames = append(out.FargateProfileNames, *p.FargateProfileName)
	}
	return out, nil
}

// DeleteFargateProfile: one DELETING per cluster.
func (s *EKS) DeleteFargateProfile(_ *wire.Caller, in *eks.DeleteFargateProfileInput) (*eks.DeleteFargateProfileOutput, error) {
	c, p, err := s.profile(in.ClusterName, in.FargateProfileName)
	if err != nil {
		return nil, err
	}
	if q := c.profiles.Find(func(q *fargateProfile) bool { return q.Status == types.FargateProfileStatusDeleting }); q != nil && q != p {
		return nil, inUse("Cannot Delete Fargate Profile %s because cluster %s currently has Fargate profile %s in status DELETING", *p.FargateProfileName,
			*c.Name, *q.FargateProfileName).Member("clusterName", *c.Name)
	}
	if p.Status != types.FargateProfileStatusDeleting {
		p.Status = types.FargateProfileStatusDeleting
		key := *c.Name + "/" + *p.FargateProfileName
		d := s.w.Draw("eks:fargate-delete", key, 3*time.Minute, 90*time.Second, 20*time.Minute)
		s.w.Start("eks:fargate-delete", key, d, "eks:fargate-down", c.ID, part{*p.FargateProfileName, *p.FargateProfileArn})
	}
	return &eks.DeleteFargateProfileOutput{FargateProfile: new(p.FargateProfile)}, nil
}

// Unplaced is told of pods that no node takes: a Fargate profile or Auto Mode may
// have an answer.
func (c *cluster) Unplaced(p *corev1.Pod) {
	for _, f := range c.profiles.All() {
		if f.Status == types.FargateProfileStatusActive && selectsPod(f, p) && (p.Spec.NodeName == "") {
			c.onFargate(p)
			return
		}
	}
	if c.auto() && len(c.ComputeConfig.NodePools) > 0 {
		c.onAutoMode(p)
	}
}

// computeType is the annotation by which a pod stays off Fargate though a profile selects
// it; coredns's pods have it until somebody takes it away.
const computeType = "eks.amazonaws.com/compute-type"

func selectsPod(f *fargateProfile, p *corev1.Pod) bool {
	if strings.EqualFold(p.Annotations[computeType], "ec2") {
		return false
	}
	for _, s := range f.Selectors {
		ok := aws.ToString(s.Namespace) == p.Namespace || strings.HasSuffix(aws.ToString(s.Namespace), "*") &&
			strings.HasPrefix(p.Namespace, strings.TrimSuffix(*s.Namespace, "*"))
		for k, v := range s.Labels {
			ok = ok && p.Labels[k] == v
		}
		if ok {
			return true
		}
	}
	return false
}

// onFargate starts a micro-VM for one pod.
func (c *cluster) onFargate(p *corev1.Pod) {
	uid := string(p.UID)
	if c.OnFargate[uid] {
		return
	}
	c.OnFargate[uid] = true
	d := c.e.w.Draw("fargate:pod", uid, 45*time.Second, 30*time.Second, 70*time.Second)
	c.e.w.Schedule(d, "eks:fargate-pod", c.ID, waitingPod{p.Namespace, p.Name, uid})
}

// waitingPod is a pod for which a micro-VM is being started.
type waitingPod struct{ Namespace, Name, UID string }

// startMicroVM is the moment a pod's micro-VM is there.
func (c *cluster) startMicroVM(p waitingPod) {
	q := kubeapi.Get[corev1.Pod](c.kube, p.Namespace, p.Name)
	if q == nil || string(q.UID) != p.UID {
		return
	}
	f := c.profiles.Find(func(f *fargateProfile) bool { return f.Status == types.FargateProfileStatusActive && selectsPod(f, q) })
	if f == nil {
		delete(c.OnFargate, p.UID)
		return
	}
	eni, zone := c.hostInterface(f.Subnets, "fargate:"+p.UID, "Fargate pod "+p.Namespace+"/"+p.Name)
	if eni == "" {
		c.e.w.Schedule(30*time.Second, "eks:fargate-pod", c.ID, p)
		return
	}
	ip := c.e.ec2.AddressOf(eni)
	name := "fargate-ip-" + strings.ReplaceAll(ip, ".", "-") + "." + c.e.Region + ".compute.internal"
	c.holds(name, host{ENI: eni, Pod: p.UID, Profile: *f.FargateProfileName})
	c.nodes.Register(node.Spec{Name: name, Zone: zone, Region: c.e.Region, Arch: "amd64", OS: "linux", Image: "Amazon Linux 2",
		InternalIP: ip, Version: kubelet(*c.Version), Labels: map[string]string{"eks.amazonaws.com/compute-type": "fargate"},
		Taints: []corev1.Taint{{Key: "eks.amazonaws.com/compute-type", Value: "fargate", Effect: corev1.TaintEffectNoSchedule}},
		CPUs:   2, MemMiB: 4096, Pods: 1, Ready: true})
	u := q.DeepCopy()
	u.Spec.NodeName = name
	c.kube.Save(u)
}

// onAutoMode adds one node for pods that wait; nodes bring their own network.
func (c *cluster) onAutoMode(*corev1.Pod) {
	if c.AutoPending {
		return
	}
	c.AutoPending = true
	d := c.e.w.Draw("automode:node", fmt.Sprint(*c.Name, c.AutoNodes+1), 55*time.Second, 40*time.Second, 80*time.Second)
	c.e.w.Schedule(d, "eks:auto-node", c.ID, nil)
}

func (c *cluster) startAutoNode() {
	c.AutoPending = false
	c.AutoNodes++
	id := c.e.w.ID("i-", "auto", c.ID)
	eni, zone := c.hostInterface(c.ResourcesVpcConfig.SubnetIds, id, "EKS Auto node "+id)
	if eni == "" {
		return
	}
	c.holds(id, host{ENI: eni})
	c.nodes.Register(node.Spec{Name: id, InstanceID: id, Zone: zone, Region: c.e.Region, InstanceType: "c6g.large", Arch: "arm64", OS: "linux",
		Image: "Bottlerocket (EKS Auto, Standard)", InternalIP: c.e.ec2.AddressOf(eni), Version: kubelet(c.autoVersion()),
		Labels: map[string]string{"eks.amazonaws.com/compute-type": "auto", "karpenter.sh/nodepool": c.ComputeConfig.NodePools[0]},
		CPUs:   2, MemMiB: 4096, Pods: 27, Ready: true})
}
