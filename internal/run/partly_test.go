package run_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A cluster of which somebody took a part away already goes down all the same: subnets, a
// role, the log group, a node group, a stack, a route table.
func TestWhatIsPartlyGoneGoesDown(t *testing.T) {
	const text = testregion.Cluster + `vpc: {nat: {gateway: Disable}}
iam: {withOIDC: true, serviceAccounts: [{metadata: {name: s3}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}
cloudWatch: {clusterLogging: {enableTypes: [api]}}
managedNodeGroups: [{name: m, desiredCapacity: 1}]
`
	const subnet = `{service: eks, operation: UpdateClusterConfig, parameters: {name: test, resourcesVpcConfig: {subnetIds:
		["${SubnetPublicUSWEST2A}", "${SubnetPublicUSWEST2B}", "${SubnetPublicUSWEST2C}"]}}},
		{wait: 20m, service: ec2, operation: DisassociateRouteTable, parameters: {AssociationId: "${RouteTableAssociationPrivateUSWEST2A}"}},
		{service: ec2, operation: DeleteSubnet, parameters: {SubnetId: "${SubnetPrivateUSWEST2A}"}}`
	for name, edits := range map[string]string{
		"a subnet":      subnet,
		"the log group": `{service: logs, operation: DeleteLogGroup, parameters: {logGroupName: /aws/eks/test/cluster}}`,
		"a node group":  `{service: eks, operation: DeleteNodegroup, parameters: {clusterName: test, nodegroupName: m}}`,
		"a node group and the control plane": `{service: eks, operation: DeleteNodegroup, parameters: {clusterName: test, nodegroupName: m}},
			{wait: 30m, service: eks, operation: DeleteCluster, parameters: {name: test}}`,
		"an account's role": `{service: iam, operation: DetachRolePolicy, parameters: {RoleName: "${addon-iamserviceaccount-default-s3/Role1}", PolicyArn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}, {service: iam, operation: DeleteRole, parameters: {RoleName: "${addon-iamserviceaccount-default-s3/Role1}"}}`,
		"a stack": `{service: cloudformation, operation: UpdateTerminationProtection, parameters: {StackName: eksctl-test-addon-iamserviceaccount-default-s3, EnableTerminationProtection: false}},
			{service: cloudformation, operation: DeleteStack, parameters: {StackName: eksctl-test-addon-iamserviceaccount-default-s3}}`,
		"a route table": `{service: ec2, operation: DisassociateRouteTable, parameters: {AssociationId: "${RouteTableAssociationPrivateUSWEST2A}"}}, {service: ec2, operation: DeleteRouteTable, parameters: {RouteTableId: "${PrivateRouteTableUSWEST2A}"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, text), 1)
			if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			edit(t, r, "edits: ["+edits+"]")
			s, err := run.PrepareDown(t.Context(), r.AWS, "test")
			must(t, err)
			if rep := drive(t, r, s); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			clusters, err := r.AWS.EKS.ListClusters(t.Context(), &eks.ListClustersInput{})
			must(t, err)
			stacks, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
			must(t, err)
			if len(clusters.Clusters)+len(stacks.Stacks) > 0 {
				t.Errorf("left: %v, %d stacks", clusters.Clusters, len(stacks.Stacks))
			}
		})
	}
}
