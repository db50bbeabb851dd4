package bootstrap_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/node/bootstrap"
)

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

// mixed is a multipart document of type, body, type, body, …
func mixed(parts ...string) string {
	out := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"BOUNDARY\"\n\n"
	for i := 0; i < len(parts); i += 2 {
		out += "--BOUNDARY\nContent-Type: " + parts[i] + "\n\n" + parts[i+1] + "\n"
	}
	return out + "--BOUNDARY--\n"
}

const (
	shell   = `text/x-shellscript; charset="us-ascii"`
	nodeCfg = "application/node.eks.aws"
	// complete is nodeadm's documented example (doc/examples.md).
	complete = `---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: my-cluster
    apiServerEndpoint: https://example.com
    certificateAuthority: Y2VydGlmaWNhdGVBdXRob3JpdHk=
    cidr: 10.100.0.0/16
`
	// kubelet is a second one, with settings only.
	kubelet = `---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      shutdownGracePeriod: 30s
      maxPods: 42
    flags:
      - --node-labels="a=b,c=d"
      - "--register-with-taints=x=y:NoSchedule,z=:NoExecute"
`
)

// sample is user data and what a node makes of it: a config, or an error with these
// words.
type sample struct {
	name, data string
	want       bootstrap.Config
	err        string
}

func check(t *testing.T, f bootstrap.Family, samples []sample) {
	t.Helper()
	for _, s := range samples {
		got, err := bootstrap.Read(f, encode(s.data), map[string]string{"instance-id": "i-1"})
		switch {
		case s.err == "" && err != nil:
			t.Errorf("%s: %v", s.name, err)
		case s.err != "" && (err == nil || !strings.Contains(err.Error(), s.err)):
			t.Errorf("%s: %+v, %v; want %q", s.name, got, err, s.err)
		case s.err == "":
			same(t, s.name, *got, s.want)
		}
	}
}

func same(t *testing.T, name string, got, want bootstrap.Config) {
	t.Helper()
	if got.Cluster != want.Cluster || got.Endpoint != want.Endpoint || got.CA != want.CA || got.CIDR != want.CIDR || got.MaxPods != want.MaxPods ||
		!maps.Equal(got.Labels, want.Labels) {
		t.Errorf("%s: %+v, not %+v", name, got, want)
	}
	if len(got.Taints) != len(want.Taints) {
		t.Errorf("%s: taints %v, not %v", name, got.Taints, want.Taints)
		return
	}
	for i := range got.Taints {
		if got.Taints[i] != want.Taints[i] {
			t.Errorf("%s: taints %v, not %v", name, got.Taints, want.Taints)
		}
	}
}

