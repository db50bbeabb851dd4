package eks

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

func gunzip(b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return b
	}
	out, err := io.ReadAll(z)
	if err != nil {
		return b
	}
	return out
}

var (
	nodeLabelsRE = regexp.MustCompile(`--node-labels=([^\s"']+)|NODE_LABELS=["']?([^\s"']+)`)
	nodeTaintsRE = regexp.MustCompile(`--register-with-taints=([^\s"']+)|NODE_TAINTS=["']?([^\s"']+)`)
	tomlLabelsRE = regexp.MustCompile(`(?s)\[settings\.kubernetes\.node-labels\]\n(.*?)(?:\n\[|$)`)
	tomlTaintsRE = regexp.MustCompile(`(?s)\[settings\.kubernetes\.node-taints\]\n(.*?)(?:\n\[|$)`)
	tomlPairRE   = regexp.MustCompile(`(?m)^"?([^"=\n]+?)"?\s*=\s*\[?"([^"]*)"\]?`)
)

// kubeletFlags reads the labels and taints that a bootstrap configuration gives
// the kubelet: flags, eksctl's variables, or Bottlerocket's TOML.
func kubeletFlags(data string) (map[string]string, []corev1.Taint) {
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, nil
	}
	text := string(inflate(raw))
	labels := map[string]string{}
	var taints []corev1.Taint
	taint := func(k, rest string) {
		i := strings.LastIndex(rest, ":")
		if i >= 0 {
			taints = append(taints, corev1.Taint{Key: k, Value: rest[:i], Effect: corev1.TaintEffect(rest[i+1:])})
		}
	}
	if m := nodeLabelsRE.FindStringSubmatch(text); m != nil {
		for _, p := range strings.Split(m[1]+m[2], ",") {
			if k, v, ok := strings.Cut(p, "="); ok {
				labels[k] = v
			}
		}
	}
	if m := nodeTaintsRE.FindStringSubmatch(text); m != nil {
		for _, p := range strings.Split(m[1]+m[2], ",") {
			if k, v, ok := strings.Cut(p, "="); ok {
				taint(k, v)
			}
		}
	}
	if m := tomlLabelsRE.FindStringSubmatch(text); m != nil {
		for _, p := range tomlPairRE.FindAllStringSubmatch(m[1], -1) {
			labels[p[1]] = p[2]
		}
	}
	if m := tomlTaintsRE.FindStringSubmatch(text); m != nil {
		for _, p := range tomlPairRE.FindAllStringSubmatch(m[1], -1) {
			taint(p[1], p[2])
		}
	}
	return labels, taints
}
