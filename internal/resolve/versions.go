package resolve

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
)

// Versions are what the file's "latest" or partial versions of add-ons that stand
// are for a minor, by add-on.
func Versions(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig, live *observe.Observed, minor string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range cfg.Addons {
		if live.Addons[a.Name] == nil || a.Version == "" || a.Version == "default" {
			continue
		}
		v, err := AddonVersion(ctx, c, a.Name, a.Version, minor)
		if err != nil {
			return nil, err
		}
		out[a.Name] = v
	}
	return out, nil
}

// AddonVersion resolves "latest" and partial versions of an add-on.
func AddonVersion(ctx context.Context, c *awsc.Clients, name, want, kubernetes string) (string, error) {
	pages := eks.NewDescribeAddonVersionsPaginator(c.EKS, &eks.DescribeAddonVersionsInput{AddonName: &name, KubernetesVersion: &kubernetes})
	infos, err := awsc.Collect(ctx, pages, func(p *eks.DescribeAddonVersionsOutput) []types.AddonInfo { return p.Addons })
	if err != nil {
		return "", fmt.Errorf("listing versions of add-on %s: %w", name, err)
	}
	var all []string
	for _, i := range infos {
		for _, v := range i.AddonVersions {
			all = append(all, aws.ToString(v.AddonVersion))
		}
	}
	for _, v := range all { // newest first
		if want == "latest" || v == want || strings.HasPrefix(v, want+"-") || strings.HasPrefix(v, "v"+want) {
			return v, nil
		}
	}
	return "", fmt.Errorf("the add-on %s has no version %s for Kubernetes %s; it has %s", name, want, kubernetes, strings.Join(all, ", "))
}
