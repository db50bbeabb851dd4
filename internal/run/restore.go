package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/blame"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/steps"
)

// RestoreOptions say which earlier state is brought back, and how far.
type RestoreOptions struct {
	// Snapshot is the earlier state, and From its name; nil: what the record says, and
	// CloudTrail of what the record does not have.
	Snapshot *observe.Observed
	From     string
	File     *config.File // what is desired, where the record is gone by: it goes before the record
	Subnets  []string     // only these, and what is theirs
	Only     []string     // only the fields at and below these paths of the catalogue
	Remove   bool         // what was added since is taken away, too
	// Guard leaves alone what we brought back within the loop's time and drifted again: no
	// repair is repeated by itself.
	Guard bool
	// Books are kept by a caller who means to run the plan; nil: it only looks.
	Books *Books

	wants func(path, key string) bool // of a rollback: what an operation touched
	lost  []string                    // of a rollback: what no restore brings back
}

// Restore is an earlier state that is brought back: the session that does it.
type Restore struct {
	*Session
	options RestoreOptions
	was     *observe.Observed
	after   *observe.Observed // as it was seen at the end; nil: it was not
}

// PrepareRestore observes a cluster and plans how an earlier state is brought back. It
// changes nothing. What AWS would refuse in the middle is a finding.
func PrepareRestore(ctx context.Context, c *awsc.Clients, name string, o RestoreOptions) (s *Restore, err error) {
	seen, err := looked(ctx, c, name, o.Books, read.Whole())
	if err != nil {
		return nil, err
	}
	defer func() { err = seen.hold.unless(ctx, err) }()
	live := seen.Live
	if live.Cluster == nil {
		return nil, absent(ctx, c, name)
	}
	s = &Restore{options: o, was: o.Snapshot, Session: seen}
	var notes []string
	if s.was == nil {
		notes, err = s.recorded(ctx)
	} else {
		err = sameCluster(s.was, live, o.From)
	}
	if err == nil {
		err = s.addresses(ctx)
	}
	if err != nil {
		return nil, err
	}
	in := plan.Restoration{Name: name, Region: c.Region, Account: c.Account, Was: s.was, Live: live,
		Subnets: o.Subnets, Wants: s.wants(), Remove: o.Remove, Lost: o.lost}
	if s.Plan, err = plan.Restore(in); err == nil && o.Guard && o.Books != nil {
		err = s.guard(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	s.Plan.Notes = append(notes, s.Plan.Notes...)
	s.seen = s.look
	return s, owned(live, s.Plan, o.Books)
}

// wants are the fields to be brought back; nil: all.
func (s *Restore) wants() func(path, key string) bool {
	if s.options.wants != nil || len(s.options.Only) == 0 {
		return s.options.wants
	}
	return func(path, _ string) bool {
		return slices.ContainsFunc(s.options.Only, func(p string) bool { return drift.Fits(p, path) || drift.Fits(path, p) })
	}
}

// guard plans again without what another owner sets, and names that.
func (s *Restore) guard(ctx context.Context, in plan.Restoration) error {
	b := s.options.Books
	done, err := repairedSince(ctx, Journal(b.Store, s.AWS, in.Name), s.Live, b.Now())
	if err != nil {
		return err
	}
	wants := in.Wants
	in.Wants = func(path, key string) bool {
		ours := slices.ContainsFunc(done, func(x repaired) bool { return !x.when(path, key).IsZero() })
		return !ours && path != "stacks" && (wants == nil || wants(path, key))
	}
	all := s.Plan
	if s.Plan, err = plan.Restore(in); err != nil {
		return err
	}
	for _, e := range all.Entries {
		if s.Plan.Entry(e.ID) == nil || s.Plan.Entry(e.ID).Title != e.Title {
			s.Plan.Notes = append(s.Plan.Notes, fmt.Sprintf("Another owner sets this, as we brought it back within the last %.0f hours; left as it is: %s. "+
				"slipway drift %s says who.", Loop.Hours(), e.Title, in.Name))
		}
	}
	return nil
}

// sameCluster refuses a snapshot of another cluster, or of one that was made again since.
func sameCluster(was, live *observe.Observed, from string) error {
	refuse := func(what, remedy string) error {
		return finding.Findings{{Code: "snapshot-foreign", Severity: finding.Error, Where: finding.Where{Resource: "snapshot " + from},
			What: what, Remedy: remedy, Input: true}}
	}
	switch {
	case was.Name != live.Name || was.Region != live.Region || was.Account != "" && was.Account != live.Account:
		return refuse(fmt.Sprintf("is of cluster %s in %s (account %s), and not of %s in %s", was.Name, was.Region, was.Account, live.Name, live.Region),
			"name one of this cluster: slipway snapshot list "+live.Name)
	case was.Cluster == nil:
		return refuse("has no control plane: EKS had no such cluster then", "name another: slipway snapshot list "+live.Name)
	case !was.Cluster.CreatedAt.Equal(live.Cluster.CreatedAt):
		return refuse("is of the cluster of that name that was made at "+was.Cluster.CreatedAt.UTC().Format("2006-01-02 15:04Z")+", and this one was made later",
			"name a snapshot of this one: slipway snapshot list "+live.Name)
	}
	return nil
}

// recorded makes the earlier state from what the record says, and from what CloudTrail
// tells of subnets that no template has. The notes say where it comes from.
func (s *Restore) recorded(ctx context.Context) (notes []string, err error) {
	t := drift.Of(s.Live)
	if f := s.options.File; f != nil {
		f, _ = generations(f, s.Live)
		t.File, t.Desired = f.Name, f.Cluster
		t.Declared = func(path string) bool { _, ok := f.Written(path); return ok }
	}
	if len(t.Resources) == 0 {
		return nil, finding.Findings{{Code: "no-record", Severity: finding.Error, Where: finding.Where{Resource: "cluster " + s.Live.Name},
			What:   "no stack of eksctl's contract says what it was like",
			Remedy: "name a snapshot: --snapshot ID (slipway snapshot list " + s.Live.Name + ")"}}
	}
	s.was = drift.Wanted(t)
	notes = []string{"No snapshot is named: what the stacks' templates say is brought back, and CloudTrail is asked of subnets that they do not have. " +
		"What neither tells stays as it is."}
	for _, id := range missing(s.was, s.options.Subnets) {
		told, err := blame.RecallSubnet(ctx, s.AWS, id)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && slices.Contains(s.options.Subnets, id):
			return nil, finding.Findings{{Code: "restore-unknown", Severity: finding.Error, Where: finding.Where{Resource: "subnet " + id},
				What:   "no template has it, and CloudTrail's event history, which may tell what it was, cannot be read: " + awsc.Message(err),
				Remedy: "let the caller read it (cloudtrail:LookupEvents), or name a snapshot that has the subnet (slipway snapshot list " + s.Live.Name + ")"}}
		case err != nil:
			notes = append(notes, "CloudTrail's event history cannot be read, and no template has the subnet "+id+": "+awsc.Message(err)+".")
		case told == nil:
			notes = append(notes, "Neither a template nor CloudTrail's last 90 days tell what the subnet "+id+" was.")
		default:
			s.recall(told)
			notes = append(notes, "What the subnet "+id+" was is told by CloudTrail alone.")
		}
	}
	return notes, nil
}

// missing are subnets that something names and that the earlier state does not have.
func missing(was *observe.Observed, asked []string) []string {
	named := slices.Clone(asked)
	if v := was.Cluster.ResourcesVPCConfig; v != nil {
		named = append(named, v.SubnetIDs...)
	}
	for _, g := range was.Groups {
		named = append(named, g.Subnets...)
	}
	slices.Sort(named)
	return slices.DeleteFunc(slices.Compact(named), func(id string) bool { return was.Network != nil && was.Network.Subnets[id] != nil })
}

// recall puts what CloudTrail told of a subnet into the earlier state.
func (s *Restore) recall(told *blame.Subnet) {
	n := s.was.Network
	if n.Subnets == nil {
		n.Subnets = map[string]*observe.Subnet{}
	}
	n.Subnets[told.ID] = &told.Subnet
	if t := n.RouteTables[told.Table]; t != nil {
		t.Associations = append(t.Associations, observe.Association{Subnet: told.ID})
	}
}

// addresses looks for the elastic IPs of NAT gateways that are gone: the observation has
// those of gateways that are there.
func (s *Restore) addresses(ctx context.Context) error {
	if s.was.Network == nil || s.Live.Network == nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(s.was.Network.NATGateways)) {
		was := s.was.Network.NATGateways[id]
		for i := range was.Addresses {
			a := &was.Addresses[i]
			in := &ec2.DescribeAddressesInput{Filters: []ec2types.Filter{{Name: new("allocation-id"), Values: []string{a.Allocation}}}}
			if a.Allocation == "" {
				in.Filters = []ec2types.Filter{{Name: new("public-ip"), Values: []string{a.PublicIP}}}
			}
			if a.Allocation+a.PublicIP == "" || s.Live.Network.Addresses[a.Allocation] != nil {
				continue
			}
			d, err := s.AWS.EC2.DescribeAddresses(ctx, in)
			if err != nil {
				return check.Reach(fmt.Errorf("looking for the elastic IP of NAT gateway %s: %w", id, err))
			}
			for _, x := range d.Addresses {
				a.Allocation = aws.ToString(x.AllocationId)
				if s.Live.Network.Addresses == nil {
					s.Live.Network.Addresses = map[string]*observe.Address{}
				}
				s.Live.Network.Addresses[a.Allocation] = &observe.Address{Allocation: a.Allocation, PublicIP: aws.ToString(x.PublicIp),
					Interface: aws.ToString(x.NetworkInterfaceId)}
			}
		}
	}
	return nil
}

