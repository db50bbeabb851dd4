package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// recordedKind is one kind of EKS's own things that a stack, or a Terraform state, records.
type recordedKind struct {
	path, word, typ string
	list            string // of the file, that may list it, too
	part            observe.Part
	named           func(*record.Resource) string // as live names it; "": the record does not tell
	there           func(*observe.Observed, string) bool
	breaks          func(name string) string
	deleted         string // the call that takes one away
}

var recordedKinds = []recordedKind{
	{"addons.exists", "add-on", "AWS::EKS::Addon", "addons", observe.Addons, one("AddonName"),
		func(o *observe.Observed, n string) bool { return o.Addons[n] != nil },
		func(n string) string { return "nothing keeps " + n + " on the cluster, or up to date" }, "DeleteAddon"},
	{"fargateProfiles.exists", "Fargate profile", "AWS::EKS::FargateProfile", "fargateProfiles", observe.Fargate, one("FargateProfileName"),
		func(o *observe.Observed, n string) bool { return o.Profiles[n] != nil },
		func(string) string { return "its pods find no place to run" }, "DeleteFargateProfile"},
	{"podIdentities.exists", "pod identity association", "AWS::EKS::PodIdentityAssociation", "iam.podIdentityAssociations",
		observe.PodIdentities, both("Namespace", "ServiceAccount"),
		func(o *observe.Observed, n string) bool { return o.PodIdentities[n] != nil },
		func(n string) string { return "pods of " + n + " get no credentials of AWS" }, "DeletePodIdentityAssociation"},
	{"identityProviders.exists", "identity provider", "AWS::EKS::IdentityProviderConfig", "identityProviders",
		observe.Providers, one("IdentityProviderConfigName"),
		func(o *observe.Observed, n string) bool { return o.IdentityProviders[n] != nil },
		func(string) string { return "whoever signs in by it does not get in" }, "DisassociateIdentityProviderConfig"},
	{"access.entries.exists", "access entry", entryType, "accessConfig.accessEntries", observe.Access, one("PrincipalArn"),
		func(o *observe.Observed, n string) bool { return o.AccessEntries[n] != nil },
		func(n string) string { return n + " does not get into Kubernetes" }, "DeleteAccessEntry"},
}

const entryType = "AWS::EKS::AccessEntry"

func one(property string) func(*record.Resource) string {
	return func(r *record.Resource) string { s, _ := r.Text(property); return s }
}

func both(a, b string) func(*record.Resource) string {
	return func(r *record.Resource) string {
		x, known := r.Text(a)
		y, too := r.Text(b)
		if !known || !too {
			return ""
		}
		return x + "/" + y
	}
}

// recordedThings are the catalogue's entries of things that were recorded, and of who is let in
// beside them.
var recordedThings = func() []Field {
	var out []Field
	for _, k := range recordedKinds {
		out = append(out, k.exists())
	}
	return append(out, entryPermissions, entriesAdded)
}()

// exists is the entry of a kind: what was recorded is there. What the file lists, too, is
// told with the file's fields, and nodes' roles by access.nodes.
func (k recordedKind) exists() Field {
	return Field{
		Path: k.path, Doc: "Each " + k.word + " that a stack made, or a Terraform state has, exists.", From: []observe.Part{k.part}, Recorded: true,
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(t.standing(k.typ, k.named), func(x Thing) bool {
				return slices.Contains(t.inFile(k.list), x.Key) || k.typ == entryType && slices.ContainsFunc(nodeRoles(t), func(n Thing) bool { return n.Key == x.Key })
			})
		},
		Want: exists, Live: func(t *Truths, x Thing) Reading { return there(k.there(t.Live, x.Key), x) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			r := x.Data.(*record.Resource)
			d.Kind, d.Severity = Gone, finding.Warning
			d.What = fmt.Sprintf("the %s %s of %s does not exist any more", k.word, x.Key, r.Owner())
			d.Breaks = []string{k.breaks(x.Key)}
			d.About = About{Calls: []string{k.deleted}, Mentions: x.Key[strings.LastIndex(x.Key, "/")+1:]}
			if k.typ == entryType {
				d.About.Mentions = x.Key
				d.Repairs = t.letIn(r)
			}
		},
	}
}

// standing are the recorded resources of a type, by the name that live has for them.
func (t *Truths) standing(typ string, named func(*record.Resource) string) []Thing {
	var out []Thing
	for _, r := range t.of(typ) {
		if n := named(r); n != "" && (r.Stack == record.Terraform || t.Live.Has(r.Stack)) {
			out = append(out, Thing{n, r})
		}
	}
	return out
}