func TestNodeadm(t *testing.T) {
	plain := bootstrap.Config{Cluster: "my-cluster", Endpoint: "https://example.com", CA: "Y2VydGlmaWNhdGVBdXRob3JpdHk=", CIDR: "10.100.0.0/16"}
	both := plain
	both.MaxPods, both.Labels = 42, map[string]string{"a": "b", "c": "d"}
	both.Taints = []corev1.Taint{{Key: "x", Value: "y", Effect: "NoSchedule"}, {Key: "z", Effect: "NoExecute"}}
	check(t, bootstrap.AL2023, []sample{
		{name: "one document", data: complete, want: plain},
		{name: "gzip", data: gzipped(complete), want: plain},
		{name: "merged", data: mixed(shell, "#!/bin/bash\necho", nodeCfg, complete, nodeCfg, kubelet), want: both},
		{name: "in the other order", data: mixed(nodeCfg, kubelet, nodeCfg, complete), want: both},
		{name: "CRLF", data: strings.ReplaceAll(mixed(nodeCfg, complete), "\n", "\r\n"), want: plain},
		{name: "base64 in a part", data: mixed(nodeCfg, encode(complete)), want: plain},
		{name: "unknown fields are passed over", data: complete + "  novelty: {a: 1}\n", want: plain},
		{name: "the last of a value wins", data: mixed(nodeCfg, complete, nodeCfg, strings.Replace(complete, "my-cluster", "other", 1)),
			want: bootstrap.Config{Cluster: "other", Endpoint: plain.Endpoint, CA: plain.CA, CIDR: plain.CIDR}},
		{name: "nothing", err: "Kind' is missing"},
		{name: "settings only", data: mixed(nodeCfg, kubelet), err: "Name is missing"},
		{name: "scripts only", data: mixed(shell, "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster"), err: "could not find NodeConfig"},
		{name: "a script in place of a NodeConfig", data: mixed(nodeCfg, "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster"), err: "failed to decode"},
		{name: "a bare script", data: "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster\n", err: "failed to decode"},
		{name: "another kind", data: strings.Replace(complete, "NodeConfig", "ClusterConfig", 1), err: `no kind "ClusterConfig"`},
		{name: "another version", data: strings.Replace(complete, "v1alpha1", "v1", 1), err: "is registered for version"},
		{name: "no endpoint", data: strings.Replace(complete, "apiServerEndpoint", "endpoint", 1), err: "Apiserver endpoint is missing"},
		{name: "no authority", data: strings.Replace(complete, "certificateAuthority", "ca", 1), err: "Certificate authority is missing"},
		{name: "an authority that is not base64", data: strings.Replace(complete, "Y2Vy", "----", 1), err: "failed to decode"},
		{name: "no CIDR", data: strings.Replace(complete, "cidr", "cird", 1), err: "CIDR is missing"},
		{name: "a wrong type", data: mixed(nodeCfg, complete, nodeCfg, strings.Replace(kubelet, "maxPods: 42", "maxPods: many", 1)),
			err: "failed to load kubelet config"},
		{name: "a taint without effect", data: mixed(nodeCfg, complete, nodeCfg, strings.Replace(kubelet, ":NoSchedule", "", 1)),
			err: "invalid taint spec"},
		{name: "an unknown effect", data: mixed(nodeCfg, complete, nodeCfg, strings.Replace(kubelet, "NoSchedule", "Never", 1)),
			err: "unsupported taint effect"},
		{name: "a document that breaks off", data: strings.TrimSuffix(mixed(nodeCfg, complete), "--BOUNDARY--\n"), err: "EOF"},
	})
}

