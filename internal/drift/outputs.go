package drift

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// What fails, by the name of what a person runs. The words are a contract.
const (
	nodegroupFails = "eksctl create nodegroup fails"
	upgradeFails   = "the next control-plane upgrade fails"
	eksctlUpgrade  = "eksctl upgrade cluster fails"
)

// Output is one output of the cluster stack: its name by eksctl's contract, and what the
// live cluster says in its place.
type Output struct {
	Name string
	Live func(*Truths) Reading
	// Joined says that the value is a list in one text, whose order means nothing.
	Joined bool
}

// Outputs are the cluster stack's outputs that a live cluster answers (facts/eksctl.md §1,
// "Cluster outputs"). What eksctl reads of them is said by breaksOutput.
var Outputs = []Output{
	{Name: "VPC", Live: attached(func(v *observe.VPCConfig) string { return v.VPCID })},
	{Name: "SecurityGroup", Live: controlGroups, Joined: true},
	{Name: "SharedNodeSecurityGroup", Live: sharedGroup},
	{Name: "ClusterSecurityGroupId", Live: attached(func(v *observe.VPCConfig) string { return v.ClusterSecurityGroupID })},
	{Name: "SubnetsPublic", Live: func(t *Truths) Reading { return t.side("SubnetsPublic", true) }, Joined: true},
	{Name: "SubnetsPrivate", Live: func(t *Truths) Reading { return t.side("SubnetsPrivate", false) }, Joined: true},
	{Name: "Subnets", Live: func(t *Truths) Reading { return t.side("Subnets", true) }, Joined: true}, // of old stacks: the public ones
	{Name: "SubnetsPublicExtended", Live: func(t *Truths) Reading { return t.existing("SubnetsPublicExtended") }, Joined: true},
	{Name: "SubnetsPrivateExtended", Live: func(t *Truths) Reading { return t.existing("SubnetsPrivateExtended") }, Joined: true},
	{Name: "SubnetsLocalZonePublic", Live: func(t *Truths) Reading { return t.existing("SubnetsLocalZonePublic") }, Joined: true},
	{Name: "SubnetsLocalZonePrivate", Live: func(t *Truths) Reading { return t.existing("SubnetsLocalZonePrivate") }, Joined: true},
	{Name: "ServiceRoleARN", Live: cluster(func(c *observe.Cluster) string { return c.RoleARN })},
	{Name: "Endpoint", Live: cluster(func(c *observe.Cluster) string { return c.Endpoint })},
	{Name: "ARN", Live: cluster(func(c *observe.Cluster) string { return c.ARN })},
	{Name: "CertificateAuthorityData", Live: cluster(func(c *observe.Cluster) string {
		if c.CertificateAuthority == nil {
			return ""
		}
		return c.CertificateAuthority.Data
	})},
	{Name: "AutoModeNodeRoleARN", Live: cluster(func(c *observe.Cluster) string {
		if c.ComputeConfig == nil {
			return ""
		}
		return c.ComputeConfig.NodeRoleARN
	})},
	{Name: "FargatePodExecutionRoleARN", Live: func(t *Truths) Reading { return t.roleOf("FargatePodExecutionRoleARN") }},
	{Name: "RemoteNodesRoleARN", Live: func(t *Truths) Reading { return t.roleOf("RemoteNodesRoleARN") }},
	{Name: "ClusterStackName", Live: func(t *Truths) Reading { return says(clusterStack(t)) }},
	{Name: "FeatureNATMode", Live: natMode},
}

