package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// InPlace is what the plan of an upgrade is made from by which EKS replaces the nodes of a
// managed group within the group.
type InPlace struct {
	Account string
	Live    *observe.Observed
	Group   observe.AnyGroup
	To      Release
	Force   bool // EKS ends pods that budgets hold back; they move though they are lost
}

// Release is what a managed group's nodes are made from, as far as EKS changes it in place.
type Release struct {
	Version  string // of Kubernetes
	Image    string // the AMI's release; "": of a custom AMI
	Template string // version of the group's own launch template; "": as it is
	// OwnImage is an AMI of somebody's own that the version has; "": nobody asks for one. From is the
	// version that it is made from, where it is still to be made, and Unknown the AMI's name where
	// that does not say which kubelet it has.
	OwnImage, From, Unknown string
}

// Roll is the plan of an upgrade in place. EKS does it, and the group's stack says so
// afterwards where it says a release at all: CloudFormation, asked first as eksctl does,
// answers an eviction that a budget holds up by replacing the new nodes by old ones, past the
// same budget, and ends UPDATE_ROLLBACK_FAILED; EKS leaves what is new, for the next run.
func Roll(in InPlace) (*Plan, error) {
	r := &rolling{InPlace: in, builder: newBuilder(in.Live, in.Account)}
	if fs := r.impossible(); len(fs) > 0 {
		return nil, fs
	}
	r.plan.WantNodes = r.Group.Sizes().DesiredSize
	r.settles()
	if err := r.rolls(); err != nil {
		return nil, err
	}
	r.recorded()
	return r.done()
}

type rolling struct {
	InPlace
	*builder
}

// impossible is what EKS does not do in place, in words.
func (r *rolling) impossible() finding.Findings {
	const beside = "replace it by a group beside it: slipway nodegroup upgrade %s %s --strategy blue-green"
	no := func(code, remedy, what string, a ...any) finding.Findings {
		return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: "node group " + r.Group.Name}, Input: true,
			What: fmt.Sprintf(what, a...), Breaks: "nothing was changed", Remedy: fmt.Sprintf(remedy, r.Live.Name, r.Group.Name)}}
	}
	g, cluster := r.Group.Managed, r.Live.Cluster.Version
	switch {
	case g == nil:
		return no("not-in-place", beside, "is self-managed: EKS knows nothing of it, and replaces no nodes of it")
	case r.To.OwnImage != "" && g.AMIType != "CUSTOM":
		return no("not-in-place", beside+" -f FILE, whose entry of that name has the AMI", "runs AMIs of EKS's (%s): one of your own is a replacement", g.AMIType)
	case g.AMIType == "CUSTOM" && (ownTemplate(r.Group) || g.LaunchTemplate == nil) && (r.To.Template == "" || r.To.OwnImage != ""):
		return no("not-in-place", beside+" -f FILE, whose entry of that name has the AMI",
			"runs an AMI of your own, of which EKS has no releases, and its launch template is its stack's: another AMI is a replacement")
	case g.AMIType == "CUSTOM" && r.To.Template == "":
		return no("not-in-place", "name the AMI, which its launch template gets a version with: slipway nodegroup upgrade %s %s --strategy in-place --ami AMI, "+
			"or a version that has it: --launch-template-version N", "runs an AMI of your own, of which EKS has no releases")
	case r.To.Template != "" && g.LaunchTemplate == nil, r.To.Template != "" && ownTemplate(r.Group):
		return no("not-in-place", beside+", with what should be otherwise",
			"has no launch template of your own, of which EKS could take another version: its stack makes the one that it has")
	case strings.HasPrefix(g.AMIType, "AL2_") && eksfacts.Minor(r.To.Version) > 32:
		return no("not-in-place", beside+" --ami-family AmazonLinux2023",
			"runs Amazon Linux 2, of which there are no AMIs for Kubernetes %s: another family is a replacement", r.To.Version)
	case r.To.Version != cluster && r.To.Version != g.Version:
		return no("wrong-minor", "leave --release-version out of slipway nodegroup upgrade %s %s, which takes the newest release for Kubernetes "+cluster,
			"the release %s is of Kubernetes %s: the group has %s (%s), the control plane %s, and EKS takes one of these", r.To.Image, r.To.Version, g.Version,
			g.ReleaseVersion, cluster)
	}
	if g.Health != nil {
		for _, i := range g.Health.Issues {
			if !eksfacts.Upgradable(i.Code) {
				return no("group-ailing", "repair it first: slipway nodegroup repair %s %s", "EKS finds %s (%s), and upgrades no group with that", i.Code, i.Message)
			}
		}
	}
	return nil
}

// ownTemplate tells whether a group's launch template is made by its stack.
func ownTemplate(g observe.AnyGroup) bool {
	return g.Stack != nil && slices.ContainsFunc(g.Stack.Resources, func(x observe.StackResource) bool {
		return x.Type == "AWS::EC2::LaunchTemplate" && x.PhysicalID == g.Managed.LaunchTemplate.ID
	})
}

