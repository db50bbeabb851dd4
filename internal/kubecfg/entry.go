// Package kubecfg adds a cluster to the kubeconfig, and takes it out, as kubectl
// does: the same files, the same lock. It must not call AWS.
package kubecfg

import (
	"context"
	"os"
	"os/exec"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/slipway-eks/slipway/internal/clock"
)

// Credential plugins that fetch tokens for kubectl.
const (
	Slipway = "slipway" // slipway token
	AWS     = "aws"     // aws eks get-token
)

// Entry is a cluster in the kubeconfig: its context, cluster and user.
type Entry struct {
	Cluster  string
	Region   string
	Profile  string // of the AWS configuration, "" for the default
	Endpoint string
	CA       []byte // PEM
	Plugin   string // Slipway or AWS
}

// Context is what the entry is called.
func (e Entry) Context() string { return e.Cluster + "." + e.Region + ".slipway" }

// Add writes an entry and makes it the current context. It returns the file it is in.
// path is the file to write; "" is where kubectl looks. The error is findings.
func Add(ctx context.Context, c clock.Clock, path string, e Entry) (string, error) {
	name := e.Context()
	return edit(ctx, c, path, func(fs []*file) *file {
		home := fs[0]
		for _, f := range fs {
			if f.cfg.Contexts[name] != nil {
				home = f
				break
			}
		}
		home.cfg.Clusters[name] = &clientcmdapi.Cluster{Server: e.Endpoint, CertificateAuthorityData: e.CA}
		home.cfg.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: e.credential()}
		home.cfg.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		home.changed = true
		for _, f := range fs { // the first file that names a current context decides
			if f.cfg.CurrentContext != "" {
				f.set(name)
				return home
			}
		}
		home.set(name)
		return home
	})
}

// Remove takes an entry out of every file it is in. It returns the file it was in,
// "" where it was in none.
func Remove(ctx context.Context, c clock.Clock, path string, e Entry) (string, error) {
	name := e.Context()
	return edit(ctx, c, path, func(fs []*file) (in *file) {
		for _, f := range fs {
			if f.cfg.Contexts[name] == nil {
				continue
			}
			delete(f.cfg.Contexts, name)
			delete(f.cfg.Clusters, name)
			delete(f.cfg.AuthInfos, name)
			in, f.changed = f, true
		}
		for _, f := range fs {
			if f.cfg.CurrentContext == name {
				f.set("")
			}
		}
		return in
	})
}

// credential is the plugin entry that fetches a token for kubectl.
func (e Entry) credential() *clientcmdapi.ExecConfig {
	x := &clientcmdapi.ExecConfig{APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
	plugin, self := plugin(e.Plugin)
	if plugin == AWS {
		x.APIVersion = "client.authentication.k8s.io/v1beta1"
		x.Command, x.Args = "aws", []string{"eks", "get-token", "--cluster-name", e.Cluster, "--region", e.Region}
	} else {
		x.Command, x.Args = self, []string{"token", e.Cluster, "--region", e.Region}
	}
	if e.Profile != "" {
		x.Args = append(x.Args, "--profile", e.Profile)
	}
	return x
}

// plugin is what fetches tokens, and where this program is. The binary of go run is
// gone in a moment: the aws CLI takes its place where it is, else slipway by name.
func plugin(wanted string) (plugin, self string) {
	self, err := os.Executable()
	if err != nil {
		return wanted, "slipway"
	}
	if !strings.Contains(self, "go-build") || wanted == AWS {
		return wanted, self
	}
	if _, err := exec.LookPath("aws"); err == nil {
		return AWS, self
	}
	return wanted, "slipway"
}
