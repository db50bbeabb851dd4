package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/version"
)

const workers = testregion.Cluster + `
managedNodeGroups:
  - {name: workers, desiredCapacity: 2, privateNetworking: true}
`

func prepare(t *testing.T, r *testregion.Region, text string) *run.Session {
	t.Helper()
	s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func drive(t *testing.T, r *testregion.Region, s *run.Session) *engine.Report {
	t.Helper()
	rep, err := s.Run(t.Context(), r.Clock, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// up launches a config in a fresh region and expects it done.
func up(t *testing.T, text string) *testregion.Region {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, text), 1)
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	return r
}

func TestUpEndsWithReadyNodesAndASecondRunChangesNothing(t *testing.T) {
	r := up(t, workers)
	s := prepare(t, r, workers)
	if !s.Plan.Empty() {
		t.Fatalf("the second plan still has %v", s.Plan.Entries)
	}
	v, err := s.Verify(t.Context())
	if err != nil || v.NodesReady != 2 || v.Status != "ACTIVE" || len(v.Degraded) > 0 {
		t.Fatalf("%+v %v", v, err)
	}
}

func TestAddingToTheFileDoesJustThat(t *testing.T) {
	r := up(t, workers)
	for _, c := range []struct{ name, text, want string }{
		{"label", strings.Replace(workers, "privateNetworking: true", "privateNetworking: true, labels: {tier: gold}", 1), "nodegroup-update/workers"},
		{"add-on", workers + "addons: [{name: snapshot-controller}]\n", "addon/snapshot-controller addon-health/snapshot-controller"},
		{"add-on's values", workers + "addons: [{name: coredns, configurationValues: '{\"replicaCount\": 3}'}]\n", "addon-update/coredns"},
		{"add-on's version", workers + "addons: [{name: coredns, version: v1.12.4-eksbuild.3}]\n", "addon-update/coredns"},
		{"node group", workers + "  - {name: more, desiredCapacity: 1}\n", "nodegroup/more nodes/more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ids []string
			for _, e := range prepare(t, r, c.text).Plan.Entries {
				ids = append(ids, e.ID)
			}
			if got := strings.Join(ids, " "); got != c.want {
				t.Errorf("the plan is %q, expected %q", got, c.want)
			}
		})
	}
}

// No instance starts before its network plugin is in place, seen in the region's
// own log rather than in the plan.
func TestNoInstanceStartsBeforeItsNetworkPlugin(t *testing.T) {
	for seed := range uint64(5) {
		text := workers + "  - {name: more, desiredCapacity: 1}\nnodeGroups:\n  - {name: own, desiredCapacity: 1}\n"
		r := testregion.New(t, testregion.Load(t, text), seed)
		if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		var plugin time.Duration
		for _, e := range r.Sim.World.Log() {
			if e.Kind == "eks:addon-install" && e.Name == "test/vpc-cni" {
				plugin = e.End
			}
			if e.Kind == "ec2:instance" && (plugin == 0 || e.Start < plugin) {
				t.Fatalf("seed %d: an instance started at %s, vpc-cni was there at %s", seed, e.Start, plugin)
			}
		}
	}
}

func TestInterruptedRunsContinueWithoutDuplicates(t *testing.T) {
	fargate := testregion.Cluster + "fargateProfiles: [{name: f, selectors: [{namespace: kube-system}]}]\n"
	for _, c := range []struct {
		text          string
		stacks, roles int
	}{{workers, 2, 2}, {fargate, 1, 2}} { // roles: the cluster's, and its nodes' or its pods'
		interruptedAndContinued(t, c.text, c.stacks, c.roles)
	}
}

// ownRoles are those that no service made for itself: those stay with the account.
func ownRoles(roles []iamtypes.Role) []iamtypes.Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r iamtypes.Role) bool { return strings.HasPrefix(*r.Path, "/aws-service-role/") })
}

