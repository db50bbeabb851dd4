package run_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// when does something as a step of a kind begins, once.
func when(kind string, do func()) func(engine.Event) {
	done := false
	return func(e engine.Event) {
		if !done && e.Type == "step_started" && strings.HasPrefix(e.Step, kind+"/") {
			done = true
			do()
		}
	}
}

// grown has a group's Auto Scaling group want one node more, as an autoscaler does.
func grown(t *testing.T, r *testregion.Region, group string) {
	t.Helper()
	s, err := run.PrepareDelete(t.Context(), r.AWS, "test", nil, run.GroupChange{})
	must(t, err)
	g, _ := s.Live.NodeGroup(group)
	_, err = r.AWS.ASG.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &g.Scaling.Name,
		DesiredCapacity: new(int32(g.Scaling.DesiredCapacity + 1))})
	must(t, err)
}

// Nodes that an autoscaler adds to either group while pods move are emptied with the others,
// or kept from it with the others; neither keeps a mark.
func TestNodesThatComeMeanwhileAreSeenTo(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	k := kubernetesOf(t, r)
	held := 0
	begun := when(rules.Evacuate, func() { grown(t, r, "w"); grown(t, r, "w-b2") })
	ends := when(rules.DeleteStack, func() {
		l, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=w-b2"})
		must(t, err)
		for _, n := range l.Items {
			if n.Annotations[marks.ScaleDownDisabled] == "true" {
				held++
			}
		}
	})
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}})
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "-/+ node group w is replaced by w-b2.") {
		t.Errorf("the notes are %s", notes)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) { begun(e); ends(e) })
	if err != nil || !rep.OK() {
		t.Fatal(err, rep.FirstFailure)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 4 || held < 3 {
		t.Errorf("the groups take pods on %v, and %d nodes were held", now, held)
	}
	unmarked(t, r)
}

// What turns worse while it is watched takes it back; so does a pod that must not move any
// more, once the deadline has passed: each is said.
func TestWhatTurnsWorseTakesItBack(t *testing.T) {
	before := withBudget(t, pair)
	for name, c := range map[string]struct {
		at   string
		do   func(*testing.T, *testregion.Region)
		want string
	}{
		"a workload loses pods while it soaks": {rules.Soak, func(t *testing.T, r *testregion.Region) {
			k := kubernetesOf(t, r)
			d, err := k.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
			must(t, err)
			d.Spec.Strategy = appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
			d.Spec.Template.Spec.NodeSelector = map[string]string{"zone": "none"}
			_, err = k.AppsV1().Deployments("default").Update(t.Context(), d, metav1.UpdateOptions{})
			must(t, err)
		}, "Deployment default/web lacks"},
		"a pod is not to be moved any more": {rules.Evacuate, func(t *testing.T, r *testregion.Region) {
			k := kubernetesOf(t, r)
			l, err := k.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
			must(t, err)
			for i := range l.Items {
				l.Items[i].Annotations = map[string]string{marks.SafeToEvict: "false"}
				_, err := k.CoreV1().Pods("default").Update(t.Context(), &l.Items[i], metav1.UpdateOptions{})
				must(t, err)
			}
		}, "its annotation " + marks.SafeToEvict + ": false forbids it"},
	} {
		r, s := again(t, before)()
		was := groupsOf(t, r)
		p := newProcess(t, r, s, alive)
		hook := when(c.at, func() { c.do(t, r) })
		p.onEvent = hook
		o, err := p.replace(run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Soak: 5 * time.Minute, Deadline: 5 * time.Minute, GateTime: 2 * time.Minute}})
		must(t, err)
		if o.Code != outcome.ExitPartial || len(o.Failures) != 1 || !strings.Contains(o.Failures[0].Reason, c.want) {
			t.Errorf("%s: %+v", name, o)
		}
		if now := groupsOf(t, r); now["w"] != was["w"] || len(now) != len(was) {
			t.Errorf("%s: %v, and before %v", name, now, was)
		}
		unmarked(t, r)
	}
}

// What somebody wants besides, while it is watched, is no loss: nothing is taken back.
func TestMoreWantedWhileItSoaksIsNoLoss(t *testing.T) {
	r, s := again(t, withBudget(t, pair))()
	p := newProcess(t, r, s, alive)
	p.onEvent = when(rules.Soak, func() {
		k := kubernetesOf(t, r)
		d, err := k.AppsV1().Deployments("default").Get(t.Context(), "web", metav1.GetOptions{})
		must(t, err)
		d.Spec.Replicas = new(int32(400)) // more than there is room for
		_, err = k.AppsV1().Deployments("default").Update(t.Context(), d, metav1.UpdateOptions{})
		must(t, err)
	})
	o, err := p.replace(run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Soak: 5 * time.Minute, GateTime: 2 * time.Minute}})
	if err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
}

