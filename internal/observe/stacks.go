package observe

import "time"

// Stack is a CloudFormation stack of the cluster.
type Stack struct {
	Name                  string            `json:"stackName"`
	ID                    string            `json:"stackId"`
	Status                string            `json:"stackStatus"`
	Reason                string            `json:"stackStatusReason,omitempty"`
	Description           string            `json:"description,omitempty"`
	Outputs               map[string]string `json:"outputs,omitempty"`
	Exports               map[string]string `json:"exports,omitempty"` // export names by output
	Parameters            map[string]string `json:"parameters,omitempty"`
	Tags                  Tags              `json:"tags,omitempty"`
	Capabilities          Set               `json:"capabilities,omitempty"`
	RoleARN               string            `json:"roleARN,omitempty"`
	ParentID              string            `json:"parentId,omitempty"`
	TerminationProtection bool              `json:"enableTerminationProtection,omitempty"`
	DisableRollback       bool              `json:"disableRollback,omitempty"`
	CreationTime          time.Time         `json:"creationTime,omitzero"`
	LastUpdatedTime       time.Time         `json:"lastUpdatedTime,omitzero"`

	Template  string          `json:"template,omitempty"` // as it was written; read with Templates
	Resources []StackResource `json:"resources,omitempty"`
}

// StackResource is a resource that a stack made, or tries to.
type StackResource struct {
	LogicalID  string `json:"logicalResourceId"`
	PhysicalID string `json:"physicalResourceId,omitempty"`
	Type       string `json:"resourceType"`
	Status     string `json:"resourceStatus"`
	Reason     string `json:"resourceStatusReason,omitempty"`
}

// Phase is what a stack's status means to whoever wants what it holds.
type Phase string

// The phases of a stack.
const (
	Absent   Phase = "absent"
	Complete Phase = "complete"
	Making   Phase = "making"   // what it is made from is settled
	Changing Phase = "changing" // it ends as it was, or as the update wants it
	Going    Phase = "going"
	Failed   Phase = "failed" // or about to have: it can only be deleted and made again
	Stuck    Phase = "stuck"  // a person must say how it goes on
)

// Phase is the stack's; a status that CloudFormation has had since is taken as one
// that somebody must look at.
func (s *Stack) Phase() Phase {
	if s == nil {
		return Absent
	}
	switch s.Status {
	case "DELETE_COMPLETE":
		return Absent
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE":
		return Complete
	case "CREATE_IN_PROGRESS":
		return Making
	case "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS":
		return Changing
	case "DELETE_IN_PROGRESS":
		return Going
	case "CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS":
		return Failed // in review, it is a change set that nobody executed
	}
	return Stuck
}

// RollbackFailed tells whether an update was to be rolled back, and could not be.
func (s *Stack) RollbackFailed() bool { return s != nil && s.Status == "UPDATE_ROLLBACK_FAILED" }

// Unfinished are the resources, by logical ID, that a rollback could not put back.
func (s *Stack) Unfinished() (out []string) {
	for _, r := range s.Resources {
		if r.Status == "UPDATE_FAILED" {
			out = append(out, r.LogicalID)
		}
	}
	return out
}

// UnderWay tells whether the stack is on its way to standing.
func (p Phase) UnderWay() bool { return p == Making || p == Changing }

// Stands tells whether the stack stands complete.
func (s *Stack) Stands() bool { return s.Phase() == Complete }

// Broken tells whether the stack can only be deleted and made again.
func (s *Stack) Broken() bool { return s.Phase() == Failed }

// Has tells whether a stack of the cluster stands complete.
func (o *Observed) Has(stack string) bool { return o.Stacks[stack].Stands() }

// Output is a stack's output, or "".
func (s *Stack) Output(key string) string {
	if s == nil {
		return ""
	}
	return s.Outputs[key]
}
