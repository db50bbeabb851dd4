package drift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// fields adds the differences of the config file's fields: package diff compares them by
// their own catalogue, with the record in the file's shape.
func (t *Truths) fields(r *Report) {
	if t.Live.Cluster == nil {
		return
	}
	with := diff.Truths{Desired: t.Desired, Recorded: t.Claims, Declared: t.Declared, Filled: t.filled(t.Claims), Resolved: t.Resolved, Live: t.Live}
	for _, f := range fields.Values() {
		if f.Live != nil {
			r.Fields++
		}
	}
	for _, d := range diff.Compare(with) {
		if (d.Drifted || d.Wanted) && d.Live != nil {
			r.Differences = append(r.Differences, t.ofField(d))
		}
	}
	t.things(r)
	for _, p := range ofFile {
		for _, n := range t.Live.Missed(p) {
			r.NotChecked = append(r.NotChecked, NotChecked{"fields of the file that " + string(p) + " answers", n.What + ": " + n.Why})
		}
	}
}

// ofFile are the parts that fields of the file are read from, beside the control plane.
var ofFile = []observe.Part{
	observe.Addons, observe.Nodegroups, observe.Fargate, observe.Access, observe.PodIdentities, observe.Providers, observe.OIDC, observe.Scaling, observe.Machines,
}

// filled are the paths that the record itself does not say, less those that templates do.
func (t *Truths) filled(claims any) []string {
	if t.Record == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.Record.Filled), func(path string) bool {
		return within(claims, strings.Split(path, ".")) && strings.HasPrefix(path, "vpc.")
	})
}

func within(tree any, path []string) bool {
	for _, k := range path {
		m, ok := tree.(map[string]any)
		if !ok {
			return false
		}
		if tree, ok = m[k]; !ok {
			return false
		}
	}
	return true
}

// ofField is a difference of a field of the file.
func (t *Truths) ofField(d diff.Difference) Difference {
	out := Difference{Path: d.Path, Key: d.Key, Kind: Changed, Severity: finding.Warning, Desired: d.Desired, Recorded: d.Recorded, Live: d.Live}
	want := d.Desired
	if want == nil || want.Is == nil && d.Recorded != nil && d.Recorded.Is != nil {
		want = d.Recorded
	}
	if d.Desired != nil && d.Desired.Is == nil && !d.Wanted {
		out.Desired = nil // silence of the file is no wish
	}
	out.Lacks, out.Extra = sets(want.Is, d.Live.Is)
	whose := "the file"
	if want == d.Recorded {
		whose = "the record"
	}
	of := ""
	if d.Key != "" {
		of = " of " + d.Key
	}
	out.What = fmt.Sprintf("%s%s is %s, and %s says %s", d.Path, of, brief(d.Live.Is), whose, brief(want.Is))
	if d.Effect != "" {
		out.Breaks = []string{d.Effect}
	}
	out.About = about(d, t.Live.Name)
	switch {
	case t.Desired != nil && d.Field.Change == fields.InPlace:
		out.Repairs = []Repair{t.follow()}
	case d.Field.Change == fields.InPlace:
		if c := t.back(d, want.Is); c != nil {
			does := "puts it as the stack has it"
			if len(out.Extra) > 0 {
				does += ", and takes away what was added"
			}
			out.Repairs = []Repair{{Does: does, Command: c.Command(t.Live.Region), Call: c}}
		}
	default:
		out.Repairs = []Repair{{Does: d.Fix, Command: "# " + d.Fix}}
	}
	if d.Path == "vpc.controlPlaneSubnetIDs" {
		t.judgeAttached(&out)
	}
	for _, r := range t.of("AWS::EKS::Cluster") {
		if d.Key == "" && want == d.Recorded {
			owned(&out, r)
		}
	}
	if r := t.recordedGroup(d.Key); r != nil && want == d.Recorded {
		owned(&out, r)
	}
	if d.Path == "vpc.controlPlaneSecurityGroupIDs" {
		out.Breaks = []string{"nodes may not reach the control plane"}
	}
	return out
}

// judgeAttached says of the control plane's subnets what the template's lead to: some of
// them may be gone.
func (t *Truths) judgeAttached(d *Difference) {
	d.Sets = map[Kind][]string{}
	n := t.network()
	for _, id := range d.Lacks {
		if kind := Detached; n.Subnets != nil {
			if n.Subnets[id] == nil {
				kind = Dangling
			}
			d.Sets[kind] = append(d.Sets[kind], id)
		}
	}
	if len(d.Extra) > 0 {
		d.Sets[Added] = d.Extra
	}
	if d.Recorded != nil {
		d.What = fmt.Sprintf("the control plane is in %s; the record says %s", brief(d.Live.Is), brief(d.Recorded.Is))
	}
	d.Breaks = []string{eksctlUpgrade + ": it puts the template's subnets back (eksctl#7290)"}
	if t.Live.Stacks[clusterStack(t)] == nil {
		d.Breaks = []string{"the next terraform apply puts the state's subnets back"}
		return
	}
	if len(d.Sets[Dangling]) > 0 {
		d.Severity, d.Repairs = finding.Error, []Repair{t.template(), t.restore()}
		d.Breaks = []string{eksctlUpgrade + ": it puts the template's subnets back (eksctl#7290), and some of them are gone"}
	}
}

