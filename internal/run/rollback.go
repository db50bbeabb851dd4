package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/drift"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/journal"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/store"
)

// PrepareRollback plans how one operation of the journal is undone: a restore of the
// snapshot that was taken before it, of what its calls touched and of nothing else. o is
// that restore's; what it brings back is the operation's business.
func PrepareRollback(ctx context.Context, c *awsc.Clients, name string, id int, s store.Store, o RestoreOptions) (*Restore, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	refuse := func(what, remedy string) error {
		return finding.Findings{{Code: "rollback-impossible", Severity: finding.Error,
			Where: finding.Where{Resource: fmt.Sprintf("operation %d of cluster %s", id, name)},
			What:  what, Remedy: remedy, Input: true}}
	}
	book := Journal(s, c, name)
	a, err := book.Show(ctx, id)
	switch {
	case errors.Is(err, store.ErrAbsent):
		return nil, refuse("is not in the journal", "slipway history "+name+" lists what is")
	case err != nil:
		return nil, fmt.Errorf("reading the journal of cluster %s: %w", name, err)
	case len(a.Calls) == 0:
		return nil, refuse("changed nothing: there is nothing to undo", "slipway history "+name+" lists what was done")
	case a.Snapshot == "":
		return nil, refuse("has no snapshot from before it (its first entry cannot be read)", "slipway restore "+name+" brings back what the record tells")
	}
	was, err := Shelf(s, c, name).Load(ctx, a.Snapshot)
	if err != nil {
		return nil, refuse("cannot be undone: the snapshot "+a.Snapshot+" from before it cannot be read: "+err.Error(),
			"slipway snapshot list "+name+" lists what there is")
	}
	t := touchedBy(a.Calls, was)
	o.Snapshot, o.From, o.wants, o.lost = was, a.Snapshot, t.wants, t.lost
	out, err := PrepareRestore(ctx, c, name, o)
	if err != nil {
		return nil, err
	}
	later, err := laterOn(ctx, book, id, was, t)
	if err != nil {
		return nil, errors.Join(err, out.Close(ctx))
	}
	if len(later) > 0 {
		out.Plan.Notes = append(out.Plan.Notes,
			"The same things were changed since, and what that did to them goes back, too: operation "+strings.Join(later, ", ")+".")
	}
	return out, nil
}

