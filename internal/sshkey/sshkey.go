// Package sshkey reads the SSH public key that a node group's nodes accept, and
// names the EC2 key pair that holds it. It must not call AWS.
package sshkey

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// Public is the key that a node group's nodes accept: inline, from a file, or the
// default file.
func Public(s *config.NodeGroupSSH) (string, error) {
	if s.PublicKey != "" {
		return s.PublicKey, nil
	}
	path := s.PublicKeyPath
	if path == "" {
		path = "~/.ssh/id_rsa.pub"
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the SSH public key cannot be read: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// All reads the keys that a config's node groups import, by group, once: a plan is
// made from what was read, and reads no files itself. Keys that cannot be read are
// left out; preflight says why.
func All(c *config.ClusterConfig) map[string]string {
	out := map[string]string{}
	for _, n := range c.Groups() {
		if s := n.SSH; s != nil && s.PublicKeyName == "" && config.On(s.Allow, false) {
			if key, err := Public(s); err == nil {
				out[n.Name] = key
			}
		}
	}
	return out
}

// Name is eksctl's name for the key pair of a node group's key.
func Name(cluster, group, key string) string {
	return fmt.Sprintf("eksctl-%s-nodegroup-%s-%x", cluster, group, md5.Sum([]byte(key)))
}
