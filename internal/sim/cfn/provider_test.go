package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/testregion"
)

const provided = `
Resources:
  Provider:
    Type: AWS::EKS::IdentityProviderConfig
    Properties: {ClusterName: c, IdentityProviderConfigName: corp, Type: oidc, Oidc: {IssuerUrl: 'https://issuer.example.com', ClientId: k}}
`

// standing is a cluster that no stack made.
func standing(t *testing.T) stacks {
	t.Helper()
	text := testregion.Cluster + "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}\n"
	s := stacks{testregion.New(t, testregion.Load(t, text), 1), t}
	arn := "arn:aws:iam::111122223333:role/cluster"
	s.Region.Region.IAM.AdoptRole(arn, []string{"eks.amazonaws.com"}, "AmazonEKSClusterPolicy")
	if _, err := s.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("c"), RoleArn: &arn,
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{"subnet-a", "subnet-b"}}}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(20 * time.Minute)
	return s
}

// provider is the status of the cluster's identity provider, "" where it has none.
func (s stacks) provider() ekstypes.ConfigStatus {
	d, err := s.AWS.EKS.DescribeIdentityProviderConfig(s.t.Context(), &eks.DescribeIdentityProviderConfigInput{ClusterName: new("c"),
		IdentityProviderConfig: &ekstypes.IdentityProviderConfig{Name: new("corp"), Type: new("oidc")}})
	if err != nil {
		return ""
	}
	return d.IdentityProviderConfig.Oidc.Status
}

// logs has an update of the cluster begin that has nothing to do with the stack.
func (s stacks) logs() {
	s.t.Helper()
	if _, err := s.AWS.EKS.UpdateClusterConfig(s.t.Context(), &eks.UpdateClusterConfigInput{Name: new("c"), Logging: &ekstypes.Logging{
		ClusterLogging: []ekstypes.LogSetup{{Enabled: new(true), Types: []ekstypes.LogType{ekstypes.LogTypeApi}}}}}); err != nil {
		s.t.Fatal(err)
	}
}

// A provider cannot be removed while its cluster is UPDATING: a rollback that meets somebody's
// update asks again until that is over, and leaves no provider.
func TestARollbackWaitsForTheClustersUpdate(t *testing.T) {
	s := standing(t)
	body := provided + "  Gate: {Type: 'AWS::EC2::InternetGateway', DependsOn: Provider}\n" +
		"  Bad: {Type: 'AWS::EC2::Subnet', DependsOn: Gate, Properties: {VpcId: vpc-mine, CidrBlock: 172.31.0.0/24}}\n"
	if _, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: &body}); err != nil {
		t.Fatal(err)
	}
	s.associated()
	s.Sim.World.Advance(2 * time.Second)
	s.logs()
	s.Sim.World.Advance(time.Minute)
	if st := s.describe("s").StackStatus; st != types.StackStatusRollbackInProgress || s.provider() != ekstypes.ConfigStatusActive {
		t.Fatalf("%s, and the provider is %q", st, s.provider())
	}
	_, err := s.AWS.EKS.DisassociateIdentityProviderConfig(t.Context(), &eks.DisassociateIdentityProviderConfigInput{ClusterName: new("c"),
		IdentityProviderConfig: &ekstypes.IdentityProviderConfig{Name: new("corp"), Type: new("oidc")}})
	if err == nil || !strings.Contains(err.Error(), "ResourceInUseException: Cannot DisassociateIdentityProviderConfig because cluster c currently has update") {
		t.Errorf("removed meanwhile: %v", err)
	}
	s.Sim.World.Advance(30 * time.Minute)
	if st := s.describe("s").StackStatus; st != types.StackStatusRollbackComplete || s.provider() != "" {
		t.Errorf("%s, and the provider is %q: %v", st, s.provider(), s.unfinished())
	}
}

// associated lets time pass until the provider is ACTIVE.
func (s stacks) associated() {
	s.t.Helper()
	for range 1200 {
		if s.Sim.World.Advance(time.Second); s.provider() == ekstypes.ConfigStatusActive {
			return
		}
	}
	s.t.Fatalf("the provider is %q", s.provider())
}

// A cluster is UPDATING for some seconds more when its provider is ACTIVE: what is rolled back
// or deleted at once waits for it too.
func TestADeletionFollowsTheProvidersAssociation(t *testing.T) {
	s := standing(t)
	if _, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: new(provided)}); err != nil {
		t.Fatal(err)
	}
	s.associated()
	_, err := s.AWS.EKS.DisassociateIdentityProviderConfig(t.Context(), &eks.DisassociateIdentityProviderConfigInput{ClusterName: new("c"),
		IdentityProviderConfig: &ekstypes.IdentityProviderConfig{Name: new("corp"), Type: new("oidc")}})
	if err == nil || !strings.Contains(err.Error(), "because cluster c is in status UPDATING") {
		t.Errorf("removed at once: %v", err)
	}
	id := *s.describe("s").StackId
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(30 * time.Minute)
	if st := s.describe(id).StackStatus; st != types.StackStatusDeleteComplete || s.provider() != "" {
		t.Errorf("%s, and the provider is %q: %v", st, s.provider(), s.unfinished())
	}
}

// Where an update of the cluster takes longer than a handler asks again, the resource is in
// DELETE_FAILED with EKS's words, and so is the stack; another deletion finds the cluster free.
func TestADeletionOfAProviderGivesUp(t *testing.T) {
	s := standing(t)
	if err := s.create("s", provided, ""); err != nil || s.provider() != ekstypes.ConfigStatusActive {
		t.Fatalf("%v: %v", err, s.unfinished())
	}
	id := *s.describe("s").StackId
	lift := s.Region.Region.Inject(sim.Fault{Duration: &sim.DurationFault{Operation: "eks:update", Takes: metav1.Duration{Duration: 50 * time.Minute}}})
	s.logs()
	lift()
	remove := func() {
		t.Helper()
		if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	s.Sim.World.Advance(15 * time.Minute)
	if st := s.describe(id).StackStatus; st != types.StackStatusDeleteInProgress {
		t.Errorf("after a quarter of an hour: %s", st)
	}
	s.Sim.World.Advance(15 * time.Minute)
	if st := s.describe(id); st.StackStatus != types.StackStatusDeleteFailed || !strings.Contains(aws.ToString(st.StackStatusReason), "[Provider]") ||
		!strings.Contains(strings.Join(s.unfinished(), ""), "Provider DELETE_FAILED") || !strings.Contains(strings.Join(s.unfinished(), ""), "currently has update") {
		t.Errorf("after half an hour: %s %s, %v", st.StackStatus, aws.ToString(st.StackStatusReason), s.unfinished())
	}
	s.Sim.World.Advance(30 * time.Minute)
	remove()
	s.Sim.World.Advance(30 * time.Minute)
	if st := s.describe(id).StackStatus; st != types.StackStatusDeleteComplete || s.provider() != "" {
		t.Errorf("asked again: %s, and the provider is %q", st, s.provider())
	}
}
