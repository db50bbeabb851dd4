package run_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func replacement(t *testing.T, r *testregion.Region, w run.Replacement) *run.Session {
	t.Helper()
	s, err := run.PrepareReplacement(t.Context(), r.AWS, "test", w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// groupsOf are the names of the node groups that there are, with their nodes Ready.
func groupsOf(t *testing.T, r *testregion.Region) map[string]int {
	t.Helper()
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", nil, run.GroupChange{})
	must(t, err)
	out := map[string]int{}
	for _, g := range s.Live.NodeGroups() {
		for _, n := range s.Live.NodesOf(g) {
			if n.Ready && !n.Unschedulable {
				out[g.Name]++
			}
		}
		out[g.Name] += 0
	}
	return out
}

// nothingLeft looks for marks that a replacement must not leave behind, and for pods that do
// not run.
func nothingLeft(t *testing.T, r *testregion.Region) {
	t.Helper()
	unmarked(t, r)
	pods, err := kubernetesOf(t, r).CoreV1().Pods("").List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, p := range pods.Items {
		if strings.HasPrefix(p.Name, "slipway-probe") || p.Status.Phase != corev1.PodRunning {
			t.Errorf("pod %s/%s is %s", p.Namespace, p.Name, p.Status.Phase)
		}
	}
}

// unmarked looks for marks that a replacement must not leave behind.
func unmarked(t *testing.T, r *testregion.Region) {
	t.Helper()
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, n := range nodes.Items {
		for _, m := range []string{marks.Cordoned, marks.Excluded, marks.Held, marks.ScaleDownDisabled} {
			if _, is := n.Annotations[m]; is {
				t.Errorf("node %s still has %s", n.Name, m)
			}
		}
		if _, is := n.Labels[marks.ExcludeLabel]; is || n.Spec.Unschedulable {
			t.Errorf("node %s is out of use: %v", n.Name, n.Labels)
		}
	}
	groups, err := r.AWS.ASG.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	must(t, err)
	for _, g := range groups.AutoScalingGroups {
		for _, x := range g.Tags {
			if *x.Key == marks.Suspended {
				t.Errorf("Auto Scaling group %s is still marked", *g.AutoScalingGroupName)
			}
		}
		if steps.Suspended(&g, "Launch") {
			t.Errorf("Auto Scaling group %s starts no nodes", *g.AutoScalingGroupName)
		}
	}
	maps, err := k.CoreV1().ConfigMaps("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: marks.State})
	must(t, err)
	if len(maps.Items) > 0 {
		t.Errorf("%s is left", maps.Items[0].Name)
	}
}

// A group is replaced by one that is made beside it, with what changes and nothing else;
// the next generation is the third; asked again, nothing is to be done.
func TestAGroupIsReplaced(t *testing.T) {
	before := stood(t, pair)
	for _, group := range []string{"w", "s"} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		w := run.Replacement{Groups: []string{group}, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}}
		s := replacement(t, r, w)
		if k := kinds(s); k[rules.NodeGroup] != 1 || k[rules.Evacuate] < 3 || k[rules.Gate] != 2 || k[rules.DeleteStack] != 1 {
			t.Errorf("%s: the plan has %v", group, k)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatalf("%s: %s", group, rep.FirstFailure)
		}
		if s = replacement(t, r, w); !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), "has been replaced by "+group+"-b2") {
			t.Errorf("%s: again %v %v", group, kinds(s), s.Plan.Notes)
		}
		g, _ := s.Live.NodeGroup(group + "-b2")
		if types := g.Scaling.Instances[0].Type; types != "m5.xlarge" || len(s.Live.NodesOf(g)) != g.Sizes().DesiredSize {
			t.Errorf("%s: %s, %d nodes", group, types, len(s.Live.NodesOf(g)))
		}
		nothingLeft(t, r)
		if s = replacement(t, r, run.Replacement{Groups: []string{group + "-b2"}}); s.Plan.Entry(rules.ID(rules.NodeGroup, group+"-b3")) == nil {
			t.Errorf("%s: the third generation is not in %v", group, kinds(s))
		}
	}
}

