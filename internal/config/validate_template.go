package config

import (
	"strconv"

	"github.com/slipway-eks/slipway/internal/finding"
)

// besideTemplate: a launch template of the user's says everything about the
// instances; fields that say it too would be without effect.
func besideTemplate(f *File) finding.Findings {
	var ps finding.Findings
	f.Cluster.EachGroup(func(g Group) {
		if g.Managed == nil || g.Managed.LaunchTemplate == nil {
			return
		}
		if v := g.Managed.LaunchTemplate.Version; v != "" {
			if n, err := strconv.Atoi(v); err != nil || n < 1 {
				ps = append(ps, f.At("launch-template-version", g.Path+".launchTemplate.version", "%q is no version's number, such as \"1\"", v).
					With("leave it out for the template's default version"))
			}
		}
		for _, x := range templateFields(g) {
			if x.used {
				ps = append(ps, f.At("beside-launch-template", g.Path+"."+x.field, "has no effect beside launchTemplate, which says it").
					With("say it in the launch template, or leave launchTemplate out"))
			}
		}
	})
	return ps
}

type usedField struct {
	field string
	used  bool
}

// templateFields are the fields that go into the launch template that Slipway makes
// where the file names none.
func templateFields(g Group) []usedField {
	return []usedField{
		{"additionalVolumes", len(g.AdditionalVolumes) > 0},
		{"ami", g.AMI != ""},
		{"bottlerocket", g.Bottlerocket != nil},
		{"capacityReservation", g.CapacityReservation != nil},
		{"disableIMDSv1", g.DisableIMDSv1 != nil},
		{"disablePodIMDS", g.DisablePodIMDS != nil},
		{"ebsOptimized", g.EbsOptimized != nil},
		{"enableDetailedMonitoring", g.EnableDetailedMonitoring != nil},
		{"instanceMarketOptions", g.InstanceMarketOptions != nil},
		{"instanceName", g.InstanceName != ""},
		{"instancePrefix", g.InstancePrefix != ""},
		{"instanceType", g.InstanceType != ""},
		{"maxPodsPerNode", g.MaxPodsPerNode != nil},
		{"overrideBootstrapCommand", g.OverrideBootstrapCommand != ""},
		{"placement", g.Placement != nil},
		{"preBootstrapCommands", len(g.PreBootstrapCommands) > 0},
		{"securityGroups.attachIDs", len(g.SecurityGroups.AttachIDs) > 0},
		{"ssh", g.SSH != nil},
		{"volumeEncrypted", g.VolumeEncrypted != nil},
		{"volumeIOPS", g.VolumeIOPS != nil},
		{"volumeKmsKeyID", g.VolumeKmsKeyID != ""},
		{"volumeName", g.VolumeName != ""},
		{"volumeSize", g.VolumeSize != nil},
		{"volumeThroughput", g.VolumeThroughput != nil},
		{"volumeType", g.VolumeType != ""},
	}
}
