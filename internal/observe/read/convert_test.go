package read

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/observe"
)

// ours are fields that are filled from elsewhere than the answer of the same name.
var ours = []string{"AccessEntry.policies", "ScalingGroup.nodegroup", "ScalingGroup.managed", "Stack.exports", "Stack.template", "Stack.resources",
	"VPC.enableDnsSupport", "VPC.enableDnsHostnames", "Role.trust", "Role.attached", "Role.inline", "Profile.role", "OIDCProvider.arn",
	"InternetGateway.internetGatewayId", "InternetGateway.egressOnlyInternetGatewayId"} // one type for two kinds

// Values are copied by name: every name must be one of the SDK's, at every depth.
func TestEveryFieldHasASource(t *testing.T) {
	for _, x := range [][2]any{
		{observe.Cluster{}, ekstypes.Cluster{}},
		{observe.Addon{}, ekstypes.Addon{}},
		{observe.Nodegroup{}, ekstypes.Nodegroup{}},
		{observe.FargateProfile{}, ekstypes.FargateProfile{}},
		{observe.AccessEntry{}, ekstypes.AccessEntry{}},
		{observe.AccessPolicy{}, ekstypes.AssociatedAccessPolicy{}},
		{observe.PodIdentity{}, ekstypes.PodIdentityAssociation{}},
		{observe.IdentityProvider{}, ekstypes.OidcIdentityProviderConfig{}},
		{observe.OIDCProvider{}, iam.GetOpenIDConnectProviderOutput{}},
		{observe.Stack{}, cfntypes.Stack{}},
		{observe.StackResource{}, cfntypes.StackResourceSummary{}},
		{observe.ScalingGroup{}, asgtypes.AutoScalingGroup{}},
		{observe.LaunchTemplate{}, ec2types.LaunchTemplateVersion{}},
		{observe.Instance{}, ec2types.Instance{}},
		{observe.VPC{}, ec2types.Vpc{}},
		{observe.Subnet{}, ec2types.Subnet{}},
		{observe.RouteTable{}, ec2types.RouteTable{}},
		{observe.InternetGateway{}, ec2types.InternetGateway{}},
		{observe.InternetGateway{}, ec2types.EgressOnlyInternetGateway{}},
		{observe.NATGateway{}, ec2types.NatGateway{}},
		{observe.Address{}, ec2types.Address{}},
		{observe.ACL{}, ec2types.NetworkAcl{}},
		{observe.SecurityGroup{}, ec2types.SecurityGroup{}},
		{observe.VPCEndpoint{}, ec2types.VpcEndpoint{}},
		{observe.NetworkInterface{}, ec2types.NetworkInterface{}},
		{observe.Role{}, iamtypes.Role{}},
		{observe.Attached{}, iamtypes.AttachedPolicy{}},
		{observe.LogGroup{}, logstypes.LogGroup{}},
		{observe.KeyPair{}, ec2types.KeyPairInfo{}},
	} {
		sources(t, reflect.TypeOf(x[0]), reflect.TypeOf(x[1]))
	}
}

func sources(t *testing.T, to, from reflect.Type) {
	for _, p := range []*reflect.Type{&to, &from} {
		for (*p).Kind() == reflect.Pointer || (*p).Kind() == reflect.Slice {
			*p = (*p).Elem()
		}
	}
	if to.Kind() != reflect.Struct || from.Kind() != reflect.Struct || to.String() == "time.Time" {
		return
	}
	for i := range to.NumField() {
		name, _, _ := strings.Cut(to.Field(i).Tag.Get("json"), ",")
		if slices.Contains(ours, to.Name()+"."+name) {
			continue
		}
		f, ok := from.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) })
		if !ok {
			t.Errorf("%s.%s: %s has no such field", to.Name(), name, from)
			continue
		}
		sources(t, to.Field(i).Type, f.Type)
	}
}

// What DescribeCluster says is all there.
func TestNothingOfAControlPlaneIsLeftOut(t *testing.T) {
	left := []string{"ClientRequestToken", "Id"} // ours, and empty for clusters that are not on Outposts
	to, from := reflect.TypeFor[observe.Cluster](), reflect.TypeFor[ekstypes.Cluster]()
	for i := range from.NumField() {
		n := from.Field(i).Name
		if from.Field(i).IsExported() && !slices.Contains(left, n) && !slices.ContainsFunc(reflect.VisibleFields(to), func(f reflect.StructField) bool {
			return strings.EqualFold(strings.Split(f.Tag.Get("json"), ",")[0], n)
		}) {
			t.Errorf("Cluster has no %s", n)
		}
	}
}

func TestListsWhoseOrderMeansNothingAreSorted(t *testing.T) {
	n := like[observe.Nodegroup](ekstypes.Nodegroup{Subnets: []string{"b", "a"}, InstanceTypes: []string{"z", "y"},
		Taints: []ekstypes.Taint{{Key: new("y")}, {Key: new("x")}}})
	if !slices.Equal(n.Subnets, observe.Set{"a", "b"}) || !slices.Equal(n.InstanceTypes, []string{"z", "y"}) || n.Taints[0].Key != "x" {
		t.Errorf("%+v", n)
	}
}

func TestTagsComeAsListsAndMaps(t *testing.T) {
	for _, text := range []string{`{"a":"b"}`, `[{"Key":"a","Value":"b","ResourceId":"x","PropagateAtLaunch":true}]`} {
		var got observe.Tags
		if err := json.Unmarshal([]byte(text), &got); err != nil || got["a"] != "b" || len(got) != 1 {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func TestPoliciesAreReadAsJSON(t *testing.T) {
	for s, want := range map[string]string{"%7B%22a%22%3A1%7D": `{"a":1}`, `{"a": 1}`: `{"a":1}`, "no json": `"no json"`} {
		if got := string(text(document(s))); got != want {
			t.Errorf("%s: %s", s, got)
		}
	}
}

func TestStacksAreToldApartByName(t *testing.T) {
	re := ofCluster("prod")
	for _, n := range []string{"cluster", "nodegroup-a", "addon-iamserviceaccount-ns-sa", "podidentityrole-ns-sa", "accessentry-X", "fargate"} {
		n = "eksctl-prod-" + n
		if !re.MatchString(n) {
			t.Errorf("%s is not seen", n)
		}
	}
	for _, n := range []string{"eksctl-prod-2-cluster", "eksctl-prod-eu-nodegroup-a", "my-eksctl-prod-cluster", "eksctl-prod-clusters"} {
		if re.MatchString(n) {
			t.Errorf("%s is taken for prod's", n)
		}
	}
}
