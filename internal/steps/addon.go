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
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/resolve"
)

// Addon creates an add-on, and is done when Until is reached.
type Addon struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // "latest" and parts of one are resolved; "": EKS's default
	// Kubernetes is the minor for which a version is resolved.
	Kubernetes       string            `json:"kubernetes,omitempty"`
	Values           string            `json:"configurationValues,omitempty"`
	Namespace        string            `json:"namespace,omitempty"`
	ResolveConflicts string            `json:"resolveConflicts,omitempty"` // NONE, PRESERVE; "": OVERWRITE
	Tags             map[string]string `json:"tags,omitempty"`
	// Until is how far the add-on must be: "" EKS has accepted it; "applied" its
	// DaemonSet stands as wanted at the API server; "active" EKS says ACTIVE.
	Until string `json:"until,omitempty"`
	// Role is the service account's role: an ARN, or the stack whose output Role1 is it.
	Role string `json:"role,omitempty"`
	// PodRoles are pod identity roles by service account, named as Role is.
	PodRoles map[string]string `json:"podRoles,omitempty"`
}

// How far an add-on must be.
const (
	Applied = "applied"
	Active  = "active"
)

// Run looks, creates, then polls.
func (s *Addon) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	a, err := describeAddon(ctx, e, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	switch {
	case a == nil:
		return s.create(ctx, e, m)
	case a.Status == types.AddonStatusDeleting:
		return engine.Waiting("an earlier " + s.Name + " is still being deleted")
	case s.Until == Active || s.Until == Applied && (!e.Reachable || eksfacts.AddonNamed(s.Name).DaemonSet == ""):
		return awaitAddon(ctx, e, a)
	case a.Status == types.AddonStatusCreateFailed:
		return engine.Result{}, addonFailure(a)
	case s.Until == Applied:
		return s.applied(ctx, e, a)
	}
	return engine.Finished("accepted by EKS")
}

func describeAddon(ctx context.Context, e *Env, name string) (*types.Addon, error) {
	out, err := e.AWS.EKS.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: &e.Name, AddonName: &name})
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
	ds := eksfacts.AddonNamed(name).DaemonSet
	if ds == "" || !e.Reachable {
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

func (s *Addon) create(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	in := &eks.CreateAddonInput{ClusterName: &e.Name, AddonName: &s.Name, ResolveConflicts: types.ResolveConflictsOverwrite, Tags: s.Tags}
	if s.ResolveConflicts != "" {
		in.ResolveConflicts = types.ResolveConflicts(strings.ToUpper(s.ResolveConflicts))
	}
	var err error
	if s.Version != "" {
		v, err := resolve.AddonVersion(ctx, e.AWS, s.Name, s.Version, s.Kubernetes)
		if err != nil {
			return engine.Result{}, err
		}
		in.AddonVersion = &v
	}
	if s.Values != "" {
		in.ConfigurationValues = &s.Values
	}
	if s.Namespace != "" {
		in.NamespaceConfig = &types.AddonNamespaceConfigRequest{Namespace: &s.Namespace}
	}
	if s.Role != "" {
		if in.ServiceAccountRoleArn, err = roleOf(ctx, e, s.Role); err != nil {
			return engine.Result{}, err
		}
	}
	if in.PodIdentityAssociations, err = associations(ctx, e, s.PodRoles); err != nil {
		return engine.Result{}, err
	}
	in.ClientRequestToken = e.token(e.Name, "addon", s.Name, aws.ToString(in.AddonVersion), aws.ToString(in.ServiceAccountRoleArn))
	if _, err := e.AWS.EKS.CreateAddon(ctx, in); err != nil && !pace.Done(err) {
		return engine.Result{}, fmt.Errorf("creating add-on %s: %w", s.Name, err)
	}
	m.Attempt++
	if s.Until == "" {
		return engine.Result{State: engine.Done, Reason: "accepted by EKS", Changed: true}, nil
	}
	return engine.Started("CREATING")
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
	arn := output(&out.Stacks[0], "Role1")
	if arn == "" {
		return nil, fmt.Errorf("the stack %s has no output Role1", stackOrARN)
	}
	return new(arn), nil
}

// AddonHealth awaits an add-on that was accepted before there were nodes.
type AddonHealth struct {
	Name string `json:"name"`
}

// Run polls to ACTIVE.
func (s *AddonHealth) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	a, err := describeAddon(ctx, e, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if a == nil {
		return engine.Result{}, fmt.Errorf("the add-on %s is gone", s.Name)
	}
	return awaitAddon(ctx, e, a)
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

// lastPart is an ARN's last part: an association's ID.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
