package plan

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"

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
}

// Upgrade is the plan of an upgrade in place. EKS does it, and the group's stack says so
// afterwards where it says a release at all: CloudFormation, asked first as eksctl does,
// answers an eviction that a budget holds up by replacing the new nodes by old ones, past the
// same budget, and ends UPDATE_ROLLBACK_FAILED; EKS leaves what is new, for the next run.
func Upgrade(in InPlace) (*Plan, error) {
	u := &upgrading{InPlace: in, builder: newBuilder(in.Live, in.Account)}
	if fs := u.impossible(); len(fs) > 0 {
		return nil, fs
	}
	u.plan.WantNodes = u.size()
	u.settles()
	if err := u.rolls(); err != nil {
		return nil, err
	}
	u.recorded()
	return u.done()
}

type upgrading struct {
	InPlace
	*builder
}

// minorOf is the Kubernetes minor that a release of EKS's AMIs is of; Bottlerocket's have a
// number of their own.
var minorOf = regexp.MustCompile(`^(1\.\d+)[.-]`)

// Minor is the Kubernetes minor of a release of an AMI type; "": the release does not say.
func Minor(amiType, release string) string {
	if m := minorOf.FindStringSubmatch(release); m != nil && !strings.HasPrefix(amiType, "BOTTLEROCKET") {
		return m[1]
	}
	return ""
}

