// Package cluster is what is known of a cluster: live, as EKS, CloudFormation and
// IAM answer now, and resolved, as a config means it in this account. It only
// reads. It must not plan.
package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
)

// Live is a cluster as AWS answers now.
type Live struct {
	Cluster      *types.Cluster // nil: none of that name
	Addons       map[string]*types.Addon
	Groups       map[string]*types.Nodegroup
	Profiles     map[string]*types.FargateProfile
	Entries      []string                                       // principals with an access entry
	Associations map[string]types.PodIdentityAssociationSummary // by namespace/serviceaccount
	Providers    []string                                       // names of identity provider configs
	Stacks       map[string]*cfntypes.Stack                     // by name; deleted ones left out
	OIDC         bool                                           // the issuer is registered with IAM
	Details      *Details                                       // nil until Detail is called
}

// Observe reads everything about a cluster that a plan compares with.
func Observe(ctx context.Context, c *awsc.Clients, name string) (*Live, error) {
	l := &Live{Addons: map[string]*types.Addon{}, Groups: map[string]*types.Nodegroup{}, Profiles: map[string]*types.FargateProfile{}, Associations: map[string]types.PodIdentityAssociationSummary{}, Stacks: map[string]*cfntypes.Stack{}}
	if err := l.stacks(ctx, c, name); err != nil {
		return nil, fmt.Errorf("listing the stacks of cluster %s: %w", name, err)
	}
	d, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	if awsc.NotFound(err) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing cluster %s: %w", name, err)
	}
	l.Cluster = d.Cluster
	if l.Cluster.Status == types.ClusterStatusCreating {
		return l, nil // nothing can be inside yet
	}
	for _, read := range []func(context.Context, *awsc.Clients, string) error{l.addons, l.groups, l.profiles, l.entries, l.associations, l.providers, l.oidc} {
		if err := read(ctx, c, name); err != nil {
			return nil, fmt.Errorf("observing cluster %s: %w", name, err)
		}
	}
	return l, nil
}

// stacks finds the cluster's stacks by eksctl's tag and names.
func (l *Live) stacks(ctx context.Context, c *awsc.Clients, name string) error {
	p := cloudformation.NewDescribeStacksPaginator(c.CFN, &cloudformation.DescribeStacksInput{})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for i := range out.Stacks {
			s := &out.Stacks[i]
			for _, t := range s.Tags {
				if (*t.Key == "alpha.eksctl.io/cluster-name" || *t.Key == "eksctl.cluster.k8s.io/v1alpha1/cluster-name") && *t.Value == name {
					l.Stacks[*s.StackName] = s
				}
			}
		}
	}
	return nil
}

func (l *Live) addons(ctx context.Context, c *awsc.Clients, name string) error {
	p := eks.NewListAddonsPaginator(c.EKS, &eks.ListAddonsInput{ClusterName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range out.Addons {
			d, err := c.EKS.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &name, AddonName: &a})
			if err != nil {
				return err
			}
			l.Addons[a] = d.Addon
		}
	}
	return nil
}

func (l *Live) groups(ctx context.Context, c *awsc.Clients, name string) error {
	p := eks.NewListNodegroupsPaginator(c.EKS, &eks.ListNodegroupsInput{ClusterName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range out.Nodegroups {
			d, err := c.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &name, NodegroupName: &g})
			if err != nil {
				return err
			}
			l.Groups[g] = d.Nodegroup
		}
	}
	return nil
}

func (l *Live) profiles(ctx context.Context, c *awsc.Clients, name string) error {
	p := eks.NewListFargateProfilesPaginator(c.EKS, &eks.ListFargateProfilesInput{ClusterName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, f := range out.FargateProfileNames {
			d, err := c.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &name, FargateProfileName: &f})
			if err != nil {
				return err
			}
			l.Profiles[f] = d.FargateProfile
		}
	}
	return nil
}

func (l *Live) entries(ctx context.Context, c *awsc.Clients, name string) error {
	if l.Cluster.AccessConfig != nil && l.Cluster.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
		return nil
	}
	p := eks.NewListAccessEntriesPaginator(c.EKS, &eks.ListAccessEntriesInput{ClusterName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		l.Entries = append(l.Entries, out.AccessEntries...)
	}
	return nil
}

func (l *Live) associations(ctx context.Context, c *awsc.Clients, name string) error {
	p := eks.NewListPodIdentityAssociationsPaginator(c.EKS, &eks.ListPodIdentityAssociationsInput{ClusterName: &name})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range out.Associations {
			l.Associations[*a.Namespace+"/"+*a.ServiceAccount] = a
		}
	}
	return nil
}

func (l *Live) providers(ctx context.Context, c *awsc.Clients, name string) error {
	out, err := c.EKS.ListIdentityProviderConfigs(ctx, &eks.ListIdentityProviderConfigsInput{ClusterName: &name})
	if err != nil {
		return err
	}
	for _, p := range out.IdentityProviderConfigs {
		l.Providers = append(l.Providers, aws.ToString(p.Name))
	}
	return nil
}

func (l *Live) oidc(ctx context.Context, c *awsc.Clients, _ string) error {
	issuer := Issuer(l.Cluster)
	if issuer == "" {
		return nil
	}
	_, err := c.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(ProviderARN(c, issuer))})
	if awsc.NotFound(err) {
		return nil
	}
	l.OIDC = err == nil
	return err
}

// Issuer is a cluster's OIDC issuer without its scheme, or "".
func Issuer(c *types.Cluster) string {
	if c == nil || c.Identity == nil || c.Identity.Oidc == nil {
		return ""
	}
	return strings.TrimPrefix(aws.ToString(c.Identity.Oidc.Issuer), "https://")
}

// ProviderARN is the IAM OIDC provider of an issuer.
func ProviderARN(c *awsc.Clients, issuer string) string {
	return "arn:" + c.Partition + ":iam::" + c.Account + ":oidc-provider/" + issuer
}

// Has tells whether a stack stands complete.
func (l *Live) Has(stack string) bool {
	s := l.Stacks[stack]
	return s != nil && slices.Contains([]cfntypes.StackStatus{cfntypes.StackStatusCreateComplete, cfntypes.StackStatusUpdateComplete, cfntypes.StackStatusUpdateRollbackComplete}, s.StackStatus)
}

// Broken tells whether a stack stands that can only be deleted and made again.
func (l *Live) Broken(stack string) bool {
	s := l.Stacks[stack]
	return s != nil && slices.Contains([]cfntypes.StackStatus{cfntypes.StackStatusCreateFailed, cfntypes.StackStatusRollbackComplete, cfntypes.StackStatusRollbackFailed, cfntypes.StackStatusDeleteFailed}, s.StackStatus)
}

// Output is a stack's output, or "".
func Output(s *cfntypes.Stack, key string) string {
	if s != nil {
		for _, o := range s.Outputs {
			if aws.ToString(o.OutputKey) == key {
				return aws.ToString(o.OutputValue)
			}
		}
	}
	return ""
}
