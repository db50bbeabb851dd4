// Package rules holds the ordering knowledge of launches and removals. Most of it is
// data: rows that say which kind of step waits for which, and why (table.go); what a row
// asks of a step is on the step, as labels. So the rows also answer for a graph that
// somebody else made, such as a Terraform root: what of it is missing. It must not know
// how a step acts, nor the config file.
package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/graph"
)

// Kinds of steps.
const (
	ClusterStack     = "cluster-stack"
	ClusterStackDone = "cluster-stack-complete" // the step that sees it complete
	ControlPlane     = "control-plane"
	OIDC             = "oidc-provider"
	AddonRole        = "addon-role"
	Addon            = "addon"
	AddonHealth      = "addon-health"
	AddonUpdate      = "addon-update"
	AddonBegun       = "addon-begun" // what was available before one alone changes, written down
	AddonEnded       = "addon-ended" // what was written down goes
	AccountRole      = "service-account-role"
	Account          = "service-account"
	PodRole          = "pod-identity-role"
	PodIdentity      = "pod-identity"
	AccessEntry      = "access-entry"
	Fargate          = "fargate-profile"
	Provider         = "identity-provider"
	Mapping          = "identity-mapping"
	Windows          = "windows-support"
	Retention        = "log-retention"
	CNIGate          = "cni-gate"
	ClusterUpdate    = "cluster-update"
	GroupRole        = "nodegroup-role"
	NodeGroup        = "nodegroup"
	Nodes            = "nodes"
	KeyPair          = "key-pair"
	GroupScaling     = "nodegroup-scaling"
	GroupUpdate      = "nodegroup-update"
	GroupSettled     = "nodegroup-settled"
	GroupVersion     = "nodegroup-version"       // EKS replaces the nodes within the group
	TemplateVersion  = "launch-template-version" // that EKS makes nodes from then
	GroupRolled      = "nodegroup-rolled"        // what that leaves is as before
	GroupLive        = "nodegroup-live"          // what a group's stack does not say
	StackSettled     = "stack-settled"
	FargateRole      = "fargate-role"
	Tags             = "tags"

	// Of a restore; what goes is what others added since.
	Subnet           = "subnet"
	SubnetAttributes = "subnet-attributes"
	SubnetTags       = "subnet-tags"
	SubnetTagsGo     = "delete-subnet-tags"
	SubnetRoutes     = "subnet-routes"
	SubnetACL        = "subnet-acl"
	NATGateway       = "nat-gateway"
	Route            = "route"
	RouteGoes        = "delete-route"
	GroupRules       = "security-group-rules"
	GroupRulesGo     = "delete-security-group-rules"
	VPCAttributes    = "vpc-attributes"
	GroupSizes       = "nodegroup-sizes"
	GroupLabelsGo    = "delete-nodegroup-labels"
	Record           = "record-sync"

	DeleteStack   = "delete-stack"
	DeleteGroup   = "delete-nodegroup"
	DeleteAddon   = "delete-addon"
	DeleteProfile = "delete-fargate-profile"
	DeleteOIDC    = "delete-oidc-provider"
	DeleteKey     = "delete-key-pair"
	DeleteLogs    = "delete-log-group"
	DeleteScaling = "delete-scaling-group"
	DeleteEntry   = "delete-access-entry"
	DeleteSG      = "delete-security-group"
	Unmap         = "identity-unmapping"
	NodeAccess    = "node-access"
	Drain         = "drain"
	EndNodes      = "end-instances"
	GroupMinimum  = "nodegroup-minimum" // lowered, so that nodes may go
	Unpublish     = "delete-published"  // a Service or an Ingress with its load balancer

	// Of a node group's replacement, green beside blue.
	Begun         = "replacement-begun" // what was available before, written down
	Proven        = "nodes-proven"      // green's nodes can take pods
	HoldScaleDown = "hold-scale-down"   // the autoscaler leaves green alone
	LetScaleDown  = "let-scale-down"
	Cordon        = "cordon"            // blue takes no more pods
	Exclude       = "exclude"           // and leaves the load balancers
	HoldScaling   = "hold-scaling"      // Auto Scaling starts no node of blue, and levels no zones
	FreeScaling   = "free-scaling"      // and may again
	Gate          = "gate"              // the one that every replacement has
	GateCommand   = "gate-command"      // the user's
	Soak          = "soak"              // watched for a while
	Evacuate      = "evacuate"          // the pods of one zone move
	Pause         = "pause"             // a person is waited for
	RestoreNodes  = "restore-nodes"     // uncordoned, and in the load balancers again
	Ended         = "replacement-ended" // what was written down goes

	// Of one that goes slice by slice.
	Grow          = "grow" // green gets room for a slice
	Grown         = "grown"
	GrownProven   = "grown-proven"
	EvacuateSlice = "evacuate-slice" // the pods of some nodes move
	GateSlice     = "gate-slice"
	SizesBack     = "sizes-back"     // of the way back: blue gets the nodes again that have gone
	SizesRecorded = "sizes-recorded" // green's stack says what it has grown to

	// Of another Kubernetes version of the whole cluster.
	AddonVersion   = "addon-version"
	ClusterVersion = "cluster-version"
	Ready          = "upgrade-ready"    // EKS has looked, and finds nothing in the way
	Followed       = "nodes-followed"   // others, who keep nodes, have replaced them
	Verified       = "upgrade-verified" // all that a round changes is seen to be so
)

