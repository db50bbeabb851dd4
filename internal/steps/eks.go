package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// OIDCProvider registers the cluster's issuer with IAM. IAM finds the thumbprint
// itself.
type OIDCProvider struct{ Env *Env }

// Run looks, then creates.
func (s *OIDCProvider) Run(ctx context.Context) (engine.Result, error) {
	c, err := s.Env.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	issuer := cluster.Issuer(c)
	if issuer == "" {
		return engine.Waiting("EKS has not published the issuer yet")
	}
	_, err = s.Env.AWS.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(cluster.ProviderARN(s.Env.AWS, issuer))})
	if err == nil {
		return engine.Finished("registered")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	in := &iam.CreateOpenIDConnectProviderInput{Url: new("https://" + issuer), ClientIDList: []string{"sts.amazonaws.com"}}
	tags := stack.Tags(s.Env.Config(), nil)
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, iamtypes.Tag{Key: new(k), Value: new(tags[k])})
	}
	if _, err := s.Env.AWS.IAM.CreateOpenIDConnectProvider(ctx, in); err != nil && awsc.Code(err) != "EntityAlreadyExists" {
		return engine.Result{}, fmt.Errorf("registering the OIDC issuer: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "registered", Changed: true}, nil
}

// PodIdentity associates a service account with a role.
type PodIdentity struct {
	Env         *Env
	Association config.PodIdentityAssociation
	Role        string // stack name or ARN
}

// Run looks, then creates.
func (s *PodIdentity) Run(ctx context.Context) (engine.Result, error) {
	a := s.Association
	out, err := s.Env.AWS.EKS.ListPodIdentityAssociations(ctx, &eks.ListPodIdentityAssociationsInput{ClusterName: new(s.Env.Name()), Namespace: new(a.Namespace), ServiceAccount: new(a.ServiceAccountName)})
	if err != nil {
		return engine.Result{}, err
	}
	if len(out.Associations) > 0 {
		return engine.Finished("in place")
	}
	arn, err := roleOf(ctx, s.Env, s.Role)
	if err != nil {
		return engine.Result{}, err
	}
	in := &eks.CreatePodIdentityAssociationInput{ClusterName: new(s.Env.Name()), Namespace: new(a.Namespace), ServiceAccount: new(a.ServiceAccountName), RoleArn: arn, Tags: a.Tags, DisableSessionTags: a.DisableSessionTags, ClientRequestToken: s.Env.token(s.Env.Name(), "podidentity", a.Namespace, a.ServiceAccountName, *arn)}
	if a.Policy != "" {
		in.Policy = new(a.Policy)
	}
	if a.TargetRoleARN != "" {
		in.TargetRoleArn = new(a.TargetRoleARN)
	}
	if _, err := s.Env.AWS.EKS.CreatePodIdentityAssociation(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("associating %s/%s with its role: %w", a.Namespace, a.ServiceAccountName, err)
	}
	return engine.Result{State: engine.Done, Reason: "associated", Changed: true}, nil
}

// PodIdentityUpdate gives a live association another role or other settings.
type PodIdentityUpdate struct {
	Env   *Env
	Input *eks.UpdatePodIdentityAssociationInput
	Role  string // stack name or ARN; "": the role stays
}

// Run updates it.
func (s *PodIdentityUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.Role != "" {
		arn, err := roleOf(ctx, s.Env, s.Role)
		if err != nil {
			return engine.Result{}, err
		}
		s.Input.RoleArn = arn
	}
	if _, err := s.Env.AWS.EKS.UpdatePodIdentityAssociation(ctx, s.Input); err != nil {
		return engine.Result{}, fmt.Errorf("updating the pod identity association %s: %w", *s.Input.AssociationId, err)
	}
	return engine.Result{State: engine.Done, Reason: "updated", Changed: true}, nil
}

// AccessEntryUpdate brings a live access entry that no stack of ours holds to what
// the file says.
type AccessEntryUpdate struct {
	Env   *Env
	Entry config.AccessEntry
}

// Run sets groups, user name and policies; policies that the file does not name go.
func (s *AccessEntryUpdate) Run(ctx context.Context) (engine.Result, error) {
	e, name := s.Entry, new(s.Env.Name())
	in := &eks.UpdateAccessEntryInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), KubernetesGroups: e.KubernetesGroups}
	if in.KubernetesGroups == nil {
		in.KubernetesGroups = []string{}
	}
	if e.KubernetesUsername != "" {
		in.Username = new(e.KubernetesUsername)
	}
	if _, err := s.Env.AWS.EKS.UpdateAccessEntry(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("updating the access entry of %s: %w", e.PrincipalARN, err)
	}
	have, err := s.Env.AWS.EKS.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN)})
	if err != nil {
		return engine.Result{}, err
	}
	for _, p := range e.AccessPolicies {
		if _, err := s.Env.AWS.EKS.AssociateAccessPolicy(ctx, &eks.AssociateAccessPolicyInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), PolicyArn: new(p.PolicyARN), AccessScope: Scope(p)}); err != nil {
			return engine.Result{}, fmt.Errorf("granting %s to %s: %w", p.PolicyARN, e.PrincipalARN, err)
		}
	}
	for _, p := range have.AssociatedAccessPolicies {
		if slices.ContainsFunc(e.AccessPolicies, func(w config.AccessPolicy) bool { return w.PolicyARN == *p.PolicyArn }) {
			continue
		}
		if _, err := s.Env.AWS.EKS.DisassociateAccessPolicy(ctx, &eks.DisassociateAccessPolicyInput{ClusterName: name, PrincipalArn: new(e.PrincipalARN), PolicyArn: p.PolicyArn}); err != nil {
			return engine.Result{}, fmt.Errorf("taking %s from %s: %w", *p.PolicyArn, e.PrincipalARN, err)
		}
	}
	return engine.Result{State: engine.Done, Reason: "updated", Changed: true}, nil
}