func TestAL2(t *testing.T) {
	named := bootstrap.Config{Cluster: "my-cluster"}
	full := bootstrap.Config{Cluster: "my-cluster", Endpoint: "https://e", CA: "Q0E=", MaxPods: 20, Labels: map[string]string{"a": "b"},
		Taints: []corev1.Taint{{Key: "k", Value: "v", Effect: "NoSchedule"}}}
	args := "--b64-cluster-ca Q0E= --apiserver-endpoint https://e --kubelet-extra-args '--node-labels=a=b --register-with-taints=k=v:NoSchedule --max-pods=20'"
	check(t, bootstrap.AL2, []sample{
		{name: "a bare script", data: "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster\n", want: named},
		{name: "a part", data: mixed(shell, "#!/bin/bash\nset -ex\n/etc/eks/bootstrap.sh my-cluster "+args+"\n"), want: full},
		{name: "options before the name", data: "#!/bin/bash\n/etc/eks/bootstrap.sh " + args + " my-cluster\n", want: full},
		{name: "EKS's own, with variables", data: mixed(shell,
			"#!/bin/bash\nset -ex\nB64_CLUSTER_CA=Q0E=\nAPI_SERVER_URL=https://e\n/etc/eks/bootstrap.sh my-cluster --kubelet-extra-args "+
				"'--node-labels=a=b --register-with-taints=k=v:NoSchedule --max-pods=20' --b64-cluster-ca $B64_CLUSTER_CA --apiserver-endpoint $API_SERVER_URL "+
				"--use-max-pods false"),
			want: full},
		{name: "continued lines, an array, a function", data: "#!/usr/bin/env bash\nset -euo pipefail\njoin() { /etc/eks/bootstrap.sh \"$@\"; }\n" +
			"A=(my-cluster --b64-cluster-ca Q0E=)\nA+=(--apiserver-endpoint https://e)\njoin \"${A[@]}\" \\\n  --kubelet-extra-args \"--node-labels=a=b " +
			"--register-with-taints=k=v:NoSchedule --max-pods=20\"\n",
			want: full},
		{name: "a branch not taken", data: "#!/bin/bash\nif false; then /etc/eks/bootstrap.sh other; fi\n/etc/eks/bootstrap.sh my-cluster\n", want: named},
		{name: "sourced", data: mixed(shell, "#!/bin/bash\nmkdir -p /etc/x\ncat >/etc/x/env <<'E'\nCLUSTER=my-cluster\nE\n", shell,
			"#!/bin/bash\nset -e\nsource /etc/x/env\nbash /etc/eks/bootstrap.sh ${CLUSTER}\n"), want: named},
		{name: "metadata",
			data: "#!/bin/bash\nID=$(curl -s http://169.254.169.254/latest/meta-data/instance-id)\n/etc/eks/bootstrap.sh my-cluster --kubelet-extra-args " +
				"--node-labels=id=$ID\n",

			want: bootstrap.Config{Cluster: "my-cluster", Labels: map[string]string{"id": "i-1"}}},
		{name: "taught flags", data: mixed(shell,
			"#!/bin/sh\nset -ex\nsed -i 's/KUBELET_EXTRA_ARGS=$2/KUBELET_EXTRA_ARGS=\"$2 --max-pods=20\"/' /etc/eks/bootstrap.sh",
			shell, "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster --kubelet-extra-args '--max-pods=17'"), want: bootstrap.Config{Cluster: "my-cluster",
			MaxPods: 20}},
		{name: "a script that fails does not keep the next", data: mixed(shell, "#!/bin/bash\nexit 3\n", shell,
			"#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster\n"), want: named},
		{name: "cloud-config",
			data: gzipped("#cloud-config\nwrite_files:\n- path: /x.sh\n  permissions: \"0755\"\n  content: |\n    #!/bin/bash\n    . /y.env\n    " +
				"/etc/eks/bootstrap.sh \"$NAME\"\n" +
				"- path: /y.env\n  content: NAME=my-cluster\nruncmd:\n- [/bin/bash, -c, echo hi]\n- [/x.sh]\n"), want: named},
		{name: "nothing", err: "Unhandled"},
		{name: "no call", data: "#!/bin/bash\nyum install -y x\n", err: "no script calls"},
		{name: "no name", data: "#!/bin/bash\n/etc/eks/bootstrap.sh\n", err: "cluster name is not defined"},
		{name: "an option without value", data: "#!/bin/bash\n/etc/eks/bootstrap.sh c --b64-cluster-ca\n", err: "unbound"},
		{name: "docker", data: "#!/bin/bash\n/etc/eks/bootstrap.sh c --container-runtime dockerd\n", err: "containerd is the only"},
		{name: "no interpreter", data: mixed(shell, "/etc/eks/bootstrap.sh my-cluster\n"), err: "Exec format error"},
		{name: "stopped before it", data: "#!/bin/bash\nset -e\nfalse\n/etc/eks/bootstrap.sh my-cluster\n", err: "exit status 1"},
		{name: "a missing file", data: "#!/bin/bash\nset -e\nsource /nowhere\n/etc/eks/bootstrap.sh my-cluster\n", err: "exit status 1"},
		{name: "bad syntax", data: "#!/bin/bash\nif true; do\n", err: "cloud-init"},
		{name: "a commented call", data: "#!/bin/bash\n# /etc/eks/bootstrap.sh my-cluster\n", err: "no script calls"},
		{name: "a NodeConfig", data: mixed(nodeCfg, complete), err: "no script calls"},
		{name: "kubelet flags that it refuses", data: "#!/bin/bash\n/etc/eks/bootstrap.sh c --kubelet-extra-args --max-pods=x\n", err: "--max-pods"},
		{name: "an endless loop", data: "#!/bin/bash\nwhile true; do echo; done\n", err: "on and on"},
		{name: "recursion", data: "#!/bin/bash\nf() { f; }\necho 'bash /s' >/s\nbash /s\n", err: "on and on"},
	})
}

