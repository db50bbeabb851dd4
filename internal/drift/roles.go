package drift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

// use is a role that something of the cluster runs with.
type use struct {
	of     string           // what runs with it, in words
	node   bool             // nodes do
	wanted *record.Resource // nil: no stack made it
}

// roles are fields of the IAM roles of the cluster, its nodes and its pods.
var roles = []Field{
	{
		Path: "roles.exists", Doc: "A role that something runs with exists.", From: []observe.Part{observe.Roles}, Things: rolesInUse, Want: exists,
		Live: func(t *Truths, x Thing) Reading {
			if t.unread(observe.Roles, "role "+x.Key) {
				return Reading{Unknown: "the role " + x.Key + " was not read"}
			}
			return there(t.Live.Roles[x.Key] != nil, x)
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			u := x.Data.(*use)
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the role %s of %s does not exist any more", x.Key, u.of)
			d.Breaks = []string{"pods cannot assume it: " + u.of + " is refused by AWS"}
			if u.node {
				d.Breaks = []string{"nodes of " + u.of + " are refused by AWS and by the API server, and no new one joins"}
			}
			if u.wanted != nil {
				d.What += fmt.Sprintf(", and %s says that it does", u.wanted.Owner())
				if doc, ok := u.wanted.Known("AssumeRolePolicyDocument"); ok {
					d.Repairs = []Repair{t.ask("makes it again under the same name and with the same trust, so that stack and annotation fit again", "iam", "CreateRole",
						map[string]any{"RoleName": x.Key, "AssumeRolePolicyDocument": document(doc)})}
					policies, _ := u.wanted.Known("ManagedPolicyArns")
					arns, _ := policies.([]any)
					for _, arn := range texts(arns) {
						d.Repairs = append(d.Repairs, t.ask("then gives it its policy", "iam", "AttachRolePolicy", map[string]any{"RoleName": x.Key, "PolicyArn": arn}))
					}
				}
			}
			d.About = About{Resource: x.Key, Calls: []string{"DeleteRole"}}
		},
	},
	{
		Path: "roles.policies", Doc: "A role has the managed policies that its stack gives it, and nodes' those without which they do not work.",
		From: []observe.Part{observe.Roles}, Things: liveRoles, Want: policiesWanted,
		Live: func(t *Truths, x Thing) Reading {
			out := []string{}
			for _, p := range t.Live.Roles[x.Key].Attached {
				out = append(out, p.ARN)
			}
			return says(out)
		},
		Judge: judgePolicies,
	},
	{
		Path: "roles.trust", Doc: "Who may assume a role is who its stack says.", From: []observe.Part{observe.Roles},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(liveRoles(t), func(x Thing) bool {
				u := x.Data.(*use)
				if u.wanted == nil {
					return true
				}
				_, known := u.wanted.Known("AssumeRolePolicyDocument")
				return !known
			})
		},
		Want: func(_ *Truths, x Thing) Reading {
			v, _ := x.Data.(*use).wanted.Known("AssumeRolePolicyDocument")
			return says(v)
		},
		Live: func(t *Truths, x Thing) Reading { return says(t.Live.Roles[x.Key].Trust) },
		Same: sameDocument,
		Judge: func(t *Truths, x Thing, d *Difference) {
			u := x.Data.(*use)
			d.documents()
			d.Severity, d.What = finding.Error, fmt.Sprintf("who may assume the role %s of %s is not who its stack says", x.Key, u.of)
			d.Breaks = []string{u.of + " cannot assume it, or others can"}
			d.About = About{Resource: x.Key, Calls: []string{"UpdateAssumeRolePolicy"}}
			d.Repairs = []Repair{t.ask("puts it as the stack has it", "iam", "UpdateAssumeRolePolicy",
				map[string]any{"RoleName": x.Key, "PolicyDocument": document(d.wantedTrust(x))})}
		},
	},
	inlinePolicies,
}

func (d *Difference) wantedTrust(x Thing) any {
	v, _ := x.Data.(*use).wanted.Known("AssumeRolePolicyDocument")
	return v
}

// rolesInUse are the roles of the control plane, of nodes, add-ons, pods and stacks.
func rolesInUse(t *Truths) []Thing { return once(&t.known.roles, t.findRoles) }

func (t *Truths) findRoles() []Thing {
	all := map[string]*use{}
	add := func(arn string, u use) {
		if name := short(arn); arn != "" && !strings.Contains(arn, ":role/aws-service-role/") && all[name] == nil {
			all[name] = &u
		}
	}
	o := t.Live
	if o.Cluster != nil {
		add(o.Cluster.RoleARN, use{of: "the control plane"})
	}
	for _, g := range keys(o.Groups) {
		add(g.Data.(*observe.Nodegroup).NodeRole, use{of: "node group " + g.Key, node: true})
	}
	for _, a := range keys(o.Addons) {
		add(a.Data.(*observe.Addon).ServiceAccountRoleARN, use{of: "add-on " + a.Key})
	}
	for _, p := range keys(o.PodIdentities) {
		add(p.Data.(*observe.PodIdentity).RoleARN, use{of: "service account " + p.Key})
	}
	for _, p := range keys(o.Profiles) {
		add(p.Data.(*observe.FargateProfile).PodExecutionRoleARN, use{of: "Fargate profile " + p.Key})
	}
	for _, r := range t.of("AWS::IAM::Role") {
		name := t.roleName(r)
		if name == "" {
			continue
		}
		add(name, use{of: ofStack(t, r)})
		if all[name].wanted == nil {
			all[name].wanted = r
		}
	}
	return keys(all)
}

