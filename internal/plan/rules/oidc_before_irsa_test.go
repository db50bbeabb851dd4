package rules

import "testing"

func TestRolesThatNameTheIssuerWaitForIt(t *testing.T) {
	expect(t, oidcBeforeIRSA, "",
		[]Step{{Kind: OIDC}, {Kind: AddonRole, Name: "a", IRSA: true}, {Kind: AccountRole, Name: "s", IRSA: true}, {Kind: AddonRole, Name: "b"}, {Kind: PodRole, Name: "p"}},
		[]string{"addon-role/a < oidc-provider", "service-account-role/s < oidc-provider"},
		[]string{"addon-role/b < oidc-provider", "pod-identity-role/p < oidc-provider"})
}