// letIn makes a recorded access entry again, with its policies.
func (t *Truths) letIn(r *record.Resource) []Repair {
	arn, _ := r.Text("PrincipalArn")
	if !record.Known(r.Properties) {
		return nil
	}
	in := map[string]any{"clusterName": t.Live.Name, "principalArn": arn}
	for property, parameter := range map[string]string{"Type": "type", "Username": "username", "KubernetesGroups": "kubernetesGroups"} {
		if v := r.Properties[property]; v != nil {
			in[parameter] = v
		}
	}
	out := []Repair{t.ask("makes it again as it is recorded", "eks", "CreateAccessEntry", in)}
	for _, p := range permissions(r) {
		out = append(out, t.ask("with its policy", "eks", "AssociateAccessPolicy", p.request(t.Live.Name, arn)))
	}
	return out
}

// permission is an access policy and where it holds.
type permission struct {
	policy, scope string
	namespaces    []string
}

func (p permission) String() string {
	if len(p.namespaces) > 0 {
		return short(p.policy) + " in " + strings.Join(p.namespaces, ", ")
	}
	return short(p.policy)
}

func (p permission) request(cluster, arn string) map[string]any {
	scope := map[string]any{"type": p.scope}
	if len(p.namespaces) > 0 {
		scope["namespaces"] = p.namespaces
	}
	return map[string]any{"clusterName": cluster, "principalArn": arn, "policyArn": p.policy, "accessScope": scope}
}

// permissions are the access policies of a recorded entry.
func permissions(r *record.Resource) []permission {
	var out []permission
	l, _ := r.Properties["AccessPolicies"].([]any)
	for _, x := range l {
		m, _ := x.(map[string]any)
		s, _ := m["AccessScope"].(map[string]any)
		names, _ := s["Namespaces"].([]any)
		p := permission{policy: text(m["PolicyArn"]), scope: text(s["Type"])}
		if len(names) > 0 {
			p.namespaces = texts(names)
		}
		out = append(out, p)
	}
	return out
}

// allowed are the access policies of an entry as it is.
func allowed(e *observe.AccessEntry) []permission {
	var out []permission
	for _, x := range e.Policies {
		p := permission{policy: x.PolicyARN, scope: "cluster"}
		if s := x.AccessScope; s != nil {
			p.scope = s.Type
			if len(s.Namespaces) > 0 {
				p.namespaces = slices.Sorted(slices.Values(s.Namespaces))
			}
		}
		out = append(out, p)
	}
	return out
}

// mayDo is what an entry allows, as a set: policies with their scopes, and groups.
func mayDo(policies []permission, groups []string) Reading {
	out := []string{}
	for _, p := range policies {
		out = append(out, p.String())
	}
	for _, g := range groups {
		out = append(out, "group "+g)
	}
	return says(out)
}

var entryPermissions = Field{
	Path: "access.entries.permissions", Doc: "What a recorded access entry allows: its policies with their scopes, and its groups.",
	From: []observe.Part{observe.Access}, Recorded: true,
	Things: func(t *Truths) []Thing {
		return slices.DeleteFunc(t.standing(entryType, one("PrincipalArn")), func(x Thing) bool {
			e, r := t.Live.AccessEntries[x.Key], x.Data.(*record.Resource)
			return e == nil || strings.HasPrefix(e.Type, "EC2") || !record.Known(r.Properties) || slices.Contains(t.inFile("accessConfig.accessEntries"), x.Key)
		})
	},
	Want: func(_ *Truths, x Thing) Reading {
		r := x.Data.(*record.Resource)
		groups, _ := r.Properties["KubernetesGroups"].([]any)
		return mayDo(permissions(r), texts(groups))
	},
	Live: func(t *Truths, x Thing) Reading {
		e := t.Live.AccessEntries[x.Key]
		return mayDo(allowed(e), e.KubernetesGroups)
	},
	Judge: func(t *Truths, x Thing, d *Difference) {
		r, e := x.Data.(*record.Resource), t.Live.AccessEntries[x.Key]
		var said []string
		if len(d.Lacks) > 0 {
			said = append(said, "lacks "+list(d.Lacks))
			d.Breaks = append(d.Breaks, x.Key+" may do less than was wanted")
		}
		if len(d.Extra) > 0 {
			said = append(said, "has "+list(d.Extra)+", which nobody recorded")
			d.Breaks = append(d.Breaks, x.Key+" may do more than was wanted")
		}
		d.What = fmt.Sprintf("the access entry of %s %s", x.Key, strings.Join(said, "; it "))
		d.About = About{Calls: []string{"AssociateAccessPolicy", "DisassociateAccessPolicy", "UpdateAccessEntry"}, Mentions: x.Key}
		want := permissions(r)
		for _, p := range want { // a scope that changed is another of the same policy: it is written over
			if slices.Contains(d.Lacks, p.String()) {
				d.Repairs = append(d.Repairs, t.ask("gives it "+p.String(), "eks", "AssociateAccessPolicy", p.request(t.Live.Name, x.Key)))
			}
		}
		for _, p := range allowed(e) {
			if slices.Contains(d.Extra, p.String()) && !slices.ContainsFunc(want, func(w permission) bool { return w.policy == p.policy }) {
				d.Repairs = append(d.Repairs, t.ask("takes "+p.String()+" from it", "eks", "DisassociateAccessPolicy",
					map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key, "policyArn": p.policy}))
			}
		}
		groups, _ := r.Properties["KubernetesGroups"].([]any)
		if !equal(groups, anything(e.KubernetesGroups)) {
			d.Repairs = append(d.Repairs, t.ask("puts its groups as they are recorded", "eks", "UpdateAccessEntry",
				map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key, "kubernetesGroups": texts(groups)}))
		}
	},
}

