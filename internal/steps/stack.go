package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Stack creates a CloudFormation stack and polls it to CREATE_COMPLETE. A stack
// that fails is left standing, so that what failed can be looked at.
type Stack struct {
	Env  *Env
	Name string
	Tags map[string]string
	// Body makes the template, from live values where it needs them.
	Body func(ctx context.Context) (string, error)
	// Explain says more about a failed resource, from the service it belongs to.
	Explain func(ctx context.Context, logicalID string) string
	// Count says how many of the wanted nodes are Ready while the stack is at work.
	Count func(ctx context.Context) (engine.Result, error)
}

// Run looks first: a stack that stands is not made again.
func (s *Stack) Run(ctx context.Context) (engine.Result, error) {
	st, err := describeStack(ctx, s.Env.AWS, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if st == nil {
		return s.create(ctx)
	}
	switch st.StackStatus {
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete:
		return engine.Finished("complete")
	case types.StackStatusCreateInProgress, types.StackStatusUpdateInProgress, types.StackStatusReviewInProgress, types.StackStatusUpdateCompleteCleanupInProgress:
		if s.Count != nil {
			if r, err := s.Count(ctx); err == nil {
				r.State = engine.Wait
				return r, nil
			}
		}
		return engine.Waiting("CloudFormation is creating " + s.Name)
	}
	return engine.Result{}, s.failure(ctx, st)
}

func (s *Stack) create(ctx context.Context) (engine.Result, error) {
	body, err := s.Body(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	in := &cloudformation.CreateStackInput{StackName: new(s.Name), TemplateBody: new(body), OnFailure: types.OnFailureDoNothing, EnableTerminationProtection: new(true),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityNamedIam}, ClientRequestToken: s.Env.token(s.Name, body)}
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: new(k), Value: new(s.Tags[k])})
	}
	if _, err := s.Env.AWS.CFN.CreateStack(ctx, in); err != nil && awsc.Code(err) != "AlreadyExistsException" {
		return engine.Result{}, fmt.Errorf("creating stack %s: %w", s.Name, err)
	}
	return engine.Started("CloudFormation is creating " + s.Name)
}

// StackUpdate applies a new template to a stack that stands, and polls the update.
type StackUpdate struct {
	Env     *Env
	Name    string
	Body    string
	started bool
}

// Run starts or polls the update; a template that changes nothing is success.
func (s *StackUpdate) Run(ctx context.Context) (engine.Result, error) {
	st, err := describeStack(ctx, s.Env.AWS, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	switch {
	case st == nil:
		return engine.Result{}, fmt.Errorf("the stack %s is gone; run again to make what it held", s.Name)
	case strings.HasSuffix(string(st.StackStatus), "_IN_PROGRESS"):
		return engine.Waiting("CloudFormation: " + s.Name + " is " + string(st.StackStatus))
	case !s.started:
		_, err := s.Env.AWS.CFN.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: new(s.Name), TemplateBody: new(s.Body), Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityNamedIam}, ClientRequestToken: s.Env.token("update", s.Name, s.Body)})
		if err != nil && strings.Contains(awsc.Message(err), "No updates are to be performed") {
			return engine.Finished("already so")
		}
		if err != nil {
			return engine.Result{}, fmt.Errorf("updating stack %s: %w", s.Name, err)
		}
		s.started = true
		return engine.Started("CloudFormation is updating " + s.Name)
	case st.StackStatus == types.StackStatusUpdateComplete:
		return engine.Finished("updated")
	}
	why := lastFailure(ctx, s.Env.AWS, aws.ToString(st.StackId))
	return engine.Result{}, fmt.Errorf("the update of stack %s ended %s: %s. CloudFormation has put back what was before", s.Name, st.StackStatus, why)
}

// failure words a failed stack by the first resource that failed in it.
func (s *Stack) failure(ctx context.Context, st *types.Stack) error {
	first, logical := FirstFailure(ctx, s.Env.AWS, aws.ToString(st.StackId))
	msg := fmt.Sprintf("the stack %s is %s", s.Name, st.StackStatus)
	if first != "" {
		msg += ": " + first
	}
	if s.Explain != nil && logical != "" {
		if more := s.Explain(ctx, logical); more != "" {
			msg += "; " + more
		}
	}
	return fmt.Errorf("%s. It is left standing to be looked at; the next run offers to delete and re-create it", msg)
}

// FirstFailure is the reason of the first resource that failed in a stack: the
// later ones are mostly its consequences.
func FirstFailure(ctx context.Context, c *awsc.Clients, stack string) (reason, logicalID string) {
	failed(ctx, c, stack, func(e types.StackEvent) bool {
		reason, logicalID = wordFailure(e), aws.ToString(e.LogicalResourceId)
		return true // newest first: the last one kept is the first failure
	})
	return reason, logicalID
}

