package steps

import (
	"context"

	"github.com/slipway-eks/slipway/internal/stack"
)

// Release is what EKS made of a managed node group, for its stack to say: the template is
// read, and changed where it says something else, at the step's turn. EKS has it already, so
// CloudFormation's own request replaces no node.
type Release struct {
	Version  string `json:"version,omitempty"`               // of Kubernetes
	Release  string `json:"release,omitempty"`               // of the AMI
	Template string `json:"launchTemplateVersion,omitempty"` // of the group's own launch template
}

// body is the template that the stack should have; same: it says so already.
func (r *Release) body(ctx context.Context, e *Env, name string) (body string, same bool, err error) {
	was, err := templateOf(ctx, e, name)
	if err == nil {
		body, err = stack.Release(was, stack.Released{Version: r.Version, Release: r.Release, Template: r.Template})
	}
	return body, err == nil && stack.Same(was, body), err
}
