package observe

import (
	"slices"
	"time"
)

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

// Stands tells whether the stack stands complete.
func (s *Stack) Stands() bool {
	return s != nil && slices.Contains([]string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}, s.Status)
}

// Broken tells whether the stack can only be deleted and made again.
func (s *Stack) Broken() bool {
	return s != nil && slices.Contains([]string{"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}, s.Status)
}

// Has tells whether a stack of the cluster stands complete.
func (o *Observed) Has(stack string) bool { return o.Stacks[stack].Stands() }

// Broken tells whether a stack of the cluster can only be deleted and made again.
func (o *Observed) Broken(stack string) bool { return o.Stacks[stack].Broken() }

// Output is a stack's output, or "".
func (s *Stack) Output(key string) string {
	if s == nil {
		return ""
	}
	return s.Outputs[key]
}
