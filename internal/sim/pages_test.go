package sim_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// many has more than one of what is listed.
const many = testregion.Cluster + `
iam: {withOIDC: true, podIdentityAssociations: [{namespace: a, serviceAccountName: a, permissionPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
	{namespace: b, serviceAccountName: b, permissionPolicyARNs: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}]}
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::111122223333:role/a",
	accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}},
	{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", accessScope: {type: namespace, namespaces: [a]}}]},
	{principalARN: "arn:aws:iam::111122223333:role/b"}]}
addons: [{name: eks-pod-identity-agent}]
managedNodeGroups: [{name: m1, desiredCapacity: 1}, {name: m2, desiredCapacity: 1}]
nodeGroups: [{name: s1, desiredCapacity: 1}]
cloudWatch: {clusterLogging: {enableTypes: [api, audit]}}
`

// Pages of one show who forgets the next: a launch, a look and a removal see all there
// is. So does a second launch, which finds nothing to do.
func TestEverythingIsSeenInPagesOfOne(t *testing.T) {
	quickstart, err := os.ReadFile(filepath.Join(testregion.Root(t), "examples/quickstart.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"quickstart": string(quickstart), "many": many} {
		t.Run(name, func(t *testing.T) {
			f := testregion.Load(t, text)
			r := testregion.New(t, f, 1)
			small := sim.Fault{Pages: &sim.PagesFault{Size: 1}}
			whole := r.Region.Inject(small)
			s, err := run.Prepare(t.Context(), r.AWS, f)
			if err != nil {
				t.Fatal(err)
			}
			if rep, err := s.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
				t.Fatalf("the launch: %v %v", rep, err)
			}
			again, err := run.Prepare(t.Context(), r.AWS, testregion.Load(t, text))
			if err != nil {
				t.Fatal(err)
			}
			if !again.Plan.Empty() {
				var left []string
				for id := range again.Plan.Tasks {
					left = append(left, id)
				}
				t.Errorf("a second launch would do: %s", strings.Join(left, ", "))
			}
			cluster := f.Cluster.Metadata.Name
			look := func() *run.Status {
				st, err := run.Look(t.Context(), r.AWS, cluster)
				if err != nil {
					t.Fatal(err)
				}
				return st
			}
			leafed := look()
			whole()
			if all := look(); !reflect.DeepEqual(all, leafed) {
				t.Errorf("status in pages of one:\n%+v\nand whole:\n%+v", leafed, all)
			}
			whole = r.Region.Inject(small)
			down, err := run.PrepareDown(t.Context(), r.AWS, cluster)
			if err != nil {
				t.Fatal(err)
			}
			if rep, err := down.Run(t.Context(), r.Clock, 1, nil); err != nil || !rep.OK() {
				t.Fatalf("the removal: %v %v", rep, err)
			}
			whole()
			stacks, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
			if err != nil || len(stacks.Stacks) > 0 {
				t.Errorf("stacks are left: %v %v", stacks, err)
			}
			vpcs, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
			if err != nil || len(vpcs.Vpcs) > 0 {
				t.Errorf("VPCs are left: %v %v", vpcs, err)
			}
		})
	}
}
