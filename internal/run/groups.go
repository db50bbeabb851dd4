package run

import (
	"context"

	"sigs.k8s.io/yaml"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/resolve"
)

// NewGroup is a node group as a person wants it who has no file: properties of
// managedNodeGroups, or of nodeGroups.
type NewGroup struct {
	Managed    bool
	Properties map[string]any
}

// PrepareGroup is PrepareWith for a group that no file describes, of a cluster that stands.
func PrepareGroup(ctx context.Context, c *awsc.Clients, cluster string, g NewGroup, w Wish) (*Session, error) {
	w.GroupsAlone = true
	return prepare(ctx, &preparation{c: c, name: cluster, group: g}, w)
}

// file says of a live cluster what a new node group stands on, as EKS and EC2 answered, and
// the group beside it. No record is asked for it, so that none can be stale.
func (g NewGroup) file(ctx context.Context, c *awsc.Clients, live *observe.Observed) (*config.File, error) {
	doc, err := foundation(ctx, c, live)
	if err != nil {
		return nil, err
	}
	list := "nodeGroups"
	if g.Managed {
		list = "managedNodeGroups"
	}
	doc[list] = []any{g.Properties}
	return fromFlags(doc)
}

// foundation is what stands of a live cluster, in a file's shape.
func foundation(ctx context.Context, c *awsc.Clients, live *observe.Observed) (map[string]any, error) {
	if live.Cluster == nil {
		return nil, absent(ctx, c, live.Name)
	}
	net, err := resolve.Standing(ctx, c, live)
	if err != nil {
		return nil, check.Reach(err)
	}
	return export.Foundation(c.Region, live, net), nil
}

// fromFlags is a file that nobody wrote.
func fromFlags(doc map[string]any) (*config.File, error) {
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return config.Load("(the flags)", text)
}
