package plan

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// upgraded is an observation of one managed group, and the plan of its upgrade.
func upgraded(t *testing.T, g observe.Nodegroup, to Release, force bool) (*Plan, error) {
	t.Helper()
	g.Name = "w"
	if g.Status == "" {
		g.Status = "ACTIVE"
	}
	g.ScalingConfig = &observe.Sizes{MinSize: 1, MaxSize: 4, DesiredSize: 4}
	asg := &observe.ScalingGroup{Name: "asg", Nodegroup: "w", Managed: true, DesiredCapacity: 4, AvailabilityZones: observe.Set{"a", "b", "c"}}
	live := &observe.Observed{Name: "c", Parts: []observe.Part{observe.Inside, observe.Pods}, Cluster: &observe.Cluster{Version: "1.34"}, Groups: map[string]*observe.Nodegroup{"w": &g},
		ScalingGroups: map[string]*observe.ScalingGroup{"asg": asg},
		Kubernetes: &observe.Kubernetes{Nodes: map[string]*observe.Node{
			"n1": {Name: "n1", Ready: true, Nodegroup: "w", Labels: map[string]string{"kubernetes.io/hostname": "n1", "pool": "w"}},
			"n2": {Name: "n2", Ready: true, Nodegroup: "w", Labels: map[string]string{"kubernetes.io/hostname": "n2", "pool": "w"}},
		}, Pods: map[string]*observe.Pod{
			"d/pinned": {Node: "n1", Owner: "ReplicaSet/web-1", Fits: &observe.Fit{NodeSelector: map[string]string{"pool": "w"}}},
		}}}
	group, _ := live.NodeGroup("w")
	return Roll(InPlace{Live: live, Group: group, To: to, Force: force})
}

// What EKS does not do in place is refused, each with the way that there is.
func TestWhatIsNotDoneInPlace(t *testing.T) {
	of := func(ami string) observe.Nodegroup {
		return observe.Nodegroup{AMIType: ami, Version: "1.33", ReleaseVersion: "1.33.1-20260101"}
	}
	ailing, own := of("AL2023_x86_64_STANDARD"), of("CUSTOM")
	ailing.Health = &observe.Health{Issues: []observe.Issue{{Code: "Ec2SubnetNotFound", Message: "gone"}}}
	own.LaunchTemplate = &observe.TemplateRef{ID: "lt-1", Version: "1"}
	for _, c := range []struct {
		what string
		g    observe.Nodegroup
		to   Release
		want string // "": it is done
	}{
		{"a custom AMI", of("CUSTOM"), Release{Version: "1.34"}, "runs an AMI of your own"},
		{"a custom AMI of another version of its own template", own, Release{Version: "1.34", Template: "2"}, ""},
		{"Amazon Linux 2, too new", of("AL2_x86_64"), Release{Version: "1.34", Image: "1.34.1-20261101"}, "another family is a replacement"},
		{"a release of another minor", of("AL2023_x86_64_STANDARD"), Release{Version: "1.32", Image: "1.32.1-20261101"}, "EKS takes one of these"},
		{"the release of its own minor", of("AL2023_x86_64_STANDARD"), Release{Version: "1.33", Image: "1.33.1-20261101"}, ""},
		{"a template that it does not have", of("AL2023_x86_64_STANDARD"), Release{Version: "1.34", Image: "x", Template: "2"}, "no launch template of your own"},
		{"a group with another issue", ailing, Release{Version: "1.34", Image: "1.34.1-20261101"}, "slipway nodegroup repair c w"},
	} {
		p, err := upgraded(t, c.g, c.to, false)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.want == "" && p.Entry(rules.ID(rules.GroupVersion, "w")) == nil:
			t.Errorf("%s: the plan has %v", c.what, p.Entries)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, expected %q", c.what, err, c.want)
		}
	}
}

// The plan says how many nodes EKS empties at once, and how many come meanwhile.
func TestTheUpdateConfigIsShown(t *testing.T) {
	for _, c := range []struct {
		config      *observe.UpdateConfig
		title, note string
	}{
		{nil, "1 node at a time", "adds up to 6 nodes"},
		{&observe.UpdateConfig{MaxUnavailablePercentage: 50}, "2 nodes at a time", "adds up to 6 nodes"},
		{&observe.UpdateConfig{MaxUnavailable: 7}, "7 nodes at a time", "adds up to 7 nodes"},
		{&observe.UpdateConfig{MaxUnavailable: 1, UpdateStrategy: "MINIMAL"}, "1 node at a time", "is MINIMAL: EKS ends a node before"},
	} {
		g := observe.Nodegroup{AMIType: "AL2023_x86_64_STANDARD", Version: "1.34", ReleaseVersion: "1.34.1-20260101", UpdateConfig: c.config}
		p, err := upgraded(t, g, Release{Version: "1.34", Image: "1.34.1-20261101"}, false)
		if err != nil {
			t.Fatal(err)
		}
		if title := p.Entry(rules.ID(rules.GroupVersion, "w")).Title; !strings.Contains(title, c.title) || !strings.Contains(title, "AMI release 1.34.1-20260101 → 1.34.1-20261101") {
			t.Errorf("%+v: %s", c.config, title)
		}
		if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, c.note) {
			t.Errorf("%+v: %s", c.config, notes)
		}
	}
}

// A group that EKS takes for done, and whose nodes are of two AMIs or minors, is not.
func TestAnUpdateThatEndedHalfWayIsAskedForAgain(t *testing.T) {
	at := func(edit func(a, b *observe.Node)) *Plan {
		o := atMinor("1.34")
		o.Groups["w"].ReleaseVersion = "1.34.1-20261101"
		a, b := o.Kubernetes.Nodes["w1"], o.Kubernetes.Nodes["w2"]
		a.Labels["eks.amazonaws.com/nodegroup-image"], b.Labels["eks.amazonaws.com/nodegroup-image"] = "ami-1", "ami-1"
		edit(a, b)
		g, _ := o.NodeGroup("w")
		p, err := Roll(InPlace{Live: o, Group: g, To: Release{Version: "1.34", Image: "1.34.1-20261101"}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := at(func(_, _ *observe.Node) {}); !p.Empty() {
		t.Errorf("of one AMI: %v", p.Entries)
	}
	for _, edit := range []func(_, b *observe.Node){
		func(_, b *observe.Node) { b.Labels["eks.amazonaws.com/nodegroup-image"] = "ami-2" },
		func(_, b *observe.Node) { b.Version = "v1.33.1-eks-1" },
	} {
		p := at(edit)
		e := p.Entry("nodegroup-version/w")
		if e == nil || !e.Step.(*steps.GroupVersion).Anew || !strings.Contains(strings.Join(p.Notes, " "), "an update ended half-way") || p.Entry("nodegroup-rolled/w") == nil {
			t.Errorf("%v %v", p.Entries, p.Notes)
		}
	}
}
