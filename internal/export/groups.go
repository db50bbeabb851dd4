package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
)

// groups completes node groups whose stacks do not say what file they were made from: by
// EKS's answers, and by their launch templates. Of those that do, only what changes in place
// can be another than it was.
func (d *draft) groups() {
	d.each("managedNodeGroups", func(e map[string]any) {
		name, _ := e["name"].(string)
		at := "managedNodeGroups." + name
		if d.recorded("managedNodeGroups", e) {
			d.secrets(e, at)
			return
		}
		g := d.live.Groups[name]
		d.sort(e, g)
		d.nodes(e, g, at)
		d.placed(e, g.Subnets, at)
	})
	d.each("nodeGroups", func(e map[string]any) {
		name, _ := e["name"].(string)
		at := "nodeGroups." + name
		if d.recorded("nodeGroups", e) {
			d.secrets(e, at)
			return
		}
		g := d.live.ScalingGroupOf(name)
		remove(e, "tags.Name") // its stack gives it that
		d.template(e, d.templateOf(g.LaunchTemplate), at)
		d.placed(e, strings.Split(g.VPCZoneIdentifier, ","), at)
		d.leave(at, "it is an Auto Scaling group alone: of its AMI's family, its labels, taints and boot script AWS says nothing; the file has the defaults")
	})
}

// recorded tells whether the record says what a group was made from. A portable file has
// none of its subnets: they have other names elsewhere.
func (d *draft) recorded(list string, e map[string]any) bool {
	l, _ := get(d.base, list).([]any)
	if find(l, byName(fmt.Sprint(e["name"]))) == nil {
		return false
	}
	if d.portable {
		delete(e, "subnets")
	}
	return true
}

// secrets are named: the record holds their hash alone.
func (d *draft) secrets(e map[string]any, at string) {
	for _, k := range sorted(e) {
		if b := fmt.Sprint(e[k]); strings.Contains(b, "sha256:") {
			d.leave(at+"."+k, "the record holds no more than its hash, which the file has: write the text in its place before another cluster is made from it")
		}
	}
}

// sort writes instance types by one field.
func (d *draft) sort(e map[string]any, g *observe.Nodegroup) {
	delete(e, "instanceType")
	if len(g.InstanceTypes) == 1 {
		delete(e, "instanceTypes")
		e["instanceType"] = g.InstanceTypes[0]
	}
}

// nodes says what a managed group's instances are made of.
func (d *draft) nodes(e map[string]any, g *observe.Nodegroup, at string) {
	if f := stack.FamilyOf(g.AMIType); f != "" {
		e["amiFamily"] = f
	}
	if g.DiskSize > 0 {
		e["volumeSize"] = g.DiskSize
	}
	if r := g.RemoteAccess; r != nil && r.EC2SSHKey != "" {
		d.put(e, "ssh", map[string]any{"allow": true, "publicKeyName": r.EC2SSHKey}, at+".ssh")
	}
	t := g.LaunchTemplate
	if t == nil {
		return
	}
	if !d.own.Holds(t.ID) && !d.portable {
		for _, k := range []string{"amiFamily", "volumeSize", "ssh"} {
			delete(e, k)
		}
		if e["instanceType"] != nil {
			e["instanceTypes"] = []any{e["instanceType"]}
			delete(e, "instanceType")
		}
		if x := d.live.LaunchTemplates[t.ID+"/"+t.Version]; x != nil && get(data(x), "InstanceType") != nil {
			delete(e, "instanceTypes")
		}
		e["launchTemplate"] = map[string]any{"id": t.ID, "version": t.Version}
		return
	}
	d.template(e, d.live.LaunchTemplates[t.ID+"/"+t.Version], at)
}

func (d *draft) templateOf(t *observe.TemplateSpec) *observe.LaunchTemplate {
	if t == nil {
		return nil
	}
	for _, k := range sorted(d.live.LaunchTemplates) {
		if x := d.live.LaunchTemplates[k]; x.ID == t.ID && (fmt.Sprint(x.Version) == t.Version || strings.HasPrefix(t.Version, "$")) {
			return x
		}
	}
	return nil
}

func data(t *observe.LaunchTemplate) map[string]any {
	m, _ := t.Data.(map[string]any)
	return m
}

// template says what a launch template gives the instances, of what a file can say.
func (d *draft) template(e map[string]any, t *observe.LaunchTemplate, at string) {
	if t == nil {
		d.leave(at, "its launch template could not be read: what its instances are made of is not in the file")
		return
	}
	data := data(t)
	if v, ok := data["InstanceType"]; ok && e["instanceTypes"] == nil {
		e["instanceType"] = v
	}
	if v, ok := data["ImageId"].(string); ok {
		d.put(e, "ami", v, at+".ami")
		d.leave(at+".ami", "its AMI "+v+" is a person's own, and boots by user data that the file does not have")
	}
	volumes, _ := data["BlockDeviceMappings"].([]any)
	if len(volumes) > 0 {
		m, _ := volumes[0].(map[string]any)
		b, _ := m["Ebs"].(map[string]any)
		for from, to := range map[string]string{"VolumeSize": "volumeSize", "VolumeType": "volumeType", "Iops": "volumeIOPS", "Throughput": "volumeThroughput",
			"Encrypted": "volumeEncrypted"} {
			if v := b[from]; v != nil {
				e[to] = v
			}
		}
		if key, ok := b["KmsKeyId"].(string); ok {
			d.put(e, "volumeKmsKeyID", key, at+".volumeKmsKeyID")
		}
	}
	if len(volumes) > 1 {
		d.leave(at+".additionalVolumes", fmt.Sprintf("it has %d volumes, and the file has the first", len(volumes)))
	}
	if m, _ := data["MetadataOptions"].(map[string]any); m != nil {
		e["disableIMDSv1"] = m["HttpTokens"] == "required"
	}
}

// placed says where a group's nodes are: in all subnets of one kind, in those of some
// zones, or in subnets by ID.
func (d *draft) placed(e map[string]any, ids []string, at string) {
	n := d.live.Network
	if n == nil || e["launchTemplate"] != nil && len(ids) == 0 {
		return
	}
	private, zones := 0, []string{}
	for _, id := range ids {
		if s := n.Subnets[id]; s != nil {
			zones = append(zones, s.Zone)
			if !public(n, id) {
				private++
			}
		}
	}
	if private > 0 {
		e["privateNetworking"] = true
	}
	delete(e, "subnets")
	slices.Sort(zones)
	switch side := d.side(n, private > 0); {
	case private > 0 && private < len(zones), !d.portable && len(identifiers(get(d.Config, "vpc.id"))) > 0 && !sameSet(side, ids):
		d.put(e, "subnets", plain(ids), at+".subnets")
	case !sameSet(side, ids):
		e["availabilityZones"] = plain(slices.Compact(zones))
	}
}

// side are the subnets of the control plane that are private, or public.
func (d *draft) side(n *observe.Network, private bool) []string {
	var out []string
	for _, id := range d.live.Cluster.ResourcesVPCConfig.SubnetIDs {
		if n.Subnets[id] != nil && public(n, id) != private {
			out = append(out, id)
		}
	}
	return out
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}
