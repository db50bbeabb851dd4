package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// outside is what the nodes of a test depend on: what the CNI is told, and what was
// unplaced.
type outside struct {
	cni      string
	unplaced map[string]bool
}

func (o *outside) CNI(*corev1.Node, string) string { return o.cni }
func (o *outside) Unplaced(p *corev1.Pod)          { o.unplaced[p.Name] = true }
func (o *outside) Settled()                        {}

type cluster struct {
	*node.Cluster
	w   *world.World
	env *outside
}

func start(t *testing.T) *cluster {
	t.Helper()
	env := &outside{unplaced: map[string]bool{}}
	return startIn(t, env, env)
}

func startIn(t *testing.T, in node.Env, env *outside) *cluster {
	t.Helper()
	w := world.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 1, 0)
	c := node.NewFleet(w).New("C", in)
	k, err := kubeapi.NewCluster("v1.34.4", func(key string) string { return w.UUID(key) }, w.Date, c.Changed)
	if err != nil {
		t.Fatal(err)
	}
	c.API = k
	k.Bootstrap()
	return &cluster{c, w, env}
}

func (c *cluster) node(name string, taints ...corev1.Taint) {
	c.Register(node.Spec{Name: name, Zone: "us-west-2a", Region: "us-west-2", Arch: "amd64", OS: "linux", Version: "v1.34.4", CPUs: 2, MemMiB: 8192, Pods: 29,
		Taints: taints})
}

func template(app string, s corev1.PodSpec) corev1.PodTemplateSpec {
	s.Containers = []corev1.Container{{Name: "c", Image: "i"}}
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"k8s-app": app}}, Spec: s}
}

func (c *cluster) daemon(app string, s corev1.PodSpec) {
	sel := &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": app}}
	c.API.Save(&appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: "kube-system"},
		Spec: appsv1.DaemonSetSpec{Selector: sel, Template: template(app, s)}})
}

