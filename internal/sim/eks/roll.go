package eks

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgsdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// roll is an upgrade of a node group under way, phase by phase as the user guide has it
// (facts/eks.md §6): new nodes, old ones cordoned, some of them drained and ended at a
// time, and the surplus ended. Each phase is a file of its own.
type roll struct {
	Update  string // its identifier
	Version string // of Kubernetes, for the group at its end
	Release string
	Own     *types.LaunchTemplateSpecification `json:",omitempty"`
	Force   bool
	Before  string // the version of EKS's template that a failure goes back to
	Desired int32  // what the Auto Scaling group wanted before: an autoscaler may have spoken to it
	Surge   int32  // nodes beyond that
	Came    int    `json:",omitempty"` // how many there are, old and new, when the first is drained: of the surge, as many as came
	Sized   int32  `json:",omitempty"` // what the scale-down had the Auto Scaling group want last; 0: nothing yet
	Phase   phase
	Begun   time.Duration // when all of it did
	Since   time.Duration // when the phase, or the drain of this batch, began
	Batch   []string      // instances that are drained now
	Empty   time.Duration // since when the batch has no pods; 0: it has
	Short   time.Duration // since when nodes that were ended are not replaced; 0: they are
}

type phase string

const (
	scaleUp   phase = "scale-up"
	drain     phase = "drain"
	scaleDown phase = "scale-down"
)

const (
	rollTick     = 5 * time.Second
	evictTimeout = 15 * time.Minute // of a batch, before it fails or is forced
	emptyWait    = 60 * time.Second // between a node's last pod and its end
	noBalancer   = "node.kubernetes.io/exclude-from-external-load-balancers"
)

// UpdateNodegroupVersion replaces a group's nodes by ones of another release, version or
// launch template.
func (s *EKS) UpdateNodegroupVersion(by *wire.Caller, in *eks.UpdateNodegroupVersionInput) (*eks.UpdateNodegroupVersionOutput, error) {
	c, g, err := s.group(in.ClusterName, in.NodegroupName)
	if err != nil {
		return nil, err
	}
	if u := g.Updates.Get(by.Before()); u != nil {
		return &eks.UpdateNodegroupVersionOutput{Update: new(*u)}, nil
	}
	if err := g.updatable(); err != nil {
		return nil, err
	}
	r, err := g.target(in)
	if err != nil {
		return nil, err
	}
	data, err := g.launchData(r.Version, r.Release, r.Own)
	if err != nil {
		return nil, invalid("%s", err.Error())
	}
	same := r.Version == *g.Version && r.Release == *g.ReleaseVersion && r.Own == g.UserLT && len(g.old()) == 0
	r.Update = s.w.UUID("update", *g.NodegroupArn)
	params := []types.UpdateParam{param(types.UpdateParamTypeVersion, r.Version), param(types.UpdateParamTypeReleaseVersion, r.Release)}
	if l := in.LaunchTemplate; l != nil {
		params = append(params, param(types.UpdateParamTypeLaunchTemplateVersion, *r.Own.Version))
	}
	u := g.Updates.Put(r.Update, &types.Update{Id: new(r.Update), Status: types.UpdateStatusInProgress, Type: types.UpdateTypeVersionUpdate,
		CreatedAt: new(s.w.Date()), Params: params, Errors: []types.ErrorDetail{}})
	g.Status, g.Rolling = types.NodegroupStatusUpdating, r
	if same {
		r.Phase = scaleDown // there is nothing to replace
	} else {
		lt, err := s.ec2.CreateLaunchTemplateVersion(nil, &ec2sdk.CreateLaunchTemplateVersionInput{LaunchTemplateId: new(g.Template), LaunchTemplateData: data})
		if err != nil {
			g.Status, g.Rolling = types.NodegroupStatusActive, nil
			return nil, invalid("%s", err.Error())
		}
		g.Current = fmt.Sprint(*lt.LaunchTemplateVersion.VersionNumber)
		g.point(g.Current)
		g.surge()
	}
	by.Note(*u.Id)
	s.w.Schedule(rollTick, "eks:group-roll", c.ID, groupEvent{part: g.part(), Update: r.Update})
	return &eks.UpdateNodegroupVersionOutput{Update: new(*u)}, nil
}

