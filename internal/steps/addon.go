package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// DaemonSets names the DaemonSet behind each DaemonSet-backed add-on: with zero
// nodes, its existence is what readiness means.
var DaemonSets = map[string]string{
	"vpc-cni": "kube-system/aws-node", "kube-proxy": "kube-system/kube-proxy",
	"eks-pod-identity-agent": "kube-system/eks-pod-identity-agent", "eks-node-monitoring-agent": "kube-system/eks-node-monitoring-agent",
}

// Addon creates an add-on. Await: it is done when the add-on is ACTIVE and its
// DaemonSet is seen at the API server; otherwise as soon as EKS has accepted it.
type Addon struct {
	Env     *Env
	Addon   config.Addon
	Compute string // computeType for coredns on Fargate
	Await   bool
	// Roles are pod identity roles by service account: stack names whose output
	// Role1 is the role, or ARNs.
	Roles map[string]string
	IRSA  string // stack whose output Role1 is the service account's role
}

// Run looks, creates, then polls.
func (s *Addon) Run(ctx context.Context) (engine.Result, error) {
	a, err := describeAddon(ctx, s.Env, s.Addon.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if a == nil {
		return s.create(ctx)
	}
	if !s.Await {
		if a.Status == types.AddonStatusCreateFailed {
			return engine.Result{}, addonFailure(a)
		}
		return engine.Finished("accepted by EKS")
	}
	return awaitAddon(ctx, s.Env, a)
}

func describeAddon(ctx context.Context, e *Env, name string) (*types.Addon, error) {
	out, err := e.AWS.EKS.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: new(e.Name()), AddonName: &name})
	if awsc.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing add-on %s: %w", name, err)
	}
	return out.Addon, nil
}

func addonFailure(a *types.Addon) error {
	msg := fmt.Sprintf("the add-on %s is %s", *a.AddonName, a.Status)
	if a.Health != nil {
		for _, i := range a.Health.Issues {
			msg += fmt.Sprintf(": %s: %s", i.Code, aws.ToString(i.Message))
		}
	}
	return fmt.Errorf("%s. Delete it (aws eks delete-addon) and run again once the cause is gone", msg)
}

