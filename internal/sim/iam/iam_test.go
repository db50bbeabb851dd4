package iam_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

type account struct {
	*testregion.Region
	t *testing.T
}

func newAccount(t *testing.T) account {
	return account{testregion.New(t, testregion.Load(t, testregion.Cluster), 1), t}
}

func trust(principal string) *string {
	return new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + principal + `}]}`)
}

func allow(actions, resource string) *string {
	list := strings.Join(strings.Fields(actions), `","`)
	return new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + list + `"],"Resource":"` + resource + `"}]}`)
}

// role makes a role of a name that trusts a principal and may do what a policy says.
func (a account) role(name, principal string, policy *string) string {
	a.t.Helper()
	out, err := a.AWS.IAM.CreateRole(a.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: trust(principal)})
	if err != nil {
		a.t.Fatal(err)
	}
	if policy != nil {
		if _, err := a.AWS.IAM.PutRolePolicy(a.t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: new("p"), PolicyDocument: policy}); err != nil {
			a.t.Fatal(err)
		}
	}
	return *out.Role.Arn
}

// as is the options of a client with a role's session.
func (a account) as(role string, policy *string) aws.Config {
	a.t.Helper()
	out, err := a.AWS.STS.AssumeRole(a.t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: new("me"), Policy: policy})
	if err != nil {
		a.t.Fatal(err)
	}
	c := out.Credentials
	return aws.Config{Region: "us-west-2", HTTPClient: &http.Client{Transport: a.Sim}, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)}
}

// refused checks an API error's code and words.
func refused(t *testing.T, what string, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("%s: got %v, expected %s: …%s…", what, err, code, words)
	}
}

func TestCallsAreAuthorised(t *testing.T) {
	a := newAccount(t)
	me := a.role("me", `{"AWS":"111122223333"}`, allow("eks:List* eks:DescribeCluster", "arn:aws:eks:us-west-2:111122223333:cluster/mine"))
	cfg := a.as(me, nil)
	e, v, i := eks.NewFromConfig(cfg), ec2.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	who := "User: arn:aws:sts::111122223333:assumed-role/me/me is not authorized to perform: "

	_, err := e.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("mine")})
	refused(t, "what it may", err, "ResourceNotFoundException", "No cluster found")
	_, err = e.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("yours")})
	refused(t, "EKS", err, "AccessDeniedException", who+"eks:DescribeCluster on resource: arn:aws:eks:us-west-2:111122223333:cluster/yours "+
		"because no identity-based policy allows the eks:DescribeCluster action")
	_, err = v.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	refused(t, "EC2", err, "UnauthorizedOperation", "You are not authorized to perform this operation. "+who+"ec2:DescribeVpcs because no")
	_, err = i.GetRole(t.Context(), &iam.GetRoleInput{RoleName: new("me")})
	refused(t, "IAM", err, "AccessDenied", who+"iam:GetRole on resource: "+me)

	all := a.role("all", `{"AWS":"111122223333"}`, allow("*", "*"))
	limited := eks.NewFromConfig(a.as(all, allow("ec2:*", "*")))
	_, err = limited.ListClusters(t.Context(), &eks.ListClustersInput{})
	refused(t, "a session's policy", err, "AccessDeniedException", "because no session policy allows the eks:ListClusters action")

	bound, err := a.AWS.IAM.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: new("bound"), PolicyDocument: allow("ec2:*", "*")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("kept"), AssumeRolePolicyDocument: trust(`{"AWS":"111122223333"}`),
		PermissionsBoundary: bound.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	_, err = a.AWS.IAM.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: new("kept"), PolicyName: new("p"), PolicyDocument: allow("*", "*")})
	if err != nil {
		t.Fatal(err)
	}
	kept := a.as("arn:aws:iam::111122223333:role/kept", nil)
	if _, err := ec2.NewFromConfig(kept).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{}); err != nil {
		t.Errorf("within the boundary: %v", err)
	}
	_, err = eks.NewFromConfig(kept).ListClusters(t.Context(), &eks.ListClustersInput{})
	refused(t, "a boundary", err, "AccessDeniedException", "because no permissions boundary allows the eks:ListClusters action")
}

