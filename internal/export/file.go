package export

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/record"
)

// Options say what the file is for.
type Options struct {
	// Own says what stacks by eksctl's contract make anew by themselves, and so needs no
	// ID in the file.
	Own *owner.Owners
	// Portable: the file is to launch an equal cluster elsewhere: it names no VPC, subnet,
	// security group, role, key or launch template of this account.
	Portable bool
}

// File is what a config file says of a live cluster.
type File struct {
	Config map[string]any
	Left   []Left // what the file does not say, or says otherwise than the cluster is
}

// Left is one thing that the file cannot say.
type Left struct{ Path, Why string }

// behind is why a value is left that the file has all the same, as it is live.
const behind = "the record says something else than what is live, which the file has: slipway plan shows how the record would follow"

// draft is a file as it is put together: what the record says, where there is one, with
// what is live put over it.
type draft struct {
	*File
	live     *observe.Observed
	own      *owner.Owners
	portable bool
	base     map[string]any // the recorded config; empty: none
}

// Of is the whole of an export, in the order of the file.
func Of(live *observe.Observed, o Options) (*File, error) {
	d := &draft{File: &File{Config: map[string]any{}}, live: live, own: o.Own, portable: o.Portable, base: map[string]any{}}
	if r := record.FromStacks(live); r.Config != nil {
		d.base = plain(r.Config).(map[string]any)
	}
	d.head()
	d.cluster()
	d.network()
	for _, l := range lists {
		d.list(l)
	}
	d.addons()
	d.access()
	d.mappings()
	d.groups()
	d.unread()
	if d.portable {
		d.sweep(d.Config, "")
	}
	return d.File, d.prune()
}

// head names the cluster; its tags are those that a file gave it.
func (d *draft) head() {
	meta := map[string]any{"name": d.live.Name, "region": d.live.Region, "version": d.live.Cluster.Version}
	t := given(d.live.Cluster.Tags)
	if s, _ := t["Name"].(string); strings.HasSuffix(s, "/ControlPlane") {
		delete(t, "Name") // its stack gives it that
	}
	if len(t) > 0 {
		meta["tags"] = t
	}
	d.Config["apiVersion"], d.Config["kind"], d.Config["metadata"] = "eksctl.io/v1alpha5", "ClusterConfig", meta
}

// given are tags that a person gave: not AWS's, eksctl's, or Kubernetes' own.
func given(tags map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range tags {
		if !slices.ContainsFunc([]string{"aws:", "alpha.eksctl.io/", "eksctl.cluster.k8s.io/", "eksctl.io/", "eks:", "kubernetes.io/cluster/",
			"k8s.io/cluster-autoscaler/", "eks.amazonaws.com/"}, func(p string) bool { return strings.HasPrefix(k, p) }) {
			out[k] = v
		}
	}
	return out
}

// cluster is what the rows of the catalogue read from a live control plane, over what the
// record says of what AWS does not answer.
func (d *draft) cluster() {
	for k, v := range d.base {
		if fields.At(k) != nil && fields.At(k).Key == nil && d.Config[k] == nil {
			d.Config[k] = plain(v)
		}
	}
	for _, f := range fields.Values() {
		if f.Live == nil || !exported(f) || keyed(f.Path) != nil || strings.HasPrefix(f.Path, "metadata.") || d.recordedCluster() && f.Change != fields.InPlace {
			continue // what is recorded and fixed cannot be another than it was made with
		}
		d.over(d.Config, f, f.Path, "", f.Path)
	}
}

// recordedCluster tells whether the cluster's stack says what file it was made from.
func (d *draft) recordedCluster() bool { return d.base["vpc"] != nil }

// exported tells whether a file should say a field of what stands.
func exported(f *fields.Field) bool {
	return f.Change != fields.Ignore && f.Change != fields.Identity && f.NotLaunched == ""
}

// over puts a live value over what the record says, unless that says the same.
func (d *draft) over(into map[string]any, f *fields.Field, rest, key, at string) {
	v, ok := f.Live(d.live, key)
	was := get(into, rest)
	if ok {
		v = plain(v)
	}
	switch {
	case !ok || was != nil && (f.Owned || diff.Holds(f, v, was)):
		return
	case was == nil && (silent(f, v) || d.made(v)):
		return
	}
	if tags, is := v.(map[string]any); is && f.Additive {
		v = given(texts(tags))
	}
	if was != nil {
		d.leave(at, behind)
	}
	d.put(into, rest, v, at)
}

// put sets a value; one that names things of this account is left out of a portable file.
func (d *draft) put(into map[string]any, path string, v any, at string) {
	switch v.(type) {
	case bool, float64: // off, and none, are values
	default:
		if empty(v) {
			remove(into, path)
			return
		}
	}
	if d.portable && len(identifiers(v)) > 0 {
		remove(into, path)
		d.leave(at, "it names "+strings.Join(identifiers(v), ", ")+", which is of this account: the new cluster makes its own, or name another")
		return
	}
	record.Put(into, path, v)
}

func (d *draft) leave(path, why string) {
	if l := (Left{path, why}); !slices.Contains(d.Left, l) {
		d.Left = append(d.Left, l)
	}
}

