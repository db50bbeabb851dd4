package node_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

func term(key string, labels map[string]string) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: labels}}
}

// near is a pod with labels that wants to be where its terms say.
func near(labels map[string]string, terms ...corev1.PodAffinityTerm) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels = labels
		p.Spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
	}
}

func away(labels map[string]string, terms ...corev1.PodAffinityTerm) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Labels = labels
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
	}
}

// at asks for a pod and says where it is a minute later.
func (c *cluster) at(name string, edit func(*corev1.Pod)) (node, why string) {
	c.pod(name, "10m", edit)
	c.w.Advance(time.Minute)
	return c.scheduled(name)
}

// on binds a pod to a node, as its test wants it.
func on(node string, labels map[string]string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels, p.Spec.NodeName = labels, node }
}

// A pod goes where one is that all its terms mean; the first of its kind where it means itself.
func TestPodsGoWhereTheirNeighboursAre(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.zoned("b", "b", nil)
	c.w.Advance(time.Minute)
	cache := map[string]string{"app": "cache"}
	if on, why := c.at("lonely", near(nil, term(corev1.LabelTopologyZone, cache))); on != "" ||
		why != "0/2 nodes are available: 2 node(s) didn't match pod affinity rules. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod." {
		t.Errorf("with nobody there it is on %q: %s", on, why)
	}
	first, why := c.at("cache", near(cache, term(corev1.LabelTopologyZone, cache)))
	if first == "" {
		t.Errorf("the first of its kind is nowhere: %s", why)
	}
	for _, name := range []string{"cache2", "cache3"} {
		if on, why := c.at(name, near(cache, term(corev1.LabelTopologyZone, cache))); on != first {
			t.Errorf("%s is on %q, the first on %q: %s", name, on, first, why)
		}
	}
	if on, why := c.scheduled("lonely"); on != first {
		t.Errorf("with neighbours it is on %q: %s", on, why)
	}
	// One pod that both terms mean is wanted, not one for each.
	c.at("x", on("a", map[string]string{"x": "1"}))
	c.at("y", on("a", map[string]string{"y": "1"}))
	both := near(nil, term(corev1.LabelTopologyZone, map[string]string{"x": "1"}), term(corev1.LabelTopologyZone, map[string]string{"y": "1"}))
	if on, _ := c.at("both", both); on != "" {
		t.Errorf("beside two pods of which each is meant by one term it is on %q", on)
	}
	c.at("xy", on("b", map[string]string{"x": "1", "y": "1"}))
	if on, why := c.scheduled("both"); on != "b" {
		t.Errorf("with one that both mean it is on %q: %s", on, why)
	}
	if on, _ := c.at("keyless", near(nil, term("example.com/row", cache))); on != "" {
		t.Errorf("of a key that no node has it is on %q", on)
	}
}

// A pod keeps others away, those that came before it and those that come, in the namespaces that
// it names or whose labels it selects.
func TestPodsKeepOthersAway(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.w.Advance(time.Minute)
	for name, team := range map[string]string{"red": "r", "blue": "b"} {
		c.API.Save(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": team}}})
	}
	noisy := map[string]string{"app": "noisy"}
	c.pod("other", "10m", func(p *corev1.Pod) { p.Namespace, p.Labels = "red", noisy })
	c.w.Advance(time.Minute)
	if p := kubeapi.Get[corev1.Pod](c.API, "red", "other"); p.Spec.NodeName != "a" {
		t.Fatalf("the other is on %q", p.Spec.NodeName)
	}
	team := func(of string) func(*corev1.Pod) {
		x := term(corev1.LabelHostname, noisy)
		x.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"team": of}}
		return away(nil, x)
	}
	all := term(corev1.LabelHostname, noisy)
	all.NamespaceSelector = &metav1.LabelSelector{}
	named := term(corev1.LabelHostname, noisy)
	named.Namespaces = []string{"red"}
	for name, x := range map[string]struct {
		edit func(*corev1.Pod)
		goes bool
	}{"own-namespace": {away(nil, term(corev1.LabelHostname, noisy)), true}, "team-b": {team("b"), true}, "team-r": {team("r"), false}, "all": {away(nil, all), false},
		"named": {away(nil, named), false}} {
		on, why := c.at(name, x.edit)
		if x.goes && on != "a" || !x.goes && (on != "" || why != unplaced(1, "1 node(s) didn't match pod anti-affinity rules")) {
			t.Errorf("%s is on %q: %s", name, on, why)
		}
	}
	if on, why := c.at("comes", func(p *corev1.Pod) { p.Labels = noisy }); on != "" || why != unplaced(1, "1 node(s) didn't satisfy existing pods anti-affinity rules") {
		t.Errorf("one that another keeps away is on %q: %s", on, why)
	}
}

// A pod of higher priority ends the one that keeps it away, and goes where that was.
func TestAPodOfHigherPriorityEndsItsNeighbour(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.w.Advance(time.Minute)
	app := map[string]string{"app": "one"}
	if on, why := c.at("low", away(app, term(corev1.LabelHostname, app))); on != "a" {
		t.Fatalf("the first is on %q: %s", on, why)
	}
	c.pod("high", "10m", func(p *corev1.Pod) {
		away(app, term(corev1.LabelHostname, app))(p)
		p.Spec.Priority = new(int32(1000))
	})
	c.w.Advance(5 * time.Minute)
	if on, why := c.scheduled("high"); on != "a" || kubeapi.Get[corev1.Pod](c.API, "default", "low") != nil {
		t.Errorf("it is on %q: %s", on, why)
	}
}

// A volume keeps its pod in its zone, or in those of its claim's.
func TestAVolumeKeepsItsPodInItsZone(t *testing.T) {
	c := start(t)
	c.cni()
	c.zoned("a", "a", nil)
	c.zoned("b", "b", nil)
	c.w.Advance(time.Minute)
	zone := &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
		Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{"us-west-2b"}}}}}}}
	c.API.Save(&corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "pv"}, Spec: corev1.PersistentVolumeSpec{NodeAffinity: zone,
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		ClaimRef:               &corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: "default", Name: "data"},
		PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: "ebs.csi.aws.com", VolumeHandle: "vol-1"}}}})
	c.API.Save(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "data"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, VolumeName: "pv", StorageClassName: new(""),
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound}})
	c.w.Advance(time.Minute)
	mounts := func(p *corev1.Pod) {
		p.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
	}
	if on, why := c.at("one", mounts); on != "b" {
		t.Errorf("it is on %q: %s", on, why)
	}
	c.cordon("b", true)
	want := "0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) were unschedulable."
	if on, why := c.at("two", mounts); on != "" || why[:min(len(why), len(want))] != want {
		t.Errorf("its node cordoned, the next is on %q: %s", on, why)
	}
}