// Scope is where an access policy holds: the whole cluster, or namespaces.
func Scope(p config.AccessPolicy) *types.AccessScope {
	out := &types.AccessScope{Type: types.AccessScopeTypeCluster}
	if p.AccessScope != nil {
		out.Type, out.Namespaces = types.AccessScopeType(p.AccessScope.Type), p.AccessScope.Namespaces
	}
	return out
}

// Tag sets tags on an EKS resource; others stay.
type Tag struct {
	Env  *Env
	ARN  string
	Tags map[string]string
}

// Run sets them.
func (s *Tag) Run(ctx context.Context) (engine.Result, error) {
	if _, err := s.Env.AWS.EKS.TagResource(ctx, &eks.TagResourceInput{ResourceArn: &s.ARN, Tags: s.Tags}); err != nil {
		return engine.Result{}, fmt.Errorf("tagging %s: %w", s.ARN, err)
	}
	return engine.Result{State: engine.Done, Reason: "tagged", Changed: true}, nil
}

// Encryption turns secrets encryption on in a live cluster, which EKS cannot undo.
type Encryption struct {
	Env    *Env
	KeyARN string
	id     string
}

// Run starts or polls the update.
func (s *Encryption) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		out, err := s.Env.AWS.EKS.AssociateEncryptionConfig(ctx, &eks.AssociateEncryptionConfigInput{ClusterName: new(s.Env.Name()), EncryptionConfig: []types.EncryptionConfig{{Resources: []string{"secrets"}, Provider: &types.Provider{KeyArn: new(s.KeyARN)}}}})
		if err != nil {
			return engine.Result{}, fmt.Errorf("turning secrets encryption on: %w", err)
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is encrypting the cluster's secrets")
	}
	r, err := s.Env.update(ctx, &eks.DescribeUpdateInput{UpdateId: &s.id}, "the cluster")
	if err == nil && r.State == engine.Done {
		return s.Env.settled(ctx, r.Reason)
	}
	return r, err
}

// FargateProfile creates a profile and polls it to ACTIVE.
type FargateProfile struct {
	Env     *Env
	Profile config.FargateProfile
}