// A gate that does not open takes all of it back, by itself: the old group takes pods, the
// new one is gone, and both operations are in the journal.
func TestAGateThatFailsTakesItBack(t *testing.T) {
	before := stood(t, pair)
	for _, stage := range []string{rules.AfterGreen, rules.AfterDrain} {
		r := testregion.Again(t, before)
		guarded(t, r, 1)
		was := groupsOf(t, r)
		_, s := again(t, before)()
		p := newProcess(t, r, s, alive)
		o, err := p.replace(run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Gates: []string{`echo "$SLIPWAY_STAGE of $SLIPWAY_GROUP"; test "$SLIPWAY_STAGE" != ` + stage}}})
		must(t, err)
		if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, stage+" of w") {
			t.Errorf("%s: %+v", stage, o)
		}
		if now := groupsOf(t, r); now["w"] != was["w"] || len(now) != len(was) {
			t.Errorf("%s: %v, and before %v", stage, now, was)
		}
		nothingLeft(t, r)
		all := accounts(t, p.journal())
		if len(all) != 2 || all[0].Result != outcome.Partial || all[1].Result != outcome.Done || !strings.Contains(all[1].Reason, stage+" of w") {
			t.Errorf("%s: %d operations in the journal: %+v", stage, len(all), all)
		}
	}
}

// A pause ends the run, and the same command goes on; what stood is as it was meanwhile.
func TestAPauseIsGoneOnFrom(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	for _, stage := range []string{rules.AfterGreen, rules.AfterDrain} {
		s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Pause: stage}})
		if k := kinds(s); k[rules.Pause] != 1 || k[rules.DeleteStack] != 0 {
			t.Errorf("%s: the plan has %v", stage, k)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		if now := groupsOf(t, r); now["w"] != 0 || now["w-b2"] != 3 {
			t.Errorf("%s: the groups take pods on %v", stage, now)
		}
	}
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Pause: rules.AfterDrain}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 {
		t.Errorf("the groups are %v", now)
	}
	nothingLeft(t, r)
}

// replace runs a replacement as the command does, and its way back where it fails.
func (p *process) replace(w run.Replacement) (*outcome.Outcome, error) {
	p.b.Command, w.Books = "nodegroup upgrade", p.b
	s, err := run.PrepareReplacement(p.t.Context(), p.aws, "test", w)
	if err != nil {
		return nil, err
	}
	return p.ended(s)
}

// back takes one back.
func (p *process) back(w run.Replacement) (*outcome.Outcome, error) {
	p.b.Command, w.Books = "nodegroup upgrade --abort", p.b
	s, err := run.PrepareReturn(p.t.Context(), p.aws, "test", w)
	if err != nil {
		return nil, err
	}
	return p.ended(s)
}

func (p *process) ended(s *run.Session) (*outcome.Outcome, error) {
	ctx := p.t.Context()
	defer s.Close(ctx) //nolint:errcheck // a dead process cannot
	if s.Plan.Empty() {
		return s.Conclude(ctx, nil), nil
	}
	rep, err := p.run(s)
	if err != nil {
		return nil, err
	}
	o := s.Conclude(ctx, rep)
	back, err := s.Back(ctx, rep)
	if err != nil || back == nil {
		return o, err
	}
	if rep, err = p.run(back); err != nil {
		return nil, err
	}
	if x := back.Conclude(ctx, rep); x.Code != outcome.ExitDone {
		return x, nil
	}
	return o, nil
}

// A replacement that is killed anywhere, and run again, ends with the new group alone.
func TestAReplacementKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	for _, group := range []string{"w", "s"} {
		killedAnywhere(t, 20, again(t, before), func(p *process) (*outcome.Outcome, error) {
			return p.replace(run.Replacement{Groups: []string{group}, Watch: plan.Watch{Gates: []string{"true"}}})
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			other := map[string]string{"w": "s", "s": "w"}[group]
			now := groupsOf(t, r)
			if len(now) != 2 || now[group+"-b2"] != map[string]int{"w": 3, "s": 2}[group] || now[other] == 0 {
				t.Errorf("%s killed at %d: the groups take pods on %v", group, at, now)
			}
			nothingLeft(t, r)
		})
	}
}

