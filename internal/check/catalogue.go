package check

import (
	"context"
	"slices"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// When says on which occasions a check runs.
type When int

// Occasions.
const (
	Preflight When = 1 << iota // before the first change
	Doctor                     // when something went wrong
	Lint                       // over a text, without an account
)

// Check is one thing that can be known to go wrong, in a file of its own.
type Check struct {
	Name   string // stable, for people who look one up
	Title  string // what it finds out
	Source string // which API it asks
	Codes  []string
	When   When
	Run    func(context.Context, *Input) finding.Findings
}

// All lists the checks in the order in which they run and are reported.
func All() []Check {
	return []Check{
		kubernetesVersion,
		networkPlugin,
		pluginPermissions,
		pluginRole,
		podIdentityAgent,
		subnets,
		publicAddresses,
		wayOut,
		nodeRoles,
		accessEntries,
		keyPairs,
		instanceTypes,
		images,
		releases,
		userData,
		launchTemplates,
		addons,
		quotas,
		permissions,
		encryptionKey,
	}
}

// Input is what checks look at: the file, and what was observed and resolved.
// None of them changes it.
type Input struct {
	AWS    *awsc.Clients
	File   *config.File
	Config *config.ClusterConfig
	Net    vpc.Network
	Live   *observe.Observed
	// InTurn are node groups of the file that come one after the other, AtOnce (0: one) at a
	// time, each in the place of another.
	InTurn []string
	AtOnce int

	dedicated bool // the VPC is that of a cluster that stands, and its stack made it
	asked     *asked
}

// NewInput gathers what checks look at.
func NewInput(c *awsc.Clients, f *config.File, net vpc.Network, live *observe.Observed) *Input {
	return &Input{AWS: c, File: f, Config: f.Cluster, Net: net, Live: live, asked: &asked{}}
}

// Run runs the checks of an occasion, but for some, and reports what they found together.
func Run(ctx context.Context, when When, in *Input, but ...string) finding.Findings {
	var out finding.Findings
	in = in.standing(ctx)
	for _, c := range All() {
		if c.When&when != 0 && !slices.Contains(but, c.Name) {
			out = append(out, c.Run(ctx, in)...)
		}
	}
	return out
}

// AllBut are the names of all checks but one, for who wants that alone.
func AllBut(name string) (out []string) {
	for _, c := range All() {
		if c.Name != name {
			out = append(out, c.Name)
		}
	}
	return out
}

// OfSubnets are the checks that ask whether nodes can live in their subnets.
var OfSubnets = []string{"subnets", "public-addresses", "way-out"}

// at makes a finding at a field of the file: the input is at fault.
func (in *Input) at(code, path, remedy, format string, a ...any) finding.Finding {
	return in.File.At(code, path, format, a...).With(remedy)
}

// groups visits the node groups that are still to be made.
func (in *Input) groups(visit func(config.Group)) {
	in.Config.EachGroup(func(g config.Group) {
		if !in.Live.Has(stack.GroupName(in.Config.Metadata.Name, g.Name)) && in.Live.Groups[g.Name] == nil {
			visit(g)
		}
	})
}

// typesPath is where a group's instance types stand.
func typesPath(g config.Group) string {
	switch {
	case g.Managed != nil && len(g.Managed.InstanceTypes) > 0:
		return g.Path + ".instanceTypes"
	case g.Own != nil && g.Own.InstancesDistribution != nil:
		return g.Path + ".instancesDistribution.instanceTypes"
	}
	return g.Path + ".instanceType"
}
