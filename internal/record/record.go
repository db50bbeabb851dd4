// Package record is what a record claims of a cluster: CloudFormation stacks by
// eksctl's contract (facts/eksctl.md §1), whoever made them, and the config that
// Slipway's own carry. A record is a hint of who owns what, never an answer that
// AWS could give. Another source, such as a Terraform state, fills the same Record.
// It must not call AWS, and not decide.
package record

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Sources of records.
const (
	CloudFormation = "cloudformation" // stacks
	Terraform      = "terraform"      // a state
)

// Record is what one source claims.
type Record struct {
	Source  string   `json:"source"`
	Outputs *Outputs `json:"outputs,omitempty"` // nil: no cluster stack
	// Config is the file as it was when each part was made, with the defaults of then;
	// nil where no part carries one.
	Config *config.ClusterConfig `json:"config,omitempty"`
	// Filled are the paths of Config that no record mentions, as the fields are newer
	// than it: they hold today's defaults, and say nothing of what was. An element of a
	// list is named by its name: managedNodeGroups.workers.ami.
	Filled []string `json:"filled,omitempty"`
	// Foreign are stacks without a config: another tool's.
	Foreign []string `json:"foreign,omitempty"`
	// Unread says of which stacks a config could not be read, and why.
	Unread map[string]string `json:"unread,omitempty"`
}

// Outputs are a cluster stack's outputs by eksctl's contract. Subnets are sets: eksctl
// writes them in random order. Missing topology is a missing output.
type Outputs struct {
	VPC                        string      `json:"VPC,omitempty"`
	SecurityGroup              string      `json:"SecurityGroup,omitempty"` // the control plane's
	SharedNodeSecurityGroup    string      `json:"SharedNodeSecurityGroup,omitempty"`
	ClusterSecurityGroupID     string      `json:"ClusterSecurityGroupId,omitempty"` // EKS's own
	SubnetsPublic              observe.Set `json:"SubnetsPublic,omitempty"`
	SubnetsPrivate             observe.Set `json:"SubnetsPrivate,omitempty"`
	ServiceRoleARN             string      `json:"ServiceRoleARN,omitempty"`
	FargatePodExecutionRoleARN string      `json:"FargatePodExecutionRoleARN,omitempty"`
	Endpoint                   string      `json:"Endpoint,omitempty"`
	ARN                        string      `json:"ARN,omitempty"`
	CertificateAuthorityData   string      `json:"CertificateAuthorityData,omitempty"`
	FeatureNATMode             string      `json:"FeatureNATMode,omitempty"` // absent in IPv6 VPCs of eksctl's
	FullyPrivate               bool        `json:"ClusterFullyPrivate,omitempty"`
	Others                     []string    `json:"others,omitempty"` // names of outputs beside these
}

// Subnets are all subnets that the outputs name.
func (o *Outputs) Subnets() observe.Set {
	all := slices.Concat(o.SubnetsPublic, o.SubnetsPrivate)
	slices.Sort(all)
	return slices.Compact(all)
}

// FromStacks reads the record that a cluster's stacks hold, from an observation that
// read them with their templates.
func FromStacks(o *observe.Observed) *Record {
	r := &Record{Source: CloudFormation}
	if s := o.Stacks[stack.ClusterName(o.Name)]; s != nil {
		r.Outputs = outputs(s.Outputs)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Stacks)) {
		if s := o.Stacks[name]; (s.Stands() || s.Phase() == observe.Making) && s.Template != "" {
			r.take(name, s.Template)
		}
	}
	slices.Sort(r.Filled)
	return r
}

// take adds what one stack's template carries.
func (r *Record) take(name, template string) {
	written, err := stack.Kept(template)
	if err == nil && written == nil {
		if !stack.Ours(template) { // stacks of ours without a config hold nothing to compare
			r.Foreign = append(r.Foreign, name)
		}
		return
	}
	var c *config.ClusterConfig
	if err == nil {
		c, err = config.Recall(written)
	}
	if err != nil {
		if r.Unread == nil {
			r.Unread = map[string]string{}
		}
		r.Unread[name] = err.Error()
		return
	}
	r.Filled = append(r.Filled, filled(written, c)...)
	r.join(c)
}

