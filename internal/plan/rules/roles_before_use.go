package rules

import "strings"

var rolesBeforeUse = Rule{
	Name:    "roles-before-use",
	Reason:  "EKS checks that a role exists and trusts the right service when it is handed over; pod identity roles need no cluster and start at once",
	Source:  "EKS API errors in facts/eks.md §4, \"IAM propagation\"",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, id := range d.Of(AddonRole) {
			_, name := cut(id)
			addon, _, _ := strings.Cut(name, "/")
			d.Wait(ID(Addon, addon), id, "the add-on runs with this role")
			d.Wait(ID(AddonUpdate, addon), id, "the add-on runs with this role")
		}
		for _, id := range d.Of(AccountRole) {
			_, name := cut(id)
			d.Wait(ID(Account, name), id, "the service account is annotated with this role")
		}
		for _, id := range d.Of(PodRole) {
			_, name := cut(id)
			d.Wait(ID(PodIdentity, name), id, "the association hands out this role")
		}
		for _, id := range d.Of(Account) {
			_, name := cut(id)
			d.Wait(ID(PodIdentity, name), id, "the association is for this service account")
		}
		for _, id := range d.Of(Fargate) {
			d.Wait(id, FargateRole, "its pods run with this role")
		}
		for _, id := range d.Of(KeyPair) {
			_, name := cut(id)
			d.Wait(ID(NodeGroup, name), id, "the instances are launched with this key")
		}
	},
}
