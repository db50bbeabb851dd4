package run

import (
	"context"
	"fmt"

	"sigs.k8s.io/yaml"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/resolve"
)

// GroupFile is the config file that says of a live cluster what a new node group stands
// on, read from EKS and EC2, and the group beside it as a person gave it: properties of
// managedNodeGroups or nodeGroups. No record is asked for it, so that none can be stale.
func GroupFile(ctx context.Context, c *awsc.Clients, cluster string, managed bool, group map[string]any) (*config.File, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	live, err := read.Cluster(ctx, c, cluster, read.Planning())
	if err != nil {
		return nil, check.Reach(err)
	}
	if live.Cluster == nil {
		return nil, finding.Findings{{Severity: finding.Error, Code: "no-cluster", Input: true,
			What:   fmt.Sprintf("there is no cluster %s in %s", cluster, c.Region),
			Remedy: "make it first (slipway up -f FILE), or say in which region it is (--region)"}}
	}
	net, err := resolve.Standing(ctx, c, live)
	if err != nil {
		return nil, check.Reach(err)
	}
	doc := export.Foundation(c.Region, live, net)
	list := "nodeGroups"
	if managed {
		list = "managedNodeGroups"
	}
	doc[list] = []any{group}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return config.Load("(the flags)", text)
}