// updatable refuses a group that has something else to do, or other troubles than these.
func (g *nodegroup) updatable() error {
	if !g.stands() {
		return inUse("Nodegroup cannot be updated as it is currently not in Active State").Member("clusterName", *g.c.Name).Member("nodegroupName",
			*g.NodegroupName)
	}
	for _, i := range g.Health.Issues {
		switch i.Code {
		case types.NodegroupIssueCodeAsgInstanceLaunchFailures, types.NodegroupIssueCodeInstanceLimitExceeded,
			types.NodegroupIssueCodeInsufficientFreeAddresses, types.NodegroupIssueCodeClusterUnreachable:
		default:
			return wire.Errorf("InvalidRequestException",
				"Nodegroup has health issue other than [ AsgInstanceLaunchFailures, InstanceLimitExceeded, InsufficientFreeAddresses, ClusterUnreachable]")
		}
	}
	return nil
}

// target is what a request makes of a group.
func (g *nodegroup) target(in *eks.UpdateNodegroupVersionInput) (*roll, error) {
	custom := g.AmiType == types.AMITypesCustom
	if err := checkTemplateName(in.LaunchTemplate); err != nil {
		return nil, err
	}
	if custom {
		if err := checkCustom(in.Version, in.ReleaseVersion, in.LaunchTemplate); err != nil {
			return nil, err
		}
	}
	r := &roll{Version: *g.Version, Own: g.UserLT, Force: in.Force, Before: g.templateVersion(), Phase: scaleUp,
		Desired: *g.ScalingConfig.DesiredSize, Begun: g.c.e.w.Elapsed(), Since: g.c.e.w.Elapsed()}
	if a := g.c.e.asg.Group(g.ASG); a != nil {
		r.Desired = *a.DesiredCapacity
	}
	if in.Version != nil {
		r.Version = *in.Version
	}
	// A release of the cluster's minor says which version is meant: eksctl names only that.
	if v := aws.ToString(in.ReleaseVersion); in.Version == nil && strings.HasPrefix(v, *g.c.Version+".") {
		r.Version = *g.c.Version
	}
	// While the control plane can go back, its groups go before it (EKS user guide, "Roll back
	// a cluster to a previous Kubernetes version": by UpdateNodegroupVersion).
	if r.Version != *g.c.Version && r.Version != *g.Version && r.Version != g.c.before() {
		return nil, invalid("Nodegroup Kubernetes version should be equal to Cluster kubernetes version %s or NodeGroup kubernetes version %s", *g.c.Version,
			*g.Version)
	}
	if strings.HasPrefix(string(g.AmiType), "AL2_") && minorNumber(r.Version) > 32 {
		return nil, invalid("AMI Type %s is only supported for kubernetes versions 1.32 or earlier", g.AmiType)
	}
	r.Release = release(g.AmiType, r.Version)
	if custom {
		r.Release = *g.ReleaseVersion
	}
	if in.ReleaseVersion != nil {
		r.Release = *in.ReleaseVersion
		if err := g.c.e.checkRelease(g.AmiType, r.Version, r.Release); err != nil {
			return nil, err
		}
	}
	return r, g.targetTemplate(in.LaunchTemplate, r)
}

// targetTemplate follows a request to another version of the group's own launch template.
func (g *nodegroup) targetTemplate(lt *types.LaunchTemplateSpecification, r *roll) error {
	if lt == nil {
		return nil
	}
	if g.UserLT == nil {
		return invalid("You cannot specify a launch template for a node group that was not created with one.")
	}
	d, ver, err := g.c.e.ec2.TemplateData(lt.Id, lt.Name, aws.ToString(lt.Version))
	if err != nil {
		return wire.Errorf("InvalidRequestException", "%s", err.(*wire.Error).Message)
	}
	if *ver.LaunchTemplateId != *g.UserLT.Id {
		return invalid("Launch template %s is not the launch template %s of the node group", *ver.LaunchTemplateId, *g.UserLT.Id)
	}
	if g.AmiType == types.AMITypesCustom {
		r.Release = aws.ToString(d.ImageId)
	}
	r.Own = &types.LaunchTemplateSpecification{Id: ver.LaunchTemplateId, Name: ver.LaunchTemplateName, Version: new(fmt.Sprint(*ver.VersionNumber))}
	return nil
}

func (g *nodegroup) minimal() bool {
	return g.UpdateConfig.UpdateStrategy == types.NodegroupUpdateStrategiesMinimal
}

// unavailable is how many nodes are drained at once.
func (g *nodegroup) unavailable() int {
	if p := g.UpdateConfig.MaxUnavailablePercentage; p != nil {
		return max(1, int(*g.ScalingConfig.DesiredSize**p)/100)
	}
	return max(1, int(aws.ToInt32(g.UpdateConfig.MaxUnavailable)))
}

