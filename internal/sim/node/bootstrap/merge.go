package bootstrap

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"
)

// Merge is the user data of a managed group's nodes: what the group's launch template
// says, base64, or "", with what EKS adds for an AMI of its own, own. The errors are
// EKS's (issue code Ec2LaunchTemplateInvalidConfiguration). For AL2023 EKS's part comes
// first, so that the user's NodeConfig wins (amazon-eks-ami#1988); for AL2 it comes
// last, so that the user's scripts run before bootstrap.sh.
// https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
func Merge(f Family, user string, own Config) (string, error) {
	data, err := base64.StdEncoding.DecodeString(user)
	if err != nil {
		return "", sentence("User data was not base64 encoded.")
	}
	var out []byte
	switch f {
	case Bottlerocket:
		out, err = mergeBottlerocket(data, own)
	case Windows:
		out = mergeWindows(data, own)
	case AL2:
		out, err = mergeParts(data, nil, []mimePart{{`text/x-shellscript; charset="us-ascii"`, []byte(bootstrapScript(own))}})
	default:
		out, err = mergeParts(data, []mimePart{{nodeConfigType, ownNodeConfig(own)}}, nil)
	}
	return base64.StdEncoding.EncodeToString(out), err
}

// sentence is what EKS or PowerShell says, to the letter.
type sentence string

func (s sentence) Error() string { return string(s) }

type mimePart struct {
	typ  string
	body []byte
}

// mergeParts puts EKS's parts around the user's, which are taken over as they are.
func mergeParts(user []byte, before, after []mimePart) ([]byte, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("//"); err != nil {
		return nil, err
	}
	b.WriteString("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"//\"\n\n")
	add := func(h textproto.MIMEHeader, body []byte) error {
		p, err := w.CreatePart(h)
		if err == nil {
			_, err = p.Write(body)
		}
		return err
	}
	for _, p := range before {
		if err := add(textproto.MIMEHeader{"Content-Type": {p.typ}}, p.body); err != nil {
			return nil, err
		}
	}
	if len(user) > 0 {
		bad := sentence("User data was not in the MIME multipart format.")
		r, err := multipartReader(user)
		if err != nil {
			return nil, bad
		}
		for {
			p, err := r.NextPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, bad
			}
			body, err := io.ReadAll(io.LimitReader(p, limit))
			if err != nil {
				return nil, bad
			}
			if err := add(p.Header, body); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range after {
		if err := add(textproto.MIMEHeader{"Content-Type": {p.typ}}, p.body); err != nil {
			return nil, err
		}
	}
	err := w.Close() // writes the last boundary
	return b.Bytes(), err
}

func ownNodeConfig(c Config) []byte {
	out, err := yaml.Marshal(map[string]any{
		"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig",
		"spec": map[string]any{
			"cluster": map[string]any{"name": c.Cluster, "apiServerEndpoint": c.Endpoint, "certificateAuthority": c.CA, "cidr": c.CIDR},
			"kubelet": map[string]any{"flags": c.args()},
		},
	})
	if err != nil {
		panic(err) // strings
	}
	return out
}

// args are the kubelet's flags by which labels and taints are told.
func (c *Config) args() []string {
	var labels, taints []string
	for _, k := range slices.Sorted(maps.Keys(c.Labels)) {
		labels = append(labels, k+"="+c.Labels[k])
	}
	for _, t := range c.Taints {
		taints = append(taints, t.Key+"="+t.Value+":"+string(t.Effect))
	}
	out := []string{"--node-labels=" + strings.Join(labels, ",")}
	if len(taints) > 0 {
		out = append(out, "--register-with-taints="+strings.Join(taints, ","))
	}
	return out
}

func bootstrapScript(c Config) string {
	return fmt.Sprintf("#!/bin/bash\nset -ex\nB64_CLUSTER_CA=%s\nAPI_SERVER_URL=%s\n"+
		"/etc/eks/bootstrap.sh %s --kubelet-extra-args '%s' --b64-cluster-ca $B64_CLUSTER_CA --apiserver-endpoint $API_SERVER_URL\n",
		c.CA, c.Endpoint, c.Cluster, strings.Join(c.args(), " "))
}

func mergeBottlerocket(user []byte, c Config) ([]byte, error) {
	doc := map[string]any{}
	if err := toml.Unmarshal(user, &doc); err != nil {
		return nil, sentence("User data was not in the TOML format.")
	}
	settings, _ := doc["settings"].(map[string]any)
	if settings == nil {
		settings = map[string]any{}
		doc["settings"] = settings
	}
	k, _ := settings["kubernetes"].(map[string]any)
	if k == nil {
		k = map[string]any{}
		settings["kubernetes"] = k
	}
	k["cluster-name"], k["api-server"], k["cluster-certificate"], k["node-labels"] = c.Cluster, c.Endpoint, c.CA, c.Labels
	taints := map[string][]string{}
	for _, t := range c.Taints {
		taints[t.Key] = append(taints[t.Key], t.Value+":"+string(t.Effect))
	}
	if len(taints) > 0 {
		k["node-taints"] = taints
	}
	return toml.Marshal(doc)
}

func mergeWindows(user []byte, c Config) []byte {
	_, rest, _ := strings.Cut(string(user), "<powershell>")
	script, _, _ := strings.Cut(rest, "</powershell>")
	return fmt.Appendf(nil, "<powershell>\n%s\n[string]$EKSBootstrapScriptFile = \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\"\n"+
		"& $EKSBootstrapScriptFile -EKSClusterName '%s' -APIServerEndpoint '%s' -Base64ClusterCA '%s' -KubeletExtraArgs '%s'\n</powershell>\n",
		strings.TrimSpace(script), c.Cluster, c.Endpoint, c.CA, strings.Join(c.args(), " "))
}