// about says where to look for who changed a field of the file.
func about(d diff.Difference, cluster string) About {
	switch top, rest, _ := strings.Cut(d.Path, "."); {
	case top == "managedNodeGroups":
		field, _, _ := strings.Cut(rest, ".")
		member := memberOf[field]
		if member == "" { // what it is made of
			return About{Calls: []string{"UpdateNodegroupVersion"}, Mentions: d.Key}
		}
		return About{Calls: []string{"UpdateNodegroupConfig"}, Mentions: d.Key, Members: []string{member}}
	case top == "nodeGroups":
		return About{Calls: []string{"UpdateAutoScalingGroup"}, Mentions: d.Key}
	case top == "addons":
		return About{Calls: []string{"UpdateAddon", "CreateAddon"}, Mentions: d.Key}
	case d.Path == "iam.withOIDC":
		return About{Calls: []string{"DeleteOpenIDConnectProvider"}}
	case top == "metadata":
		return About{Calls: []string{"UntagResource", "TagResource"}, Mentions: cluster}
	case strings.HasPrefix(d.Path, "accessConfig.accessEntries"):
		return About{Calls: []string{"UpdateAccessEntry", "AssociateAccessPolicy", "DisassociateAccessPolicy"}, Mentions: d.Key}
	}
	of := About{Calls: []string{"UpdateClusterConfig"}, Mentions: cluster, EKS: "ConfigUpdate"}
	switch {
	case strings.HasPrefix(d.Path, "vpc.clusterEndpoints"), d.Path == "vpc.publicAccessCIDRs":
		of.EKS, of.Members = "EndpointAccessUpdate", []string{"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"}
	case strings.HasPrefix(d.Path, "vpc."):
		of.EKS, of.Members = "VpcConfigUpdate", attachments
	case strings.HasPrefix(d.Path, "cloudWatch"):
		of.EKS, of.Members = "LoggingUpdate", []string{"logging"}
	}
	return of
}

// attachments are the members of UpdateClusterConfig that move the control plane.
var attachments = []string{"subnetIds", "securityGroupIds"}

// memberOf are the members of UpdateNodegroupConfig that set fields of a managed group.
var memberOf = map[string]string{"labels": "labels", "taints": "taints", "minSize": "scalingConfig", "maxSize": "scalingConfig",
	"desiredCapacity": "scalingConfig", "updateConfig": "updateConfig", "nodeRepairConfig": "nodeRepairConfig"}

// back is the call that puts a field as the record has it, where one call does; nil
// where it takes more.
func (t *Truths) back(d diff.Difference, want any) *Call {
	name := t.Live.Name
	config := func(v map[string]any) *Call {
		v["name"] = name
		return &Call{"eks", "UpdateClusterConfig", v}
	}
	group := func(v map[string]any) *Call {
		v["clusterName"], v["nodegroupName"] = name, d.Key
		return &Call{"eks", "UpdateNodegroupConfig", v}
	}
	switch d.Path {
	case "vpc.clusterEndpoints.publicAccess":
		return config(map[string]any{"resourcesVpcConfig": map[string]any{"endpointPublicAccess": want}})
	case "vpc.clusterEndpoints.privateAccess":
		return config(map[string]any{"resourcesVpcConfig": map[string]any{"endpointPrivateAccess": want}})
	case "vpc.publicAccessCIDRs":
		return config(map[string]any{"resourcesVpcConfig": map[string]any{"publicAccessCidrs": want}})
	case "vpc.controlPlaneSubnetIDs":
		return config(map[string]any{"resourcesVpcConfig": map[string]any{"subnetIds": want}})
	case "vpc.controlPlaneSecurityGroupIDs":
		return config(map[string]any{"resourcesVpcConfig": map[string]any{"securityGroupIds": want}})
	case "cloudWatch.clusterLogging.enableTypes":
		return config(map[string]any{"logging": logging(want, d.Live.Is)})
	case "upgradePolicy.supportType":
		return config(map[string]any{"upgradePolicy": map[string]any{"supportType": want}})
	case "zonalShiftConfig.enabled":
		return config(map[string]any{"zonalShiftConfig": map[string]any{"enabled": want == true}})
	case "controlPlaneScalingConfig.tier":
		return config(map[string]any{"controlPlaneScalingConfig": map[string]any{"tier": want}})
	case "iam.withOIDC":
		if c := t.Live.Cluster; want == true && c.Identity != nil && c.Identity.OIDC != nil {
			return &Call{"iam", "CreateOpenIDConnectProvider", map[string]any{"Url": c.Identity.OIDC.Issuer, "ClientIDList": []string{audience}}}
		}
	case "managedNodeGroups.minSize":
		return group(map[string]any{"scalingConfig": map[string]any{"minSize": want}})
	case "managedNodeGroups.maxSize":
		return group(map[string]any{"scalingConfig": map[string]any{"maxSize": want}})
	case "managedNodeGroups.labels":
		return group(map[string]any{"labels": map[string]any{"addOrUpdateLabels": want}})
	case "managedNodeGroups.taints":
		return group(map[string]any{"taints": taints(want, d.Live.Is)})
	case "managedNodeGroups.nodeRepairConfig.enabled":
		return group(map[string]any{"nodeRepairConfig": map[string]any{"enabled": want == true}})
	case "managedNodeGroups.updateConfig.maxUnavailable":
		return group(map[string]any{"updateConfig": map[string]any{"maxUnavailable": want}})
	}
	return nil
}

