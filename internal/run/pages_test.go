package run_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	look "github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// manifold has more than one of whatever is listed.
const manifold = `
iam:
  withOIDC: true
  serviceAccounts:
    - {metadata: {name: one, namespace: default}, attachPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}
    - {metadata: {name: two, namespace: default}, attachPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}
  podIdentityAssociations:
    - {namespace: a, serviceAccountName: a, permissionPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}
    - {namespace: b, serviceAccountName: b, permissionPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}
accessConfig:
  accessEntries:
    - principalARN: arn:aws:iam::111122223333:role/a
      accessPolicies:
        - {policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}}
        - {policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", accessScope: {type: namespace, namespaces: [a]}}
    - {principalARN: "arn:aws:iam::111122223333:role/b"}
addons: [{name: eks-pod-identity-agent}, {name: snapshot-controller}]
fargateProfiles: [{name: f1, selectors: [{namespace: one}]}, {name: f2, selectors: [{namespace: two}]}]
managedNodeGroups:
  - {name: m1, desiredCapacity: 2}
  - {name: m2, desiredCapacity: 1, instanceType: c5.large}
  - {name: m3, desiredCapacity: 1, launchTemplate: {id: lt-0123456789abcdef0, version: "3"}}
  - {name: m4, desiredCapacity: 1, ssh: {publicKeyName: "key 9"}}
nodeGroups: [{name: s1, desiredCapacity: 1}, {name: s2, desiredCapacity: 2}]
cloudWatch: {clusterLogging: {enableTypes: [api, audit], logRetentionInDays: 7}}
`

const subnets = `
vpc:
  id: vpc-mine
  subnets:
    public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}
    private: {us-west-2a: {id: subnet-p}, us-west-2b: {id: subnet-q}}
`

// Pages of one show who forgets the next: whatever is planned, observed, launched and
// removed in them is what it is in whole pages, beside a neighbour that comes first in
// every listing and is left alone.
func TestEverythingIsSeenInPagesOfOne(t *testing.T) {
	neighbour := strings.Replace(testregion.Cluster, "name: test", "name: alpha", 1) + manifold
	for name, text := range map[string]string{"its own VPC": testregion.Cluster + manifold, "existing subnets": testregion.Cluster + subnets + manifold} {
		t.Run(name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, text), 1)
			r.Region.EC2.Quotas.VCPUs = 4096
			if rep := drive(t, r, prepare(t, r, neighbour)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			beside := snapshot(t, r, "alpha")
			same := func(what string, tell func() string) {
				t.Helper()
				whole := tell()
				lift := r.Region.Inject(sim.Fault{Pages: &sim.PagesFault{Size: 1}})
				defer lift()
				if got := tell(); got != whole {
					t.Errorf("%s differs in pages of one: %s", what, firstDifference(whole, got))
				}
			}
			plan := func(text string) func() string {
				return func() string { return entries(t, prepare(t, r, text).Plan) }
			}
			same("the plan of the launch", plan(text))
			lift := r.Region.Inject(sim.Fault{Pages: &sim.PagesFault{Size: 1}})
			if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			if again := prepare(t, r, text).Plan; !again.Empty() {
				t.Errorf("a second launch would do:\n%s", entries(t, again))
			}
			lift()
			same("the observation", func() string { return snapshot(t, r, "test") })
			same("the status", func() string {
				st, err := run.Look(t.Context(), r.AWS, "test", nil)
				if err != nil {
					t.Fatal(err)
				}
				return indented(t, st)
			})
			same("the plan of a change", plan(strings.NewReplacer(
				"m2, desiredCapacity: 1", "m2, desiredCapacity: 2",
				"nodeGroups: [", "nodeGroups: [{name: s3, desiredCapacity: 1, ssh: {publicKeyName: \"key 9\"}}, ",
			).Replace(text)))
			removal := func() *run.Session {
				s, err := run.PrepareDown(t.Context(), r.AWS, "test")
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			same("the plan of the removal", func() string { return entries(t, removal().Plan) })
			lift = r.Region.Inject(sim.Fault{Pages: &sim.PagesFault{Size: 1}})
			rep := drive(t, r, removal())
			lift()
			if !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			if left := snapshot(t, r, "test"); strings.Contains(left, "eksctl-test-") {
				t.Errorf("something is left:\n%s", left)
			}
			if now := snapshot(t, r, "alpha"); now != beside {
				t.Errorf("the neighbour is not as it was: %s", firstDifference(beside, now))
			}
		})
	}
}

// snapshot is everything that can be observed of a cluster.
func snapshot(t *testing.T, r *testregion.Region, cluster string) string {
	t.Helper()
	o, err := look.Cluster(t.Context(), r.AWS, cluster, look.Whole())
	if err != nil {
		t.Fatal(err)
	}
	return indented(t, o)
}

func indented(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// firstDifference is where two texts part, with what comes before.
func firstDifference(a, b string) string {
	as, bs := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return strings.Join(as[max(0, i-12):i+1], "\n") + "\n  became\n" + bs[i]
		}
	}
	return strings.Join(append(as, "  became"), "\n")
}

var (
	call = regexp.MustCompile(`\.(EKS|EC2|CFN|IAM|SSM|ASG|KMS|Logs|Quotas)\.([A-Z]\w+)\(.*`)
	// named is a listing of what is asked for by its identifier, which is one; a subnet has one
	// route table and one network ACL at most.
	named = regexp.MustCompile(`(StackName|VpcIds|KeyNames|AllocationIds|AutoScalingGroupNames|NatGatewayIds|RouteTableIds|GroupIds):|association\.subnet-id`)
)

// Whatever AWS answers in pages is asked for through a paginator, or by identifier.
func TestNothingIsListedByASingleCall(t *testing.T) {
	clients, calls := reflect.TypeFor[awsc.Clients](), 0
	err := filepath.WalkDir(filepath.Join(testregion.Root(t), "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "sim" || strings.HasSuffix(path, "aws/ec2")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			client, _ := clients.FieldByName(m[1])
			method, ok := client.Type.MethodByName(m[2])
			if !ok || method.Type.NumIn() < 3 {
				continue
			}
			calls++
			in := method.Type.In(2).Elem()
			_, token := in.FieldByName("NextToken")
			_, marker := in.FieldByName("Marker")
			if (token || marker) && !named.MatchString(m[0]) {
				t.Errorf("%s lists by a single call: %s", path, m[0])
			}
		}
		return err
	})
	if err != nil || calls < 50 {
		t.Fatalf("%d calls were seen: %v", calls, err)
	}
}