func TestBottlerocket(t *testing.T) {
	want := bootstrap.Config{Cluster: "c", Endpoint: "https://e", CA: "Q0E=", MaxPods: 50, Labels: map[string]string{"a.b/c": "d"},
		Taints: []corev1.Taint{{Key: "k", Value: "v", Effect: "NoSchedule"}, {Key: "k", Effect: "NoExecute"}}}
	// eksctl's writer indents (case K of what foreign clients found).
	indented := "\n[settings]\n\n  [settings.kubernetes]\n    api-server = \"https://e\"\n    cluster-certificate = \"Q0E=\"\n    cluster-name = " +
		"\"c\"\n    max-pods = 50\n\n" +
		"    [settings.kubernetes.node-labels]\n      \"a.b/c\" = \"d\"\n\n    [settings.kubernetes.node-taints]\n      k = [\"v:NoSchedule\", \":NoExecute\"]\n"
	inline := "settings.kubernetes = {api-server = 'https://e', cluster-certificate = 'Q0E=', cluster-name = 'c', max-pods = '50', node-labels = " +
		"{'a.b/c' = 'd'}, node-taints = {k = ['v:NoSchedule', ':NoExecute']}}\n"
	check(t, bootstrap.Bottlerocket, []sample{
		{name: "indented", data: indented, want: want},
		{name: "inline", data: inline, want: want},
		{name: "a table twice", data: indented + "\n[settings.kubernetes]\nmax-pods = 1\n", err: "Error parsing TOML"},
		{name: "nothing", err: "did not contain 'settings'"},
		{name: "no cluster", data: "[settings.kubernetes]\nmax-pods = 1\n", err: "cluster-name is not set"},
		{name: "dots without quotes", data: strings.Replace(indented, `"a.b/c"`, "a.b", 1), err: "node-labels.a"},
		{name: "a label that is a number", data: strings.Replace(indented, `"d"`, "1", 1), err: "node-labels.a.b/c"},
		{name: "pods in words", data: strings.Replace(indented, "50", `"many"`, 1), err: "max-pods"},
		{name: "a taint without effect", data: strings.Replace(indented, "v:NoSchedule", "v", 1), err: "node-taints.k"},
		{name: "YAML", data: complete, err: "Error parsing TOML"},
	})
}

func TestWindows(t *testing.T) {
	want := bootstrap.Config{Cluster: "c", Endpoint: "https://e", CA: "Q0E=", CIDR: "10.100.0.0/16", MaxPods: 9, Labels: map[string]string{"a": "b"},
		Taints: []corev1.Taint{{Key: "os", Value: "windows", Effect: "NoSchedule"}}}
	extra := "--node-labels=a=b --register-with-taints=os=windows:NoSchedule --max-pods=9"
	file := "<powershell>\r\n[string]$EKSBootstrapScriptFile = \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\"\r\n"
	check(t, bootstrap.Windows, []sample{
		{name: "AWS's sample", data: file +
			"& $EKSBootstrapScriptFile -EKSClusterName \"c\" -APIServerEndpoint \"https://e\" -Base64ClusterCA \"Q0E=\" -ServiceCIDR 10.100.0.0/16 " +
			"-KubeletExtraArgs \"" +
			extra + "\" 3>&1 4>&1 5>&1 6>&1\r\n</powershell>", want: want},
		{name: "variables and continued lines", data: file + "$name = 'c'\n& $EKSBootstrapScriptFile -eksclustername $name `\n -APIServerEndpoint " +
			"'https://e' -Base64ClusterCA 'Q0E=' -ServiceCIDR '10.100.0.0/16' -KubeletExtraArgs '" + extra + "'\n</powershell>", want: want},
		{name: "by path", data: "<powershell>\n& \"C:\\Program Files\\Amazon\\EKS\\Start-EKSBootstrap.ps1\" -EKSClusterName c\n" +
			"</powershell>", want: bootstrap.Config{Cluster: "c"}},
		{name: "nothing", err: "no <powershell>"},
		{name: "not closed", data: file, err: "no <powershell>"},
		{name: "no call", data: "<powershell>\nWrite-Output hi\n</powershell>", err: "does not call"},
		{name: "a commented call", data: file + "# & $EKSBootstrapScriptFile -EKSClusterName c\n</powershell>", err: "does not call"},
		{name: "no name", data: file + "& $EKSBootstrapScriptFile -APIServerEndpoint e\n</powershell>", err: "EKSClusterName"},
		{name: "an unknown parameter", data: file + "& $EKSBootstrapScriptFile -EKSClusterName c -Labels a=b\n</powershell>", err: "matches parameter " +
			"name 'Labels'"},
	})
}

