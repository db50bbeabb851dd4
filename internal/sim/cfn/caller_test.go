package cfn_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const trusts = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333",` +
	`"Service":["cloudformation.amazonaws.com","eks.amazonaws.com"]}}]}`

// role makes a role that may do some actions, and waits until it has propagated.
func (s stacks) role(name string, actions ...string) string {
	s.t.Helper()
	out, err := s.AWS.IAM.CreateRole(s.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(trusts)})
	if err != nil {
		s.t.Fatal(err)
	}
	doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":["` + strings.Join(actions, `","`) + `"]}]}`
	if _, err := s.AWS.IAM.PutRolePolicy(s.t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: new("p"), PolicyDocument: &doc}); err != nil {
		s.t.Fatal(err)
	}
	s.Sim.World.Advance(time.Minute)
	return *out.Role.Arn
}

// as is a CloudFormation client with a role's session.
func (s stacks) as(role string) *cloudformation.Client {
	s.t.Helper()
	out, err := s.AWS.STS.AssumeRole(s.t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: new("test")})
	if err != nil {
		s.t.Fatal(err)
	}
	c := out.Credentials
	return cloudformation.New(cloudformation.Options{Region: "us-west-2", Retryer: aws.NopRetryer{}, HTTPClient: &http.Client{Transport: s.Sim},
		Credentials: credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)})
}

const aVPC = `{"Resources": {"VPC": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}}}`

func TestAStackMayDoWhatItsCallerMay(t *testing.T) {
	s := region(t)
	hands := s.role("hands", "ec2:*")
	c := s.as(s.role("deployer", "cloudformation:*"))
	in := &cloudformation.CreateStackInput{StackName: new("own"), TemplateBody: new(aVPC), OnFailure: types.OnFailureDoNothing}
	if _, err := c.CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	events, err := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: new("own")})
	if err != nil || !slices.ContainsFunc(events.StackEvents, func(e types.StackEvent) bool {
		why := aws.ToString(e.ResourceStatusReason)
		return strings.Contains(why, "arn:aws:sts::111122223333:assumed-role/deployer/test is not authorized to perform: ec2:CreateVpc") &&
			strings.Contains(why, "HandlerErrorCode: AccessDenied")
	}) {
		t.Errorf("%v: the stack's events do not say that its caller may not make a VPC", err)
	}
	in = &cloudformation.CreateStackInput{StackName: new("other"), TemplateBody: new(aVPC), RoleARN: &hands}
	if _, err := c.CreateStack(t.Context(), in); err == nil || !strings.Contains(err.Error(), "iam:PassRole on resource: "+hands) {
		t.Errorf("the role was passed: %v", err)
	}
	passer := s.as(s.role("passer", "cloudformation:*", "iam:PassRole"))
	if _, err := passer.CreateStack(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("other"); st.StackStatus != types.StackStatusCreateComplete || *st.RoleARN != hands {
		t.Errorf("%s with its role: %v", st.StackStatus, st.RoleARN)
	}
}

// A stack's role is assumed for what is done to it later: where it is gone, nothing can be
// done, unless another is given.
func TestAStackWhoseRoleIsGoneTakesNoCall(t *testing.T) {
	s := region(t)
	hands := s.role("hands", "ec2:*")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: new(aVPC), RoleARN: &hands})
	must(err)
	s.Sim.World.Advance(time.Hour)
	_, err = s.AWS.IAM.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: new("hands"), PolicyName: new("p")})
	must(err)
	_, err = s.AWS.IAM.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: new("hands")})
	must(err)
	s.Sim.World.Advance(time.Hour)
	other := strings.Replace(aVPC, "10.0.0.0/16", "10.1.0.0/16", 1)
	for name, call := range map[string]func() error{
		"UpdateStack": func() error {
			_, err := s.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &other})
			return err
		},
		"CreateChangeSet": func() error {
			_, err := s.AWS.CFN.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: new("s"), TemplateBody: &other, ChangeSetName: new("c")})
			return err
		},
		"DeleteStack": func() error {
			_, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")})
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), "Role "+hands+" is invalid or cannot be assumed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	again := s.role("again", "ec2:*")
	_, err = s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s"), RoleARN: &again})
	must(err)
}

const aCluster = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  A: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-west-2a}}
  B: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-west-2b}}
  Cluster:
    Type: AWS::EKS::Cluster
    Properties: {Name: c, RoleArn: 'arn:aws:iam::111122223333:role/plane', ResourcesVpcConfig: {SubnetIds: [!Ref A, !Ref B]}}
`

func TestTheCreatorOfACluserInAStackIsTheCaller(t *testing.T) {
	s := region(t)
	s.role("plane", "ec2:*")
	maker := s.role("maker", "cloudformation:*", "ec2:*", "eks:*", "iam:PassRole")
	if _, err := s.as(maker).CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("c"), TemplateBody: new(aCluster)}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe("c"); st.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
	out, err := s.AWS.EKS.ListAccessEntries(t.Context(), &eks.ListAccessEntriesInput{ClusterName: new("c")})
	if err != nil || !slices.Contains(out.AccessEntries, maker) {
		t.Errorf("%v: %v has no entry", err, maker)
	}
}

// As eksctl's template: nothing says that the attachment waits for the address.
const gateways = `
Resources:
  VPC: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Gate: {Type: 'AWS::EC2::InternetGateway'}
  Attached: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref VPC, InternetGatewayId: !Ref Gate}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref VPC, CidrBlock: 10.0.0.0/24}}
  Address: {Type: 'AWS::EC2::EIP', Properties: {Domain: vpc}}
  NAT: {Type: 'AWS::EC2::NatGateway', Properties: {SubnetId: !Ref Subnet, AllocationId: !GetAtt Address.AllocationId}}
`

func TestAGatewayIsDetachedOnceTheAddressIsFree(t *testing.T) {
	s := region(t)
	if err := s.create("net", gateways, ""); err != nil {
		t.Fatal(err)
	}
	id := *s.describe("net").StackId
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("net")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe(id); st.StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("%s %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
}

func TestAStackThatIsBeingMadeCanBeDeleted(t *testing.T) {
	s := region(t)
	out, err := s.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new("net"), TemplateBody: new(gateways)})
	if err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(90 * time.Second) // the NAT gateway is under way
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("net")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe(*out.StackId); st.StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("%s %s", st.StackStatus, aws.ToString(st.StackStatusReason))
	}
}
