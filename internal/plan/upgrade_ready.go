package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// lastAL2 is the last minor for which EKS publishes Amazon Linux 2 (EKS: "AMI Type
// AL2_x86_64 is only supported for kubernetes versions 1.32 or earlier").
const lastAL2 = 32

// freeAddresses is how many a subnet of the control plane must have left for an upgrade (EKS
// user guide, "Update existing cluster": up to five).
const freeAddresses = 5

// stop is a finding that ends an upgrade before anything is changed.
func (u *upgrading) stop(code, resource, remedy, format string, a ...any) finding.Finding {
	return finding.Finding{Code: code, Severity: finding.Error, Where: finding.Where{Resource: resource}, What: fmt.Sprintf(format, a...),
		Breaks: "nothing was changed", Remedy: remedy}
}

// NoWay is why a cluster cannot go to a version, whatever else is so; nil: it can.
func NoWay(in Upgrading) finding.Findings {
	return newUpgrade(in, newBuilder(in.Live, in.Account)).path()
}

// path refuses a version that there is no way to.
func (u *upgrading) path() finding.Findings {
	name, n := "cluster "+u.Live.Name, eksfacts.Minor(u.To)
	wrong := func(code, remedy, format string, a ...any) finding.Findings {
		f := u.stop(code, name, remedy, format, a...)
		f.Input = true
		return finding.Findings{f}
	}
	switch have := eksfacts.Minor(u.at); {
	case n < have:
		remedy := "there is no way back from " + u.at + ": EKS lets a control plane back for seven days after an upgrade"
		if b := u.Live.Upgrades.Back; b != nil {
			remedy = fmt.Sprintf("it can go back to %s until %s: slipway upgrade %s --rollback", b.Version, b.Until.UTC().Format("2006-01-02 15:04 MST"), u.Live.Name)
		}
		return wrong("version-below", remedy, "runs Kubernetes %s, and %s is older", u.at, u.To)
	case n > have && !slices.Contains(u.Live.Upgrades.Offered, u.To):
		return wrong("version-not-offered", "one of "+strings.Join(u.Live.Upgrades.Offered, ", "), "cannot go to Kubernetes %s, which EKS does not offer", u.To)
	}
	for _, minor := range u.rounds() {
		if minor != u.at && !slices.Contains(u.Live.Upgrades.Offered, minor) {
			return wrong("version-no-way", "make a new cluster of that version, and move there",
				"cannot go from %s to %s: the way leads by %s, which EKS does not offer any more", u.at, u.To, minor)
		}
	}
	if s := u.Live.Cluster.Status; s != "ACTIVE" && s != "UPDATING" {
		return finding.Findings{u.stop("cluster-not-active", name, "wait until it is ACTIVE: slipway status "+u.Live.Name, "is %s", s)}
	}
	return nil
}

// ready is what would stop an upgrade on its way, found before its start. It reads as the
// list of what is looked at.
func (u *upgrading) ready() (out finding.Findings) {
	for _, look := range []func() finding.Findings{
		u.unread,
		u.readyPins,
		u.readyInsights,
		u.readyAddons,
		u.readySkew,
		u.readyAL2,
		u.readyGroups,
		u.readyPods,
		u.readyAddresses,
		u.readyWebhooks,
	} {
		out = append(out, look()...)
	}
	return out
}

// climbs tells whether the control plane changes its version.
func (u *upgrading) climbs() bool { return u.at != u.To }

// readyInsights are EKS's own findings: errors of the next minor stop it, the others are told.
// What the plan itself mends before the control plane's turn, it does.
func (u *upgrading) readyInsights() (out finding.Findings) {
	if !u.climbs() {
		return nil
	}
	for _, i := range u.Live.Upgrades.Insights {
		if i.Category != "UPGRADE_READINESS" || eksfacts.Minor(i.Version) > eksfacts.Minor(u.To) {
			continue
		}
		what := fmt.Sprintf("EKS finds in the way of %s: %s%s", i.Version, strings.TrimSuffix(i.Status.Reason, "."), concerned(i))
		first := i.Version == u.rounds()[0]
		switch {
		case i.Status.Status != "ERROR", !first:
			u.plan.Notes = append(u.plan.Notes, what+".")
		case u.Force:
			u.plan.Notes = append(u.plan.Notes, what+"; --force goes on.")
		case !u.mends(i):
			remedy := strings.TrimSuffix(i.Recommendation, ".")
			if remedy != "" {
				remedy += "; "
			}
			remedy += fmt.Sprintf("EKS looked at %s, and looks again within a day, or at once: aws eks start-insights-refresh --cluster-name %s; --force passes over it",
				i.Refreshed.UTC().Format("2006-01-02 15:04 MST"), u.Live.Name)
			out = append(out, u.stop("upgrade-insight", "insight "+i.Name, remedy, "%s", what))
		}
	}
	return out
}

