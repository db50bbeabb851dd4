package export

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
	"github.com/slipway-eks/slipway/internal/stack"
)

// addons gives add-ons the roles that they run with, leaves to the defaults those that the
// file cannot list without giving them another role, and adds what goes with them.
func (d *draft) addons() {
	d.associations()
	d.accounts()
	list, _ := get(d.Config, "addons").([]any)
	list = slices.DeleteFunc(list, func(x any) bool { return d.implied(x.(map[string]any)) })
	for _, x := range list {
		d.addonRole(x.(map[string]any))
	}
	remove(d.Config, "addons")
	if len(list) > 0 {
		d.Config["addons"] = list
	}
	for _, n := range eksfacts.DefaultAddons(d.auto()) {
		if d.live.Addons[n] == nil {
			record.Put(d.Config, "addonsConfig.disableDefaultAddons", true)
		}
	}
	d.plugin()
}

// auto tells whether EKS runs all nodes itself.
func (d *draft) auto() bool {
	c := d.live.Cluster.ComputeConfig
	return c != nil && c.Enabled && len(d.live.Groups)+len(selfManaged(d)) == 0
}

// implied tells whether an add-on must be left to the defaults: listed in a file with an
// OIDC provider, it would get a role of its own, and this one has its nodes'.
func (d *draft) implied(e map[string]any) bool {
	name, _ := e["name"].(string)
	a, fact := d.live.Addons[name], eksfacts.AddonNamed(name)
	if len(fact.Policies) == 0 || a.ServiceAccountRoleARN != "" || len(d.podRoles(a)) > 0 || get(d.Config, "iam.withOIDC") != true {
		return false
	}
	if !fact.Default {
		d.leave("addons."+name, "it has no role of its own, and a file that lists it gives it the one that EKS recommends")
		return false
	}
	if a.ConfigurationValues != "" {
		d.leave("addons."+name+".configurationValues", "a file that lists the add-on gives it a role of its own, which it has not: "+a.ConfigurationValues)
	}
	return true
}

// podRoles are the associations of an add-on's service accounts.
func (d *draft) podRoles(a *observe.Addon) []*observe.PodIdentity {
	var out []*observe.PodIdentity
	for _, k := range sorted(d.live.PodIdentities) {
		if p := d.live.PodIdentities[k]; d.addonOf(p) == a {
			out = append(out, p)
		}
	}
	return out
}

func (d *draft) addonRole(e map[string]any) {
	name, _ := e["name"].(string)
	a := d.live.Addons[name]
	if a.NamespaceConfig != nil && a.NamespaceConfig.Namespace == "kube-system" {
		delete(e, "namespaceConfig")
	}
	if held := stack.AddonRoleName(d.live.Name, name); a.ServiceAccountRoleARN != "" && e["serviceAccountRoleARN"] == nil {
		d.role(e, held, "addons."+name, map[string]string{"arns": "attachPolicyARNs", "policy": "attachPolicy", "boundary": "permissionsBoundary"})
	}
	var pods []any
	for _, p := range d.podRoles(a) {
		x := map[string]any{"serviceAccountName": p.ServiceAccount, "namespace": p.Namespace}
		if d.made(p.RoleARN) {
			d.role(x, stack.AddonPodRoleName(d.live.Name, name, p.ServiceAccount), "addons."+name, podFields)
		} else {
			d.put(x, "roleARN", p.RoleARN, "addons."+name+".podIdentityAssociations")
		}
		pods = append(pods, x)
	}
	if len(pods) > 0 {
		e["podIdentityAssociations"] = pods
	}
}

// podFields are the fields of a pod identity association that say of its role.
var podFields = map[string]string{"arns": "permissionPolicyARNs", "policy": "permissionPolicy", "policyName": "permissionPolicyName",
	"boundary": "permissionsBoundaryARN", "name": "roleName"}

// role says of a role that a stack holds what its template does. names are the fields for
// it.
func (d *draft) role(e map[string]any, held, at string, names map[string]string) {
	s := d.live.Stacks[held]
	if s == nil {
		return
	}
	r, others, ok := stack.RoleOf(held, s.Template)
	if !ok {
		d.leave(at, "the template of stack "+held+" could not be read for its role")
		return
	}
	if len(others) > 0 {
		d.leave(at, "the role in stack "+held+" has policies that no field asks for: "+strings.Join(others, ", "))
	}
	for what, v := range map[string]any{"arns": r.ARNs, "policy": r.Policy, "boundary": r.Boundary, "policyName": r.PolicyName, "name": r.RoleName} {
		if v = plain(v); names[what] != "" && !empty(v) {
			e[names[what]] = v
		}
	}
	if r.WellKnown != nil {
		e["wellKnownPolicies"] = plain(r.WellKnown)
	}
}

// associations say of the roles that stacks hold for them.
func (d *draft) associations() {
	d.each("iam.podIdentityAssociations", func(e map[string]any) {
		ns, _ := e["namespace"].(string)
		sa, _ := e["serviceAccountName"].(string)
		if e["roleARN"] == nil {
			d.role(e, stack.PodRoleName(d.live.Name, ns, sa), "iam.podIdentityAssociations."+ns+"/"+sa, podFields)
		}
	})
}

// accounts are service accounts with a role each, as their stacks have them.
func (d *draft) accounts() {
	var out []any
	for _, n := range sorted(d.live.Stacks) {
		s := d.live.Stacks[n]
		id := s.Tags[eksfacts.TagAccount]
		if id == "" || !s.Stands() {
			continue
		}
		ns, sa, _ := strings.Cut(id, "/")
		meta := map[string]any{"name": sa, "namespace": ns}
		e := map[string]any{"metadata": meta}
		d.role(e, n, "iam.serviceAccounts."+id,
			map[string]string{"arns": "attachPolicyARNs", "policy": "attachPolicy", "boundary": "permissionsBoundary", "name": "roleName"})
		if k := d.live.Kubernetes; k != nil {
			if a := k.ServiceAccounts[id]; a == nil || a.Annotations[observe.RoleAnnotation] != s.Output("Role1") {
				e["roleOnly"] = true
			}
		}
		out = append(out, e)
	}
	if len(out) > 0 {
		record.Put(d.Config, "iam.serviceAccounts", out)
	}
}

// plugin names a network plugin that a person installed in place of the VPC CNI.
func (d *draft) plugin() {
	k := d.live.Kubernetes
	if d.live.Addons[eksfacts.VPCCNI] != nil || k == nil || d.Config["cni"] != nil {
		return
	}
	for _, p := range eksfacts.NetworkPlugins()[1:] {
		if k.DaemonSets[p] != nil {
			d.Config["cni"] = map[string]any{"daemonSet": p}
			return
		}
	}
}
