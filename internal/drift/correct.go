package drift

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Correction is what brings the cluster stack's record to what is live.
type Correction struct {
	Stack   string         `json:"stack"`
	Outputs []OutputChange `json:"outputs"`
	Edit    stack.Edit     `json:"edit"`
	// Import is taken into the stack once the edit is made, as it exists: by logical ID.
	Import map[string]stack.Imported `json:"import,omitempty"`
	// Again: the stack has taken something in, and must be updated once more: eksctl lists
	// no stack that is IMPORT_COMPLETE.
	Again bool `json:"again,omitempty"`
	// Left is what differs and cannot be recorded, and why.
	Left []string `json:"left,omitempty"`
}

// OutputChange is one output before and after.
type OutputChange struct {
	Name   string            `json:"name"`
	Was    string            `json:"was"`
	Now    string            `json:"now,omitempty"` // "": it is taken out, as nothing of its kind is left
	Export string            `json:"export,omitempty"`
	Sets   map[Kind][]string `json:"sets,omitempty"`
	// Used are the stacks that import it: CloudFormation refuses to change it while they do.
	Used []string `json:"usedBy,omitempty"`
}

// Empty tells whether there is nothing to correct.
func (c *Correction) Empty() bool {
	return len(c.Edit.Outputs)+len(c.Edit.Drop)+len(c.Edit.Gone)+len(c.Edit.Subnets)+len(c.Import) == 0 && !c.Again
}

// Correct works out the correction of the outputs; template: of resources that are gone, too.
func Correct(t *Truths, template bool) *Correction {
	c := &Correction{Stack: clusterStack(t)}
	r := &Report{}
	for i := range outputs {
		t.compare(&outputs[i], r)
	}
	for _, n := range r.NotChecked {
		c.Left = append(c.Left, n.Path+" was not checked: "+n.Why)
	}
	s := t.Live.Stacks[c.Stack]
	for _, d := range r.Differences {
		name := strings.TrimPrefix(d.Path, "record.")
		if len(d.Repairs) == 0 {
			c.Left = append(c.Left, "output "+name+": "+d.What)
			continue
		}
		now := recorded(s.Outputs[name], d)
		if name == "SecurityGroup" && strings.Contains(now, ",") {
			c.Left = append(c.Left, "output "+name+": EKS has several groups, and stacks import one: a person must say which")
			continue
		}
		c.Outputs = append(c.Outputs, OutputChange{Name: name, Was: s.Outputs[name], Now: now, Export: s.Exports[name], Sets: d.Sets})
	}
	if template {
		c.template(t)
		c.takeIn(t)
	}
	return c
}