// logging is EKS's request for some log types to be on and the others off.
func logging(want, live any) map[string]any {
	on, _ := want.([]any)
	have, _ := live.([]any)
	off := slices.DeleteFunc(slices.Clone(have), func(v any) bool { return slices.Contains(on, v) })
	var setups []any
	if len(on) > 0 {
		setups = append(setups, map[string]any{"types": on, "enabled": true})
	}
	if len(off) > 0 {
		setups = append(setups, map[string]any{"types": off, "enabled": false})
	}
	return map[string]any{"clusterLogging": setups}
}

// taints is EKS's request for a group's taints to be these.
func taints(want, live any) map[string]any {
	effect := map[string]string{"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE", "PreferNoSchedule": "PREFER_NO_SCHEDULE"}
	spelt := func(v any) []any {
		var out []any
		l, _ := v.([]any)
		for _, x := range l {
			m, _ := x.(map[string]any)
			t := map[string]any{"key": m["key"], "effect": effect[text(m["effect"])]}
			if s := text(m["value"]); s != "" {
				t["value"] = s
			}
			out = append(out, t)
		}
		return out
	}
	add, have := spelt(want), spelt(live)
	out := map[string]any{}
	if len(add) > 0 {
		out["addOrUpdateTaints"] = add
	}
	remove := slices.DeleteFunc(have, func(v any) bool {
		return slices.ContainsFunc(add, func(w any) bool { return fmt.Sprint(v) == fmt.Sprint(w) })
	})
	if len(remove) > 0 {
		out["removeTaints"] = remove
	}
	return out
}

// listed are the lists of the file whose elements are things of EKS's, or of Kubernetes'.
// Who is let in beside the file is another field (access.entries.added), as are pods'
// identities that come with add-ons, and what serves nothing in Kubernetes.
var listed = []struct {
	list, word, in string
	live           func(*observe.Observed) []Thing
	part           observe.Part
	made, deleted  string // calls; made "": others than the file's are not named
}{
	{"managedNodeGroups", "managed node group", eks, groupsOfEKS, observe.Nodegroups, "CreateNodegroup", "DeleteNodegroup"},
	{"nodeGroups", "self-managed node group", "Auto Scaling", selfManaged, observe.Scaling, "CreateAutoScalingGroup", "DeleteAutoScalingGroup"},
	{"addons", "add-on", eks, func(o *observe.Observed) []Thing { return keys(o.Addons) }, observe.Addons, "CreateAddon", "DeleteAddon"},
	{"fargateProfiles", "Fargate profile", eks, profiles, observe.Fargate, "CreateFargateProfile", "DeleteFargateProfile"},
	{"identityProviders", "identity provider", eks, providers, observe.Providers, "AssociateIdentityProviderConfig", "DisassociateIdentityProviderConfig"},
	{"accessConfig.accessEntries", "access entry", eks, entries, observe.Access, "", "DeleteAccessEntry"},
	{"iam.podIdentityAssociations", "pod identity association", eks, associations, observe.PodIdentities, "", "DeletePodIdentityAssociation"},
	{"iam.serviceAccounts", "service account", "Kubernetes", serviceAccounts, observe.Inside, "", ""},
	{"iamIdentityMappings", "mapping of an IAM identity", "kube-system/aws-auth", mapped, observe.Inside, "", ""},
}

const eks = "EKS"

