package observe

import (
	"time"
)

// Role is an IAM role that something of the cluster runs with.
type Role struct {
	Name               string           `json:"roleName"`
	ARN                string           `json:"arn"`
	Path               string           `json:"path,omitempty"`
	Description        string           `json:"description,omitempty"`
	Trust              any              `json:"trust,omitempty"`    // the document that says who may assume it
	Attached           Sorted[Attached] `json:"attached,omitempty"` // managed policies
	Inline             map[string]any   `json:"inline,omitempty"`   // documents, by policy name
	Boundary           *Boundary        `json:"permissionsBoundary,omitempty"`
	MaxSessionDuration int              `json:"maxSessionDuration,omitempty"` // seconds
	Tags               Tags             `json:"tags,omitempty"`
	CreateDate         time.Time        `json:"createDate,omitzero"`
}

// Attached is a managed policy on a role.
type Attached struct {
	Name string `json:"policyName,omitempty"`
	ARN  string `json:"policyArn"`
}

// Boundary is a role's permissions boundary.
type Boundary struct {
	ARN string `json:"permissionsBoundaryArn"`
}
