package read_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/observe/read"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// rich has something of every kind that the document holds.
const rich = testregion.Cluster + `
iam:
  withOIDC: true
  serviceAccounts: [{metadata: {name: sa}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
  podIdentityAssociations: [{namespace: ns, serviceAccountName: pod, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
accessConfig:
  accessEntries:
    - principalARN: "arn:aws:iam::444455556666:role/ops"
      accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}}]
iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/x", username: x, groups: [crew]}, {serviceName: emr-containers, namespace: emr}]
identityProviders: [{type: oidc, name: dex, issuerURL: "https://dex.example", clientID: abc}]
addons: [{name: eks-pod-identity-agent}, {name: coredns, configurationValues: '{"replicaCount": 3}'}]
cloudWatch: {clusterLogging: {enableTypes: [api], logRetentionInDays: 7}}
fargateProfiles: [{name: fp, selectors: [{namespace: ns}]}]
managedNodeGroups:
  - {name: m, desiredCapacity: 2, labels: {a: b}, taints: [{key: k, value: v, effect: NoSchedule}], asgSuspendProcesses: [AZRebalance]}
  - {name: t, desiredCapacity: 1, disablePodIMDS: true}
nodeGroups: [{name: s, desiredCapacity: 1, ssh: {publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJ8mXVnVbkT3hYHMbUgT4Qd6Q9k5yH5G8m7p2yTzF1K me"}}]
`

// launched is a region in which a config was launched.
func launched(t *testing.T, text string) *testregion.Region {
	t.Helper()
	f := testregion.Load(t, text)
	r := testregion.New(t, f, 1)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil || !rep.OK() {
		t.Fatalf("%v %v", rep.FirstFailure, err)
	}
	return r
}

