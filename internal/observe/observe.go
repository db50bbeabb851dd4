// Package observe reads a cluster as AWS and Kubernetes answer now into one
// versioned JSON document of plain types: complete, independent of any file, and
// with what could not be read listed by name, never left out in silence. The
// document can be saved and read back. The package only reads. It must not know
// what anybody wants: no config, no plan, no record.
package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// Version is the version of the document. It rises when a reader of the old one
// would misread the new one; a new field is no such change.
const Version = 1

// Observed is a cluster as AWS and Kubernetes answer now. Field names in the
// document are AWS's own, in lower camel case.
type Observed struct {
	Version   int       `json:"version"` // of the document
	At        time.Time `json:"at,omitzero"`
	Name      string    `json:"name"`
	Region    string    `json:"region"`
	Account   string    `json:"account,omitempty"`
	Partition string    `json:"partition,omitempty"`
	Caller    string    `json:"caller,omitempty"` // who looked: an IAM ARN
	Parts     []Part    `json:"parts"`            // what was asked for; nothing else says anything

	Cluster           *Cluster                     `json:"cluster,omitempty"` // nil: EKS has none of that name
	Addons            map[string]*Addon            `json:"addons,omitempty"`
	Nodegroups        map[string]*Nodegroup        `json:"nodegroups,omitempty"` // EKS managed ones
	FargateProfiles   map[string]*FargateProfile   `json:"fargateProfiles,omitempty"`
	AccessEntries     map[string]*AccessEntry      `json:"accessEntries,omitempty"`     // by principal ARN
	PodIdentities     map[string]*PodIdentity      `json:"podIdentities,omitempty"`     // by namespace/serviceaccount
	IdentityProviders map[string]*IdentityProvider `json:"identityProviders,omitempty"` // of the Kubernetes API, by name
	OIDCProvider      *OIDCProvider                `json:"oidcProvider,omitempty"`      // of IAM; nil: the issuer is not registered
	Stacks            map[string]*Stack            `json:"stacks,omitempty"`            // by name; deleted ones left out
	ScalingGroups     map[string]*ScalingGroup     `json:"scalingGroups,omitempty"`     // by name; of managed and self-managed groups
	LaunchTemplates   map[string]*LaunchTemplate   `json:"launchTemplates,omitempty"`   // versions in use, by "ID/version"
	Instances         map[string]*Instance         `json:"instances,omitempty"`         // by ID
	Network           *Network                     `json:"network,omitempty"`
	Roles             map[string]*Role             `json:"roles,omitempty"`     // that anything above runs with, by name
	LogGroups         map[string]*LogGroup         `json:"logGroups,omitempty"` // by name
	KeyPairs          map[string]*KeyPair          `json:"keyPairs,omitempty"`  // made for the cluster, by name
	Kubernetes        *Kubernetes                  `json:"kubernetes,omitempty"`

	NotRead []NotRead `json:"notRead,omitempty"`
}

// NotRead is something that is unknown, which is not the same as absent.
type NotRead struct {
	Part Part   `json:"part"`
	What string `json:"what"` // in words, with the resource's name where one is meant
	Why  string `json:"why"`  // what AWS or Kubernetes answered
}

// Part is one part of the document, read and missed as one.
type Part string

// The parts, in the order in which they are read: later ones follow what earlier ones name.
const (
	Stacks        Part = "stacks"
	ControlPlane  Part = "cluster"
	Addons        Part = "addons"
	Nodegroups    Part = "nodegroups"
	Fargate       Part = "fargateProfiles"
	Access        Part = "accessEntries"
	PodIdentities Part = "podIdentities"
	Providers     Part = "identityProviders"
	OIDC          Part = "oidcProvider"
	Templates     Part = "templates" // of stacks
	Resources     Part = "resources" // of stacks
	Scaling       Part = "scalingGroups"
	Machines      Part = "instances" // with launch templates
	Networking    Part = "network"
	Roles         Part = "roles"
	Logs          Part = "logGroups"
	Keys          Part = "keyPairs"
	Inside        Part = "kubernetes"
)

// Scope says how deep to look.
type Scope struct {
	Parts []Part
	// Must are parts without which the caller cannot decide: where one cannot be
	// read, Observe returns the error instead of listing it.
	Must []Part
	At   time.Time // goes into the document; zero: no time
	// Stacks are the names of the account's stacks in this region, where the caller
	// has them already: one listing serves a whole fleet.
	Stacks []string
}

// Quick is enough for a status.
var Quick = Scope{Parts: []Part{Stacks, ControlPlane, Addons, Nodegroups, Fargate}, Must: []Part{Stacks, ControlPlane, Addons, Nodegroups, Fargate}}