// A replacement that fails its last gate, and is killed anywhere on its way or on its way
// back, is taken back by --abort: all is as it was.
func TestAReturnKilledAnywhereAndRunAgain(t *testing.T) {
	before := withBudget(t, pair)
	for _, group := range []string{"w", "s"} {
		fails := run.Replacement{Groups: []string{group}, Watch: plan.Watch{Gates: []string{`test "$SLIPWAY_STAGE" = after-green`}}}
		first := true
		killedAnywhere(t, 20, func() (*testregion.Region, store.Store) { first = true; return again(t, before)() }, func(p *process) (*outcome.Outcome, error) {
			if !first {
				return p.back(fails)
			}
			first = false
			o, err := p.replace(fails)
			if err == nil && o.Code == outcome.ExitPartial && !p.over() { // it went back
				return &outcome.Outcome{Result: outcome.Done}, nil
			}
			return o, err
		}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
			if now := groupsOf(t, r); len(now) != 2 || now["w"] != 3 || now["s"] != 2 {
				t.Errorf("%s killed at %d: the groups take pods on %v", group, at, now)
			}
			nothingLeft(t, r)
		})
	}
}

// What is wanted of a group that is not there is refused by name, and so is a budget that
// never lets a pod go.
func TestAReplacementThatCannotBeIsRefused(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 2)
	for group, want := range map[string][]string{
		"none": {"none of that name in cluster test", "s, w"},
		"w":    {"PodDisruptionBudget default/web", "never lets a pod go"},
	} {
		_, err := run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{group}})
		for _, x := range want {
			if err == nil || !strings.Contains(err.Error(), x) {
				t.Errorf("%s: %v, expected %q", group, err, x)
			}
		}
	}
	r.Region.EC2.Quotas.VCPUs = 12
	if _, err := run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"s"}}); err == nil || !strings.Contains(err.Error(), "beside the 10 that run") {
		t.Errorf("without room: %v", err)
	}
	names := []string{}
	for g := range groupsOf(t, r) {
		names = append(names, g)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"s", "w"}) {
		t.Errorf("the groups are %v", names)
	}
}

// What a move would end, or leave without a node, is named before anything is made, each by
// its owner; --force goes on, and says so.
func TestWhatCannotMoveIsNamed(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	k := kubernetesOf(t, r)
	nodes, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=w"})
	must(t, err)
	for name, change := range map[string]func(*corev1.Pod){
		"alone": func(*corev1.Pod) {},
		"held":  func(p *corev1.Pod) { p.Annotations = map[string]string{marks.DoNotDisrupt: "true"} },
		"pinned": func(p *corev1.Pod) {
			p.Spec.NodeSelector = map[string]string{"eks.amazonaws.com/nodegroup": "w"}
		},
		"disk": func(p *corev1.Pod) {
			p.Spec.Volumes = []corev1.Volume{{Name: "cache", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
		},
	} {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: nodes.Items[0].Name,
			Containers: []corev1.Container{{Name: "c", Image: "nginx"}}}}
		if name != "alone" {
			m, err := k.CoreV1().ConfigMaps("default").Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
			must(t, err)
			p.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: m.UID, Controller: new(true)}}
		}
		change(p)
		_, err := k.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
		must(t, err)
	}
	_, err = run.PrepareReplacement(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}})
	for _, want := range []string{"pod default/alone: is made again by nothing", "ConfigMap default/held: must not be moved, as its annotation says: karpenter.sh/do-not-disrupt: true",
		"ConfigMap default/pinned: would wait for ever: no node has what its nodeSelector", "--force"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Force: true}})
	for _, want := range []string{"pod default/alone is made again by nothing", "does not move with them: ConfigMap default/disk"} {
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("the notes are %s, expected %q", notes, want)
		}
	}
}