// point has the Auto Scaling group launch from a version of EKS's template.
func (g *nodegroup) point(version string) {
	a := g.c.e.asg.Group(g.ASG)
	if a == nil || a.MixedInstancesPolicy == nil {
		return
	}
	m, lt := *a.MixedInstancesPolicy, *a.MixedInstancesPolicy.LaunchTemplate
	lt.LaunchTemplateSpecification = &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: new(g.Template), Version: new(version)}
	m.LaunchTemplate = &lt
	g.c.e.asg.UpdateAutoScalingGroup(nil, &asgsdk.UpdateAutoScalingGroupInput{AutoScalingGroupName: new(g.ASG), MixedInstancesPolicy: &m})
}

// instances are those that live, by whether the group's current template made them.
func (g *nodegroup) instances(current bool) (out []string) {
	a := g.c.e.asg.Group(g.ASG)
	if a == nil {
		return nil
	}
	for _, i := range a.Instances {
		if !going(i) && (i.LaunchTemplate != nil && aws.ToString(i.LaunchTemplate.Version) == g.templateVersion()) == current {
			out = append(out, *i.InstanceId)
		}
	}
	return out
}

func (g *nodegroup) old() []string { return g.instances(false) }

// nodeOf is the node of an instance, or nil.
func (g *nodegroup) nodeOf(instance string) *corev1.Node {
	if n := g.c.ByInstance[instance]; n != "" {
		return kubeapi.Get[corev1.Node](g.c.kube, "", n)
	}
	return nil
}

// ready counts the instances whose nodes are Ready.
func (g *nodegroup) ready(instances []string) (n int) {
	for _, id := range instances {
		if x := g.nodeOf(id); x != nil && node.NodeReady(x) {
			n++
		}
	}
	return n
}

// cordon keeps pods and load balancers off the nodes that go.
func (g *nodegroup) cordon(instances ...string) {
	for _, id := range instances {
		n := g.nodeOf(id)
		if n == nil || n.Spec.Unschedulable {
			continue
		}
		u := n.DeepCopy()
		u.Spec.Unschedulable = true
		u.Spec.Taints = addTaints(u.Spec.Taints, []corev1.Taint{{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule}})
		u.Labels[noBalancer] = "true"
		g.c.kube.Save(u)
	}
}

// groupRoll is one look at an upgrade under way.
func (s *EKS) groupRoll(c *cluster, e groupEvent) {
	g := c.groupOf(e.part)
	if g == nil || !g.rolls(e.Update) {
		return
	}
	switch g.Rolling.Phase {
	case scaleUp:
		g.awaitSurge()
	case drain:
		g.drainSome()
	case scaleDown:
		g.shrink()
	}
	if g.rolls(e.Update) {
		s.w.Schedule(rollTick, "eks:group-roll", c.ID, e)
	}
}

// rolls tells whether an update is under way still.
func (g *nodegroup) rolls(update string) bool {
	return g.Rolling != nil && g.Rolling.Update == update && g.Status == types.NodegroupStatusUpdating
}

func (g *nodegroup) next(p phase) { g.Rolling.Phase, g.Rolling.Since = p, g.c.e.w.Elapsed() }

// end terminates an instance; another takes its place unless the group shrinks.
func (g *nodegroup) end(instance string, shrink bool) {
	g.c.e.asg.TerminateInstanceInAutoScalingGroup(nil, &asgsdk.TerminateInstanceInAutoScalingGroupInput{InstanceId: new(instance),
		ShouldDecrementDesiredCapacity: new(shrink)})
}

// rolled is the end of an upgrade, with what went wrong or nil.
func (g *nodegroup) rolled(trouble *types.ErrorDetail) {
	r, u := g.Rolling, g.Updates.Get(g.Rolling.Update)
	g.Rolling, g.ModifiedAt = nil, new(g.c.e.w.Date())
	g.rest()
	if trouble != nil {
		u.Status, u.Errors = types.UpdateStatusFailed, []types.ErrorDetail{*trouble}
		return
	}
	u.Status = types.UpdateStatusSuccessful
	g.c.e.w.Record(world.Entry{Kind: "eks:nodegroup-update", Name: *g.c.Name + "/" + *g.NodegroupName, Start: r.Begun, End: g.c.e.w.Elapsed()})
	g.Version, g.ReleaseVersion, g.UserLT, g.LaunchTemplate = new(r.Version), new(r.Release), r.Own, r.Own
}