func interruptedAndContinued(t *testing.T, text string, stacks, roles int) {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, text), 1)
	for _, stopAt := range []float64{0, 60, 500, 720, 790, 900} {
		s := prepare(t, r, text)
		if s.Plan.Empty() {
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		rep, err := s.Run(ctx, r.Clock, 1, func(e engine.Event) {
			if r.Sim.World.Elapsed().Seconds() >= stopAt {
				cancel()
			}
		})
		cancel()
		if err != nil || rep.Failed > 0 {
			t.Fatalf("%+v %v", rep, err)
		}
	}
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	out, err := r.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
	if err != nil || len(out.StackSummaries) != stacks {
		t.Errorf("%d stacks were made, expected %d (%v)", len(out.StackSummaries), stacks, err)
	}
	made, err := r.AWS.IAM.ListRoles(t.Context(), &iam.ListRolesInput{})
	if err != nil || len(ownRoles(made.Roles)) != roles {
		t.Errorf("%d roles were made, expected %d (%v)", len(ownRoles(made.Roles)), roles, err)
	}
	if s := prepare(t, r, text); !s.Plan.Empty() {
		t.Errorf("something is left after the last run: %v", s.Plan.Entries)
	}
}

func TestThirdPartyCNIIsGated(t *testing.T) {
	text := testregion.Cluster + "cni: {daemonSet: kube-system/cilium, timeout: 10m}\nmanagedNodeGroups:\n  - {name: workers, desiredCapacity: 1}\n"
	r := testregion.New(t, testregion.Load(t, text), 1)
	s := prepare(t, r, text)
	blocked := ""
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) {
		if e.Step == "cni-gate" && e.Type == "step_blocked" {
			blocked = e.Reason
		}
	})
	if err != nil || rep.TimedOut != 1 || !strings.Contains(blocked, "kube-system/cilium") {
		t.Fatalf("%+v, said %q, %v", rep, blocked, err)
	}
	k, err := s.Env.Kube(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"k8s-app": "cilium"}
	_, err = k.AppsV1().DaemonSets("kube-system").Create(t.Context(), &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "cilium"}, Spec: appsv1.DaemonSetSpec{Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{HostNetwork: true, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, Containers: []corev1.Container{{Name: "agent", Image: "cilium"}},
			Volumes: []corev1.Volume{{Name: "cni", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc/cni/net.d"}}}}}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
}

func TestAFailedGroupTellsWhyAndIsMadeAgain(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	r.Region.EC2.NoCapacity["m5.large"] = true
	rep := drive(t, r, prepare(t, r, workers))
	if rep.Failed != 1 || !rep.Changed {
		t.Fatalf("%+v", rep)
	}
	for _, want := range []string{"ManagedNodeGroup", "AsgInstanceLaunchFailures", "InsufficientInstanceCapacity", "sufficient m5.large capacity"} {
		if !strings.Contains(rep.FirstFailure, want) && want != "InsufficientInstanceCapacity" {
			t.Errorf("the failure does not say %q: %s", want, rep.FirstFailure)
		}
	}
	delete(r.Region.EC2.NoCapacity, "m5.large")
	s := prepare(t, r, workers)
	if len(s.Plan.Deletions) != 1 {
		t.Fatalf("the failed stack is not up for deletion: %v", s.Plan.Entries)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
}

func TestDeadlocksAreRefusedInWords(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"coredns before compute", workers + "addons: [{name: coredns, beforeCompute: true}]\n", "its pods need a node"},
		{"a cycle through a node group", testregion.Cluster + "addons: [{name: vpc-cni, dependsOn: [nodegroup/workers]}]\nmanagedNodeGroups: [{name: workers}]\n", "wait for each other"},
		{"depends on nothing known", workers + "addons: [{name: coredns, dependsOn: [addon/ghost]}]\n", "does not have"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, c.text), 1)
			_, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v", err)
			}
			if out, err := r.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{}); err != nil || len(out.StackSummaries) > 0 {
				t.Error("something was created")
			}
		})
	}
}

func TestPreflightStopsBeforeTheFirstCreate(t *testing.T) {
	for _, c := range []struct {
		name, text, code string
		break_           func(*testregion.Region)
	}{
		{"VPC quota", workers, "quota-vpcs", func(r *testregion.Region) { r.Region.EC2.Quotas.VPCs = 0 }},
		{"addresses", workers, "quota-addresses", func(r *testregion.Region) { r.Region.EC2.Quotas.Addresses = 0 }},
		{"vCPUs", workers, "quota-vcpus", func(r *testregion.Region) { r.Region.EC2.Quotas.VCPUs = 3 }},
		{"permissions", workers, "permission-missing", func(r *testregion.Region) { r.Region.IAM.Deny("eks:CreateCluster") }},
		{"version", strings.Replace(workers, "1.34", "1.21", 1), "version-not-offered", nil},
		{"instance type", strings.Replace(workers, "desiredCapacity: 2", "instanceType: m99.huge", 1), "type-not-offered", nil},
		{"SSH key", strings.Replace(workers, "desiredCapacity: 2", "ssh: {publicKeyPath: /no/such/file}", 1), "key-unreadable", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, c.text), 1)
			if c.break_ != nil {
				c.break_(r)
			}
			_, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, c.text))
			var fs finding.Findings
			if !errors.As(err, &fs) || fs[0].Code != c.code {
				t.Fatalf("got %v", err)
			}
			if len(r.Sim.World.Log()) > 0 {
				t.Error("something was created")
			}
		})
	}
}

