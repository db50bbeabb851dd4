package stack

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

const mimeBoundary = "//slipway-boundary"

type part struct{ typ, body string }

// mime joins parts into the multipart document that cloud-init reads.
func mime(parts []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=%q\n\n", mimeBoundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\nContent-Type: %s\n\n%s\n", mimeBoundary, p.typ, strings.TrimRight(p.body, "\n"))
	}
	fmt.Fprintf(&b, "--%s--\n", mimeBoundary)
	return base64.StdEncoding.EncodeToString([]byte(b.String()))
}

func script(lines ...string) part {
	return part{`text/x-shellscript; charset="us-ascii"`, "#!/bin/bash\nset -ex\n" + strings.Join(lines, "\n")}
}

// managedUserData is what a managed group's template adds to EKS's own; "" when
// there is nothing to add.
func managedUserData(c *config.ClusterConfig, n *config.NodeGroupBase, ts config.Taints, live Live) string {
	if strings.HasPrefix(n.AmiFamily, "Bottlerocket") {
		if n.Bottlerocket == nil && !customAMI(n) && n.MaxPodsPerNode == nil {
			return ""
		}
		return base64.StdEncoding.EncodeToString([]byte(bottlerocket(c, n, ts, live, customAMI(n))))
	}
	if n.Windows() {
		if n.OverrideBootstrapCommand == "" && len(n.PreBootstrapCommands) == 0 {
			return ""
		}
		return base64.StdEncoding.EncodeToString([]byte(windows(c, n, ts, live)))
	}
	var parts []part
	for _, p := range n.PreBootstrapCommands {
		parts = append(parts, script(p))
	}
	al2023 := n.AmiFamily == "AmazonLinux2023"
	switch {
	case n.OverrideBootstrapCommand != "" && al2023:
		parts = append(parts, part{"application/node.eks.aws", n.OverrideBootstrapCommand})
	case n.OverrideBootstrapCommand != "":
		parts = append(parts, script(n.OverrideBootstrapCommand))
	case customAMI(n) && al2023:
		parts = append(parts, part{"application/node.eks.aws", nodeConfig(c, n, ts, live, nil)})
	case customAMI(n):
		parts = append(parts, script(bootstrapCommand(c, n, ts, live)))
	case n.MaxPodsPerNode != nil && al2023:
		parts = append(parts, part{"application/node.eks.aws", fmt.Sprintf("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  kubelet:\n    config:\n      maxPods: %d\n", *n.MaxPodsPerNode)})
	}
	if len(parts) == 0 {
		return ""
	}
	return mime(parts)
}

// selfManagedUserData is everything a self-managed node needs to join.
func selfManagedUserData(c *config.ClusterConfig, g *config.NodeGroup, live Live) string {
	n := &g.NodeGroupBase
	switch {
	case strings.HasPrefix(n.AmiFamily, "Bottlerocket"):
		return base64.StdEncoding.EncodeToString([]byte(bottlerocket(c, n, g.Taints, live, true)))
	case n.Windows():
		return base64.StdEncoding.EncodeToString([]byte(windows(c, n, g.Taints, live)))
	}
	var parts []part
	for _, p := range n.PreBootstrapCommands {
		parts = append(parts, script(p))
	}
	if n.AmiFamily == "AmazonLinux2023" {
		extra := maps.Clone(g.KubeletExtraConfig)
		if g.ClusterDNS != "" {
			if extra == nil {
				extra = config.Document{}
			}
			extra["clusterDNS"] = []any{g.ClusterDNS}
		}
		parts = append(parts, part{"application/node.eks.aws", nodeConfig(c, n, g.Taints, live, extra)})
		if n.OverrideBootstrapCommand != "" {
			parts = append(parts, part{"application/node.eks.aws", n.OverrideBootstrapCommand})
		}
		return mime(parts)
	}
	dns := ""
	if g.ClusterDNS != "" {
		dns = " --dns-cluster-ip " + g.ClusterDNS
	}
	env := "CLUSTER_NAME=" + live.Cluster + "\nNODE_LABELS=" + labelList(c, n) + "\nNODE_TAINTS=" + taintList(g.Taints)
	if n.OverrideBootstrapCommand != "" {
		parts = append(parts, script(env, n.OverrideBootstrapCommand))
	} else {
		parts = append(parts, script(env, bootstrapCommand(c, n, g.Taints, live)+dns))
	}
	return mime(parts)
}

func labelList(c *config.ClusterConfig, n *config.NodeGroupBase) string {
	l := nodeLabels(c, n)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(l)) {
		out = append(out, k+"="+l[k])
	}
	return strings.Join(out, ",")
}

func taintList(ts config.Taints) string {
	var out []string
	for _, t := range ts {
		out = append(out, t.Key+"="+t.Value+":"+t.Effect)
	}
	return strings.Join(out, ",")
}