// Ctrl-C takes nothing back: what is done stays, and the same command goes on.
func TestCtrlCLeavesAReplacementAsItIs(t *testing.T) {
	before := withBudget(t, pair)
	for _, at := range []string{rules.NodeGroup, rules.Proven, rules.Cordon, rules.GateCommand, rules.Evacuate, rules.Soak, rules.DeleteStack} {
		r := testregion.Again(t, before)
		w := run.Replacement{Groups: []string{"w"}, Watch: plan.Watch{Soak: time.Minute, Gates: []string{"true"}}}
		s := replacement(t, r, w)
		ctx, stop := context.WithCancel(t.Context())
		rep, err := s.Run(ctx, r.Clock, 1, when(at, stop))
		must(t, err)
		if !rep.Interrupted {
			t.Errorf("at %s: %+v", at, rep)
		}
		if back, err := s.Back(t.Context(), rep); back != nil || err != nil {
			t.Errorf("at %s it is taken back: %v", at, err)
		}
		if now := groupsOf(t, r); len(now) != 3 && at != rules.DeleteStack && at != rules.NodeGroup { // of these it is the first turn that is not made
			t.Errorf("at %s the groups are %v", at, now)
		}
		r.Sim.World.Advance(10 * time.Minute)
		if rep := drive(t, r, replacement(t, r, w)); !rep.OK() {
			t.Errorf("at %s: %s", at, rep.FirstFailure)
		}
		if now := groupsOf(t, r); len(now) != 2 || now["w-b2"] != 3 {
			t.Errorf("at %s the groups take pods on %v", at, now)
		}
		nothingLeft(t, r)
	}
}

// Once the old group is gone there is no way back, and it is said what else there is.
func TestThereIsNoWayBackToWhatIsGone(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	ctx, stop := context.WithCancel(t.Context())
	rep, err := replacement(t, r, run.Replacement{Groups: []string{"w"}}).Run(ctx, r.Clock, 1, func(e engine.Event) {
		if e.Type == "step_waiting" && strings.HasPrefix(e.Step, rules.DeleteStack+"/") {
			stop() // its deletion has begun
		}
	})
	if err != nil || !rep.Interrupted {
		t.Fatal(err, rep)
	}
	gone := func(want string) {
		t.Helper()
		_, err := run.PrepareReturn(t.Context(), r.AWS, "test", run.Replacement{Groups: []string{"w"}})
		if fs, is := finding.Of(err); !is || fs[0].Code != "no-way-back" || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
	gone("is being deleted: its pods are on w-b2 already")
	if rep := drive(t, r, replacement(t, r, run.Replacement{Groups: []string{"w"}})); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	gone("another replacement of w-b2 can undo what this one changed")
}

// A Service whose load balancer reaches only nodes with its pods keeps the old nodes in it
// until each is empty.
func TestLoadBalancersOfLocalServicesLoseNodesOneByOne(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	guarded(t, r, 1)
	_, err := kubernetesOf(t, r).CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal,
			Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}}}, metav1.CreateOptions{})
	must(t, err)
	r.Sim.World.Advance(5 * time.Minute)
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}})
	if k := kinds(s); k[rules.Exclude] != 0 || !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "default/web reach only nodes with pods of theirs") {
		t.Errorf("%v %v", k, s.Plan.Notes)
	}
	k, most := kubernetesOf(t, r), 0
	rep, err := s.Run(t.Context(), r.Clock, 1, when(rules.DeleteStack, func() {
		l, err := k.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: marks.ExcludeLabel})
		must(t, err)
		most = len(l.Items)
	}))
	if err != nil || !rep.OK() || most != 3 {
		t.Fatalf("%v %s, %d nodes had left it", err, rep.FirstFailure, most)
	}
	nothingLeft(t, r)
}

// The load balancer of a Service that reaches pods through any node has the old nodes behind it
// until the new ones are, and none of them once pods have moved: before they go.
func TestOldNodesLeaveTheLoadBalancerBeforeTheyGo(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	_, err := kubernetesOf(t, r).CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}}}, metav1.CreateOptions{})
	must(t, err)
	r.Sim.World.Advance(5 * time.Minute)
	behind := func() map[string]int { // the group's, by its name
		l, err := r.AWS.Classic.DescribeLoadBalancers(t.Context(), &elasticloadbalancing.DescribeLoadBalancersInput{})
		must(t, err)
		nodes, err := kubernetesOf(t, r).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		must(t, err)
		out := map[string]int{}
		for _, i := range l.LoadBalancerDescriptions[0].Instances {
			for _, n := range nodes.Items {
				if strings.HasSuffix(n.Spec.ProviderID, *i.InstanceId) {
					out[n.Labels["alpha.eksctl.io/nodegroup-name"]]++
				}
			}
		}
		return out
	}
	if b := behind(); b["w"] != 3 || b["s"] != 2 {
		t.Fatalf("before: %v", b)
	}
	s := replacement(t, r, run.Replacement{Groups: []string{"w"}})
	var green, moved map[string]int
	look := func(e engine.Event) {
		switch {
		case e.Type == "step_done" && strings.HasPrefix(e.Step, rules.Proven) && green == nil:
			green = behind()
		case e.Type == "step_done" && strings.HasPrefix(e.Step, rules.Evacuate):
			moved = behind()
		}
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, look)
	if err != nil || !rep.OK() {
		t.Fatal(err, rep.FirstFailure)
	}
	if green["w"] != 3 || green["w-b2"] != 3 || moved["w"] != 0 || moved["w-b2"] != 3 || moved["s"] != 2 {
		t.Errorf("with the new nodes %v, and as pods had moved %v", green, moved)
	}
	if b := behind(); b["w-b2"] != 3 || b["s"] != 2 || len(b) != 2 {
		t.Errorf("afterwards: %v", b)
	}
}
