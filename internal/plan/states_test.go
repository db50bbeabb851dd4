package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	eks "github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// kind is one kind of thing that has a state.
type kind struct {
	name     string
	was, now string   // lines of the file that it was made from, and of the one that is planned: a field differs that is followed
	statuses []string // that EKS, or Auto Scaling, has of it; "": it has none, and stands
	stack    string   // its own; "": it has none
	template func(was *config.ClusterConfig) string
	early    func(was *config.ClusterConfig) string // what its stack holds first; nil: it is made in one
	set      func(o *observe.Observed, was *config.ClusterConfig, status string)
	steps    []string // what steps about it begin with
}

func words[T ~string](all []T) []string {
	var out []string
	for _, x := range all {
		out = append(out, string(x))
	}
	return out
}

const (
	principal = "arn:aws:iam::111122223333:role/ops"
	podsRole  = "arn:aws:iam::111122223333:role/pods"
)

var account = stack.Role{Stack: stack.ServiceAccountName("c", "default", "sa"), Description: "IAM role for serviceaccount \"default/sa\"", Namespace: "default", Name: "sa",
	ARNs: []string{"arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}, Issuer: "oidc.example/id", Account: "111122223333", Partition: "aws"}

var kinds = []kind{
	{"control plane", "", "cloudWatch: {clusterLogging: {enableTypes: [audit]}}", words(eks.ClusterStatus("").Values()), stack.ClusterName("c"),
		func(was *config.ClusterConfig) string { return stack.Cluster(was, net).JSON() }, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if o.Cluster = nil; status != "absent" {
				o.Cluster = controlPlane(status)
			}
		}, []string{"control-plane", "cluster-stack", "cluster-update/", "delete-stack/eksctl-c-cluster"}},
	{"managed group", "managedNodeGroups: [{name: m, desiredCapacity: 1, maxSize: 5}]", "managedNodeGroups: [{name: m, desiredCapacity: 1, maxSize: 7}]",
		words(eks.NodegroupStatus("").Values()), stack.GroupName("c", "m"),
		func(was *config.ClusterConfig) string {
			return stack.Managed(was, &was.ManagedNodeGroups[0], stack.Live{}).JSON()
		},
		func(was *config.ClusterConfig) string {
			return stack.ManagedEarly(was, &was.ManagedNodeGroups[0], stack.Live{}).JSON()
		},
		func(o *observe.Observed, was *config.ClusterConfig, status string) {
			if status != "absent" {
				o.Groups = map[string]*observe.Nodegroup{"m": {Name: "m", ARN: "arn:m", Status: status, ScalingConfig: &observe.Sizes{MinSize: 1, MaxSize: 5, DesiredSize: 1}}}
			}
		}, []string{"nodegroup", "stack-settled", "delete-"}},
	{"self-managed group", "nodeGroups: [{name: s, desiredCapacity: 1, maxSize: 5}]", "nodeGroups: [{name: s, desiredCapacity: 1, maxSize: 7}]",
		[]string{"", "Delete in progress"}, stack.GroupName("c", "s"),
		func(was *config.ClusterConfig) string {
			return stack.SelfManaged(was, &was.NodeGroups[0], stack.Live{AMI: "ami-1"}).JSON()
		},
		func(was *config.ClusterConfig) string {
			return stack.SelfManagedEarly(was, &was.NodeGroups[0], stack.Live{}).JSON()
		},
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if status != "absent" {
				o.ScalingGroups = map[string]*observe.ScalingGroup{"asg": {Name: "asg", Nodegroup: "s", Status: status, MinSize: 1, MaxSize: 5, DesiredCapacity: 1}}
			}
		}, []string{"nodegroup", "stack-settled", "delete-"}},
	{"add-on", "", `addons: [{name: coredns, configurationValues: "replicaCount: 3"}]`, words(eks.AddonStatus("").Values()), "", nil, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			delete(o.Addons, "coredns")
			if status != "absent" {
				o.Addons["coredns"] = &observe.Addon{Name: "coredns", Status: status, Version: "v1.2.3-eksbuild.1"}
			}
		}, []string{"addon/coredns", "addon-health/coredns", "addon-update/coredns", "delete-addon/coredns"}},
	{"Fargate profile", "", "fargateProfiles: [{name: f, podExecutionRoleARN: '" + podsRole + "', selectors: [{namespace: a}], tags: {a: b}}]",
		words(eks.FargateProfileStatus("").Values()), "", nil, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if status != "absent" {
				o.Profiles = map[string]*observe.FargateProfile{"f": {Name: "f", ARN: "arn:f", Status: status, PodExecutionRoleARN: podsRole, Selectors: []observe.FargateSelector{{Namespace: "a"}}}}
			}
		}, []string{"fargate-profile/", "delete-fargate-profile/", "tags/"}},
	{"access entry", "accessConfig: {accessEntries: [{principalARN: '" + principal + "'}]}", "accessConfig: {accessEntries: [{principalARN: '" + principal + "', kubernetesGroups: [crew]}]}",
		[]string{""}, stack.AccessEntryName("c", principal),
		func(was *config.ClusterConfig) string {
			return stack.AccessEntry("c", was.AccessConfig.AccessEntries[0]).JSON()
		}, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if status != "absent" {
				o.AccessEntries = map[string]*observe.AccessEntry{principal: {PrincipalARN: principal, Type: "STANDARD"}}
			}
		}, []string{"access-entry/", "stack-settled/", "delete-"}},
	{"pod identity association", "", "iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b, roleARN: '" + podsRole + "'}]}", []string{""}, "", nil, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if status != "absent" {
				o.PodIdentities = map[string]*observe.PodIdentity{"a/b": {ID: "a-1", Namespace: "a", ServiceAccount: "b", RoleARN: principal}}
			}
		}, []string{"pod-identity/"}},
	{"identity provider", "", "identityProviders: [{type: oidc, name: dex, issuerURL: 'https://dex.example', clientID: abc, tags: {a: b}}]", words(eks.ConfigStatus("").Values()), "", nil, nil,
		func(o *observe.Observed, _ *config.ClusterConfig, status string) {
			if status != "absent" {
				o.IdentityProviders = map[string]*observe.IdentityProvider{"dex": {Name: "dex", ARN: "arn:dex", Status: status, IssuerURL: "https://dex.example", ClientID: "abc"}}
			}
		}, []string{"identity-provider/", "tags/"}},
	{"role of a service account", "", "iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, roleOnly: true, attachPolicyARNs: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}]}",
		nil, account.Stack, func(*config.ClusterConfig) string { return stack.IRSA(account).JSON() }, nil,
		func(*observe.Observed, *config.ClusterConfig, string) {}, []string{"service-account-role/", "stack-settled/", "delete-"}},
	{"pod identity role", "", "iam: {podIdentityAssociations: [{namespace: a, serviceAccountName: b, permissionPolicyARNs: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']}]}",
		nil, stack.PodRoleName("c", "a", "b"), func(*config.ClusterConfig) string {
			return stack.PodIdentity(stack.Role{Stack: stack.PodRoleName("c", "a", "b"), ARNs: account.ARNs}).JSON()
		}, nil, func(*observe.Observed, *config.ClusterConfig, string) {}, []string{"pod-identity-role/", "stack-settled/", "delete-"}},
	{"role of pods on Fargate", "", "fargateProfiles: [{name: f, selectors: [{namespace: a}]}]", nil, stack.FargateName("c"),
		func(*config.ClusterConfig) string { return "{}" }, nil, func(*observe.Observed, *config.ClusterConfig, string) {}, []string{"fargate-role", "stack-settled/", "delete-"}},
}

