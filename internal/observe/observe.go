// Package observe is the document in which a cluster stands as AWS and Kubernetes
// answered: versioned, of plain types, complete, independent of any file, with what
// could not be read listed by name, never left out in silence. It can be saved and
// read back; everything that decides takes it as input. Package read fills it. It
// must not know AWS's SDK, Kubernetes' client, or what anybody wants.
package observe

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
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
	Groups            map[string]*Nodegroup        `json:"nodegroups,omitempty"` // EKS managed ones
	Profiles          map[string]*FargateProfile   `json:"fargateProfiles,omitempty"`
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
	Published         map[string]*Published        `json:"published,omitempty"`     // by service/namespace/name and ingress/namespace/name
	LoadBalancers     map[string]*LoadBalancer     `json:"loadBalancers,omitempty"` // by name
	Upgrades          *Upgrades                    `json:"upgrades,omitempty"`

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
	Pods          Part = "pods" // that must go before their node does
	Publishing    Part = "published"
	Balancers     Part = "loadBalancers"
	Versions      Part = "upgrades" // to which versions the cluster can go
)

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
