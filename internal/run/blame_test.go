package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// blamed is the one difference at a path, with the report.
func blamed(t *testing.T, r *testregion.Region, path string) (*drift.Difference, *drift.Report) {
	t.Helper()
	rep := drifted(t, r, run.DriftOptions{Blame: true, Only: []string{path}})
	if len(rep.Drifted()) != 1 {
		t.Fatalf("%s: %+v", path, rep.Drifted())
	}
	return &rep.Drifted()[0], rep
}

// Where CloudTrail may not be asked, and where it has forgotten, EKS's own updates date a
// change of the control plane: the newest of the kind that fits, without a caller, which is
// said. Other kinds and updates that came to nothing date nothing.
func TestWhatCloudTrailDoesNotTellEKSsUpdatesDate(t *testing.T) {
	r := up(t, withoutNAT)
	edit(t, r, `edits:
- {by: ann, service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true}}}
- {wait: 20m, by: ann, service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: false}}}
- {wait: 20m, by: ann, service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true}}}
- {wait: 20m, by: bob, service: eks, operation: UpdateClusterConfig, parameters: {name: test, logging: {clusterLogging: [{types: [api], enabled: true}]}}}
- {by: eve, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}`)
	told, _ := blamed(t, r, "vpc.clusterEndpoints.privateAccess")
	if told.By == nil || told.By.Who != "ann" || told.By.Event == "" || told.By.Uncertain != "" {
		t.Fatalf("CloudTrail tells, and the report has %+v", told.By)
	}
	dated := func(path, kind string) *drift.Change {
		t.Helper()
		d, _ := blamed(t, r, path)
		if d.By == nil || d.By.Who != "" || d.By.Event != "" || d.By.Call != "an update of EKS's ("+kind+")" ||
			!strings.Contains(d.By.Uncertain, "EKS keeps the date and not the caller") {
			t.Fatalf("%s: %+v", path, d.By)
		}
		u, err := r.AWS.EKS.DescribeUpdate(t.Context(), &eks.DescribeUpdateInput{Name: new("test"), UpdateId: &d.By.Update})
		if err != nil || !u.Update.CreatedAt.Equal(d.By.At) || string(u.Update.Type) != kind {
			t.Errorf("%s: %+v (%v)", path, d.By, err)
		}
		return d.By
	}
	undated := func(path string) {
		t.Helper()
		if d, rep := blamed(t, r, path); d.By != nil {
			t.Errorf("%s: EKS knows nothing of it, and the report has %+v; %s", path, d.By, rep.Blame)
		}
	}
	r.Sim.World.Advance(91 * 24 * time.Hour)
	if by := dated("vpc.clusterEndpoints.privateAccess", "EndpointAccessUpdate"); by.Update != told.By.Update {
		t.Errorf("the update is %s, and CloudTrail's event was of %s", by.Update, told.By.Update)
	}
	dated("cloudWatch.clusterLogging.enableTypes", "LoggingUpdate")
	undated("network.subnets.tags")
	r.Region.IAM.Deny("cloudtrail:LookupEvents")
	dated("vpc.clusterEndpoints.privateAccess", "EndpointAccessUpdate")
	undated("network.subnets.tags")
	if _, rep := blamed(t, r, "vpc.clusterEndpoints.privateAccess"); !strings.Contains(rep.Blame, "CloudTrail's event history cannot be read: ") {
		t.Error(rep.Blame)
	}
	// Without permission for the updates, too, the difference stands without a date.
	r.Region.IAM.Deny("eks:ListUpdates")
	undated("vpc.clusterEndpoints.privateAccess")
}

// A report asks CloudTrail 24 questions and no more, says how many it left, and names the
// command that asks of one field: of that, everything is answered.
func TestABoundedNumberOfQuestionsIsAskedOfCloudTrail(t *testing.T) {
	const nodes = 20 // and six subnets: 26 things that somebody changed
	r := up(t, testregion.Cluster+"vpc: {nat: {gateway: Disable}}\nmanagedNodeGroups: [{name: m, desiredCapacity: 20}]\n")
	o := snapshotOf(t, r)
	text := "edits:\n" +
		"- {by: fms, service: ec2, operation: CreateSecurityGroup, parameters: {GroupName: FMManaged-1, Description: x, VpcId: \"${VPC}\"}, save: {g: GroupId}}\n"
	for id, i := range o.Instances {
		groups := []string{`"${g}"`}
		for _, g := range i.SecurityGroups {
			groups = append(groups, g.ID)
		}
		text += "- {by: fms, service: ec2, operation: ModifyInstanceAttribute, parameters: {InstanceId: " + id +
			", Groups: [" + strings.Join(groups, ", ") + "]}}\n"
	}
	for id := range o.Network.Subnets {
		text += "- {by: eve, service: ec2, operation: DeleteTags, parameters: {Resources: [" + id +
			"], Tags: [{Key: kubernetes.io/role/elb}, {Key: kubernetes.io/role/internal-elb}]}}\n"
	}
	edit(t, r, text)
	asked := func(o run.DriftOptions) (named, unnamed int, rep *drift.Report) {
		t.Helper()
		o.Blame = true
		rep = drifted(t, r, o)
		for _, d := range rep.Drifted() {
			if d.By != nil {
				named++
			} else {
				unnamed++
			}
		}
		return named, unnamed, rep
	}
	named, unnamed, rep := asked(run.DriftOptions{})
	if named != 24 || unnamed != nodes+6-24 { // a question names who did one of them
		t.Errorf("it is said who made %d differences, and not of %d", named, unnamed)
	}
	if want := "CloudTrail was asked 24 questions, and not who made the others of these differences (2 questions more); " +
		"slipway drift test --only PATH asks of one field"; rep.Blame != want {
		t.Errorf("%q", rep.Blame)
	}
	for _, path := range []string{"network.subnets.tags", "nodes.securityGroups"} {
		if named, unnamed, rep := asked(run.DriftOptions{Only: []string{path}}); named == 0 || unnamed > 0 || rep.Blame != "" {
			t.Errorf("%s: %d named, %d not: %s", path, named, unnamed, rep.Blame)
		}
	}
}