// laterOn are the operations since that touched the same things.
func laterOn(ctx context.Context, book journal.Book, id int, was *observe.Observed, t *touched) ([]string, error) {
	all, err := book.List(ctx, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	var out []string
	for _, r := range slices.Backward(all) {
		if r.ID <= id {
			continue
		}
		a, err := book.Show(ctx, r.ID)
		if err != nil {
			return nil, fmt.Errorf("reading the journal: %w", err)
		}
		if slices.ContainsFunc(touchedBy(a.Calls, was).things, func(x thing) bool { return t.wants(x.path, x.key) }) {
			out = append(out, fmt.Sprintf("%d (%s)", r.ID, r.Command))
		}
	}
	return out, nil
}

// thing is a field that a call changed, by the catalogue's paths, and of which thing.
type thing struct {
	path, key string
	at        time.Time
}

// touched is what an operation's calls changed.
type touched struct {
	things []thing
	lost   []string // calls that no restore undoes, in words
}

// wants tells whether a field of a thing was touched.
func (t *touched) wants(path, key string) bool {
	return slices.ContainsFunc(t.things, func(x thing) bool {
		return (drift.Fits(x.path, path) || drift.Fits(path, x.path)) && (x.key == "" || key == "" || x.key == key)
	})
}

// request is what is read of any call's request: the members that name what it changes.
type request struct {
	AddonName, NodegroupName, AutoScalingGroupName, StackName, ChangeSetName, SubnetID, RouteTableID, GroupID, VpcID string
	DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListID                                          string
	Resources                                                                                                        []string
	ResourceArn                                                                                                      string
}

// touchedBy reads what calls changed. was tells which node group an Auto Scaling group is.
func touchedBy(calls []journal.Call, was *observe.Observed) *touched {
	t := &touched{}
	for _, c := range calls {
		if c.Answered && c.Error != "" {
			continue // it changed nothing
		}
		var in request
		_ = json.Unmarshal(c.Request, &in) // what is no request names nothing
		found := undo(c, in, was)
		for i := range found {
			found[i].at = c.At
		}
		if t.things = append(t.things, found...); len(found) == 0 && !silentCalls[c.Call] {
			t.lost = append(t.lost, "what "+c.Call+" did ("+c.Step+")")
		}
	}
	slices.Sort(t.lost)
	t.lost = slices.Compact(t.lost)
	return t
}

// silentCalls change nothing by themselves that is to be undone.
var silentCalls = map[string]bool{"cloudformation:CreateChangeSet": true, "cloudformation:DeleteChangeSet": true,
	"cloudformation:UpdateTerminationProtection": true}

// undo are the fields that a call changed and that a restore brings back.
func undo(c journal.Call, in request, was *observe.Observed) []thing {
	one := func(path, key string) []thing { return []thing{{path: path, key: key}} }
	switch c.Call {
	case "eks:UpdateClusterConfig":
		return ofCluster(c)
	case "eks:CreateAddon", "eks:UpdateAddon", "eks:DeleteAddon":
		return one("addons", in.AddonName)
	case "eks:UpdateNodegroupConfig":
		return ofMembers(c.Request, in.NodegroupName, map[string][]string{"Labels": {"managedNodeGroups.labels"}, "Taints": {"managedNodeGroups.taints"},
			"ScalingConfig": {"managedNodeGroups.minSize", "managedNodeGroups.maxSize"}, "UpdateConfig": {"managedNodeGroups.updateConfig"},
			"NodeRepairConfig": {"managedNodeGroups.nodeRepairConfig"}})
	case "autoscaling:UpdateAutoScalingGroup", "autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses":
		if g := was.ScalingGroups[in.AutoScalingGroupName]; g != nil {
			return one("nodegroups.scalingGroup", g.Nodegroup)
		}
	case "eks:TagResource":
		if was.Cluster != nil && in.ResourceArn == was.Cluster.ARN {
			return one("metadata.tags", "")
		}
	case "ec2:ModifySubnetAttribute":
		return ofMembers(c.Request, in.SubnetID, map[string][]string{"MapPublicIpOnLaunch": {"network.subnets.publicOnLaunch"},
			"AssignIpv6AddressOnCreation": {"network.subnets.ipv6OnCreation"}, "EnableDns64": {"network.subnets.dns64"},
			"PrivateDnsHostnameTypeOnLaunch": {"network.subnets.dns"}, "EnableResourceNameDnsARecordOnLaunch": {"network.subnets.dns"},
			"EnableResourceNameDnsAAAARecordOnLaunch": {"network.subnets.dns"}})
	case "ec2:AssociateRouteTable", "ec2:ReplaceRouteTableAssociation":
		return one("network.subnets.routeTable", in.SubnetID)
	case "ec2:ReplaceNetworkAclAssociation":
		return one("network.subnets.acl", "")
	case "ec2:CreateTags", "ec2:DeleteTags":
		var out []thing
		for _, id := range in.Resources {
			out = append(out, thing{path: "network.subnets.tags", key: id})
		}
		return out
	case "ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute":
		key := in.RouteTableID + " " + in.DestinationCidrBlock + in.DestinationIpv6CidrBlock + in.DestinationPrefixListID
		return []thing{{path: "network.routes", key: key}, {path: "network.routes.added", key: key}}
	case "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress":
		return one("network.rules", in.GroupID)
	case "ec2:ModifyVpcAttribute":
		return one("network.vpc", in.VpcID)
	case "iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider":
		return one("iam.withOIDC", "")
	case "cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DeleteStack", "cloudformation:ExecuteChangeSet":
		return ofStack(in, was)
	}
	return nil
}

// ofStack is a stack by its name or ID, or by a change set's; with the node group that it is.
func ofStack(in request, was *observe.Observed) []thing {
	name := in.StackName
	if _, after, ok := strings.Cut(name, ":stack/"); ok {
		name, _, _ = strings.Cut(after, "/")
	}
	if name == "" { // of sync's own sets, which only touch the record
		name = stack.ClusterName(was.Name)
	}
	out := []thing{{path: "stacks", key: name}}
	if group, ok := strings.CutPrefix(name, "eksctl-"+was.Name+"-nodegroup-"); ok {
		out = append(out, thing{path: "managedNodeGroups", key: group})
	}
	return out
}

// ofCluster are the aspects of a control plane that one update changed.
func ofCluster(c journal.Call) []thing {
	var in struct{ ResourcesVpcConfig json.RawMessage }
	_ = json.Unmarshal(c.Request, &in) // as above
	return slices.Concat(
		ofMembers(in.ResourcesVpcConfig, "", map[string][]string{"SubnetIds": {"vpc.controlPlaneSubnetIDs"}, "SecurityGroupIds": {"vpc.controlPlaneSecurityGroupIDs"},
			"EndpointPublicAccess": {"vpc.clusterEndpoints"}, "EndpointPrivateAccess": {"vpc.clusterEndpoints"}, "PublicAccessCidrs": {"vpc.publicAccessCIDRs"}}),
		ofMembers(c.Request, "", map[string][]string{"Logging": {"cloudWatch.clusterLogging.enableTypes"}, "UpgradePolicy": {"upgradePolicy.supportType"},
			"ZonalShiftConfig": {"zonalShiftConfig.enabled"}, "ControlPlaneScalingConfig": {"controlPlaneScalingConfig.tier"},
			"DeletionProtection": {"controlPlane.deletionProtection"}, "AccessConfig": {"accessConfig.authenticationMode"}}))
}

// ofMembers are the fields that the members of a request stand for, of one thing.
func ofMembers(raw json.RawMessage, key string, paths map[string][]string) []thing {
	var all map[string]json.RawMessage
	_ = json.Unmarshal(raw, &all) // what is no request names nothing
	var out []thing
	for _, member := range slices.Sorted(maps.Keys(all)) {
		for _, path := range paths[member] {
			out = append(out, thing{path: path, key: key})
		}
	}
	return out
}
