// Package run is the façade over observing, planning and running: what the
// command line, and later a controller, call. Prepare and PrepareDown plan, a
// Session's Run turns the plan, Conclude says what the run came to, and Look reads a
// cluster's status. It must not render.
package run

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/owner"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/sshkey"
	"github.com/slipway-eks/slipway/internal/steps"
	"github.com/slipway-eks/slipway/internal/veil"
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
	// Drift is where the record is not as the cluster is, of what is cheap to look at.
	Drift *drift.Report

	seen    func(context.Context) (string, error)   // the last look of a plan that is about no nodes, in words; nil: nodes are counted
	again   func(context.Context) (*Session, error) // plans what a removal has left; nil: the plan takes nothing away
	back    func(context.Context) (*Session, error) // plans the way back of a replacement; nil: there is none
	done    string                                  // what a run of all steps comes to, in words; "": nodes are counted
	shut    string                                  // what one does about gates that stay shut, where nothing goes back by itself
	part    string                                  // of the cluster, that a removal takes away, in words; "": all of it
	counted []string                                // the node groups whose nodes are counted; nil: all
	hold    *Hold                                   // nil: its caller keeps no books
}

// Prepare observes, checks and plans; it changes nothing. The error is
// finding.Findings where the input or the account is at fault.
func Prepare(ctx context.Context, c *awsc.Clients, f *config.File) (*Session, error) {
	return PrepareWith(ctx, c, f, Wish{})
}

// Wish is what a caller wants of a plan beside the file.
type Wish struct {
	GateActive bool // node groups wait for ACTIVE of the network add-ons
	// GroupsAlone: node groups that are not there are made, and nothing else is touched.
	GroupsAlone bool
	// SkipSubnets leaves out the checks of subnets, and says so.
	SkipSubnets bool
	// Replace are node groups, or All, that are replaced where they differ from the file by
	// what cannot be changed in place; Watch is how, MaxParallel how many at once (0: one).
	Replace     []string
	Batch       string // of what is replaced, as a Replacement's
	Watch       plan.Watch
	MaxParallel int
	State       *State // of Terraform, where the plan is only shown: its owner refuses nothing then
	Books       *Books // of a caller who means to run the plan; nil: none are kept
}

// All is the word for all node groups of a file.
const All = "all"

// PrepareWith is Prepare with a caller's wishes.
func PrepareWith(ctx context.Context, c *awsc.Clients, f *config.File, w Wish) (*Session, error) {
	return prepare(ctx, &preparation{c: c, f: f, name: f.Cluster.Metadata.Name}, w)
}

func prepare(ctx context.Context, p *preparation, w Wish) (s *Session, err error) {
	p.books, p.state, p.skipSubnets = w.Books, w.State, w.SkipSubnets
	p.in = plan.Input{GateActive: w.GateActive, GroupsAlone: w.GroupsAlone, Watch: w.Watch, MaxParallel: w.MaxParallel}
	p.replace, p.batch = w.Replace, w.Batch
	if s, err = p.prepare(ctx); err == nil {
		s.paused(w.Watch.Pause)
		s.goesBackInPart(w.Watch.Deadline)
	}
	return s, err
}

