package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// ailing deletes the Auto Scaling group of w, so that EKS finds the group DEGRADED.
func ailing(t *testing.T, r *testregion.Region) {
	t.Helper()
	g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
	must(t, err)
	_, err = r.AWS.ASG.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{
		AutoScalingGroupName: g.Nodegroup.Resources.AutoScalingGroups[0].Name, ForceDelete: new(true)})
	must(t, err)
	r.Sim.World.Advance(30 * time.Minute)
	if _, status := releaseOf(t, r, "w"); status != types.NodegroupStatusDegraded {
		t.Fatalf("the group is %s", status)
	}
}

func repair(t *testing.T, r *testregion.Region, w run.Repair) *run.Session {
	t.Helper()
	w.Drain = true
	s, err := run.PrepareRepair(t.Context(), r.AWS, "test", w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A group that is DEGRADED is deleted and made again as its stack records it, and the cause
// is named; one that is well is left alone, and so it is afterwards.
func TestAGroupIsRepaired(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	if s := repair(t, r, run.Repair{Group: "w"}); !s.Plan.Empty() || !strings.Contains(strings.Join(s.Plan.Notes, " "), "there is nothing to repair") {
		t.Errorf("a healthy one: %v %v", kinds(s), s.Plan.Notes)
	}
	ailing(t, r)
	s := repair(t, r, run.Repair{Group: "w"})
	if k := kinds(s); k[rules.DeleteStack] != 1 || k[rules.NodeGroup] != 1 || k[rules.Nodes] != 1 || len(s.Plan.Deletions) != 1 {
		t.Errorf("the plan has %v, %v", k, s.Plan.Deletions)
	}
	for _, want := range []string{"AutoScalingGroupNotFound", "somebody deleted its Auto Scaling group"} {
		if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("the notes are %s, expected %q", notes, want)
		}
	}
	_, err := run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w"})
	if err == nil || !strings.Contains(err.Error(), "slipway nodegroup delete") && !strings.Contains(err.Error(), "slipway nodegroup repair test w") {
		t.Errorf("upgraded in place: %v", err)
	}
	rep := drive(t, r, s)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitDone || o.Verdict.NodesReady != 3 {
		t.Errorf("%+v", o)
	}
	if now := groupsOf(t, r); len(now) != 2 || now["w"] != 3 {
		t.Errorf("the groups take pods on %v", now)
	}
	must(t, clean(t, r, pair))
	if s := repair(t, r, run.Repair{Group: "w"}); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
	if _, err := run.PrepareRepair(t.Context(), r.AWS, "test", run.Repair{Group: "none"}); err == nil || !strings.Contains(err.Error(), "none of that name") {
		t.Errorf("of none: %v", err)
	}
}

// What a stack was to make and did not is made as a file says; the first failure is named.
func TestAStackThatFailedIsRepairedFromAFile(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	tags := []cfntypes.Tag{}
	for k, v := range map[string]string{"alpha.eksctl.io/cluster-name": "test", "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "test",
		"alpha.eksctl.io/nodegroup-name": "x", "alpha.eksctl.io/nodegroup-type": "managed"} {
		tags = append(tags, cfntypes.Tag{Key: &k, Value: &v})
	}
	body := `{"Resources": {"ManagedNodeGroup": {"Type": "AWS::EKS::Nodegroup", "Properties": {"ClusterName": "test", "NodegroupName": "x",
		"NodeRole": "arn:aws:iam::111122223333:role/none", "Subnets": ["subnet-0123456789abcdef0"]}}}}`
	_, err := r.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("eksctl-test-nodegroup-x"), TemplateBody: &body, Tags: tags})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	if _, err := run.PrepareRepair(t.Context(), r.AWS, "test", run.Repair{Group: "x"}); err == nil || !strings.Contains(err.Error(), "say it in a file: -f FILE") {
		t.Errorf("without a file: %v", err)
	}
	file := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: x, desiredCapacity: 1, privateNetworking: true}]\n")
	s := repair(t, r, run.Repair{Group: "x", File: file})
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "Why: the stack eksctl-test-nodegroup-x is ROLLBACK_COMPLETE, since ManagedNodeGroup") {
		t.Errorf("the notes are %s", notes)
	}
	if rep := drive(t, r, s); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if now := groupsOf(t, r); now["x"] != 1 {
		t.Errorf("the groups take pods on %v", now)
	}
}

