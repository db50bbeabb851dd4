package outcome

import (
	"fmt"
	"strings"
	"time"
)

// Part is one line of a cluster's status.
type Part struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail,omitempty"`
	Reason string `json:"reason,omitempty"` // what it waits for, or what is wrong
	Owner  string `json:"owner,omitempty"`  // who keeps it, in words
}

// Node is one node as the Kubernetes API shows it.
type Node struct {
	Name    string `json:"name"`
	Ready   bool   `json:"ready"`
	Group   string `json:"nodeGroup,omitempty"`
	Version string `json:"version,omitempty"`
	Reason  string `json:"reason,omitempty"` // the kubelet's message while not ready
	OS      string `json:"os,omitempty"`
	Zone    string `json:"zone,omitempty"`
	// Instance is the ID of its EC2 instance.
	Instance string `json:"instance,omitempty"`
	// Cordoned: it takes no more pods; Excluded: it is in no load balancer; Held: the cluster
	// autoscaler leaves it alone.
	Cordoned bool `json:"cordoned,omitempty"`
	Excluded bool `json:"excluded,omitempty"`
	Held     bool `json:"scaleDownDisabled,omitempty"`
}

// Status is a cluster as it is now, made by anyone.
type Status struct {
	Cluster   string   `json:"cluster"`
	Region    string   `json:"region"`
	Parts     []Part   `json:"parts"`
	Nodes     []Node   `json:"nodes"`
	Uncounted string   `json:"nodesUncounted,omitempty"` // why nobody saw the nodes
	Settled   bool     `json:"settled"`                  // nothing is under way, and nobody holds the lock
	Changes   []Change `json:"changes,omitempty"`        // what is under way, whoever began it
	Holder    string   `json:"changedBy,omitempty"`      // who holds the cluster's lock, and what with; "": nobody, as far as this store knows
	// Progress is how far who holds the lock is, or was; nil: it has not begun, or nobody knows.
	Progress *Progress `json:"progress,omitempty"`
	Ended    string    `json:"ended,omitempty"`   // how what was under way has ended, in words
	Owners   []string  `json:"owners,omitempty"`  // who keeps what, a line each
	Back     *Back     `json:"wayBack,omitempty"` // nil: the control plane was not upgraded lately
	Drift    string    `json:"drift,omitempty"`   // where the record is not as the cluster is, in a paragraph
}

// Change is something that is under way: a node group's replacement, an update of EKS's.
type Change struct {
	Kind  string    `json:"kind"`  // replacement, update
	Of    string    `json:"of"`    // node group workers, control plane, add-on vpc-cni
	What  string    `json:"what"`  // in words: by workers-b2; Kubernetes 1.34
	Stage string    `json:"stage"` // the stage it is at, or EKS's status of the update
	Since time.Time `json:"since,omitzero"`
	// Pods are those that have to move yet; nil: it is about none, or nobody can see them.
	Pods *int `json:"podsLeft,omitempty"`
	// Waits is what it waits for: nodes and their pods, budgets and how far they are used up.
	Waits []string `json:"waitsFor,omitempty"`
}

// Back is the version that a control plane can go back to, and until when.
type Back struct {
	Version string    `json:"version"`
	Until   time.Time `json:"until"`
	Left    string    `json:"left,omitempty"` // in words
}

// Clock sets how long there is a way back at a date; afterwards there is none.
func (s *Status) Clock(now time.Time) {
	if s.Back == nil || !s.Back.Until.After(now) {
		s.Back = nil
		return
	}
	hours := int(s.Back.Until.Sub(now).Hours())
	if s.Back.Left = fmt.Sprintf("%d hours", hours); hours >= 48 {
		s.Back.Left = fmt.Sprintf("%d days and %d hours", hours/24, hours%24)
	}
}

// Add adds a part; one that is under way unsettles the cluster.
func (s *Status) Add(p Part) {
	if strings.HasSuffix(p.Status, "ING") || strings.HasSuffix(p.Status, "_IN_PROGRESS") {
		s.Settled = false
	}
	s.Parts = append(s.Parts, p)
}
