// Package read observes a cluster: it asks AWS and Kubernetes, and fills the document
// of package observe. One file a source. It only reads. It must not know what anybody
// wants: no config, no plan, no record.
package read

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Scope says how deep to look.
type Scope struct {
	Parts []observe.Part
	// Must are parts without which the caller cannot decide: where one cannot be
	// read, Cluster returns the error instead of listing it.
	Must []observe.Part
	At   time.Time // goes into the document; zero: no time
	// StackNames are the names of the account's stacks in this region, where the
	// caller has them already: one listing serves a whole fleet.
	StackNames []string
	// Lean leaves out what no comparison needs, to cost few requests: stacks in one sweep,
	// resources of the cluster stack alone, launch templates without their data, no
	// documents of inline policies, no endpoints, interfaces and addresses.
	Lean bool
	// Brief leaves out more: of the network, all but subnets, their routes and security
	// groups; of stacks, all templates and resources but the cluster's.
	Brief bool
}

var (
	quick    = []observe.Part{observe.Stacks, observe.ControlPlane, observe.Addons, observe.Nodegroups, observe.Fargate}
	planning = slices.Concat(
		quick,
		[]observe.Part{observe.Access, observe.PodIdentities, observe.Providers, observe.OIDC, observe.Templates, observe.Scaling, observe.Logs},
	)
	rest = []observe.Part{observe.Resources, observe.Machines, observe.Networking, observe.Roles, observe.Keys, observe.Inside,
		observe.Publishing, observe.Balancers}
)

// Quick is enough for a status.
func Quick() Scope { return Scope{Parts: quick, Must: quick} }

// Planning is what a plan compares with.
func Planning() Scope {
	return Scope{Parts: slices.Concat(planning, []observe.Part{observe.Inside}), Must: planning}
}

// Removal is what a plan of a removal goes through.
func Removal() Scope {
	must := slices.Concat(quick, []observe.Part{observe.OIDC, observe.Keys})
	return Scope{Parts: slices.Concat(must, []observe.Part{observe.Publishing, observe.Balancers}), Must: must}
}

// Leaving is what a plan looks at that takes nodes or node groups away.
func Leaving() Scope {
	return Scope{Parts: slices.Concat(planning, []observe.Part{observe.Resources, observe.Machines, observe.Roles, observe.Inside, observe.Pods}), Must: planning}
}

// Replacing is what a plan looks at that makes another node group like one, and takes that
// away.
func Replacing() Scope {
	s := Leaving()
	s.Parts = append(s.Parts, observe.Networking)
	return s
}

// Upgrading is what a plan looks at that takes a cluster to another version.
func Upgrading() Scope {
	s := Replacing()
	s.Parts = append(s.Parts, observe.Versions)
	s.Must = slices.Concat(s.Must, []observe.Part{observe.Versions})
	return s
}

// Drift is what a comparison of record and live looks at: at most 90 requests for ten
// node groups, twelve add-ons and six subnets.
func Drift() Scope {
	parts := slices.Concat(planning, []observe.Part{observe.Resources, observe.Machines, observe.Networking, observe.Roles, observe.Inside})
	return Scope{Parts: parts, Must: []observe.Part{observe.ControlPlane}, Lean: true}
}

// Brief is what a command that does something else looks at for drift, beyond what it saw
// of the cluster: at most ten requests.
func Brief(seen *observe.Observed) Scope {
	s := Scope{Parts: slices.Concat(quick, []observe.Part{observe.Templates, observe.Resources, observe.Networking}), Lean: true, Brief: true}
	for _, p := range seen.Parts {
		if !slices.Contains(s.Parts, p) {
			s.Parts = append(s.Parts, p)
		}
	}
	return s
}

// Record is what a repair of the record looks at.
func Record() Scope {
	must := []observe.Part{observe.Stacks, observe.ControlPlane, observe.Templates}
	return Scope{Parts: append(must, observe.Resources, observe.Networking), Must: must, Lean: true}
}

// Whole is everything: a snapshot.
func Whole() Scope {
	return Scope{Parts: slices.Concat(planning, rest), Must: []observe.Part{observe.ControlPlane}}
}