// Labels that a step may carry.
const (
	NeedsIssuer   = "needs-issuer"   // a role: its trust names the cluster's OIDC issuer
	Managed       = "managed"        // a node group, its nodes: EKS's
	OnWindows     = "windows"        // likewise: Windows
	Daemon        = "daemon"         // an add-on: its pods are a DaemonSet's, none with no node
	BeforeCompute = "before-compute" // an add-on: node groups wait for it
	CNIPermission = "cni-permission" // an add-on: the network plugin's permissions come through it
	First         = "first"          // a step of an upgrade, or of the way back: before the control plane's
	WholeCluster  = "whole-cluster"  // a stack: the one that makes the control plane and the network
)

// Labels with a value, made by With.
const (
	Of    = "of"    // what the step makes, deletes or waits for: a stack's name, addon/NAME
	For   = "for"   // the node group, or add-on, that the step is for
	Is    = "is"    // how dependsOn names what the step brings: addon/NAME, nodegroup/NAME
	Needs = "needs" // what the file says that the step depends on, named so

	Round    = "round"    // of an upgrade, by the minor that the control plane goes to in it
	After    = "after"    // the round before, or another step's turn
	Turn     = "turn"     // the step's own, for others to come after
	BackTo   = "back-to"  // of the way back: the minor that the control plane goes back to
	Replaces = "replaces" // the node group whose replacement the step is part of
	Stage    = "stage"    // of a replacement, that a gate follows
	Slice    = "slice"    // of a replacement, that the step is of
	PastIt   = "past-it"  // the slice that ends before this step
	Around   = "around"   // the add-on whose change, alone, the step is part of
	Follows  = "follows"  // the node group whose replacement ends before this one begins
)

// Stages of a replacement that gates follow.
const (
	AfterGreen = "after-green" // green is ready, and blue takes no more pods
	AfterDrain = "after-drain" // blue is empty
)

// AfterChange is the stage of an add-on's change that gates follow.
const AfterChange = "after-change"

// With is a label with a value.
func With(key, value string) string { return key + "=" + value }

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
	Labels     []string
}

// ID is the step's identifier.
func (s Step) ID() string { return ID(s.Kind, s.Name) }

// Label adds labels; "" is none.
func (s Step) Label(labels ...string) Step {
	s.Labels = slices.Concat(s.Labels, slices.DeleteFunc(labels, func(l string) bool { return l == "" }))
	return s
}

// Has tells whether a step carries a label.
func (s Step) Has(label string) bool { return slices.Contains(s.Labels, label) }

// Values are those of a label.
func (s Step) Values(key string) []string {
	var out []string
	for _, l := range s.Labels {
		if v, ok := strings.CutPrefix(l, key+"="); ok {
			out = append(out, v)
		}
	}
	return out
}

// End says which steps a row speaks of.
type End struct {
	Kinds   []string `json:"kinds"`
	Named   string   `json:"named,omitempty"`   // only the one of this name
	With    string   `json:"with,omitempty"`    // only with this label
	Without string   `json:"without,omitempty"` // only without it
	By      string   `json:"by,omitempty"`      // paired by this label's values; "": by name
}

func (e End) takes(s Step) bool {
	return slices.Contains(e.Kinds, s.Kind) && (e.Named == "" || s.Name == e.Named) && (e.With == "" || s.Has(e.With)) && (e.Without == "" || !s.Has(e.Without))
}

// among are the steps that an end speaks of, in their order.
func (e End) among(steps []Step) []Step {
	var out []Step
	for _, s := range steps {
		if e.takes(s) {
			out = append(out, s)
		}
	}
	return out
}

func (e End) keys(s Step) []string {
	if e.By == "" {
		return []string{s.Name}
	}
	return s.Values(e.By)
}

