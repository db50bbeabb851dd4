package export

import (
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
)

// access leaves out of entries what EKS makes of the principal itself.
func (d *draft) access() {
	d.each("accessConfig.accessEntries", func(e map[string]any) {
		if e["type"] == "STANDARD" {
			delete(e, "type")
		}
		if name, _ := e["kubernetesUsername"].(string); name == e["principalARN"] || strings.Contains(name, "{{") {
			delete(e, "kubernetesUsername")
		}
	})
	if a := d.live.Cluster.AccessConfig; a != nil && !a.BootstrapClusterCreatorAdminPermissions && !d.recordedCluster() {
		c, _ := d.Config["accessConfig"].(map[string]any)
		if c == nil {
			c = map[string]any{}
			d.Config["accessConfig"] = c
		}
		c["bootstrapClusterCreatorAdminPermissions"] = false
	}
}

// mappings are the rows of aws-auth that are of no nodes.
func (d *draft) mappings() {
	k := d.live.Kubernetes
	if k == nil || k.AWSAuth == nil {
		return
	}
	var out []any
	for _, list := range []string{"mapRoles", "mapUsers"} {
		rows, err := observe.AuthMappings(k.AWSAuth, list)
		if err != nil {
			d.leave("iamIdentityMappings", err.Error())
			continue
		}
		for _, r := range rows {
			if strings.HasPrefix(r.Username, "system:node:") {
				continue
			}
			m := map[string]any{"arn": r.ARN, "username": r.Username}
			if len(r.Groups) > 0 {
				m["groups"] = plain(r.Groups)
			}
			out = append(out, m)
		}
	}
	delete(d.Config, "iamIdentityMappings")
	if len(out) > 0 {
		d.put(d.Config, "iamIdentityMappings", out, "iamIdentityMappings")
	}
}