func TestAMissingSubnetIsNamed(t *testing.T) {
	f := testregion.Load(t, testregion.Cluster)
	r := testregion.New(t, f, 1)
	text := testregion.Cluster + "vpc: {id: vpc-1, subnets: {private: {us-west-2a: {id: subnet-gone}}}}\n"
	_, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
	var ps finding.Findings
	if !errors.As(err, &ps) || !strings.Contains(err.Error(), "test.yaml:4:") || !strings.Contains(err.Error(), "subnet-gone does not exist") {
		t.Fatalf("got %v", err)
	}
}

// A rich cluster goes down without a trace.
func TestDownLeavesNothing(t *testing.T) {
	text := testregion.Cluster + `
iam:
  withOIDC: true
  serviceAccounts: [{metadata: {name: reader}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
  podIdentityAssociations: [{namespace: dev, serviceAccountName: app, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]
addons: [{name: eks-pod-identity-agent}]
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops"}]}
cloudWatch: {clusterLogging: {enableTypes: ["*"], logRetentionInDays: 30}}
fargateProfiles: [{name: fp, selectors: [{namespace: serverless}]}]
managedNodeGroups: [{name: workers, privateNetworking: true, ssh: {publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut test"}}]
nodeGroups: [{name: own, desiredCapacity: 1}]
`
	r := up(t, text)
	s, err := run.PrepareDown(t.Context(), r.AWS, "test")
	if err != nil {
		t.Fatal(err)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	left := map[string]int{}
	ctx := t.Context()
	count := func(what string, n int, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			left[what] = n
		}
	}
	clusters, err := r.AWS.EKS.ListClusters(ctx, &eks.ListClustersInput{})
	count("clusters", len(clusters.Clusters), err)
	roles, err := r.AWS.IAM.ListRoles(ctx, &iam.ListRolesInput{})
	count("roles", len(ownRoles(roles.Roles)), err)
	oidc, err := r.AWS.IAM.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	count("OIDC providers", len(oidc.OpenIDConnectProviderList), err)
	vpcs, err := r.AWS.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: new("is-default"), Values: []string{"false"}}}})
	count("VPCs", len(vpcs.Vpcs), err)
	enis, err := r.AWS.EC2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{})
	count("network interfaces", len(enis.NetworkInterfaces), err)
	lts, err := r.AWS.EC2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	count("launch templates", len(lts.LaunchTemplates), err)
	keys, err := r.AWS.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{})
	count("key pairs", len(keys.KeyPairs), err)
	addrs, err := r.AWS.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	count("addresses", len(addrs.Addresses), err)
	stacks, err := r.AWS.CFN.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{})
	count("stacks", len(stacks.Stacks), err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestStacksKeepEksctlsContract(t *testing.T) {
	r := up(t, workers)
	out, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new("eksctl-test-cluster")})
	if err != nil {
		t.Fatal(err)
	}
	st := out.Stacks[0]
	exports := map[string]string{}
	for _, o := range st.Outputs {
		if o.ExportName != nil {
			exports[*o.OutputKey] = *o.ExportName
		} else {
			exports[*o.OutputKey] = "-"
		}
	}
	for key, want := range map[string]string{"VPC": "eksctl-test-cluster::VPC", "SecurityGroup": "eksctl-test-cluster::SecurityGroup", "SharedNodeSecurityGroup": "eksctl-test-cluster::SharedNodeSecurityGroup", "ClusterSecurityGroupId": "eksctl-test-cluster::ClusterSecurityGroupId", "SubnetsPublic": "eksctl-test-cluster::SubnetsPublic", "SubnetsPrivate": "eksctl-test-cluster::SubnetsPrivate", "ServiceRoleARN": "eksctl-test-cluster::ServiceRoleARN", "Endpoint": "eksctl-test-cluster::Endpoint", "ARN": "eksctl-test-cluster::ARN", "CertificateAuthorityData": "-", "ClusterStackName": "-", "FeatureNATMode": "-"} {
		if exports[key] != want {
			t.Errorf("output %s is exported as %q, eksctl's contract says %q", key, exports[key], want)
		}
	}
	tags := map[string]string{}
	for _, x := range st.Tags {
		tags[*x.Key] = *x.Value
	}
	if tags["alpha.eksctl.io/cluster-name"] != "test" || tags["eksctl.cluster.k8s.io/v1alpha1/cluster-name"] != "test" || tags["alpha.eksctl.io/eksctl-version"] != version.Eksctl {
		t.Errorf("tags %v", tags)
	}
	if !*st.EnableTerminationProtection || st.StackStatus != cfntypes.StackStatusCreateComplete {
		t.Errorf("%s, protected %t", st.StackStatus, *st.EnableTerminationProtection)
	}
}