// settles awaits what the group's stack is at.
func (r *rolling) settles() {
	if k := r.Group.Stack; k.Phase().UnderWay() {
		r.settled(k.Name)
	}
}

// rolls has EKS replace the nodes, where they are not as wanted. What would hold it up is
// named before; an update that is under way has been begun, and is followed.
func (r *rolling) rolls() error {
	g := r.Group.Managed
	lt := g.LaunchTemplate
	same := r.To.Template == "" || lt != nil && lt.Version == r.To.Template
	is := g.Version == r.To.Version && same && (r.To.Image == "" || g.ReleaseVersion == r.To.Image) && classOf(g.Status) == steady
	if is && !r.mixed() {
		return nil
	}
	in := eks.UpdateNodegroupVersionInput{NodegroupName: &r.Group.Name, Force: r.Force}
	if r.To.Image != "" {
		in.Version, in.ReleaseVersion = &r.To.Version, &r.To.Image
	}
	if r.To.From != "" {
		r.add(part{Step: aboutGroup(rules.TemplateVersion, r.Group), Action: Create, Typical: time.Second, Timeout: timeoutQuick,
			Title: fmt.Sprintf("version %s of the launch template %s: as %s, with %s", r.To.Template, lt.ID, r.To.From, r.To.OwnImage),
			Run:   &steps.TemplateVersion{Template: lt.ID, From: r.To.From, Image: r.To.OwnImage, Version: r.To.Template}})
	}
	if r.To.OwnImage != "" {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("EKS adds nothing to an AMI of your own: the user data of the launch template %s must have it join. "+
			"Back to what was: --launch-template-version %s.", lt.ID, lt.Version))
	}
	if r.To.Unknown != "" {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The AMI's name (%s) does not say which kubelet it has: "+
			"it must not be newer than %s, the control plane's, and at most %d minors older.", r.To.Unknown, r.Live.Cluster.Version, eksfacts.Skew))
	}
	if r.To.Template != "" {
		in.LaunchTemplate = &types.LaunchTemplateSpecification{Id: &lt.ID, Version: &r.To.Template}
	}
	nodes := r.live.NodesOf(r.Group)
	if len(nodes) > 0 && classOf(g.Status) == steady {
		if fs := r.blockers(names(nodes)); len(fs) > 0 {
			return fs
		}
	}
	most := atOnce(g, r.Group.Sizes().DesiredSize)
	batches := time.Duration((len(nodes) + most - 1) / most)
	r.add(part{Step: aboutGroup(rules.GroupVersion, r.Group), Action: Update, Title: "node group " + r.Group.Name + ": " + r.changes() + ", by EKS, " +
		counted(most, "node") + " at a time", Typical: 5*time.Minute + batches*4*time.Minute, Timeout: timeoutUpdate + batches*25*time.Minute,
		Run: &steps.GroupVersion{Input: in, Anew: is}})
	if n := r.Group.Sizes().DesiredSize; n > 0 {
		r.add(part{Step: aboutGroup(rules.Nodes, r.Group), Action: Await, Title: counted(n, "node") + " of " + r.Group.Name + " Ready", Typical: 5 * time.Second,
			Timeout: timeoutGroup, Run: &steps.Nodes{Group: r.Group.Name, Want: n, Managed: true}})
	}
	r.seenAfter(aboutGroup(rules.GroupVersion, r.Group))
	r.surge(len(nodes))
	return nil
}

// mixed tells whether the group's nodes are not all alike, whatever EKS says of the group: an
// update that failed half-way leaves them so (ops case 16).
func (r *rolling) mixed() bool {
	older := slices.ContainsFunc(r.live.NodesOf(r.Group), func(n *observe.Node) bool {
		return r.Group.Managed.AMIType != "CUSTOM" && n.Version != "" && eksfacts.Minor(n.Version) < eksfacts.Minor(r.To.Version)
	})
	if !older && !r.halfway() {
		return false
	}
	r.plan.Notes = append(r.plan.Notes, fmt.Sprintf(
		"EKS says that %s is as wanted, and its nodes are not all: an update ended half-way. It is asked for again; what is new stays.", r.Group.Name))
	return true
}

// halfway tells whether the group's nodes are of two AMIs.
func (r *rolling) halfway() bool {
	images := map[string]bool{}
	for _, n := range r.live.NodesOf(r.Group) {
		if image := n.Labels[eksfacts.LabelImage]; image != "" {
			images[image] = true
		}
	}
	return len(images) > 1
}

// changes are what the nodes are made from, before and after.
func (r *rolling) changes() string {
	g := r.Group.Managed
	var out []string
	for _, x := range []struct{ what, was, now string }{{"Kubernetes", g.Version, r.To.Version}, {"AMI release", g.ReleaseVersion, r.To.Image},
		{"launch template version", template(g), r.To.Template}} {
		if x.now != "" && x.was != x.now {
			out = append(out, x.what+" "+x.was+" → "+x.now)
		}
	}
	return cmp.Or(strings.Join(out, ", "), "its nodes replaced")
}

