package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Resize is a node group whose stack is under way when the plan is made: what its
// template is by then is read, and brought to what the file says, at the step's turn.
type Resize struct {
	// Config is the file's part: the cluster's head and this one node group.
	Config *config.ClusterConfig `json:"config"`
}

// body is the template that the stack should have; same: it makes the same already.
func (r *Resize) body(ctx context.Context, e *Env, name string) (body string, same bool, err error) {
	was, err := templateOf(ctx, e, name)
	if err != nil {
		return "", false, err
	}
	c := r.Config
	switch {
	case len(c.ManagedNodeGroups) == 1:
		body, err = stack.Resize(was, c, &c.ManagedNodeGroups[0])
	case len(c.NodeGroups) == 1:
		body, err = stack.ResizeSelfManaged(was, c, &c.NodeGroups[0])
	default:
		err = fmt.Errorf("the plan's step names no node group")
	}
	return body, err == nil && stack.Same(was, body), err
}

// templateOf is a stack's template as it is now.
func templateOf(ctx context.Context, e *Env, name string) (string, error) {
	have, err := e.AWS.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name})
	if err != nil {
		return "", fmt.Errorf("reading the template of stack %s: %w", name, err)
	}
	return aws.ToString(have.TemplateBody), nil
}