// The same seed gives the same run, event for event.
func TestSameSeedSameRun(t *testing.T) {
	record := func() string {
		r := testregion.New(t, testregion.Load(t, workers), 7)
		var b strings.Builder
		s := prepare(t, r, workers)
		if _, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) { fmt.Fprintln(&b, e) }); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if a, b := record(), record(); a != b {
		t.Error("two runs with one seed differ")
	}
}

// An add-on that meets a self-managed copy of itself fails or takes over, as
// resolveConflicts says.
func TestConflictsAreResolvedAsTheFileSays(t *testing.T) {
	for mode, ok := range map[string]bool{"none": false, "overwrite": true} {
		t.Run(mode, func(t *testing.T) {
			r := up(t, testregion.Cluster)
			text := testregion.Cluster + "addons: [{name: snapshot-controller, resolveConflicts: " + mode + "}]\nmanagedNodeGroups: [{name: workers}]\n"
			s := prepare(t, r, text)
			k, err := s.Env.Kube(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			labels := map[string]string{"k8s-app": "snapshot-controller"}
			_, err = k.AppsV1().Deployments("kube-system").Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "snapshot-controller"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			rep := drive(t, r, s)
			if rep.OK() != ok || !ok && !strings.Contains(rep.FirstFailure, "ConfigurationConflict") {
				t.Errorf("%+v", rep.FirstFailure)
			}
		})
	}
}

// Launches work in every partition: principals, policies and suffixes follow.
func TestPartitions(t *testing.T) {
	for _, region := range []string{"cn-north-1", "us-gov-west-1", "us-east-1"} {
		t.Run(region, func(t *testing.T) {
			up(t, strings.Replace(workers, "us-west-2", region, 1)+"iam: {withOIDC: true}\naddons: [{name: vpc-cni}, {name: aws-ebs-csi-driver}]\nfargateProfiles: [{name: f, selectors: [{namespace: a}]}]\n")
		})
	}
}

func TestThrottlingSlowsARunAndNothingElse(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, workers), 1)
	s := prepare(t, r, workers)
	left := 12
	r.Region.Fault(func(service, op string) error {
		if left > 0 && (op == "DescribeStacks" || op == "CreateStack" || op == "DescribeCluster") {
			left--
			return wire.Errorf("ThrottlingException", "Rate exceeded").With(400)
		}
		return nil
	})
	rep := drive(t, r, s)
	if !rep.OK() || left > 0 {
		t.Fatalf("%s; %d throttles left", rep.FirstFailure, left)
	}
	out, err := r.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
	if err != nil || len(out.StackSummaries) != 2 {
		t.Errorf("%d stacks (%v)", len(out.StackSummaries), err)
	}
}

// Throttling while observing is waited out: nothing is there yet to continue.
func TestThrottlingIsWaitedOutBeforeARun(t *testing.T) {
	r := up(t, workers)
	left := 8
	r.Region.Fault(func(service, op string) error {
		if left > 0 && strings.HasPrefix(op, "Describe") {
			left--
			return wire.Errorf("ThrottlingException", "Rate exceeded").With(400)
		}
		return nil
	})
	s, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, workers))
	if err != nil || !s.Plan.Empty() || left > 0 {
		t.Errorf("%v; %d throttles left", err, left)
	}
}