func template(g *observe.Nodegroup) string {
	if g.LaunchTemplate == nil {
		return ""
	}
	return g.LaunchTemplate.Version
}

// atOnce is how many nodes of a group, which has so many, EKS empties at a time.
func atOnce(g *observe.Nodegroup, nodes int) int {
	switch c := g.UpdateConfig; {
	case c == nil:
		return 1
	case c.MaxUnavailablePercentage > 0:
		return max(1, nodes*c.MaxUnavailablePercentage/100)
	default:
		return max(1, c.MaxUnavailable)
	}
}

// surge says what EKS does to the group's size meanwhile: people took it for a fault.
func (r *rolling) surge(nodes int) {
	g := r.Group.Managed
	const after = "A pod that its disruption budget holds back for 15 minutes fails the update; what is new by then stays, and the same command goes on."
	say := func(format string, a ...any) { r.plan.Notes = append(r.plan.Notes, fmt.Sprintf(format, a...)) }
	switch {
	case nodes == 0:
		return
	case minimal(g):
		say("The update strategy of %s is MINIMAL: EKS ends a node before it starts the one that takes its place, so that there are fewer meanwhile.", g.Name)
	default:
		say("EKS adds up to %d nodes to %s meanwhile (twice its zones, or as many as it empties at once), which count against quotas and addresses, and "+
			"takes them away at the end: leave its sizes alone until then.", max(2*len(r.zones()), atOnce(g, r.Group.Sizes().DesiredSize)), g.Name)
	}
	if r.Force {
		say("With --force, EKS ends pods that their disruption budgets hold back for 15 minutes, whatever the budgets say.")
		return
	}
	say(after)
}

// zones are those that the group's nodes are in.
func (r *rolling) zones() []string {
	if r.Group.Scaling == nil {
		return nil
	}
	return r.Group.Scaling.AvailabilityZones
}

// seenAfter looks, once EKS is done, at what it leaves; after is the step by which it does.
func (r *rolling) seenAfter(after rules.Step) {
	run := &steps.GroupRolled{Group: r.Group.Name, Ran: r.ran(), Own: r.Group.Managed != nil && r.Group.Managed.AMIType == "CUSTOM"}
	switch m, a := r.Group.Managed, r.Group.Scaling; {
	case m != nil && m.ScalingConfig != nil: // while EKS is at it, the Auto Scaling group has more
		run.Min, run.Max, run.Nodes = m.ScalingConfig.MinSize, m.ScalingConfig.MaxSize, m.ScalingConfig.DesiredSize
		if a != nil && classOf(m.Status) == steady {
			run.Min, run.Max, run.Nodes = a.MinSize, a.MaxSize, a.DesiredCapacity
		}
	case a != nil:
		run.Min, run.Max, run.Nodes = a.MinSize, a.MaxSize, a.DesiredCapacity
	default:
		return
	}
	s := after
	s.Kind = rules.GroupRolled
	s.Labels = slices.DeleteFunc(slices.Clone(s.Labels), func(l string) bool {
		return strings.HasPrefix(l, rules.Turn+"=") || strings.HasPrefix(l, rules.After+"=")
	})
	r.add(part{Step: s, Action: Await, Title: r.Group.Name + " has its sizes again, and its pods run", Typical: time.Minute, Timeout: timeoutGroup, Run: run})
}

// ran are who makes the pods that the group's nodes run.
func (r *rolling) ran() (out []string) {
	if r.live.Kubernetes == nil {
		return nil
	}
	nodes := names(r.live.NodesOf(r.Group))
	for _, name := range slices.Sorted(maps.Keys(r.live.Kubernetes.Pods)) {
		p := r.live.Kubernetes.Pods[name]
		ns, _, _ := strings.Cut(name, "/")
		if kind, of, made := strings.Cut(p.Owner, "/"); made && p.Ready && slices.Contains(nodes, p.Node) {
			out = append(out, kind+"/"+ns+"/"+of)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recorded has the group's stack say what EKS did, where it says something else.
func (r *rolling) recorded() {
	k := r.Group.Stack
	if k == nil || k.Template == "" {
		return
	}
	to := steps.Release{Version: r.To.Version, Release: r.To.Image, Template: r.To.Template}
	body, err := stack.Release(k.Template, stack.Released{Version: to.Version, Release: to.Release, Template: to.Template})
	if err != nil {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The stack %s is not changed: %v.", k.Name, err))
		return
	}
	if stack.Same(k.Template, body) && !k.Phase().UnderWay() {
		return
	}
	r.saysSo(k, aboutGroup(rules.GroupUpdate, r.Group), to)
}

// saysSo is the step by which a group's stack says what EKS has done.
func (b *builder) saysSo(k *observe.Stack, s rules.Step, is steps.Release) {
	b.add(part{Step: s, Action: Update, Title: "stack " + k.Name + " says so", Typical: time.Minute, Timeout: timeoutUpdate,
		Run: &steps.StackUpdate{Name: k.Name, Template: steps.Template{Release: &is}}})
}
