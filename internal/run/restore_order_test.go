package run_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/run"
)

// What is taken away goes after all that was missing is there again, also where both are of
// one plan: a removal before it would leave the cluster with neither.
func TestAdditionsComeBeforeRemovals(t *testing.T) {
	r := standingOne(t)
	was := snapshotOf(t, r)
	edit(t, r, `edits:
- {service: ec2, operation: RevokeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: "-1", UserIdGroupPairs: [{GroupId: "${ClusterSharedNodeSecurityGroup}"}]}]}}
- {service: ec2, operation: AuthorizeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: 203.0.113.0/24}]}]}}
- {service: ec2, operation: DeleteRoute, parameters: {RouteTableId: "${PublicRouteTable}", DestinationCidrBlock: 0.0.0.0/0}}
- {service: ec2, operation: CreateRoute, parameters: {RouteTableId: "${PublicRouteTable}", DestinationCidrBlock: 10.9.0.0/16, GatewayId: "${InternetGateway}"}}
- {service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {maxSize: 9}, labels: {addOrUpdateLabels: {c: d}}}}`)
	s, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Snapshot: was, Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	removal, open := map[string]bool{}, 0
	for _, e := range s.Plan.Entries {
		if removal[e.ID] = e.Action == "delete"; !removal[e.ID] {
			open++
		}
	}
	if open < 3 || len(removal)-open < 3 {
		t.Fatalf("%d additions of %d steps", open, len(removal))
	}
	rep, err := s.Run(t.Context(), r.Clock, 1, func(e engine.Event) {
		switch {
		case e.Type == "step_done" && !removal[e.Step]:
			open--
		case e.Type == "step_started" && removal[e.Step] && open > 0:
			t.Errorf("%s goes while %d additions are to come", e.Title, open)
		}
	})
	if err != nil || !rep.OK() || open != 0 {
		t.Fatal(rep, err, open)
	}
	if rep := drifted(t, r, run.DriftOptions{}); len(rep.Drifted()) > 0 {
		t.Errorf("%+v", rep.Drifted())
	}
}
