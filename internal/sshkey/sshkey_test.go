package sshkey

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
)

const public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut"

func TestPublicKeysAreReadOnce(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	text := `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: c, region: us-west-2}
managedNodeGroups:
  - {name: inline, ssh: {publicKey: "` + public + ` inline"}}
  - {name: default, ssh: {allow: true}}
  - {name: named, ssh: {publicKeyName: mine}}
nodeGroups: [{name: gone, ssh: {publicKeyPath: ~/gone.pub}}]
`
	f, err := config.Load("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := All(f.Cluster); len(got) != 1 || got["inline"] != public+" inline" {
		t.Errorf("without a key file: %v", got)
	}
	if err := os.Mkdir(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".ssh/id_rsa.pub"), []byte(public+" file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := All(f.Cluster); len(got) != 2 || got["default"] != public+" file" {
		t.Errorf("with the default key file: %v", got)
	}
	_, err = Public(&config.NodeGroupSSH{PublicKeyPath: "~/gone.pub"})
	if err == nil || !strings.Contains(err.Error(), "gone.pub") {
		t.Errorf("a missing key: %v", err)
	}
	if got := Name("c", "g", "k"); got != "eksctl-c-nodegroup-g-8ce4b16b22b58894aa86c421e8759df3" {
		t.Errorf("the key's name is %s", got)
	}
}

// What EC2 would not import is told before anything is made.
func TestKeysThatEC2DoesNotTake(t *testing.T) {
	for key, want := range map[string]string{
		"ssh-rsa AAAA me": "no OpenSSH public key",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----": "holds a private key",
		"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBO5piDP" +
			"thaTbmJuZ/QUZNlnSP1JznyD62PaBVa2tZIlBIal6i5C2cGBjQtsyO33rIftEvxAcp7F5o8kXCYWIrw=": "type ecdsa-sha2-nistp256",
	} {
		if _, err := Public(&config.NodeGroupSSH{PublicKey: key}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30s…: %v, expected %q", key, err, want)
		}
	}
}
