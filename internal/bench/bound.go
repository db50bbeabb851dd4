// Package bench computes how fast a launch could have been: the longest chain of
// operations that AWS itself forces, at the durations that the region drew. It reads
// the region's event log and a table of edges, and must import neither plan nor
// engine, so that a needless edge in either shows.
package bench

import (
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/world"
)

// edges that AWS forces, by kind of operation: the after cannot begin before the
// before has ended, whoever calls. Sources: facts/eks.md §2 and §4.
var edges = [][2]string{
	{"iam:role/ServiceRole", "eks:cluster"},       // the control plane runs with its role
	{"cfn:AWS::EC2::Subnet", "eks:cluster"},       // and in its subnets
	{"cfn:AWS::EC2::VPC", "cfn:AWS::EC2::Subnet"}, // which are in the VPC
	{"eks:cluster", "eks:addon"},                  // EKS takes nothing before ACTIVE
	{"eks:cluster", "eks:addon-install"},
	{"eks:cluster", "eks:nodegroup"},
	{"eks:cluster", "eks:fargate"},
	// Instances become Ready nodes, and a group ACTIVE, only with the networking DaemonSets
	// applied. EKS's own ACTIVE comes later and forces nothing more.
	{"eks:addon-install/vpc-cni", "eks:nodegroup"},
	{"eks:addon-install/kube-proxy", "eks:nodegroup"},
	{"iam:role/NodeInstanceRole", "eks:nodegroup"}, // instances run with the node role
	{"ec2:natgateway", "eks:nodegroup"},            // private nodes reach AWS through it
	// A version of an add-on, or of a node group, is taken for the minor that the control
	// plane has.
	{"eks:update/VersionUpdate", "eks:addon-update"},
	{"eks:update/VersionUpdate", "eks:nodegroup-update"},
}

// Bound is the longest forced chain in a log.
func Bound(log []world.Entry) time.Duration {
	end := map[int]time.Duration{}
	var finish func(i int, seen map[int]bool) time.Duration
	finish = func(i int, seen map[int]bool) time.Duration {
		if e, ok := end[i]; ok || seen[i] {
			return e
		}
		seen[i] = true
		var start time.Duration
		for j := range log {
			if i != j && forced(log[j], log[i]) {
				start = max(start, finish(j, seen))
			}
		}
		end[i] = start + log[i].End - log[i].Start
		return end[i]
	}
	var out time.Duration
	for i := range log {
		if known(log[i]) {
			out = max(out, finish(i, map[int]bool{}))
		}
	}
	return out
}

func known(e world.Entry) bool {
	for _, x := range edges {
		if matches(e, x[0]) || matches(e, x[1]) {
			return true
		}
	}
	return false
}

func forced(before, after world.Entry) bool {
	for _, x := range edges {
		if matches(before, x[0]) && matches(after, x[1]) {
			return true
		}
	}
	return false
}

// matches compares a log entry with kind or kind/name, where the name is the last
// part of the entry's.
func matches(e world.Entry, pattern string) bool {
	if e.Kind == pattern {
		return true
	}
	kind, name, ok := cutLast(pattern)
	return ok && e.Kind == kind && strings.HasSuffix(e.Name, "/"+name)
}

func cutLast(s string) (a, b string, ok bool) {
	i := strings.LastIndex(s, "/")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