// outputs are the catalogue's entries of them.
var outputs = func() []Field {
	var out []Field
	for _, o := range Outputs {
		from := []observe.Part{observe.Stacks, observe.ControlPlane}
		var needs []string
		if strings.HasPrefix(o.Name, "Subnets") || o.Name == "FeatureNATMode" || strings.Contains(o.Name, "SecurityGroup") {
			from = append(from, observe.Networking)
			needs = []string{"the subnets", "the route tables", "the NAT gateways", "the security groups"}
		}
		f := Field{Path: "record." + o.Name, Doc: "The cluster stack's output " + o.Name + ", which eksctl and stacks that import it read.",
			From: from, Needs: needs, Recorded: true,
			Cheap: o.Name != "FeatureNATMode" && !strings.HasSuffix(o.Name, "ExecutionRoleARN") && o.Name != "RemoteNodesRoleARN",
			Things: func(t *Truths) []Thing {
				if _, ok := t.outputs()[o.Name]; t.Live.Cluster == nil || !ok && !t.lacks(o.Name) {
					return nil // a topology that is missing is an output that is missing
				}
				return []Thing{{}}
			},
			Want: func(t *Truths, _ Thing) Reading {
				v, is := t.outputs()[o.Name]
				switch {
				case !is:
					return says(nil)
				case o.Joined:
					return says(split(v))
				}
				return says(v)
			},
			Live:  func(t *Truths, _ Thing) Reading { return o.Live(t) },
			Judge: func(t *Truths, _ Thing, d *Difference) { judgeOutput(t, o, d) },
		}
		out = append(out, f)
	}
	return out
}()

func clusterStack(t *Truths) string { return stack.ClusterName(t.Live.Name) }

// outputs are the cluster stack's.
func (t *Truths) outputs() map[string]string {
	if s := t.Live.Stacks[clusterStack(t)]; s != nil {
		return s.Outputs
	}
	return nil
}

// lacks tells whether a stack that stands has to have an output, and has not:
// eksctl ends without VPC and SecurityGroup in every command that reads the record, and
// makes no node group without the shared group and without subnets of either kind
// (facts/eksctl.md §1, "Read back").
func (t *Truths) lacks(output string) bool {
	s := t.Live.Stacks[clusterStack(t)]
	if s == nil || s.Phase() != observe.Complete {
		return false
	}
	has := func(prefix string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(s.Outputs)), func(k string) bool { return strings.HasPrefix(k, prefix) })
	}
	switch output {
	case "VPC", "SecurityGroup", "SharedNodeSecurityGroup":
		return !has(output)
	case "SubnetsPublic", "SubnetsPrivate":
		return !has("Subnets") && len(t.side(output, output == "SubnetsPublic").Is.([]any)) > 0
	}
	return false
}

