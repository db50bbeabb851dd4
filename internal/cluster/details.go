package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
)

// Entry is one access entry with its policies.
type Entry struct {
	types.AccessEntry
	Policies []types.AssociatedAccessPolicy
}

// Details is what a plan compares with the config beyond what Observe lists: only
// what the config names, and what belongs to add-ons, is read: a call for each.
type Details struct {
	Templates    map[string]string                            // of stacks that stand, as they were written
	Entries      map[string]*Entry                            // by principal
	Associations map[string]*types.PodIdentityAssociation     // by namespace/serviceaccount
	Providers    map[string]*types.OidcIdentityProviderConfig // by name
	Scaling      map[string]*asgtypes.AutoScalingGroup        // by node group
	Versions     map[string]string                            // what the file's "latest" or partial version of a live add-on is now
	Retention    int                                          // days; 0: for good
	Inside       *Inside                                      // nil: the Kubernetes API was not asked
}

// Detail reads what a plan for this config compares.
func (l *Live) Detail(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	l.Details = &Details{Templates: map[string]string{}, Entries: map[string]*Entry{}, Associations: map[string]*types.PodIdentityAssociation{}, Providers: map[string]*types.OidcIdentityProviderConfig{}}
	if l.Cluster == nil || l.Cluster.Status == types.ClusterStatusCreating {
		return nil
	}
	for _, read := range []func(context.Context, *awsc.Clients, *config.ClusterConfig) error{l.templates, l.namedEntries, l.namedAssociations, l.namedProviders, l.scaling, l.versions, l.retention} {
		if err := read(ctx, c, cfg); err != nil {
			return fmt.Errorf("observing cluster %s: %w", cfg.Metadata.Name, err)
		}
	}
	return nil
}

func (l *Live) templates(ctx context.Context, c *awsc.Clients, _ *config.ClusterConfig) error {
	for _, name := range slices.Sorted(maps.Keys(l.Stacks)) {
		if !l.Has(name) {
			continue
		}
		out, err := c.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name})
		if err != nil {
			return err
		}
		l.Details.Templates[name] = aws.ToString(out.TemplateBody)
	}
	return nil
}

func (l *Live) namedEntries(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	for _, e := range cfg.AccessConfig.AccessEntries {
		if !slices.Contains(l.Entries, e.PrincipalARN) {
			continue
		}
		d, err := c.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &cfg.Metadata.Name, PrincipalArn: &e.PrincipalARN})
		if err != nil {
			return err
		}
		p, err := c.EKS.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &cfg.Metadata.Name, PrincipalArn: &e.PrincipalARN})
		if err != nil {
			return err
		}
		l.Details.Entries[e.PrincipalARN] = &Entry{*d.AccessEntry, p.AssociatedAccessPolicies}
	}
	return nil
}

// namedAssociations reads those that the config names, and those of add-ons.
func (l *Live) namedAssociations(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	named := map[string]bool{}
	for _, p := range cfg.IAM.PodIdentityAssociations {
		named[p.Namespace+"/"+p.ServiceAccountName] = true
	}
	for _, id := range slices.Sorted(maps.Keys(l.Associations)) {
		s := l.Associations[id]
		if !named[id] && s.OwnerArn == nil {
			continue
		}
		d, err := c.EKS.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &cfg.Metadata.Name, AssociationId: s.AssociationId})
		if err != nil {
			return err
		}
		l.Details.Associations[id] = d.Association
	}
	return nil
}

func (l *Live) namedProviders(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	for _, p := range cfg.IdentityProviders {
		if !slices.Contains(l.Providers, p.Name) {
			continue
		}
		d, err := c.EKS.DescribeIdentityProviderConfig(ctx, &eks.DescribeIdentityProviderConfigInput{ClusterName: &cfg.Metadata.Name, IdentityProviderConfig: &types.IdentityProviderConfig{Name: &p.Name, Type: new("oidc")}})
		if err != nil {
			return err
		}
		l.Details.Providers[p.Name] = d.IdentityProviderConfig.Oidc
	}
	return nil
}

func (l *Live) scaling(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) (err error) {
	if len(cfg.Groups()) > 0 {
		l.Details.Scaling, err = ScalingGroups(ctx, c, cfg.Metadata.Name)
	}
	return err
}

// ScalingGroups are the Auto Scaling groups of a cluster's node groups, by node
// group: EKS tags those of managed groups, eksctl's stacks the others.
func ScalingGroups(ctx context.Context, c *awsc.Clients, name string) (map[string]*asgtypes.AutoScalingGroup, error) {
	out := map[string]*asgtypes.AutoScalingGroup{}
	p := asg.NewDescribeAutoScalingGroupsPaginator(c.ASG, &asg.DescribeAutoScalingGroupsInput{Filters: []asgtypes.Filter{{Name: new("tag-key"), Values: []string{"kubernetes.io/cluster/" + name}}}})
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the Auto Scaling groups of %s: %w", name, err)
		}
		for i := range page.AutoScalingGroups {
			for _, t := range page.AutoScalingGroups[i].Tags {
				if *t.Key == "eks:nodegroup-name" || *t.Key == "alpha.eksctl.io/nodegroup-name" {
					out[*t.Value] = &page.AutoScalingGroups[i]
				}
			}
		}
	}
	return out, nil
}

func (l *Live) versions(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	l.Details.Versions = map[string]string{}
	for _, a := range cfg.Addons {
		if l.Addons[a.Name] == nil || a.Version == "" || a.Version == "default" {
			continue
		}
		v, err := AddonVersion(ctx, c, a.Name, a.Version, aws.ToString(l.Cluster.Version))
		if err != nil {
			return err
		}
		l.Details.Versions[a.Name] = v
	}
	return nil
}

// AddonVersion resolves "latest" and partial versions of an add-on.
func AddonVersion(ctx context.Context, c *awsc.Clients, name, want, kubernetes string) (string, error) {
	out, err := c.EKS.DescribeAddonVersions(ctx, &eks.DescribeAddonVersionsInput{AddonName: &name, KubernetesVersion: &kubernetes})
	if err != nil {
		return "", fmt.Errorf("listing versions of add-on %s: %w", name, err)
	}
	var all []string
	for _, i := range out.Addons {
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

func (l *Live) retention(ctx context.Context, c *awsc.Clients, cfg *config.ClusterConfig) error {
	if w := cfg.CloudWatch; w == nil || w.ClusterLogging == nil || config.Int(w.ClusterLogging.LogRetentionInDays, 0) == 0 {
		return nil
	}
	out, err := c.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: new("/aws/eks/" + cfg.Metadata.Name + "/cluster")})
	if err != nil {
		return err
	}
	if len(out.LogGroups) == 1 {
		l.Details.Retention = int(aws.ToInt32(out.LogGroups[0].RetentionInDays))
	}
	return nil
}