// join puts a part of the config to what is known: a group's stack carries the head
// and one group, the cluster's all but the groups.
func (r *Record) join(c *config.ClusterConfig) {
	managed, own := c.ManagedNodeGroups, c.NodeGroups
	if len(managed)+len(own) == 0 {
		if r.Config != nil {
			managed, own = r.Config.ManagedNodeGroups, r.Config.NodeGroups
		}
		r.Config = c.Foundation()
		r.Config.ManagedNodeGroups, r.Config.NodeGroups = managed, own
		return
	}
	if r.Config == nil {
		r.Config = &config.ClusterConfig{Metadata: c.Metadata}
	}
	r.Config.ManagedNodeGroups = append(r.Config.ManagedNodeGroups, managed...)
	r.Config.NodeGroups = append(r.Config.NodeGroups, own...)
}

// filled lists what a recalled config holds and the record does not mention.
func filled(written []byte, c *config.ClusterConfig) []string {
	was, now := map[string]any{}, map[string]any{}
	if json.Unmarshal(written, &was) != nil {
		return nil
	}
	part := c
	if len(c.ManagedNodeGroups)+len(c.NodeGroups) == 0 {
		part = c.Foundation() // add-ons and the like are not the stack's to say
	}
	b, err := json.Marshal(part)
	if err == nil {
		err = json.Unmarshal(b, &now)
	}
	if err != nil {
		panic(fmt.Sprintf("record: %v", err)) // config types are plain data
	}
	if len(c.ManagedNodeGroups)+len(c.NodeGroups) > 0 { // a group's part: the rest is not its to say
		for k := range now {
			if k != "managedNodeGroups" && k != "nodeGroups" {
				delete(now, k)
			}
		}
	}
	var out []string
	missing("", was, now, &out)
	return out
}

func missing(at string, was, now any, out *[]string) {
	switch n := now.(type) {
	case map[string]any:
		w, _ := was.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(n)) {
			missing(strings.TrimPrefix(at+"."+k, "."), w[k], n[k], out)
		}
	case []any:
		w, _ := was.([]any)
		for _, x := range n {
			name := nameOf(x)
			i := slices.IndexFunc(w, func(y any) bool { return name != "" && nameOf(y) == name })
			switch {
			case name == "" && was == nil:
				*out = append(*out, at)
				return
			case name == "":
			case i < 0:
				*out = append(*out, at+"."+name)
			default:
				missing(at+"."+name, w[i], x, out)
			}
		}
	default:
		if was == nil && now != nil {
			*out = append(*out, at)
		}
	}
}

func nameOf(x any) string {
	m, _ := x.(map[string]any)
	s, _ := m["name"].(string)
	return s
}

// outputs sorts a stack's outputs by eksctl's contract. "Subnets" is what old stacks
// call the public ones.
func outputs(all map[string]string) *Outputs {
	o := &Outputs{}
	known := map[string]*string{"VPC": &o.VPC, "SecurityGroup": &o.SecurityGroup, "SharedNodeSecurityGroup": &o.SharedNodeSecurityGroup,
		"ClusterSecurityGroupId": &o.ClusterSecurityGroupID, "ServiceRoleARN": &o.ServiceRoleARN, "FargatePodExecutionRoleARN": &o.FargatePodExecutionRoleARN,
		"Endpoint": &o.Endpoint, "ARN": &o.ARN, "CertificateAuthorityData": &o.CertificateAuthorityData, "FeatureNATMode": &o.FeatureNATMode}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		switch into := known[k]; {
		case into != nil:
			*into = all[k]
		case k == "SubnetsPublic" || k == "Subnets" || k == "SubnetsPublicExtended":
			o.SubnetsPublic = joined(o.SubnetsPublic, all[k])
		case k == "SubnetsPrivate" || k == "SubnetsPrivateExtended":
			o.SubnetsPrivate = joined(o.SubnetsPrivate, all[k])
		case k == "ClusterFullyPrivate":
			o.FullyPrivate = all[k] == "true"
		default:
			o.Others = append(o.Others, k)
		}
	}
	return o
}

func joined(have observe.Set, list string) observe.Set {
	for _, id := range strings.Split(list, ",") {
		if id = strings.TrimSpace(id); id != "" {
			have = append(have, id)
		}
	}
	slices.Sort(have)
	return slices.Compact(have)
}

// canonical is a value as text, by which two are compared.
func canonical(v any) string {
	b, err := json.Marshal(v) // the keys of maps are sorted
	if err != nil {
		panic(fmt.Sprintf("record: %v", err)) // it was JSON or YAML a moment ago
	}
	return string(b)
}