func split(list string) observe.Set {
	out := observe.Set{}
	for _, id := range strings.Split(list, ",") {
		if id = strings.TrimSpace(id); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func cluster(read func(*observe.Cluster) string) func(*Truths) Reading {
	return func(t *Truths) Reading {
		if v := read(t.Live.Cluster); v != "" {
			return says(v)
		}
		return silent
	}
}

func attached(read func(*observe.VPCConfig) string) func(*Truths) Reading {
	return cluster(func(c *observe.Cluster) string {
		if c.ResourcesVPCConfig == nil {
			return ""
		}
		return read(c.ResourcesVPCConfig)
	})
}

func controlGroups(t *Truths) Reading {
	c := t.Live.Cluster.ResourcesVPCConfig
	if c == nil || len(c.SecurityGroupIDs) == 0 {
		return silent
	}
	was := split(t.outputs()["SecurityGroup"])
	if lacks, _ := sets(anything(was), anything(c.SecurityGroupIDs)); len(was) > 0 && len(lacks) == 0 {
		return says(was) // stacks import one group, and it is still the control plane's
	}
	return says(c.SecurityGroupIDs)
}

// sharedGroup is the group that all nodes share: nothing but the record says which it
// is, so a live one is the recorded one, as long as it exists.
func sharedGroup(t *Truths) Reading {
	id, recorded := t.outputs()["SharedNodeSecurityGroup"]
	if !recorded {
		for _, r := range t.of("AWS::EC2::SecurityGroup") {
			if r.Stack == clusterStack(t) && r.LogicalID == "ClusterSharedNodeSecurityGroup" {
				id = r.PhysicalID
			}
		}
		if id == "" {
			return silent
		}
	}
	if t.network().SecurityGroups[id] == nil {
		return says(nil)
	}
	return says(id)
}

func (t *Truths) roleOf(output string) Reading {
	arn := t.outputs()[output]
	if !slices.Contains(t.Live.Parts, observe.Roles) {
		return silent
	}
	if t.Live.Roles[short(arn)] == nil && !t.unread(observe.Roles, "role "+short(arn)) {
		return says(nil)
	}
	return says(arn)
}

func (t *Truths) unread(p observe.Part, what string) bool {
	return slices.ContainsFunc(t.Live.NotRead, func(n observe.NotRead) bool { return n.Part == p && n.What == what })
}

// side are the subnets that an output should name: those of the control plane that are
// public, or are not, and recorded ones that were never attached to it and still exist.
// Where the control plane has none of the kind any more, those that exist stay: nodes may
// be in any subnet of the VPC (facts/eks.md §8).
func (t *Truths) side(output string, public bool) Reading {
	n := t.network()
	out := observe.Set{}
	for _, id := range t.attached() {
		if n.Subnets[id] != nil && t.public(id) == public {
			out = append(out, id)
		}
	}
	were, none := t.attachedOnce(), len(out) == 0
	for _, id := range split(t.outputs()[output]) {
		if n.Subnets[id] != nil && !slices.Contains(out, id) && (!slices.Contains(were, id) || none && t.public(id) == public) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return says(out)
}

// existing are those subnets of an output that exist: of local zones and Outposts, the
// control plane has none.
func (t *Truths) existing(output string) Reading {
	out := observe.Set{}
	for _, id := range split(t.outputs()[output]) {
		if t.network().Subnets[id] != nil {
			out = append(out, id)
		}
	}
	return says(out)
}

// attached are the control plane's subnets, as EKS says.
func (t *Truths) attached() observe.Set {
	if c := t.Live.Cluster; c != nil && c.ResourcesVPCConfig != nil {
		return c.ResourcesVPCConfig.SubnetIDs
	}
	return nil
}

// attachedOnce are the subnets that the template attaches to the control plane; where it
// does not say, those of the outputs.
func (t *Truths) attachedOnce() []string {
	for _, r := range t.of("AWS::EKS::Cluster") {
		if v, ok := r.Known("ResourcesVpcConfig", "SubnetIds"); ok {
			l, _ := v.([]any)
			return texts(l)
		}
	}
	if t.Record != nil && t.Record.Outputs != nil {
		return t.Record.Outputs.Subnets()
	}
	return nil
}

// public tells whether a subnet's routes lead to an internet gateway (VPC user guide,
// "Subnet types"), a recorded one that still does or did.
func (t *Truths) public(id string) bool { return way(t.network().RoutesOf(id)).to == toInternet }

// natMode is how private subnets get out, as eksctl names it.
func natMode(t *Truths) Reading {
	n := t.network()
	zones := map[string]bool{}
	for _, g := range n.NATGateways {
		if s := n.Subnets[g.Subnet]; s != nil && g.State != "failed" && g.State != "deleting" {
			zones[s.Zone] = true
		}
	}
	switch {
	case len(zones) == 0:
		return says("Disable")
	case len(zones) == 1:
		return says("Single")
	}
	return says("HighlyAvailable")
}

func judgeOutput(t *Truths, o Output, d *Difference) {
	d.Kind, d.Repairs = Changed, []Repair{t.sync()}
	d.About = About{Calls: []string{"UpdateClusterConfig"}, Mentions: t.Live.Name, Members: attachments, EKS: "VpcConfigUpdate"}
	stackName := clusterStack(t)
	if t.lacks(o.Name) {
		d.Kind, d.Severity = Missing, finding.Error
		d.What = fmt.Sprintf("%s has no output %s", stackName, o.Name)
		d.Breaks = []string{nodegroupFails, eksctlUpgrade}
		d.About = About{Calls: []string{"UpdateStack", "ExecuteChangeSet"}, Mentions: stackName}
		return
	}
	if strings.HasPrefix(o.Name, "Subnets") {
		judgeSubnets(t, o, d)
		return
	}
	switch o.Name {
	case "SecurityGroup":
		d.What = fmt.Sprintf("the control plane has other security groups than %s records", stackName)
		d.Severity, d.Breaks = finding.Warning, []string{"stacks of self-managed node groups import the recorded one: their nodes may not reach the control plane"}
	case "SharedNodeSecurityGroup":
		d.Kind, d.Severity, d.Repairs = Gone, finding.Error, nil
		d.What = fmt.Sprintf("the shared node security group %v does not exist any more", d.Recorded.Is)
		d.Breaks = []string{nodegroupFails}
		d.About = About{Resource: text(d.Recorded.Is), Calls: []string{"DeleteSecurityGroup"}}
	case "FargatePodExecutionRoleARN", "RemoteNodesRoleARN":
		d.Kind, d.Severity, d.Repairs = Gone, finding.Error, nil
		d.What = fmt.Sprintf("the pod execution role %v does not exist any more", d.Recorded.Is)
		d.Breaks = []string{"eksctl create fargateprofile fails"}
		if o.Name == "RemoteNodesRoleARN" {
			d.What = fmt.Sprintf("the role of hybrid nodes, %v, does not exist any more", d.Recorded.Is)
			d.Breaks = []string{"hybrid nodes do not join"}
		}
		d.About = About{Resource: short(text(d.Recorded.Is)), Calls: []string{"DeleteRole"}}
	case "FeatureNATMode":
		d.Severity = finding.Info
		d.What = fmt.Sprintf("private subnets get out as %v, and %s records %v", d.Live.Is, stackName, d.Recorded.Is)
		d.About = About{Calls: []string{"DeleteNatGateway", "CreateNatGateway"}}
	default:
		d.Severity = finding.Warning
		d.What = fmt.Sprintf("the output %s of %s is not what EKS answers: the cluster was made again, or somebody wrote the stack", o.Name, stackName)
		if o.Name == "VPC" || o.Name == "ClusterSecurityGroupId" {
			d.Severity, d.Breaks = finding.Error, []string{nodegroupFails}
		}
	}
}

// judgeSubnets tells the four sets apart (facts/eks.md §8).
func judgeSubnets(t *Truths, o Output, d *Difference) {
	d.Sets = map[Kind][]string{}
	for _, id := range d.Lacks {
		switch {
		case t.network().Subnets[id] == nil:
			d.Sets[Dangling] = append(d.Sets[Dangling], id)
		case slices.Contains(t.attached(), id):
			d.Sets[Changed] = append(d.Sets[Changed], id) // of the other kind now
		default:
			d.Sets[Detached] = append(d.Sets[Detached], id)
		}
	}
	if len(d.Extra) > 0 {
		d.Sets[Added] = d.Extra
	}
	var said []string
	for _, s := range []struct {
		kind   Kind
		one, n string
	}{{Dangling, "does not exist any more", "do not exist any more"}, {Detached, "is not the control plane's any more", "are not the control plane's any more"},
		{Changed, "is of the other kind now (public or private)", "are of the other kind now (public or private)"},
		{Added, "is the control plane's and not recorded", "are the control plane's and not recorded"}} {
		ids := d.Sets[s.kind]
		words := s.n
		if len(ids) == 1 {
			words = s.one
		}
		if len(ids) > 0 {
			said = append(said, list(ids)+" "+words)
			if d.Kind == Changed {
				d.Kind = s.kind
			}
		}
	}
	d.What = fmt.Sprintf("the output %s of %s: %s", o.Name, clusterStack(t), strings.Join(said, "; "))
	d.Severity = finding.Warning
	if dead := d.Sets[Dangling]; len(dead) > 0 {
		d.Severity = finding.Error
		d.Breaks = []string{nodegroupFails + " (InvalidSubnetID.NotFound: " + dead[0] + ")", eksctlUpgrade}
		d.About = About{Resource: dead[0], Calls: []string{"DeleteSubnet"}}
	} else if len(d.Sets[Added]) > 0 {
		d.Breaks = []string{"eksctl create nodegroup puts nodes into none of the added subnets"}
	}
	left := len(t.side(o.Name, o.Name != "SubnetsPrivate").Is.([]any))
	if left == 1 && (o.Name == "SubnetsPublic" || o.Name == "SubnetsPrivate") { // facts/eksctl.md §2, point 7
		d.Breaks = append(d.Breaks, eksctlUpgrade+" even with a true record: it wants two subnets of a kind, and looks after it has upgraded the control plane")
	}
	if left == 0 {
		d.What += "; no subnet of that kind is left, and a topology that is missing is an output that is missing"
	}
}

// short is what stands after an ARN's last slash.
func short(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
