package steps

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// NodesProven is done when a group's Ready nodes can take pods: what DaemonSets have on them
// is ready, and in each zone the network plugin has given a pod an address. Where no pod has
// one yet, a pod is sent, and taken away again.
type NodesProven struct {
	Group string `json:"group"`
	// Replaced is the group that it takes the place of: a DaemonSet that lacked pods before that
	// began, or came since, is not waited for. "": each is.
	Replaced string `json:"replaced,omitempty"`
	// Volumes: each volume of its pods must be where a node is that stays, wherever Auto Scaling
	// has put the new ones: before pods move, as they would wait for ever afterwards.
	Volumes bool `json:"volumes,omitempty"`
}

// Run looks at the pods of the group's nodes.
func (s *NodesProven) Run(ctx context.Context, e *Env, _ *Memo) (r engine.Result, err error) {
	k, all, err := e.nodes(ctx)
	if err != nil {
		return r, err
	}
	nodes := inGroup(all, s.Group)
	awaited, why, err := s.daemons(ctx, k)
	if err != nil || why != "" {
		return engine.Result{State: engine.Wait, Reason: why}, err
	}
	pods, err := kube.PodsOf(ctx, k, namesOf(nodes), func(*corev1.Pod) bool { return true })
	if err != nil {
		return r, err
	}
	proofs := map[string]*proof{}
	for _, n := range nodes {
		for _, p := range pods[n.Name] {
			if of := metav1.GetControllerOf(p); of != nil && of.Kind == "DaemonSet" && awaited[p.Namespace+"/"+of.Name] && !kube.PodReady(p) {
				return engine.Waiting(fmt.Sprintf("pod %s/%s of DaemonSet %s is not ready on node %s", p.Namespace, p.Name, of.Name, n.Name))
			}
		}
		if proofs[n.Zone] == nil {
			proofs[n.Zone] = &proof{}
		}
		proofs[n.Zone].take(n, pods[n.Name])
	}
	for _, n := range nodes {
		if p := proofs[n.Zone]; p.has == "" && p.node == "" {
			return engine.Waiting("no node in " + n.Zone + " is Ready")
		}
	}
	waits := ""
	for _, n := range nodes { // in their order
		p := proofs[n.Zone]
		if p.has != "" || p.node != n.Name {
			continue
		}
		changed, err := p.send(ctx, k)
		if r.Changed = r.Changed || changed; err != nil {
			return r, err
		}
		if waits == "" {
			waits = "waiting for a pod in " + n.Zone + " to get an address"
		}
	}
	if waits != "" {
		r.State, r.Reason = engine.Wait, waits
		return r, nil
	}
	for _, n := range nodes {
		if p := proofs[n.Zone]; p.sent != "" {
			err := k.CoreV1().Pods(metav1.NamespaceSystem).Delete(ctx, p.sent, metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))})
			if err != nil && !apierrors.IsNotFound(err) {
				return r, fmt.Errorf("taking away pod %s, which proved the network: %w", p.sent, err)
			}
			p.sent, r.Changed = "", true
		}
	}
	if beyond, err := s.beyond(ctx, k, all); err != nil || beyond != "" {
		r.State, r.Reason = engine.Wait, beyond+placed(s.Group)
		return r, err
	}
	r.State, r.Reason = engine.Done, fmt.Sprintf("pods have addresses in %d zones", len(proofs))
	return r, nil
}

// beyond is a pod of the old nodes that none of the others could take with its volume.
func (s *NodesProven) beyond(ctx context.Context, k kubernetes.Interface, all []kube.Node) (string, error) {
	if !s.Volumes {
		return "", nil
	}
	pods, err := kube.PodsOf(ctx, k, namesOf(inGroup(all, s.Replaced)), kube.Leaves)
	if err != nil {
		return "", err
	}
	return kube.Beyond(ctx, k, slices.Concat(slices.Collect(maps.Values(pods))...), func(n *corev1.Node) bool { return kube.InGroup(n, s.Replaced) })
}

// placed is what to do where a group has no node where a volume is.
func placed(group string) string {
	return ": give " + group + " one more until one comes there (slipway nodegroup scale), or have a group in each zone"
}

// daemons are the DaemonSets that are waited for, and why one has not come to all nodes yet;
// "": each has.
func (s *NodesProven) daemons(ctx context.Context, k kubernetes.Interface) (awaited map[string]bool, why string, err error) {
	var before *kube.Replacement
	if s.Replaced != "" {
		if before, err = kube.ReplacementOf(ctx, k, s.Replaced); err != nil {
			return nil, "", err
		}
	}
	l, err := k.AppsV1().DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, "", fmt.Errorf("listing DaemonSets: %w", err)
	}
	awaited = map[string]bool{}
	for _, d := range l.Items {
		name := d.Namespace + "/" + d.Name
		if before != nil && (before.Before.Pods["DaemonSet "+name] > 0 || before.Begun.Before(&d.CreationTimestamp)) {
			continue
		}
		awaited[name] = true
		if st := d.Status; why == "" && st.CurrentNumberScheduled < st.DesiredNumberScheduled {
			why = fmt.Sprintf("DaemonSet %s is on %d of %d nodes", name, st.CurrentNumberScheduled, st.DesiredNumberScheduled)
		}
	}
	return awaited, why, nil
}

// proof is what is known of the network of one zone's nodes.
type proof struct {
	has  string // a pod with an address of the network plugin's
	sent string // the pod that was sent for it
	node string // where one goes, if none is there
	os   string // that node's
	like *corev1.Pod
}

// take looks at a node's pods.
func (p *proof) take(n kube.Node, pods []*corev1.Pod) {
	probe := probeName(n.Name)
	for _, x := range pods {
		if x.Namespace == metav1.NamespaceSystem && x.Name == probe {
			p.sent = x.Name
		}
		if !x.Spec.HostNetwork && x.Status.PodIP != "" {
			p.has = x.Name
		}
		if p.like == nil && n.Ready && len(x.Spec.Containers) > 0 {
			p.node, p.os, p.like = n.Name, n.OS, x
		}
	}
	if p.node == "" && n.Ready {
		p.node, p.os = n.Name, n.OS
	}
}

// pause is an image for a node without any pod: whether it can be had does not matter.
const (
	pause   = "pause"
	windows = "windows"
)

func probeName(node string) string {
	return fmt.Sprintf("slipway-probe-%x", sha256.Sum256([]byte(node)))[:24]
}

// send has a pod start on the node. Its image is one that is there already, so that no
// registry is asked; its command is in none, so that nothing runs: the address comes first,
// with the sandbox. Windows nodes have no DaemonSets of EKS's, and the plugin knows pods that
// want an address there by their node selector (EKS user guide, "Deploy Windows nodes").
func (p *proof) send(ctx context.Context, k kubernetes.Interface) (bool, error) {
	image := pause
	if p.like != nil {
		image = p.like.Spec.Containers[0].Image
	}
	var selector map[string]string
	if p.os == windows {
		selector = map[string]string{corev1.LabelOSStable: windows}
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: probeName(p.node)}, Spec: corev1.PodSpec{NodeName: p.node, NodeSelector: selector,
		RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: new(false), Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Containers: []corev1.Container{{Name: "probe", Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
			Command: []string{"/slipway-wants-an-address-alone"}}}}}
	_, err := k.CoreV1().Pods(metav1.NamespaceSystem).Create(ctx, pod, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("sending a pod to node %s, to see whether it gets an address: %w", p.node, err)
	}
	return true, nil
}
