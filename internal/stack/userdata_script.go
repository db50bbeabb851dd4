package stack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// scripts is what AL2 and Ubuntu nodes run: bootstrap.sh, or the user's command in
// its place.
func (b bootstrap) scripts() []part {
	var out []part
	for _, p := range b.n.PreBootstrapCommands {
		out = append(out, script(p))
	}
	override := b.n.OverrideBootstrapCommand
	switch {
	case override != "" && b.joins:
		out = append(out, script(b.environment()), script(override))
	case override != "":
		out = append(out, script(override))
	case b.joins:
		out = append(out, script(b.command()))
	case b.n.MaxPodsPerNode != nil:
		// EKS's own script calls bootstrap.sh; it is taught to add the flag (eksctl's
		// makeMaxPodsScript). The kubelet takes the last of two.
		out = append(out, script(fmt.Sprintf(`sed -i 's/KUBELET_EXTRA_ARGS=$2/KUBELET_EXTRA_ARGS="$2 --max-pods=%d"/' /etc/eks/bootstrap.sh`, *b.n.MaxPodsPerNode)))
	}
	return out
}

// command calls the AMI's own bootstrap.sh.
func (b bootstrap) command() string {
	cmd := "/etc/eks/bootstrap.sh " + b.live.Cluster + " --apiserver-endpoint " + b.live.Endpoint + " --b64-cluster-ca " + b.live.CA +
		" --kubelet-extra-args " + quote(b.kubeletArgs())
	if b.dns != "" {
		cmd += " --dns-cluster-ip " + b.dns
	}
	if len(b.kubelet) > 0 {
		cmd = mergeKubelet(b.kubelet) + cmd
	}
	return cmd
}

// mergeKubelet writes a self-managed group's kubelet settings over the AMI's, before
// the kubelet starts.
func mergeKubelet(doc map[string]any) string {
	j, err := json.Marshal(doc)
	if err != nil {
		panic(err) // it was read from YAML
	}
	return "f=/etc/kubernetes/kubelet/kubelet-config.json\nmerged=$(jq --argjson own " + quote(string(j)) + " '. * $own' \"$f\")\necho \"$merged\" >\"$f\"\n"
}

// environment leaves what eksctl leaves for an overrideBootstrapCommand: the files
// that its documentation tells to source.
func (b bootstrap) environment() string {
	maxPods := ""
	if b.n.MaxPodsPerNode != nil {
		maxPods = fmt.Sprint(*b.n.MaxPodsPerNode)
	}
	vars := [][2]string{
		{"CLUSTER_NAME", b.live.Cluster}, {"API_SERVER_URL", b.live.Endpoint}, {"B64_CLUSTER_CA", b.live.CA}, {"CLUSTER_DNS", b.dns},
		{"NODE_LABELS", b.labelList()}, {"NODE_TAINTS", b.taintList()}, {"MAX_PODS", maxPods}, {"KUBELET_EXTRA_ARGS", b.kubeletArgs()},
	}
	s := "mkdir -p /etc/eksctl /var/lib/cloud/scripts/eksctl\ncat >/etc/eksctl/kubelet.env <<'SLIPWAY'\n"
	for _, v := range vars {
		s += v[0] + "=" + quote(v[1]) + "\n"
	}
	return s + "SLIPWAY\necho 'source /etc/eksctl/kubelet.env' >/var/lib/cloud/scripts/eksctl/bootstrap.helper.sh\n"
}

// quote is one word of a shell's.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
