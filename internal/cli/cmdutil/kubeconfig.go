package cmdutil

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/kubecfg"
	"github.com/slipway-eks/slipway/internal/run"
)

// NoKubeconfig is the value of --kubeconfig that leaves the kubeconfig alone.
const NoKubeconfig = "none"

// CheckKubeconfig tells before a run that the kubeconfig cannot be used after it. A
// simulated region's clusters are not added to it.
func (t *Target) CheckKubeconfig(path string) error {
	if t.Sim != nil || path == NoKubeconfig {
		return nil
	}
	return kubecfg.Check(path)
}

// Remember adds the cluster to the kubeconfig after a run that succeeded. It never
// costs the run: what could not be done is said, with the command that does it.
func (a *App) Remember(ctx context.Context, t *Target, name, path string) {
	if t.Sim != nil || path == NoKubeconfig {
		return
	}
	e := t.Entry(a, name)
	if v := a.Ended.Verdict; v != nil {
		e.Endpoint, e.CA = v.Endpoint, v.CA
	}
	if err := a.AddKubeconfig(ctx, t, e, path); err != nil {
		a.Say("%s the cluster is not in the kubeconfig: %v; add it later: slipway kubeconfig %s --region %s", a.Style.Yellow("note:"), err, name, t.AWS.Region)
	}
}

// Entry is a cluster's entry, as far as it is known without asking.
func (t *Target) Entry(a *App, name string) kubecfg.Entry {
	return kubecfg.Entry{Cluster: name, Region: t.AWS.Region, Profile: a.Profile, Plugin: kubecfg.Slipway}
}

// AddKubeconfig adds an entry; an endpoint that is not known is asked for.
func (a *App) AddKubeconfig(ctx context.Context, t *Target, e kubecfg.Entry, path string) error {
	if e.Endpoint == "" {
		cl, err := run.Describe(ctx, t.AWS, e.Cluster)
		if err != nil {
			return err
		}
		if e.Endpoint, e.CA = kube.Endpoint(cl); e.Endpoint == "" {
			return fmt.Errorf("the cluster %s is %s and has no endpoint yet", e.Cluster, cl.Status)
		}
	}
	in, err := kubecfg.Add(ctx, wall(), path, e)
	if err == nil {
		a.Say("kubeconfig: context %s in %s", e.Context(), in)
	}
	return err
}

// Forget takes a deleted cluster out of the kubeconfig, where it is.
func (a *App) Forget(ctx context.Context, t *Target, name, path string) {
	if t.Sim != nil || path == NoKubeconfig {
		return
	}
	e := t.Entry(a, name)
	in, err := kubecfg.Remove(ctx, wall(), path, e)
	switch {
	case err != nil:
		a.Say("%s the cluster is still in the kubeconfig: %v", a.Style.Yellow("note:"), err)
	case in != "":
		a.Say("kubeconfig: context %s is gone from %s", e.Context(), in)
	}
}

// wall is the clock of this machine's files, whatever the region's is.
func wall() clock.Clock { return &clock.Wall{Start: time.Now(), Speed: 1} }
