// Package owner says who keeps each part of a cluster: a stack by eksctl's contract,
// another stack, Terraform, AWS itself, Karpenter, another tool, or nobody who leaves a
// mark. What a Terraform state claims is certain; tags and names are evidence, and an
// owner told by them alone is said as unsure. It reads an observation; it must not call
// anything, and not decide what is written.
package owner

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Kind is a kind of owner. The words are a contract of JSON output.
type Kind string

// Kinds of owners.
const (
	Contract  Kind = "eksctl-stack" // a stack by eksctl's contract, which eksctl and Slipway both keep
	Stack     Kind = "stack"        // another CloudFormation stack
	Terraform Kind = "terraform"    // Terraform or OpenTofu
	AWS       Kind = "aws"          // EKS, or another service, makes and keeps it by itself
	AutoMode  Kind = "auto-mode"    // EKS Auto Mode
	Karpenter Kind = "karpenter"
	Tool      Kind = "tool"    // another tool, by its mark
	Person    Kind = "person"  // no stack and no tool claims it: the console, or a call of the API
	Unknown   Kind = "unknown" // stacks could not be read, and nothing else tells
)

// Owner is who keeps a part.
type Owner struct {
	Kind   Kind   `json:"kind"`
	Name   string `json:"name,omitempty"`   // a stack's, an address in Terraform, what AWS keeps it for
	Tool   string `json:"tool,omitempty"`   // that made the stack, or that the mark is of
	Unsure bool   `json:"unsure,omitempty"` // told by a mark that anybody could have set
	Why    string `json:"why,omitempty"`    // the evidence, where it is no claim of a record
	Beside string `json:"beside,omitempty"` // a stack that claims it, too
}

// String is the owner in words.
func (o Owner) String() string {
	s := ""
	switch o.Kind {
	case Contract:
		s = "stack " + o.Name + " (" + o.Tool + ")"
	case Stack:
		s = "CloudFormation stack " + o.Name
	case Terraform:
		s = "Terraform"
		if o.Name != "" {
			s += " (" + o.Name + ")"
		}
	case AWS:
		s = "AWS, for " + o.Name
	case AutoMode:
		s = "EKS Auto Mode"
	case Karpenter:
		s = "Karpenter"
	case Tool:
		s = o.Tool
	case Person:
		return "API or console (no stack)"
	case Unknown:
		return "not known, as stacks could not be read"
	}
	if o.Unsure {
		s += "?"
	}
	return s
}

// Ref names a part of a cluster.
type Ref struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // as its service knows it
}

// String is the part in words.
func (r Ref) String() string { return r.Kind + " " + r.Name }

// Kinds of parts.
const (
	ControlPlane     = "control plane"
	NodeGroup        = "node group"
	AddOn            = "add-on"
	FargateProfile   = "Fargate profile"
	AccessEntry      = "access entry"       // by its principal's ARN
	PodIdentity      = "pod identity"       // by its association's ID
	IdentityProvider = "identity provider"  // of the Kubernetes API
	OIDCProvider     = "IAM OIDC provider"  // by its ARN
	CloudFormation   = "stack"              // by its name
	Held             = "resources of stack" // whatever the stack of that name holds
	ScalingGroup     = "Auto Scaling group" //
	Role             = "IAM role"           // by its name
	Resource         = "EC2 resource"       // VPC, subnet, security group, …: by its ID
	LogGroup         = "log group"          //
	Workload         = "workload"           // namespace/name
	Nodes            = "nodes"              // by the pool that made them
)

// Place names a subnet by where it is: its ID changes when it is made again.
func Place(vpc, cidr string) string { return vpc + " " + cidr }

// Part is a part with its owner.
type Part struct {
	Ref
	Owner Owner `json:"owner"`
}

// Owners says who keeps what of a cluster.
type Owners struct {
	Parts []Part // control plane first, then what stands on it, then its network

	live    *observe.Observed
	claimed map[Ref]string    // addresses in a Terraform state
	stacked map[string]string // stacks by their resources' physical IDs
	placed  map[string]string // subnets' IDs by their places
	blind   bool              // stacks could not be read
}

// Of reads who keeps what from an observation. claimed are the parts that a Terraform
// state holds, with their addresses; nil: no state was given.
func Of(live *observe.Observed, claimed map[Ref]string) *Owners {
	o := &Owners{live: live, claimed: claimed, stacked: map[string]string{}, placed: map[string]string{}}
	o.blind = slices.ContainsFunc(live.NotRead, func(n observe.NotRead) bool { return n.Part == observe.Stacks })
	for _, s := range live.Stacks {
		for _, r := range s.Resources {
			if r.PhysicalID != "" && r.Status != "DELETE_COMPLETE" {
				o.stacked[r.PhysicalID] = s.Name
			}
		}
		if len(s.Resources) == 0 && strings.Contains(s.Template, "AWS::IAM::Role") { // not read: its outputs, or its group, tell of its role
			roles := []string{s.Outputs["InstanceRoleARN"], s.Outputs["Role1"], s.Outputs["FargatePodExecutionRoleARN"]}
			if g := live.Groups[s.Tags[eksfacts.TagGroup]]; g != nil {
				roles = append(roles, g.NodeRole)
			}
			for _, arn := range roles {
				o.stacked[arn[strings.LastIndex(arn, "/")+1:]] = s.Name
			}
			delete(o.stacked, "")
		}
	}
	o.stacks()
	o.running()
	o.access()
	o.network()
	return o
}