// documents and principals are what they are whoever launches the file.
var stays = []string{"attachPolicy", "permissionPolicy", "policy", "principalARN", "arn", "metadata"}

// sweep takes what names things of this account out of a portable file, wherever it came
// from.
func (d *draft) sweep(m map[string]any, at string) {
	for _, k := range sorted(m) {
		path := strings.TrimPrefix(at+"."+k, ".")
		switch v := m[k].(type) {
		case map[string]any:
			if !slices.Contains(stays, k) {
				d.sweep(v, path)
			}
		case []any:
			for _, x := range v {
				if e, ok := x.(map[string]any); ok {
					d.sweep(e, path)
				}
			}
		}
		if _, inner := m[k].(map[string]any); !inner && !slices.Contains(stays, k) {
			if _, rows := first(m[k]).(map[string]any); !rows {
				d.put(m, k, m[k], path)
			}
		}
	}
}

// made tells whether a value names only what stacks of the cluster, or AWS for them, made:
// whoever launches the file makes such anew.
func (d *draft) made(v any) bool {
	ids := identifiers(v)
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return !d.stacked(id) })
}

// stacked tells whether a stack by eksctl's contract holds a thing, or AWS made it.
func (d *draft) stacked(id string) bool {
	r := owner.Ref{Kind: owner.Resource, Name: id}
	if _, role, ok := strings.Cut(id, ":role/"); ok {
		r = owner.Ref{Kind: owner.Role, Name: role[strings.LastIndex(role, "/")+1:]}
	}
	by, known := d.own.At(r)
	return known && (by.Kind == owner.Contract || by.Kind == owner.AWS) || d.own.Holds(id)
}

// ofEC2 are IDs of EC2's; the add-on vpc-cni is none.
var ofEC2 = regexp.MustCompile(`^(vpc|subnet|sg|lt|ami|cr)-[0-9a-z]*[0-9][0-9a-z]*$`)

// identifiers are the names in a value that belong to this account.
func identifiers(v any) []string {
	var out []string
	switch x := v.(type) {
	case string:
		if ofEC2.MatchString(x) {
			return []string{x}
		}
		if strings.HasPrefix(x, "arn:") && !strings.Contains(x, ":iam::aws:policy/") && !strings.Contains(x, ":eks::aws:cluster-access-policy/") {
			return []string{x}
		}
	case []any:
		for _, y := range x {
			out = append(out, identifiers(y)...)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, identifiers(x[k])...)
		}
	}
	return out
}

// silent tells whether a live value is what AWS does where nobody says anything.
func silent(f *fields.Field, v any) bool {
	switch f.Path {
	case "kubernetesNetworkConfig.serviceIPv4CIDR":
		return v == "10.100.0.0/16" || v == "172.20.0.0/16"
	case "controlPlaneScalingConfig.tier":
		return v == "standard"
	case "upgradePolicy.supportType":
		return v == "EXTENDED"
	case "vpc.publicAccessCIDRs":
		return fmt.Sprint(v) == "[0.0.0.0/0]" || fmt.Sprint(v) == "[0.0.0.0/0 ::/0]"
	case "vpc.controlPlaneEgressMode":
		return v == "AWS_MANAGED"
	case "vpc.cidr", "managedNodeGroups.releaseVersion":
		return true // package network says the one; the other is EKS's to raise
	case "managedNodeGroups.updateConfig.maxUnavailable":
		return v == float64(1) || v == float64(0)
	case "vpc.clusterEndpoints.publicAccess":
		return false // off is a wish
	}
	return empty(v) && !slices.Contains(names, f.Name())
}

func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case bool:
		return !x
	case string:
		return x == ""
	case float64:
		return x == 0
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// unread says what could not be looked at: the file is silent about it.
func (d *draft) unread() {
	for _, n := range d.live.NotRead {
		d.leave(string(n.Part), n.What+" could not be read: "+n.Why)
	}
}

// prune takes out what the file's defaults say anyway. What is taken out is put back where
// the file, completed again, says something else.
func (d *draft) prune() error {
	full, err := completed(d.Config)
	if err != nil {
		return err
	}
	bare, err := completed(skeleton(d.Config))
	if err != nil {
		return err
	}
	lean := without(d.Config, bare, "").(map[string]any)
	again, err := completed(lean)
	if err != nil {
		return err
	}
	for _, path := range differing(full, again, nil) {
		if v := at(d.Config, path); v != nil {
			putAt(lean, d.Config, path, v)
		}
	}
	d.Config = lean
	return nil
}

// completed is a config with its defaults, as plain JSON.
func completed(doc map[string]any) (map[string]any, error) {
	b, err := json.Marshal(doc)
	c := &config.ClusterConfig{}
	if err == nil {
		err = json.Unmarshal(b, c)
	}
	if err != nil {
		return nil, fmt.Errorf("what was read of the cluster makes no config file: %w", err)
	}
	c.SetDefaults()
	return plain(c).(map[string]any), nil
}

func plain(v any) any {
	var out any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("export: %v", err)) // configs and observations are plain data
	}
	return out
}