// nodeConfig is nodeadm's configuration (AL2023).
func nodeConfig(c *config.ClusterConfig, n *config.NodeGroupBase, ts config.Taints, live Live, extra config.Document) string {
	kubelet := map[string]any{}
	maps.Copy(kubelet, extra)
	if n.MaxPodsPerNode != nil {
		kubelet["maxPods"] = *n.MaxPodsPerNode
	}
	flags := []string{"--node-labels=" + labelList(c, n)}
	if len(ts) > 0 {
		flags = append(flags, "--register-with-taints="+taintList(ts))
	}
	fl, _ := json.Marshal(flags)
	kc, _ := json.Marshal(kubelet)
	return fmt.Sprintf("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    apiServerEndpoint: %s\n    certificateAuthority: %s\n    cidr: %s\n    name: %s\n  kubelet:\n    config: %s\n    flags: %s\n", live.Endpoint, live.CA, live.ServiceCIDR, live.Cluster, kc, fl)
}

// bootstrapCommand is AL2's and Ubuntu's.
func bootstrapCommand(c *config.ClusterConfig, n *config.NodeGroupBase, ts config.Taints, live Live) string {
	args := "--node-labels=" + labelList(c, n)
	if len(ts) > 0 {
		args += " --register-with-taints=" + taintList(ts)
	}
	if n.MaxPodsPerNode != nil {
		args += fmt.Sprintf(" --max-pods=%d", *n.MaxPodsPerNode)
	}
	return fmt.Sprintf("/etc/eks/bootstrap.sh %s --apiserver-endpoint %s --b64-cluster-ca %s --kubelet-extra-args '%s'", live.Cluster, live.Endpoint, live.CA, args)
}

// bottlerocket is the settings document; cluster: it must say which cluster.
func bottlerocket(c *config.ClusterConfig, n *config.NodeGroupBase, ts config.Taints, live Live, cluster bool) string {
	var b strings.Builder
	if n.Bottlerocket != nil {
		toml(&b, "settings", n.Bottlerocket.Settings)
		if config.On(n.Bottlerocket.EnableAdminContainer, false) {
			b.WriteString("[settings.host-containers.admin]\nenabled = true\n")
		}
	}
	if cluster {
		fmt.Fprintf(&b, "[settings.kubernetes]\ncluster-name = %q\napi-server = %q\ncluster-certificate = %q\n", live.Cluster, live.Endpoint, live.CA)
		if n.MaxPodsPerNode != nil {
			fmt.Fprintf(&b, "max-pods = %d\n", *n.MaxPodsPerNode)
		}
		b.WriteString("[settings.kubernetes.node-labels]\n")
		l := nodeLabels(c, n)
		for _, k := range slices.Sorted(maps.Keys(l)) {
			fmt.Fprintf(&b, "%q = %q\n", k, l[k])
		}
		if len(ts) > 0 {
			b.WriteString("[settings.kubernetes.node-taints]\n")
			for _, t := range ts {
				fmt.Fprintf(&b, "%q = [%q]\n", t.Key, t.Value+":"+t.Effect)
			}
		}
	} else if n.MaxPodsPerNode != nil {
		fmt.Fprintf(&b, "[settings.kubernetes]\nmax-pods = %d\n", *n.MaxPodsPerNode)
	}
	return b.String()
}

// toml writes a settings tree: scalars of a table first, then its tables.
func toml(b *strings.Builder, path string, m map[string]any) {
	if len(m) == 0 {
		return
	}
	head := false
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if _, table := m[k].(map[string]any); table {
			continue
		}
		if !head {
			fmt.Fprintf(b, "[%s]\n", path)
			head = true
		}
		v, _ := json.Marshal(m[k])
		fmt.Fprintf(b, "%q = %s\n", k, v)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if sub, table := m[k].(map[string]any); table {
			toml(b, path+"."+k, sub)
		}
	}
}

func windows(c *config.ClusterConfig, n *config.NodeGroupBase, ts config.Taints, live Live) string {
	args := "--node-labels=" + labelList(c, n)
	if len(ts) > 0 {
		args += " --register-with-taints=" + taintList(ts)
	}
	boot := fmt.Sprintf(`& $EKSBootstrapScriptFile -EKSClusterName "%s" -APIServerEndpoint "%s" -Base64ClusterCA "%s" -KubeletExtraArgs "%s" 3>&1 4>&1 5>&1 6>&1`, live.Cluster, live.Endpoint, live.CA, args)
	if n.OverrideBootstrapCommand != "" {
		boot = fmt.Sprintf("[string]$EKSClusterName = \"%s\"\n[string]$APIServerEndpoint = \"%s\"\n[string]$Base64ClusterCA = \"%s\"\n[string]$KubeletExtraArgs = \"%s\"\n%s", live.Cluster, live.Endpoint, live.CA, args, n.OverrideBootstrapCommand)
	}
	pre := strings.Join(n.PreBootstrapCommands, "\n")
	if pre != "" {
		pre += "\n"
	}
	return "<powershell>\n[string]$EKSBootstrapScriptFile = \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\"\n" + pre + boot + "\n</powershell>\n"
}
