package rules

import "testing"

func TestFargateProfilesGoOneAtATime(t *testing.T) {
	expect(t, fargateOneAtATime, "",
		[]Step{{Kind: Fargate, Name: "a"}, {Kind: Fargate, Name: "b"}, {Kind: Fargate, Name: "c"}},
		[]string{"fargate-profile/b < fargate-profile/a", "fargate-profile/c < fargate-profile/b"},
		[]string{"fargate-profile/a < fargate-profile/b"})
}
