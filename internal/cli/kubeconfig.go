package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/kube"
)

func (a *app) tokenCommand() *cobra.Command {
	return &cobra.Command{Use: "token NAME", Short: "Print a Kubernetes bearer token, as an exec credential", Args: oneArg("cluster's name"), RunE: func(c *cobra.Command, args []string) error {
		w, err := a.open(c.Context(), nil)
		if err != nil {
			return err
		}
		tok, until, err := kube.Token(c.Context(), w.aws, args[0])
		if err != nil {
			return err
		}
		return json.NewEncoder(a.out).Encode(map[string]any{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "spec": map[string]any{}, "status": map[string]any{"token": tok, "expirationTimestamp": until.UTC().Format(time.RFC3339)}})
	}}
}

func (a *app) kubeconfigCommand() *cobra.Command {
	var path, plugin string
	c := &cobra.Command{Use: "kubeconfig NAME", Short: "Add a cluster to the kubeconfig", Args: oneArg("cluster's name"), RunE: func(c *cobra.Command, args []string) error {
		w, err := a.open(c.Context(), nil)
		if err != nil {
			return err
		}
		if err := w.aws.Identify(c.Context()); err != nil {
			return check.Identity(err)
		}
		return a.writeKubeconfig(c.Context(), w, args[0], path, plugin)
	}}
	c.Flags().StringVar(&path, "kubeconfig", "", "file to write; default: KUBECONFIG, then ~/.kube/config")
	c.Flags().StringVar(&plugin, "credentials", "slipway", "what fetches tokens: slipway, or aws (aws eks get-token)")
	return c
}

// kubeconfigAfter adds the cluster after a launch, except in a simulated region.
func (a *app) kubeconfigAfter(ctx context.Context, w *world, name, path string) error {
	if w.sim != nil || path == "none" {
		return nil
	}
	return a.writeKubeconfig(ctx, w, name, path, "slipway")
}

func (a *app) writeKubeconfig(ctx context.Context, w *world, name, path, plugin string) error {
	d, err := w.aws.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	if err != nil {
		return fmt.Errorf("describing cluster %s: %w", name, err)
	}
	cl := d.Cluster
	if cl.Endpoint == nil || cl.CertificateAuthority == nil {
		return fmt.Errorf("the cluster %s is %s and has no endpoint yet", name, cl.Status)
	}
	ca, err := base64.StdEncoding.DecodeString(aws.ToString(cl.CertificateAuthority.Data))
	if err != nil {
		return err
	}
	access, cfg, err := openKubeconfig(path)
	if err != nil {
		return err
	}
	ctxName := contextName(w, name)
	cfg.Clusters[ctxName] = &clientcmdapi.Cluster{Server: *cl.Endpoint, CertificateAuthorityData: ca}
	cfg.AuthInfos[ctxName] = &clientcmdapi.AuthInfo{Exec: a.credential(name, w.aws.Region, plugin)}
	cfg.Contexts[ctxName] = &clientcmdapi.Context{Cluster: ctxName, AuthInfo: ctxName}
	cfg.CurrentContext = ctxName
	if err := clientcmd.ModifyConfig(access, *cfg, false); err != nil {
		return fmt.Errorf("the kubeconfig cannot be written: %w", err)
	}
	fmt.Fprintf(a.err, "kubeconfig: context %s in %s\n", ctxName, access.GetDefaultFilename())
	return nil
}

// openKubeconfig reads the kubeconfig at a path, or where kubectl finds it.
func openKubeconfig(path string) (*clientcmd.PathOptions, *clientcmdapi.Config, error) {
	access := clientcmd.NewDefaultPathOptions()
	if path != "" {
		access.LoadingRules.ExplicitPath = path
	}
	cfg, err := access.GetStartingConfig()
	if err != nil {
		return nil, nil, fmt.Errorf("the kubeconfig cannot be read: %w", err)
	}
	return access, cfg, nil
}

// contextName is what a cluster is called in the kubeconfig: its context, cluster
// and user.
func contextName(w *world, name string) string { return name + "." + w.aws.Region + ".slipway" }

// forgetKubeconfig takes a deleted cluster out of the kubeconfig, where it is.
func (a *app) forgetKubeconfig(w *world, name, path string) error {
	if w.sim != nil || path == "none" {
		return nil
	}
	access, cfg, err := openKubeconfig(path)
	if err != nil {
		return err
	}
	ctxName := contextName(w, name)
	if cfg.Contexts[ctxName] == nil {
		return nil
	}
	delete(cfg.Contexts, ctxName)
	delete(cfg.Clusters, ctxName)
	delete(cfg.AuthInfos, ctxName)
	if cfg.CurrentContext == ctxName {
		cfg.CurrentContext = ""
	}
	if err := clientcmd.ModifyConfig(access, *cfg, false); err != nil {
		return fmt.Errorf("the kubeconfig cannot be written: %w", err)
	}
	fmt.Fprintf(a.err, "kubeconfig: context %s is gone from %s\n", ctxName, access.GetDefaultFilename())
	return nil
}

// credential is the plugin entry that fetches a token for kubectl.
func (a *app) credential(name, region, plugin string) *clientcmdapi.ExecConfig {
	e := &clientcmdapi.ExecConfig{APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
	self, err := os.Executable()
	if err != nil {
		self = "slipway"
	}
	if strings.Contains(self, "go-build") && plugin == "slipway" { // go run's binary is gone in a moment
		if _, err := exec.LookPath("aws"); err == nil {
			plugin = "aws"
		} else {
			self = "slipway"
		}
	}
	if plugin == "aws" {
		e.APIVersion = "client.authentication.k8s.io/v1beta1"
		e.Command, e.Args = "aws", []string{"eks", "get-token", "--cluster-name", name, "--region", region}
	} else {
		e.Command, e.Args = self, []string{"token", name, "--region", region}
	}
	if a.profile != "" {
		e.Args = append(e.Args, "--profile", a.profile)
	}
	return e
}