// lastFailure is the reason of the newest failure, which is that of a stack's last
// update.
func lastFailure(ctx context.Context, c *awsc.Clients, stack string) (reason string) {
	failed(ctx, c, stack, func(e types.StackEvent) bool {
		reason = wordFailure(e)
		return false
	})
	return reason
}

func wordFailure(e types.StackEvent) string {
	return fmt.Sprintf("%s (%s): %s", aws.ToString(e.LogicalResourceId), aws.ToString(e.ResourceType), aws.ToString(e.ResourceStatusReason))
}

// failed calls keep for each resource that failed in a stack, newest first, for as
// long as it says to go on.
func failed(ctx context.Context, c *awsc.Clients, stack string, keep func(types.StackEvent) bool) {
	p := cloudformation.NewDescribeStackEventsPaginator(c.CFN, &cloudformation.DescribeStackEventsInput{StackName: &stack})
	for p.HasMorePages() {
		out, err := p.NextPage(ctx)
		if err != nil {
			return
		}
		for _, e := range out.StackEvents {
			if strings.HasSuffix(string(e.ResourceStatus), "_FAILED") && aws.ToString(e.LogicalResourceId) != aws.ToString(e.StackName) && !keep(e) {
				return
			}
		}
	}
}

// describeStack reads a stack by name; nil when there is none.
func describeStack(ctx context.Context, c *awsc.Clients, name string) (*types.Stack, error) {
	out, err := c.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if awsc.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("describing stack %s: %w", name, err)
	}
	if len(out.Stacks) == 0 || out.Stacks[0].StackStatus == types.StackStatusDeleteComplete {
		return nil, nil
	}
	return &out.Stacks[0], nil
}

// DeleteStack deletes a stack and polls until it is gone.
type DeleteStack struct {
	AWS  *awsc.Clients
	Name string
	id   string
}

// Run turns termination protection off before the deletion, as eksctl does.
func (s *DeleteStack) Run(ctx context.Context) (engine.Result, error) {
	st, err := describeStack(ctx, s.AWS, s.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if st == nil {
		return engine.Finished("gone")
	}
	if s.id != "" && s.id != aws.ToString(st.StackId) {
		return engine.Finished("gone") // another stack of that name stands already
	}
	switch st.StackStatus {
	case types.StackStatusDeleteInProgress:
		return engine.Waiting("CloudFormation is deleting " + s.Name)
	case types.StackStatusDeleteFailed:
		if s.id != "" {
			why, _ := FirstFailure(ctx, s.AWS, s.id)
			return engine.Result{}, fmt.Errorf("the stack %s could not be deleted: %s", s.Name, why)
		}
	}
	if aws.ToBool(st.EnableTerminationProtection) {
		if _, err := s.AWS.CFN.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{StackName: st.StackId, EnableTerminationProtection: new(false)}); err != nil {
			return engine.Result{}, fmt.Errorf("turning off the termination protection of stack %s: %w", s.Name, err)
		}
	}
	if _, err := s.AWS.CFN.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: st.StackId}); err != nil {
		return engine.Result{}, fmt.Errorf("deleting stack %s: %w", s.Name, err)
	}
	s.id = aws.ToString(st.StackId)
	return engine.Started("CloudFormation is deleting " + s.Name)
}

// StackStarted starts a stack and is done as soon as CloudFormation has taken it:
// what it makes is awaited one by one.
type StackStarted struct{ Stack *Stack }

// Run starts the stack once.
func (s *StackStarted) Run(ctx context.Context) (engine.Result, error) {
	st, err := describeStack(ctx, s.Stack.Env.AWS, s.Stack.Name)
	if err != nil {
		return engine.Result{}, err
	}
	if st != nil {
		return engine.Finished("CloudFormation has it")
	}
	r, err := s.Stack.create(ctx)
	if err != nil {
		return r, err
	}
	return engine.Result{State: engine.Done, Reason: "CloudFormation has it", Changed: true}, nil
}

// IRSABody makes the template of a role whose trust names the cluster's issuer,
// which is known once the control plane is ACTIVE.
func IRSABody(e *Env, r stack.Role) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		c, err := e.Cluster(ctx)
		if err != nil {
			return "", err
		}
		return IRSA(e, r, c), nil
	}
}

// IRSA is that template, for a cluster that is known.
func IRSA(e *Env, r stack.Role, c *ekstypes.Cluster) string {
	r.Issuer, r.Account, r.Partition = cluster.Issuer(c), e.AWS.Account, e.AWS.Partition
	return stack.IRSA(r).JSON()
}
