package export

import (
	"strings"

	"sigs.k8s.io/yaml"
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
	for _, list := range []struct{ key, arn string }{{"mapRoles", "rolearn"}, {"mapUsers", "userarn"}} {
		var rows []map[string]any
		if err := yaml.Unmarshal([]byte(k.AWSAuth[list.key]), &rows); err != nil {
			d.leave("iamIdentityMappings", "kube-system/aws-auth "+list.key+" is no YAML: "+err.Error())
			continue
		}
		for _, r := range rows {
			if name, _ := r["username"].(string); strings.HasPrefix(name, "system:node:") {
				continue
			}
			m := map[string]any{"arn": r[list.arn], "username": r["username"]}
			if g, _ := r["groups"].([]any); len(g) > 0 {
				m["groups"] = g
			}
			out = append(out, m)
		}
	}
	delete(d.Config, "iamIdentityMappings")
	if len(out) > 0 {
		d.put(d.Config, "iamIdentityMappings", out, "iamIdentityMappings")
	}
}