// concerned are the objects of an insight, in words.
func concerned(i observe.Insight) string {
	var of []string
	for _, r := range i.Resources {
		if r.URI != "" {
			of = append(of, r.URI)
		} else if r.ARN != "" {
			of = append(of, r.ARN)
		}
	}
	if i.Summary != nil {
		all := i.Summary.Deprecations
		if used := slices.DeleteFunc(slices.Clone(all), func(d observe.Deprecation) bool { return len(d.Clients) == 0 }); len(used) > 0 {
			all, of = used, nil // EKS lists what ends then whether it is used or not, and who uses it says more than where
		}
		for _, d := range all {
			use := d.Usage
			if d.ReplacedBy != "" {
				use += ", which " + d.ReplacedBy + " replaces"
			}
			for _, c := range d.Clients {
				use += fmt.Sprintf(", used by %s (%d requests in 30 days%s)", c.UserAgent, c.Requests, lastly(c.Last))
			}
			of = append(of, use)
		}
	}
	if len(of) == 0 {
		return ""
	}
	return ": " + few(of)
}

// lastly is when somebody was seen last: EKS counts for thirty days what has been mended since.
func lastly(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ", the last " + at.UTC().Format("2006-01-02 15:04")
}

// mends tells whether all that an insight is about is raised before the control plane is.
func (u *upgrading) mends(i observe.Insight) bool {
	return len(i.Resources) > 0 && !slices.ContainsFunc(i.Resources, func(r observe.InsightResource) bool {
		if node, is := strings.CutPrefix(r.URI, "/api/v1/nodes/"); is {
			n := u.Live.Kubernetes.Nodes[node]
			return n == nil || u.groups[n.Nodegroup] == "" || eksfacts.Minor(i.Version)-eksfacts.Minor(u.groups[n.Nodegroup]) <= eksfacts.Skew
		}
		if p := strings.Split(r.ARN, "/"); strings.Contains(r.ARN, ":addon/") && len(p) > 2 {
			return u.both(p[2], i.Version) == ""
		}
		return true
	})
}

