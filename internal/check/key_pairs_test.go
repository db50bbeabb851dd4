package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestKeyPairs(t *testing.T) {
	gone := func(r *testregion.Region) {
		if _, err := r.AWS.EC2.DeleteKeyPair(t.Context(), &ec2.DeleteKeyPairInput{KeyName: new("mine")}); err != nil {
			t.Fatal(err)
		}
	}
	finds(t, look(t, testregion.Cluster+"managedNodeGroups: [{name: g, ssh: {publicKeyName: mine}}]\n", gone), "key-not-found",
		"managedNodeGroups[0].ssh.publicKeyName", `no key pair "mine"`)
	finds(t, look(t, testregion.Cluster+"managedNodeGroups: [{name: g, ssh: {publicKeyPath: /no/such/key.pub}}]\n", nil), "key-unreadable", "/no/such/key.pub")
}
