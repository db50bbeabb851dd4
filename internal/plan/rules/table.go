package rules

import (
	"errors"
	"fmt"
)

// of are all steps of some kinds.
func of(kinds ...string) End { return End{Kinds: kinds} }

func (e End) named(name string) End    { e.Named = name; return e }
func (e End) with(label string) End    { e.With = label; return e }
func (e End) without(label string) End { e.Without = label; return e }
func (e End) by(label string) End      { e.By = label; return e }

// each makes every step of one end wait for every step of the other.
func each(after, before End, why string) Edge { return Edge{After: after, Before: before, Why: why} }

// same makes a step wait for those that have its name, or the label that the ends say.
func same(after, before End, why string) Edge {
	return Edge{After: after, Before: before, Why: why, Paired: true}
}

const (
	oneChange = "EKS takes one change of a node group at a time"
	endsFirst = "what is under way ends first"

	gatesInOrder = "what Slipway can see itself is looked at first"
)

// addonChanges are the kinds of steps that the change of one add-on alone may have.
var addonChanges = []string{AddonRole, Addon, AddonHealth, AddonVersion, AddonUpdate, DeleteAddon, DeleteStack, StackSettled, Tags}

// All lists the rules in the order in which they are applied and explained.
var All = []Rule{
	{
		Name:    "control-plane-active",
		Reason:  "EKS refuses every sub-resource, and there is no Kubernetes API, before the control plane is ACTIVE",
		Source:  "EKS API: CreateNodegroup and CreateAddon in a cluster that is not ACTIVE (facts/eks.md §4)",
		Checked: "2026-11-22",
		Edges: []Edge{
			each(of(ControlPlane), of(ClusterStack), "the cluster stack creates the control plane"),
			each(
				of(Addon, NodeGroup, Fargate, Provider, AccessEntry, PodIdentity, ClusterUpdate),
				of(ControlPlane),
				"EKS takes nothing inside a cluster before it is ACTIVE",
			),
			each(of(Account, Mapping, Windows, CNIGate), of(ControlPlane), "there is no Kubernetes API before the control plane is ACTIVE"),
			each(of(OIDC), of(ControlPlane), "the issuer is known once the control plane is ACTIVE"),
			each(of(Retention), of(ControlPlane), "EKS makes the log group with the control plane"),
		},
	},
	{
		Name:    "cluster-stack-complete",
		Reason:  "nodes reach AWS through the NAT gateways, routes and security group rules that the cluster stack makes beside the control plane",
		Source:  "facts/eks.md §5 rows 10 to 13: instances fail to join without route or rules",
		Checked: "2026-11-22",
		// The control plane becomes ACTIVE while its stack is still at work, so that
		// add-ons go ahead; only what runs instances waits for the whole.
		Edges: []Edge{
			each(of(ClusterStackDone), of(ClusterStack), "CloudFormation must have the stack first"),
			each(of(NodeGroup, Fargate), of(ClusterStackDone), "NAT, routes and security group rules come with the rest of the cluster stack"),
		},
	},
	{
		Name:    "oidc-before-irsa",
		Reason:  "a role for a service account trusts the cluster's OIDC provider by name",
		Source:  "IAM: AssumeRoleWithWebIdentity needs a registered provider; facts/terraform.md §1",
		Checked: "2026-11-22",
		Edges:   []Edge{each(of(AddonRole, AccountRole).with(NeedsIssuer), of(OIDC), "the role's trust policy names the cluster's OIDC provider")},
	},
	{
		Name:    "roles-before-use",
		Reason:  "EKS checks that a role exists and trusts the right service when it is handed over; pod identity roles need no cluster and start at once",
		Source:  "EKS API errors in facts/eks.md §4, \"IAM propagation\"",
		Checked: "2026-11-22",
		Edges: []Edge{
			same(of(Addon, AddonUpdate), of(AddonRole).by(For), "the add-on runs with this role"),
			same(of(Account), of(AccountRole), "the service account is annotated with this role"),
			same(of(PodIdentity), of(PodRole), "the association hands out this role"),
			same(of(PodIdentity), of(Account), "the association is for this service account"),
			each(of(Fargate), of(FargateRole), "its pods run with this role"),
			same(of(NodeGroup), of(KeyPair), "the instances are launched with this key"),
		},
	},
	{
		Name: "roles-early",
		Reason: "what a node group's stack holds besides the group (role, instance profile, security groups) is made while the control plane is; " +
			"an update of the stack makes the group",
		Source:  "IAM takes 15 s and more for a role, and EKS nothing before ACTIVE (facts/eks.md §4, §7)",
		Checked: "2026-11-29",
		Edges: []Edge{
			each(of(GroupRole), of(ClusterStack), "nothing of a node group is made before CloudFormation has taken the cluster"),
			same(of(NodeGroup), of(GroupRole), "the group joins them in their stack"),
		},
	},
	{
		Name:    "network-addons-first",
		Reason:  "a node becomes Ready only once a network plugin has written its configuration; a node group without one ends CREATE_FAILED after 33 minutes",
		Source:  "terraform-aws-eks #3446, #3497, #2820; facts/eks.md §2",
		Checked: "2026-11-22",
		Edges: []Edge{
			each(of(NodeGroup), of(Addon).named("vpc-cni"), "without a network plugin the nodes would stay NotReady (cni plugin not initialized)"),
			each(of(NodeGroup), of(Addon).named("kube-proxy"), "the network plugin reaches the API server's service address through kube-proxy"),
			each(of(NodeGroup), of(Addon).with(CNIPermission), "the network plugin gets its permissions from the pod identity agent on its node"),
			each(of(NodeGroup), of(PodIdentity, Account).named("kube-system/aws-node"), "the network plugin's permissions must stand before its pods start"),
		},
	},
	{
		Name:    "cni-declared",
		Reason:  "a third-party network plugin is installed from outside; nodes started before it would stay NotReady",
		Source:  "facts/eks.md §2, Cilium and Calico; terraform-aws-eks #3106, #3139",
		Checked: "2026-11-22",
		Edges:   []Edge{each(of(NodeGroup), of(CNIGate), "the network plugin that the config declares must be installed first")},
	},
	{
		Name:    "deployments-after-nodes",
		Reason:  "an add-on that runs a Deployment is DEGRADED until its pods find a node, and heals by itself; waiting for it before nodes exist would never end",
		Source:  "facts/eks.md §1 (eksctl #5891, terraform-aws-eks #3001); pulumi-eks #1819",
		Checked: "2026-11-22",
		Edges: []Edge{
			same(of(AddonHealth), of(Addon), "the add-on is created first"),
			same(of(AddonHealth), of(AddonUpdate), "the add-on is changed first"),
			each(of(AddonHealth).without(Daemon), of(Nodes).without(OnWindows), "its pods need a node to run on"),
			each(of(AddonHealth).without(Daemon), of(Fargate), "its pods may run on Fargate"),
		},
	},
	{
		Name:    "fargate-one-at-a-time",
		Reason:  "EKS creates or deletes one Fargate profile at a time in a cluster",
		Source:  "EKS API: CreateFargateProfile conflicts (facts/eks.md §1, §4)",
		Checked: "2026-11-22",
		Chains:  []Chain{{Kinds: []string{Fargate, DeleteProfile}, Why: "EKS takes one Fargate profile at a time"}},
	},
	{
		Name:    "windows-support-first",
		Reason:  "Windows pods get their addresses from the control plane, which must be told to before Windows nodes start",
		Source:  "EKS user guide, Windows support; eksctl create cluster (facts/eksctl.md §3)",
		Checked: "2026-11-22",
		Edges: []Edge{
			each(of(NodeGroup).with(OnWindows), of(Windows), "Windows IP address management is turned on first"),
			each(of(Windows), of(Addon).named("vpc-cni"), "the setting belongs to the VPC CNI's configuration"),
		},
	},
	{
		Name:    "no-overlap-with-updates",
		Reason:  "while a cluster is UPDATING, EKS refuses CreateNodegroup and any second update",
		Source:  "EKS API: \"Cluster is not in ACTIVE status\", \"Cannot X because cluster currently has update Y\" (facts/eks.md §4; eksctl #2244)",
		Checked: "2026-11-22",
		Edges: []Edge{each(of(AccessEntry), of(ClusterUpdate).named("authentication-mode"),
			"EKS takes access entries once the authentication mode allows them")},
		Chains: []Chain{{Kinds: []string{ClusterUpdate, Provider, ClusterVersion}, Why: "EKS takes one cluster update at a time",
			Then: []string{NodeGroup, Fargate}, ThenWhy: "EKS refuses it while the cluster is UPDATING",
			Except: BackTo}}, // the older groups are there, and their pods, before the control plane goes back
	},
	{
		Name:    "nodes-let-in",
		Reason:  "a self-managed node's role must be known to the cluster before its kubelet calls; for managed groups, Fargate and Auto Mode EKS sees to it",
		Source:  "facts/eks.md §5 row 14, §2.3",
		Checked: "2026-11-22",
		Edges: []Edge{
			same(of(NodeGroup).without(Managed), of(AccessEntry).by(For), "the node role is let in before its instances start"),
			same(of(NodeGroup).without(Managed), of(Mapping).by(For), "the node role is mapped in aws-auth before its instances start"),
		},
	},
	{
		Name:    "nodes-after-group",
		Reason:  "nodes are counted while their group comes up; its scaling group can be set once it is there, and one change goes after the other",
		Source:  "facts/eks.md §2, §4",
		Checked: "2026-11-29",
		Edges: []Edge{
			same(of(Nodes), of(NodeGroup), "the group starts the instances"),
			same(of(Nodes), of(GroupUpdate, GroupLive), "the group is given its new size first"),
			same(of(Nodes), of(GroupSettled), endsFirst),
			same(of(GroupUpdate, GroupLive), of(GroupSettled), oneChange),
			same(of(GroupUpdate, GroupLive), of(NodeGroup), endsFirst),
			same(of(GroupUpdate, GroupLive), of(GroupVersion), "the record follows what EKS has done"),
			same(of(GroupVersion), of(TemplateVersion), "the version is there first"),
			same(of(Nodes, GroupRolled), of(GroupVersion), "EKS replaces the nodes first"),
			same(of(GroupLive), of(GroupUpdate), oneChange),
			same(of(GroupUpdate), of(GroupUpdate).by(For), "its stack says first what EKS has done"),
			same(of(GroupScaling), of(NodeGroup), "the Auto Scaling group comes with the node group"),
			same(of(Tags).by(For), of(NodeGroup), "the group is there first"),
		},
	},
	{
		Name:    "drain-first",
		Reason:  "neither EKS nor Auto Scaling keeps disruption budgets when a group gets smaller or goes; a node that was emptied before has nothing to lose",
		Source:  "EKS user guide, managed node groups: scaling-config changes and deletion pass over budgets (facts/eks.md §6)",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(DeleteStack, DeleteGroup, DeleteScaling).by(For), of(Drain, Evacuate).by(For), "its pods go first, as their disruption budgets allow"),
			same(of(EndNodes).by(For), of(Drain).by(For), "their pods go first, as their disruption budgets allow"),
			same(of(EndNodes).by(For), of(GroupMinimum).by(For), "Auto Scaling ends no node below the group's smallest size"),
			same(of(Drain, GroupMinimum).by(For), of(GroupSettled), oneChange),
			same(of(Drain, GroupMinimum).by(Of), of(StackSettled).by(Of), endsFirst),
			same(of(GroupUpdate, GroupLive), of(EndNodes).by(For), "the group gets its sizes once it has no more nodes than that"),
			same(of(GroupUpdate, GroupLive), of(GroupMinimum).by(For), oneChange),
		},
	},
	{
		Name: "green-beside-blue",
		Reason: "a node group that is replaced is there until the one that takes its place has shown that it can: whatever fails before, " +
			"the pods have nodes to go back to",
		Source:  "facts/eks.md §6, blue/green; containers-roadmap #601, #916 (the autoscaler removes fresh nodes), #755",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(KeyPair, GroupRole, NodeGroup).by(Replaces), of(Begun).by(Replaces), "what is available now is written down before anything changes"),
			same(of(Proven, HoldScaleDown).by(Replaces), of(Nodes, NodeGroup).by(Replaces), "the new nodes are there first"),
			same(of(Cordon, Exclude, HoldScaling).by(Replaces), of(Proven, HoldScaleDown, RestoreNodes).by(Replaces), "the old nodes take pods until the new ones can"),
			same(of(Gate).with(With(Stage, AfterGreen)).by(Replaces), of(Cordon, Exclude, HoldScaling).by(Replaces), "from here on pods go to the new nodes"),
			same(of(GateCommand).with(With(Stage, AfterGreen)).by(Replaces), of(Gate).with(With(Stage, AfterGreen)).by(Replaces), gatesInOrder),
			same(of(Evacuate).by(Replaces), of(Cordon, RestoreNodes).by(Replaces), "a pod that moves finds the nodes that it goes to, and no others"),
			same(of(Evacuate).by(Replaces), of(HoldScaling).by(Replaces), "no node comes that pods would go to"),
			same(of(Nodes, Proven).by(Replaces), of(FreeScaling).by(Replaces), "Auto Scaling starts a node that lacks"),
			same(of(Evacuate).by(Replaces), of(Gate, GateCommand).with(With(Stage, AfterGreen)).by(Replaces), "no pod is moved before the gate lets it"),
			same(of(Gate).with(With(Stage, AfterDrain)).by(Replaces), of(Evacuate).by(Replaces), "all pods have moved by then"),
			same(of(GateCommand).with(With(Stage, AfterDrain)).by(Replaces), of(Gate).with(With(Stage, AfterDrain)).by(Replaces), gatesInOrder),
			same(of(Soak).by(Replaces), of(Gate, GateCommand).with(With(Stage, AfterDrain)).by(Replaces), "what the gates saw must last"),
			same(of(DeleteStack, DeleteGroup, DeleteScaling).by(For), of(Gate, GateCommand, Soak).by(Replaces), "there is no way back afterwards"),
			same(of(LetScaleDown).by(Replaces), of(DeleteStack, DeleteGroup, DeleteScaling).by(For), "until then, new nodes may look superfluous to the autoscaler"),
			// Follows is on every step of a replacement; these are where one may begin, wherever it is.
			same(of(Begun, KeyPair, GroupRole, NodeGroup, Nodes, RestoreNodes, Proven, HoldScaleDown, Cordon, Exclude,
				HoldScaling, Evacuate, DeleteStack, DeleteGroup, DeleteScaling, LetScaleDown).by(Follows),
				of(Ended).by(Replaces), "as many groups are replaced at a time as --max-parallel says"),
			same(of(Pause).by(Replaces), of(Gate, GateCommand, Soak).by(Replaces), "a person looks at what was done so far"),
			same(of(Ended).by(Replaces), of(DeleteStack, DeleteGroup, DeleteScaling, DeleteEntry, Unmap, Mapping, NodeAccess, LetScaleDown, RestoreNodes,
				FreeScaling).by(Replaces),
				"as long as it is kept, another run knows what is left to do"),
		},
		Chains: []Chain{{Kinds: []string{Evacuate}, Why: "one zone after the other, so that each has room and copies elsewhere"}},
	},
	{
		Name: "slice-by-slice",
		Reason: "a node group that is replaced in slices never has more than one slice of nodes beyond its size: each grows for the pods of the " +
			"next nodes, and those are ended before the next one grows",
		Source:  "facts/eks.md §6, blue/green; EC2's quotas and a zone's capacity seldom have room for a group twice",
		Checked: "2026-12-01",
		Edges: []Edge{
			same(of(Grow).by(Replaces), of(NodeGroup, Nodes, Proven, HoldScaleDown).by(Replaces), "the group stands first"),
			same(of(Grow, EvacuateSlice).by(PastIt), of(EndNodes).by(Slice), "the nodes of the slice before make room first"),
			same(of(Grown).by(Slice), of(Grow, SizesBack).by(Slice), "the group wants them first"),
			same(of(SizesBack).by(Replaces), of(FreeScaling).by(Replaces), "no node is started before"),
			same(of(GrownProven).by(Slice), of(Grown).by(Slice), "the new nodes are there first"),
			same(of(EvacuateSlice).by(Slice), of(Grow, Grown, GrownProven).by(Slice), "its pods need the room"),
			same(of(EvacuateSlice).by(Replaces), of(Cordon, RestoreNodes).by(Replaces), "a pod that moves finds the nodes that it goes to, and no others"),
			same(of(EvacuateSlice).by(Replaces), of(Gate, GateCommand).with(With(Stage, AfterGreen)).by(Replaces), "no pod is moved before the gate lets it"),
			same(of(GateSlice).by(Slice), of(EvacuateSlice).by(Slice), "its pods have moved by then"),
			same(of(EndNodes).by(Slice), of(GateSlice, EvacuateSlice).by(Slice), "the nodes are empty, and nothing is less available than before"),
			same(of(GroupMinimum).by(Replaces), of(Gate, GateCommand).with(With(Stage, AfterGreen)).by(Replaces), "the old group stays as it is until the gate opens"),
			same(of(Evacuate).by(Replaces), of(EndNodes, Grow, Grown, GrownProven).by(Replaces), "slices go first, and nodes that the old group gets again come before"),
			same(of(SizesRecorded).by(Replaces), of(Evacuate, Grow, Grown).by(Replaces), "its sizes are what they stay by then"),
			same(of(DeleteStack, DeleteGroup, DeleteScaling).by(For), of(EndNodes).by(For), "one change of the group at a time"),
			same(of(Ended).by(Replaces), of(SizesRecorded, SizesBack, Grown).by(Replaces), "as long as it is kept, another run knows what is left to do"),
		},
	},
	{
		Name: "one-minor-at-a-time",
		Reason: "EKS takes a control plane one minor further at a time; a kubelet must not be newer than it, an add-on must fit it, " +
			"and EKS takes no version of either that does not",
		Source: "EKS API: UpdateClusterVersion, UpdateAddon and UpdateNodegroupVersion (facts/eks.md §6); Kubernetes' version skew policy; " +
			"EKS user guide, \"Update existing cluster to new Kubernetes version\"",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(ClusterVersion, Ready).by(Round), of(AddonVersion).with(First).by(Round), "what runs now does not fit the next minor, and this fits both"),
			same(of(ClusterVersion, Ready).by(Round), of(GroupVersion).with(First).by(Round), "kubelets may be three minors older than the control plane, and no more"),
			same(of(ClusterVersion).by(Round), of(Ready).by(Round), "EKS refuses while it finds something in the way"),
			same(of(AddonVersion).without(First).by(Round), of(ClusterVersion).by(Round), "EKS takes versions of add-ons that fit the minor that the control plane has"),
			same(of(GroupVersion).without(First).by(Round), of(ClusterVersion).by(Round), "kubelets must not be newer than the control plane"),
			same(of(GroupVersion, Begun).without(First).by(Round), of(AddonVersion).by(Round), "new nodes start with the network that they will have"),
			same(of(Begun).by(Round), of(ClusterVersion).by(Round), "its nodes start with the new minor"),
			same(of(Followed).by(Round), of(ClusterVersion, Verified).by(Round), "their keepers see another version of the control plane first"),
			same(of(Verified).by(Round), of(ClusterVersion, AddonVersion, GroupVersion, GroupRolled, Ended, DeleteStack, DeleteGroup, DeleteScaling).by(Round),
				"all of the round is looked at together"),
			same(of(ClusterVersion, AddonVersion, GroupVersion, Ready).by(After), of(Verified).by(Round), "the round before ends well first"),
			same(of(AddonVersion).by(After), of(AddonVersion).by(Turn), "EKS wants this add-on raised one minor at a time"),
			same(of(GroupVersion, Begun).by(After), of(GroupVersion, Ended, DeleteStack, DeleteGroup, DeleteScaling).by(Turn),
				"so many node groups at once as --max-parallel lets"),
			same(of(AddonUpdate), of(AddonVersion).by(For), "EKS takes one change of an add-on at a time"),
			same(of(GroupUpdate, GroupLive), of(GroupVersion).by(For), oneChange),
		},
	},
	{
		Name:    "way-back-in-reverse",
		Reason:  "a kubelet must not be newer than the control plane, nor kube-proxy, so that they go back before it",
		Source:  "EKS user guide, \"Roll back a cluster to a previous Kubernetes version\"; Kubernetes' version skew policy (facts/eks.md §6)",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(AddonVersion).by(BackTo), of(GroupVersion, Ended, DeleteStack, DeleteGroup, DeleteScaling).by(BackTo), "nodes go back first"),
			same(of(ClusterVersion, Ready).by(BackTo), of(GroupVersion, Ended, DeleteStack, DeleteGroup, DeleteScaling).by(BackTo),
				"no kubelet may be newer than the control plane"),
			same(of(ClusterVersion, Ready).by(BackTo), of(AddonVersion).with(First).by(BackTo), "no add-on may need a newer control plane"),
			same(of(ClusterVersion).by(BackTo), of(Ready).by(BackTo), "EKS refuses while it finds something in the way"),
			same(of(AddonVersion).without(First).by(BackTo), of(ClusterVersion).by(BackTo),
				"EKS takes versions of add-ons that fit the minor that the control plane has"),
			same(of(Verified).by(BackTo), of(ClusterVersion, AddonVersion, GroupVersion, GroupRolled, Ended, DeleteStack, DeleteGroup, DeleteScaling).by(BackTo),
				"all of it is looked at together"),
		},
	},
	{
		Name:    "addon-between-gates",
		Reason:  "EKS calls an add-on ACTIVE whose new version breaks what runs beside it: what is available is looked at before and after",
		Source:  "facts/eks.md §6; EKS user guide, \"Update an Amazon EKS add-on\"",
		Checked: "2026-12-01",
		Edges: []Edge{
			same(of(addonChanges...).by(Around), of(AddonBegun).by(Around), "what lacked before is not its doing"),
			same(of(Gate).by(Around), of(addonChanges...).by(Around), "all of the change is looked at together"),
			same(of(GateCommand).by(Around), of(addonChanges...).by(Around), "all of the change is looked at together"),
			same(of(GateCommand).by(Around), of(Gate).by(Around), gatesInOrder),
			same(of(Soak).by(Around), of(Gate, GateCommand).by(Around), "what the gates saw must last"),
			same(of(AddonEnded).by(Around), of(Gate, GateCommand, Soak).by(Around), "as long as it is kept, another run looks again"),
		},
	},
	{
		Name: "access-follows-groups",
		Reason: "EKS and stacks take a role's access away with a group, though other nodes may have the role; " +
			"and what they leave would stand in the way of a role of the same name",
		Source:  "EKS user guide, deleting a managed node group; containers-roadmap #755, #2441; eksctl #5690, #8516",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(Mapping, NodeAccess, Unmap, DeleteEntry).by(For), of(DeleteStack, DeleteGroup, DeleteScaling).by(For),
				"what the group's deletion does to its role's access is seen then"),
			same(of(DeleteEntry).by(Of), of(DeleteStack, DeleteGroup).by(Of), "its nodes are let in as long as they are there"),
		},
	},
	{
		Name: "delete-before-create",
		Reason: "a stack that failed to be created can only be deleted and made again, and so can add-ons and Fargate profiles; " +
			"what somebody else is doing ends first",
		Source:  "CloudFormation: CREATE_FAILED and ROLLBACK_COMPLETE stacks take no update (facts/eksctl.md §5, #8712)",
		Checked: "2026-11-29",
		Edges: []Edge{
			same(of(ClusterStack, ClusterStackDone, AddonRole, AccountRole, PodRole, FargateRole, AccessEntry, GroupRole, NodeGroup, Addon, Fargate).by(Of),
				of(DeleteStack, DeleteGroup, DeleteAddon, DeleteProfile, DeleteEntry).by(Of), "what failed under that name goes first"),
			same(of(DeleteStack).by(Of), of(DeleteGroup).by(Of), endsFirst),
			same(of(AddonRole, AccountRole, PodRole, AccessEntry, GroupUpdate, GroupLive, GroupVersion, Nodes).by(Of), of(StackSettled).by(Of), endsFirst),
		},
	},
	{
		Name:    "before-compute",
		Reason:  "an add-on marked beforeCompute stands before any node group; one whose pods need nodes would wait for ever and is refused",
		Source:  "terraform-aws-eks before_compute, a 30-second sleep there (facts/terraform.md §1, H7)",
		Checked: "2026-11-22",
		Edges:   []Edge{each(of(NodeGroup), of(Addon).with(BeforeCompute), "the config marks the add-on beforeCompute")},
		Reject:  podsBeforeNodes,
	},
	{
		Name:    "depends-on",
		Reason:  "the config says so",
		Source:  "dependsOn in the config file",
		Checked: "2026-11-22",
		Edges:   []Edge{same(of(Addon, NodeGroup).by(Needs), of(Addon, AddonHealth, NodeGroup, Nodes).by(Is), "the config says that it depends on {key}")},
	},
	{
		Name:    "cluster-goes-last",
		Reason:  "EKS refuses to delete a cluster with node groups or Fargate profiles, and CloudFormation a stack whose exports others use",
		Source:  "EKS API: DeleteCluster, ResourceInUseException; CloudFormation: exports in use (facts/eksctl.md §1)",
		Checked: "2026-11-29",
		Edges: []Edge{
			each(of(DeleteStack).with(WholeCluster), of(DeleteProfile, DeleteGroup), "EKS refuses to delete a cluster with node groups or Fargate profiles"),
			each(
				of(DeleteStack).with(WholeCluster),
				of(DeleteStack).without(WholeCluster),
				"EKS refuses to delete a cluster with node groups or Fargate profiles, and other stacks use its exports",
			),
			each(of(DeleteStack).with(WholeCluster), of(DeleteSG), "EC2 deletes no VPC with a security group in it"),
		},
	},
	{
		Name: "load-balancers-go-first",
		Reason: "what takes a load balancer away with its Service or Ingress runs in the cluster, with roles of its stacks, and a load balancer that is left " +
			"holds subnets and security groups: the network could not go",
		Source:  "eksctl delete cluster (facts/eksctl.md §3); k8s.io/cloud-provider, service controller; AWS Load Balancer Controller, finalizers",
		Checked: "2026-11-29",
		Edges: []Edge{each(of(DeleteStack, DeleteGroup, DeleteProfile, DeleteOIDC), of(Unpublish),
			"the controller that removes the load balancer needs the cluster, its nodes and its roles")},
	},
	{
		Name:    "logs-go-last",
		Reason:  "a control plane writes its logs until it is gone, and makes the log group anew where it is missing",
		Source:  "EKS user guide, control plane logging: the log group stays when the cluster goes",
		Checked: "2026-11-29",
		Edges:   []Edge{each(of(DeleteLogs), of(DeleteStack).with(WholeCluster), "the control plane writes to it until it is gone")},
	},
	{
		Name:    "subnets-before-use",
		Reason:  "what names a subnet by its ID can do so once it is there; the control plane's interfaces go where routes and rules stand already",
		Source:  "EC2 API: InvalidSubnetID.NotFound; EKS API: VpcConfigUpdate (facts/eks.md §3, facts/repair.md §4)",
		Checked: "2026-11-30",
		Edges: []Edge{
			same(of(SubnetAttributes, SubnetRoutes, SubnetACL), of(Subnet), "the subnet is made first"),
			same(of(NATGateway).by(For), of(Subnet), "the subnet is made first"),
			same(of(NATGateway).by(For), of(SubnetRoutes), "the gateway gets out by its subnet's routes"),
			same(of(Route).by(For), of(NATGateway), "it leads to that gateway"),
			each(of(ClusterUpdate).named("control-plane-network"), of(Subnet, SubnetAttributes, SubnetRoutes, SubnetACL, GroupRules),
				"EKS puts the control plane's interfaces into subnets that are ready"),
		},
	},
	{
		Name:    "additions-before-removals",
		Reason:  "a restore that fails half way leaves more than was there, never less",
		Source:  "terraform-aws-eks #3188, #3696: what is taken away first is missed by what runs",
		Checked: "2026-11-30",
		Edges: []Edge{
			each(of(SubnetTagsGo, RouteGoes, GroupRulesGo, GroupLabelsGo),
				of(Subnet, SubnetAttributes, SubnetTags, SubnetRoutes, SubnetACL, NATGateway, Route, GroupRules, ClusterUpdate, AddonUpdate, GroupLive),
				"what is missing is added before anything is taken away"),
		},
	},
}

// podsBeforeNodes refuses an add-on that node groups wait for and that waits for nodes.
func podsBeforeNodes(steps []Step) error {
	var out []error
	for _, s := range steps {
		if s.Kind == Addon && s.Has(BeforeCompute) && !s.Has(Daemon) {
			out = append(out, fmt.Errorf("the add-on %[1]s cannot stand beforeCompute: its pods need a node, and the nodes would wait for it:\n"+
				"  the node groups wait for %[1]s (beforeCompute)\n  %[1]s waits for the nodes: its Deployment's pods must run somewhere\n"+
				"Remove beforeCompute from %[1]s", s.Name))
		}
	}
	return errors.Join(out...)
}
