package drift

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
)

var machines = []observe.Part{observe.Machines}

// instances are fields of running nodes. Nothing here is ever repaired by replacing
// nodes: what comes back by itself would replace them without end.
var instances = []Field{
	{
		Path: "nodes.securityGroups", Doc: "The security groups of a node: a missing one breaks, one that others added is foreign.",
		From:   machines,
		Things: running,
		Want:   func(t *Truths, x Thing) Reading { return t.groupsOf(x.Data.(*observe.Instance)) },
		Live: func(_ *Truths, x Thing) Reading {
			out := []string{}
			for _, g := range x.Data.(*observe.Instance).SecurityGroups {
				out = append(out, g.ID)
			}
			return says(out)
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.About = About{Resource: x.Key, Calls: []string{"ModifyInstanceAttribute", "ModifyNetworkInterfaceAttribute"}}
			if len(d.Lacks) == 0 {
				d.Kind, d.Severity = Foreign, finding.Info
				d.What = fmt.Sprintf("somebody added %s to the instance %s", list(d.Extra), x.Key)
				for _, id := range d.Extra {
					if g := t.network().SecurityGroups[id]; g != nil && strings.HasPrefix(g.Name, "FMManaged") {
						d.What += ": a policy of Firewall Manager's, which adds it again wherever it is taken away"
					}
				}
				return
			}
			d.Kind, d.Severity = Missing, finding.Error
			d.What = fmt.Sprintf("the instance %s is not in %s", x.Key, list(d.Lacks))
			d.Breaks = []string{"the node and the API server, or other nodes, do not reach each other"}
			have, _ := d.Live.Is.([]any)
			d.Repairs = []Repair{t.ask("puts the node into the group, and takes it out of none", "ec2", "ModifyInstanceAttribute",
				map[string]any{"InstanceId": x.Key, "Groups": append(texts(have), d.Lacks...)})}
		},
	},
	{
		Path: "nodes.instanceProfile", Doc: "The instance profile of a node is its group's.", From: machines, Things: running,
		Want: func(t *Truths, x Thing) Reading { return t.profileOf(x.Data.(*observe.Instance)) },
		Live: func(_ *Truths, x Thing) Reading {
			if p := x.Data.(*observe.Instance).Profile; p != nil {
				return says(p.ARN)
			}
			return says(nil)
		},
		Same: unsaid,
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Severity = finding.Error
			d.What = fmt.Sprintf("the instance %s runs with the profile %v, and its group's is %v", x.Key, d.Live.Is, d.Recorded.Is)
			d.Breaks = []string{"the cluster does not know its role: the node turns NotReady (Unauthorized)"}
			d.About = About{Resource: x.Key, Calls: []string{"ReplaceIamInstanceProfileAssociation", "AssociateIamInstanceProfile", "DisassociateIamInstanceProfile"}}
			if arn := text(d.Recorded.Is); strings.HasPrefix(arn, "arn:") {
				d.Repairs = []Repair{{Does: "gives the instance its group's profile again", Command: fmt.Sprintf("aws ec2 replace-iam-instance-profile-association "+
					"--iam-instance-profile Arn=%s --association-id $(aws ec2 describe-iam-instance-profile-associations --filters Name=instance-id,Values=%s "+
					"--query 'IamInstanceProfileAssociations[0].AssociationId' --output text --region %[3]s) --region %[3]s", arn, x.Key, t.Live.Region)}}
			}
			if strings.Contains(text(d.Live.Is), "SSM") {
				d.What += "; Systems Manager's Quick Setup does that every day: exclude the cluster there first"
			}
		},
	},
}

// groupOf is the node group that an instance belongs to.
func groupOf(i *observe.Instance) string {
	for _, k := range []string{"eks:nodegroup-name", "alpha.eksctl.io/nodegroup-name"} {
		if n := i.Tags[k]; n != "" {
			return n
		}
	}
	return ""
}

// running are the instances of node groups.
func running(t *Truths) []Thing {
	return slices.DeleteFunc(keys(t.Live.Instances), func(x Thing) bool {
		i := x.Data.(*observe.Instance)
		return groupOf(i) == "" || i.State == nil || i.State.Name != "running"
	})
}

// groupsOf are the security groups that a node is made with: those of the stack's launch
// template, or EKS's own for a managed group without one.
func (t *Truths) groupsOf(i *observe.Instance) Reading {
	name := groupOf(i)
	for _, r := range t.of("AWS::EC2::LaunchTemplate") {
		if !strings.HasSuffix(r.Stack, "-nodegroup-"+name) {
			continue
		}
		v, ok := r.Known("LaunchTemplateData", "SecurityGroupIds")
		if ok {
			return says(v)
		}
		if v, ok = r.Known("LaunchTemplateData", "NetworkInterfaces"); ok {
			for _, n := range v.([]any) {
				m, _ := n.(map[string]any)
				return says(m["Groups"])
			}
		}
		return silentUnlessOwn(t, i)
	}
	return silentUnlessOwn(t, i)
}

func silentUnlessOwn(t *Truths, i *observe.Instance) Reading {
	own := ""
	if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil {
		own = c.ResourcesVPCConfig.ClusterSecurityGroupID
	}
	out := []string{}
	for _, g := range i.SecurityGroups { // what its template has cannot be known: only EKS's own must be there
		out = append(out, g.ID)
	}
	if i.Tags["eks:nodegroup-name"] != "" && own != "" && t.Live.Groups[groupOf(i)] != nil && t.Live.Groups[groupOf(i)].LaunchTemplate == nil &&
		!slices.Contains(out, own) {
		out = append(out, own)
	}
	return says(out)
}

// profileOf is the profile of a self-managed group's stack, or the one that most nodes of
// a managed group have, which EKS made.
func (t *Truths) profileOf(i *observe.Instance) Reading {
	name := groupOf(i)
	if i.Tags["eks:nodegroup-name"] == "" {
		for _, s := range t.Live.Stacks {
			if s.Tags["alpha.eksctl.io/nodegroup-name"] == name && s.Outputs["InstanceProfileARN"] != "" {
				return says(s.Outputs["InstanceProfileARN"])
			}
		}
		return says(nil)
	}
	if i.Profile == nil || strings.Contains(i.Profile.ARN, ofEKS) {
		return says(nil) // it has EKS's own, as all of the group do
	}
	for _, x := range running(t) {
		o := x.Data.(*observe.Instance)
		if groupOf(o) == name && o.Profile != nil && strings.Contains(o.Profile.ARN, ofEKS) {
			return says(o.Profile.ARN)
		}
	}
	return says("EKS's own, eks-…") // of no node that is left; a group's own template may name none
}

// ofEKS is how EKS names the profiles that it makes for managed groups.
const ofEKS = ":instance-profile/eks-"
