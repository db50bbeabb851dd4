package export

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/record"
)

// keyedList is a list of the file whose elements stand in the cluster by themselves.
type keyedList struct {
	path string
	keys func(d *draft) []string
	// named is an element with no more than what tells it from others.
	named func(key string) map[string]any
}

func byName(key string) map[string]any { return map[string]any{"name": key} }

func byAccount(key string) map[string]any {
	namespace, name, _ := strings.Cut(key, "/")
	return map[string]any{"namespace": namespace, "serviceAccountName": name}
}

// lists are the lists whose fields the catalogue reads, in the order of the file.
var lists = []keyedList{
	{"iam.podIdentityAssociations", ownAssociations, byAccount},
	{"accessConfig.accessEntries", strangers, func(key string) map[string]any { return map[string]any{"principalARN": key} }},
	{"identityProviders", func(d *draft) []string { return sorted(d.live.IdentityProviders) },
		func(key string) map[string]any { return map[string]any{"name": key, "type": "oidc"} }},
	{"addons", func(d *draft) []string { return sorted(d.live.Addons) }, byName},
	{"fargateProfiles", func(d *draft) []string { return sorted(d.live.Profiles) }, byName},
	{"managedNodeGroups", func(d *draft) []string { return sorted(d.live.Groups) }, byName},
	{"nodeGroups", selfManaged, byName},
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// keyed is the list with a key that a field belongs to, or nil.
func keyed(path string) *fields.Field {
	for i := strings.LastIndex(path, "."); i > 0; i = strings.LastIndex(path[:i], ".") {
		if f := fields.At(path[:i]); f != nil && f.Path == path[:i] && f.Key != nil {
			return f
		}
	}
	return nil
}

// list writes the live elements of a list, each with what its rows read.
func (d *draft) list(l keyedList) {
	recorded, _ := get(d.base, l.path).([]any)
	var out []any
	for _, key := range l.keys(d) {
		e := l.named(key)
		was := find(recorded, e)
		if was != nil {
			e = plain(was).(map[string]any)
		}
		for _, f := range fields.Below(l.path) {
			if was != nil && f.Change != fields.InPlace {
				continue // it cannot be another than it was made with
			}
			if k := keyed(f.Path); f.Live != nil && exported(f) && k != nil && k.Path == l.path {
				d.over(e, f, strings.TrimPrefix(f.Path, l.path+"."), key, l.path+"."+key+"."+strings.TrimPrefix(f.Path, l.path+"."))
			}
		}
		out = append(out, e)
	}
	remove(d.Config, l.path)
	if len(out) > 0 {
		record.Put(d.Config, l.path, out)
	}
}

// find is the element of a list that has a name; nil: there is none.
func find(list []any, name map[string]any) map[string]any {
	for _, x := range list {
		m, ok := x.(map[string]any)
		for k, v := range name {
			ok = ok && (k == "type" || m[k] == v)
		}
		if ok {
			return m
		}
	}
	return nil
}

// each visits the elements of a list of the file.
func (d *draft) each(path string, do func(e map[string]any)) {
	l, _ := get(d.Config, path).([]any)
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			do(m)
		}
	}
}

// ownAssociations are those that no add-on has.
func ownAssociations(d *draft) []string {
	var out []string
	for _, k := range sorted(d.live.PodIdentities) {
		p := d.live.PodIdentities[k]
		if p.OwnerARN == "" && d.addonOf(p) == nil {
			out = append(out, k)
		}
	}
	return out
}

// addonOf is the add-on that an association belongs to, or nil.
func (d *draft) addonOf(p *observe.PodIdentity) *observe.Addon {
	for _, n := range sorted(d.live.Addons) {
		if a := d.live.Addons[n]; slices.Contains(a.PodIdentityAssociations, p.ARN) || p.OwnerARN != "" && p.OwnerARN == a.ARN {
			return a
		}
	}
	return nil
}

// strangers are the principals of access entries that neither AWS nor a group's stack made,
// and that do not come with the cluster.
func strangers(d *draft) []string {
	var out []string
	for _, arn := range sorted(d.live.AccessEntries) {
		e := d.live.AccessEntries[arn]
		by, _ := d.own.At(owner.Ref{Kind: owner.AccessEntry, Name: arn})
		switch {
		case by.Kind == owner.AWS, by.Kind == owner.Contract && !strings.Contains(by.Name, "-accessentry-"), d.groupRole(arn):
		case e.Type != "" && e.Type != "STANDARD" && d.made(arn):
		case by.Kind == owner.Person && d.live.OfCreator(e):
			d.leave("accessConfig.accessEntries."+arn, "EKS made it an administrator as whoever made the cluster; who launches the file is the next one's")
		default:
			out = append(out, arn)
		}
	}
	return out
}

// groupRole tells whether the nodes of a managed group run with a role: EKS lets it in.
func (d *draft) groupRole(arn string) bool {
	for _, g := range d.live.Groups {
		if g.NodeRole == arn {
			return true
		}
	}
	return false
}

// selfManaged are the groups that are Auto Scaling groups alone.
func selfManaged(d *draft) []string {
	var out []string
	for _, n := range sorted(d.live.ScalingGroups) {
		if g := d.live.ScalingGroups[n]; !g.Managed && g.Nodegroup != "" {
			out = append(out, g.Nodegroup)
		}
	}
	slices.Sort(out)
	return out
}

func texts(m map[string]any) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k], _ = v.(string)
	}
	return out
}
