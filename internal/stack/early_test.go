package stack_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
	"github.com/slipway-eks/slipway/internal/vpc"
)

const earlyGroups = testregion.Cluster + `
managedNodeGroups:
  - name: m
    minSize: 0
    maxSize: 1
    desiredCapacity: 0
    privateNetworking: true
    ssh: {allow: true, publicKeyName: k}
    iam: {withAddonPolicies: {autoScaler: true}}
nodeGroups:
  - {name: s, minSize: 0, maxSize: 1, desiredCapacity: 0}
`

// account is a region in which a control plane is being made.
type account struct {
	*testregion.Region
	t   *testing.T
	cfg *config.ClusterConfig
}

func newAccount(t *testing.T) account {
	t.Helper()
	f := testregion.Load(t, earlyGroups)
	a := account{testregion.New(t, f, 1), t, f.Cluster}
	a.create(stack.ClusterName("test"), stack.Cluster(a.cfg, vpc.Split("192.168.0.0/16", zones, true, true)))
	for range 100 {
		if c := a.describe(); c != nil && c.Status == types.ClusterStatusCreating {
			return a
		}
		a.Sim.World.Advance(5 * time.Second)
	}
	t.Fatal("the control plane is never CREATING")
	return a
}

func (a account) describe() *types.Cluster {
	out, err := a.AWS.EKS.DescribeCluster(a.t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	if err != nil {
		return nil
	}
	return out.Cluster
}

var capabilities = []cfntypes.Capability{cfntypes.CapabilityCapabilityIam, cfntypes.CapabilityCapabilityNamedIam}

func (a account) create(name string, t *stack.Template) {
	a.t.Helper()
	in := &cloudformation.CreateStackInput{StackName: &name, TemplateBody: new(t.JSON()), Capabilities: capabilities,
		OnFailure: cfntypes.OnFailureDoNothing}
	if _, err := a.AWS.CFN.CreateStack(a.t.Context(), in); err != nil {
		a.t.Fatal(err)
	}
}

func (a account) updateTo(name string, t *stack.Template) {
	a.t.Helper()
	in := &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: new(t.JSON()), Capabilities: capabilities}
	if _, err := a.AWS.CFN.UpdateStack(a.t.Context(), in); err != nil {
		a.t.Fatal(err)
	}
}

// settle waits for a stack; nil: it is gone.
func (a account) settle(name string) *cfntypes.Stack {
	a.t.Helper()
	for range 2000 {
		out, err := a.AWS.CFN.DescribeStacks(a.t.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
		if err != nil {
			if strings.Contains(err.Error(), "does not exist") {
				return nil
			}
			a.t.Fatal(err)
		}
		if st := out.Stacks[0]; !strings.HasSuffix(string(st.StackStatus), "_IN_PROGRESS") {
			return &st
		}
		a.Sim.World.Advance(time.Second)
	}
	a.t.Fatalf("%s never settles", name)
	return nil
}

func (a account) ready(name string, want cfntypes.StackStatus) *cfntypes.Stack {
	a.t.Helper()
	st := a.settle(name)
	if st == nil || st.StackStatus != want {
		out, _ := a.AWS.CFN.DescribeStackEvents(a.t.Context(), &cloudformation.DescribeStackEventsInput{StackName: &name})
		for _, e := range out.StackEvents {
			a.t.Log(aws.ToString(e.LogicalResourceId), e.ResourceStatus, aws.ToString(e.ResourceStatusReason))
		}
		a.t.Fatalf("%s is not %s: %+v", name, want, st)
	}
	return st
}

// known is what EKS says of a control plane at any time; live adds what it says of
// one that stands.
func (a account) known() stack.Live {
	v := a.describe().ResourcesVpcConfig
	return stack.Live{VPC: *v.VpcId, ControlGroup: v.SecurityGroupIds[0], Blocks: []string{"192.168.0.0/16"}, CNIOnNode: true}
}

func (a account) live() stack.Live {
	a.t.Helper()
	a.ready(stack.ClusterName("test"), cfntypes.StackStatusCreateComplete)
	c, l := a.describe(), a.known()
	l.Cluster, l.Version, l.Endpoint, l.CA = *c.Name, *c.Version, *c.Endpoint, *c.CertificateAuthority.Data
	v := c.ResourcesVpcConfig
	l.ServiceCIDR, l.ClusterGroup, l.Subnets = *c.KubernetesNetworkConfig.ServiceIpv4Cidr, *v.ClusterSecurityGroupId, v.SubnetIds[:2]
	l.AMI, l.AccessEntry = "ami-0e53ec15ae8271f82", true
	return l
}

// group is one group's stack in its two forms.
type group struct {
	name        string
	early, full func(stack.Live) *stack.Template
}

func (a account) groups() []group {
	m, s := &a.cfg.ManagedNodeGroups[0], &a.cfg.NodeGroups[0]
	return []group{
		{
			stack.GroupName("test", "m"),
			func(l stack.Live) *stack.Template { return stack.ManagedEarly(a.cfg, m, l) },
			func(l stack.Live) *stack.Template { return stack.Managed(a.cfg, m, l) },
		},
		{
			stack.GroupName("test", "s"),
			func(l stack.Live) *stack.Template { return stack.SelfManagedEarly(a.cfg, s, l) },
			func(l stack.Live) *stack.Template { return stack.SelfManaged(a.cfg, s, l) },
		},
	}
}

// holds are a stack's resources by logical ID, and its outputs' names.
func (a account) holds(name string) (resources map[string]string, outputs []string) {
	a.t.Helper()
	out, err := a.AWS.CFN.DescribeStackResources(a.t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: &name})
	if err != nil {
		a.t.Fatal(err)
	}
	resources = map[string]string{}
	for _, r := range out.StackResources {
		resources[*r.LogicalResourceId] = *r.PhysicalResourceId
	}
	for _, o := range a.settle(name).Outputs {
		outputs = append(outputs, aws.ToString(o.OutputKey)+" "+aws.ToString(o.ExportName))
	}
	slices.Sort(outputs)
	return resources, outputs
}