// observer is one observation under way.
type observer struct {
	*observe.Observed
	c *awsc.Clients
	s Scope
}

// Cluster reads what the scope asks for of the cluster of that name. It returns an error where a part that must
// be known could not be read, and where the context ended; anything else that could
// not be read is in NotRead.
func Cluster(ctx context.Context, c *awsc.Clients, name string, s Scope) (*observe.Observed, error) {
	doc := &observe.Observed{
		Version:   observe.Version,
		At:        s.At,
		Name:      name,
		Region:    c.Region,
		Account:   c.Account,
		Partition: c.Partition,
		Caller:    c.Caller,
		Parts:     s.Parts,
	}
	return fill(ctx, &observer{doc, c, s}, nil)
}

// Complete reads what a scope asks for beyond what a document has, which is not read
// again, nor changed.
func Complete(ctx context.Context, c *awsc.Clients, doc *observe.Observed, s Scope) (*observe.Observed, error) {
	more, err := settle(doc)
	if err != nil {
		return nil, err
	}
	have := more.Parts
	more.Parts = s.Parts
	if more.At.IsZero() {
		more.At = s.At
	}
	return fill(ctx, &observer{more, c, s}, have)
}

// fill reads the parts of the observer's scope, but for those that its document has.
func fill(ctx context.Context, o *observer, have []observe.Part) (*observe.Observed, error) {
	name := o.Name
	for _, x := range []struct {
		part observe.Part
		what string
		read func(context.Context) error
	}{
		{observe.Stacks, "the stacks of cluster " + name, o.stacks},
		{observe.ControlPlane, "cluster " + name, o.cluster},
		{observe.Addons, "the add-ons", o.addons},
		{observe.Nodegroups, "the managed node groups", o.nodegroups},
		{observe.Fargate, "the Fargate profiles", o.fargate},
		{observe.Access, "the access entries", o.access},
		{observe.PodIdentities, "the pod identity associations", o.podIdentities},
		{observe.Providers, "the identity providers", o.providers},
		{observe.OIDC, "the IAM OIDC provider", o.oidc},
		{observe.Templates, "the stacks' templates", o.templates},
		{observe.Resources, "the stacks' resources", o.resources},
		{observe.Scaling, "the Auto Scaling groups", o.scaling},
		{observe.Machines, "the instances and launch templates", o.machines},
		{observe.Networking, "the network", o.network},
		{observe.Roles, "the IAM roles", o.roles},
		{observe.Logs, "the log groups", o.logs},
		{observe.Keys, "the key pairs", o.keys},
		{observe.Inside, "what is inside Kubernetes", o.inside},
		{observe.Pods, "the pods", o.pods},
		{observe.Publishing, "the Services and Ingresses", o.published},
		{observe.Balancers, "the load balancers", o.balancers},
		{observe.Versions, "what EKS says of upgrades", o.upgrades},
	} {
		if !slices.Contains(o.s.Parts, x.part) || slices.Contains(have, x.part) {
			continue
		}
		if err := o.missed(ctx, x.part, x.what, x.read(ctx)); err != nil {
			return nil, err
		}
	}
	return settle(o.Observed)
}

// missed lists what could not be read; it returns the error where that part must be
// known, and where nobody waits for the rest any more.
func (o *observer) missed(ctx context.Context, p observe.Part, what string, err error) error {
	if err == nil {
		return nil
	}
	if slices.Contains(o.s.Must, p) || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	o.NotRead = append(o.NotRead, observe.NotRead{Part: p, What: what, Why: why(err)})
	return nil
}

// stands tells whether EKS has the cluster, and it can hold anything by now.
func (o *observer) stands() bool { return o.Cluster != nil && o.Cluster.Status != "CREATING" }

// settle passes the document once through its own JSON, so that what was observed
// and what is read back later are equal.
func settle(o *observe.Observed) (*observe.Observed, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("writing what was observed of cluster %s: %w", o.Name, err)
	}
	return observe.Read(bytes.NewReader(b))
}

// why is an error in AWS's own words, without what differs from call to call.
func why(err error) string {
	if code := awsc.Code(err); code != "" {
		return code + ": " + awsc.Message(err)
	}
	return err.Error()
}