// EKS's own user data joins by every family's rules, alone and with the user's.
func TestMerge(t *testing.T) {
	own := bootstrap.Config{
		Cluster:  "c",
		Endpoint: "https://e",
		CA:       "Q0E=",
		CIDR:     "10.100.0.0/16",
		Labels:   map[string]string{"eks.amazonaws.com/nodegroup": "g"},
		Taints:   []corev1.Taint{{Key: "k", Value: "v", Effect: "NoSchedule"}},
	}
	users := map[bootstrap.Family]string{
		bootstrap.AL2023: mixed(shell, "#!/bin/bash\necho", nodeCfg, strings.NewReplacer("flags:\n", "", "      - --node-labels=\"a=b,c=d\"\n", "", "   "+
			"   - \"--register-with-taints=x=y:NoSchedule,z=:NoExecute\"\n", "").Replace(kubelet)),
		bootstrap.AL2:          mixed(shell, "#!/bin/sh\nsed -i 's/KUBELET_EXTRA_ARGS=$2/KUBELET_EXTRA_ARGS=\"$2 --max-pods=42\"/' /etc/eks/bootstrap.sh"),
		bootstrap.Bottlerocket: "[settings]\nmotd = 'hi'\n[settings.kubernetes]\nmax-pods = 42\ncluster-name = 'other'\n",
	}
	for _, f := range []bootstrap.Family{bootstrap.AL2023, bootstrap.AL2, bootstrap.Bottlerocket, bootstrap.Windows} {
		for _, user := range []string{"", users[f]} {
			want := own
			if user != "" {
				want.MaxPods = 42
			}
			if f != bootstrap.AL2023 {
				want.CIDR = ""
			}
			data, err := bootstrap.Merge(f, encode(user), own)
			if err != nil {
				t.Fatal(f, err)
			}
			got, err := bootstrap.Read(f, data, nil)
			if err != nil {
				t.Fatal(f, err)
			}
			same(t, string(f), *got, want)
		}
	}
	for f, words := range map[bootstrap.Family]string{bootstrap.AL2023: "MIME multipart", bootstrap.AL2: "MIME multipart", bootstrap.Bottlerocket: "TOML"} {
		for _, bad := range []string{"#!/bin/bash\necho\n", gzipped(mixed(shell, "#!/bin/bash\necho"))} {
			if _, err := bootstrap.Merge(f, encode(bad), own); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

func TestFamilyOf(t *testing.T) {
	for name, want := range map[string]bootstrap.Family{
		"amazon-eks-node-al2023-x86_64-standard-1.34-v20261101": bootstrap.AL2023,
		"amazon-eks-node-1.32-v20250610":                        bootstrap.AL2, "amazon-eks-node-al2-x86_64": bootstrap.AL2,
		"bottlerocket-aws-k8s-1.34-x86_64":                    bootstrap.Bottlerocket,
		"Windows_Server-2022-English-Full-EKS_Optimized-1.34": bootstrap.Windows, "ubuntu-eks/k8s_1.34": bootstrap.AL2,
	} {
		if got := bootstrap.FamilyOf(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Whatever a user writes, reading it ends, and does not crash.
func fuzz(f *testing.F, family bootstrap.Family, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if c, err := bootstrap.Read(family, encode(data), nil); err == nil && c.Cluster == "" {
			t.Errorf("a node joins no cluster: %q", data)
		}
	})
}

func FuzzNodeadm(f *testing.F) {
	fuzz(f, bootstrap.AL2023, complete, kubelet, mixed(shell, "#!/bin/bash", nodeCfg, complete))
}

func FuzzAL2(f *testing.F) {
	fuzz(f, bootstrap.AL2, "#!/bin/bash\n/etc/eks/bootstrap.sh c\n", "#cloud-config\nruncmd: [[a]]\n", mixed(shell, "#!/bin/sh\nA=$(cat /x | sed s/a/b/)\n"))
}

func FuzzBottlerocket(f *testing.F) {
	fuzz(f, bootstrap.Bottlerocket, "[settings.kubernetes]\ncluster-name = 'c'\napi-server='e'\ncluster-certificate='x'\nnode-taints={a=['b:NoExecute']}\n")
}

func FuzzWindows(f *testing.F) {
	fuzz(f, bootstrap.Windows, "<powershell>\n$a = 'c'\n& Start-EKSBootstrap.ps1 -EKSClusterName \"$a\" `\n -Base64ClusterCA 'x''y'\n</powershell>")
}
