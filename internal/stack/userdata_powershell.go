package stack

import "strings"

// windows is a PowerShell script. Where EKS does not bootstrap the node itself, it
// calls the AMI's Start-EKSBootstrap.ps1, or the user's command with eksctl's
// variables set.
func (b bootstrap) windows() string {
	lines := b.n.PreBootstrapCommands
	override := b.n.OverrideBootstrapCommand
	if b.joins {
		lines = append([]string{`[string]$EKSBootstrapScriptFile = "$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1"`}, lines...)
	}
	params := [][2]string{
		{"EKSClusterName", b.live.Cluster}, {"APIServerEndpoint", b.live.Endpoint}, {"Base64ClusterCA", b.live.CA}, {"ServiceCIDR", b.live.ServiceCIDR},
		{"DNSClusterIP", b.dns}, {"KubeletExtraArgs", b.kubeletArgs()},
	}
	call := "& $EKSBootstrapScriptFile"
	for _, p := range params {
		if p[1] == "" || !b.joins {
			continue
		}
		value := "'" + strings.ReplaceAll(p[1], "'", "''") + "'"
		if override != "" {
			lines = append(lines, "[string]$"+p[0]+" = "+value)
		}
		call += " -" + p[0] + " " + value
	}
	switch {
	case override != "":
		lines = append(lines, override)
	case b.joins:
		lines = append(lines, call+" 3>&1 4>&1 5>&1 6>&1")
	}
	if len(lines) == 0 {
		return ""
	}
	return "<powershell>\n" + strings.Join(lines, "\n") + "\n</powershell>\n"
}