// At is who keeps a part; false: it is not there, or was not read.
func (o *Owners) At(r Ref) (Owner, bool) {
	if id := o.placed[r.Name]; id != "" {
		r.Name = id
	}
	i := slices.IndexFunc(o.Parts, func(p Part) bool { return p.Ref == r })
	if i < 0 {
		return Owner{}, false
	}
	return o.Parts[i].Owner, true
}

// evidence is what an observation holds of who made a part.
type evidence struct {
	tags     map[string]string
	physical string // its ID in a stack, where that is not its name
	name     string // that somebody gave it, or that a tool made; "": the part's own
	aws      string // what AWS made it for; "": AWS did not
}

// add adds a part, with the first owner that there is evidence of: a state, a stack, AWS
// itself, the mark of a tool.
func (o *Owners) add(kind, name string, e evidence) {
	ref := Ref{kind, name}
	in, stacked := o.stackOf(ref, e)
	own := Owner{Kind: Person}
	if o.blind {
		own.Kind = Unknown
	}
	switch address, claims := o.claimed[ref]; {
	case claims:
		own = Owner{Kind: Terraform, Name: address, Beside: in.Name}
	case stacked:
		own = in
	case e.aws != "":
		own = Owner{Kind: AWS, Name: e.aws}
	default:
		if e.name == "" {
			e.name = name
		}
		if m, ok := marked(e, o.files()); ok {
			own = m
		}
	}
	o.Parts = append(o.Parts, Part{ref, own})
}

// files are the tags of the config file, which are on the cluster's stack too: they are on
// whatever the file made, and no mark of another tool's.
func (o *Owners) files() map[string]string {
	if s := o.live.Stacks[stack.ClusterName(o.live.Name)]; s != nil {
		return s.Tags
	}
	return nil
}

// stackOf is the stack that holds a part, by the tags that CloudFormation gives it, or by
// what stacks say of their resources.
func (o *Owners) stackOf(r Ref, e evidence) (Owner, bool) {
	name := e.tags["aws:cloudformation:stack-name"]
	for _, id := range []string{e.physical, r.Name} {
		if name == "" && id != "" {
			name = o.stacked[id]
		}
	}
	if name == "" || strings.HasPrefix(name, "eksctl-"+o.live.Name+"-") && o.live.Stacks[name] == nil && !o.blind {
		return Owner{}, false // none, or one of the cluster's that is gone: what it made has kept its tags
	}
	return o.stack(name), true
}

// stack is a stack as an owner. One that a Terraform state holds is Terraform's.
func (o *Owners) stack(name string) Owner {
	s := o.live.Stacks[name]
	if address, claimed := o.claimed[Ref{CloudFormation, name}]; claimed {
		return Owner{Kind: Terraform, Name: address, Beside: name}
	}
	if s == nil {
		return Owner{Kind: Stack, Name: name}
	}
	tool := "eksctl"
	if stack.Signed(s.Description) {
		tool = "slipway"
	}
	return Owner{Kind: Contract, Name: name, Tool: tool}
}

// stacks are those by eksctl's contract.
func (o *Owners) stacks() {
	for _, n := range slices.Sorted(maps.Keys(o.live.Stacks)) {
		o.Parts = append(o.Parts, Part{Ref{CloudFormation, n}, o.stack(n)})
	}
}

// running is the control plane and what runs pods.
func (o *Owners) running() {
	live := o.live
	if c := live.Cluster; c != nil {
		o.add(ControlPlane, c.Name, evidence{tags: c.Tags})
	}
	each(live.Groups, func(n string, g *observe.Nodegroup) {
		o.add(NodeGroup, n, evidence{tags: g.Tags, physical: live.Name + "/" + n})
	})
	each(live.ScalingGroups, func(n string, g *observe.ScalingGroup) {
		e := evidence{tags: g.Tags}
		if g.Managed {
			e = evidence{aws: "node group " + g.Nodegroup}
		}
		o.add(ScalingGroup, n, e)
	})
	each(live.Profiles, func(n string, p *observe.FargateProfile) {
		o.add(FargateProfile, n, evidence{tags: p.Tags, physical: live.Name + "|" + n})
	})
	each(live.Addons, func(n string, a *observe.Addon) {
		o.add(AddOn, n, evidence{tags: a.Tags, physical: live.Name + "|" + n})
	})
	o.pools()
}