// look looks again after a restore, and says what is left of it.
func (s *Restore) look(ctx context.Context) (string, error) {
	o := s.options
	o.Books = nil
	again, err := PrepareRestore(ctx, s.AWS, s.Plan.Cluster, o)
	if err != nil {
		return "", err
	}
	s.after = again.Live
	var left []string
	for _, e := range again.Plan.Entries {
		left = append(left, e.Title)
	}
	if len(left) > 0 {
		return "left to be brought back: " + strings.Join(left, "; "), nil
	}
	return "what could be brought back is as it was", nil
}

// Replaced is a thing that was made again, and has another ID than the one whose place it
// takes. The JSON names are a contract.
type Replaced struct {
	Type  string `json:"type"` // of the event: replaced
	What  string `json:"what"` // subnet, NAT gateway
	Was   string `json:"was"`
	Now   string `json:"now"`
	Block string `json:"cidr"`
}

// Replaced are what the restore made again, as it was seen afterwards.
func (s *Restore) Replaced() []Replaced {
	var out []Replaced
	if s.after == nil || s.after.Network == nil {
		return nil
	}
	at := func(p steps.Place) string {
		for _, id := range slices.Sorted(maps.Keys(s.after.Network.Subnets)) {
			if x := s.after.Network.Subnets[id]; x.VPC == p.VPC && x.CIDR == p.CIDR {
				return id
			}
		}
		return ""
	}
	for _, e := range s.Plan.Entries {
		switch x := e.Step.(type) {
		case *steps.Subnet:
			if now := at(x.Place); now != "" {
				out = append(out, Replaced{"replaced", "subnet", x.Was, now, x.Place.CIDR})
			}
		case *steps.NATGateway:
			for _, id := range slices.Sorted(maps.Keys(s.after.Network.NATGateways)) {
				if n := s.after.Network.NATGateways[id]; n.State == "available" && n.Subnet == at(x.Place) {
					out = append(out, Replaced{"replaced", "NAT gateway", x.Was, id, x.Place.CIDR})
				}
			}
		}
	}
	return out
}
