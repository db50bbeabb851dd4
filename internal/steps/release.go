package steps

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/stack"
)

// Release is what EKS made of a managed node group, for its stack to say: what is given, or
// with Group what EKS says of that one at the step's turn. The template is
// read, and changed where it says something else, at the step's turn. EKS has it already, so
// CloudFormation's own request replaces no node.
type Release struct {
	Version  string `json:"version,omitempty"`               // of Kubernetes
	Release  string `json:"release,omitempty"`               // of the AMI
	Template string `json:"launchTemplateVersion,omitempty"` // of the group's own launch template
	Group    string `json:"group,omitempty"`
	// Pin is what the file says of the release; nil: what the record says follows.
	Pin *string `json:"pin,omitempty"`
}

// body is the template that the stack should have; same: it says so already.
func (r *Release) body(ctx context.Context, e *Env, name string) (body string, same bool, err error) {
	to := stack.Released{Version: r.Version, Release: r.Release, Template: r.Template, Pin: r.Pin}
	if r.Group != "" {
		g, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &r.Group})
		if err != nil {
			return "", false, err
		}
		to.Version, to.Release = aws.ToString(g.Nodegroup.Version), aws.ToString(g.Nodegroup.ReleaseVersion)
	}
	was, err := templateOf(ctx, e, name)
	if err == nil {
		body, err = stack.Release(was, to)
	}
	return body, err == nil && stack.Same(was, body), err
}