// pools are nodes that neither a node group nor Fargate makes.
func (o *Owners) pools() {
	k := o.live.Kubernetes
	if k == nil {
		return
	}
	found := map[string]Owner{}
	for _, n := range k.Nodes {
		pool := n.Labels["karpenter.sh/nodepool"]
		switch {
		case n.Labels[eksfacts.ComputeType] == "auto":
			found[pool] = Owner{Kind: AutoMode}
		case pool != "":
			found[pool] = Owner{Kind: Karpenter}
		}
	}
	each(found, func(pool string, own Owner) { o.Parts = append(o.Parts, Part{Ref{Nodes, pool}, own}) })
	for _, all := range []map[string]*observe.Workload{k.DaemonSets, k.Deployments} {
		each(all, func(n string, w *observe.Workload) {
			if m, ok := managed(w.Managers); ok {
				o.Parts = append(o.Parts, Part{Ref{Workload, n}, m})
			}
		})
	}
}

// access is who may do what: entries, associations, providers, roles.
func (o *Owners) access() {
	live := o.live
	made := map[string]string{} // groups by the roles for which EKS makes an entry
	for n, g := range live.Groups {
		made[g.NodeRole] = n
	}
	each(live.AccessEntries, func(arn string, a *observe.AccessEntry) {
		e := evidence{tags: a.Tags, physical: live.Name + "|" + arn}
		if made[arn] != "" {
			e.aws = "node group " + made[arn]
		}
		o.add(AccessEntry, arn, e)
	})
	each(live.PodIdentities, func(_ string, p *observe.PodIdentity) {
		e := evidence{tags: p.Tags, name: p.Namespace + "/" + p.ServiceAccount}
		for n, a := range live.Addons {
			if p.OwnerARN != "" && a.ARN == p.OwnerARN {
				e.aws = "add-on " + n
			}
		}
		o.add(PodIdentity, p.ID, e)
	})
	each(live.IdentityProviders, func(n string, p *observe.IdentityProvider) { o.add(IdentityProvider, n, evidence{tags: p.Tags}) })
	if p := live.OIDCProvider; p != nil {
		o.add(OIDCProvider, p.ARN, evidence{tags: p.Tags})
	}
	each(live.Roles, func(n string, r *observe.Role) {
		e := evidence{tags: r.Tags}
		if r.Path == "/aws-service-role/" {
			e.aws = "the account"
		}
		o.add(Role, n, e)
	})
	each(live.LogGroups, func(n string, _ *observe.LogGroup) {
		e := evidence{}
		if n == eksfacts.LogGroup(live.Name) {
			e.aws = "the control plane's logs"
		}
		o.add(LogGroup, n, e)
	})
}

// network is the cluster's VPC and what is in it.
func (o *Owners) network() {
	n := o.live.Network
	if n == nil {
		return
	}
	if v := n.VPC; v != nil {
		o.add(Resource, v.ID, evidence{tags: v.Tags, name: v.Tags["Name"]})
	}
	each(n.Subnets, func(id string, s *observe.Subnet) {
		o.add(Resource, id, evidence{tags: s.Tags, name: s.Tags["Name"]})
		o.placed[Place(s.VPC, s.CIDR)] = id
	})
	each(n.SecurityGroups, func(id string, g *observe.SecurityGroup) {
		e := evidence{tags: g.Tags, name: g.Name}
		switch {
		case g.Tags["aws:eks:cluster-name"] != "":
			e.aws = "the cluster"
		case g.Name == "default":
			e.aws = "the VPC"
		}
		o.add(Resource, id, e)
	})
	each(n.RouteTables, func(id string, r *observe.RouteTable) {
		e := evidence{tags: r.Tags, name: r.Tags["Name"]}
		if len(r.Tags) == 0 && slices.ContainsFunc(r.Associations, func(a observe.Association) bool { return a.Main }) {
			e.aws = "the VPC"
		}
		o.add(Resource, id, e)
	})
	each(n.NATGateways, func(id string, g *observe.NATGateway) {
		o.add(Resource, id, evidence{tags: g.Tags, name: g.Tags["Name"]})
	})
	each(n.InternetGateways, func(id string, g *observe.InternetGateway) {
		o.add(Resource, id, evidence{tags: g.Tags, name: g.Tags["Name"]})
	})
}

func each[T any](m map[string]T, do func(string, T)) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		do(k, m[k])
	}
}

// Holds tells whether a stack by eksctl's contract holds a resource, by its physical ID.
func (o *Owners) Holds(id string) bool {
	name := o.stacked[id]
	return name != "" && o.stack(name).Kind == Contract
}
