package sim_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A request that only asks is answered that it would have succeeded, and changes
// nothing.
func TestADryRunDoesNothing(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	keys := func() int {
		out, err := r.AWS.EC2.DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.KeyPairs)
	}
	is := func(err error, code string, status int) {
		t.Helper()
		var a smithy.APIError
		var h *smithyhttp.ResponseError
		if !errors.As(err, &a) || a.ErrorCode() != code || !errors.As(err, &h) || h.HTTPStatusCode() != status {
			t.Errorf("got %v, want %s (%d)", err, code, status)
		}
	}
	in := ec2.ImportKeyPairInput{KeyName: new("k"), PublicKeyMaterial: []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut"), DryRun: new(true)}
	_, err := r.AWS.EC2.ImportKeyPair(t.Context(), &in)
	is(err, "DryRunOperation", http.StatusPreconditionFailed)
	_, err = r.AWS.EC2.DescribeKeyPairs(t.Context(), &ec2.DescribeKeyPairsInput{DryRun: new(true)})
	is(err, "DryRunOperation", http.StatusPreconditionFailed)
	if keys() != 0 {
		t.Error("the key is there")
	}
	in.DryRun = new(false)
	if _, err = r.AWS.EC2.ImportKeyPair(t.Context(), &in); err != nil || keys() != 1 {
		t.Errorf("one that is no dry run: %v", err)
	}
}