var entriesAdded = Field{
	Path: "access.entries.added", Doc: "Who is let in beside those of the record and the file, nodes and AWS itself.", From: []observe.Part{observe.Access},
	Things: func(t *Truths) []Thing {
		if len(t.Resources) == 0 {
			return nil // no record: nobody was let in beside it
		}
		return slices.DeleteFunc(keys(t.Live.AccessEntries), t.expected)
	},
	Live: func(t *Truths, x Thing) Reading {
		e := x.Data.(*observe.AccessEntry)
		return mayDo(allowed(e), e.KubernetesGroups)
	},
	Same: func(any, any) bool { return false },
	Judge: func(_ *Truths, x Thing, d *Difference) {
		e := x.Data.(*observe.AccessEntry)
		d.Kind, d.Severity = Foreign, finding.Info
		d.What = fmt.Sprintf("somebody let in %s", x.Key)
		if e.Type != "STANDARD" && e.Type != "" {
			d.What += ", as " + e.Type
		}
		if len(d.Extra) > 0 {
			d.What += ", with " + list(d.Extra)
		}
		d.Extra = nil
		d.About = About{Calls: []string{"CreateAccessEntry", "AssociateAccessPolicy"}, Mentions: x.Key}
	},
}

// expected tells whether an access entry is of the record, the file, nodes, AWS itself, or
// whoever made the cluster.
func (t *Truths) expected(x Thing) bool {
	e := x.Data.(*observe.AccessEntry)
	is := func(list []Thing) bool {
		return slices.ContainsFunc(list, func(y Thing) bool { return y.Key == x.Key })
	}
	switch {
	case strings.Contains(x.Key, ":role/aws-service-role/"), is(t.standing(entryType, one("PrincipalArn"))),
		slices.Contains(t.inFile("accessConfig.accessEntries"), x.Key):
		return true
	case strings.HasPrefix(e.Type, "EC2"), strings.HasPrefix(e.Type, "FARGATE"), strings.HasPrefix(e.Type, "HYBRID"):
		gone := t.Live.Roles[short(x.Key)] == nil && strings.HasPrefix(e.Type, "EC2") // told by access.entries.role
		return t.nodesOf(x.Key) != "" || is(nodeRoles(t)) || t.serves(x.Key) || gone
	}
	return t.Live.Cluster != nil && t.Live.OfCreator(e)
}

// serves tells whether a role is one that the record has, or that profiles and Auto Mode
// run with: its entry comes with it.
func (t *Truths) serves(arn string) bool {
	if c := t.Live.Cluster; c != nil && c.ComputeConfig != nil && c.ComputeConfig.NodeRoleARN == arn {
		return true
	}
	for _, p := range t.Live.Profiles {
		if p.PodExecutionRoleARN == arn {
			return true
		}
	}
	for _, s := range t.Live.Stacks {
		for _, v := range s.Outputs {
			if v == arn {
				return true
			}
		}
	}
	if r := t.Live.Roles[short(arn)]; r != nil && r.Tags[eksfacts.TagCluster] == t.Live.Name {
		return true // of a stack whose resources a lean look does not list
	}
	return slices.ContainsFunc(t.of("AWS::IAM::Role"), func(r *record.Resource) bool { return r.PhysicalID == short(arn) })
}
