package read

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

// upgrades reads to which versions the cluster can go, and what EKS and we find in the way.
func (o *observer) upgrades(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	o.Upgrades = &observe.Upgrades{AddonVersions: map[string][]observe.AddonVersion{}}
	for _, do := range []func(context.Context) error{o.offered, o.addonVersions, o.insights, o.wayBack, o.webhooks} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (o *observer) offered(ctx context.Context) error {
	all, err := awsc.Collect(ctx, eks.NewDescribeClusterVersionsPaginator(o.c.EKS, &eks.DescribeClusterVersionsInput{}),
		func(p *eks.DescribeClusterVersionsOutput) []types.ClusterVersionInformation { return p.ClusterVersions })
	for _, v := range all {
		o.Upgrades.Offered = append(o.Upgrades.Offered, aws.ToString(v.ClusterVersion))
	}
	return err
}

func (o *observer) addonVersions(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(o.Addons)) {
		vs, err := AddonVersions(ctx, o.c, name)
		if err != nil {
			return err
		}
		o.Upgrades.AddonVersions[name] = vs
	}
	return nil
}

// AddonVersions are the versions of an add-on that EKS has, for any minor, the newest first.
// None: EKS does not know the add-on.
func AddonVersions(ctx context.Context, c *awsc.Clients, name string) (out []observe.AddonVersion, err error) {
	infos, err := awsc.Collect(ctx, eks.NewDescribeAddonVersionsPaginator(c.EKS, &eks.DescribeAddonVersionsInput{AddonName: &name}),
		func(p *eks.DescribeAddonVersionsOutput) []types.AddonInfo { return p.Addons })
	if awsc.NotFound(err) {
		return nil, nil
	}
	for _, i := range infos {
		for _, v := range i.AddonVersions {
			x := observe.AddonVersion{Version: aws.ToString(v.AddonVersion)}
			for _, f := range v.Compatibilities {
				minor := aws.ToString(f.ClusterVersion)
				if x.Fits = append(x.Fits, minor); f.DefaultVersion {
					x.Default = append(x.Default, minor)
				}
			}
			out = append(out, x)
		}
	}
	return out, err
}

// insights reads those that do not pass, whole.
func (o *observer) insights(ctx context.Context) error {
	in := &eks.ListInsightsInput{ClusterName: &o.Name, Filter: &types.InsightsFilter{
		Categories: []types.Category{types.CategoryUpgradeReadiness, types.CategoryRollbackReadiness},
		Statuses:   []types.InsightStatusValue{types.InsightStatusValueError, types.InsightStatusValueWarning, types.InsightStatusValueUnknown}}}
	all, err := awsc.Collect(ctx, eks.NewListInsightsPaginator(o.c.EKS, in), func(p *eks.ListInsightsOutput) []types.InsightSummary { return p.Insights })
	for _, s := range all {
		d, err := o.c.EKS.DescribeInsight(ctx, &eks.DescribeInsightInput{ClusterName: &o.Name, Id: s.Id})
		if awsc.NotFound(err) {
			continue // a look of EKS came between
		}
		if err != nil {
			return err
		}
		o.Upgrades.Insights = append(o.Upgrades.Insights, *like[observe.Insight](d.Insight))
	}
	return err
}

// wayBack finds when the last upgrade was, and whether it can be taken back, or was.
func (o *observer) wayBack(ctx context.Context) error {
	all, err := versionChanges(ctx, o.c, o.Name)
	last := newest(all)
	if err != nil || last == nil {
		return err
	}
	o.Upgrades.WentBack = last.Type == types.UpdateTypeVersionRollback && last.Status == types.UpdateStatusSuccessful
	o.Upgrades.Back, err = wayBack(ctx, o.c, o.Name, func() ([]*types.Update, error) { return all, nil })
	return err
}

// WayBack is a control plane's; nil: it has none. EKS looks ahead at the way back as long as
// there is one, so that without one it costs one request.
func WayBack(ctx context.Context, c *awsc.Clients, cluster string) (*observe.WayBack, error) {
	return wayBack(ctx, c, cluster, func() ([]*types.Update, error) { return versionChanges(ctx, c, cluster) })
}

// wayBack is WayBack; changes are asked for where there is one.
func wayBack(ctx context.Context, c *awsc.Clients, cluster string, changes func() ([]*types.Update, error)) (*observe.WayBack, error) {
	in := &eks.ListInsightsInput{ClusterName: &cluster, Filter: &types.InsightsFilter{Categories: []types.Category{types.CategoryRollbackReadiness}}}
	all, err := awsc.Collect(ctx, eks.NewListInsightsPaginator(c.EKS, in), func(p *eks.ListInsightsOutput) []types.InsightSummary { return p.Insights })
	if err != nil || len(all) == 0 {
		return nil, err
	}
	updates, err := changes()
	if err != nil {
		return nil, err
	}
	back := &observe.WayBack{Version: aws.ToString(all[0].KubernetesVersion)}
	for _, u := range updates { // a way back that is under way, or failed, leaves the upgrade what it was
		if u.Type == types.UpdateTypeVersionUpdate && u.Status == types.UpdateStatusSuccessful && u.CreatedAt != nil {
			if until := u.CreatedAt.Add(observe.BackFor); until.After(back.Until) {
				back.Until = until
			}
		}
	}
	if back.Until.IsZero() {
		return nil, nil
	}
	return back, nil
}

// LastVersionChange is the last upgrade of a control plane, or its way back, that did not
// fail; nil: there was none that EKS remembers.
func LastVersionChange(ctx context.Context, c *awsc.Clients, cluster string) (*types.Update, error) {
	all, err := versionChanges(ctx, c, cluster)
	return newest(all), err
}

func newest(all []*types.Update) (last *types.Update) {
	for _, u := range all {
		if u.CreatedAt != nil && (last == nil || last.CreatedAt.Before(*u.CreatedAt)) {
			last = u
		}
	}
	return last
}

func versionChanges(ctx context.Context, c *awsc.Clients, cluster string) (out []*types.Update, err error) {
	ids, err := awsc.Collect(ctx, eks.NewListUpdatesPaginator(c.EKS, &eks.ListUpdatesInput{Name: &cluster}),
		func(p *eks.ListUpdatesOutput) []string { return p.UpdateIds })
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		d, err := c.EKS.DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &cluster, UpdateId: &id})
		if awsc.NotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		u := d.Update
		if slices.Contains([]types.UpdateType{types.UpdateTypeVersionUpdate, types.UpdateTypeVersionRollback}, u.Type) &&
			slices.Contains([]types.UpdateStatus{types.UpdateStatusSuccessful, types.UpdateStatusInProgress}, u.Status) {
			out = append(out, u)
		}
	}
	return out, nil
}
