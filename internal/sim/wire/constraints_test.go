package wire

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
)

// What a value may be comes from the model, and what is wrong is said as AWS says it.
func TestConstraints(t *testing.T) {
	for name, c := range map[string]struct {
		service, op string
		in          any
		want        string
	}{
		"whole": {"eks", "CreateNodegroup", &eks.CreateNodegroupInput{ClusterName: new("a"), NodegroupName: new("b"), NodeRole: new("r"),
			Subnets: []string{"s"}}, ""},
		"what is missing": {"eks", "DescribeCluster", &eks.DescribeClusterInput{},
			"InvalidParameterException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"a pattern": {"eks", "CreateCluster", &eks.CreateClusterInput{Name: new("my cluster"), RoleArn: new("r"), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{}},
			`InvalidParameterException: 1 validation error detected: Value 'my cluster' at 'name' failed to satisfy constraint: ` +
				`Member must satisfy regular expression pattern: ^[0-9A-Za-z][A-Za-z0-9\-_]*`},
		"a range": {"eks", "ListClusters", &eks.ListClustersInput{MaxResults: new(int32(101))},
			`InvalidParameterException: 1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: ` +
				`Member must have value less than or equal to 100`},
		"an enumeration, in a structure": {"eks", "CreateNodegroup", &eks.CreateNodegroupInput{ClusterName: new("a"), NodegroupName: new("b"), NodeRole: new("r"),
			Subnets: []string{"s"}, Taints: []ekstypes.Taint{{Effect: "NEVER"}}},
			`InvalidParameterException: 1 validation error detected: Value 'NEVER' at 'taints.1.member.effect' failed to satisfy constraint: ` +
				`Member must satisfy enum value set: [NO_SCHEDULE, NO_EXECUTE, PREFER_NO_SCHEDULE]`},
		"an enumeration that EKS reads in any case": {"eks", "UpdateAddon", &eks.UpdateAddonInput{ClusterName: new("a"), AddonName: new("b"),
			ResolveConflicts: "overwrite"}, ""},
		"and what is none of it": {"eks", "UpdateAddon", &eks.UpdateAddonInput{ClusterName: new("a"), AddonName: new("b"), ResolveConflicts: "overwritten"},
			`InvalidParameterException: 1 validation error detected: Value 'overwritten' at 'resolveConflicts' failed to satisfy constraint: ` +
				`Member must satisfy enum value set: [OVERWRITE, NONE, PRESERVE]`},
		"two at once, and a query's code": {"autoscaling", "CreateAutoScalingGroup", &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: new(""),
			MinSize: new(int32(1))},
			`ValidationError: 2 validation errors detected: Value null at 'maxSize' failed to satisfy constraint: Member must not be null; ` +
				`Value '' at 'autoScalingGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1`},
		"an element of a list": {"cloudformation", "CreateStack", &cloudformation.CreateStackInput{StackName: new("s"), ResourceTypes: []string{""}},
			`ValidationError: 1 validation error detected: Value '' at 'resourceTypes.1.member' failed to satisfy constraint: ` +
				`Member must have length greater than or equal to 1`},
		"IAM has words of its own for names": {"iam", "GetRole", &iam.GetRoleInput{RoleName: new("a b")}, ""},
		"EC2 for all":                        {"ec2", "DescribeVpcs", &ec2.DescribeVpcsInput{MaxResults: new(int32(1))}, ""},
		"but names what is missing": {"ec2", "CreateSubnet", &ec2.CreateSubnetInput{},
			"MissingParameter: The request must contain the parameter VpcId"},
	} {
		s, err := newService(c.service)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.constrain(c.op, c.in); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s:\n  got  %s\n  want %s", name, got, c.want)
		}
	}
}

// A handler sees a name that came in another case as the SDK has it.
func TestAnEnumerationInAnyCase(t *testing.T) {
	in := &eks.CreateAddonInput{ClusterName: new("a"), AddonName: new("b"), ResolveConflicts: "overwrite"}
	if err := Constrain("eks", "CreateAddon", in); err != nil || in.ResolveConflicts != ekstypes.ResolveConflictsOverwrite {
		t.Errorf("it is %q, and %v", in.ResolveConflicts, err)
	}
}

// Nearly every pattern of the models can be asked; those that cannot are known.
func TestPatternsCompile(t *testing.T) {
	bad := 0
	all := map[string]bool{}
	entries, err := modelFS.ReadDir("model")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		m, err := loadModel(e.Name()[:len(e.Name())-len(".json.gz")])
		if err != nil {
			t.Fatal(err)
		}
		for id := range m.Shapes {
			_, sh := m.norm(&ref{T: "#" + id})
			for _, r := range sh.fields {
				all[r.Pattern] = true
			}
		}
	}
	for p := range all {
		if p != "" && compiled(p) == nil {
			bad++
			t.Logf("not asked: %s", p)
		}
	}
	if len(all) < 150 || bad > 12 {
		t.Errorf("%d of %d patterns cannot be asked", bad, len(all))
	}
}
