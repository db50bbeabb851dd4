package stack

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// recordKey is where a template's metadata holds the config that it was made from,
// so that a later run can say which field of the file changed. CloudFormation and
// eksctl pass over it.
const recordKey = "Slipway"

// plainRecord is how long a record may be in plain: a template's body holds 51,200
// bytes, and a config with long bootstrap commands stands in it once already.
const plainRecord = 8 << 10

// keep records the part of a config that the template was made from, as one string:
// CloudFormation takes neither null nor fractions in metadata. A long one is packed.
func (t *Template) keep(c *config.ClusterConfig) {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // config types are plain data
	}
	b = veiled(b)
	if len(b) <= plainRecord {
		t.Metadata = M{recordKey: M{"Config": string(b)}}
		return
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err = z.Write(b); err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	t.Metadata = M{recordKey: M{"ConfigGzip": base64.StdEncoding.EncodeToString(packed.Bytes())}}
}

// veiled is a config's JSON with a hash for what may hold a secret: whoever may read a
// template may read its metadata.
func veiled(b []byte) []byte {
	var tree any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		panic(err) // it was marshalled just now
	}
	v := config.Veiled(tree)
	if reflect.DeepEqual(tree, v) {
		return b
	}
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

// groupPart is a config with one managed, or one self-managed, node group.
func groupPart(c *config.ClusterConfig, m *config.ManagedNodeGroup, g *config.NodeGroup) *config.ClusterConfig {
	out := &config.ClusterConfig{Metadata: &config.ClusterMeta{Name: c.Metadata.Name, Region: c.Metadata.Region, Version: c.Metadata.Version}}
	if m != nil {
		out.ManagedNodeGroups = []config.ManagedNodeGroup{*m}
	}
	if g != nil {
		out.NodeGroups = []config.NodeGroup{*g}
	}
	return out
}

// Recorded is the config that a template says it was made from; nil when another
// tool made the template.
func Recorded(body string) (*config.ClusterConfig, error) {
	b, err := Kept(body)
	if err != nil || b == nil {
		return nil, err
	}
	return config.Recall(b)
}

// Kept is the config that a template says it was made from, as it was written: JSON
// with the defaults of then. It is nil when another tool made the template.
func Kept(body string) ([]byte, error) {
	var t struct {
		Metadata map[string]struct{ Config, ConfigGzip string }
	}
	if json.Unmarshal([]byte(body), &t) != nil {
		return nil, nil // YAML, or not ours
	}
	r, ok := t.Metadata[recordKey]
	if !ok {
		return nil, nil
	}
	if r.ConfigGzip == "" {
		return []byte(r.Config), nil
	}
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(r.ConfigGzip)))
	if err != nil {
		return nil, fmt.Errorf("the config that the stack records cannot be unpacked: %w", err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("the config that the stack records cannot be unpacked: %w", err)
	}
	return b, nil
}

// Ours tells whether Slipway made a template.
func Ours(body string) bool {
	var t struct{ Description string }
	return json.Unmarshal([]byte(body), &t) == nil && Signed(t.Description)
}

// Signed tells whether a stack's description is of a template that Slipway made.
func Signed(description string) bool { return strings.HasSuffix(description, signature) }

// Same tells whether two templates make the same resources and outputs.
func Same(a, b string) bool {
	part := func(s string) string {
		var t map[string]any
		if json.Unmarshal([]byte(s), &t) != nil {
			return s
		}
		out, _ := json.Marshal([]any{t["Resources"], t["Outputs"]})
		return string(out)
	}
	return part(a) == part(b)
}

// Resize is a managed node group's template with the properties that EKS changes in
// place as the config wants them now; everything else stays as recorded.
func Resize(body string, c *config.ClusterConfig, m *config.ManagedNodeGroup) (string, error) {
	n := &m.NodeGroupBase
	labels := M{}
	for k, v := range nodeLabels(c, n) {
		labels[k] = v
	}
	set := M{"Labels": labels, "ScalingConfig": M{"MinSize": *n.MinSize, "MaxSize": *n.MaxSize, "DesiredSize": *n.DesiredCapacity}}
	if m.Taints != nil {
		set["Taints"] = taints(m.Taints)
	}
	if u := n.UpdateConfig; u != nil {
		set["UpdateConfig"] = updateConfig(u)
	}
	if r := m.NodeRepairConfig; r != nil {
		set["NodeRepairConfig"] = repair(r)
	}
	return patch(body, "ManagedNodeGroup", set, []string{"Taints"}, groupPart(c, m, nil))
}