func TestALiveAddonFollowsTheFile(t *testing.T) {
	r := up(t, workers)
	text := workers + "addons: [{name: coredns, configurationValues: '{\"replicaCount\": 3}', version: v1.12.4-eksbuild.3}]\n"
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s := prepare(t, r, text); !s.Plan.Empty() {
		t.Errorf("still %v", s.Plan.Entries)
	}
	d, err := r.AWS.EKS.DescribeAddon(t.Context(), &eks.DescribeAddonInput{ClusterName: new("test"), AddonName: new("coredns")})
	if err != nil || *d.Addon.AddonVersion != "v1.12.4-eksbuild.3" || *d.Addon.ConfigurationValues != `{"replicaCount": 3}` {
		t.Errorf("%+v %v", d, err)
	}
}

// In CONFIG_MAP mode a self-managed group's role is mapped in aws-auth before its
// first instance starts, though the group's own stack makes the role.
func TestNodesAreMappedBeforeTheyStart(t *testing.T) {
	long := strings.Repeat("a", 60)
	text := testregion.Cluster + "accessConfig: {authenticationMode: CONFIG_MAP}\nnodeGroups: [{name: s, desiredCapacity: 1}, {name: " + long + ", desiredCapacity: 1}]\n"
	r := testregion.New(t, testregion.Load(t, text), 1)
	mapped := map[string]time.Duration{}
	s := prepare(t, r, text)
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) {
		if e.Type == "step_done" && strings.HasPrefix(e.Step, "identity-mapping/nodes/") {
			mapped[e.Step] = r.Sim.World.Elapsed()
		}
	})
	if err != nil || !rep.OK() {
		t.Fatal(rep.FirstFailure, err)
	}
	if len(mapped) != 2 {
		t.Fatalf("mapped: %v", mapped)
	}
	for _, e := range r.Sim.World.Log() {
		for step, at := range mapped {
			if e.Kind == "ec2:instance" && e.Start < at {
				t.Errorf("an instance started at %s, %s was done at %s", e.Start, step, at)
			}
		}
	}
	if v, err := s.Verify(t.Context()); err != nil || v.NodesReady != 2 {
		t.Errorf("%+v %v", v, err)
	}
	if again := prepare(t, r, text); !again.Plan.Empty() {
		t.Errorf("a second plan still has %v", again.Plan.Entries)
	}
}

// planOf is what is planned for a fresh cluster of these lines: the steps, and the notes.
func planOf(t *testing.T, text string) (ids []string, notes string, err error) {
	t.Helper()
	f := testregion.Load(t, testregion.Cluster+text)
	s, err := run.Prepare(t.Context(), testregion.New(t, f, 1).AWS, f)
	if err != nil {
		return nil, "", err
	}
	for _, e := range s.Plan.Entries {
		ids = append(ids, e.ID)
	}
	return ids, strings.Join(s.Plan.Notes, "\n"), nil
}

// A group that nothing gives a network plugin is refused with what to add.
func TestNoNetworkPluginIsRefused(t *testing.T) {
	const text = "addonsConfig: {disableDefaultAddons: true}\nmanagedNodeGroups: [{name: g}]\n"
	if _, _, err := planOf(t, text); err == nil || !strings.Contains(err.Error(), "vpc-cni") {
		t.Errorf("got %v", err)
	}
	if _, _, err := planOf(t, text+"cni: {daemonSet: kube-system/cilium}\n"); err != nil {
		t.Errorf("with a plugin of its own: %v", err)
	}
}

// Where an add-on's pods can run follows Fargate selectors, taints and tolerations.
func TestAddonsAreAwaitedWhereTheirPodsCanRun(t *testing.T) {
	tainted := "managedNodeGroups: [{name: g, taints: [{key: k, value: v, effect: NoSchedule}]}]\n"
	for _, c := range []struct {
		name, text string
		awaited    bool
	}{
		{"a profile that selects kube-system", "fargateProfiles: [{name: f, selectors: [{namespace: kube-*}]}]\n", true},
		{"a profile that selects another namespace", "fargateProfiles: [{name: f, selectors: [{namespace: apps}]}]\n", false},
		{"tainted nodes", tainted, false},
		{"tolerations in YAML", tainted + "addons: [{name: coredns, configurationValues: \"tolerations:\\n- {key: k, operator: Exists}\"}]\n", true},
		{"tolerations in JSON", tainted + `addons: [{name: coredns, configurationValues: '{"tolerations": [{"key": "k", "value": "v", "effect": "NoSchedule"}]}'}]` + "\n", true},
		{"another value", tainted + `addons: [{name: coredns, configurationValues: '{"tolerations": [{"key": "k", "value": "w"}]}'}]` + "\n", false},
	} {
		ids, notes, err := planOf(t, c.text)
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := slices.Contains(ids, "addon-health/coredns"); got != c.awaited || got == strings.Contains(notes, "coredns") {
			t.Errorf("%s: awaited %t, notes %q", c.name, got, notes)
		}
	}
}