func (c *cluster) cni() {
	c.daemon("aws-node", corev1.PodSpec{HostNetwork: true, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Volumes: []corev1.Volume{{Name: "cni", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc/cni/net.d"}}}}})
}

func (c *cluster) deploy(app string, replicas int32) {
	sel := &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": app}}
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: app, Namespace: "default"},
		Spec: appsv1.DeploymentSpec{Replicas: new(replicas), Selector: sel, Template: template(app, corev1.PodSpec{})}}
	if cur := kubeapi.Get[appsv1.Deployment](c.API, "default", app); cur != nil {
		d = cur.DeepCopy()
		d.Spec.Replicas = new(replicas)
	}
	c.API.Save(d)
}

// pods says on which node each pod of an app is, and whether it is ready.
func (c *cluster) pods(app string) (on map[string]int, ready int) {
	on = map[string]int{}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		if p.Labels["k8s-app"] != app {
			continue
		}
		on[p.Spec.NodeName]++
		for _, x := range p.Status.Conditions {
			if x.Type == corev1.PodReady && x.Status == corev1.ConditionTrue {
				ready++
			}
		}
	}
	return on, ready
}

func (c *cluster) ready(name string) (bool, string) {
	n := kubeapi.Get[corev1.Node](c.API, "", name)
	for _, x := range n.Status.Conditions {
		if x.Type == corev1.NodeReady {
			return x.Status == corev1.ConditionTrue, x.Message
		}
	}
	return false, ""
}

func TestANodeIsReadyWhenItsNetworkPluginIs(t *testing.T) {
	c := start(t)
	c.env.cni = "UnauthorizedOperation"
	c.node("n1")
	c.w.Advance(10 * time.Minute)
	if ok, why := c.ready("n1"); ok || why != node.NotReadyMessage {
		t.Errorf("without a plugin: %t %q", ok, why)
	}
	c.cni()
	c.w.Advance(10 * time.Minute)
	if ok, _ := c.ready("n1"); ok {
		t.Error("Ready though the plugin may do nothing")
	}
	c.env.cni = ""
	c.w.Advance(6 * time.Minute) // the kubelet's back-off has grown to five
	if ok, why := c.ready("n1"); !ok {
		t.Errorf("not Ready with a plugin that works: %s", why)
	}
	if n := kubeapi.Get[corev1.Node](c.API, "", "n1"); len(n.Spec.Taints) != 0 {
		t.Errorf("a Ready node has %v", n.Spec.Taints)
	}
}

func TestPodsGoWhereTheyMay(t *testing.T) {
	c := start(t)
	c.cni()
	gpu := corev1.Taint{Key: "gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule}
	c.node("n1")
	c.node("n2")
	c.node("n3", gpu)
	c.daemon("everywhere", corev1.PodSpec{Tolerations: []corev1.Toleration{{Key: "gpu", Operator: corev1.TolerationOpExists}}})
	c.daemon("untainted", corev1.PodSpec{})
	c.daemon("elsewhere", corev1.PodSpec{NodeSelector: map[string]string{"kubernetes.io/os": "windows"}})
	c.w.Advance(time.Minute) // all are Ready
	c.deploy("web", 10)
	c.w.Advance(5 * time.Minute)
	for app, want := range map[string]string{"everywhere": "map[n1:1 n2:1 n3:1]", "untainted": "map[n1:1 n2:1]", "elsewhere": "map[]",
		"web": "map[n1:5 n2:5]"} {
		if on, ready := c.pods(app); fmt.Sprint(on) != want || app == "web" && ready != 10 {
			t.Errorf("%s: %v, %d ready; want %s", app, on, ready, want)
		}
	}
	c.Forget("n1")
	c.w.Advance(time.Minute)
	if on, _ := c.pods("web"); fmt.Sprint(on) != "map[n2:10]" {
		t.Errorf("after n1 went: %v", on)
	}
}

// What nobody has room for is told, and waits.
func TestPodsWithoutRoomAreUnplaced(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1") // 29 pods, one of them the plugin's
	c.deploy("web", 40)
	c.w.Advance(5 * time.Minute)
	on, _ := c.pods("web")
	if on["n1"] != 28 || on[""] != 12 || len(c.env.unplaced) < 12 {
		t.Errorf("%v, unplaced %d", on, len(c.env.unplaced))
	}
	c.node("n2")
	c.w.Advance(5 * time.Minute)
	if on, _ := c.pods("web"); on["n2"] != 12 || on[""] != 0 {
		t.Errorf("with another node: %v", on)
	}
}

// Two million replicas are not made at once, nor ever without room (faults.md 4).
func TestAHugeDeploymentIsBounded(t *testing.T) {
	c := start(t)
	begun := time.Now()
	c.deploy("web", 2_000_000)
	c.w.Advance(time.Minute)
	on, _ := c.pods("web")
	if on[""] < 1000 || on[""] > 5000 {
		t.Errorf("%d pods wait", on[""])
	}
	d := kubeapi.Get[appsv1.Deployment](c.API, "default", "web")
	if d.Status.UnavailableReplicas != 2_000_000 || d.Status.Replicas > 5000 {
		t.Errorf("%+v", d.Status)
	}
	c.deploy("web", 3)
	c.w.Advance(time.Minute)
	if on, _ := c.pods("web"); on[""] != 3 {
		t.Errorf("scaled down: %v", on)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// The loops go on from where they were saved: pods that were starting start once.
func TestTheLoopsGoOnAfterALoad(t *testing.T) {
	a := start(t)
	a.cni()
	a.node("n1")
	a.deploy("web", 2)
	a.w.Advance(3 * time.Second)
	objects, err := a.API.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	loops, err := a.Save()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := a.w.Save()
	if err != nil {
		t.Fatal(err)
	}
	b := &cluster{w: world.New(time.Time{}, 0, 0), env: &outside{unplaced: map[string]bool{}}}
	b.Cluster = node.NewFleet(b.w).New("C", b.env)
	if err := b.w.Load(saved); err != nil {
		t.Fatal(err)
	}
	if b.API, err = kubeapi.LoadCluster(objects, func(key string) string { return b.w.UUID(key) }, b.w.Date, b.Changed); err != nil {
		t.Fatal(err)
	}
	if err := b.Load(loops); err != nil {
		t.Fatal(err)
	}
	a.w.Advance(time.Minute)
	b.w.Advance(time.Minute)
	x, errX := a.API.Snapshot()
	y, errY := b.API.Snapshot()
	if errX != nil || errY != nil || string(x) != string(y) {
		t.Errorf("%v %v\n%s\n%s", errX, errY, x, y)
	}
	if _, ready := b.pods("web"); ready != 2 || !strings.Contains(string(y), `"Running"`) {
		t.Errorf("%d of 2 run", ready)
	}
}

// A cluster that is gone takes its future along.
func TestNothingHappensInAStoppedCluster(t *testing.T) {
	c := start(t)
	c.cni()
	c.node("n1")
	c.w.Advance(2 * time.Second)
	c.Stop()
	before, err := c.API.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	c.w.Advance(time.Hour)
	if after, err := c.API.Snapshot(); err != nil || string(after) != string(before) {
		t.Errorf("it went on: %v", err)
	}
}
