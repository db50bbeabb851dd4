package run_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/twin"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// notSeen are properties whose change on a live cluster is no change of the region,
// each with its reason.
var notSeen = map[string]string{
	"addonsConfig.disableDefaultAddons": "adds or leaves out add-ons, which are compared by themselves",
}

// states are what a cluster may be in while a changed file is planned: the second
// dimension of every followed field. Each makes the cluster of the base file, in that
// state.
var states = map[string]func(t *testing.T, r *testregion.Region, base string){
	"ACTIVE":                               launched,
	"UPDATING":                             updating,
	"stacks UPDATE_IN_PROGRESS":            stacksUpdating,
	"interrupted in the cluster's stack":   interrupted(90 * time.Second),
	"interrupted in the add-ons":           interrupted(645 * time.Second),
	"interrupted in the groups' stacks":    interrupted(720 * time.Second),
	"interrupted while nodes become ready": interrupted(760 * time.Second),
}

// Every property that a launch takes is, on a cluster that stands, followed or
// refused by name: never passed over. Where it is followed, running the plan brings
// the region there, and a second plan has nothing left to do; also where something is
// under way when the plan is made.
func TestNoChangeOfALiveClusterIsPassedOver(t *testing.T) {
	if testing.Short() {
		t.Skip("launches a cluster for each property, in each state")
	}
	for _, p := range properties {
		if n, ok := nested[p.path]; ok {
			p.to, p.want = "desiredCapacity: 1, "+n[0], n[1]
		}
		for state, make := range states {
			if state != "ACTIVE" && fields.At(p.path).Change != fields.InPlace {
				continue
			}
			t.Run(p.path+", "+state, func(t *testing.T) {
				t.Parallel()
				text := p.base + p.to
				if p.from != "" {
					text = strings.Replace(p.base, p.from, p.to, 1)
				}
				f := testregion.Load(t, text)
				r := testregion.New(t, testregion.Load(t, p.base), 1)
				make(t, r, p.base)
				adopt(t, r, f)
				s, err := run.Prepare(t.Context(), r.AWS, f)
				var fails finding.Findings
				if errors.As(err, &fails) {
					refusedByName(t, p.path, fails)
					t.Logf("refused: %s", fails[0].Error())
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if s.Plan.Empty() {
					if notSeen[p.path] == "" {
						t.Fatal("the change is neither planned nor refused")
					}
					return
				}
				for _, e := range s.Plan.Entries {
					t.Logf("followed: %s %s", e.Action, e.Title)
				}
				if rep := drive(t, r, s); !rep.OK() {
					t.Fatal(rep.FirstFailure)
				}
				if again := prepare(t, r, text); !again.Plan.Empty() {
					t.Errorf("a second plan still has %v", again.Plan.Entries)
				}
				re := regexp.MustCompile(p.want)
				for line := range readRegion(t, r, s) {
					if re.MatchString(line) {
						return
					}
				}
				t.Errorf("the plan ran, and no line of the region matches %s", p.want)
			})
		}
	}
}

func launched(t *testing.T, r *testregion.Region, base string) {
	t.Helper()
	if rep := drive(t, r, prepare(t, r, base)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
}

func interrupted(at time.Duration) func(*testing.T, *testregion.Region, string) {
	return func(t *testing.T, r *testregion.Region, base string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := prepare(t, r, base).Run(ctx, r.Clock, 1, func(engine.Event) {
			if r.Sim.World.Elapsed() >= at {
				cancel()
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// updating has somebody else change all that EKS changes, and does not wait.
func updating(t *testing.T, r *testregion.Region, base string) {
	t.Helper()
	launched(t, r, base)
	ctx, c, name := t.Context(), r.AWS.EKS, new("test")
	addons, err := c.ListAddons(ctx, &eks.ListAddonsInput{ClusterName: name})
	must(t, err)
	for _, a := range addons.Addons {
		d, err := c.DescribeAddon(ctx, &eks.DescribeAddonInput{ClusterName: name, AddonName: &a})
		must(t, err)
		_, err = c.UpdateAddon(ctx, &eks.UpdateAddonInput{ClusterName: name, AddonName: &a, AddonVersion: d.Addon.AddonVersion})
		must(t, err)
	}
	groups, err := c.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: name})
	must(t, err)
	for _, g := range groups.Nodegroups {
		_, err := c.UpdateNodegroupConfig(ctx, &eks.UpdateNodegroupConfigInput{ClusterName: name, NodegroupName: &g,
			Labels:        &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"deck": "other"}},
			Taints:        &types.UpdateTaintsPayload{AddOrUpdateTaints: []types.Taint{{Key: new("a"), Value: new("other"), Effect: types.TaintEffectPreferNoSchedule}}},
			ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(9)), DesiredSize: new(int32(1))}})
		must(t, err)
	}
	_, err = c.UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{Name: name,
		Logging: &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: new(true), Types: []types.LogType{types.LogTypeScheduler}}}}})
	must(t, err)
}