// Run looks, creates, polls.
func (s *FargateProfile) Run(ctx context.Context) (engine.Result, error) {
	name := s.Profile.Name
	d, err := s.Env.AWS.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &name})
	if err == nil {
		switch p := d.FargateProfile; p.Status {
		case types.FargateProfileStatusActive:
			return engine.Finished("ACTIVE")
		case types.FargateProfileStatusCreateFailed:
			return engine.Result{}, fmt.Errorf("the Fargate profile %s is CREATE_FAILED", name)
		default:
			return engine.Waiting(string(p.Status))
		}
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	role := s.Profile.PodExecutionRoleARN
	if role == "" {
		role = s.Env.Config().IAM.FargatePodExecutionRoleARN
	}
	if role == "" {
		st, err := describeStack(ctx, s.Env.AWS, stack.ClusterName(s.Env.Name()))
		if err != nil {
			return engine.Result{}, err
		}
		role = cluster.Output(st, "FargatePodExecutionRoleARN")
	}
	if role == "" { // the cluster was made without profiles: the role has a stack of its own
		st, err := describeStack(ctx, s.Env.AWS, stack.FargateName(s.Env.Name()))
		if err != nil {
			return engine.Result{}, err
		}
		role = cluster.Output(st, "FargatePodExecutionRoleARN")
	}
	subnets := s.Profile.Subnets
	if len(subnets) == 0 {
		if subnets, err = s.Env.subnets(ctx, true, nil, nil); err != nil {
			return engine.Result{}, err
		}
	}
	in := &eks.CreateFargateProfileInput{ClusterName: new(s.Env.Name()), FargateProfileName: &name, PodExecutionRoleArn: new(role), Subnets: subnets, Tags: s.Profile.Tags, ClientRequestToken: s.Env.token(s.Env.Name(), "fargate", name, role)}
	for _, sel := range s.Profile.Selectors {
		in.Selectors = append(in.Selectors, types.FargateProfileSelector{Namespace: new(sel.Namespace), Labels: sel.Labels})
	}
	if _, err := s.Env.AWS.EKS.CreateFargateProfile(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("creating Fargate profile %s: %w", name, err)
	}
	return engine.Started("CREATING")
}

// IdentityProvider associates an OIDC identity provider and waits for the update.
type IdentityProvider struct {
	Env      *Env
	Provider config.IdentityProvider
}

// Run looks, associates, polls.
func (s *IdentityProvider) Run(ctx context.Context) (engine.Result, error) {
	p := s.Provider
	d, err := s.Env.AWS.EKS.DescribeIdentityProviderConfig(ctx, &eks.DescribeIdentityProviderConfigInput{ClusterName: new(s.Env.Name()), IdentityProviderConfig: &types.IdentityProviderConfig{Name: new(p.Name), Type: new("oidc")}})
	if err == nil {
		if o := d.IdentityProviderConfig.Oidc; o != nil && o.Status == types.ConfigStatusActive {
			return s.Env.settled(ctx, "ACTIVE")
		}
		return engine.Waiting("EKS is associating the identity provider")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	opt := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	_, err = s.Env.AWS.EKS.AssociateIdentityProviderConfig(ctx, &eks.AssociateIdentityProviderConfigInput{ClusterName: new(s.Env.Name()), Tags: p.Tags, ClientRequestToken: s.Env.token(s.Env.Name(), "idp", p.Name, p.IssuerURL, p.ClientID),
		Oidc: &types.OidcIdentityProviderConfigRequest{IdentityProviderConfigName: new(p.Name), IssuerUrl: new(p.IssuerURL), ClientId: new(p.ClientID), UsernameClaim: opt(p.UsernameClaim), UsernamePrefix: opt(p.UsernamePrefix), GroupsClaim: opt(p.GroupsClaim), GroupsPrefix: opt(p.GroupsPrefix), RequiredClaims: p.RequiredClaims}})
	if err != nil {
		return engine.Result{}, fmt.Errorf("associating identity provider %s: %w", p.Name, err)
	}
	return engine.Started("EKS is associating the identity provider")
}

// settled is done once the cluster is ACTIVE again: its status lags an update's.
func (e *Env) settled(ctx context.Context, reason string) (engine.Result, error) {
	c, err := e.Cluster(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if c.Status != types.ClusterStatusActive {
		return engine.Waiting("the cluster is " + string(c.Status))
	}
	return engine.Finished(reason)
}

// ClusterUpdate changes one aspect of a live cluster and waits for the update.
type ClusterUpdate struct {
	Env   *Env
	Input *eks.UpdateClusterConfigInput
	id    string
}

// Run starts or polls the update; "already there" is success.
func (s *ClusterUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		s.Input.Name = new(s.Env.Name())
		out, err := s.Env.AWS.EKS.UpdateClusterConfig(ctx, s.Input)
		if err != nil {
			if m := awsc.Message(err); strings.Contains(m, "already at the desired configuration") || strings.Contains(m, "No changes needed") {
				return engine.Finished("already so")
			}
			return engine.Result{}, err
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is updating the cluster")
	}
	r, err := s.Env.update(ctx, &eks.DescribeUpdateInput{UpdateId: &s.id}, "the cluster")
	if err == nil && r.State == engine.Done {
		return s.Env.settled(ctx, r.Reason)
	}
	return r, err
}

// update polls one update of the cluster, or of what in names inside it.
func (e *Env) update(ctx context.Context, in *eks.DescribeUpdateInput, what string) (engine.Result, error) {
	in.Name = new(e.Name())
	d, err := e.AWS.EKS.DescribeUpdate(ctx, in)
	if err != nil {
		return engine.Result{}, err
	}
	switch u := d.Update; u.Status {
	case types.UpdateStatusSuccessful:
		return engine.Finished("updated")
	case types.UpdateStatusFailed, types.UpdateStatusCancelled:
		msg := fmt.Sprintf("the update %s of %s is %s", u.Type, what, u.Status)
		for _, x := range u.Errors {
			msg += fmt.Sprintf("; %s: %s", x.ErrorCode, aws.ToString(x.ErrorMessage))
		}
		return engine.Result{}, fmt.Errorf("%s", msg)
	}
	return engine.Waiting("EKS is updating " + what)
}

// GroupUpdate changes a managed node group's labels, taints or sizes.
type GroupUpdate struct {
	Env   *Env
	Input *eks.UpdateNodegroupConfigInput
	id    string
}

// Run starts or polls the update.
func (s *GroupUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		out, err := s.Env.AWS.EKS.UpdateNodegroupConfig(ctx, s.Input)
		if err != nil {
			return engine.Result{}, err
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is updating node group " + *s.Input.NodegroupName)
	}
	return s.Env.update(ctx, &eks.DescribeUpdateInput{NodegroupName: s.Input.NodegroupName, UpdateId: &s.id}, "node group "+*s.Input.NodegroupName)
}

// LogRetention sets how long the control plane's logs are kept.
type LogRetention struct {
	Env  *Env
	Days int
}

// Run waits for EKS to have made the log group.
func (s *LogRetention) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.Logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: new("/aws/eks/" + s.Env.Name() + "/cluster"), RetentionInDays: new(int32(s.Days))})
	if awsc.NotFound(err) {
		return engine.Waiting("EKS has not made the log group yet")
	}
	return engine.Result{State: engine.Done, Reason: fmt.Sprintf("%d days", s.Days), Changed: true}, err
}

