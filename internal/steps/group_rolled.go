package steps

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// GroupRolled looks at what an update leaves by which EKS replaced the nodes of a group within
// it: the Auto Scaling group has the sizes that it had (terraform-aws-eks #2047), its nodes take
// pods and run one image (pulumi-eks #875), and the pods that they ran have found a node again
// (courtlistener #3245: one whose volume is in a zone without nodes waited for a week).
type GroupRolled struct {
	Group string `json:"group"`
	Min   int    `json:"min"`
	Max   int    `json:"max"`
	Nodes int    `json:"nodes"` // how many were wanted before
	// Own: it runs an AMI of somebody's own, of which nobody knew the kubelet before.
	Own bool `json:"own,omitempty"`
	// Ran are the workloads that had pods on the nodes before, as Kind/namespace/name of who makes
	// the pods.
	Ran []string `json:"ran,omitempty"`
}

// looks is how often nodes that are too many are looked at: an autoscaler may want them.
const (
	looks    = 40
	lookEach = 15 * time.Second
)

// Run looks at the sizes, at the nodes, and at the pods, and says what is first amiss.
func (s *GroupRolled) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	m.Attempt++
	all, err := e.scalingGroups(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	wait := func(format string, a ...any) (engine.Result, error) {
		return engine.Result{State: engine.Wait, Reason: fmt.Sprintf(format, a...), Next: lookEach}, nil
	}
	more := ""
	if g := all[s.Group]; g != nil {
		low, high, want := int(aws.ToInt32(g.MinSize)), int(aws.ToInt32(g.MaxSize)), int(aws.ToInt32(g.DesiredCapacity))
		back := fmt.Sprintf("slipway nodegroup scale %s %s --nodes-min %d --nodes-max %d", e.Name, s.Group, s.Min, s.Max)
		switch {
		case low > s.Min || high > s.Max:
			return wait("its Auto Scaling group has %d to %d nodes, and had %d to %d before the update: EKS takes it back; if it stays so, %s",
				low, high, s.Min, s.Max, back)
		case want > s.Nodes && m.Attempt <= looks:
			return wait("%d nodes are wanted, and %d were before the update", want, s.Nodes)
		case want > s.Nodes:
			more = fmt.Sprintf("; %d nodes are wanted, and %d were before: an autoscaler may want them", want, s.Nodes)
		}
	}
	if !e.Reachable {
		return engine.Finished("its sizes are as before; its nodes and pods cannot be seen from here" + more)
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	x, err := kube.RollingOf(ctx, k, s.Group)
	switch {
	case err != nil:
		return engine.Result{}, err
	case len(x.Old) > 0:
		return wait("%s takes no pods, as EKS left it: if it stays so, kubectl uncordon %s", x.Old[0].Name, x.Old[0].Name)
	case x.Images > 1:
		return wait("its nodes run %d different AMIs: an old one is still there", x.Images)
	case x.Nodes > s.Nodes && m.Attempt <= looks:
		return wait("%d nodes are there, and %d are to stay", x.Nodes, s.Nodes)
	}
	if err := s.newer(ctx, e, k); err != nil {
		return engine.Result{}, err
	}
	homeless, err := s.homeless(ctx, k)
	if err != nil {
		return engine.Result{}, err
	}
	if homeless != "" {
		return wait("%s", homeless)
	}
	return engine.Finished(fmt.Sprintf("%d of %d nodes Ready, the sizes as before, and its pods run%s", x.Ready, x.Nodes, more))
}

// newer refuses kubelets that are newer than the control plane, which Kubernetes does not support
// and EKS cannot see of an AMI of somebody's own.
func (s *GroupRolled) newer(ctx context.Context, e *Env, k kubernetes.Interface) error {
	if !s.Own {
		return nil
	}
	c, err := e.Cluster(ctx)
	if err != nil {
		return err
	}
	nodes, err := kube.Nodes(ctx, k)
	for _, n := range nodes {
		if n.Group == s.Group && eksfacts.Minor(n.Version) > eksfacts.Minor(aws.ToString(c.Version)) {
			return fmt.Errorf("the kubelet of %s is %s, newer than the control plane (%s), which Kubernetes does not support: "+
				"give the group an AMI of %s or older, or take the control plane along (slipway upgrade %s)", n.Name, n.Version, *c.Version, *c.Version, e.Name)
		}
	}
	return err
}

// homeless is a pod of what ran on the nodes that finds none now, with what the scheduler says.
// One that is older than the group's nodes waited for a node before they came.
func (s *GroupRolled) homeless(ctx context.Context, k kubernetes.Interface) (out string, err error) {
	nodes, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: eksfacts.LabelGroup + "=" + s.Group})
	if err != nil {
		return "", fmt.Errorf("listing the nodes of %s: %w", s.Group, err)
	}
	var since metav1.Time
	for i := range nodes.Items {
		if at := nodes.Items[i].CreationTimestamp; since.IsZero() || at.Before(&since) {
			since = at
		}
	}
	err = kube.Each(ctx, k.CoreV1().Pods("").List, func(l *corev1.PodList) string { return l.Continue }, func(l *corev1.PodList) {
		for i := range l.Items {
			p := &l.Items[i]
			why := kube.Unplaced(p)
			if out != "" || why == "" || p.CreationTimestamp.Before(&since) || !slices.Contains(s.Ran, makerOf(p)) {
				continue
			}
			out = fmt.Sprintf("pod %s/%s, which ran before, finds no node: %s", p.Namespace, p.Name, why)
			if what := kube.Placing(why); what != "" {
				out += " (" + what + ")"
			}
		}
	})
	if err != nil {
		return "", fmt.Errorf("listing pods: %w", err)
	}
	return out, nil
}

// makerOf names who makes a pod, as GroupRolled.Ran does.
func makerOf(p *corev1.Pod) string {
	c := metav1.GetControllerOf(p)
	if c == nil {
		return ""
	}
	return c.Kind + "/" + p.Namespace + "/" + c.Name
}