// awaitAddon polls to ACTIVE; DEGRADED heals once nodes exist (facts/eks.md §1).
func awaitAddon(ctx context.Context, e *Env, a *types.Addon) (engine.Result, error) {
	name := *a.AddonName
	switch a.Status {
	case types.AddonStatusActive:
	case types.AddonStatusCreateFailed, types.AddonStatusDeleteFailed:
		return engine.Result{}, addonFailure(a)
	case types.AddonStatusDegraded:
		why := ""
		if a.Health != nil && len(a.Health.Issues) > 0 {
			why = ": " + string(a.Health.Issues[0].Code)
		}
		return engine.Waiting("DEGRADED" + why + "; heals once its pods run")
	default:
		return engine.Waiting(string(a.Status))
	}
	ds, ok := DaemonSets[name]
	if !ok || !e.Reachable {
		return engine.Finished("ACTIVE")
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	ns, n, _ := strings.Cut(ds, "/")
	exists, _, _, err := kube.DaemonSet(ctx, k, ns, n)
	if err != nil {
		return engine.Result{}, err
	}
	if !exists {
		return engine.Waiting("ACTIVE, but its DaemonSet " + ds + " is not there yet")
	}
	return engine.Finished("ACTIVE, DaemonSet " + ds + " seen")
}

func (s *Addon) create(ctx context.Context) (engine.Result, error) {
	a := s.Addon
	in := &eks.CreateAddonInput{ClusterName: new(s.Env.Name()), AddonName: new(a.Name), ResolveConflicts: types.ResolveConflictsOverwrite, Tags: a.Tags}
	switch strings.ToLower(a.ResolveConflicts) {
	case "none":
		in.ResolveConflicts = types.ResolveConflictsNone
	case "preserve":
		in.ResolveConflicts = types.ResolveConflictsPreserve
	}
	v, err := s.version(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	in.AddonVersion = v
	if a.ConfigurationValues != "" {
		in.ConfigurationValues = new(a.ConfigurationValues)
	} else if s.Compute != "" {
		in.ConfigurationValues = new(fmt.Sprintf(`{"computeType":%q}`, s.Compute))
	}
	if a.NamespaceConfig != nil && a.NamespaceConfig.Namespace != "" {
		in.NamespaceConfig = &types.AddonNamespaceConfigRequest{Namespace: new(a.NamespaceConfig.Namespace)}
	}
	if a.ServiceAccountRoleARN != "" {
		in.ServiceAccountRoleArn = new(a.ServiceAccountRoleARN)
	} else if s.IRSA != "" {
		if in.ServiceAccountRoleArn, err = roleOf(ctx, s.Env, s.IRSA); err != nil {
			return engine.Result{}, err
		}
	}
	if in.PodIdentityAssociations, err = associations(ctx, s.Env, s.Roles); err != nil {
		return engine.Result{}, err
	}
	in.ClientRequestToken = s.Env.token(s.Env.Name(), "addon", a.Name, aws.ToString(v), aws.ToString(in.ServiceAccountRoleArn))
	if _, err := s.Env.AWS.EKS.CreateAddon(ctx, in); err != nil && !strings.Contains(awsc.Message(err), "already exists") {
		return engine.Result{}, fmt.Errorf("creating add-on %s: %w", a.Name, err)
	}
	if !s.Await {
		return engine.Result{State: engine.Done, Reason: "accepted by EKS", Changed: true}, nil
	}
	return engine.Started("CREATING")
}

// version resolves "latest" and partial versions; nil leaves the default to EKS.
func (s *Addon) version(ctx context.Context) (*string, error) {
	if s.Addon.Version == "" || s.Addon.Version == "default" {
		return nil, nil
	}
	v, err := cluster.AddonVersion(ctx, s.Env.AWS, s.Addon.Name, s.Addon.Version, s.Env.Config().Metadata.Version)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// roleOf is the role that a stack made, or the ARN itself.
func roleOf(ctx context.Context, e *Env, stackOrARN string) (*string, error) {
	if strings.HasPrefix(stackOrARN, "arn:") {
		return new(stackOrARN), nil
	}
	out, err := e.AWS.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: new(stackOrARN)})
	if err != nil {
		return nil, fmt.Errorf("reading the role of stack %s: %w", stackOrARN, err)
	}
	arn := cluster.Output(&out.Stacks[0], "Role1")
	if arn == "" {
		return nil, fmt.Errorf("the stack %s has no output Role1", stackOrARN)
	}
	return new(arn), nil
}

// AddonHealth awaits an add-on that was accepted before there were nodes.
type AddonHealth struct {
	Env  *Env
	Name string
}

// Run polls to ACTIVE.
func (s *AddonHealth) Run(ctx context.Context) (engine.Result, error) {
	a, err := describeAddon(ctx, s.Env, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if a == nil {
		return engine.Result{}, fmt.Errorf("the add-on %s is gone", s.Name)
	}
	return awaitAddon(ctx, s.Env, a)
}

// AddonUpdate changes a live add-on and waits for the update. Roles and IRSA are
// resolved when it runs: their stacks may be made in the same run.
type AddonUpdate struct {
	Env   *Env
	Input *eks.UpdateAddonInput
	Roles map[string]string // as Addon's
	IRSA  string
	id    string
}

// Run starts or polls the update.
func (s *AddonUpdate) Run(ctx context.Context) (engine.Result, error) {
	if s.id == "" {
		var err error
		if s.Input.PodIdentityAssociations, err = associations(ctx, s.Env, s.Roles); err != nil {
			return engine.Result{}, err
		}
		if s.IRSA != "" {
			if s.Input.ServiceAccountRoleArn, err = roleOf(ctx, s.Env, s.IRSA); err != nil {
				return engine.Result{}, err
			}
		}
		out, err := s.Env.AWS.EKS.UpdateAddon(ctx, s.Input)
		if err != nil {
			return engine.Result{}, fmt.Errorf("updating add-on %s: %w", *s.Input.AddonName, err)
		}
		s.id = *out.Update.Id
		return engine.Started("EKS is updating add-on " + *s.Input.AddonName)
	}
	return s.Env.update(ctx, &eks.DescribeUpdateInput{AddonName: s.Input.AddonName, UpdateId: &s.id}, "add-on "+*s.Input.AddonName)
}

// associations resolves the roles of an add-on's service accounts.
func associations(ctx context.Context, e *Env, roles map[string]string) ([]types.AddonPodIdentityAssociations, error) {
	var out []types.AddonPodIdentityAssociations
	for _, sa := range slices.Sorted(maps.Keys(roles)) {
		arn, err := roleOf(ctx, e, roles[sa])
		if err != nil {
			return nil, err
		}
		out = append(out, types.AddonPodIdentityAssociations{ServiceAccount: new(sa), RoleArn: arn})
	}
	return out, nil
}