// recorded is an output's new text: those that stay in their order, the new ones behind.
func recorded(was string, d Difference) string {
	live, is := d.Live.Is.([]any)
	if !is {
		return text(d.Live.Is)
	}
	want, have := texts(live), strings.Split(was, ",")
	out := slices.DeleteFunc(have, func(id string) bool { return !slices.Contains(want, id) })
	for _, id := range want {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return strings.Join(out, ",")
}

// Settle makes the edit from what can be changed: outputs that no stack imports.
func (c *Correction) Settle() {
	c.Edit.Outputs, c.Edit.Drop = map[string]string{}, nil
	for _, o := range c.Outputs {
		switch {
		case len(o.Used) > 0 && o.Was != o.Now:
			imports, them := " imports it", "that stack the value itself"
			if len(o.Used) > 1 {
				imports, them = " import it", "those stacks the value itself"
			}
			c.Left = append(c.Left, "output "+o.Name+" stays as it is: "+strings.Join(o.Used, ", ")+imports+
				", and CloudFormation changes no export in use; give "+them+" first")
		case o.Now == "":
			c.Edit.Drop = append(c.Edit.Drop, o.Name)
		default:
			c.Edit.Outputs[o.Name] = o.Now
		}
	}
}

// dependents are the types of what cannot be without the subnet that it names, and go with
// it.
var dependents = []string{"AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::SubnetCidrBlock", "AWS::EC2::NatGateway", "AWS::EC2::Route",
	"AWS::EC2::SubnetNetworkAclAssociation"}

// template adds what is gone, with what refers to it, and the control plane's subnets.
func (c *Correction) template(t *Truths) {
	gone := map[string]bool{}
	for _, r := range t.of("AWS::EC2::Subnet") {
		if r.Stack == c.Stack && r.PhysicalID != "" && t.network().Subnets[r.PhysicalID] == nil {
			gone[r.LogicalID] = true
		}
	}
	if len(gone) == 0 && slices.Equal(observe.Set(t.attachedOnce()), t.attached()) {
		return
	}
	refs := stack.ResourceReferences(t.Live.Stacks[c.Stack].Template)
	for again := true; again; {
		again = false
		for _, r := range t.Resources {
			if r.Stack != c.Stack || gone[r.LogicalID] || !slices.Contains(dependents, r.Type) {
				continue
			}
			if slices.ContainsFunc(refs[r.LogicalID], func(id string) bool { return gone[id] }) {
				gone[r.LogicalID], again = true, true
			}
		}
	}
	for _, r := range t.Resources {
		if r.Stack == c.Stack && gone[r.LogicalID] {
			c.Edit.Gone = append(c.Edit.Gone, r.LogicalID)
		}
	}
	once := slices.Sorted(slices.Values(t.attachedOnce()))
	if !slices.Equal(once, t.attached()) || slices.ContainsFunc(refs["ControlPlane"], func(id string) bool { return gone[id] }) {
		c.Edit.Subnets = t.attached()
	}
	if len(gone) > 0 {
		c.pin(t, refs, gone)
	}
}

// pin makes those outputs literal that refer to what goes.
func (c *Correction) pin(t *Truths, refs map[string][]string, gone map[string]bool) {
	s := t.Live.Stacks[c.Stack]
	for name, ids := range stack.OutputReferences(s.Template) {
		has := slices.ContainsFunc(c.Outputs, func(o OutputChange) bool { return o.Name == name })
		if !has && slices.ContainsFunc(ids, func(id string) bool { return gone[id] }) {
			c.Outputs = append(c.Outputs, OutputChange{Name: name, Was: s.Outputs[name], Now: s.Outputs[name], Export: s.Exports[name]})
		}
	}
	slices.SortFunc(c.Outputs, func(a, b OutputChange) int { return strings.Compare(a.Name, b.Name) })
}

// Updatable is why the record cannot be brought up to date, or nil: states of the stack
// that CloudFormation updates nothing in, and a cluster without a stack.
func Updatable(t *Truths) finding.Findings {
	name := clusterStack(t)
	refuse := func(code, what, remedy string) finding.Findings {
		return finding.Findings{{Code: code, Severity: finding.Error, Where: finding.Where{Resource: "stack " + name}, What: what, Remedy: remedy}}
	}
	s := t.Live.Stacks[name]
	switch {
	case t.Live.Cluster == nil:
		return refuse("cluster-absent", "EKS has no cluster "+t.Live.Name+": there is nothing live to record", "delete what is left: slipway down "+t.Live.Name)
	case s == nil:
		return refuse("no-record", "there is none: the cluster was made by another tool, or in the console, and has no record of eksctl's",
			"nothing is to be synced")
	}
	switch s.Phase() {
	case observe.Complete:
		return nil
	case observe.Stuck:
		return refuse("stack-stuck", "is "+s.Status+": the rollback of an update failed",
			"slipway sync "+t.Live.Name+" --continue-rollback goes on with it first, and skips "+strings.Join(s.Unfinished(), ", "))
	case observe.Failed:
		return refuse("stack-failed", "is "+s.Status+": CloudFormation takes no update of it", "the stack can only be deleted; the cluster then has no record")
	}
	return refuse("stack-busy", "is "+s.Status, "wait until that has ended, and run again")
}

// Stuck are the resources to be skipped where the cluster's stack is stuck in a rollback;
// ok is false where it is not.
func Stuck(t *Truths) (skip []string, ok bool) {
	s := t.Live.Stacks[clusterStack(t)]
	if s == nil || s.Phase() != observe.Stuck {
		return nil, false
	}
	return s.Unfinished(), true
}
