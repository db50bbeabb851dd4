package stack

import (
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
)

// launchData is what both kinds' launch templates share.
func (t *Template) launchData(c *config.ClusterConfig, n *config.NodeGroupBase, live Live, groups L) M {
	d := M{"MetadataOptions": M{"HttpTokens": tokens(n), "HttpPutResponseHopLimit": hops(n)}, "BlockDeviceMappings": disks(n)}
	if live.KeyName != "" {
		d["KeyName"] = live.KeyName
	}
	if len(groups) > 0 {
		d["SecurityGroupIds"] = groups
	}
	name := n.InstanceName
	if name == "" {
		prefix := ""
		if n.InstancePrefix != "" {
			prefix = n.InstancePrefix + "-"
		}
		name = prefix + c.Metadata.Name + "-" + n.Name + "-Node"
	}
	tags := map[string]string{"Name": name, eksfacts.TagGroup: n.Name}
	for k, v := range c.Metadata.Tags {
		tags[k] = v
	}
	for k, v := range n.Tags {
		tags[k] = v
	}
	var tl L
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		tl = append(tl, M{"Key": k, "Value": tags[k]})
	}
	d["TagSpecifications"] = L{M{"ResourceType": "instance", "Tags": tl}, M{"ResourceType": "volume", "Tags": tl}, M{"ResourceType": "network-interface",
		"Tags": tl}}
	if n.EbsOptimized != nil {
		d["EbsOptimized"] = *n.EbsOptimized
	}
	if config.On(n.EnableDetailedMonitoring, false) {
		d["Monitoring"] = M{"Enabled": true}
	}
	if g := n.Placement; g != nil && g.GroupName != "" {
		d["Placement"] = M{"GroupName": g.GroupName}
	}
	if r := n.CapacityReservation; r != nil {
		spec := pick(M{"CapacityReservationPreference": r.CapacityReservationPreference})
		if x := r.CapacityReservationTarget; x != nil {
			spec["CapacityReservationTarget"] = pick(M{"CapacityReservationId": x.CapacityReservationID,
				"CapacityReservationResourceGroupArn": x.CapacityReservationResourceGroupARN})
		}
		d["CapacityReservationSpecification"] = spec
	}
	if m := n.InstanceMarketOptions; m != nil && m.MarketType != "" {
		d["InstanceMarketOptions"] = M{"MarketType": m.MarketType}
	}
	return d
}

func tokens(n *config.NodeGroupBase) string {
	if config.On(n.DisableIMDSv1, true) {
		return "required"
	}
	return "optional"
}

func hops(n *config.NodeGroupBase) int {
	if config.On(n.DisablePodIMDS, false) {
		return 1
	}
	return 2
}

func disks(n *config.NodeGroupBase) L {
	name := n.VolumeName
	if name == "" {
		name = "/dev/xvda"
		if strings.HasPrefix(n.AmiFamily, "Bottlerocket") {
			name = "/dev/xvdb"
		} else if n.Windows() || strings.HasPrefix(n.AmiFamily, "Ubuntu") {
			name = "/dev/sda1"
		}
	}
	ebs := func(size, iops, throughput *int, typ, key string, enc *bool, snapshot string) M {
		return pick(M{"VolumeSize": size, "VolumeType": typ, "Iops": iops, "Throughput": throughput, "Encrypted": enc, "KmsKeyId": key,
			"SnapshotId": snapshot})
	}
	out := L{M{"DeviceName": name, "Ebs": ebs(n.VolumeSize, n.VolumeIOPS, n.VolumeThroughput, n.VolumeType, n.VolumeKmsKeyID, n.VolumeEncrypted, "")}}
	for _, v := range n.AdditionalVolumes {
		typ := v.VolumeType
		if typ == "" && v.SnapshotID == "" {
			typ = "gp3"
		}
		out = append(out, M{"DeviceName": v.VolumeName, "Ebs": ebs(v.VolumeSize, v.VolumeIOPS, v.VolumeThroughput, typ, v.VolumeKmsKeyID, v.VolumeEncrypted,
			v.SnapshotID)})
	}
	return out
}