func groupsOfEKS(o *observe.Observed) []Thing     { return keys(o.Groups) }
func profiles(o *observe.Observed) []Thing        { return keys(o.Profiles) }
func providers(o *observe.Observed) []Thing       { return keys(o.IdentityProviders) }
func entries(o *observe.Observed) []Thing         { return keys(o.AccessEntries) }
func associations(o *observe.Observed) []Thing    { return keys(o.PodIdentities) }
func serviceAccounts(o *observe.Observed) []Thing { return keys(o.Kubernetes.ServiceAccounts) }

// selfManaged are the node groups that are Auto Scaling groups alone.
func selfManaged(o *observe.Observed) []Thing {
	return slices.DeleteFunc(keysBy(o.ScalingGroups, func(g *observe.ScalingGroup) string { return g.Nodegroup }), func(x Thing) bool {
		return x.Key == "" || x.Data.(*observe.ScalingGroup).Managed
	})
}

// mapped are the rows of aws-auth, by ARN; what is no YAML maps nobody.
func mapped(o *observe.Observed) []Thing {
	var out []Thing
	for _, l := range []string{"mapRoles", "mapUsers"} {
		rows, _ := observe.AuthMappings(o.Kubernetes.AWSAuth, l)
		for _, r := range rows {
			out = append(out, Thing{r.ARN, r})
		}
	}
	return out
}

// inFile are the names of what the file lists; nil without a file.
func (t *Truths) inFile(list string) []string {
	if t.Desired == nil {
		return nil
	}
	if t.lists == nil {
		t.lists = map[string][]string{}
		for _, l := range listed {
			t.lists[l.list] = namesOf(tree(t.Desired), l.list)
		}
	}
	return t.lists[list]
}

// namesOf are the names of a list's elements, as the file's catalogue names them.
func namesOf(file any, path string) []string {
	for _, k := range strings.Split(path, ".") {
		m, _ := file.(map[string]any)
		file = m[k]
	}
	key := []string{"arn"} // of a list that is one field: aws-auth's
	if f := fields.At(path); f != nil && f.Key != nil {
		key = f.Key
	}
	var out []string
	l, _ := file.([]any)
	for _, e := range l {
		var parts []string
		for _, k := range key {
			v := e
			for _, p := range strings.Split(k, ".") {
				m, _ := v.(map[string]any)
				v = m[p]
			}
			parts = append(parts, text(v))
		}
		if n := strings.Join(parts, "/"); strings.Trim(n, "/") != "" {
			out = append(out, n)
		}
	}
	return out
}

func tree(v any) any {
	var out any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("drift: %v", err)) // configs are plain data
	}
	return out
}

// things adds what the file lists and is not there, and the other way round.
func (t *Truths) things(r *Report) {
	if t.Desired == nil {
		return
	}
	for _, l := range listed {
		want := t.inFile(l.list)
		if len(t.Live.Missed(l.part)) > 0 || l.part == observe.Inside && t.Live.Kubernetes == nil {
			if len(want) > 0 && l.part == observe.Inside {
				r.NotChecked = append(r.NotChecked, NotChecked{l.list, t.unreachable()})
			}
			continue
		}
		r.Fields++
		have := l.live(t.Live)
		for _, n := range want {
			if !slices.ContainsFunc(have, func(x Thing) bool { return x.Key == n }) {
				d := Difference{Path: l.list, Key: n, Kind: Gone, Severity: finding.Warning,
					What: fmt.Sprintf("the file lists the %s %s, and %s has none of that name", l.word, n, l.in), Desired: &diff.Value{Is: n}, Live: &diff.Value{},
					Repairs: []Repair{t.follow()}}
				if l.deleted != "" {
					d.About = About{Calls: []string{l.deleted}, Mentions: n}
				}
				r.Differences = append(r.Differences, d)
			}
		}
		for _, x := range have {
			if l.made != "" && !slices.Contains(want, x.Key) {
				r.Differences = append(r.Differences, Difference{Path: l.list, Key: x.Key, Kind: Foreign, Severity: finding.Info,
					What: fmt.Sprintf("%s has the %s %s, and the file does not list it", l.in, l.word, x.Key), Desired: &diff.Value{}, Live: &diff.Value{Is: x.Key},
					About: About{Calls: []string{l.made}, Mentions: x.Key}})
			}
		}
	}
}

// unreachable is why nothing is known of what is in Kubernetes.
func (t *Truths) unreachable() string {
	if missed := t.Live.Missed(observe.Inside); len(missed) > 0 {
		return missed[0].What + ": " + missed[0].Why
	}
	return "Kubernetes was not read"
}

// brief is a value for a sentence.
func brief(v any) string {
	switch x := v.(type) {
	case nil:
		return "not set"
	case string:
		return x
	case []any:
		if len(x) == 0 {
			return "none"
		}
		if _, is := x[0].(string); is {
			return list(texts(x))
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("drift: %v", err)) // it was JSON a moment ago
	}
	const most = 120
	if len(b) > most {
		return string(b[:most]) + "…"
	}
	return string(b)
}
