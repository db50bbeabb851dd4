package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// snapshotOf is a cluster as it stands.
func snapshotOf(t *testing.T, r *testregion.Region) *observe.Observed {
	t.Helper()
	o, err := run.Snapshot(t.Context(), r.AWS, "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// restored takes a restore to its end, and expects that nothing of it is left.
func restored(t *testing.T, r *testregion.Region, o run.RestoreOptions) *run.Restore {
	t.Helper()
	s, err := run.PrepareRestore(t.Context(), r.AWS, "test", o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Plan.Empty() {
		t.Fatalf("nothing to restore: %v", s.Plan.Notes)
	}
	rep := drive(t, r, s.Session)
	if !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	if out := s.Conclude(t.Context(), rep); out.Seen != "what could be brought back is as it was" {
		t.Fatalf("%+v", out)
	}
	return s
}

// shape is what of a network must be as it was, whatever IDs AWS gave: each subnet of the
// control plane by its block, with what is its own.
func shape(o *observe.Observed) string {
	var out []string
	for _, id := range o.Cluster.ResourcesVPCConfig.SubnetIDs {
		s := o.Network.Subnets[id]
		if s == nil {
			out = append(out, id+" is gone")
			continue
		}
		tags := []string{}
		for k, v := range s.Tags {
			if !strings.HasPrefix(k, "aws:") {
				tags = append(tags, k+"="+v)
			}
		}
		slices.Sort(tags)
		acl := ""
		for _, a := range o.Network.ACLs {
			if slices.ContainsFunc(a.Associations, func(x observe.ACLAssociation) bool { return x.Subnet == id }) {
				acl = a.ID
			}
		}
		out = append(out, strings.Join([]string{s.CIDR, s.Zone, s.ZoneID, map[bool]string{true: "public"}[s.PublicOnLaunch], map[bool]string{true: "ipv6"}[s.IPv6OnCreation],
			o.Network.RoutesOf(id).ID, acl, strings.Join(tags, ",")}, " "))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// The second failure, undone: the subnets that somebody deleted are made again as they were,
// and the control plane is in them again, from a snapshot and from the record alone.
func TestSubnetsAreMadeAgainAsTheyWere(t *testing.T) {
	for _, from := range []string{"snapshot", "record"} {
		t.Run(from, func(t *testing.T) {
			r, was := replacedFrom(t)
			o := run.RestoreOptions{Remove: true} // the subnets that came instead leave the control plane again
			if from == "snapshot" {
				o.Snapshot, o.From = was, "a"
			}
			s := restored(t, r, o)
			if now := shape(snapshotOf(t, r)); now != shape(was) {
				t.Errorf("it was\n%s\nand is\n%s", shape(was), now)
			}
			if n := s.Replaced(); len(n) != 3 || n[0].Was == n[0].Now || n[0].Now == "" || was.Network.Subnets[n[0].Was].CIDR != n[0].Block {
				t.Errorf("%+v", n)
			}
			again, err := run.PrepareRestore(t.Context(), r.AWS, "test", o)
			if err != nil || !again.Plan.Empty() {
				t.Errorf("a second one does %+v (%v)", again.Plan.Entries, err)
			}
			synced(t, r, run.SyncOptions{Template: true})
			for _, d := range drifted(t, r, run.DriftOptions{}).Drifted() {
				if d.Path != "addons.health" { // it has no nodes
					t.Errorf("%+v", d)
				}
			}
		})
	}
}

// replacedFrom is replaced, with the cluster as it was before.
func replacedFrom(t *testing.T) (*testregion.Region, *observe.Observed) {
	t.Helper()
	r := testregion.New(t, testregion.Load(t, withoutNAT), 1)
	if rep := drive(t, r, prepare(t, r, withoutNAT)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	was := snapshotOf(t, r)
	replace(t, r)
	return r, was
}

// What AWS would refuse in the middle is said before anything is done.
func TestWhatCannotBeRestoredIsSaidFirst(t *testing.T) {
	r, was := replacedFrom(t)
	code := func(o run.RestoreOptions) string {
		t.Helper()
		before := len(r.Sim.World.Log())
		_, err := run.PrepareRestore(t.Context(), r.AWS, "test", o)
		fs, ok := finding.Of(err)
		if !ok || len(r.Sim.World.Log()) < before {
			t.Fatalf("%v", err)
		}
		return fs[0].Code
	}
	gone := ""
	for id, s := range was.Network.Subnets {
		if s.Zone == "us-west-2a" && s.PublicOnLaunch {
			gone = id
		}
	}
	other := *was
	other.Name = "prod"
	if got := code(run.RestoreOptions{Snapshot: &other}); got != "snapshot-foreign" {
		t.Error(got)
	}
	later := *was
	later.Cluster = new(*was.Cluster)
	later.Cluster.CreatedAt = was.Cluster.CreatedAt.Add(-time.Hour)
	if got := code(run.RestoreOptions{Snapshot: &later}); got != "snapshot-foreign" {
		t.Error(got)
	}
	if got := code(run.RestoreOptions{Snapshot: was, Subnets: []string{"subnet-unheard-of"}}); got != "restore-unknown" {
		t.Error(got)
	}
	narrow := *was
	narrow.Cluster = new(*was.Cluster)
	narrow.Cluster.ResourcesVPCConfig = new(*was.Cluster.ResourcesVPCConfig)
	narrow.Cluster.ResourcesVPCConfig.SubnetIDs = slices.DeleteFunc(slices.Clone(was.Cluster.ResourcesVPCConfig.SubnetIDs),
		func(id string) bool { return was.Network.Subnets[id].Zone == "us-west-2a" })
	if got := code(run.RestoreOptions{Snapshot: &narrow, Remove: true}); got != "restore-zones" {
		t.Error(got)
	}
	_, err := r.Region.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: &was.Network.VPC.ID, CidrBlock: &was.Network.Subnets[gone].CIDR, AvailabilityZone: new("us-west-2b")})
	if err != nil {
		t.Fatal(err)
	}
	if got := code(run.RestoreOptions{Snapshot: was}); got != "restore-block-taken" {
		t.Error(got)
	}
}

// What else a snapshot has is brought back: rules, routes, access, logs, add-ons, labels and
// sizes; what others added is named, and goes only with its own consent.
func TestTheRestOfASnapshotIsBroughtBack(t *testing.T) {
	r := standingOne(t)
	was := snapshotOf(t, r)
	edit(t, r, `edits:
- {service: ec2, operation: RevokeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: "-1", UserIdGroupPairs: [{GroupId: "${ClusterSharedNodeSecurityGroup}"}]}]}}
- {service: ec2, operation: AuthorizeSecurityGroupIngress, parameters: {GroupId: "${ClusterSharedNodeSecurityGroup}", IpPermissions: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, IpRanges: [{CidrIp: 203.0.113.0/24}]}]}}
- {service: ec2, operation: ModifySubnetAttribute, parameters: {SubnetId: "${SubnetPublicUSWEST2A}", MapPublicIpOnLaunch: {Value: false}}}
- {service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}
- {service: ec2, operation: ModifyVpcAttribute, parameters: {VpcId: "${VPC}", EnableDnsHostnames: {Value: false}}}
- {service: ec2, operation: DeleteRoute, parameters: {RouteTableId: "${PublicRouteTable}", DestinationCidrBlock: 0.0.0.0/0}}
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true, publicAccessCidrs: [203.0.113.0/24]}}}
- {wait: 20m, service: eks, operation: UpdateClusterConfig, parameters: {name: test, logging: {clusterLogging: [{types: [api], enabled: true}]}}}
- {wait: 20m, service: eks, operation: UpdateAddon, parameters: {clusterName: test, addonName: vpc-cni, configurationValues: "{\"env\": {\"WARM_IP_TARGET\": \"2\"}}", resolveConflicts: OVERWRITE}}
- {service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, scalingConfig: {maxSize: 9}, labels: {addOrUpdateLabels: {c: d}},
    taints: {addOrUpdateTaints: [{key: x, value: y, effect: PREFER_NO_SCHEDULE}]}}}
- {wait: 20m, service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {securityGroupIds: ["${ControlPlaneSecurityGroup}", "${ClusterSharedNodeSecurityGroup}"]}}}`)
	s := restored(t, r, run.RestoreOptions{Snapshot: was})
	notes := strings.Join(s.Plan.Notes, "\n")
	for _, stays := range []string{"tcp 22 in from 203.0.113.0/24", "labels of node group m: c", "taints of node group m: x", "control-plane logs: api",
		"the control plane's security groups sg-"} {
		if !strings.Contains(notes, stays) {
			t.Errorf("%s is not said to stay: %s", stays, notes)
		}
	}
	rep := drifted(t, r, run.DriftOptions{})
	var left []string
	for _, d := range rep.Drifted() {
		left = append(left, d.Path+" "+string(d.Kind))
	}
	if got := strings.Join(left, ", "); got != "vpc.controlPlaneSecurityGroupIDs changed, cloudWatch.clusterLogging.enableTypes changed, managedNodeGroups.taints changed, "+
		"network.rules foreign, managedNodeGroups.labels.added foreign" {
		t.Error(got)
	}
	s = restored(t, r, run.RestoreOptions{Snapshot: was, Remove: true})
	for _, e := range s.Plan.Entries {
		whole := strings.HasPrefix(e.Title, "control plane: security groups") || e.Title == "control-plane logging: none" || strings.HasSuffix(e.Title, ": taints")
		if e.Action != "delete" && !whole {
			t.Errorf("%s %s", e.Action, e.Title)
		}
	}
	if rep := drifted(t, r, run.DriftOptions{}); len(rep.Drifted()) > 0 {
		t.Errorf("%+v", rep.Drifted())
	}
}

// A NAT gateway goes with its subnet, and comes back with it, by the address that it had.
func TestANATGatewayComesBackWithItsSubnet(t *testing.T) {
	const text = testregion.Cluster + "vpc: {nat: {gateway: Single}}\n"
	r := testregion.New(t, testregion.Load(t, text), 1)
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	was := snapshotOf(t, r)
	var home string
	for _, n := range was.Network.NATGateways {
		home = n.Subnet
	}
	logical := ""
	for _, x := range was.Stacks[recordOf].Resources {
		if x.PhysicalID == home {
			logical = x.LogicalID
		}
	}
	rest := slices.DeleteFunc(slices.Clone(was.Cluster.ResourcesVPCConfig.SubnetIDs), func(id string) bool { return id == home })
	edit(t, r, `edits:
- {service: ec2, operation: DeleteNatGateway, parameters: {NatGatewayId: "${NATGateway}"}}
- {service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds: [`+strings.Join(rest, ", ")+`]}}}
- {wait: 20m, service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${`+logical+`}"}}`)
	for _, o := range []run.RestoreOptions{{}, {Snapshot: was}} {
		s, err := run.PrepareRestore(t.Context(), r.AWS, "test", o)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, e := range s.Plan.Entries {
			kinds = append(kinds, e.Kind)
		}
		if !slices.Contains(kinds, "nat-gateway") || !slices.Contains(kinds, "subnet") || !slices.Contains(kinds, "route") {
			t.Fatalf("%v %v", kinds, s.Plan.Notes)
		}
	}
	restored(t, r, run.RestoreOptions{Snapshot: was})
	now := snapshotOf(t, r)
	if shape(now) != shape(was) {
		t.Errorf("it was\n%s\nand is\n%s", shape(was), shape(now))
	}
	for _, table := range now.Network.RouteTables {
		for _, x := range table.Routes {
			if x.State == "blackhole" {
				t.Errorf("%s leads nowhere: %+v", table.ID, x)
			}
		}
	}
}

// One operation is undone, and nothing else; what no restore brings back is named.
func TestAnOperationIsUndone(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, oneGroup), 1)
	s := store.NewMemory()
	p := newProcess(t, r, s, alive)
	for _, text := range []string{oneGroup, strings.Replace(oneGroup, "desiredCapacity: 1", "desiredCapacity: 1, maxSize: 5, labels: {a: b}", 1)} {
		if o, err := p.up(text); err != nil || o.Result != outcome.Done {
			t.Fatalf("%+v %v", o, err)
		}
	}
	edit(t, r, `edits: [{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {endpointPrivateAccess: true}}}]`)
	before := snapshotOf(t, r)
	if before.Groups["m"].ScalingConfig.MaxSize != 5 || before.Groups["m"].Labels["a"] != "b" {
		t.Fatalf("%+v", before.Groups["m"])
	}
	p.b.Command = "rollback"
	back, err := run.PrepareRollback(t.Context(), p.aws, "test", 2, s, run.RestoreOptions{Books: p.b, Remove: true})
	if err != nil {
		t.Fatal(err)
	}
	o, err := p.turn(back.Session)
	if err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
	after := snapshotOf(t, r)
	if g := after.Groups["m"]; g.ScalingConfig.MaxSize != 1 || g.Labels["a"] != "" {
		t.Errorf("%+v %+v, %v", g.ScalingConfig, g.Labels, back.Plan.Notes)
	}
	if !after.Cluster.ResourcesVPCConfig.EndpointPrivateAccess {
		t.Error("what somebody else did was undone, too")
	}
	if _, err := run.PrepareRollback(t.Context(), p.aws, "test", 9, s, run.RestoreOptions{}); !strings.Contains(errText(err), "is not in the journal") {
		t.Error(err)
	}
	first, err := run.PrepareRollback(t.Context(), p.aws, "test", 1, s, run.RestoreOptions{})
	if fs, ok := finding.Of(err); !ok || fs[0].Code != "snapshot-foreign" {
		t.Errorf("a launch is undone by %+v (%v)", first, err)
	}
}

// A repair of the record, and a restore, that are killed anywhere end as if they had not
// been: nothing is made twice.
func TestRepairsKilledAnywhereAndRunAgain(t *testing.T) {
	r, was := replacedFrom(t)
	saved, err := r.Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() (*testregion.Region, store.Store) {
		r := testregion.New(t, testregion.Load(t, withoutNAT), 1)
		if err := r.Sim.Load(saved); err != nil {
			t.Fatal(err)
		}
		return r, store.NewMemory()
	}
	killedAnywhere(t, 8, fresh, (*process).sync, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
			t.Errorf("killed at %d: %v", at, err)
		}
	})
	killedAnywhere(t, 20, fresh, (*process).restore, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		now := snapshotOf(t, r)
		if shape(now) != shape(was) {
			t.Errorf("killed at %d: it was\n%s\nand is\n%s", at, shape(was), shape(now))
		}
		if n, want := len(now.Network.Subnets), len(was.Network.Subnets)+3; n != want { // and those that somebody made
			t.Errorf("killed at %d: %d subnets, not %d", at, n, want)
		}
	})
}