// A repair that is killed anywhere, and run again, ends with the group made again: also where
// it was killed between the deletion and the creation, when nothing live tells of it.
func TestARepairKilledAnywhereAndRunAgain(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	ailing(t, r)
	before, err := r.Sim.Save()
	must(t, err)
	killedAnywhere(t, 6, again(t, before), func(p *process) (*outcome.Outcome, error) {
		return p.change(run.CommandRepair, func(b *run.Books) (*run.Session, error) {
			return run.PrepareRepair(t.Context(), p.aws, "test", run.Repair{Group: "w", Drain: true, Books: b})
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		if _, status := releaseOf(t, r, "w"); status != types.NodegroupStatusActive {
			t.Errorf("killed at %d: the group is %s", at, status)
		}
		if now := groupsOf(t, r); len(now) != 2 || now["w"] != 3 {
			t.Errorf("killed at %d: the groups take pods on %v", at, now)
		}
	})
}

// halt leaves the stack of the group w UPDATE_ROLLBACK_FAILED: its update sets a label and then
// fails, and when it is rolled back, nobody may change the group.
func halt(t *testing.T, r *testregion.Region) {
	t.Helper()
	broken := strings.Replace(templateOf(t, r, "w"), `"Labels":{`, `"Labels":{"a":"b",`, 1)
	broken = strings.Replace(broken, `"Resources":{`, `"Resources":{"Bad":{"Type":"AWS::EC2::Subnet","DependsOn":["Slow"],
		"Properties":{"VpcId":"vpc-0123456789abcdef0","CidrBlock":"10.0.0.0/24"}},"Slow":{"Type":"AWS::EC2::InternetGateway","DependsOn":"ManagedNodeGroup"},`, 1)
	_, err := r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("eksctl-test-nodegroup-w"), TemplateBody: &broken,
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
	must(t, err)
	for range 100 {
		if g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")}); err != nil {
			t.Fatal(err)
		} else if g.Nodegroup.Labels["a"] == "b" {
			break
		}
		r.Sim.World.Advance(time.Second)
	}
	r.Region.IAM.Deny("eks:UpdateNodegroupConfig")
	r.Sim.World.Advance(30 * time.Minute)
	d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new("eksctl-test-nodegroup-w")})
	must(t, err)
	if s := d.Stacks[0].StackStatus; s != cfntypes.StackStatusUpdateRollbackFailed {
		t.Fatalf("the stack is %s", s)
	}
}

// A group whose nodes live is not deleted for a rollback that failed (ops case 5): the rollback
// goes on, and skips by name what cannot be put back; until then what is refused says so.
func TestAGroupWhoseStackIsStuckKeepsItsNodes(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	halt(t, r)
	_, err := scaled(t, r, "w", run.GroupSizes{Nodes: new(2)})
	const by = "slipway nodegroup repair test w, or aws cloudformation continue-update-rollback --stack-name eksctl-test-nodegroup-w --resources-to-skip ManagedNodeGroup"
	if err == nil || !strings.Contains(err.Error(), by) {
		t.Errorf("scaled: %v", err)
	}
	if _, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, pair)); err == nil || !strings.Contains(err.Error(), by) {
		t.Errorf("up: %v", err)
	}
	before := nodesOf(t, r)
	s := repair(t, r, run.Repair{Group: "w"})
	if k := kinds(s); k[rules.StackSettled] != 1 || len(k) != 1 || len(s.Plan.Deletions) > 0 || !strings.Contains(strings.Join(s.Plan.Notes, "\n"), "takes ManagedNodeGroup for put back") {
		t.Fatalf("the plan has %v, deletes %v, says %v", k, s.Plan.Deletions, s.Plan.Notes)
	}
	rep := drive(t, r, s)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if o := s.Conclude(t.Context(), rep); o.Code != outcome.ExitDone {
		t.Errorf("%+v", o)
	}
	if now := nodesOf(t, r); now != before || before == "" {
		t.Errorf("the nodes are %s, and were %s", now, before)
	}
	if s := repair(t, r, run.Repair{Group: "w"}); !s.Plan.Empty() {
		t.Errorf("again: %v", kinds(s))
	}
}

// nodesOf are the nodes of the cluster.
func nodesOf(t *testing.T, r *testregion.Region) string {
	t.Helper()
	all, err := kube.Nodes(t.Context(), kubernetesOf(t, r))
	must(t, err)
	var names []string
	for _, n := range all {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