// A file's entry says what the new group is, of what cannot be changed in place, and the one
// after that is made from the same entry.
func TestAFileSaysWhatAGroupIsReplacedBy(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	file := testregion.Load(t, strings.Replace(pair, "{name: w,", "{name: w, instanceType: m5.xlarge, volumeSize: 50, labels: {pool: web},", 1))
	for _, group := range []string{"w", "w-b2"} {
		s := replacement(t, r, run.Replacement{Groups: []string{group}, File: file})
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
	}
	s := replacement(t, r, run.Replacement{Groups: []string{"w-b3"}, File: file})
	g, _ := s.Live.NodeGroup("w-b3")
	if x := g.Sizes(); g.Managed == nil || g.Managed.Labels["pool"] != "web" || g.Scaling.Instances[0].Type != "m5.xlarge" || x.DesiredSize != 3 || x.MaxSize != 4 {
		t.Errorf("%+v", g.Managed)
	}
}

// A file is followed where a group of it was replaced, under the name that stands; while the
// old one stands beside the new one, it is that which is meant.
func TestAFileFollowsTheGenerationThatStands(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	text := strings.Replace(pair, "maxSize: 4", "maxSize: 6", 1)
	up := func() *run.Session {
		t.Helper()
		s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
		must(t, err)
		return s
	}
	w := run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Pause: rules.AfterGreen}}
	if rep := drive(t, r, replacement(t, r, w)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s := up(); s.Plan.Entry("nodegroup-update/w") == nil || len(s.Plan.Entries) != 1 {
		t.Errorf("while both stand: %v", kinds(s))
	}
	if rep := drive(t, r, replacement(t, r, w)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	s := up()
	if s.Plan.Entry("nodegroup-update/w-b2") == nil || len(s.Plan.Entries) != 1 || !strings.Contains(strings.Join(s.Plan.Notes, " "), "w was replaced by w-b2") {
		t.Errorf("after it: %v %v", kinds(s), s.Plan.Notes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s = up(); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
}

// withBudget is a cluster that stands, with a Deployment and its budget, saved.
func withBudget(t *testing.T, text string) json.RawMessage {
	t.Helper()
	r := testregion.Again(t, stood(t, text))
	guarded(t, r, 1)
	b, err := r.Sim.Save()
	must(t, err)
	return b
}

// A name that was replaced, and was given to another group since, is that group's: its
// replacement makes a third, and taking that back leaves the successor of the first alone.
func TestANameThatIsGivenAgainIsAnotherGroup(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	r.Sim.World.Advance(time.Hour)
	green, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w-b2")})
	must(t, err)
	_, err = r.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{ClusterName: new("test"), NodegroupName: new("w"), NodeRole: green.Nodegroup.NodeRole,
		Subnets: green.Nodegroup.Subnets, ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(1)), DesiredSize: new(int32(1))}})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	back, err := run.PrepareReturn(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}})
	must(t, err)
	if !back.Plan.Empty() {
		t.Errorf("taken back, though nothing is under way: %v", kinds(back))
	}
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}})
	if s.Plan.Entry(rules.ID(rules.NodeGroup, "w-b3")) == nil {
		t.Errorf("the plan has %v", kinds(s))
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 3 || now["w-b2"] != 3 || now["w-b3"] != 1 {
		t.Errorf("the groups take pods on %v", now)
	}
}

// The new group is as the old one is live: what was changed of it behind its record's back too.
func TestTheNewGroupIsAsTheOldOneIsLive(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	_, err := r.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: new("test"), NodegroupName: new("w"),
		Labels:        &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"pool": "web"}},
		Taints:        &ekstypes.UpdateTaintsPayload{AddOrUpdateTaints: []ekstypes.Taint{{Key: new("soft"), Value: new("yes"), Effect: ekstypes.TaintEffectPreferNoSchedule}}},
		ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(5)), DesiredSize: new(int32(2))}})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	was, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
	must(t, err)
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	now, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w-b2")})
	must(t, err)
	a, b := was.Nodegroup, now.Nodegroup
	if b.Labels["pool"] != "web" || len(b.Taints) != 1 || *b.Taints[0].Key != "soft" || *b.ScalingConfig.MinSize != 1 || *b.ScalingConfig.MaxSize != 5 ||
		*b.ScalingConfig.DesiredSize != 2 || !slices.Equal(slices.Sorted(slices.Values(a.Subnets)), slices.Sorted(slices.Values(b.Subnets))) {
		t.Errorf("%+v %+v %+v %v, and was in %v", b.Labels, b.Taints, b.ScalingConfig, b.Subnets, a.Subnets)
	}
}
