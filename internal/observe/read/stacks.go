package read

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
)

// StackNames lists the names of all stacks of the account and region that are not
// deleted: one request for each 100, whatever they hold.
func StackNames(ctx context.Context, c *awsc.Clients) ([]string, error) {
	in := &cloudformation.ListStacksInput{}
	for _, s := range types.StackStatusDeleteComplete.Values() {
		if s != types.StackStatusDeleteComplete {
			in.StackStatusFilter = append(in.StackStatusFilter, s)
		}
	}
	return awsc.Collect(ctx, cloudformation.NewListStacksPaginator(c.CFN, in), func(p *cloudformation.ListStacksOutput) []string {
		var out []string
		for _, s := range p.StackSummaries {
			if s.ParentId == nil { // nested ones belong to their parent
				out = append(out, aws.ToString(s.StackName))
			}
		}
		return out
	})
}

// ofCluster matches the stacks that eksctl's contract names for a cluster
// (facts/eksctl.md §1); those of a cluster whose name begins alike do not match.
func ofCluster(name string) *regexp.Regexp {
	return regexp.MustCompile(`^(eksctl|EKS)-` + regexp.QuoteMeta(name) +
		`-(cluster|nodegroup-.+|addon-.+|podidentityrole-.+|accessentry-.+|fargate|karpenter|auto-mode-role|capability.*|VPC|ServiceRole|DefaultNodeGroup)$`)
}

// stacks finds the cluster's stacks by name and confirms each by eksctl's tag:
// another cluster's stacks cost nothing.
func (o *observer) stacks(ctx context.Context) error {
	if o.s.Lean && o.s.StackNames == nil {
		return o.sweep(ctx)
	}
	names := o.s.StackNames
	if names == nil {
		var err error
		if names, err = StackNames(ctx, o.c); err != nil {
			return err
		}
	}
	o.Observed.Stacks = map[string]*observe.Stack{}
	re := ofCluster(o.Name)
	for _, n := range names {
		if !re.MatchString(n) {
			continue
		}
		d, err := o.c.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &n})
		if awsc.NotFound(err) {
			continue // it went in between
		}
		if err != nil {
			return err
		}
		for i := range d.Stacks {
			o.keep(n, &d.Stacks[i])
		}
	}
	return nil
}

// sweep finds them by describing all stacks: a request for each page, as a listing costs,
// and none for each stack.
func (o *observer) sweep(ctx context.Context) error {
	list, err := awsc.Collect(ctx, cloudformation.NewDescribeStacksPaginator(o.c.CFN, &cloudformation.DescribeStacksInput{}),
		func(p *cloudformation.DescribeStacksOutput) []types.Stack { return p.Stacks })
	if err != nil {
		return err
	}
	o.Observed.Stacks = map[string]*observe.Stack{}
	re := ofCluster(o.Name)
	for i := range list {
		if n := aws.ToString(list[i].StackName); re.MatchString(n) {
			o.keep(n, &list[i])
		}
	}
	return nil
}

// keep takes a stack that is there, and is the cluster's by eksctl's tag.
func (o *observer) keep(name string, d *types.Stack) {
	if s := stackOf(d); s.Status != "DELETE_COMPLETE" &&
		(s.Tags["alpha.eksctl.io/cluster-name"] == o.Name || s.Tags["eksctl.cluster.k8s.io/v1alpha1/cluster-name"] == o.Name) {
		o.Observed.Stacks[name] = s
	}
}

func stackOf(s *types.Stack) *observe.Stack {
	outputs, parameters := s.Outputs, s.Parameters
	s.Outputs, s.Parameters = nil, nil // lists there, maps here
	out := like[observe.Stack](s)
	if len(outputs) > 0 {
		out.Outputs = map[string]string{}
	}
	for _, x := range outputs {
		out.Outputs[aws.ToString(x.OutputKey)] = aws.ToString(x.OutputValue)
		if x.ExportName != nil {
			if out.Exports == nil {
				out.Exports = map[string]string{}
			}
			out.Exports[aws.ToString(x.OutputKey)] = *x.ExportName
		}
	}
	for _, x := range parameters {
		if out.Parameters == nil {
			out.Parameters = map[string]string{}
		}
		out.Parameters[aws.ToString(x.ParameterKey)] = aws.ToString(x.ParameterValue)
	}
	return out
}

// templates reads the templates of the stacks that stand, or are under way to it, or
// could not be completed.
func (o *observer) templates(ctx context.Context) error {
	for _, n := range slices.Sorted(maps.Keys(o.Observed.Stacks)) {
		s := o.Observed.Stacks[n]
		if p := s.Phase(); p == observe.Failed || p == observe.Going || o.s.Brief && !o.ofTheCluster(n) {
			continue
		}
		t, err := o.c.CFN.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &n})
		if err := o.missed(ctx, observe.Templates, "the template of stack "+n, err); err != nil {
			return err
		}
		if err == nil {
			s.Template = aws.ToString(t.TemplateBody)
		}
	}
	return nil
}

// resources lists what each stack made.
func (o *observer) resources(ctx context.Context) error {
	for _, n := range slices.Sorted(maps.Keys(o.Observed.Stacks)) {
		own := strings.Contains(n, "-nodegroup-") && o.Observed.Stacks[n].Tags[eksfacts.TagGroupType] != "managed"
		if o.s.Lean && (!own || o.s.Brief) && !o.ofTheCluster(n) {
			continue // what the others hold is told by their outputs, and by what EKS answers
		}
		pages := cloudformation.NewListStackResourcesPaginator(o.c.CFN, &cloudformation.ListStackResourcesInput{StackName: &n})
		list, err := awsc.Collect(ctx, pages, func(p *cloudformation.ListStackResourcesOutput) []types.StackResourceSummary {
			return p.StackResourceSummaries
		})
		if err := o.missed(ctx, observe.Resources, "the resources of stack "+n, err); err != nil {
			return err
		}
		if rs := *like[observe.Sorted[observe.StackResource]](list); len(rs) > 0 {
			o.Observed.Stacks[n].Resources = rs
		}
	}
	return nil
}

// ofTheCluster tells whether a stack is the one with control plane and network.
func (o *observer) ofTheCluster(stack string) bool {
	return strings.HasSuffix(stack, "-"+o.Name+"-cluster")
}