var net = vpc.Split("192.168.0.0/16", []string{"us-west-2a", "us-west-2b"}, true, true)

func controlPlane(status string) *observe.Cluster {
	return &observe.Cluster{Name: "c", Status: status, ARN: "arn:aws:eks:us-west-2:111122223333:cluster/c", AccessConfig: &observe.AccessConfig{AuthenticationMode: "API_AND_CONFIG_MAP"},
		Identity: &observe.Identity{OIDC: &observe.Issuer{Issuer: "https://oidc.example/id"}}, ResourcesVPCConfig: &observe.VPCConfig{VPCID: "vpc-1", EndpointPublicAccess: true}}
}

// Rows of the table: for a kind, which statuses, which stacks, what the plan does.
// "*" is all that no row above says.
const states = `
control plane | absent | absent DELETE_IN_PROGRESS | create, wait
control plane | absent | complete changing | refuse: take away what is left (slipway down c), then run again
control plane | absent | CREATE_IN_PROGRESS | wait, follow
control plane | absent | failed | delete, create, wait
control plane | ACTIVE | absent complete | follow
control plane | ACTIVE | CREATE_IN_PROGRESS changing | wait, follow
control plane | CREATING PENDING UPDATING | absent complete CREATE_IN_PROGRESS changing | wait, follow
control plane | FAILED | absent | refuse: delete it (aws eks delete-cluster --name c), then run again
control plane | FAILED | CREATE_IN_PROGRESS | wait, follow
control plane | FAILED | complete changing | refuse: take away what is left (slipway down c), then run again
control plane | FAILED ACTIVE | DELETE_FAILED | refuse: take away what is left (slipway down c), then run again
control plane | FAILED ACTIVE | failed | delete, create, wait
control plane | CREATING PENDING UPDATING | failed | refuse: wait until the control plane has settled, then run again
control plane | * | stuck | refuse: STUCK
control plane | DELETING | * | refuse: wait until it is gone (aws eks wait cluster-deleted --name c), then run again
control plane | * | DELETE_IN_PROGRESS | refuse: wait until it is gone (aws eks wait cluster-deleted --name c), then run again

managed group | absent | absent | create
managed group | * | DELETE_IN_PROGRESS | create
managed group | DELETING | absent | wait, create
managed group | CREATE_FAILED DELETE_FAILED | absent | refuse: delete it (aws eks delete-nodegroup --nodegroup-name m), then run again, or give the new one another name
managed group | ACTIVE DEGRADED | absent complete | follow
managed group | CREATING UPDATING | absent complete | wait, follow
managed group | * | CREATE_IN_PROGRESS | wait, follow
managed group | ACTIVE DEGRADED CREATING UPDATING | changing | wait, follow
managed group | absent CREATE_FAILED DELETE_FAILED | changing | wait, follow
managed group | DELETING | complete changing failed | wait, delete, create
managed group | absent CREATE_FAILED DELETE_FAILED | complete | delete, create
managed group | absent DELETING | half | create
managed group | ACTIVE DEGRADED CREATING UPDATING | half | refuse: delete it (aws eks delete-nodegroup --nodegroup-name m), then run again, or give the new one another name
managed group | CREATE_FAILED DELETE_FAILED | half | delete, create
managed group | absent CREATE_FAILED | UPDATE_FAILED | delete, create
managed group | * | failed | delete, create
managed group | * | stuck | refuse: STUCK

self-managed group | absent | absent | create
self-managed group | * | DELETE_IN_PROGRESS | create
self-managed group |  | absent | refuse: delete it (aws autoscaling delete-auto-scaling-group --auto-scaling-group-name asg --force-delete), then run again, or give the new one another name
self-managed group | Delete-in-progress | absent | create
self-managed group |  | complete | follow
self-managed group |  absent | changing | wait, follow
self-managed group |  | changing | wait, follow
self-managed group | absent Delete-in-progress | half | create
self-managed group |  | half | refuse: delete it (aws autoscaling delete-auto-scaling-group --auto-scaling-group-name asg --force-delete), then run again, or give the new one another name
self-managed group | absent | UPDATE_FAILED | delete, create
self-managed group | * | CREATE_IN_PROGRESS | wait, follow
self-managed group | * | complete changing failed | delete, create
self-managed group | * | stuck | refuse: STUCK

add-on | absent DELETING | absent | create, wait
add-on | ACTIVE | absent | follow
add-on | CREATING UPDATING DEGRADED UPDATE_FAILED | absent | follow, wait
add-on | CREATE_FAILED DELETE_FAILED | absent | delete, create, wait

Fargate profile | absent DELETING | absent | create
Fargate profile | CREATING | absent | follow, wait
Fargate profile | ACTIVE | absent | follow
Fargate profile | CREATE_FAILED DELETE_FAILED | absent | delete, create

access entry | absent | absent | create
access entry |  | absent complete | follow
access entry | absent | complete changing | delete, create
access entry | * | CREATE_IN_PROGRESS | wait, follow
access entry |  | changing | wait, follow
access entry | * | DELETE_IN_PROGRESS | create
access entry | * | failed | delete, create
access entry | * | stuck | refuse: STUCK

pod identity association | absent | absent | create
pod identity association |  | absent | follow

identity provider | absent DELETING | absent | create
identity provider | CREATING | absent | follow, wait
identity provider | ACTIVE | absent | follow

role of a service account | absent | absent DELETE_IN_PROGRESS | create
role of a service account | absent | complete | follow
role of a service account | absent | CREATE_IN_PROGRESS changing | wait, follow
role of a service account | absent | failed | delete, create
role of a service account | absent | stuck | refuse: STUCK

pod identity role | absent | absent DELETE_IN_PROGRESS | create
pod identity role | absent | complete | follow
pod identity role | absent | CREATE_IN_PROGRESS changing | wait, follow
pod identity role | absent | failed | delete, create
pod identity role | absent | stuck | refuse: STUCK

role of pods on Fargate | absent | absent DELETE_IN_PROGRESS | create
role of pods on Fargate | absent | complete | nothing
role of pods on Fargate | absent | CREATE_IN_PROGRESS changing | wait
role of pods on Fargate | absent | failed | delete, create
role of pods on Fargate | absent | stuck | refuse: STUCK
`