func whole(t *testing.T, r *testregion.Region) *observe.Observed {
	t.Helper()
	o, err := read.Cluster(t.Context(), r.AWS, "test", read.Whole())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Nothing that stands is left out: every kind of the document is there, and a
// walk over its types finds no kind that never is.
func TestWholeHoldsEverything(t *testing.T) {
	o := whole(t, launched(t, rich))
	if len(o.NotRead) > 0 {
		t.Errorf("not read: %v", o.NotRead)
	}
	for _, v := range []reflect.Value{reflect.ValueOf(*o), reflect.ValueOf(*o.Network), reflect.ValueOf(*o.Kubernetes)} {
		for i := range v.NumField() {
			switch n := v.Type().Field(i).Name; {
			case n == "At", n == "NotRead": // no time was given, nothing was missed
			case n == "Upgrades": // what EKS offers is nothing of the cluster
			case n == "Published", n == "LoadBalancers": // no Service asks for a load balancer
			case n == "Pods", n == "Rooms", n == "Replacements", n == "LocalServices": // they come and go: only what takes nodes away looks at them
			case n == "EgressOnly", n == "Endpoints", n == "VPCCNIConfig", n == "Budgets" && len(o.Kubernetes.Budgets) == 0: // an IPv4 VPC, without endpoints or Windows
			case v.Field(i).IsZero():
				t.Errorf("%s.%s is empty", v.Type(), n)
			}
		}
	}
	for what, ok := range map[string]bool{
		"add-on configuration":     o.Addons["coredns"].ConfigurationValues == `{"replicaCount": 3}`,
		"taints as EKS spells":     slices.Equal(o.Groups["m"].Taints, observe.Sorted[observe.Taint]{{Key: "k", Value: "v", Effect: "NO_SCHEDULE"}}),
		"access policy with scope": o.AccessEntries["arn:aws:iam::444455556666:role/ops"].Policies[0].AccessScope.Type == "cluster",
		"association":              o.PodIdentities["ns/pod"] != nil && strings.Contains(o.PodIdentities["ns/pod"].RoleARN, ":role/"),
		"its role's policy":        role(o, o.PodIdentities["ns/pod"].RoleARN).Attached[0].Name == "AmazonS3ReadOnlyAccess",
		"its role's trust":         strings.Contains(fmt.Sprint(role(o, o.PodIdentities["ns/pod"].RoleARN).Trust), "pods.eks.amazonaws.com"),
		"managed ASG":              o.ScalingGroupOf("m").Managed && o.ScalingGroupOf("m").Suspends("AZRebalance"),
		"self-managed ASG":         !o.ScalingGroupOf("s").Managed && o.ScalingGroupOf("s").DesiredCapacity == 1,
		"instances of all groups":  len(o.Instances) == 4,
		"outputs":                  o.Stacks["eksctl-test-cluster"].Output("VPC") == o.Cluster.ResourcesVPCConfig.VPCID,
		"exports":                  o.Stacks["eksctl-test-cluster"].Exports["VPC"] == "eksctl-test-cluster::VPC",
		"template and resources":   strings.Contains(o.Stacks["eksctl-test-cluster"].Template, "ControlPlane") && len(o.Stacks["eksctl-test-cluster"].Resources) > 10,
		"log retention":            o.LogGroups[eksfacts.LogGroup("test")].RetentionInDays == 7,
		"nodes Ready by group":     o.Kubernetes.Nodes[slices.Sorted(keysOf(o.Kubernetes.Nodes))[0]].Ready,
		"a service account's role": o.Kubernetes.ServiceAccounts["default/sa"].Annotations[observe.RoleAnnotation] != "",
		"EMR's binding":            o.Kubernetes.RoleBindings["emr/emr-containers"] != nil,
		"aws-auth":                 strings.Contains(o.Kubernetes.AWSAuth["mapRoles"], "role/x"),
		"the CNI's DaemonSet":      o.Kubernetes.DaemonSets["kube-system/aws-node"].Ready > 0,
		"caller":                   strings.HasPrefix(o.Caller, "arn:aws:"),
	} {
		if !ok {
			t.Errorf("%s: not as the region has it", what)
		}
	}
	var public, private int
	for id := range o.Network.Subnets {
		for _, route := range o.Network.RoutesOf(id).Routes {
			switch {
			case o.Network.InternetGateways[route.Gateway] != nil:
				public++
			case o.Network.NATGateways[route.NATGateway] != nil:
				private++
			}
		}
	}
	if public != 3 || private != 3 {
		t.Errorf("%d subnets lead to the internet gateway, %d to a NAT gateway", public, private)
	}
}

func keysOf[T any](m map[string]T) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func role(o *observe.Observed, arn string) *observe.Role {
	if r := o.Roles[arn[strings.LastIndex(arn, "/")+1:]]; r != nil && len(r.Attached) > 0 {
		return r
	}
	return &observe.Role{Attached: observe.Sorted[observe.Attached]{{}}}
}

// Two looks at one state are one text, and what is saved reads back equal.
func TestTheDocumentIsAValue(t *testing.T) {
	r := launched(t, rich)
	var first, second bytes.Buffer
	o := whole(t, r)
	if err := o.Write(&first); err != nil {
		t.Fatal(err)
	}
	if err := whole(t, r).Write(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("two looks at one state differ")
	}
	back, err := observe.Read(&first)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, o) {
		t.Error("what was read back is not what was saved")
	}
	for _, text := range []string{"", "[]", `{"version": 0}`, `{"version": 2}`} {
		if _, err := observe.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is taken for an observation", text)
		}
	}
}

// What could not be read is said, and not taken for absent; what must be known
// fails, by name.
func TestWhatCannotBeReadIsSaid(t *testing.T) {
	r := launched(t, rich)
	deny := func(service, operation, code string) sim.Fault {
		return sim.Fault{Call: &sim.CallFault{Service: service, Operation: operation, Code: code, Message: "not allowed", Status: 403}}
	}
	for _, c := range []struct {
		fault sim.Fault
		part  observe.Part
	}{
		{deny("iam", "GetRole", "AccessDenied"), observe.Roles},
		{deny("ec2", "DescribeRouteTables", "UnauthorizedOperation"), observe.Networking},
		{deny("ec2", "DescribeLaunchTemplateVersions", "UnauthorizedOperation"), observe.Machines},
		{deny("autoscaling", "DescribeAutoScalingGroups", "AccessDenied"), observe.Scaling},
		{deny("cloudformation", "ListStacks", "AccessDenied"), observe.Stacks},
		{deny("cloudformation", "GetTemplate", "AccessDenied"), observe.Templates},
		{deny("eks", "DescribeAddon", "AccessDeniedException"), observe.Addons},
		{sim.Fault{APIServer: &sim.ServerFault{Cluster: "test"}}, observe.Inside},
	} {
		at := r.Region
		if c.fault.Call != nil && c.fault.Call.Service == "iam" {
			at = r.Sim.Region("us-east-1") // global services are signed for there
		}
		lift := at.Inject(c.fault)
		o, err := read.Cluster(t.Context(), r.AWS, "test", read.Whole())
		if err != nil {
			t.Errorf("%s: %v", c.part, err)
		} else if m := o.Missed(c.part); len(m) == 0 || m[0].Why == "" || m[0].What == "" {
			t.Errorf("%s: nothing is said to be missed", c.part)
		} else {
			t.Log(m[0])
		}
		must := read.Whole()
		must.Must = append(slices.Clone(must.Must), c.part)
		if _, err := read.Cluster(t.Context(), r.AWS, "test", must); err == nil {
			t.Errorf("%s must be known and was not", c.part)
		}
		lift()
	}
	o, err := read.Cluster(t.Context(), r.AWS, "test", read.Quick())
	if err != nil {
		t.Fatal(err)
	}
	if o.Missed(observe.Roles) == nil || o.Missed(observe.Addons) != nil {
		t.Error("what was not asked for counts as known, or what was read does not")
	}
}

