package export_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/export"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
)

// console is a cluster that somebody made in the console: no stack holds anything of it.
func console() *observe.Observed {
	made := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return &observe.Observed{Name: "c", Region: "us-west-2", Account: "111122223333",
		Cluster: &observe.Cluster{Name: "c", Version: "1.34", RoleARN: "arn:aws:iam::111122223333:role/eks", CreatedAt: made,
			Tags:         observe.Tags{"team": "web", "aws:cloudformation:stack-name": "x"},
			AccessConfig: &observe.AccessConfig{AuthenticationMode: "API", BootstrapClusterCreatorAdminPermissions: true},
			ResourcesVPCConfig: &observe.VPCConfig{VPCID: "vpc-1", SubnetIDs: observe.Set{"subnet-1", "subnet-2"}, EndpointPrivateAccess: true,
				SecurityGroupIDs: observe.Set{"sg-1"}}},
		Addons: map[string]*observe.Addon{"vpc-cni": {Name: "vpc-cni", Version: "v1.21.1-eksbuild.1"}},
		Groups: map[string]*observe.Nodegroup{"zero": {Name: "zero", AMIType: "BOTTLEROCKET_ARM_64", InstanceTypes: []string{"m7g.large"}, DiskSize: 20,
			NodeRole: "arn:aws:iam::111122223333:role/nodes", Subnets: observe.Set{"subnet-2"}, ScalingConfig: &observe.Sizes{MaxSize: 3}}},
		AccessEntries: map[string]*observe.AccessEntry{"arn:aws:iam::111122223333:user/ann": {PrincipalARN: "arn:aws:iam::111122223333:user/ann", Type: "STANDARD",
			CreatedAt: made, Policies: observe.Sorted[observe.AccessPolicy]{{PolicyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"}}}},
		Kubernetes: &observe.Kubernetes{AWSAuth: map[string]string{"mapRoles": "- rolearn: arn:aws:iam::111122223333:role/nodes\n" +
			"  username: system:node:{{EC2PrivateDNSName}}\n- rolearn: arn:aws:iam::111122223333:role/ops\n  username: ops\n  groups: [system:masters]\n"}},
		Network: &observe.Network{VPC: &observe.VPC{ID: "vpc-1", CIDR: "10.0.0.0/16"},
			Subnets: map[string]*observe.Subnet{"subnet-1": {ID: "subnet-1", Zone: "us-west-2a"}, "subnet-2": {ID: "subnet-2", Zone: "us-west-2b"}},
			RouteTables: map[string]*observe.RouteTable{"rtb-1": {ID: "rtb-1", Associations: observe.Sorted[observe.Association]{{Subnet: "subnet-1"}},
				Routes: observe.Sorted[observe.Route]{{Destination: "0.0.0.0/0", Gateway: "igw-1"}}}}},
		NotRead: []observe.NotRead{{Part: observe.Keys, What: "the key pairs", Why: "UnauthorizedOperation"}},
	}
}

func written(t *testing.T, portable bool) string {
	t.Helper()
	o := console()
	f, err := export.Of(o, export.Options{Own: owner.Of(o, nil), Portable: portable})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := f.Write(&b, []string{"API or console (no stack): control plane"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What nobody's stack makes is named by its ID; off and none are values; the defaults are
// left out; what a file cannot say stands in comments.
func TestAConsoleClusterIsNamedByItsIDs(t *testing.T) {
	text := written(t, false)
	for _, s := range []string{"id: vpc-1", "serviceRoleARN: arn:aws:iam::111122223333:role/eks", "publicAccess: false", "privateAccess: true", "minSize: 0", "maxSize: 3",
		"amiFamily: Bottlerocket", "instanceType: m7g.large", "volumeSize: 20", "privateNetworking: true", "team: web", "disableDefaultAddons: true",
		"arn: arn:aws:iam::111122223333:role/ops", "# Kept by:\n#   API or console", "the key pairs could not be read: UnauthorizedOperation",
		"user/ann: EKS made it an administrator", "public:\n      us-west-2a:\n        id: subnet-1", "private:\n      us-west-2b:\n        id: subnet-2"} {
		if !strings.Contains(text, s) {
			t.Errorf("the file does not say %q:\n%s", s, text)
		}
	}
	for _, s := range []string{"aws:cloudformation", "system:node", "desiredCapacity: 2", "maxUnavailable", "cidr"} {
		if strings.Contains(text, s) {
			t.Errorf("the file says %q:\n%s", s, text)
		}
	}
}

// A portable file names nothing of the account, and says what it left out; the add-on
// vpc-cni is no ID.
func TestAPortableFileNamesNothingOfTheAccount(t *testing.T) {
	text := written(t, true)
	file := text[strings.Index(text, "\napiVersion"):]
	for _, s := range []string{"vpc-1", "subnet-", "sg-1", ":role/eks", ":role/nodes"} {
		if strings.Contains(file, s) {
			t.Errorf("the file names %s:\n%s", s, file)
		}
	}
	for _, s := range []string{"cidr: 10.0.0.0/16", "gateway: Disable", "name: vpc-cni", "- us-west-2a\n- us-west-2b"} {
		if !strings.Contains(file, s) {
			t.Errorf("the file does not say %q:\n%s", s, file)
		}
	}
	if !strings.Contains(text, "iam.serviceRoleARN: it names arn:aws:iam::111122223333:role/eks") {
		t.Error(text)
	}
}
