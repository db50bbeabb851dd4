package stack

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/slipway-eks/slipway/internal/config"
)

// bootstrap is what user data is made of.
type bootstrap struct {
	c      *config.ClusterConfig
	n      *config.NodeGroupBase
	taints config.Taints
	live   Live
	// joins: the user data must say which cluster to join. EKS says it to a managed
	// group's nodes itself, unless the group brings an AMI of its own.
	joins bool
	// kubelet and dns are a self-managed group's own settings.
	kubelet config.Document
	dns     string
}

// managedUserData is what a managed group's launch template adds to EKS's own user
// data; "" when there is nothing to add.
func managedUserData(c *config.ClusterConfig, m *config.ManagedNodeGroup, live Live) string {
	n := &m.NodeGroupBase
	b := bootstrap{c: c, n: n, taints: m.Taints, live: live, joins: customAMI(n)}
	return b.encode()
}

// selfManagedUserData is everything that a self-managed node needs to join.
func selfManagedUserData(c *config.ClusterConfig, g *config.NodeGroup, live Live) string {
	b := bootstrap{c: c, n: &g.NodeGroupBase, taints: g.Taints, live: live, joins: true, kubelet: g.KubeletExtraConfig, dns: g.ClusterDNS}
	return b.encode()
}

// UserDataSize is how many bytes of user data a node of a group gets, before base64,
// which EC2 does not count. To a managed group's EKS adds, in a launch template of its
// own, what joins the node: as much as a node of any other group has.
func UserDataSize(c *config.ClusterConfig, g config.Group, live Live) int {
	b := bootstrap{c: c, n: g.NodeGroupBase, taints: g.Taints(), live: live, joins: true}
	if g.Own != nil {
		b.kubelet, b.dns = g.Own.KubeletExtraConfig, g.Own.ClusterDNS
	}
	return len(b.text())
}

func (b bootstrap) encode() string { return base64.StdEncoding.EncodeToString([]byte(b.text())) }

// text is the user data in the form that the AMI family reads.
func (b bootstrap) text() string {
	switch {
	case strings.HasPrefix(b.n.AmiFamily, "Bottlerocket"):
		return b.bottlerocket()
	case b.n.Windows():
		return b.windows()
	case b.n.AmiFamily == "AmazonLinux2023":
		return multi(b.nodeadm())
	}
	return multi(b.scripts())
}

// part is one part of a multipart document.
type part struct{ typ, body string }

// Content types that cloud-init and nodeadm read.
const (
	typeScript     = "text/x-shellscript"
	typeNodeConfig = "application/node.eks.aws"
)

// script is a shell script; text that names no interpreter gets bash, stopping at
// the first command that fails.
func script(text string) part {
	if !strings.HasPrefix(text, "#!") {
		text = "#!/bin/bash\nset -ex\n" + text
	}
	charset := "us-ascii"
	if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		charset = "utf-8"
	}
	return part{typeScript + `; charset="` + charset + `"`, strings.TrimRight(text, "\n") + "\n"}
}

// multi joins parts into the multipart document that cloud-init reads; "" of none.
// The boundary is a hash of the parts, so that it stands in none of them.
func multi(parts []part) string {
	if len(parts) == 0 {
		return ""
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(fmt.Sprintf("slipway-%x", sha256.Sum256(fmt.Append(nil, parts)))[:40]); err != nil {
		panic(err) // letters, digits and a hyphen
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", w.Boundary())
	for _, p := range parts {
		x, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {p.typ}})
		if err == nil {
			_, err = x.Write([]byte(p.body))
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func (b bootstrap) labelList() string {
	l := nodeLabels(b.c, b.n)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(l)) {
		out = append(out, k+"="+l[k])
	}
	return strings.Join(out, ",")
}

func (b bootstrap) taintList() string {
	var out []string
	for _, t := range b.taints {
		out = append(out, t.Key+"="+t.Value+":"+t.Effect)
	}
	return strings.Join(out, ",")
}

// flags are the kubelet's labels and taints.
func (b bootstrap) flags() []string {
	out := []string{"--node-labels=" + b.labelList()}
	if len(b.taints) > 0 {
		out = append(out, "--register-with-taints="+b.taintList())
	}
	return out
}

// kubeletArgs are flags with maxPods, for bootstrap scripts, which take it so.
func (b bootstrap) kubeletArgs() string {
	out := b.flags()
	if b.n.MaxPodsPerNode != nil {
		out = append(out, fmt.Sprintf("--max-pods=%d", *b.n.MaxPodsPerNode))
	}
	return strings.Join(out, " ")
}