func TestTheAdministratorLosesWhatIsDenied(t *testing.T) {
	a := newAccount(t)
	a.Region.Region.IAM.Deny("eks:ListClusters")
	_, err := a.AWS.EKS.ListClusters(t.Context(), &eks.ListClustersInput{})
	refused(t, "denied", err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/admin is not authorized to perform: eks:ListClusters")
	out, err := a.AWS.IAM.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: new("arn:aws:iam::111122223333:user/admin"),
		ActionNames: []string{"eks:ListClusters", "eks:CreateCluster"}})
	if err != nil || out.EvaluationResults[0].EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny ||
		out.EvaluationResults[1].EvalDecision != types.PolicyEvaluationDecisionTypeAllowed {
		t.Errorf("%+v %v", out, err)
	}
}

func TestARolesPermissionsAreSimulated(t *testing.T) {
	a := newAccount(t)
	arn := a.role(
		"me",
		`{"AWS":"111122223333"}`,
		new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"arn:aws:ec2:*:*:vpc/*",`+
			`"Condition":{"StringEquals":{"aws:RequestTag/env":"dev"}}},{"Effect":"Deny","Action":"ec2:DeleteVpc","Resource":"*"}]}`),
	)
	for _, x := range []struct {
		action, env string
		want        types.PolicyEvaluationDecisionType
	}{
		{"ec2:CreateVpc", "dev", types.PolicyEvaluationDecisionTypeAllowed},
		{"ec2:CreateVpc", "prod", types.PolicyEvaluationDecisionTypeImplicitDeny},
		{"ec2:DeleteVpc", "dev", types.PolicyEvaluationDecisionTypeExplicitDeny},
	} {
		out, err := a.AWS.IAM.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: &arn, ActionNames: []string{x.action},
			ResourceArns: []string{"arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1"},
			ContextEntries: []types.ContextEntry{
				{ContextKeyName: new("aws:RequestTag/env"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{x.env}},
			}})
		if err != nil || out.EvaluationResults[0].EvalDecision != x.want {
			t.Errorf("%s %s: %+v %v", x.action, x.env, out, err)
		}
	}
}

func TestARoleIsAssumedByWhomItTrusts(t *testing.T) {
	a := newAccount(t)
	assume := func(name string, seconds int32) error {
		_, err := a.AWS.STS.AssumeRole(
			t.Context(),
			&sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/" + name), RoleSessionName: new("me"), DurationSeconds: &seconds},
		)
		return err
	}
	a.role("ours", `{"AWS":"arn:aws:iam::111122223333:root"}`, nil)
	a.role("nodes", `{"Service":"ec2.amazonaws.com"}`, nil)
	if err := assume("ours", 3600); err != nil {
		t.Error(err)
	}
	refused(
		t,
		"a service's",
		assume("nodes", 3600),
		"AccessDenied",
		"User: arn:aws:iam::111122223333:user/admin is not authorized to perform: sts:AssumeRole on resource",
	)
	refused(t, "nobody's", assume("none", 3600), "AccessDenied", "sts:AssumeRole")
	refused(t, "too long", assume("ours", 7200), "ValidationError", "exceeds the MaxSessionDuration set for this role")
}

func TestIAMChecksWhatItIsGiven(t *testing.T) {
	a := newAccount(t)
	ctx := t.Context()
	service := `{"Service":"ec2.amazonaws.com"}`
	a.role("taken", service, nil)
	role := func(change func(*iam.CreateRoleInput)) error {
		in := &iam.CreateRoleInput{RoleName: new("r"), AssumeRolePolicyDocument: trust(service)}
		change(in)
		_, err := a.AWS.IAM.CreateRole(ctx, in)
		return err
	}
	tags := func(keys ...string) []types.Tag {
		var out []types.Tag
		for _, k := range keys {
			out = append(out, types.Tag{Key: &k, Value: new("v")})
		}
		return out
	}
	for name, x := range map[string]struct {
		change      func(*iam.CreateRoleInput)
		code, words string
	}{
		"a long name":         {func(in *iam.CreateRoleInput) { in.RoleName = new(strings.Repeat("r", 65)) }, "ValidationError", "less than or equal to 64"},
		"a name with a space": {func(in *iam.CreateRoleInput) { in.RoleName = new("a b") }, "ValidationError", "must contain only alphanumeric"},
		"a name by case":      {func(in *iam.CreateRoleInput) { in.RoleName = new("TAKEN") }, "EntityAlreadyExists", "Role with name TAKEN already exists."},
		"a path":              {func(in *iam.CreateRoleInput) { in.Path = new("x") }, "ValidationError", "must begin and end with /"},
		"no JSON":             {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = new("x") }, "MalformedPolicyDocument", "invalid Json"},
		"no principal": {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = allow("sts:AssumeRole", "*") },
			"MalformedPolicyDocument", "Has prohibited field Resource"},
		"an empty provider": {func(in *iam.CreateRoleInput) { in.AssumeRolePolicyDocument = trust(`{"Federated":""}`) },
			"MalformedPolicyDocument", "Invalid principal in policy"},
		"tags that differ in case": {func(in *iam.CreateRoleInput) { in.Tags = tags("Env", "env") }, "InvalidInput", "Duplicate tag keys found"},
		"a system tag":             {func(in *iam.CreateRoleInput) { in.Tags = tags("aws:x") }, "InvalidInput", "system tags"},
		"a description": {func(in *iam.CreateRoleInput) { in.Description = new(strings.Repeat("x", 1001)) },
			"ValidationError", "less than or equal to 1000"},
		"a boundary": {func(in *iam.CreateRoleInput) { in.PermissionsBoundary = new("arn:aws:iam::111122223333:policy/none") },
			"NoSuchEntity", "does not exist or is not attachable"},
		"hours": {func(in *iam.CreateRoleInput) { in.MaxSessionDuration = new(int32(60)) }, "ValidationError", "greater than or equal to 3600"},
	} {
		refused(t, name, role(x.change), x.code, x.words)
	}
	p, err := a.AWS.IAM.CreatePolicy(
		ctx,
		&iam.CreatePolicyInput{PolicyName: new("p"), Path: new("/x/"), Description: new("d"), Tags: tags("k"), PolicyDocument: allow("s3:*", "*")},
	)
	if err != nil || *p.Policy.Arn != "arn:aws:iam::111122223333:policy/x/p" || *p.Policy.DefaultVersionId != "v1" || *p.Policy.Description != "d" ||
		len(p.Policy.Tags) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	_, err = a.AWS.IAM.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: new("p"), PolicyDocument: allow("s3:*", "*")})
	refused(t, "a policy twice", err, "EntityAlreadyExists", "A policy called p already exists")
	if _, err := a.AWS.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: new("taken"), PolicyArn: p.Policy.Arn}); err != nil {
		t.Fatal(err)
	}
	_, err = a.AWS.IAM.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: p.Policy.Arn})
	refused(t, "a policy in use", err, "DeleteConflict", "Cannot delete a policy attached to entities.")
	_, err = a.AWS.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: new("taken"), PolicyName: new("p"), PolicyDocument: allow("s3", "*")})
	refused(t, "a bad action", err, "MalformedPolicyDocument", "must be prefaced by a vendor")
}

// Python's clients unquote documents without reading a plus as a space.
func TestDocumentsAreEncodedAsIAMEncodesThem(t *testing.T) {
	a := newAccount(t)
	doc := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}`
	if _, err := a.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("r"), AssumeRolePolicyDocument: &doc}); err != nil {
		t.Fatal(err)
	}
	out, err := a.AWS.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: new("r")})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := url.PathUnescape(*out.Role.AssumeRolePolicyDocument)
	if err != nil || plain != doc || !json.Valid([]byte(plain)) || strings.Contains(*out.Role.AssumeRolePolicyDocument, "+") {
		t.Errorf("%s %v", *out.Role.AssumeRolePolicyDocument, err)
	}
}

