// Package rules holds the ordering knowledge of a launch: one rule, one file. A
// rule adds edges with their reason to a draft of the plan, or rejects it. It must
// not know how a step acts.
package rules

import (
	"errors"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/graph"
)

// Kinds of steps.
const (
	ClusterStack  = "cluster-stack"
	ControlPlane  = "control-plane"
	OIDC          = "oidc-provider"
	AddonRole     = "addon-role"
	Addon         = "addon"
	AddonHealth   = "addon-health"
	AddonUpdate   = "addon-update"
	AccountRole   = "service-account-role"
	Account       = "service-account"
	PodRole       = "pod-identity-role"
	PodIdentity   = "pod-identity"
	AccessEntry   = "access-entry"
	Fargate       = "fargate-profile"
	Provider      = "identity-provider"
	Mapping       = "identity-mapping"
	Windows       = "windows-support"
	Retention     = "log-retention"
	CNIGate       = "cni-gate"
	ClusterUpdate = "cluster-update"
	GroupRole     = "nodegroup-role"
	NodeGroup     = "nodegroup"
	Nodes         = "nodes"
	KeyPair       = "key-pair"
	DeleteStack   = "delete-stack"
	GroupScaling  = "nodegroup-scaling"
	GroupUpdate   = "nodegroup-update"
	GroupSettled  = "nodegroup-settled"
	GroupLive     = "nodegroup-live" // what a group's stack does not say
	StackSettled  = "stack-settled"
	DeleteGroup   = "delete-nodegroup"
	DeleteAddon   = "delete-addon"
	DeleteProfile = "delete-fargate-profile"
	FargateRole   = "fargate-role"
	Tags          = "tags"
)

// ID is a step's identifier: its kind, and its name where there are several.
func ID(kind, name string) string {
	if name == "" {
		return kind
	}
	return kind + "/" + name
}

// Step is what rules know of a step.
type Step struct {
	Kind, Name string
	IRSA       bool     // addon-role, service-account-role: the role names the OIDC issuer
	Managed    bool     // nodegroup
	Windows    bool     // nodegroup
	Daemon     bool     // addon-health: its pods are a DaemonSet's, none with no node
	Kubernetes bool     // the step calls the Kubernetes API
	For        []string // access-entry: the node groups whose role it lets in
	Of         string   // what the step makes, deletes or waits for: a stack's name, addon/NAME
}

// Draft is a plan under construction.
type Draft struct {
	Config *config.ClusterConfig
	Graph  *graph.Graph
	Steps  map[string]*Step
	Order  []string
	Errors []error
	Notes  []string

	rule string
}

// NewDraft is an empty draft of a plan for a config.
func NewDraft(c *config.ClusterConfig) *Draft {
	return &Draft{Config: c, Graph: graph.New(64), Steps: map[string]*Step{}}
}

// Add adds a step.
func (d *Draft) Add(s Step) string {
	id := ID(s.Kind, s.Name)
	d.Steps[id] = &s
	d.Order = append(d.Order, id)
	d.Graph.Add(id)
	return id
}

// Of lists the steps of some kinds, in order.
func (d *Draft) Of(kinds ...string) []string {
	var out []string
	for _, id := range d.Order {
		if slices.Contains(kinds, d.Steps[id].Kind) {
			out = append(out, id)
		}
	}
	return out
}

// Wait makes after wait for before, where both are in the plan: what exists
// already is not.
func (d *Draft) Wait(after, before, reason string) {
	if !d.Graph.Has(after) || !d.Graph.Has(before) || after == before {
		return
	}
	if err := d.Graph.Connect(graph.Edge{Before: before, After: after, Reason: reason, Rule: d.rule}); err != nil {
		d.Errors = append(d.Errors, err)
	}
}

// Reject refuses the plan.
func (d *Draft) Reject(err error) { d.Errors = append(d.Errors, err) }

// Note says something about the plan to its reader.
func (d *Draft) Note(s string) { d.Notes = append(d.Notes, s) }

// Rule is one piece of ordering knowledge.
type Rule struct {
	Name    string       `json:"name"`
	Reason  string       `json:"reason"`
	Source  string       `json:"source"`
	Checked string       `json:"checked"` // the date on which it was last checked
	Apply   func(*Draft) `json:"-"`
}

// All lists the rules in the order in which they are applied and explained.
var All = []Rule{
	controlPlaneActive,
	clusterStackComplete,
	oidcBeforeIRSA,
	rolesBeforeUse,
	rolesEarly,
	networkAddonsFirst,
	cniDeclared,
	deploymentsAfterNodes,
	fargateOneAtATime,
	windowsSupportFirst,
	noOverlapWithUpdates,
	nodesLetIn,
	nodesAfterGroup,
	deleteBeforeCreate,
	beforeCompute,
	dependsOn,
}

// Apply applies every rule, then checks for cycles; the error names the rule's
// rejection, or the circle in words.
func Apply(d *Draft) error {
	for _, r := range All {
		d.rule = r.Name
		r.Apply(d)
	}
	if len(d.Errors) > 0 {
		return errors.Join(d.Errors...)
	}
	_, err := d.Graph.Order()
	return err
}

// EarlyAddons are the add-ons that node groups wait for.
func EarlyAddons(c *config.ClusterConfig) []string {
	out := eksfacts.NetworkAddons()
	if c.CNIPermissions() == config.FromPodIdentity {
		out = append(out, eksfacts.PodIdentityAgent)
	}
	for _, a := range c.Addons {
		if config.On(a.BeforeCompute, false) && !slices.Contains(out, a.Name) {
			out = append(out, a.Name)
		}
	}
	return out
}

// schedulable tells whether the config wants a Linux node that takes ordinary pods.
func schedulable(c *config.ClusterConfig) bool {
	if c.AutoMode() && len(c.AutoModeConfig.NodePools) > 0 {
		return true
	}
	for i := range c.ManagedNodeGroups {
		m := &c.ManagedNodeGroups[i]
		if *m.DesiredCapacity > 0 && !m.Windows() && !repels(m.Taints) {
			return true
		}
	}
	for i := range c.NodeGroups {
		n := &c.NodeGroups[i]
		if *n.DesiredCapacity > 0 && !n.Windows() && !repels(n.Taints) {
			return true
		}
	}
	return false
}

// Schedulable is schedulable, for the plan's summary.
func Schedulable(c *config.ClusterConfig) bool { return schedulable(c) }

// FargateOnly tells whether pods can run on Fargate alone.
func FargateOnly(c *config.ClusterConfig) bool {
	return len(c.Groups()) == 0 && !c.AutoMode() && len(c.FargateProfiles) > 0
}

func repels(ts config.Taints) bool {
	return slices.ContainsFunc(ts, func(t config.Taint) bool { return eksfacts.Repels(t.Effect) })
}

func cut(id string) (kind, name string) {
	kind, name, _ = strings.Cut(id, "/")
	return kind, name
}
