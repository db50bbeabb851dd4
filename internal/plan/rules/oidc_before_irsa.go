package rules

var oidcBeforeIRSA = Rule{
	Name:    "oidc-before-irsa",
	Reason:  "a role for a service account trusts the cluster's OIDC provider by name",
	Source:  "IAM: AssumeRoleWithWebIdentity needs a registered provider; facts/terraform.md §1",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, id := range d.Of(AddonRole, AccountRole) {
			if d.Steps[id].IRSA {
				d.Wait(id, OIDC, "the role's trust policy names the cluster's OIDC provider")
			}
		}
	},
}