// KeyPair imports a public key under eksctl's name for it.
type KeyPair struct {
	Env       *Env
	Name, Key string
}

// Run looks, then imports.
func (s *KeyPair) Run(ctx context.Context) (engine.Result, error) {
	_, err := s.Env.AWS.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{s.Name}})
	if err == nil {
		return engine.Finished("in place")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	tags := []ec2types.Tag{{Key: new(stack.TagCluster), Value: new(s.Env.Name())}}
	if _, err := s.Env.AWS.EC2.ImportKeyPair(ctx, &ec2.ImportKeyPairInput{KeyName: new(s.Name), PublicKeyMaterial: []byte(s.Key), TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeKeyPair, Tags: tags}}}); err != nil {
		return engine.Result{}, fmt.Errorf("importing the SSH key %s: %w", s.Name, err)
	}
	return engine.Result{State: engine.Done, Reason: "imported", Changed: true}, nil
}

// GroupScaling suspends processes and propagates tags on a node group's Auto
// Scaling group, which CloudFormation cannot do for managed groups.
type GroupScaling struct {
	Env     *Env
	Group   string
	Suspend []string
	Resume  []string
	Tags    map[string]string
}

// Run finds the Auto Scaling group and sets both.
func (s *GroupScaling) Run(ctx context.Context) (engine.Result, error) {
	all, err := cluster.ScalingGroups(ctx, s.Env.AWS, s.Env.Name())
	if err != nil {
		return engine.Result{}, err
	}
	if all[s.Group] == nil {
		return engine.Waiting("the Auto Scaling group is not there yet")
	}
	name := *all[s.Group].AutoScalingGroupName
	if len(s.Suspend) > 0 {
		if _, err := s.Env.AWS.ASG.SuspendProcesses(ctx, &asg.SuspendProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: s.Suspend}); err != nil {
			return engine.Result{}, err
		}
	}
	if len(s.Resume) > 0 {
		if _, err := s.Env.AWS.ASG.ResumeProcesses(ctx, &asg.ResumeProcessesInput{AutoScalingGroupName: &name, ScalingProcesses: s.Resume}); err != nil {
			return engine.Result{}, err
		}
	}
	if len(s.Tags) > 0 {
		in := &asg.CreateOrUpdateTagsInput{}
		for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
			in.Tags = append(in.Tags, asgtypes.Tag{Key: new(k), Value: new(s.Tags[k]), ResourceId: &name, ResourceType: new("auto-scaling-group"), PropagateAtLaunch: new(false)})
		}
		if _, err := s.Env.AWS.ASG.CreateOrUpdateTags(ctx, in); err != nil {
			return engine.Result{}, err
		}
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}
