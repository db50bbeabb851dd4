package read

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/observe"
)

func (o *observer) cluster(ctx context.Context) error {
	d, err := o.c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &o.Name})
	if awsc.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	o.Cluster = like[observe.Cluster](d.Cluster)
	return nil
}

// each describes what a listing named. What went between the two calls is absent.
func each[T any](names []string, into map[string]*T, describe func(string) (*T, error)) error {
	for _, n := range names {
		x, err := describe(n)
		if awsc.NotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		into[n] = x
	}
	return nil
}

func (o *observer) addons(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	names, err := awsc.Collect(
		ctx,
		eks.NewListAddonsPaginator(o.c.EKS, &eks.ListAddonsInput{ClusterName: &o.Name}),
		func(p *eks.ListAddonsOutput) []string { return p.Addons },
	)
	if err != nil {
		return err
	}
	o.Addons = map[string]*observe.Addon{}
	return each(names, o.Addons, func(n string) (*observe.Addon, error) {
		d, err := o.c.EKS.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &o.Name, AddonName: &n})
		if err != nil {
			return nil, err
		}
		return like[observe.Addon](d.Addon), nil
	})
}

func (o *observer) nodegroups(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	names, err := awsc.Collect(
		ctx,
		eks.NewListNodegroupsPaginator(o.c.EKS, &eks.ListNodegroupsInput{ClusterName: &o.Name}),
		func(p *eks.ListNodegroupsOutput) []string { return p.Nodegroups },
	)
	if err != nil {
		return err
	}
	o.Groups = map[string]*observe.Nodegroup{}
	return each(names, o.Groups, func(n string) (*observe.Nodegroup, error) {
		d, err := o.c.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &o.Name, NodegroupName: &n})
		if err != nil {
			return nil, err
		}
		return like[observe.Nodegroup](d.Nodegroup), nil
	})
}

func (o *observer) fargate(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	pages := eks.NewListFargateProfilesPaginator(o.c.EKS, &eks.ListFargateProfilesInput{ClusterName: &o.Name})
	names, err := awsc.Collect(ctx, pages, func(p *eks.ListFargateProfilesOutput) []string { return p.FargateProfileNames })
	if err != nil {
		return err
	}
	o.Profiles = map[string]*observe.FargateProfile{}
	return each(names, o.Profiles, func(n string) (*observe.FargateProfile, error) {
		d, err := o.c.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &o.Name, FargateProfileName: &n})
		if err != nil {
			return nil, err
		}
		return like[observe.FargateProfile](d.FargateProfile), nil
	})
}

// access reads the access entries; a cluster in CONFIG_MAP mode has none, and EKS
// refuses the question.
func (o *observer) access(ctx context.Context) error {
	if !o.stands() || o.Cluster.AccessConfig != nil && o.Cluster.AccessConfig.AuthenticationMode == "CONFIG_MAP" {
		return nil
	}
	pages := eks.NewListAccessEntriesPaginator(o.c.EKS, &eks.ListAccessEntriesInput{ClusterName: &o.Name})
	principals, err := awsc.Collect(ctx, pages, func(p *eks.ListAccessEntriesOutput) []string { return p.AccessEntries })
	if err != nil {
		return err
	}
	o.AccessEntries = map[string]*observe.AccessEntry{}
	return each(principals, o.AccessEntries, func(arn string) (*observe.AccessEntry, error) {
		d, err := o.c.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &o.Name, PrincipalArn: &arn})
		if err != nil {
			return nil, err
		}
		e := like[observe.AccessEntry](d.AccessEntry)
		if e.Type != "" && e.Type != "STANDARD" {
			return e, nil // EKS takes no policies on entries of nodes
		}
		pages := eks.NewListAssociatedAccessPoliciesPaginator(o.c.EKS, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &o.Name, PrincipalArn: &arn})
		ps, err := awsc.Collect(ctx, pages, func(p *eks.ListAssociatedAccessPoliciesOutput) []types.AssociatedAccessPolicy {
			return p.AssociatedAccessPolicies
		})
		e.Policies = *like[observe.Sorted[observe.AccessPolicy]](ps)
		return e, err
	})
}

func (o *observer) podIdentities(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	pages := eks.NewListPodIdentityAssociationsPaginator(o.c.EKS, &eks.ListPodIdentityAssociationsInput{ClusterName: &o.Name})
	list, err := awsc.Collect(ctx, pages, func(p *eks.ListPodIdentityAssociationsOutput) []types.PodIdentityAssociationSummary {
		return p.Associations
	})
	if err != nil {
		return err
	}
	o.PodIdentities = map[string]*observe.PodIdentity{}
	for _, s := range list {
		d, err := o.c.EKS.DescribePodIdentityAssociation(ctx, &eks.DescribePodIdentityAssociationInput{ClusterName: &o.Name, AssociationId: s.AssociationId})
		if awsc.NotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		p := like[observe.PodIdentity](d.Association)
		o.PodIdentities[p.Namespace+"/"+p.ServiceAccount] = p
	}
	return nil
}

func (o *observer) providers(ctx context.Context) error {
	if !o.stands() {
		return nil
	}
	pages := eks.NewListIdentityProviderConfigsPaginator(o.c.EKS, &eks.ListIdentityProviderConfigsInput{ClusterName: &o.Name})
	list, err := awsc.Collect(ctx, pages, func(p *eks.ListIdentityProviderConfigsOutput) []types.IdentityProviderConfig {
		return p.IdentityProviderConfigs
	})
	if err != nil {
		return err
	}
	o.IdentityProviders = map[string]*observe.IdentityProvider{}
	for i := range list {
		d, err := o.c.EKS.DescribeIdentityProviderConfig(ctx, &eks.DescribeIdentityProviderConfigInput{ClusterName: &o.Name, IdentityProviderConfig: &list[i]})
		if awsc.NotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		if d.IdentityProviderConfig != nil && d.IdentityProviderConfig.Oidc != nil {
			p := like[observe.IdentityProvider](d.IdentityProviderConfig.Oidc)
			o.IdentityProviders[p.Name] = p
		}
	}
	return nil
}

func (o *observer) oidc(ctx context.Context) error {
	issuer := o.Issuer()
	if issuer == "" {
		return nil
	}
	arn := "arn:" + o.Partition + ":iam::" + o.Account + ":oidc-provider/" + issuer
	d, err := o.c.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if awsc.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	o.OIDCProvider = like[observe.OIDCProvider](d)
	o.OIDCProvider.ARN = arn
	return nil
}

// short is what stands after an ARN's last slash.
func short(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
