// Package run is the façade over observing, planning and running: what the
// command line, and later a controller, call. Prepare and PrepareDown plan, a
// Session's Run turns the plan, Conclude says what the run came to, and Look reads a
// cluster's status. It must not render.
package run

import (
	"context"
	"crypto/rand"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/sshkey"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Session is one look at one cluster: what is wanted, what is there, and the plan
// between the two.
type Session struct {
	AWS  *awsc.Clients
	File *config.File
	Env  *steps.Env
	Live *observe.Observed
	// Input is what the plan was made from; a plan from a saved observation takes it.
	Input plan.Input
	Plan  *plan.Plan

	removal bool // the plan takes the cluster away
}

// Prepare observes, checks and plans; it changes nothing. The error is
// finding.Findings where the input or the account is at fault.
func Prepare(ctx context.Context, c *awsc.Clients, f *config.File) (*Session, error) {
	return PrepareWith(ctx, c, f, Wish{})
}

// Wish is what a caller wants of a plan beside the file.
type Wish struct {
	GateActive bool // node groups wait for ACTIVE of the network add-ons
}

// PrepareWith is Prepare with a caller's wishes.
func PrepareWith(ctx context.Context, c *awsc.Clients, f *config.File, w Wish) (*Session, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	net, err := resolve.Network(ctx, c, f)
	if err != nil {
		return nil, check.Reach(err)
	}
	live, err := read.Cluster(ctx, c, f.Cluster.Metadata.Name, read.Planning())
	if err != nil {
		return nil, check.Reach(err)
	}
	versions, err := resolve.Versions(ctx, c, f.Cluster, live)
	if err != nil {
		return nil, check.Reach(err)
	}
	resolve.Resolve(f, live)
	s := &Session{AWS: c, File: f, Live: live, Env: &steps.Env{AWS: c, Name: f.Cluster.Metadata.Name, Net: net}}
	in := plan.Input{File: f, Live: live, Versions: versions, Net: net, Account: c.Account, Partition: c.Partition, Keys: sshkey.All(f.Cluster),
		Unreachable: unreachable(c, f.Cluster, live), GateActive: w.GateActive}
	if s.Env.Reachable = in.Unreachable == ""; s.Env.Reachable {
		for _, n := range live.Missed(observe.Inside) {
			in.Silent = n.Why // the plan says so, and the steps look for themselves
		}
	}
	found := check.Run(ctx, check.Preflight, check.NewInput(c, f, net, live))
	if err := found.Err(); err != nil {
		return nil, err
	}
	s.Input = in
	if s.Plan, err = plan.Build(in); err != nil {
		return s, err
	}
	for _, w := range found { // none of them stops the launch
		s.Plan.Notes = append(s.Plan.Notes, w.Sentence())
	}
	return s, nil
}

// unreachable says why the Kubernetes API cannot be called from here, "" when it
// can: only the VPC reaches a private endpoint (an in-process region has no network
// in between), and only a principal that the cluster knows is let in.
func unreachable(c *awsc.Clients, cfg *config.ClusterConfig, live *observe.Observed) string {
	if !config.On(cfg.VPC.ClusterEndpoints.PublicAccess, true) && c.Transport == nil {
		return "its endpoint is private"
	}
	a := cfg.AccessConfig
	if config.On(a.BootstrapClusterCreatorAdminPermissions, true) || a.AuthenticationMode == "CONFIG_MAP" {
		return ""
	}
	me := awsc.Principal(c.Caller)
	if live.AccessEntries[me] != nil {
		return ""
	}
	for _, e := range a.AccessEntries {
		if e.PrincipalARN == me {
			return ""
		}
	}
	return "the file gives " + me + " no access (bootstrapClusterCreatorAdminPermissions: false, and no access entry)"
}

// Run turns the plan.
func (s *Session) Run(ctx context.Context, clk clock.Clock, workers int, onEvent func(engine.Event)) (*engine.Report, error) {
	return s.RunWith(ctx, engine.Options{Clock: clk, Workers: workers, OnEvent: onEvent})
}

// RunWith turns the plan with a listener's own wishes, such as ticks.
func (s *Session) RunWith(ctx context.Context, o engine.Options) (*engine.Report, error) {
	o.Admit = s.AWS.Pacer.Delay
	s.Env.Attempt = attempt(o.Clock)
	tasks, err := s.Plan.Tasks(s.Env)
	if err != nil {
		return nil, err
	}
	return engine.Run(ctx, s.Plan.Graph, tasks, o)
}

// attempt tells this run from others: it goes into client request tokens, so that a
// call that is made again within a run is the same call, and making again in another
// run what was deleted is not. In a virtual world the hour says it, so that the same
// seed gives the same run.
func attempt(c clock.Clock) string {
	if v, virtual := c.(clock.Virtual); virtual {
		return v.Now().String()
	}
	return rand.Text()
}
