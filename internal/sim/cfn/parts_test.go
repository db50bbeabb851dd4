package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// parts is a cluster with what EKS's other types make in it. The two profiles take turns,
// as EKS makes one at a time.
var parts = upgrading[:strings.Index(upgrading, "  Group:\n")] + `
  P: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.2.0/24, AvailabilityZone: us-west-2a}}
  Pods:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: eks-fargate-pods.amazonaws.com}}
          - {Effect: Allow, Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: {Service: [pods.eks.amazonaws.com, capabilities.eks.amazonaws.com]}}
  One:
    Type: AWS::EKS::FargateProfile
    Properties:
      ClusterName: !Ref Cluster
      FargateProfileName: one
      PodExecutionRoleArn: !GetAtt Pods.Arn
      Subnets: [!Ref P]
      Selectors: [{Namespace: a, Labels: [{Key: tier, Value: web}]}]
  Two: {Type: 'AWS::EKS::FargateProfile', Properties: {ClusterName: !Ref Cluster, PodExecutionRoleArn: !GetAtt Pods.Arn, Subnets: [!Ref P],
        Selectors: [{Namespace: b}]}}
  Association: {Type: 'AWS::EKS::PodIdentityAssociation', Properties: {ClusterName: !Ref Cluster, Namespace: a, ServiceAccount: s, RoleArn: !GetAtt Pods.Arn}}
  Provider:
    Type: AWS::EKS::IdentityProviderConfig
    DependsOn: [One, Two, Able, CNI] # it is an update of the cluster, which takes nothing new meanwhile
    Properties:
      ClusterName: !Ref Cluster
      IdentityProviderConfigName: corp
      Type: oidc
      Oidc: {IssuerUrl: 'https://issuer.example.com', ClientId: k, RequiredClaims: [{Key: a, Value: b}]}
  Able: {Type: 'AWS::EKS::Capability', Properties: {ClusterName: !Ref Cluster, CapabilityName: kro, Type: KRO, DeletePropagationPolicy: RETAIN,
         RoleArn: !GetAtt Pods.Arn}}
  CNI: {Type: 'AWS::EKS::Addon', Properties: {ClusterName: !Ref Cluster, AddonName: vpc-cni, ResolveConflicts: OVERWRITE}}
  Issuer: {Type: 'AWS::IAM::OIDCProvider', Properties: {Url: !GetAtt Cluster.OpenIdConnectIssuerUrl, ClientIdList: [sts.amazonaws.com]}}
Outputs:
  One: {Value: !Ref One}
  Arn: {Value: !GetAtt One.Arn}
  Association: {Value: !GetAtt Association.AssociationId}
  Provider: {Value: !GetAtt Provider.IdentityProviderConfigArn}
  Able: {Value: !Ref Able}
  Issuer: {Value: !Ref Issuer}
`

// Everything comes, follows an update and goes again.
func TestPartsOfAClusterComeAndGo(t *testing.T) {
	s := region(t)
	if err := s.create("s", parts, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("s")
	if st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	out := map[string]string{}
	for _, o := range st.Outputs {
		out[*o.OutputKey] = *o.OutputValue
	}
	for k, want := range map[string]string{"One": "c|one", "Arn": "fargateprofile/c/one/", "Association": "a-", "Provider": "identityproviderconfig/c/oidc/corp/",
		"Able": "capability/c/kro/kro/", "Issuer": "oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/"} {
		if !strings.Contains(out[k], want) {
			t.Errorf("the output %s is %q, want %s in it", k, out[k], want)
		}
	}
	d, err := s.AWS.EKS.DescribeFargateProfile(t.Context(), &eks.DescribeFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("one")})
	if err != nil || d.FargateProfile.Selectors[0].Labels["tier"] != "web" {
		t.Fatalf("the profile is %+v: %v", d, err)
	}
	next := strings.NewReplacer("FargateProfileName: one\n", "FargateProfileName: one\n      Tags: [{Key: a, Value: b}]\n", "Namespace: a, ServiceAccount: s,",
		"Namespace: a, ServiceAccount: other,", "ResolveConflicts: OVERWRITE", "ResolveConflicts: OVERWRITE, AddonVersion: v1.21.1-eksbuild.3").Replace(parts)
	if st := s.update(next); st.StackStatus != types.StackStatusUpdateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	l, err := s.AWS.EKS.ListPodIdentityAssociations(t.Context(), &eks.ListPodIdentityAssociationsInput{ClusterName: new("c")})
	if err != nil || len(l.Associations) != 1 || *l.Associations[0].ServiceAccount != "other" {
		t.Fatalf("the associations are %+v: %v", l, err)
	}
	d, err = s.AWS.EKS.DescribeFargateProfile(t.Context(), &eks.DescribeFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("one")})
	if err != nil || d.FargateProfile.Tags["a"] != "b" {
		t.Fatalf("the profile is %+v: %v", d, err)
	}
	id := s.describe("s").StackId
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(2 * time.Hour)
	if st := s.describe(*id); st.StackStatus != types.StackStatusDeleteComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
}

// unfinished are the stack's resources that are not complete.
func (s stacks) unfinished() (out []string) {
	d, err := s.AWS.CFN.DescribeStackResources(s.t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: new("s")})
	if err != nil {
		return []string{err.Error()}
	}
	for _, r := range d.StackResources {
		if !strings.HasSuffix(string(r.ResourceStatus), "_COMPLETE") {
			out = append(out, *r.LogicalResourceId+" "+string(r.ResourceStatus)+" "+aws.ToString(r.ResourceStatusReason))
		}
	}
	return out
}
