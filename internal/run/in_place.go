package run

import (
	"context"
	"fmt"
	"strings"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/resolve"
)

// InPlace is what a caller wants of a managed node group whose nodes EKS replaces within it.
type InPlace struct {
	Group    string
	Release  string // of the AMI; "" or Latest: the newest for the control plane's Kubernetes
	Template string // version of the group's own launch template; "": as it is
	Image    string // AMI that a version of it is to have; "": as it is
	Force    bool   // EKS ends pods that budgets hold back
	Books    *Books
}

// Latest is the word for the newest AMI release.
const Latest = "latest"

// PrepareInPlace observes a cluster, and plans what is left of an upgrade in place.
func PrepareInPlace(ctx context.Context, c *awsc.Clients, cluster string, w InPlace) (s *Session, err error) {
	s, err = standing(ctx, c, cluster, w.Books)
	if err != nil {
		return nil, err
	}
	defer func(h *Hold) { err = h.unless(ctx, err) }(s.hold)
	g, err := scalable(s.Live, w.Group)
	if err != nil {
		return nil, err
	}
	to, err := w.release(ctx, c, s.Live, g.Managed)
	if err == nil && w.Image != "" {
		err = w.ownImage(ctx, c, s.Live, g.Managed, &to)
	}
	if err != nil {
		return nil, err
	}
	s.counted, s.done = []string{w.Group}, "the nodes of "+w.Group+" are replaced"
	if to.Image != "" {
		s.done = fmt.Sprintf("node group %s runs AMI release %s", w.Group, to.Image)
	}
	s.Plan, err = plan.Roll(plan.InPlace{Account: c.Account, Live: s.Live, Group: g, To: to, Force: w.Force})
	if err == nil {
		err = roomy(ctx, c, s.Live, s.Plan, 1)
	}
	if err == nil && !s.Plan.Empty() {
		err = w.odd(ctx, c, s.Plan, g.Managed, to)
	}
	if err == nil && s.Plan.Empty() && w.Image != "" {
		s.Plan.Notes = append(s.Plan.Notes, fmt.Sprintf("The node group %s runs the AMI %s already.", w.Group, w.Image))
	}
	if err == nil && s.Plan.Empty() && to.Image != "" {
		s.Plan.Notes = append(s.Plan.Notes, fmt.Sprintf("The node group %s runs AMI release %s already.", w.Group, to.Image))
	}
	return s.planned(w.Books, err)
}

// release is what the group's nodes are to be made from.
func (w InPlace) release(ctx context.Context, c *awsc.Clients, live *observe.Observed, g *observe.Nodegroup) (plan.Release, error) {
	to := plan.Release{Version: live.Cluster.Version, Template: w.Template}
	switch {
	case g == nil || g.AMIType == "CUSTOM": // there is none of EKS's
		return to, nil
	case w.Release != "" && w.Release != Latest:
		to.Image = w.Release
		if m := eksfacts.ReleaseMinor(g.AMIType, w.Release); m != "" {
			to.Version = m
		}
		return to, nil
	case w.Release == "" && w.Template != "": // the template alone
		to.Version, to.Image = g.Version, g.ReleaseVersion
		return to, nil
	}
	var err error
	to.Image, err = resolve.NewestRelease(ctx, c, g.AMIType, to.Version)
	if err == nil && to.Image == "" && !strings.HasPrefix(g.AMIType, "AL2_") { // of AL2, the plan says why
		err = finding.Findings{{Code: "no-release", Severity: finding.Error, Where: finding.Where{Resource: "node group " + g.Name},
			What:   fmt.Sprintf("AWS publishes no AMI of type %s for Kubernetes %s", g.AMIType, to.Version),
			Breaks: "nothing was changed", Remedy: "say which: --release-version"}}
	}
	return to, check.Reach(err)
}

// odd tells of a release that somebody names what may not be meant: that AWS publishes none of that
// name, though EKS may know it all the same (amazon-eks-ami #559), and that it is older than what
// runs (ops case 22).
func (w InPlace) odd(ctx context.Context, c *awsc.Clients, p *plan.Plan, g *observe.Nodegroup, to plan.Release) error {
	if w.Release == "" || w.Release == Latest || g.AMIType == "CUSTOM" {
		return nil
	}
	if eksfacts.OlderRelease(to.Image, g.ReleaseVersion) {
		p.Notes = append(p.Notes, fmt.Sprintf("The AMI release %s is older than %s, which %s has: its nodes go back.", to.Image, g.ReleaseVersion, g.Name))
	}
	at := resolve.OfRelease(g.AMIType, to.Version, to.Image)
	if at == "" {
		return nil
	}
	newest := resolve.OfAMIType(g.AMIType, to.Version).Release
	have, err := resolve.Published(ctx, c, []string{at, newest})
	if err == nil && have[at] == "" {
		p.Notes = append(p.Notes, fmt.Sprintf("AWS publishes no AMI release %s of type %s (SSM %s); EKS refuses what it does not know. The newest is %s.",
			to.Image, g.AMIType, at, have[newest]))
	}
	return check.Reach(err)
}
