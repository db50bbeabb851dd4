package eks

import "github.com/slipway-eks/slipway/internal/sim/world"

// events says what happens to what is under way. The key of each is a cluster's own
// identifier, so that nothing happens to a later cluster of the same name.
func (s *EKS) events() {
	on(s, "eks:interfaces", func(c *cluster, _ struct{}) { s.placeInterfaces(c) })
	on(s, "eks:cluster-up", func(c *cluster, _ struct{}) { s.clusterUp(c) })
	on(s, "eks:cluster-down", func(c *cluster, _ struct{}) { s.clusterDown(c) })
	on(s, "eks:updated", s.updated)
	on(s, "eks:version-move", s.moveInterfaces)
	on(s, "eks:auto-drift", func(c *cluster, _ struct{}) { c.autoDrift() })
	on(s, "eks:cancelled", s.cancelled)
	on(s, "eks:settled", func(c *cluster, _ struct{}) { s.settled(c) })
	on(s, "eks:health", func(c *cluster, _ struct{}) { c.checkHealth() })
	on(s, "eks:joins", s.join)
	on(s, "eks:fargate-up", s.profileUp)
	on(s, "eks:fargate-down", s.profileDown)
	on(s, "eks:fargate-pod", (*cluster).startMicroVM)
	on(s, "eks:auto-node", func(c *cluster, _ struct{}) { c.startAutoNode() })
	on(s, "eks:capability-up", s.capabilityUp)
	on(s, "eks:capability-updated", s.capabilityUpdated)
	on(s, "eks:capability-down", s.capabilityDown)
	on(s, "eks:insights", func(c *cluster, _ struct{}) { c.checkInsights() })
	on(s, "eks:insights-refreshed", func(c *cluster, _ struct{}) { c.refreshed() })
	on(s, "eks:addon-install", s.addonInstall)
	on(s, "eks:addon-made", s.addonMade)
	on(s, "eks:addon-judge", s.addonJudge)
	on(s, "eks:addon-gone", s.addonGone)
	on(s, "eks:addon-updated", s.addonUpdated)
	on(s, "eks:group-provision", s.groupProvision)
	on(s, "eks:group-await", s.groupAwait)
	on(s, "eks:group-active", s.groupActive)
	on(s, "eks:group-scale-in", s.groupScaleIn)
	on(s, "eks:group-gone", s.groupGone)
	on(s, "eks:group-updated", s.groupUpdated)
	on(s, "eks:group-roll", s.groupRoll)
	on(s, "eks:node-leaves", s.nodeLeaves)
}

// on says what happens at a kind of event of a cluster that is there.
func on[P any](s *EKS, kind string, do func(*cluster, P)) {
	world.On(s.w, kind, func(id string, p P) {
		if c := s.clusters.Find(func(c *cluster) bool { return c.ID == id }); c != nil {
			do(c, p)
		}
	})
}

// part is a resource of a cluster, by its ARN too: another of the same name that
// comes later is not meant.
type part struct{ Name, ARN string }
