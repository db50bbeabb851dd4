package kubeapi_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi/contract"
)

// The region answers as the kube-apiserver did whose answers are recorded (test/kubeapi
// asks both; `make kube-contract`).
func TestTheContractIsKept(t *testing.T) {
	n := 0
	c, err := kubeapi.NewCluster("v1.34.2", func(string) string { n++; return fmt.Sprintf("00000000-0000-4000-a000-%012d", n) }, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Token = func(string) *kubeapi.User { return admin }
	c.Signer = &kubeapi.Signer{URL: "https://issuer", Key: issuer.NewKey}
	c.Bootstrap()
	got, err := contract.Ask(&http.Client{Transport: c}, "https://region", "good", nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	want, err := contract.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range contract.Differences(got, want) {
		t.Error(d)
	}
}