// A node role that the file lets in itself has one access entry.
func TestANodeRoleIsLetInOnce(t *testing.T) {
	ids, _, err := planOf(t, `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::111122223333:role/n", type: EC2_LINUX}]}
nodeGroups: [{name: s, desiredCapacity: 1, iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/n"}}]
`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, id := range ids {
		if strings.HasPrefix(id, "access-entry/") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d access entries in %v", n, ids)
	}
}

// A group that EKS is changing is waited for; never "nothing to do".
func TestAGroupThatIsUpdatingIsWaitedFor(t *testing.T) {
	r := up(t, workers)
	in := &eks.UpdateNodegroupConfigInput{ClusterName: new("test"), NodegroupName: new("workers"), Labels: &ekstypes.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"a": "b"}}}
	if _, err := r.AWS.EKS.UpdateNodegroupConfig(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(workers, "privateNetworking: true", "privateNetworking: true, labels: {tier: gold}", 1)
	s := prepare(t, r, text)
	var ids []string
	for _, e := range s.Plan.Entries {
		ids = append(ids, e.ID)
	}
	if got := strings.Join(ids, " "); got != "nodegroup-settled/workers nodegroup-update/workers nodegroup-live/workers" {
		t.Errorf("the plan is %q", got)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
}

// What a group needs of IAM stands while the control plane is being made; whoever is
// interrupted then, or fails at completing it, goes on from there.
func TestAGroupGoesOnFromItsEarlyHalf(t *testing.T) {
	half := func(t *testing.T) *testregion.Region {
		r := testregion.New(t, testregion.Load(t, workers), 1)
		ctx, stop := context.WithCancel(t.Context())
		s := prepare(t, r, workers)
		if _, err := s.Run(ctx, r.Clock, 1, func(e engine.Event) {
			if e.Step == "nodegroup-role/workers" && e.Type == "step_done" {
				stop()
			}
		}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	once := func(t *testing.T, r *testregion.Region) {
		t.Helper()
		out, err := r.AWS.CFN.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, s := range out.StackSummaries {
			seen[*s.StackName]++
		}
		if len(seen) != 2 || seen["eksctl-test-nodegroup-workers"] != 1 || seen["eksctl-test-cluster"] != 1 {
			t.Errorf("%v", seen)
		}
		if p := prepare(t, r, workers).Plan; !p.Empty() {
			t.Errorf("not all is done: %v", p.Entries)
		}
	}
	t.Run("interrupted while the control plane is CREATING", func(t *testing.T) {
		r := half(t)
		if rep := drive(t, r, prepare(t, r, workers)); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		once(t, r)
	})
	t.Run("interrupted, and the control plane stands meanwhile", func(t *testing.T) {
		r := half(t)
		r.Sim.World.Advance(time.Hour)
		s := prepare(t, r, workers)
		if s.Plan.Entry("nodegroup-role/workers") != nil || s.Plan.Entry("nodegroup/workers") == nil {
			t.Errorf("%v", s.Plan.Entries)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		once(t, r)
	})
	t.Run("completing failed, and was rolled back by hand", func(t *testing.T) {
		r := testregion.New(t, testregion.Load(t, workers), 1)
		r.Region.EC2.NoCapacity["m5.large"] = true
		if rep := drive(t, r, prepare(t, r, workers)); rep.Failed != 1 || !strings.Contains(rep.FirstFailure, "UPDATE_FAILED") {
			t.Fatalf("%+v", rep)
		}
		delete(r.Region.EC2.NoCapacity, "m5.large")
		if _, err := r.AWS.CFN.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: new("eksctl-test-nodegroup-workers")}); err != nil {
			t.Fatal(err)
		}
		s := prepare(t, r, workers) // while the rollback is under way
		if len(s.Plan.Deletions) > 0 {
			t.Errorf("%v", s.Plan.Deletions)
		}
		if rep := drive(t, r, s); !rep.OK() {
			t.Fatal(rep.FirstFailure)
		}
		once(t, r)
	})
}