// stacksUpdating has another run of Slipway give every node group another size, and
// every stack another tag.
func stacksUpdating(t *testing.T, r *testregion.Region, base string) {
	t.Helper()
	launched(t, r, base)
	ctx, c := t.Context(), r.AWS.CFN
	stacks, err := c.ListStacks(ctx, &cloudformation.ListStacksInput{})
	must(t, err)
	for _, x := range stacks.StackSummaries {
		d, err := c.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: x.StackName})
		must(t, err)
		b, err := c.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: x.StackName})
		must(t, err)
		body := *b.TemplateBody
		was, err := stack.Recorded(body)
		must(t, err)
		if was != nil && len(was.ManagedNodeGroups) == 1 {
			was.ManagedNodeGroups[0].MaxSize = new(9)
			body, err = stack.Resize(body, was, &was.ManagedNodeGroups[0])
		} else if was != nil && len(was.NodeGroups) == 1 {
			was.NodeGroups[0].MaxSize = new(9)
			body, err = stack.ResizeSelfManaged(body, was, &was.NodeGroups[0])
		}
		must(t, err)
		_, err = c.UpdateStack(ctx, &cloudformation.UpdateStackInput{StackName: x.StackName, TemplateBody: &body, Tags: append(d.Stacks[0].Tags, cfntypes.Tag{Key: new("by"), Value: new("other")}),
			Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
		must(t, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// adopt makes what the changed file names by ID, beside what the cluster has.
func adopt(t *testing.T, r *testregion.Region, f *config.File) {
	t.Helper()
	x, _ := twin.Existing(f.Cluster, sim.Account)
	if err := r.Region.Adopt(x); err != nil {
		t.Fatal(err)
	}
}

func refusedByName(t *testing.T, path string, fails finding.Findings) {
	t.Helper()
	for _, x := range fails {
		leaf := path[strings.LastIndex(path, ".")+1:]
		if !x.Input || x.Remedy == "" {
			t.Errorf("%s: %s: no input error with a remedy", x.Code, x.Error())
		}
		if strings.Contains(x.Error(), leaf) || strings.Contains(x.Error(), strings.Split(path, ".")[0]) {
			return
		}
	}
	t.Errorf("refused without naming %s: %v", path, fails)
}

// What stands already and is changed in the file follows it.
func TestALiveThingFollowsTheFile(t *testing.T) {
	const entry = `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", kubernetesGroups: [pilots]`
	const account = `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]`
	const pods = "addons: [{name: eks-pod-identity-agent}]\n" + `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa`
	const mapping = `iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/x", username: x, groups: [`
	const ebs = "addons: [{name: eks-pod-identity-agent}, {name: aws-ebs-csi-driver, podIdentityAssociations: [{serviceAccountName: ebs-csi-controller-sa, permissionPolicyARNs: ["
	for _, c := range []struct{ name, was, now, steps, want string }{
		{"access entry's groups", entry + `}]}`, strings.Replace(entry, "pilots", "cooks", 1) + `}]}`, "access-entry/arn:aws:iam::444455556666:role/ops", `^entry\.AccessEntry\.KubernetesGroups=cooks$`},
		{"access entry's policies", entry + `}]}`, entry + `, accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}]}]}`, "access-entry/arn:aws:iam::444455556666:role/ops", `AmazonEKSViewPolicy$`},
		{"service account's policies", account + `}]}`, strings.Replace(account, "AmazonS3ReadOnlyAccess", "AmazonSQSReadOnlyAccess", 1) + `}]}`, "service-account-role/default/sa", `PolicyName=AmazonSQSReadOnlyAccess$`},
		{"service account's labels", account + `}]}`, strings.Replace(account, "{name: sa}", "{name: sa, labels: {a: b}}", 1) + `}]}`, "service-account/default/sa", `^serviceaccount\.items\.metadata\.labels\.a=b$`},
		{"pod identity's policies", pods + `, wellKnownPolicies: {autoScaler: true}}]}`, pods + `, wellKnownPolicies: {externalDNS: true}}]}`, "pod-identity-role/ns/sa", `PolicyExternalDNSChangeSet$`},
		{"pod identity's role", pods + `, roleARN: "arn:aws:iam::111122223333:role/a"}]}`, pods + `, roleARN: "arn:aws:iam::111122223333:role/b"}]}`, "pod-identity/ns/sa", `^association\.Association\.RoleArn=.*role/b$`},
		{"pod identity's role gets a name", pods + `, wellKnownPolicies: {autoScaler: true}}]}`, pods + `, roleName: bosun, wellKnownPolicies: {autoScaler: true}}]}`,
			"pod-identity-role/ns/sa pod-identity/ns/sa", `^association\.Association\.RoleArn=.*role/bosun$`},
		{"service account's role gets a name", account + `}]}`, account + `, roleName: bosun}]}`, "service-account-role/default/sa service-account/default/sa",
			`^serviceaccount\.items\.metadata\.annotations\.eks\.amazonaws\.com/role-arn=.*role/bosun$`},
		{"mapping's groups", mapping + `a]}]`, mapping + `b]}]`, "identity-mapping/0", `(?s)^configmap\.items\.data\.mapRoles=.*- b`},
		{"add-on's pod identity", ebs + `"arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]}]}]`, ebs + `"arn:aws:iam::aws:policy/AmazonEC2FullAccess"]}]}]`, "addon-role/aws-ebs-csi-driver/ebs-csi-controller-sa", `PolicyName=AmazonEC2FullAccess$`},
		{"add-on's pod identity role", strings.Replace(ebs, "permissionPolicyARNs: [", `roleARN: "arn:aws:iam::111122223333:role/a"}]}]`, 1), strings.Replace(ebs, "permissionPolicyARNs: [", `roleARN: "arn:aws:iam::111122223333:role/b"}]}]`, 1), "addon-update/aws-ebs-csi-driver", `^association\.Association\.RoleArn=.*role/b$`},
		{"add-on's role", `addons: [{name: aws-ebs-csi-driver, serviceAccountRoleARN: "arn:aws:iam::111122223333:role/a"}]`, `addons: [{name: aws-ebs-csi-driver, serviceAccountRoleARN: "arn:aws:iam::111122223333:role/b"}]`, "addon-update/aws-ebs-csi-driver", `ServiceAccountRoleArn=.*role/b$`},
		{"group's labels go", "managedNodeGroups: [{name: m, labels: {a: b, c: d}}]", "managedNodeGroups: [{name: m, labels: {a: b}}]", "nodegroup-update/m", `^nodegroup\.Nodegroup\.Labels\.a=b$`},
		{"processes go on", "managedNodeGroups: [{name: m, asgSuspendProcesses: [AZRebalance, Launch]}]", "managedNodeGroups: [{name: m, asgSuspendProcesses: [AZRebalance]}]", "nodegroup-scaling/m", `SuspendedProcesses\.ProcessName=AZRebalance$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			was, now := testregion.Cluster+c.was+"\n", testregion.Cluster+c.now+"\n"
			r := testregion.New(t, testregion.Load(t, was), 1)
			if rep := drive(t, r, prepare(t, r, was)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			f := testregion.Load(t, now)
			adopt(t, r, f)
			s := prepare(t, r, now)
			var ids []string
			for _, e := range s.Plan.Entries {
				ids = append(ids, e.ID)
			}
			if got := strings.Join(ids, " "); got != c.steps {
				t.Errorf("the plan is %q, expected %q", got, c.steps)
			}
			if rep := drive(t, r, s); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			if again := prepare(t, r, now); !again.Plan.Empty() {
				t.Errorf("a second plan still has %v", again.Plan.Entries)
			}
			lines := readRegion(t, r, s)
			if c.name == "group's labels go" && lines["nodegroup.Nodegroup.Labels.c=d"] {
				t.Error("the label that left the file stays")
			}
			for line := range lines {
				if regexp.MustCompile(c.want).MatchString(line) {
					return
				}
			}
			t.Errorf("no line of the region matches %s", c.want)
		})
	}
}

// Live wins: what the file is silent about stays as somebody set it, and what
// another tool made is compared with what AWS answers.
func TestSilenceLeavesTheEndpointAsItIs(t *testing.T) {
	r := up(t, workers)
	closed := workers + "vpc: {clusterEndpoints: {privateAccess: true}, publicAccessCIDRs: [192.0.2.0/24]}\n"
	if rep := drive(t, r, prepare(t, r, closed)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if s := prepare(t, r, workers); !s.Plan.Empty() {
		t.Errorf("a file that says nothing of the endpoints changes them: %v", s.Plan.Entries)
	}
}

// A managed group that no stack records is compared with what EKS answers.
func TestAGroupOfAnotherToolIsComparedLive(t *testing.T) {
	r := up(t, workers)
	cl, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("workers")})
	if err != nil {
		t.Fatal(err)
	}
	g := cl.Nodegroup
	if _, err := r.AWS.EKS.CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{ClusterName: g.ClusterName, NodegroupName: new("console"), NodeRole: g.NodeRole, Subnets: g.Subnets, InstanceTypes: []string{"m5.large"}, ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(1)), DesiredSize: new(int32(1))}}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(10 * time.Minute)
	other := func(s string) string { return workers + "  - {name: console, desiredCapacity: 1, " + s + "}\n" }
	_, err = run.Prepare(t.Context(), r.AWS, testregion.Load(t, other("instanceType: c5.large")))
	var fails finding.Findings
	if !errors.As(err, &fails) || !strings.Contains(err.Error(), "managedNodeGroups[1].instanceType") || !strings.Contains(err.Error(), "m5.large") {
		t.Errorf("got %v", err)
	}
	s := prepare(t, r, other("instanceType: m5.large, labels: {a: b}"))
	if len(s.Plan.Entries) != 1 || s.Plan.Entries[0].ID != "nodegroup-update/console" {
		t.Errorf("the plan is %v", s.Plan.Entries)
	}
	if s := prepare(t, r, workers); !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), "node group console") {
		t.Errorf("a group outside of the file: %v %v", s.Plan.Entries, s.Plan.Notes)
	}
}

// A plan says what EKS reports, which up does not mend.
func TestAPlanTellsOfBadHealth(t *testing.T) {
	r := up(t, workers)
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("workers")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.AWS.ASG.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: g.Nodegroup.Resources.AutoScalingGroups[0].Name, ForceDelete: new(true)}); err != nil {
		t.Fatal(err)
	}
	r.Sim.World.Advance(20 * time.Minute)
	if notes := strings.Join(prepare(t, r, workers).Plan.Notes, "\n"); !strings.Contains(notes, "node group workers: AutoScalingGroupNotFound") {
		t.Errorf("the plan notes %q", notes)
	}
}

// A Kubernetes API that does not answer is said, and not taken for an empty one.
func TestAPlanTellsOfASilentKubernetes(t *testing.T) {
	r := up(t, workers)
	lift := r.Region.Inject(sim.Fault{APIServer: &sim.ServerFault{Cluster: "test"}})
	if notes := strings.Join(prepare(t, r, workers).Plan.Notes, "\n"); !strings.Contains(notes, "The Kubernetes API did not answer: ") {
		t.Errorf("the plan notes %q", notes)
	}
	lift()
	if notes := strings.Join(prepare(t, r, workers).Plan.Notes, "\n"); strings.Contains(notes, "did not answer") {
		t.Errorf("the plan notes %q", notes)
	}
}