// Edge is a row: every step that After names waits for every step that Before names,
// or, where the row is Paired, for those of the same key.
type Edge struct {
	After  End    `json:"after"`
	Before End    `json:"before"`
	Paired bool   `json:"paired,omitempty"`
	Why    string `json:"why"` // {key} stands for the key
}

// joins tells whether a row makes a step of its one end wait for one of the other, and why.
func (e Edge) joins(after, before Step) (why string, ok bool) {
	if after.ID() == before.ID() {
		return "", false
	}
	if !e.Paired {
		return e.Why, true
	}
	for _, k := range e.After.keys(after) {
		if slices.Contains(e.Before.keys(before), k) {
			return strings.ReplaceAll(e.Why, "{key}", k), true
		}
	}
	return "", false
}

// Chain is a row: of what it names one goes at a time, in the order of the plan, and
// what Then names goes after the last, but for steps with a label of the key Except, which another
// row has before it.
type Chain struct {
	Kinds   []string `json:"kinds"`
	Why     string   `json:"why"`
	Then    []string `json:"then,omitempty"`
	ThenWhy string   `json:"thenWhy,omitempty"`
	Except  string   `json:"except,omitempty"`
}

// Rule is one piece of ordering knowledge.
type Rule struct {
	Name    string             `json:"name"`
	Reason  string             `json:"reason"`
	Source  string             `json:"source"`
	Checked string             `json:"checked"` // the date on which it was last checked
	Edges   []Edge             `json:"edges,omitempty"`
	Chains  []Chain            `json:"chains,omitempty"`
	Reject  func([]Step) error `json:"-"` // refuses a plan; nil: the rule refuses none
}

// Wanted is an edge that a rule asks for.
type Wanted struct {
	After, Before, Why, Rule string
	Either                   bool // either may come first
}

// edges lists what a rule asks of some steps. Chains ask for each with the next.
func (r Rule) edges(steps []Step) []Wanted {
	var out []Wanted
	for _, e := range r.Edges {
		befores := e.Before.among(steps)
		for _, after := range e.After.among(steps) {
			for _, before := range befores {
				if why, ok := e.joins(after, before); ok {
					out = append(out, Wanted{After: after.ID(), Before: before.ID(), Why: why, Rule: r.Name})
				}
			}
		}
	}
	for _, c := range r.Chains {
		last := ""
		for _, s := range steps {
			if slices.Contains(c.Kinds, s.Kind) {
				if last != "" {
					out = append(out, Wanted{s.ID(), last, c.Why, r.Name, true})
				}
				last = s.ID()
			}
		}
		for _, s := range steps {
			if last != "" && slices.Contains(c.Then, s.Kind) && (c.Except == "" || len(s.Values(c.Except)) == 0) {
				out = append(out, Wanted{After: s.ID(), Before: last, Why: c.ThenWhy, Rule: r.Name})
			}
		}
	}
	return out
}

// Missing lists what the rules ask of the steps of a graph that another tool made, and
// no path of it gives; path tells whether one step comes after another in it.
func Missing(steps []Step, path func(after, before string) bool) []Wanted {
	var out []Wanted
	for _, r := range All {
		for _, w := range r.edges(steps) {
			if !path(w.After, w.Before) && !(w.Either && path(w.Before, w.After)) {
				out = append(out, w)
			}
		}
	}
	return out
}

// Draft is a plan under construction.
type Draft struct {
	Graph *graph.Graph
	Steps []Step // in the order in which they were added
	twice []string
}

// NewDraft is an empty draft.
func NewDraft() *Draft { return &Draft{Graph: graph.New(64)} }

// Add adds a step. One that is there already is a fault of who plans, and the plan is refused:
// only one of the two would be run.
func (d *Draft) Add(s Step) string {
	if d.Graph.Has(s.ID()) {
		d.twice = append(d.twice, s.ID())
	}
	d.Steps = append(d.Steps, s)
	d.Graph.Add(s.ID())
	return s.ID()
}

// Apply applies every rule, then checks for cycles; the error names the rule's
// rejection, or the circle in words.
func Apply(d *Draft) error {
	var refused []error
	for _, id := range d.twice {
		refused = append(refused, fmt.Errorf("the plan has the step %s twice, and would run one of them: this is a fault of slipway's; nothing was changed", id))
	}
	for _, r := range All {
		if r.Reject != nil {
			refused = append(refused, r.Reject(d.Steps))
		}
		for _, w := range r.edges(d.Steps) {
			refused = append(refused, d.Graph.Connect(graph.Edge{Before: w.Before, After: w.After, Reason: w.Why, Rule: w.Rule}))
		}
	}
	if err := errors.Join(refused...); err != nil {
		return err
	}
	_, err := d.Graph.Order()
	return err
}
