package plan_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// standing is a cluster that another tool made, as it could have been saved.
func standing() *observe.Observed {
	return &observe.Observed{Name: "c", Region: "us-west-2",
		Cluster: &observe.Cluster{Name: "c", Status: "ACTIVE", ARN: "arn:aws:eks:us-west-2:111122223333:cluster/c",
			AccessConfig: &observe.AccessConfig{AuthenticationMode: "API_AND_CONFIG_MAP"},
			ResourcesVPCConfig: &observe.VPCConfig{VPCID: "vpc-1", SubnetIDs: observe.Set{"subnet-a", "subnet-b"}, EndpointPrivateAccess: true,
				PublicAccessCIDRs: observe.Set{"0.0.0.0/0"}}},
		Addons: map[string]*observe.Addon{
			"vpc-cni": {Name: "vpc-cni", Status: "ACTIVE"}, "kube-proxy": {Name: "kube-proxy", Status: "ACTIVE"}, "metrics-server": {Name: "metrics-server", Status: "ACTIVE"},
			"coredns": {Name: "coredns", Status: "ACTIVE", Version: "v1.2.3-eksbuild.4", ConfigurationValues: `{"replicaCount":3,"a":"b"}`},
		}}
}

// The plan follows what the file says and live is not, by what it means: no text of
// the same meaning, no order of a set and no silence makes a step.
func TestTheFileIsFollowedByWhatItMeans(t *testing.T) {
	for _, c := range []struct{ name, file, versions, want string }{
		{"silence", "", "", ""},
		{"silence about the endpoint", "vpc: {controlPlaneSubnetIDs: [subnet-b, subnet-a]}", "", ""},
		{"other subnets", "vpc: {controlPlaneSubnetIDs: [subnet-a, subnet-c]}", "", "cluster-update/control-plane-network"},
		{"a public endpoint", "vpc: {clusterEndpoints: {publicAccess: true}}", "", "cluster-update/endpoints"},
		{"blocks of an endpoint that is not public", "vpc: {publicAccessCIDRs: [192.0.2.0/24]}", "", ""},
		{"values in YAML that say the same", "addons: [{name: coredns, configurationValues: \"a: b\\nreplicaCount: 3\"}]", "", ""},
		{"values that say something else", "addons: [{name: coredns, configurationValues: \"replicaCount: 2\"}]", "", "addon-update/coredns"},
		{"the default version", "addons: [{name: coredns, version: default}]", "", ""},
		{"the latest version, that stands", "addons: [{name: coredns, version: latest}]", "v1.2.3-eksbuild.4", ""},
		{"the latest version, that does not", "addons: [{name: coredns, version: latest}]", "v1.2.4-eksbuild.1", "addon-update/coredns"},
		{"another mode", "accessConfig: {authenticationMode: API}", "", "cluster-update/authentication-mode"},
		{"all logs", "cloudWatch: {clusterLogging: {enableTypes: ['*']}}", "", "cluster-update/logging"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := config.Load("c.yaml", []byte("apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: c, region: us-west-2}\n"+c.file+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			in := plan.Input{File: f, Live: standing(), Account: "111122223333", Partition: "aws", Net: vpc.Network{VPC: "vpc-1"}}
			if c.versions != "" {
				in.Versions = map[string]string{"coredns": c.versions}
			}
			p, err := plan.Build(in)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, e := range p.Entries {
				ids = append(ids, e.ID)
			}
			if got := strings.Join(ids, " "); got != c.want {
				t.Errorf("the plan is %q, expected %q", got, c.want)
			}
		})
	}
}