// impossible is what EKS does not do in place, in words.
func (u *upgrading) impossible() finding.Findings {
	const beside = "replace it by a group beside it: slipway nodegroup upgrade %s %s --strategy blue-green"
	no := func(code, remedy, what string, a ...any) finding.Findings {
		return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: "node group " + u.Group.Name}, Input: true,
			What: fmt.Sprintf(what, a...), Breaks: "nothing was changed", Remedy: fmt.Sprintf(remedy, u.Live.Name, u.Group.Name)}}
	}
	g, cluster := u.Group.Managed, u.Live.Cluster.Version
	switch {
	case g == nil:
		return no("not-in-place", beside, "is self-managed: EKS knows nothing of it, and replaces no nodes of it")
	case g.AMIType == "CUSTOM" && u.To.Template == "":
		return no("not-in-place", beside+" -f FILE, whose entry of that name has the AMI",
			"runs an AMI of your own, and EKS has no releases of that: another one is a replacement")
	case u.To.Template != "" && g.LaunchTemplate == nil, u.To.Template != "" && u.ownTemplate():
		return no("not-in-place", beside+", with what should be otherwise",
			"has no launch template of your own, of which EKS could take another version: its stack makes the one that it has")
	case strings.HasPrefix(g.AMIType, "AL2_") && minor(u.To.Version) > 32:
		return no("not-in-place", beside+" --ami-family AmazonLinux2023",
			"runs Amazon Linux 2, of which there are no AMIs for Kubernetes %s: another family is a replacement", u.To.Version)
	case u.To.Version != cluster && u.To.Version != g.Version:
		return no("wrong-minor", "leave --release-version out of slipway nodegroup upgrade %s %s, which takes the newest release for Kubernetes "+cluster,
			"the release %s is of Kubernetes %s: the group has %s (%s), the control plane %s, and EKS takes one of these", u.To.Image, u.To.Version, g.Version,
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

// ownTemplate tells whether the group's launch template is made by its stack.
func (u *upgrading) ownTemplate() bool {
	return u.Group.Stack != nil && slices.ContainsFunc(u.Group.Stack.Resources, func(r observe.StackResource) bool {
		return r.Type == "AWS::EC2::LaunchTemplate" && r.PhysicalID == u.Group.Managed.LaunchTemplate.ID
	})
}

// minor is the second number of a version.
func minor(version string) (n int) {
	fmt.Sscanf(version, "1.%d", &n) //nolint:errcheck // 0 where it is none
	return n
}

// size is how many nodes the group has at the end: while EKS is at it, the Auto Scaling group
// wants more.
func (u *upgrading) size() int {
	if m := u.Group.Managed; classOf(m.Status) == moving && m.ScalingConfig != nil {
		return m.ScalingConfig.DesiredSize
	}
	return u.Group.Sizes().DesiredSize
}

// settles awaits what the group's stack is at.
func (u *upgrading) settles() {
	if k := u.Group.Stack; k.Phase().UnderWay() {
		u.settled(k.Name)
	}
}

// rolls has EKS replace the nodes, where they are not as wanted. What would hold it up is
// named before; an update that is under way has been begun, and is followed.
func (u *upgrading) rolls() error {
	g := u.Group.Managed
	lt := g.LaunchTemplate
	same := u.To.Template == "" || lt != nil && lt.Version == u.To.Template
	if g.Version == u.To.Version && same && (u.To.Image == "" || g.ReleaseVersion == u.To.Image) && classOf(g.Status) == steady {
		return nil
	}
	in := eks.UpdateNodegroupVersionInput{NodegroupName: &u.Group.Name, Force: u.Force}
	if u.To.Image != "" {
		in.Version, in.ReleaseVersion = &u.To.Version, &u.To.Image
	}
	if u.To.Template != "" {
		in.LaunchTemplate = &types.LaunchTemplateSpecification{Id: &lt.ID, Version: &u.To.Template}
	}
	nodes := u.live.NodesOf(u.Group)
	if len(nodes) > 0 && classOf(g.Status) == steady {
		if fs := u.blockers(names(nodes)); len(fs) > 0 {
			return fs
		}
	}
	batches := time.Duration((len(nodes) + u.atOnce() - 1) / u.atOnce())
	u.add(part{Step: aboutGroup(rules.GroupVersion, u.Group), Action: Update, Title: "node group " + u.Group.Name + ": " + u.changes() + ", by EKS, " +
		counted(u.atOnce(), "node") + " at a time", Typical: 5*time.Minute + batches*4*time.Minute, Timeout: timeoutUpdate + batches*25*time.Minute,
		Run: &steps.GroupVersion{Input: in}})
	if n := u.size(); n > 0 {
		u.add(part{Step: aboutGroup(rules.Nodes, u.Group), Action: Await, Title: counted(n, "node") + " of " + u.Group.Name + " Ready", Typical: 5 * time.Second,
			Timeout: timeoutGroup, Run: &steps.Nodes{Group: u.Group.Name, Want: n, Managed: true}})
	}
	u.surge(len(nodes))
	return nil
}

// changes are what the nodes are made from, before and after.
func (u *upgrading) changes() string {
	g := u.Group.Managed
	var out []string
	for _, x := range []struct{ what, was, now string }{{"Kubernetes", g.Version, u.To.Version}, {"AMI release", g.ReleaseVersion, u.To.Image},
		{"launch template version", template(g), u.To.Template}} {
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

// atOnce is how many nodes EKS empties at a time.
func (u *upgrading) atOnce() int {
	c, n := u.Group.Managed.UpdateConfig, u.size()
	switch {
	case c == nil:
		return 1
	case c.MaxUnavailablePercentage > 0:
		return max(1, n*c.MaxUnavailablePercentage/100)
	}
	return max(1, c.MaxUnavailable)
}

// surge says what EKS does to the group's size meanwhile: people took it for a fault.
func (u *upgrading) surge(nodes int) {
	g := u.Group.Managed
	const after = "A pod that its disruption budget holds back for 15 minutes fails the update; what is new by then stays, and the same command goes on."
	say := func(format string, a ...any) { u.plan.Notes = append(u.plan.Notes, fmt.Sprintf(format, a...)) }
	switch c := g.UpdateConfig; {
	case nodes == 0:
		return
	case c != nil && c.UpdateStrategy == string(types.NodegroupUpdateStrategiesMinimal):
		say("The update strategy of %s is MINIMAL: EKS ends a node before it starts the one that takes its place, so that there are fewer meanwhile.", g.Name)
	default:
		say("EKS adds up to %d nodes to %s meanwhile (twice its zones, or as many as it empties at once), which count against quotas and addresses, and "+
			"takes them away at the end: leave its sizes alone until then.", max(2*len(u.zones()), u.atOnce()), g.Name)
	}
	if u.Force {
		say("With --force, EKS ends pods that their disruption budgets hold back for 15 minutes, whatever the budgets say.")
		return
	}
	say(after)
}

// zones are those that the group's nodes are in.
func (u *upgrading) zones() []string {
	if u.Group.Scaling == nil {
		return nil
	}
	return u.Group.Scaling.AvailabilityZones
}

// blockers are what holds pods on the nodes, or would end them for good, as of a replacement:
// new nodes are as the old ones. A budget that never lets a pod go is passed over by EKS's
// force alone.
func (u *upgrading) blockers(nodes []string) finding.Findings {
	if fs := unreached(u.live, ""); fs != nil {
		return fs
	}
	m := relocation{nodes: nodes, homes: u.homes(nodes), come: len(nodes), zones: len(u.zones()), force: u.Force,
		volume: "see why no node of the group is in that zone", fit: "take away what ties it to one node"}
	fs := never(u.live, nodes, ", or run again with --force: EKS ends such pods after 15 minutes")
	if u.Force {
		for _, f := range fs {
			u.plan.Notes = append(u.plan.Notes, f.Where.Resource+" "+f.What+"; --force goes on.")
		}
		fs = nil
	}
	if fs = append(fs, u.immovable(m)...); len(fs) == 0 {
		u.drainNotes(nodes)
		u.losses(m)
	}
	return fs
}

// homes are the nodes that pods may go to: those of others that take pods, and the new ones,
// which are as those of the group but for their names.
func (u *upgrading) homes(nodes []string) []*corev1.Node {
	var out []*corev1.Node
	for _, name := range slices.Sorted(maps.Keys(u.live.Kubernetes.Nodes)) {
		n := u.live.Kubernetes.Nodes[name]
		ours := slices.Contains(nodes, n.Name)
		if !ours && (!n.Ready || n.Unschedulable) {
			continue
		}
		labels := map[string]string{}
		for k, v := range n.Labels {
			if !ours || k != corev1.LabelHostname {
				labels[k] = v
			}
		}
		taints := slices.DeleteFunc(slices.Clone(n.Taints), func(t observe.NodeTaint) bool { return ours && strings.HasPrefix(t.Key, "node.kubernetes.io/") })
		out = append(out, asNode(n.Name, labels, taints))
	}
	return out
}

// recorded has the group's stack say what EKS did, where it says something else.
func (u *upgrading) recorded() {
	k := u.Group.Stack
	if k == nil || k.Template == "" {
		return
	}
	to := steps.Release{Version: u.To.Version, Release: u.To.Image, Template: u.To.Template}
	body, err := stack.Release(k.Template, stack.Released(to))
	if err != nil {
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("The stack %s is not changed: %v.", k.Name, err))
		return
	}
	if stack.Same(k.Template, body) && !k.Phase().UnderWay() {
		return
	}
	u.add(part{Step: aboutGroup(rules.GroupUpdate, u.Group), Action: Update, Title: "stack " + k.Name + " says so", Typical: time.Minute, Timeout: timeoutUpdate,
		Run: &steps.StackUpdate{Name: k.Name, Template: steps.Template{Release: &to}}})
}
