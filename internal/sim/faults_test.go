package sim_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

const faultFile = `
faults:
  - after: 10m
    for: 5m
    call: {service: eks, operation: ListClusters, code: ThrottlingException, message: Rate exceeded, status: 429}
  - call: {service: eks, operation: ListAddons, code: ServerException, status: 500, times: 2}
`

// bare is a client of EKS without any patience.
func bare(s *sim.Sim) *eks.Client {
	return eks.New(eks.Options{Region: "us-west-2", Credentials: credentials.NewStaticCredentialsProvider(iam.Key, iam.Secret, ""),
		HTTPClient: &http.Client{Transport: s}, Retryer: aws.NopRetryer{}})
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestFaultFileHasItsHours(t *testing.T) {
	faults, err := sim.ParseFaults([]byte(faultFile))
	if err != nil {
		t.Fatal(err)
	}
	s := sim.New(sim.Options{Seed: 1})
	s.Region("us-west-2").Inject(faults...)
	c := bare(s)
	list := func() string {
		_, err := c.ListClusters(t.Context(), &eks.ListClustersInput{})
		return code(err)
	}
	for _, x := range []struct {
		advance time.Duration
		code    string
	}{{0, ""}, {9 * time.Minute, ""}, {2 * time.Minute, "ThrottlingException"}, {5 * time.Minute, ""}} {
		s.World.Advance(x.advance)
		if got := list(); got != x.code {
			t.Errorf("at %v: %q, want %q", s.World.Elapsed(), got, x.code)
		}
	}
	for i, want := range []string{"ServerException", "ServerException", "ResourceNotFoundException"} {
		_, err := c.ListAddons(t.Context(), &eks.ListAddonsInput{ClusterName: new("nobody")})
		if got := code(err); got != want {
			t.Errorf("call %d: %q, want %q", i+1, got, want)
		}
	}
}

func TestFaultFileIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		"faults: [{capcity: {instanceType: m5.large}}]": "capcity",
		"faults: [{after: 5m}]":                         "names 0 kinds",
		"faults: [{freeTier: true, vcpus: 4}]":          "names 2 kinds",
		"faults: [{after: soon, freeTier: true}]":       "soon",
	} {
		if _, err := sim.ParseFaults([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
