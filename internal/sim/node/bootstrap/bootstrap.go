// Package bootstrap reads user data as the software on a node's AMI reads it, one file
// a family: nodeadm (AL2023), cloud-init with bootstrap.sh (AL2, Ubuntu), Bottlerocket's
// settings, and Windows' Start-EKSBootstrap. What those cannot read does not join. It
// also merges a managed group's user data with EKS's own, as EKS does.
//
// It is a witness of what is written elsewhere: it must not share code with the
// programs whose user data it reads. It does not know clusters, instances or time.
package bootstrap

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Family is a kind of AMI by what initialises its nodes.
type Family string

// Families.
const (
	AL2023       Family = "AL2023"
	AL2          Family = "AL2" // and Ubuntu, whose AMIs bring the same script
	Bottlerocket Family = "Bottlerocket"
	Windows      Family = "Windows"
)

// FamilyOf tells an AMI's family by its name; AWS's names begin alike for years.
func FamilyOf(image string) Family {
	switch n := strings.ToLower(image); {
	case strings.HasPrefix(n, "bottlerocket"):
		return Bottlerocket
	case strings.HasPrefix(n, "windows"):
		return Windows
	case strings.HasPrefix(n, "ubuntu"), strings.HasPrefix(n, "amazon-eks-node-al2-"), strings.HasPrefix(n, "amazon-eks-node-1."),
		strings.HasPrefix(n, "amazon-eks-arm64-node-"), strings.HasPrefix(n, "amazon-eks-gpu-node-"):
		return AL2
	}
	return AL2023
}

// Config is what a node's kubelet starts with. Endpoint, CA and CIDR are "" where the
// node asks EKS for them.
type Config struct {
	Cluster  string
	Endpoint string
	CA       string // base64
	CIDR     string // of services
	Labels   map[string]string
	Taints   []corev1.Taint
	MaxPods  int // 0: by instance type
}

// limit is how much user data may unfold to: EC2 takes 16 KB, packed or not.
const limit = 4 << 20

// Read makes of user data, base64 as EC2 holds it, what a node of a family makes of
// it. metadata is what the instance's metadata service answers below
// latest/meta-data/, for scripts that ask. The error is what the node's console says.
func Read(f Family, userData string, metadata map[string]string) (*Config, error) {
	data, err := base64.StdEncoding.DecodeString(userData)
	if err != nil {
		return nil, errors.New("the user data is not base64")
	}
	switch f {
	case Bottlerocket:
		return readBottlerocket(data)
	case Windows:
		return readWindows(string(data))
	case AL2:
		return readAL2(data, metadata)
	}
	return readNodeadm(data)
}

// unpack undoes gzip, which cloud-init and nodeadm do.
func unpack(b []byte) ([]byte, error) {
	if !bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("failed to decompress user data: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(z, limit))
	if err != nil {
		return nil, fmt.Errorf("failed to decompress user data: %w", err)
	}
	return out, nil
}

// flags applies a kubelet's command line: labels, taints, maxPods. The kubelet merges
// repeated maps and takes the last of single values (spf13/pflag); it exits at what it
// cannot read.
func (c *Config) flags(args []string) error {
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		if !joined && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			i++
			value = args[i]
		}
		if err := c.flag(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) flag(name, value string) error {
	switch name {
	case "--node-labels":
		return c.labels(value)
	case "--register-with-taints":
		return c.taints(value)
	case "--max-pods":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("kubelet: invalid argument %q for \"--max-pods\" flag", value)
		}
		c.MaxPods = n
	}
	return nil
}

func (c *Config) labels(list string) error {
	for pair := range strings.SplitSeq(list, ",") {
		if pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("kubelet: invalid argument %q for \"--node-labels\" flag: malformed pair, expect string=string", list)
		}
		c.label(strings.TrimSpace(k), strings.TrimSpace(v))
	}
	return nil
}

func (c *Config) label(k, v string) {
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	c.Labels[k] = v
}

func (c *Config) taints(list string) error {
	for one := range strings.SplitSeq(list, ",") {
		if one == "" {
			continue
		}
		i := strings.LastIndex(one, ":")
		if i < 0 {
			return fmt.Errorf("kubelet: invalid argument %q for \"--register-with-taints\" flag: invalid taint spec", list)
		}
		k, v, _ := strings.Cut(one[:i], "=")
		if err := c.taint(k, v, one[i+1:]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) taint(k, v, effect string) error {
	switch e := corev1.TaintEffect(effect); e {
	case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
		c.Taints = append(c.Taints, corev1.Taint{Key: k, Value: v, Effect: e})
		return nil
	}
	return fmt.Errorf("kubelet: invalid taint effect: %s, unsupported taint effect", effect)
}
