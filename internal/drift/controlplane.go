package drift

import (
	"fmt"
	"slices"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

// controlPlane are fields of the control plane that the file does not have.
var controlPlane = []Field{
	{
		Path: "controlPlane.exists", Doc: "Whether EKS has the cluster that the stack made.", From: []observe.Part{observe.ControlPlane},
		Things: func(t *Truths) []Thing { return t.made("AWS::EKS::Cluster") },
		Want:   func(_ *Truths, x Thing) Reading { return says(x.Key) },
		Live: func(t *Truths, _ Thing) Reading {
			if t.Live.Cluster == nil {
				return says(nil)
			}
			return says(t.Live.Cluster.Name)
		},
		Judge: func(t *Truths, _ Thing, d *Difference) {
			d.Kind, d.Severity, d.Breaks = Gone, finding.Error, []string{"everything"}
			d.What = "EKS has no cluster " + t.Live.Name + ", and its stack stands"
			d.About = About{Calls: []string{"DeleteCluster"}, Mentions: t.Live.Name}
			d.Repairs = []Repair{{Does: "takes away what is left, to make the cluster again", Command: "slipway down " + t.Live.Name + " --region " + t.Live.Region}}
		},
	},
	{
		Path: "controlPlane.subnets", Cheap: true, Doc: "The subnets that EKS names for the control plane exist.",
		From:   []observe.Part{observe.ControlPlane, observe.Networking},
		Needs:  []string{"the subnets"},
		Things: live,
		Want:   func(t *Truths, _ Thing) Reading { return says(t.attached()) },
		Live: func(t *Truths, _ Thing) Reading {
			out := observe.Set{}
			for _, id := range t.attached() {
				if t.network().Subnets[id] != nil {
					out = append(out, id)
				}
			}
			return says(out)
		},
		Judge: judgeListed,
	},
	{
		Path: "controlPlane.version", Doc: "The Kubernetes version that the stack's template names.", From: []observe.Part{observe.ControlPlane},
		Things: func(t *Truths) []Thing { return live(t) },
		Want:   func(t *Truths, _ Thing) Reading { return t.inTemplate("Version") },
		Live:   func(t *Truths, _ Thing) Reading { return says(t.Live.Cluster.Version) },
		Same:   unsaid,
		Judge: func(t *Truths, _ Thing, d *Difference) {
			d.Severity = finding.Info
			d.What = fmt.Sprintf("the control plane is %v, and the stack's template still says %v, as upgrades do not write it", d.Live.Is, d.Recorded.Is)
			d.About = About{Calls: []string{"UpdateClusterVersion"}, Mentions: t.Live.Name, EKS: "VersionUpdate"}
		},
	},
	{
		Path: "controlPlane.deletionProtection", Doc: "Whether EKS refuses to delete the cluster.", From: []observe.Part{observe.ControlPlane},
		Things: live,
		Want: func(t *Truths, _ Thing) Reading {
			if r := t.inTemplate("DeletionProtection"); !r.Silent {
				return says(fmt.Sprint(r.Is) == "true")
			}
			return says(false)
		},
		Live: func(t *Truths, _ Thing) Reading { return says(t.Live.Cluster.DeletionProtection) },
		Judge: func(t *Truths, _ Thing, d *Difference) {
			d.Severity = finding.Info
			d.What = "deletion protection is on, and the stack does not know of it"
			d.Breaks = []string{"slipway down and eksctl delete cluster fail until it is off"}
			if d.Live.Is == false {
				d.Severity, d.What = finding.Warning, "deletion protection is off, and the stack's template turns it on"
				d.Breaks = []string{"anybody who may delete clusters can delete this one"}
			}
			d.About = About{Calls: []string{"UpdateClusterConfig"}, Mentions: t.Live.Name, EKS: "DeletionProtectionUpdate"}
			d.Repairs = []Repair{t.ask("puts it as the stack has it", "eks", "UpdateClusterConfig",
				map[string]any{"name": t.Live.Name, "deletionProtection": d.Recorded.Is})}
		},
	},
	{
		Path: "controlPlane.health", Doc: "What EKS finds wrong with the cluster.", From: []observe.Part{observe.ControlPlane},
		Things: live,
		Live: func(t *Truths, _ Thing) Reading {
			out := []any{}
			if h := t.Live.Cluster.Health; h != nil {
				for _, i := range h.Issues {
					out = append(out, i.Code+": "+i.Message)
				}
			}
			return says(out)
		},
		Same: func(_, live any) bool { return len(live.([]any)) == 0 },
		Judge: func(_ *Truths, _ Thing, d *Difference) {
			d.Kind, d.Severity = Unwell, finding.Error
			d.What = "EKS finds: " + list(d.Extra)
			d.Breaks, d.Extra = []string{upgradeFails}, nil
		},
	},
}

// live is the control plane, where there is one.
func live(t *Truths) []Thing {
	if t.Live.Cluster == nil {
		return nil
	}
	return []Thing{{}}
}

// unsaid takes a record that says nothing for one that agrees.
func unsaid(want, live any) bool { return want == nil || equal(want, live) }

// inTemplate is a property of the control plane in its template.
func (t *Truths) inTemplate(path ...string) Reading {
	for _, r := range t.of("AWS::EKS::Cluster") {
		if v, ok := r.Known(path...); ok {
			return says(v)
		}
	}
	return silent
}

func judgeListed(t *Truths, _ Thing, d *Difference) {
	d.Kind, d.Severity, d.Recorded = Listed, finding.Error, nil
	d.Sets = map[Kind][]string{Listed: d.Lacks}
	d.What = "EKS lists " + list(d.Lacks) + " for the control plane, and EC2 has no such subnet"
	d.Breaks = []string{upgradeFails + " (Ec2SubnetNotFound)", "kubectl logs and exec may fail"}
	d.About = About{Resource: d.Lacks[0], Calls: []string{"DeleteSubnet"}}
	if rest, _ := d.Live.Is.([]any); len(t.uncovered(texts(rest))) > 0 {
		d.What += fmt.Sprintf("; EKS wants the zones that the cluster was made in, and nothing is left in %s", list(t.uncovered(texts(rest))))
	} else {
		d.Repairs = []Repair{t.ask("gives the control plane the subnets that are left", "eks", "UpdateClusterConfig",
			map[string]any{"name": t.Live.Name, "resourcesVpcConfig": map[string]any{"subnetIds": texts(rest)}})}
	}
}

// uncovered are the zones in which the cluster was made and none of some subnets is: EKS
// takes exactly those zones (facts/eks.md §3).
func (t *Truths) uncovered(ids []string) []string {
	has := map[string]bool{}
	for _, id := range ids {
		if s := t.network().Subnets[id]; s != nil {
			has[s.Zone] = true
		}
	}
	once := t.attachedOnce()
	var out []string
	for _, r := range t.of("AWS::EC2::Subnet") {
		zone, ok := r.Text("AvailabilityZone")
		if ok && slices.Contains(once, r.PhysicalID) && !has[zone] && !slices.Contains(out, zone) {
			out = append(out, zone)
		}
	}
	if len(has) < 2 && len(out) == 0 {
		out = append(out, "a second zone")
	}
	return out
}