// readyAddons are add-ons of which EKS has no version for a minor on the way, and versions
// that somebody names and that do not fit.
func (u *upgrading) readyAddons() (out finding.Findings) {
	for _, name := range slices.Sorted(maps.Keys(u.addons)) {
		for _, minor := range u.rounds() {
			if v := u.Versions[name]; v != "" && u.last(minor) && !u.fits(name, v, minor) {
				out = append(out, u.stop("addon-version-not-offered", "add-on "+name, "name one of: "+few(u.offeredFor(name, minor)),
					"has no version %s for Kubernetes %s", v, minor))
			} else if u.standard(name, minor) == "" {
				out = append(out, u.stop("addon-version-not-offered", "add-on "+name,
					"wait until EKS has one; or do without it: slipway addon remove "+u.Live.Name+" "+name, "has no version for Kubernetes %s", minor))
				break
			}
		}
		if f := u.unwell(name); f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// unwell is by what an add-on would keep the upgrade from ending well: at its end, all are to be
// ACTIVE. What the plan raises is made anew; what is DEGRADED may heal by itself, where somebody
// says so by force.
func (u *upgrading) unwell(name string) *finding.Finding {
	a, again := u.Live.Addons[name], "mend it"
	switch a.Status {
	case "CREATE_FAILED", "DELETE_FAILED", "DELETING":
		return new(u.stop("addon-unwell", "add-on "+name, "mend it, or take it away: slipway addon remove "+u.Live.Name+" "+name, "is %s", a.Status))
	case "UPDATE_FAILED":
		again = "update it again: slipway addon update " + u.Live.Name + " " + name
	case "DEGRADED":
	default:
		return nil
	}
	why := ""
	if h := a.Health; h != nil && len(h.Issues) > 0 {
		why = ": " + h.Issues[0].Code + ": " + strings.TrimSuffix(h.Issues[0].Message, ".")
	}
	switch f := u.stop("addon-unwell", "add-on "+name, again+"; --force goes on", "is %s, and nothing in the plan changes it%s", a.Status, why); {
	case u.raises(name):
		return nil
	case u.Force:
		u.ailing = append(u.ailing, name)
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("The add-on %s is %s%s; --force goes on, and does not wait for it at the end.", name, a.Status, why))
		return nil
	default:
		return &f
	}
}

// raises tells whether an add-on gets another version on the way.
func (u *upgrading) raises(name string) bool {
	have := u.addons[name]
	return slices.ContainsFunc(u.rounds(), func(minor string) bool {
		want := u.wanted(name, minor)
		return want != "" && want != have && (u.last(minor) || !u.fits(name, have, minor))
	})
}

func (u *upgrading) offeredFor(name, minor string) (out []string) {
	for _, v := range u.Live.Upgrades.AddonVersions[name] {
		if slices.Contains(v.Fits, minor) {
			out = append(out, v.Version)
		}
	}
	return out
}

// readySkew are kubelets that would be too old for the control plane and that the plan does
// not raise, and a kube-proxy that is no add-on.
func (u *upgrading) readySkew() (out finding.Findings) {
	k := u.Live.Kubernetes
	if k == nil || !u.climbs() {
		return nil
	}
	raised, way := map[string]bool{}, map[string]string{}
	for _, g := range u.Live.NodeGroups() {
		for _, n := range u.Live.NodesOf(g) {
			raised[n.Name] = inPlace(g)
			if way[n.Name] = fmt.Sprintf("replace it first: slipway nodegroup upgrade %s %s", u.Live.Name, g.Name); slices.Contains(u.Own, g.Name) ||
				g.Managed != nil && g.Managed.AMIType == "CUSTOM" {
				way[n.Name] += fmt.Sprintf(" -f FILE, with an AMI of kubelet %s or newer", eksfacts.OfMinor(eksfacts.Minor(u.To)-eksfacts.Skew))
			}
		}
	}
	most := eksfacts.Minor(u.To) - eksfacts.Skew
	for _, name := range slices.Sorted(maps.Keys(k.Nodes)) {
		if m := eksfacts.Minor(k.Nodes[name].Version); m > 0 && m < most && !raised[name] {
			out = append(out, u.stop("kubelet-too-old", "node "+name, cmp.Or(way[name], "replace it first, its owner's way"),
				"runs kubelet 1.%d, more than %d minors behind %s", m, eksfacts.Skew, u.To))
		}
	}
	d := k.DaemonSets["kube-system/kube-proxy"]
	if d == nil || u.addons[eksfacts.KubeProxy] != "" {
		return out
	}
	for _, image := range d.Images {
		m := eksfacts.Minor(image[strings.LastIndex(image, ":")+1:])
		switch {
		case m == 0:
		case m < most:
			out = append(out, u.stop("kube-proxy-too-old", "DaemonSet kube-system/kube-proxy", "let EKS manage it, which the upgrade raises then: slipway addon add "+
				u.Live.Name+" kube-proxy", "is of 1.%d, more than %d minors behind %s, and no add-on", m, eksfacts.Skew, u.To))
		case m != eksfacts.Minor(u.To):
			u.plan.Notes = append(u.plan.Notes, fmt.Sprintf(
				"kube-proxy is of 1.%d, and no add-on: it stays as it is (slipway addon add %s kube-proxy has EKS manage it).", m, u.Live.Name))
		}
	}
	return out
}

// readyAL2 are groups of Amazon Linux 2, which later minors do not have.
func (u *upgrading) readyAL2() (out finding.Findings) {
	if eksfacts.Minor(u.To) <= lastAL2 {
		return nil
	}
	for _, g := range u.Live.NodeGroups() {
		old := g.Managed != nil && strings.HasPrefix(g.Managed.AMIType, "AL2_")
		for _, n := range u.Live.NodesOf(g) {
			old = old || n.OSImage == "Amazon Linux 2"
		}
		if family := u.familyAfter(g.Name); family != "" && family != "AmazonLinux2" {
			old = false // what takes its place is none
		}
		if old && !g.Going() && u.groups[g.Name] != u.To {
			out = append(out, u.stop("no-al2", "node group "+g.Name,
				fmt.Sprintf("replace it first: slipway nodegroup upgrade %s %s --ami-family AmazonLinux2023", u.Live.Name, g.Name),
				"runs Amazon Linux 2, which EKS has for Kubernetes 1.%d and older", lastAL2))
		}
	}
	return out
}

// familyAfter is the AMI family of what takes a group's place; "": nothing does.
func (u *upgrading) familyAfter(group string) string {
	if in, is := u.Replaced[group]; is && in.File != nil && len(in.File.Cluster.Groups()) > 0 { // none: the new one is there, and the group is going
		return in.File.Cluster.Groups()[0].AmiFamily
	}
	for _, w := range u.in.Replaced {
		for _, n := range u.cfg.Groups() {
			if w.Blue.Name == group && w.Green == n.Name {
				return n.AmiFamily
			}
		}
	}
	return ""
}

// readyGroups are node groups that EKS would not update.
func (u *upgrading) readyGroups() (out finding.Findings) {
	for _, g := range u.Live.NodeGroups() {
		if u.goes(g.Name) || !inPlace(g) || u.groups[g.Name] == u.To || g.Managed.Health == nil {
			continue
		}
		for _, i := range g.Managed.Health.Issues {
			if !eksfacts.Upgradable(i.Code) {
				out = append(out, u.stop("group-unwell", "node group "+g.Name, "mend it, or replace it: slipway nodegroup upgrade "+u.Live.Name+" "+g.Name,
					"is not updated by EKS while it has the issue %s: %s", i.Code, i.Message))
			}
		}
	}
	return out
}

// readyAddresses are subnets without room for the interfaces of a new control plane, which
// EKS puts into two zones at least.
func (u *upgrading) readyAddresses() (out finding.Findings) {
	if !u.climbs() || u.Live.Network == nil || u.Live.Missed(observe.Networking) != nil {
		return nil
	}
	zones, full := map[string]bool{}, []string{}
	for _, id := range attachment(u.Live).SubnetIDs {
		if s := u.Live.Network.Subnets[id]; s != nil && s.FreeAddresses >= freeAddresses {
			zones[s.Zone] = true
		} else if s != nil {
			full = append(full, fmt.Sprintf("%s (%s, %d)", id, s.Zone, s.FreeAddresses))
		}
	}
	switch {
	case len(zones) < 2 && len(full) > 0:
		out = append(out, u.stop("too-few-addresses", "control plane", fmt.Sprintf("free %d addresses in subnets of two zones, or give it others: "+
			"vpc.controlPlaneSubnetIDs in the file, and slipway up", freeAddresses),
			"has no room in two zones for the interfaces of the new version: of %d free addresses, these subnets have too few: %s", freeAddresses, few(full)))
	case len(full) > 0:
		u.plan.Notes = append(u.plan.Notes, fmt.Sprintf("EKS may want %d free addresses in each of the control plane's subnets, and these have fewer: %s.",
			freeAddresses, few(full)))
	}
	return out
}

// vital are the resources that nodes and add-ons cannot come without.
var vital = []string{"*", "*/*", "pods", "pods/*", "pods/eviction", "nodes", "nodes/*", "nodes/status", "leases", "daemonsets", "deployments", "configmaps",
	"serviceaccounts", "controllerrevisions", "replicasets"}

// readyWebhooks are webhooks that refuse all that they are asked about, as nothing answers:
// new nodes would not become Ready, nor add-ons (ops case 34).
func (u *upgrading) readyWebhooks() (out finding.Findings) {
	for _, name := range slices.Sorted(maps.Keys(u.Live.Upgrades.Webhooks)) {
		w := u.Live.Upgrades.Webhooks[name]
		var asked []string
		for _, r := range w.Asked {
			if slices.Contains(vital, r) && !slices.Contains(asked, r) {
				asked = append(asked, r)
			}
		}
		if len(asked) == 0 || slices.Contains(w.Excludes, "kube-system") && !slices.Contains(asked, "nodes") && !slices.Contains(asked, "pods/eviction") {
			continue
		}
		out = append(out, u.stop("webhook-silent", name, "bring its pods back, or set its failurePolicy to Ignore, or delete it",
			"refuses every change of %s: its failurePolicy is Fail, and no pod of Service %s is ready", few(asked), w.Service))
	}
	return out
}

// findings are an error's, as a plan refuses by them.
func findings(err error) finding.Findings {
	if fs, ok := finding.Of(err); ok {
		return fs
	}
	return finding.Findings{{Severity: finding.Error, What: err.Error(), Cause: err}}
}