func (p *preparation) prepare(ctx context.Context) (s *Session, err error) {
	defer func() { err = p.hold.unless(ctx, err) }()
	// The whole of a preparation: each needs what those above it found.
	for _, do := range []func(context.Context) error{
		p.identify,
		p.lock,
		p.observe,
		p.replaced,
		p.repaired,
		p.file,
		p.network,
		p.drifted,
		p.within,
		p.moved,
		p.versions,
		p.reach,
		p.check,
		p.upgrade,
		p.contested,
		p.machines,
		p.plan,
		p.owned,
	} {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	return &Session{AWS: p.c, File: p.f, Live: p.in.Live, Input: p.in, Plan: p.made, Drift: p.drift, hold: p.hold,
		Env: &steps.Env{AWS: p.c, Name: p.name, Net: p.in.Net, Reachable: p.in.Unreachable == ""}}, nil
}

// preparation gathers what a plan is made from.
type preparation struct {
	c     *awsc.Clients
	name  string       // the cluster's
	f     *config.File // what is wanted; nil: group says it
	group NewGroup
	books *Books
	hold  *Hold
	in    plan.Input
	drift *drift.Report
	notes []string // what checks found, and does not stop the launch
	made  *plan.Plan

	skipSubnets bool
	but         []string // checks that somebody else makes
	state       *State   // where no books are kept; nil: none was given
	replacing   []*replacing
	repairing   *repairing // nil: nothing is
	replace     []string   // groups that are to be replaced where they have to be
	batch       string     // how much of each moves at a time; "": all
	addon       *AddonChange
}

func (p *preparation) identify(ctx context.Context) error {
	if err := p.c.Identify(ctx); err != nil {
		return check.Identity(err)
	}
	p.in.Account, p.in.Partition = p.c.Account, p.c.Partition
	return nil
}

// lock keeps others from changing the cluster from before it is looked at.
func (p *preparation) lock(ctx context.Context) (err error) {
	p.hold, err = p.books.Open(ctx, p.c, p.name)
	return err
}

// network finds where the file puts the cluster.
func (p *preparation) network(ctx context.Context) (err error) {
	p.in.Net, err = resolve.Network(ctx, p.c, p.f)
	return check.Reach(err)
}

func (p *preparation) observe(ctx context.Context) (err error) {
	scope := read.Planning()
	switch {
	case len(p.replacing) > 0 || p.repairing != nil || len(p.replace) > 0:
		scope = read.Replacing()
	case p.addon != nil:
		scope.Parts = append(scope.Parts, observe.Versions)
	}
	if p.in.Live, err = read.Cluster(ctx, p.c, p.name, scope); err != nil {
		return check.Reach(err)
	}
	halted(ctx, p.c, p.in.Live)
	return nil
}

// file is what a person wants who gave no file.
func (p *preparation) file(ctx context.Context) (err error) {
	switch {
	case p.addon != nil:
		p.f, err = p.addon.file(ctx, p.c, p.in.Live)
	case p.f == nil:
		p.f, err = p.group.file(ctx, p.c, p.in.Live)
	}
	if err != nil {
		return err
	}
	var notes []string
	p.f, notes = generations(p.f, p.in.Live)
	p.notes = append(p.notes, notes...)
	p.in.File = p.f
	return nil
}

// drifted says where the record is not as the cluster is, in a paragraph.
func (p *preparation) drifted(ctx context.Context) error {
	r, err := brief(ctx, p.c, p.in.Live)
	if err != nil {
		return check.Reach(err)
	}
	p.drift = r
	if s := said(r); s != "" {
		p.notes = append(p.notes, s)
	}
	return nil
}

// moved finds where new node groups go when somebody replaced the cluster's subnets.
func (p *preparation) moved(ctx context.Context) (err error) {
	var notes []string
	p.in.Net, notes, err = resolve.Moved(ctx, p.c, p.f, p.in.Net, p.toCome())
	p.notes = append(p.notes, notes...)
	return check.Reach(err)
}

// toCome is what there is once what is made again is gone.
func (p *preparation) toCome() *observe.Observed {
	if x := p.repairing; x != nil && x.why != "" {
		return without(p.in.Live, x.group)
	}
	return p.in.Live
}

// versions finds what the file means by versions in words, or in part.
func (p *preparation) versions(ctx context.Context) (err error) {
	resolve.Resolve(p.f, p.in.Live)
	minor := p.f.Cluster.Metadata.Version
	if p.in.Live.Cluster != nil && !p.in.Upgrades() {
		minor = p.in.Live.Cluster.Version
	}
	p.in.Versions, err = namedVersions(ctx, p.c, p.f.Cluster, p.in.Live, minor)
	return err
}

// reach says whether the Kubernetes API can be called from here, and whether it answered.
func (p *preparation) reach(context.Context) error {
	p.in.Keys = sshkey.All(p.f.Cluster)
	if p.in.Unreachable = unreachable(p.c, p.f.Cluster, p.in.Live); p.in.Unreachable == "" {
		for _, n := range p.in.Live.Missed(observe.Inside) {
			p.in.Silent = n.Why // the plan says so, and the steps look for themselves
		}
	}
	return nil
}

func (p *preparation) check(ctx context.Context) error {
	but := p.but
	if len(p.replacing) > 0 && !p.stands() {
		return nil // nothing is made any more
	}
	if p.repairing != nil && (p.repairing.fine || p.repairing.halted) {
		return nil
	}
	if p.skipSubnets {
		but = slices.Concat(but, check.OfSubnets)
		p.notes = append(p.notes, "Not checked, as it was asked for: whether the subnets exist and are the VPC's, have addresses, give public ones, and lead out.")
	}
	found := check.Run(ctx, check.Preflight, p.checked(), but...)
	for _, w := range found {
		p.notes = append(p.notes, w.Sentence())
	}
	return found.Err()
}

// checked is what checks look at.
func (p *preparation) checked() *check.Input {
	in := check.NewInput(p.c, p.f, p.in.Net, p.toCome())
	in.AtOnce = p.in.MaxParallel
	for _, w := range p.in.Replaced {
		in.InTurn = append(in.InTurn, w.Green)
	}
	return in
}

func (p *preparation) plan(ctx context.Context) (err error) {
	if len(p.replacing) > 0 {
		p.made, err = plan.Replace(p.in)
	} else if x := p.repairing; x != nil && x.halted {
		p.made, err = plan.GroupGoesOn(p.in.Live, p.in.Account, x.group)
	} else if x := p.repairing; x != nil && x.fine {
		p.made, err = plan.Healthy(p.in.Live, p.in.Account, x.group)
	} else if x != nil {
		p.made, err = plan.RepairGroup(plan.Repair{Input: p.in, Group: x.group, Why: x.why, Drain: x.Drain})
	} else {
		p.made, err = plan.Build(p.in)
	}
	if err == nil {
		p.made.Notes = append(p.made.Notes, p.notes...)
		err = roomy(ctx, p.c, p.in.Live, p.made, cmp.Or(p.in.MaxParallel, 3))
	}
	return err
}

// owned refuses what would write what Terraform keeps, and says what it keeps of a
// cluster that gets node groups beside its own.
func (p *preparation) owned(context.Context) error {
	if p.in.GroupsAlone && !p.made.Empty() {
		p.made.Notes = append(p.made.Notes, "Who keeps the cluster: "+strings.Join(owner.Of(p.in.Live, p.claims()).Summary(), ". ")+".")
	}
	return ownedBy(p.in.Live, p.made, p.claims(), p.books)
}

// claims are the parts of the cluster that a Terraform state holds, if one was given.
func (p *preparation) claims() map[owner.Ref]string {
	if p.books == nil {
		return p.state.owned(p.in.Live.Name)
	}
	return p.books.claims(p.in.Live.Name)
}

// unreachable says why the Kubernetes API cannot be called from here, "" when it
// can: only the VPC reaches a private endpoint (an in-process region has no network
// in between), and only a principal that the cluster knows is let in.
func unreachable(c *awsc.Clients, cfg *config.ClusterConfig, live *observe.Observed) string {
	if !config.On(cfg.VPC.ClusterEndpoints.PublicAccess, true) && c.Transport == nil {
		return "its endpoint is private"
	}
	a, me := cfg.AccessConfig, awsc.Principal(c.Caller)
	comes := slices.ContainsFunc(a.AccessEntries, func(e config.AccessEntry) bool { return e.PrincipalARN == me })
	for _, n := range live.Missed(observe.Inside) {
		if live.Cluster != nil && !comes && strings.Contains(n.Why, "Unauthorized") {
			return "the cluster does not let " + me + " in (" + n.Why + "): no access entry, and no mapping in aws-auth"
		}
	}
	if config.On(a.BootstrapClusterCreatorAdminPermissions, true) || a.AuthenticationMode == "CONFIG_MAP" {
		return ""
	}
	if comes || live.AccessEntries[me] != nil {
		return ""
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
	if s.hold != nil {
		if err := owned(s.Live, s.Plan, s.hold.b); err != nil {
			return nil, err
		}
	}
	first, err := s.begin()
	if err != nil {
		return nil, err
	}
	if ctx, err = s.hold.Begin(ctx, s.Live, first); err != nil {
		return nil, err
	}
	on := o.OnEvent
	tell, end := s.tells(ctx, o.Clock)
	defer end()
	o.OnEvent = func(e engine.Event) {
		e.Title, e.Reason, e.Error = veil.Words(e.Title), veil.Words(e.Reason), veil.Words(e.Error)
		tell(e)
		if on != nil {
			on(e)
		}
	}
	defer s.Env.EndGates()
	rep, err := engine.Run(ctx, s.Plan.Graph, tasks, o)
	if rep != nil { // what is told of it at the end, and drawn
		rep.FirstFailure = veil.Words(rep.FirstFailure)
		for i := range rep.Spans {
			rep.Spans[i].Reason = veil.Words(rep.Spans[i].Reason)
		}
	}
	return rep, err
}

// Close gives back what a session holds; it is called whatever became of it.
func (s *Session) Close(ctx context.Context) error { return s.hold.Close(ctx) }

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
