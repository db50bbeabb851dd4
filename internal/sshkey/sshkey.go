// Package sshkey reads the SSH public key that a node group's nodes accept, and
// names the EC2 key pair that holds it. It must not call AWS.
package sshkey

import (
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/slipway-eks/slipway/internal/config"
)

// Public is the key that a node group's nodes accept: inline, from a file, or the
// default file.
func Public(s *config.NodeGroupSSH) (string, error) {
	if s.PublicKey != "" {
		return parsed(s.PublicKey, "publicKey")
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
	return parsed(strings.TrimSpace(string(b)), path)
}

// parsed is the key, where EC2 would import it: OpenSSH's line with an RSA or ED25519 key.
func parsed(key, from string) (string, error) {
	p, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
	switch {
	case err != nil && strings.Contains(key, "PRIVATE KEY"):
		return "", fmt.Errorf("%s holds a private key; EC2 imports the public half, which is beside it in a file with the ending .pub", from)
	case err != nil:
		return "", fmt.Errorf("%s is no OpenSSH public key (one line: ssh-ed25519 AAAA…): %w", from, err)
	case p.Type() != ssh.KeyAlgoRSA && p.Type() != ssh.KeyAlgoED25519:
		return "", fmt.Errorf("%s holds a key of type %s; EC2 imports RSA and ED25519 keys (ssh-keygen -t ed25519)", from, p.Type())
	}
	return key, nil
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