// A group's stack that is made while the control plane is, and completed once it
// stands, holds what one made at once holds, and nothing of it is made twice.
func TestAStackMadeEarlyAndCompletedIsTheSameAsOneMadeAtOnce(t *testing.T) {
	once, early := newAccount(t), newAccount(t)
	type made map[string]string
	first := map[string]made{}
	for _, g := range early.groups() {
		early.create(g.name, g.early(early.known()))
		early.ready(g.name, cfntypes.StackStatusCreateComplete)
		first[g.name], _ = early.holds(g.name)
		if body := g.early(early.known()).JSON(); stack.Completed(body) || !stack.Ours(body) {
			t.Errorf("%s passes for complete", g.name)
		}
	}
	if s := early.describe().Status; s != types.ClusterStatusCreating {
		t.Fatalf("the control plane is %s: nothing was early", s)
	}
	l, lonce := early.live(), once.live()
	for _, g := range early.groups() {
		early.updateTo(g.name, g.full(l))
		early.ready(g.name, cfntypes.StackStatusUpdateComplete)
		now, outputs := early.holds(g.name)
		for id, phys := range first[g.name] {
			if now[id] != phys {
				t.Errorf("%s: %s was made twice: %s and %s", g.name, id, phys, now[id])
			}
		}
		full := g.full(lonce)
		once.create(g.name, full)
		once.ready(g.name, cfntypes.StackStatusCreateComplete)
		want, wantOutputs := once.holds(g.name)
		if a, b := slices.Sorted(maps.Keys(now)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) {
			t.Errorf("%s holds %v, not %v", g.name, a, b)
		}
		if !slices.Equal(outputs, wantOutputs) {
			t.Errorf("%s: outputs %v, not %v", g.name, outputs, wantOutputs)
		}
		if !stack.Completed(full.JSON()) {
			t.Errorf("%s passes for early", g.name)
		}
	}
	out, err := early.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("m")})
	if err != nil || out.Nodegroup.Status != types.NodegroupStatusActive {
		t.Errorf("%+v %v", out, err)
	}
}

func TestAGroupsStackGoesFromEitherState(t *testing.T) {
	a := newAccount(t)
	roles := func() int {
		out, err := a.AWS.IAM.ListRoles(t.Context(), &iam.ListRolesInput{})
		if err != nil {
			t.Fatal(err)
		}
		// What a service made for itself stays with the account.
		return len(slices.DeleteFunc(out.Roles, func(r iamtypes.Role) bool { return strings.HasPrefix(*r.Path, "/aws-service-role/") }))
	}
	del := func(name string) {
		t.Helper()
		if _, err := a.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
			t.Fatal(err)
		}
		if st := a.settle(name); st != nil {
			t.Fatalf("%s is %s: %s", name, st.StackStatus, aws.ToString(st.StackStatusReason))
		}
	}
	before := roles()
	for _, g := range a.groups() {
		a.create(g.name, g.early(a.known()))
		a.ready(g.name, cfntypes.StackStatusCreateComplete)
		if roles() != before+1 {
			t.Errorf("%s makes no role", g.name)
		}
		del(g.name)
	}
	for _, g := range a.groups() {
		a.create(g.name, g.early(a.known()))
		a.ready(g.name, cfntypes.StackStatusCreateComplete)
	}
	l := a.live()
	for _, g := range a.groups() {
		a.updateTo(g.name, g.full(l))
		a.ready(g.name, cfntypes.StackStatusUpdateComplete)
		del(g.name)
	}
	if n := roles(); n != before {
		t.Errorf("%d roles are left of %d", n, before)
	}
}

// A group that brings its role has nothing to be made early; where the VPC is not
// known yet, what stands in it is left to the full template.
func TestWhatCannotBeEarly(t *testing.T) {
	role := `iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/r"}`
	c := testregion.Load(t,
		testregion.Cluster+"managedNodeGroups: [{name: m, "+role+"}, {name: n, ssh: {allow: true, publicKeyName: k}}]\nnodeGroups: [{name: s}]\n").Cluster
	if tpl := stack.ManagedEarly(c, &c.ManagedNodeGroups[0], stack.Live{}); tpl != nil {
		t.Error(tpl.JSON())
	}
	m, s := stack.ManagedEarly(c, &c.ManagedNodeGroups[1], stack.Live{}), stack.SelfManagedEarly(c, &c.NodeGroups[0], stack.Live{})
	for _, tpl := range []*stack.Template{m, s} {
		body := tpl.JSON()
		if rs := resources(t, body); rs["NodeInstanceRole"].Type == "" || strings.Contains(body, "AWS::EC2") || !json.Valid([]byte(body)) {
			t.Error(body)
		}
	}
}