// roleName is what a recorded role is called: where the stack's resources were not read,
// by its outputs, or by the node group that has it.
func (t *Truths) roleName(r *record.Resource) string {
	s := t.Live.Stacks[r.Stack]
	if r.PhysicalID != "" || s == nil {
		return r.PhysicalID
	}
	if name, ok := r.Text("RoleName"); ok {
		return name
	}
	for output, id := range map[string]string{"Role1": "Role1", "InstanceRoleARN": "NodeInstanceRole", "FargatePodExecutionRoleARN": "FargatePodExecutionRole"} {
		if r.LogicalID == id && s.Outputs[output] != "" {
			return short(s.Outputs[output])
		}
	}
	if g := t.Live.Groups[s.Tags["alpha.eksctl.io/nodegroup-name"]]; g != nil && r.LogicalID == "NodeInstanceRole" {
		return short(g.NodeRole)
	}
	return ""
}

// ofStack is what a stack's role is for, by its tags.
func ofStack(t *Truths, r *record.Resource) string {
	s := t.Live.Stacks[r.Stack]
	if s == nil {
		return r.Owner()
	}
	tags := s.Tags
	for _, k := range []struct{ tag, words string }{{"alpha.eksctl.io/iamserviceaccount-name", "service account "},
		{"alpha.eksctl.io/podidentityassociation-name", "service account "}, {"alpha.eksctl.io/addon-name", "add-on "},
		{"alpha.eksctl.io/nodegroup-name", "node group "}} {
		if v := tags[k.tag]; v != "" {
			return k.words + v
		}
	}
	return "stack " + r.Stack
}

func liveRoles(t *Truths) []Thing {
	return slices.DeleteFunc(rolesInUse(t), func(x Thing) bool { return t.Live.Roles[x.Key] == nil })
}

// policiesWanted are those of the stack's template; of a node role that no stack made,
// those of which it has none of the kind.
func policiesWanted(t *Truths, x Thing) Reading {
	u := x.Data.(*use)
	if u.wanted != nil {
		v, ok := u.wanted.Known("ManagedPolicyArns")
		switch {
		case ok:
			return says(v)
		case u.wanted.Properties["ManagedPolicyArns"] == nil:
			return says([]string{})
		}
		return Reading{Unknown: "which policies the template gives it cannot be known"}
	}
	have := []string{}
	for _, p := range t.Live.Roles[x.Key].Attached {
		have = append(have, p.ARN)
	}
	if !u.node {
		return says(have) // nobody recorded what it should have
	}
	want := slices.Clone(have)
	for _, kind := range [][]string{{"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"}, {"AmazonEC2ContainerRegistryPullOnly",
		"AmazonEC2ContainerRegistryReadOnly", "AmazonEC2ContainerRegistryPowerUser", "AmazonEC2ContainerRegistryFullAccess"}} {
		if len(t.Live.Roles[x.Key].Inline) == 0 && !slices.ContainsFunc(have, func(arn string) bool { return slices.Contains(kind, short(arn)) }) {
			want = append(want, "arn:"+t.Live.Partition+":iam::aws:policy/"+kind[0])
		}
	}
	return says(want)
}

func judgePolicies(t *Truths, x Thing, d *Difference) {
	u := x.Data.(*use)
	if len(d.Lacks) == 0 {
		d.Kind, d.Severity = Foreign, finding.Info
		d.What = fmt.Sprintf("somebody attached policies to the role %s of %s: %s", x.Key, u.of, list(d.Extra))
		d.About = About{Resource: x.Key, Calls: []string{"AttachRolePolicy"}}
		return
	}
	want, _ := d.Recorded.Is.([]any)
	d.Kind, d.Severity = Missing, finding.Error
	d.What = fmt.Sprintf("the role %s of %s has %d of %d policies: it lacks %s", x.Key, u.of, len(want)-len(d.Lacks), len(want), list(d.Lacks))
	d.Breaks = []string{u.of + " is refused by AWS"}
	if u.node {
		d.Breaks = []string{"images are not pulled, pods get no address, new nodes do not join; " + nodegroupFails + " with this role"}
	}
	d.About = About{Resource: x.Key, Calls: []string{"DetachRolePolicy"}}
	for _, arn := range d.Lacks {
		d.Repairs = append(d.Repairs, t.ask("attaches what is missing, and detaches nothing", "iam", "AttachRolePolicy",
			map[string]any{"RoleName": x.Key, "PolicyArn": arn}))
	}
}

// document is a policy in one form: a list of one is what it lists, as IAM has it.
func document(v any) string {
	b, err := json.Marshal(single(v))
	if err != nil {
		panic(fmt.Sprintf("drift: %v", err)) // it was JSON a moment ago
	}
	return string(b)
}

// documents puts a difference's policies into one form, for a person who reads them.
func (d *Difference) documents() {
	for _, v := range []*diff.Value{d.Recorded, d.Live} {
		if v != nil && v.Is != nil {
			v.Is = document(v.Is)
		}
	}
}

// sameDocument tells whether two policies have the same form, and makes neither: most are.
func sameDocument(a, b any) bool {
	a, b = alone(a), alone(b)
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if w, ok := y[k]; !ok || !sameDocument(v, w) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && (slices.EqualFunc(x, y, sameDocument) || document(x) == document(y)) // in another order
	case string:
		return x == b
	}
	return (a == nil) == (b == nil) && document(a) == document(b)
}

// alone is what a list of one lists.
func alone(v any) any {
	for {
		l, ok := v.([]any)
		if !ok || len(l) != 1 {
			return v
		}
		v = l[0]
	}
}

func single(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			out[k] = single(y)
		}
		return out
	case []any:
		if len(x) == 1 {
			return single(alone(v))
		}
		out := []any{}
		for _, y := range x {
			out = append(out, single(y))
		}
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(document(a), document(b)) })
		return out
	}
	return v
}