// What drifts again within a day of a repair of ours has another owner: drift says so, with
// the time of each, and no repair is repeated by itself; a person may.
func TestWhatDriftsAgainHasAnotherOwner(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, oneGroup), 1)
	s := store.NewMemory()
	p := newProcess(t, r, s, alive)
	if o, err := p.up(oneGroup); err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
	again := `edits: [{by: network-pipeline, service: ec2, operation: DeleteTags, parameters: {Resources: ["${SubnetPublicUSWEST2A}"], Tags: [{Key: kubernetes.io/role/elb}]}}]`
	look := func() *drift.Difference {
		t.Helper()
		o := run.DriftOptions{Journal: new(run.Journal(s, r.AWS, "test")), Date: r.Sim.World.Date(), Blame: true}
		rep := drifted(t, r, o)
		if len(rep.Drifted()) != 1 || rep.Drifted()[0].By == nil {
			t.Fatalf("%+v", rep.Drifted())
		}
		return &rep.Drifted()[0]
	}
	label := `edits: [{service: eks, operation: UpdateNodegroupConfig, parameters: {clusterName: test, nodegroupName: m, labels: {%s}}}]`
	edit(t, r, fmt.Sprintf(label, "addOrUpdateLabels: {team: x}"))
	if d := look(); d.Again != nil {
		t.Errorf("a launch brings nothing back: %+v", d.Again)
	}
	edit(t, r, fmt.Sprintf(label, "removeLabels: [team]"))
	edit(t, r, again)
	if d := look(); d.Again != nil {
		t.Errorf("it drifted once: %+v", d.Again)
	}
	if o, err := p.restore(); err != nil || o.Result != outcome.Done {
		t.Fatalf("%+v %v", o, err)
	}
	edit(t, r, again)
	if d := look(); d.Again == nil || d.Again.Command != "restore" || !d.Again.At.Before(d.By.At) || d.By.Who != "network-pipeline" {
		t.Errorf("%+v %+v", d.Again, d.By)
	}
	guarded, err := run.PrepareRestore(t.Context(), p.aws, "test", run.RestoreOptions{Books: p.b, Guard: true})
	if err != nil || !guarded.Plan.Empty() || !strings.Contains(strings.Join(guarded.Plan.Notes, "\n"), "Another owner sets this") {
		t.Fatalf("%+v %v", guarded.Plan, err)
	}
	if err := guarded.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o, err := p.restore(); err != nil || o.Result != outcome.Done {
		t.Fatalf("a person asks for it: %+v %v", o, err)
	}
	r.Sim.World.Advance(2 * run.Loop)
	edit(t, r, again)
	if d := look(); d.Again != nil {
		t.Errorf("two days later: %+v", d.Again)
	}
}
