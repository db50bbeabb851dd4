package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// foreign runs a scenario of test/node, a client not written in Go, against a
// fresh served region, and returns what it printed last. What it asks for before
// is done to the region: faults are injected for as long as the answer says.
func foreign(t *testing.T, region, scenario string, asked map[string]func(*sim.Region)) map[string]json.RawMessage {
	t.Helper()
	testregion.Need(t, "node")
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	s := sim.New(sim.Options{Seed: 1, Speed: 600})
	url := make(chan string, 1)
	go s.Serve(ctx, "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the test
	c := exec.CommandContext(ctx, "node", "client.mjs", scenario)
	c.Dir = filepath.Join(testregion.Root(t), "test/node")
	c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+<-url, "AWS_ACCESS_KEY_ID="+iam.Key, "AWS_SECRET_ACCESS_KEY="+iam.Secret, "AWS_REGION="+region,
		"SLIPWAY_CLOCK_SPEED=600", "NODE_NO_WARNINGS=1")
	var errs bytes.Buffer
	c.Stderr = &errs
	in, _ := c.StdinPipe()
	out, _ := c.StdoutPipe()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	lines := json.NewDecoder(out)
	for lines.More() {
		got = nil
		if err := lines.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if raw := got["ask"]; raw != nil {
			asked[decode[string](t, raw)](s.Region(region))
			io.WriteString(in, "done\n") //nolint:errcheck // the client tells when it is gone
		}
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return got
}

func decode[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

type (
	outcome struct {
		Status string
		Issues []struct{ Code, Message string }
	}
	refusal struct{ Error, Message string }
)

// faulty begins a fault when it is asked to, and ends it likewise.
func faulty(f sim.Fault, begin, end string) map[string]func(*sim.Region) {
	var lift func()
	return map[string]func(*sim.Region){begin: func(r *sim.Region) { lift = r.Inject(f) }, end: func(*sim.Region) { lift() }}
}

// Each failure of facts/eks.md §5 that the region's operations reach is provoked
// by a foreign client; removing its cause alone turns it green. Rows 32 and 33
// come with node group upgrades.
func TestForeignClientMeetsTheFailuresOfAWS(t *testing.T) {
	const joined, unhealthy = "^Instances failed to join the kubernetes cluster$", "^Unhealthy nodes in the kubernetes cluster$"
	for _, x := range []struct {
		row                             string
		scenario, status, code, message string // message is a regular expression
		asked                           map[string]func(*sim.Region)
	}{
		{row: "1", scenario: "race", status: "CREATE_FAILED", code: "NodeCreationFailure", message: unhealthy},
		{row: "3", scenario: "noCNIPolicy", status: "CREATE_FAILED", code: "NodeCreationFailure", message: unhealthy},
		{row: "4", scenario: "noPodAddresses", status: "CREATE_FAILED", code: "NodeCreationFailure", message: unhealthy},
		{row: "5", scenario: "cniUnready", status: "CREATE_FAILED", code: "InsufficientNumberOfReplicas",
			message: "doesn't have the desired number of replicas"},
		{row: "6", scenario: "corednsFirst", status: "DEGRADED", code: "InsufficientNumberOfReplicas", message: "doesn't have the desired number of replicas"},
		{row: "7", scenario: "selfManagedCopy", status: "CREATE_FAILED", code: "ConfigurationConflict",
			message: `(?s)Will not continue due to resolve conflicts mode. Conflicts:\n.*DaemonSet.apps aws-node - .spec.template.spec.containers.name="aws-node"..image`},
		{row: "10", scenario: "noRoute", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "11", scenario: "noAutoAssign", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "12", scenario: "restrictedEndpoint", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "13", scenario: "blockedGroup", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "14", scenario: "noAccessEntry", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "15", scenario: "noDNS", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "16", scenario: "badUserData", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "17", scenario: "noWorkerPolicy", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined},
		{row: "18", scenario: "noSTS", status: "CREATE_FAILED", code: "NodeCreationFailure", message: joined,
			asked: faulty(sim.Fault{STSDisabled: true}, "deactivate", "activate")},
		{row: "19", scenario: "vcpuLimit", status: "CREATE_FAILED", code: "AsgInstanceLaunchFailures",
			message: "^Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 8 ",
			asked:   faulty(sim.Fault{VCPUs: new(8)}, "limit", "")},
		{row: "20", scenario: "noCapacity", status: "CREATE_FAILED", code: "AsgInstanceLaunchFailures",
			message: "^Could not launch On-Demand Instances. InsufficientInstanceCapacity - ",
			asked:   faulty(sim.Fault{Capacity: &sim.CapacityFault{InstanceType: "m5.large"}}, "limit", "")},
		{row: "21", scenario: "freeTier", status: "CREATE_FAILED", code: "AsgInstanceLaunchFailures",
			message: "^Could not launch On-Demand Instances. InvalidParameterCombination - .* Free Tier",
			asked:   faulty(sim.Fault{FreeTier: true}, "limit", "")},
		{row: "22", scenario: "fullSubnet", status: "CREATE_FAILED", code: "InsufficientFreeAddresses", message: "not enough free addresses in the subnet"},
		{row: "23", scenario: "templateEdited", status: "DEGRADED", code: "Ec2LaunchTemplateVersionMismatch",
			message: "does not match the version that Amazon EKS created"},
		{row: "23", scenario: "templateDeleted", status: "DEGRADED", code: "Ec2LaunchTemplateNotFound",
			message: "couldn't find the Amazon EC2 launch template"},
		{row: "24", scenario: "scalingGroupDeleted", status: "DEGRADED", code: "AutoScalingGroupNotFound", message: "couldn't find the Auto Scaling group"},
		{row: "24", scenario: "nodeRoleDeleted", status: "DEGRADED", code: "IamNodeRoleNotFound", message: "couldn't find the IAM role"},
		{row: "24", scenario: "profileDeleted", status: "DEGRADED", code: "IamInstanceProfileNotFound", message: "couldn't find the IAM instance profile"},
		{row: "25", scenario: "nodeManagerDeleted", status: "DEGRADED", code: "AccessDenied", message: "failing to authenticate or authorize"},
		{row: "26", scenario: "unreachable", status: "ACTIVE", code: "ClusterUnreachable", message: "unable to communicate",
			asked: faulty(sim.Fault{APIServer: &sim.ServerFault{Cluster: "foreign"}}, "break", "mend")},
		{row: "27", scenario: "subnetDeleted", status: "ACTIVE", code: "Ec2SubnetNotFound", message: "couldn't find one or more subnets"},
		{row: "28", scenario: "fullControlPlaneSubnet", status: "ACTIVE", code: "InsufficientFreeAddresses", message: "not have enough available IP addresses"},
		{row: "29", scenario: "keyDisabled", status: "ACTIVE", code: "KmsKeyDisabled", message: "is disabled"},
		{row: "29", scenario: "keyGoing", status: "ACTIVE", code: "KmsKeyMarkedForDeletion", message: "marked for deletion"},
		{row: "30", scenario: "clusterRoleDeleted", status: "ACTIVE", code: "IamRoleNotFound", message: "couldn't find the cluster IAM role"},
		{row: "30", scenario: "clusterRoleTrust", status: "ACTIVE", code: "AccessDenied", message: "could not assume the cluster IAM role"},
	} {
		t.Run("row "+x.row+" "+x.scenario, func(t *testing.T) {
			got := foreign(t, "us-west-2", x.scenario, x.asked)
			broken, repaired := decode[outcome](t, got["broken"]), decode[outcome](t, got["repaired"])
			if broken.Status != x.status || len(broken.Issues) != 1 || broken.Issues[0].Code != x.code ||
				!regexp.MustCompile(x.message).MatchString(broken.Issues[0].Message) {
				t.Errorf("with the cause: %+v", broken)
			}
			if repaired.Status != "ACTIVE" || len(repaired.Issues) != 0 {
				t.Errorf("without it: %+v", repaired)
			}
			switch x.scenario {
			case "race": // the kubelet's message, to the letter
				if m := decode[[]string](t, got["conditions"]); len(m) != 1 || m[0] != node.NotReadyMessage {
					t.Errorf("the nodes say %q", m)
				}
			case "noPodAddresses":
				if m := strings.Join(decode[[]string](t, got["said"]), "\n"); !strings.Contains(m, "InsufficientFreeAddressesInSubnet") {
					t.Errorf("the pods say %q", m)
				}
			case "fullControlPlaneSubnet":
				if r := decode[refusal](t, got["tooSmall"]); r.Error != "InvalidParameterException" {
					t.Errorf("a subnet with too few addresses: %+v", r)
				}
			}
		})
	}
}

func wants(t *testing.T, got map[string]json.RawMessage, want map[string][2]string) {
	t.Helper()
	for key, w := range want {
		if e := decode[refusal](t, got[key]); e.Error != w[0] || !strings.Contains(e.Message, w[1]) {
			t.Errorf("%s: got %s: %s", key, e.Error, e.Message)
		}
	}
}

// Row 2: the seed of the stale record; live subnets are the way on.
func TestForeignClientMeetsTheStaleRecord(t *testing.T) {
	got := foreign(t, "us-west-2", "staleRecord", nil)
	wants(t, got, map[string][2]string{"described": {"InvalidSubnetID.NotFound", "does not exist"}, "group": {"InvalidParameterException", "does not exist"}})
	if r := decode[outcome](t, got["repaired"]); r.Status != "ACTIVE" {
		t.Errorf("with live subnets: %+v", r)
	}
}

// Rows 8 and 9.
func TestForeignClientRacesAnAddon(t *testing.T) {
	got := foreign(t, "us-west-2", "addonRaces", nil)
	wants(t, got, map[string][2]string{
		"version": {"InvalidParameterException", "Addon version specified is not supported"},
		"raced":   {"ResourceInUseException", "Addon vpc-cni cannot be updated as it is currently in CREATING state"},
	})
	if r := decode[outcome](t, got["repaired"]); r.Status != "ACTIVE" {
		t.Errorf("after waiting: %+v", r)
	}
}

// Row 31.
func TestForeignClientMeetsAZoneWithoutRoom(t *testing.T) {
	got := foreign(t, "us-east-1", "noZone", nil)
	wants(t, got, map[string][2]string{"broken": {"UnsupportedAvailabilityZoneException", "does not currently have sufficient capacity"}})
	if r := decode[outcome](t, got["repaired"]); r.Status != "ACTIVE" {
		t.Errorf("in the zones that EKS names: %+v", r)
	}
}

// Row 36: no entry, an entry without rights, with a policy, and with RBAC alone.
func TestForeignClientIsLetIntoKubernetes(t *testing.T) {
	got := foreign(t, "us-west-2", "noEntry", nil)
	type answer struct {
		Code    int
		Reason  string
		Message string
	}
	for key, want := range map[string]int{"unauthorized": 401, "forbidden": 403, "admin": 200, "bound": 200} {
		if a := decode[answer](t, got[key]); a.Code != want {
			t.Errorf("%s: %+v", key, a)
		}
	}
	if can := decode[[]bool](t, got["can"]); !slices.Equal(can, []bool{true, false}) {
		t.Errorf("kubectl auth can-i list nodes, pods: %v", can)
	}
	if c := decode[int](t, got["pods"]); c != 403 {
		t.Errorf("pods are not in the role: %d", c)
	}
}

func TestForeignClientMeetsTheConflictsOfAWS(t *testing.T) {
	got := foreign(t, "us-west-2", "conflicts", nil)
	wants(t, got, map[string][2]string{
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
		"subnetFree":         {"none", ""},
		"fargatePublic":      {"InvalidParameterException", "is not a private subnet"},
		"invalidPrincipal":   {"InvalidParameterException", "The specified principalArn is invalid: invalid principal."},
		"otherZones":         {"InvalidParameterException", "in at least two different AZs"},
		"unknownType":        {"ValidationError", "Unrecognized resource types: [AWS::Nope::Nothing]"},
	})
	if s := string(got["corednsWithoutNodes"]); s != `"DEGRADED"` {
		t.Errorf("coredns without nodes is %s", s)
	}
}
