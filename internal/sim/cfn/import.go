package cfn

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// importable checks what a change set of type IMPORT may say: resources that the template
// names and the stack has not, each with a DeletionPolicy, and nothing else ("Import AWS
// resources into a stack" in the user guide).
func (s *stack) importable(ch *change, d *deployment) error {
	wanted := map[string]sdk.ResourceToImport{}
	for _, r := range ch.Import {
		n := aws.ToString(r.LogicalResourceId)
		t := d.t.Resources[n]
		switch {
		case t == nil || !slices.Contains(d.made, n):
			return said("Resources [%s] to import are not in the template", n)
		case t.Type != aws.ToString(r.ResourceType):
			return said("Resource [%s] is of type %s in the template, and of type %s among the resources to import", n, t.Type, aws.ToString(r.ResourceType))
		case readers[t.Type].read == nil:
			return said("ResourceTypes [%s] are not supported for Import", t.Type)
		case !t.Keeps:
			return said("The following resources to import [%s] must have DeletionPolicy attribute specified in the template.", n)
		}
		wanted[n] = r
	}
	var others []string
	for _, n := range d.made {
		_, asked := wanted[n]
		r := s.Res[n]
		switch {
		case r == nil && !asked, r != nil && !ch.Create && s.modified(d, r, s.Tags, nil) != nil:
			others = append(others, n)
		case r != nil && asked:
			return said("Resource [%s] already exists in stack [%s]", n, s.ID)
		}
	}
	for _, n := range sorted(s.Res) {
		if !slices.Contains(d.made, n) {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		return said("You have modified resources [%s] in your template that are not being imported. Update, create or delete operations cannot be executed "+
			"during import operations.", strings.Join(others, ", "))
	}
	if !ch.Create && !sameOutputs(d, s.d) || ch.Create && len(d.t.Outputs) > 0 {
		return said("As part of the import operation, you cannot modify or add [Outputs]")
	}
	return nil
}

func sameOutputs(a, b *deployment) bool {
	return comparable(outputValues(a)) == comparable(outputValues(b))
}

func outputValues(d *deployment) map[string]any {
	out := map[string]any{}
	for k, o := range d.outputs() {
		out[k] = []any{o.Value, o.Export}
	}
	return out
}

// adopt begins an import: nothing is made, and what stands becomes the stack's.
func (s *stack) adopt(ch *change, d *deployment) {
	s.c.outdate(s)
	s.Was = s.stable()
	s.d, s.Body, s.Params, s.Failed = d, ch.Body, ch.Params, false
	s.Updated, s.Start = new(s.c.w.Date()), s.c.w.Elapsed()
	s.setStatus(sdk.StackStatusImportInProgress, "User Initiated")
	for _, r := range ch.Import {
		n := aws.ToString(r.LogicalResourceId)
		s.instance(n).Identifier = r.ResourceIdentifier
	}
	s.c.w.Schedule(2*time.Second, stepEvent, s.ID, nil)
}

// takeIn imports one resource after the other; one that is not there, or that is another
// stack's, rolls the import back.
func (s *stack) takeIn() {
	for _, n := range sorted(s.Res) {
		r := s.Res[n]
		if r.Identifier == nil || r.Status != "" {
			continue
		}
		if err := s.take(r); err != nil {
			s.mark(r, sdk.ResourceStatusImportFailed, err.Error())
			s.setStatus(sdk.StackStatusImportRollbackInProgress, "The following resource(s) failed to import: ["+n+"]. ")
			s.giveBack()
			return
		}
		s.c.w.Schedule(time.Second, stepEvent, s.ID, nil)
		return
	}
	for _, r := range s.Res {
		r.Identifier = nil
	}
	s.Was = nil
	s.setStatus(sdk.StackStatusImportComplete, "")
}

func (s *stack) take(r *instance) error {
	phys, err := identity(r.Type, r.Identifier)
	if err != nil {
		return err
	}
	if owner := s.c.owner(r.Type, phys); owner != nil {
		return said("Resource %s already exists in stack %s", phys, owner.ID)
	}
	s.mark(r, sdk.ResourceStatusImportInProgress, "Resource import started.")
	o := &op{work: &work{}, s: s, r: r, w: s.c.w, env: s.c.env, by: s.caller(), phys: phys}
	r.Phys = phys
	live, attrs, err := o.live()
	if err == nil && live == nil {
		err = o.missing()
	}
	if err != nil {
		r.Phys = ""
		return err
	}
	r.Attrs = attrs
	if r.Props, err = s.resolve(r.Logical); err != nil { // the template's: it is not compared with what stands
		return err
	}
	r.Retain = s.d.t.Resources[r.Logical].Retain
	o.props = r.Props
	if err := o.retag(resourceTypes[r.Type]); err != nil {
		return err
	}
	s.mark(r, sdk.ResourceStatusImportComplete, "Resource import completed.")
	return nil
}

// giveBack ends an import that failed: the stack is as it was.
func (s *stack) giveBack() {
	was := s.Was
	for _, n := range sorted(s.Res) {
		if _, stood := was.Res[n]; !stood {
			delete(s.Res, n)
		}
	}
	s.d, s.Body, s.Params, s.Was = was.d, was.Body, was.Params, nil
	s.setStatus(sdk.StackStatusImportRollbackComplete, "")
}

// owner is the live stack that a resource belongs to, or nil.
func (c *CFN) owner(typ, phys string) *stack {
	return c.stacks.Find(func(s *stack) bool {
		if s.Status == sdk.StackStatusDeleteComplete {
			return false
		}
		for _, r := range s.Res {
			if r.Type == typ && r.Phys == phys && !r.Gone {
				return true
			}
		}
		return false
	})
}

// identity is a resource's physical ID by its identifier, as an import names it.
func identity(typ string, by map[string]string) (string, error) {
	keys := identifiers[typ]
	var parts []string
	for _, k := range keys {
		if v, there := by[k]; there {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 || len(parts) != len(by) {
		return "", fmt.Errorf("the identifier of %s is %v", typ, keys)
	}
	if typ == "AWS::EC2::EIP" {
		return parts[0], nil // it is known by the address alone
	}
	return strings.Join(parts, "|"), nil
}
