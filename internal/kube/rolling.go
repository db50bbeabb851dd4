package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// Rolling is how far a managed node group's nodes are replaced by EKS, as its nodes tell.
type Rolling struct {
	Nodes, Ready int
	Images       int // different AMIs that the nodes run
	// Old are those that take no more pods: first those where something holds one, then those with
	// the fewest.
	Old []LeavingNode
}

// LeavingNode is a node that its pods have to leave.
type LeavingNode struct {
	Name string
	Left int // pods that must go before it does
	Held []HeldPod
}

// HeldPod is a pod that a disruption budget does not let go now.
type HeldPod struct {
	Pod    string // namespace/name
	Budget string // likewise
	Words  string // what the budget wants, and has
}

// Left are how many pods have to leave yet.
func (x Rolling) Left() (n int) {
	for _, o := range x.Old {
		n += o.Left
	}
	return n
}

// Words say how far it is.
func (x Rolling) Words() string {
	switch {
	case len(x.Old) == 0 && x.Images > 1:
		return fmt.Sprintf("the new nodes come first; %d of %d nodes Ready", x.Ready, x.Nodes)
	case len(x.Old) == 0:
		return fmt.Sprintf("%d of %d nodes Ready", x.Ready, x.Nodes)
	}
	return fmt.Sprintf("%d of %d nodes are new; %s", x.Nodes-len(x.Old), x.Nodes, strings.Join(x.Leaving(), "; "))
}

// Leaving says what is left on the nodes that their pods leave, the first few of them, and
// what holds it.
func (x Rolling) Leaving() []string {
	const most = 3
	var said []string
	for i, n := range x.Old {
		if i == most {
			return append(said, fmt.Sprintf("and %d more to empty", len(x.Old)-most))
		}
		words := fmt.Sprintf("%s has %d pods left", n.Name, n.Left)
		if n.Left == 1 {
			words = n.Name + " has 1 pod left"
		}
		for _, p := range n.Held {
			words += ", pod " + p.Pod + " held by PodDisruptionBudget " + p.Budget + " (" + p.Words + ")"
		}
		said = append(said, words)
	}
	return said
}

// RollingOf looks at a managed group's nodes, and at what holds the pods of those that leave.
func RollingOf(ctx context.Context, k kubernetes.Interface, group string) (Rolling, error) {
	return rolling(ctx, k, group, eksfacts.LabelGroup+"="+group)
}

// LeavingOf is the same of any node group, by the names of its nodes.
func LeavingOf(ctx context.Context, k kubernetes.Interface, group string) (Rolling, error) {
	x, err := RollingOf(ctx, k, group)
	if err != nil || x.Nodes > 0 {
		return x, err
	}
	return rolling(ctx, k, group, eksfacts.TagGroup+"="+group)
}

func rolling(ctx context.Context, k kubernetes.Interface, group, selector string) (Rolling, error) {
	var out Rolling
	l, err := k.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return out, fmt.Errorf("listing the nodes of %s: %w", group, err)
	}
	images := map[string]bool{}
	for _, n := range l.Items {
		out.Nodes++
		images[n.Labels[eksfacts.LabelImage]] = true
		if ready(&n) {
			out.Ready++
		}
		if n.Spec.Unschedulable {
			out.Old = append(out.Old, LeavingNode{Name: n.Name})
		}
	}
	if out.Images = len(images); len(out.Old) == 0 {
		return out, nil
	}
	budgets, err := BudgetsOf(ctx, k)
	if err != nil {
		return out, err
	}
	for i := range out.Old {
		n := &out.Old[i]
		pods, err := PodsOn(ctx, k, n.Name)
		if err != nil {
			return out, err
		}
		n.Left = len(pods)
		for _, p := range pods {
			if b := budgets.over(p); b != nil && p.DeletionTimestamp == nil {
				n.Held = append(n.Held, HeldPod{Pod: p.Namespace + "/" + p.Name, Budget: b.Namespace + "/" + b.Name,
					Words: fmt.Sprintf("it wants %d of its %d pods healthy, and %d are", b.Status.DesiredHealthy, b.Status.ExpectedPods, b.Status.CurrentHealthy)})
			}
		}
	}
	slices.SortStableFunc(out.Old, func(a, b LeavingNode) int {
		return cmp.Or(cmp.Compare(len(b.Held), len(a.Held)), cmp.Compare(a.Left, b.Left), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}
