// Package outcome is how a run ended, as data: the verdict, the summary event and
// the exit code that it means. It is the one place that knows them, for every command
// and for whoever else runs plans. It must not know AWS, nor how it is shown.
package outcome

import (
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Results of a run. The words are a contract of the summary event.
const (
	Done    = "done"
	Failed  = "failed"  // before anything changed
	Partial = "partial" // something changed, and not everything that was wanted
	Nothing = "nothing-to-do"
)

// Steps counts a run's steps.
type Steps struct {
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Blocked int `json:"blocked,omitempty"` // waited for a person when the run ended
}

// Failure is a step that failed, and why.
type Failure struct{ Step, Title, Reason string }

// Verdict is a cluster as it was seen after a run.
type Verdict struct {
	Status     string // of the control plane, as EKS says it; absent: EKS knows none
	NodesReady int    // of node groups
	NodesWant  int
	Others     int      // Ready nodes outside of node groups: Fargate, Auto Mode
	Uncounted  string   // why nobody counted the nodes; "": they were counted
	Degraded   []string // add-ons that are not ACTIVE, with their status
	Endpoint   string   // of the Kubernetes API, "" where there is none
	CA         []byte   // the certificate authority of Endpoint, in PEM
	Left       []string // after a removal: what is still there, each in words
}

// Nodes are how many are Ready of those that are wanted, in words.
func (v *Verdict) Nodes() string {
	if v.NodesReady > v.NodesWant {
		return fmt.Sprintf("%d nodes Ready, of which %d are wanted", v.NodesReady, v.NodesWant)
	}
	return fmt.Sprintf("%d of %d nodes Ready", v.NodesReady, v.NodesWant)
}

// Outcome is what a run came to.
type Outcome struct {
	Cluster   string
	Region    string
	Removal   bool   // the cluster was to go
	Part      string // of the cluster, that was to go alone, in words; "": all of it
	Result    string
	Code      int
	Steps     Steps
	Failures  []Failure
	Unknown   []Failure     // steps whose call was in the air when the run was made to end at once
	Elapsed   time.Duration // on the run's clock
	Critical  time.Duration // what the plan expected
	Calls     int           // requests to AWS
	Verdict   *Verdict      // nil: the cluster could not be looked at again
	Unseen    string        // why it could not
	Seen      string        // what the last look saw of a change that is about no nodes, in words
	Returns   bool          // what failed goes back to what was before
	Returning []string      // the node groups whose replacement goes back, where other things stay; nil: all of it goes back
	Shut      string        // what one does about a gate that did not open, where nothing goes back by itself
	TakenBack bool          // it has gone back
	Unwritten string        // why the end is not in the journal; "": it is, or none is kept
	Elsewhere []string      // where there was nothing to remove: other regions with a cluster of that name
}

// Summary is the event that ends every run; its JSON names are a contract.
type Summary struct {
	Type         string           `json:"type"`
	Result       string           `json:"result"`
	Cluster      string           `json:"cluster"`
	Steps        Steps            `json:"steps"`
	NodesReady   int              `json:"nodesReady"`
	Elapsed      float64          `json:"elapsed"`      // seconds on the run's clock
	CriticalPath float64          `json:"criticalPath"` // seconds
	APICalls     int              `json:"apiCalls"`
	ExitCode     int              `json:"exitCode"`
	TakenBack    bool             `json:"takenBack,omitempty"`      // the replacement that failed has been undone: its node group is as before
	Uncounted    string           `json:"nodesUncounted,omitempty"` // why nodesReady counts none
	Findings     finding.Findings `json:"findings,omitempty"`
}

// Summary is the outcome as its event.
func (o *Outcome) Summary() Summary {
	s := Summary{
		Type: "summary", Result: o.Result, Cluster: o.Cluster, Steps: o.Steps, APICalls: o.Calls, ExitCode: o.Code,
		Elapsed: o.Elapsed.Seconds(), CriticalPath: o.Critical.Seconds(), Uncounted: o.Unseen, TakenBack: o.TakenBack,
	}
	if o.Verdict != nil {
		s.NodesReady, s.Uncounted = o.Verdict.NodesReady, o.Verdict.Uncounted
	}
	for _, f := range o.Failures {
		s.Findings = append(s.Findings, finding.Finding{
			Code: "step-failed", Severity: finding.Error, Where: finding.Where{Resource: f.Step}, What: f.Reason,
		})
	}
	for _, f := range o.Unknown {
		s.Findings = append(s.Findings, finding.Finding{
			Code: "step-unknown", Severity: finding.Warning, Where: finding.Where{Resource: f.Step}, What: f.Reason,
		})
	}
	return s
}

// Of is the summary of a command that ended with an error before, or without, a run.
func Of(cluster string, code int, err error) Summary {
	s := Summary{Type: "summary", Result: Done, Cluster: cluster, ExitCode: code}
	if err == nil || code == ExitDone || code == ExitChanges {
		return s
	}
	s.Result = Failed
	if code == ExitPartial {
		s.Result = Partial
	}
	s.Findings = Findings(err)
	return s
}

// Findings are an error's findings, or the error as one.
func Findings(err error) finding.Findings {
	if fs, ok := finding.Of(err); ok {
		return fs
	}
	if err == nil || err.Error() == "" {
		return nil
	}
	return finding.Findings{{Severity: finding.Error, What: err.Error()}}
}
