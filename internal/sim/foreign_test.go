package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// foreign runs a scenario of test/node/client.mjs, a client not written in Go,
// against a fresh served region, and returns what it printed.
func foreign(t *testing.T, scenario string) map[string]json.RawMessage {
	t.Helper()
	testregion.Need(t, "node")
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	s := sim.New(sim.Options{Seed: 1, Speed: 600})
	url := make(chan string, 1)
	go s.Serve(ctx, "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the test
	c := exec.CommandContext(ctx, "node", "client.mjs", scenario)
	c.Dir = filepath.Join(testregion.Root(t), "test/node")
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+<-url, "AWS_ACCESS_KEY_ID="+iam.Key, "AWS_SECRET_ACCESS_KEY="+iam.Secret, "AWS_REGION=us-west-2", "SLIPWAY_CLOCK_SPEED=600", "NODE_NO_WARNINGS=1")
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return got
}

// Each failure is provoked by a foreign client; removing its cause alone turns the
// next group green (facts/eks.md §5).
func TestForeignClientMeetsTheFailuresOfAWS(t *testing.T) {
	for scenario, message := range map[string]string{
		"race":               "Unhealthy nodes in the kubernetes cluster",       // row 1
		"noCNIPolicy":        "Unhealthy nodes in the kubernetes cluster",       // row 3
		"noRoute":            "Instances failed to join the kubernetes cluster", // row 10
		"noAutoAssign":       "Instances failed to join the kubernetes cluster", // row 11
		"restrictedEndpoint": "Instances failed to join the kubernetes cluster", // row 12
		"noWorkerPolicy":     "Instances failed to join the kubernetes cluster", // row 17
		"noDNS":              "Instances failed to join the kubernetes cluster", // row 15
	} {
		t.Run(scenario, func(t *testing.T) {
			got := foreign(t, scenario)
			type group struct {
				Status string
				Issues []struct{ Code, Message string }
			}
			var broken, repaired group
			if err := json.Unmarshal(got["broken"], &broken); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(got["repaired"], &repaired); err != nil {
				t.Fatal(err)
			}
			if broken.Status != "CREATE_FAILED" || len(broken.Issues) != 1 || broken.Issues[0].Code != "NodeCreationFailure" || broken.Issues[0].Message != message {
				t.Errorf("with the cause: %+v", broken)
			}
			if repaired.Status != "ACTIVE" || len(repaired.Issues) != 0 {
				t.Errorf("without it: %+v", repaired)
			}
		})
	}
}

// Instances that find no address: row 22; a group elsewhere comes up.
func TestForeignClientMeetsFullSubnets(t *testing.T) {
	got := foreign(t, "fullSubnet")
	if s := string(got["broken"]); !strings.Contains(s, "CREATE_FAILED") || !strings.Contains(s, "AsgInstanceLaunchFailures") || !strings.Contains(s, "not enough free addresses") {
		t.Errorf("in the full subnet: %s", s)
	}
	if s := string(got["repaired"]); !strings.Contains(s, "ACTIVE") {
		t.Errorf("elsewhere: %s", s)
	}
}

func TestForeignClientMeetsTheConflictsOfAWS(t *testing.T) {
	got := foreign(t, "conflicts")
	for key, want := range map[string][2]string{
		"missing":            {"ResourceNotFoundException", "No cluster found for name: nobody."},
		"oneZone":            {"InvalidParameterException", "Subnets specified must be in at least two different AZs"},
		"duplicate":          {"ResourceInUseException", "Cluster already exists with name: foreign"},
		"addonTwice":         {"ResourceInUseException", "Addon already exists"},
		"addonVersion":       {"InvalidParameterException", "Addon version specified is not supported"},
		"groupWhileUpdating": {"InvalidRequestException", "Cluster 'foreign' is not in ACTIVE status"},
		"secondUpdate":       {"ResourceInUseException", "Cannot LoggingUpdate because cluster foreign currently has update"},
		"al2":                {"InvalidParameterException", "AMI Type AL2_x86_64 is only supported for kubernetes versions 1.32 or earlier"},
		"deleteAttached":     {"ResourceInUseException", "Cluster has nodegroups attached"},
		"subnetGone":         {"InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist"},
		"subnetInUse":        {"DependencyViolation", "has dependencies and cannot be deleted."},
		"invalidPrincipal":   {"InvalidParameterException", "The specified principalArn is invalid: invalid principal."},
		"unknownType":        {"ValidationError", "Unrecognized resource types: [AWS::Nope::Nothing]"},
	} {
		var e struct{ Error, Message string }
		if err := json.Unmarshal(got[key], &e); err != nil {
			t.Fatal(err)
		}
		if e.Error != want[0] || !strings.Contains(e.Message, want[1]) {
			t.Errorf("%s: got %s: %s", key, e.Error, e.Message)
		}
	}
	// A control-plane subnet that is deleted shows in the cluster's health until the
	// cluster no longer lists it: row 27.
	if a, b := string(got["health"]), string(got["healed"]); !strings.Contains(a, "Ec2SubnetNotFound") || b != "[]" {
		t.Errorf("health with the subnet gone %s, without it %s", a, b)
	}
	if s := string(got["corednsWithoutNodes"]); s != `"DEGRADED"` {
		t.Errorf("coredns without nodes is %s", s)
	}
}