func TestAnIssuersPortIsNoPartOfItsName(t *testing.T) {
	a := newAccount(t)
	out, err := a.AWS.IAM.CreateOpenIDConnectProvider(
		t.Context(),
		&iam.CreateOpenIDConnectProviderInput{Url: new("https://oidc.example.com:443/id/A"), ClientIDList: []string{"sts.amazonaws.com"}},
	)
	if err != nil || *out.OpenIDConnectProviderArn != "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A" {
		t.Fatalf("%+v %v", out, err)
	}
	if r := a.Region.Region.IAM; !r.HasProvider("https://oidc.example.com/id/A") || r.HasProvider("https://oidc.example.com/id/B") {
		t.Error("it is not found by its URL")
	}
}

func TestARoleThatIsNewIsNotAssumedByAService(t *testing.T) {
	a := newAccount(t)
	arn := a.role("r", `{"Service":"eks.amazonaws.com"}`, nil)
	i := a.Region.Region.IAM
	if i.Assumable(arn, "eks.amazonaws.com") {
		t.Error("at once")
	}
	a.Sim.World.Advance(time.Minute)
	if !i.Assumable(arn, "eks.amazonaws.com") || i.Assumable(arn, "ec2.amazonaws.com") {
		t.Error("after it has propagated")
	}
}