func TestAClusterThatIsNotThereIsAbsent(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	o := whole(t, r)
	if o.Cluster != nil || len(o.Stacks)+len(o.Groups) > 0 || len(o.NotRead) > 0 {
		t.Errorf("%+v", o)
	}
}

// A look costs what the cluster holds, whatever else is in the account: stacks are
// found by name, and another cluster's cost nothing, also where its name begins alike.
func TestOtherClustersCostNothing(t *testing.T) {
	r := launched(t, rich)
	count := func(s read.Scope) int {
		t.Helper()
		before := r.AWS.Calls()
		if _, err := read.Cluster(t.Context(), r.AWS, "test", s); err != nil {
			t.Fatal(err)
		}
		return r.AWS.Calls() - before
	}
	quick, planning, all := count(read.Quick()), count(read.Planning()), count(read.Whole())
	for i := range 30 {
		for _, part := range []string{"cluster", "nodegroup-m", "addon-vpc-cni"} {
			name := fmt.Sprintf("eksctl-test-%d-%s", i, part)
			if _, err := r.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name,
				TemplateBody: new(`{"Resources":{"W":{"Type":"AWS::CloudFormation::WaitConditionHandle"}}}`),
				Tags:         []cfntypes.Tag{{Key: new("alpha.eksctl.io/cluster-name"), Value: new(fmt.Sprintf("test-%d", i))}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if q, p, a := count(read.Quick()), count(read.Planning()), count(read.Whole()); q > quick+1 || p > planning+1 || a > all+1 { // one more page of 100 names
		t.Errorf("with 90 stacks of other clusters: %d, %d, %d requests; without: %d, %d, %d", q, p, a, quick, planning, all)
	}
	names, err := read.StackNames(t.Context(), r.AWS)
	if err != nil {
		t.Fatal(err)
	}
	shared := read.Quick()
	shared.StackNames = names
	if n := count(shared); n != quick-1 {
		t.Errorf("with a listing that serves a fleet: %d requests instead of %d", n, quick-1)
	}
	t.Logf("requests: quick %d, for a plan %d, whole %d", quick, planning, all)
	if quick > 40 || planning > 75 || all > 160 {
		t.Errorf("a look has become dear: quick %d, for a plan %d, whole %d requests", quick, planning, all)
	}
}

// What is read in two goes is what is read in one, and the first is left as it was.
func TestADocumentIsCompleted(t *testing.T) {
	r := launched(t, rich)
	want := whole(t, r)
	for name, scope := range map[string]read.Scope{"quick": read.Quick(), "planning": read.Planning(), "removal": read.Removal(), "whole": read.Whole()} {
		half, err := read.Cluster(t.Context(), r.AWS, "test", scope)
		if err != nil {
			t.Fatal(err)
		}
		before := written(t, half)
		more := read.Whole()
		more.At = want.At
		got, err := read.Complete(t.Context(), r.AWS, half, more)
		if err != nil {
			t.Fatal(err)
		}
		if written(t, got) != written(t, want) {
			t.Errorf("%s, completed, is another document", name)
		}
		if written(t, half) != before {
			t.Errorf("%s was changed by being completed", name)
		}
	}
}

func written(t *testing.T, o *observe.Observed) string {
	t.Helper()
	var b bytes.Buffer
	if err := o.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