// Planning is what a plan compares with.
var Planning = Scope{
	Parts: []Part{Stacks, ControlPlane, Addons, Nodegroups, Fargate, Access, PodIdentities, Providers, OIDC, Templates, Scaling, Logs, Inside},
	Must:  []Part{Stacks, ControlPlane, Addons, Nodegroups, Fargate, Access, PodIdentities, Providers, OIDC, Templates, Scaling, Logs},
}

// Whole is everything: a snapshot.
var Whole = Scope{
	Parts: []Part{Stacks, ControlPlane, Addons, Nodegroups, Fargate, Access, PodIdentities, Providers, OIDC, Templates, Resources, Scaling, Machines, Networking, Roles, Logs, Keys, Inside},
	Must:  []Part{ControlPlane},
}

// observer is one observation under way.
type observer struct {
	*Observed
	c *awsc.Clients
	s Scope
}

// Observe reads what the scope asks for. It returns an error where a part that must
// be known could not be read, and where the context ended; anything else that could
// not be read is in NotRead.
func Observe(ctx context.Context, c *awsc.Clients, name string, s Scope) (*Observed, error) {
	o := &observer{&Observed{Version: Version, At: s.At, Name: name, Region: c.Region, Account: c.Account, Partition: c.Partition, Caller: c.Caller, Parts: s.Parts}, c, s}
	for _, x := range []struct {
		part Part
		what string
		read func(context.Context) error
	}{
		{Stacks, "the stacks of cluster " + name, o.stacks},
		{ControlPlane, "cluster " + name, o.cluster},
		{Addons, "the add-ons", o.addons},
		{Nodegroups, "the managed node groups", o.nodegroups},
		{Fargate, "the Fargate profiles", o.fargate},
		{Access, "the access entries", o.access},
		{PodIdentities, "the pod identity associations", o.podIdentities},
		{Providers, "the identity providers", o.providers},
		{OIDC, "the IAM OIDC provider", o.oidc},
		{Templates, "the stacks' templates", o.templates},
		{Resources, "the stacks' resources", o.resources},
		{Scaling, "the Auto Scaling groups", o.scaling},
		{Machines, "the instances and launch templates", o.machines},
		{Networking, "the network", o.network},
		{Roles, "the IAM roles", o.roles},
		{Logs, "the log groups", o.logs},
		{Keys, "the key pairs", o.keys},
		{Inside, "what is inside Kubernetes", o.inside},
	} {
		if !slices.Contains(s.Parts, x.part) {
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
func (o *observer) missed(ctx context.Context, p Part, what string, err error) error {
	if err == nil {
		return nil
	}
	if slices.Contains(o.s.Must, p) || ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	o.NotRead = append(o.NotRead, NotRead{p, what, err.Error()})
	return nil
}

// stands tells whether EKS has the cluster, and it can hold anything by now.
func (o *observer) stands() bool { return o.Cluster != nil && o.Cluster.Status != "CREATING" }

// Missed are the things of a part that could not be read; nil where the part is
// known. A part that was not asked for is unknown too.
func (o *Observed) Missed(p Part) []NotRead {
	if !slices.Contains(o.Parts, p) {
		return []NotRead{{p, string(p), "it was not asked for"}}
	}
	var out []NotRead
	for _, n := range o.NotRead {
		if n.Part == p {
			out = append(out, n)
		}
	}
	return out
}

// settle passes the document once through its own JSON, so that what was observed
// and what is read back later are equal.
func settle(o *Observed) (*Observed, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("writing what was observed of cluster %s: %w", o.Name, err)
	}
	return Read(bytes.NewReader(b))
}

// Write writes the document, indented, for people and diffs.
func (o *Observed) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(o)
}

// Read reads a document that was saved. It refuses a document of a newer version.
func Read(r io.Reader) (*Observed, error) {
	o := &Observed{}
	if err := json.NewDecoder(r).Decode(o); err != nil {
		return nil, fmt.Errorf("this is no observation that Slipway saved: %w", err)
	}
	if o.Version < 1 || o.Version > Version {
		return nil, fmt.Errorf("the observation has version %d; this Slipway reads version %d: use the Slipway that saved it, or a newer one", o.Version, Version)
	}
	return o, nil
}

// Issuer is the cluster's OIDC issuer without its scheme, or "".
func (o *Observed) Issuer() string {
	if o.Cluster == nil || o.Cluster.Identity == nil || o.Cluster.Identity.OIDC == nil {
		return ""
	}
	return strings.TrimPrefix(o.Cluster.Identity.OIDC.Issuer, "https://")
}