// groups of stack statuses, as the rows name them.
var stackWords = map[string][]string{
	"complete": {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"},
	"changing": {"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
		"IMPORT_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"},
	"failed": {"CREATE_FAILED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"},
	"stuck":  {"UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"},
}

// row finds what the table says of a combination: the first row that names it.
func row(kind, status, st string) (string, bool) {
	if status == "Delete in progress" {
		status = "Delete-in-progress"
	}
	for _, line := range strings.Split(states, "\n") {
		c := strings.Split(line, "|")
		if len(c) != 4 || strings.TrimSpace(c[0]) != kind {
			continue
		}
		names := func(cell, x string) bool {
			f := strings.Fields(cell)
			return slices.Contains(f, "*") || slices.Contains(f, x) || len(f) == 0 && x == "" ||
				slices.ContainsFunc(f, func(w string) bool { return slices.Contains(stackWords[w], x) })
		}
		if names(c[1], status) && names(c[2], st) {
			return strings.TrimSpace(c[3]), true
		}
	}
	return "", false
}

// Every kind, in every status that AWS's models know, with its stack in every status
// that CloudFormation has: the plan waits and follows, makes again, or says what must
// happen; never nothing, and never a second create beside what stands.
func TestEveryStateHasItsMove(t *testing.T) {
	for _, k := range kinds {
		stacks := []string{"absent"}
		if k.stack != "" {
			for _, s := range words(cfn.StackStatus("").Values()) {
				if s != "DELETE_COMPLETE" { // which observation passes over
					stacks = append(stacks, s)
				}
			}
		}
		for _, status := range append([]string{"absent"}, k.statuses...) {
			if k.early != nil {
				stacks = append(slices.DeleteFunc(stacks, func(s string) bool { return s == "half" }), "half")
			}
			for _, st := range stacks {
				want, ok := row(k.name, status, st)
				if !ok {
					t.Errorf("%s, %q, stack %s: the table says nothing", k.name, status, st)
					continue
				}
				got := does(t, k, status, st)
				if strings.HasSuffix(want, "STUCK") && strings.HasPrefix(got, "refuse: ") && strings.Contains(got, "--stack-name "+k.stack) {
					continue
				}
				if got != want {
					t.Errorf("%s, %q, stack %s: the plan does %q, expected %q", k.name, status, st, got, want)
				}
			}
		}
	}
}

func load(t *testing.T, lines string) *config.File {
	t.Helper()
	text := "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n" + lines + "\n"
	if !strings.Contains(lines, "addons:") {
		text += "addonsConfig: {disableDefaultAddons: true}\n"
	}
	if strings.Contains(lines, "podIdentityAssociations:") {
		text += "addons: [{name: eks-pod-identity-agent}]\n"
	} else if strings.Contains(lines, "odeGroups:") {
		text += "addons: [{name: vpc-cni}]\n"
	} else if strings.Contains(lines, "addons:") {
		text += "managedNodeGroups: [{name: there, desiredCapacity: 1}]\n" // takes the add-on's pods
	}
	f, err := config.Load("c.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f
}

// does is what a plan does about a thing in a state, in the order of the graph.
func does(t *testing.T, k kind, status, st string) string {
	t.Helper()
	was := load(t, k.was).Cluster
	o := &observe.Observed{Name: "c", Region: "us-west-2", Cluster: controlPlane("ACTIVE"), Stacks: map[string]*observe.Stack{},
		OIDCProvider: &observe.OIDCProvider{ARN: "arn:oidc"},
		Addons:       map[string]*observe.Addon{},
		Parts: []observe.Part{observe.Stacks, observe.ControlPlane, observe.Addons, observe.Nodegroups, observe.Fargate, observe.Access,
			observe.PodIdentities, observe.Providers, observe.OIDC, observe.Templates, observe.Scaling, observe.Logs}}
	for _, a := range []string{"vpc-cni", "kube-proxy", "coredns", "metrics-server"} {
		o.Addons[a] = &observe.Addon{Name: a, Status: "ACTIVE"}
	}
	if strings.Contains(k.now, "addons:") {
		o.Groups = map[string]*observe.Nodegroup{"there": {Name: "there", Status: "ACTIVE"}}
	}
	k.set(o, was, status)
	if st != "absent" {
		s := &observe.Stack{Name: k.stack, Status: st}
		if k.early != nil {
			s.Tags = observe.Tags{eksfacts.TagGroup: k.stack[strings.LastIndex(k.stack, "-")+1:]}
		}
		if st == "half" {
			s.Status, s.Template = "CREATE_COMPLETE", k.early(was)
		} else if p := s.Phase(); p != observe.Failed && p != observe.Going {
			s.Template = k.template(was)
		}
		o.Stacks[k.stack] = s
	}
	p, err := plan.Build(plan.Input{File: load(t, k.now), Live: o, Net: net, Account: "111122223333", Partition: "aws"})
	var refused finding.Findings
	if errors.As(err, &refused) {
		return "refuse: " + refused[0].Remedy
	}
	if err != nil {
		t.Fatalf("%s, %s, %s: %v", k.name, status, st, err)
	}
	order, err := p.Graph.Order()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, id := range order {
		if !slices.ContainsFunc(k.steps, func(x string) bool { return strings.HasPrefix(id, x) }) {
			continue
		}
		a := p.Entry(id).Action
		if a == plan.Update {
			a = "follow"
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return fmt.Sprint(strings.Join(out, ", "))
}