// ResizeSelfManaged is a self-managed node group's template with other sizes.
func ResizeSelfManaged(body string, c *config.ClusterConfig, g *config.NodeGroup) (string, error) {
	n := &g.NodeGroupBase
	return patch(body, "NodeGroup", M{"MinSize": strconv.Itoa(*n.MinSize), "MaxSize": strconv.Itoa(*n.MaxSize),
		"DesiredCapacity": strconv.Itoa(*n.DesiredCapacity)}, nil, groupPart(c, nil, g))
}

// Sizes are how many nodes a group may and should have.
type Sizes struct{ Min, Max, Desired int }

// Sized is a node group's template with other sizes, also in what it records of the
// config; everything else stays as it is.
func Sized(body string, s Sizes) (string, error) {
	c, err := Recorded(body)
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", fmt.Errorf("the template records no config")
	}
	size := func(n *config.NodeGroupBase) { n.MinSize, n.MaxSize, n.DesiredCapacity = &s.Min, &s.Max, &s.Desired }
	switch {
	case len(c.ManagedNodeGroups) == 1:
		size(&c.ManagedNodeGroups[0].NodeGroupBase)
		return patch(body, "ManagedNodeGroup", M{"ScalingConfig": M{"MinSize": s.Min, "MaxSize": s.Max, "DesiredSize": s.Desired}}, nil, c)
	case len(c.NodeGroups) == 1:
		size(&c.NodeGroups[0].NodeGroupBase)
		return ResizeSelfManaged(body, c, &c.NodeGroups[0])
	}
	return "", fmt.Errorf("the stack records no node group")
}

// Released is what of a managed node group EKS changes by replacing its nodes.
type Released struct {
	Version  string // of Kubernetes
	Release  string // of the AMI
	Template string // version of the group's own launch template
	// Pin is the release that the file pins from now on, which the template says then, too; "":
	// it pins none, nil: a pin that is recorded follows the release.
	Pin *string
}

// Release is a managed node group's template with what EKS made of the group, where the
// template says something else of it, also in what it records of the config. What the
// template does not say stays so: it is right already.
func Release(body string, r Released) (string, error) {
	var t struct {
		Resources map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return "", fmt.Errorf("the recorded template is no JSON: %w", err)
	}
	have, set := t.Resources["ManagedNodeGroup"].Properties, M{}
	for k, v := range map[string]string{"Version": r.Version, "ReleaseVersion": r.Release} {
		if have[k] != nil && v != "" {
			set[k] = v
		}
	}
	if r.Pin != nil && *r.Pin != "" {
		set["ReleaseVersion"] = r.Release
	}
	lt, _ := have["LaunchTemplate"].(map[string]any)
	if lt["Version"] != nil && r.Template != "" {
		own := M{}
		for k, v := range lt {
			own[k] = v
		}
		own["Version"] = r.Template
		set["LaunchTemplate"] = own
	}
	c, err := Recorded(body)
	if err != nil {
		return "", err
	}
	if c != nil && len(c.ManagedNodeGroups) == 1 {
		m := &c.ManagedNodeGroups[0]
		if r.Pin != nil {
			m.ReleaseVersion = *r.Pin
		} else if m.ReleaseVersion != "" && r.Release != "" {
			m.ReleaseVersion = r.Release
		}
		if m.LaunchTemplate != nil && m.LaunchTemplate.Version != "" && r.Template != "" {
			m.LaunchTemplate.Version = r.Template
		}
	}
	return patch(body, "ManagedNodeGroup", set, nil, c)
}

// patch sets properties of one resource, drops those that are no longer set, and
// records the new config where the old one was recorded.
func patch(body, resource string, set M, optional []string, c *config.ClusterConfig) (string, error) {
	var t map[string]any
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return "", fmt.Errorf("the recorded template is no JSON: %w", err)
	}
	rs, _ := t["Resources"].(map[string]any)
	r, _ := rs[resource].(map[string]any)
	props, ok := r["Properties"].(map[string]any)
	if !ok {
		return "", fmt.Errorf("the recorded template has no resource %s", resource)
	}
	for _, k := range optional {
		delete(props, k)
	}
	for k, v := range set {
		props[k] = v
	}
	if m, ours := t["Metadata"].(map[string]any); ours && m[recordKey] != nil {
		var kept Template
		kept.keep(c)
		m[recordKey] = kept.Metadata[recordKey]
	}
	out, err := json.Marshal(t)
	return string(out), err
}
