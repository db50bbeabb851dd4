package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/stack"
)

// SyncOptions say how far a repair of the record goes.
type SyncOptions struct {
	Template bool // resources that are gone are taken out of the template, too
	Continue bool // a rollback that is stuck goes on first
	// Books are kept by a caller who means to run the plan; nil: it only looks.
	Books *Books
}

// Sync is a repair of a record: what it changes, and the session that does it.
type Sync struct {
	*Session
	Correction *drift.Correction
	Stack      *observe.Stack // the cluster's, as it was read
	options    SyncOptions
}

// PrepareSync reads the record and what is live of it, asks which outputs other stacks
// import, and plans the repair. It changes nothing. A stack that cannot be updated is a
// finding.
func PrepareSync(ctx context.Context, c *awsc.Clients, name string, o SyncOptions) (s *Sync, err error) {
	seen, err := looked(ctx, c, name, o.Books, read.Record())
	if err != nil {
		return nil, err
	}
	defer func() { err = seen.hold.unless(ctx, err) }()
	live := seen.Live
	if live.Cluster == nil && len(live.Stacks) == 0 {
		return nil, absent(ctx, c, name)
	}
	t := drift.Of(live)
	skip, stuck := drift.Stuck(t)
	in := plan.Correction{Name: name, Region: c.Region, Account: c.Account, Stack: stack.ClusterName(name), Continue: stuck && o.Continue, Skip: skip}
	if !in.Continue {
		if fs := drift.Updatable(t); fs != nil {
			return nil, fs
		}
	}
	s = &Sync{Correction: drift.Correct(t, o.Template), Stack: live.Stacks[in.Stack], options: SyncOptions{Template: o.Template}, Session: seen}
	s.Live = unread(live)
	if err := s.imports(ctx); err != nil {
		return nil, check.Reach(err)
	}
	s.Correction.Settle()
	if err := s.acting(ctx); err != nil {
		return nil, err
	}
	if err := s.survives(ctx); err != nil {
		return nil, err
	}
	if err := s.allowed(ctx); err != nil {
		return nil, err
	}
	in.Edit, in.Import, in.Settle = s.Correction.Edit, s.Correction.Import, s.Correction.Again
	s.seen = s.look
	if s.Plan, err = plan.Sync(in); err != nil {
		return nil, err
	}
	if in.Continue {
		said := "The rollback of stack " + in.Stack + " goes on first"
		if len(skip) > 0 {
			said += ", and skips " + strings.Join(skip, ", ") + ": CloudFormation takes that for rolled back, and changes nothing of it"
		}
		s.Plan.Notes = append(s.Plan.Notes, said+".")
	}
	if as := s.actsAs(); as != "" {
		s.Plan.Notes = append(s.Plan.Notes, as)
	}
	return s, owned(live, s.Plan, o.Books)
}

// look reads again, and says what it saw.
func (s *Sync) look(ctx context.Context) (string, error) {
	left, err := s.Left(ctx)
	switch {
	case err != nil:
		return "", err
	case len(left) > 0:
		return "what could be written is; left: " + strings.Join(left, "; "), nil
	}
	return "every output of " + s.Correction.Stack + " is as the cluster is", nil
}

// unread is an observation of which nothing was read whole: the copy that is kept before a
// change reads everything.
func unread(live *observe.Observed) *observe.Observed {
	return &observe.Observed{Version: live.Version, Name: live.Name, Region: live.Region, Account: live.Account, Partition: live.Partition, Caller: live.Caller}
}

// imports asks which stacks import an export that would change: CloudFormation refuses
// that, in the middle of the update (facts/repair.md §1.2).
func (s *Sync) imports(ctx context.Context) error {
	for i := range s.Correction.Outputs {
		x := &s.Correction.Outputs[i]
		if x.Export == "" || x.Was == x.Now {
			continue
		}
		used, err := awsc.Collect(ctx, cloudformation.NewListImportsPaginator(s.AWS.CFN, &cloudformation.ListImportsInput{ExportName: &x.Export}),
			func(p *cloudformation.ListImportsOutput) []string { return p.Imports })
		if awsc.NotFound(err) {
			continue // nobody does
		}
		if err != nil {
			return fmt.Errorf("asking which stacks import %s: %w", x.Export, err)
		}
		x.Used = used
	}
	return nil
}

// acting refuses a stack whose role is gone: CloudFormation assumes it for whatever is done
// to the stack. What the role may not do is seen by resources alone, and outputs touch none.
func (s *Sync) acting(ctx context.Context) error {
	if s.Correction.Empty() || s.Stack == nil || s.Stack.RoleARN == "" {
		return nil
	}
	name := s.Stack.RoleARN[strings.LastIndex(s.Stack.RoleARN, "/")+1:]
	if _, err := s.AWS.IAM.GetRole(ctx, &iam.GetRoleInput{RoleName: &name}); !awsc.NotFound(err) {
		return nil // it is there, or CloudFormation will say
	}
	return finding.Findings{{Code: "stack-role-gone", Severity: finding.Error, Where: finding.Where{Resource: "stack " + s.Stack.Name},
		What:   "CloudFormation assumes the role " + name + " for it, and that role does not exist any more",
		Breaks: "nothing can be done to the stack; nothing was changed",
		Remedy: "make the role again under its name, with a trust of cloudformation.amazonaws.com: slipway drift " + s.File.Name + " prints the call"}}
}

// survives makes sure that what is written back is what was stored: CloudFormation
// answers with a question mark for every character outside ASCII. Texts that it tells
// elsewhere are taken from there; another that may be lost is a finding.
func (s *Sync) survives(ctx context.Context) error {
	lost := stack.Question(s.Stack.Template)
	if s.Correction.Empty() || len(lost) == 0 {
		return nil
	}
	d, err := s.AWS.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &s.Stack.Name})
	if err != nil || len(d.Stacks) == 0 {
		return check.Reach(err)
	}
	told := map[string]string{"Description": aws.ToString(d.Stacks[0].Description)}
	for _, o := range d.Stacks[0].Outputs {
		told["Outputs/"+aws.ToString(o.OutputKey)+"/Description"] = aws.ToString(o.Description)
	}
	var gone []string
	for _, path := range lost {
		if text, ok := told[path]; ok && text != "" {
			if s.Correction.Edit.Texts == nil {
				s.Correction.Edit.Texts = map[string]string{}
			}
			s.Correction.Edit.Texts[path] = text
		} else if !slices.ContainsFunc(s.Correction.Edit.Drop, func(k string) bool { return strings.HasPrefix(path, "Outputs/"+k+"/") }) {
			gone = append(gone, path)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return finding.Findings{{Code: "template-lost", Severity: finding.Error, Where: finding.Where{Resource: "stack " + s.Stack.Name},
		What: "its template has question marks at " + strings.Join(gone, ", ") + ", where CloudFormation may have lost another character: " +
			"what is written back might not be what was stored",
		Remedy: "whoever has the template must change its outputs: " + strings.Join(s.Wanted(), ", ")}}
}

// Wanted are the outputs that change, as NAME=VALUE.
func (s *Sync) Wanted() []string {
	var out []string
	for _, o := range s.Correction.Outputs {
		if len(o.Used) == 0 && o.Was != o.Now {
			out = append(out, o.Name+"="+o.Now)
		}
	}
	return out
}

// Left reads again after a repair: what of the record still is not as the cluster is.
func (s *Sync) Left(ctx context.Context) ([]string, error) {
	again, err := PrepareSync(ctx, s.AWS, s.Plan.Cluster, s.options)
	if err != nil {
		return nil, err
	}
	return append(again.Wanted(), again.Correction.Left...), nil
}
