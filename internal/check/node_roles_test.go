package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestNodeRoles(t *testing.T) {
	group := func(account string) string {
		return testregion.Cluster + `nodeGroups: [{name: g, desiredCapacity: 1, iam: {instanceRoleARN: "arn:aws:iam::` + account + `:role/nodes"}}]` + "\n"
	}
	finds(t, look(t, group("999999999999"), nil), "role-of-another-account", "nodeGroups[0].iam.instanceRoleARN", "is of account 999999999999",
		"name one of account 111122223333")
	if fs := look(t, group("111122223333"), nil); len(fs) > 0 {
		t.Errorf("%v", fs)
	}
	// An access entry may be of any account.
	if fs := look(t, testregion.Cluster+`accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::999999999999:role/ops"}]}`+"\n", nil); len(fs) > 0 {
		t.Errorf("%v", fs)
	}
}
