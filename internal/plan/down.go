package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Removal is what the plan of a removal is made from.
type Removal struct {
	Name, Region       string
	Account, Partition string
	Live               *observe.Observed
	Keys               []string // key pairs that were made for the cluster
	SecurityGroups     []string // that EKS made for a control plane which is gone
}

// Down is the plan that removes a cluster and everything that eksctl or Slipway
// made for it, told apart by eksctl's tags. Rules order it, as they do a launch.
func Down(in Removal) (*Plan, error) {
	b := newBuilder(in.Live, "")
	b.publishedGo()
	b.profilesGo()
	b.stacksGo(stack.ClusterName(in.Name))
	b.groupsGo()
	b.issuerGoes()
	b.keysGo(in.Keys)
	for _, id := range in.SecurityGroups {
		b.remove(rules.Step{Kind: rules.DeleteSG, Name: id}, "security group "+id+", which EKS left", "security-group", id, time.Second)
	}
	b.clusterGoes(stack.ClusterName(in.Name))
	return b.done()
}

// remove adds the deletion of one thing.
func (b *builder) remove(s rules.Step, title, resource, of string, typical time.Duration) {
	b.add(part{Step: s, Action: Delete, Title: title, Typical: typical, Timeout: timeoutUpdate, Run: &steps.Delete{Resource: resource, Name: of}})
}

// publishedGo removes the Services and Ingresses that have load balancers, each in a step
// of its own, so that the plan names what stops answering; and it tells of load balancers
// that nothing in the plan removes, and that the network's deletion would wait for.
func (b *builder) publishedGo() {
	known := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(b.live.Published)) {
		p := b.live.Published[id]
		for _, name := range p.Balancers() {
			known[name] = true
		}
		b.add(part{Step: rules.Step{Kind: rules.Unpublish, Name: id}, Action: Delete,
			Title:   fmt.Sprintf("%s %s/%s with its load balancer", p.Kind, p.Namespace, p.Name),
			Typical: 90 * time.Second, Timeout: timeoutUpdate,
			Run: &steps.Unpublish{Kind: p.Kind, Namespace: p.Namespace, Name: p.Name, Balancers: p.Balancers()}})
	}
	for _, n := range b.live.NotRead {
		switch n.Part {
		case observe.Publishing:
			b.plan.Notes = append(b.plan.Notes, "The Kubernetes API could not be asked for Services and Ingresses with load balancers ("+n.Why+"); "+
				"one that is left holds subnets and security groups, and the network cannot be deleted before it is gone.")
		case observe.Balancers:
			b.plan.Notes = append(b.plan.Notes, "Whether load balancers of the cluster are left could not be read ("+n.Why+").")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.live.LoadBalancers)) {
		if !known[name] {
			b.plan.Notes = append(b.plan.Notes, left(b.live.LoadBalancers[name]))
		}
	}
}

// left says of a load balancer that nothing in the plan removes what it is in the way of,
// and how it is removed.
func left(l *observe.LoadBalancer) string {
	what, by := "The "+l.Type+" load balancer "+l.Name, "aws elbv2 delete-load-balancer --load-balancer-arn "+l.ARN
	if l.ARN == "" {
		by = "aws elb delete-load-balancer --load-balancer-name " + l.Name
	}
	if l.For != "" {
		what += " of " + l.For
	}
	if len(l.SecurityGroups) > 0 {
		what += " (security groups " + strings.Join(l.SecurityGroups, ", ") + ")"
		by += ", and then its security groups"
	}
	return what + " carries the cluster's tag, and no Service or Ingress here removes it: the network cannot be deleted before it is gone. Remove it: " + by + "."
}

func (b *builder) profilesGo() {
	for _, f := range slices.Sorted(maps.Keys(b.live.Profiles)) {
		b.remove(rules.Step{Kind: rules.DeleteProfile, Name: f}, "Fargate profile "+f, "fargate-profile", f, 3*time.Minute)
	}
}

// stacksGo removes all stacks but the cluster's own, and with them what they hold.
func (b *builder) stacksGo(root string) {
	for _, name := range slices.Sorted(maps.Keys(b.live.Stacks)) {
		if name == root {
			continue
		}
		typical := 20 * time.Second
		if b.live.Stacks[name].Tags[eksfacts.TagGroup] != "" {
			typical = 7 * time.Minute
		}
		b.remove(rules.Step{Kind: rules.DeleteStack, Name: name}, "stack "+name, "stack", name, typical)
	}
}

// groupsGo removes node groups that no stack holds.
func (b *builder) groupsGo() {
	stacked := map[string]bool{}
	for _, s := range b.live.Stacks {
		stacked[s.Tags[eksfacts.TagGroup]] = true
	}
	for _, n := range slices.Sorted(maps.Keys(b.live.Groups)) {
		if !stacked[n] {
			b.plan.Notes = append(
				b.plan.Notes,
				fmt.Sprintf("The node group %s was made outside of eksctl and Slipway; it is deleted with the cluster, which cannot go before it.", n),
			)
			b.remove(rules.Step{Kind: rules.DeleteGroup, Name: n}, "node group "+n, "nodegroup", n, 7*time.Minute)
		}
	}
}

func (b *builder) issuerGoes() {
	if p := b.live.OIDCProvider; p != nil {
		b.remove(rules.Step{Kind: rules.DeleteOIDC}, "IAM OIDC provider", "oidc-provider", p.ARN, 2*time.Second)
	}
}

func (b *builder) keysGo(keys []string) {
	for _, k := range keys {
		b.remove(rules.Step{Kind: rules.DeleteKey, Name: k}, "SSH key "+k, "key-pair", k, time.Second)
	}
}

// clusterGoes removes the control plane and its network, and the logs that it leaves.
func (b *builder) clusterGoes(root string) {
	if b.live.Stacks[root] == nil {
		return
	}
	whole := rules.Step{Kind: rules.DeleteStack, Name: root, Labels: []string{rules.WholeCluster}}
	b.remove(whole, "stack "+root+" (control plane, network)", "stack", root, 6*time.Minute)
	if b.live.Cluster != nil {
		b.remove(rules.Step{Kind: rules.DeleteLogs}, "control-plane log group", "log-group", eksfacts.LogGroup(b.plan.Cluster), time.Second)
	}
}
