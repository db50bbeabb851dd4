package eval

import (
	"strings"
	"testing"
)

func must(t *testing.T, doc string) *Policy {
	t.Helper()
	p, err := Parse(doc)
	if err != nil {
		t.Fatalf("%v: %s", err, doc)
	}
	return p
}

var alice = Principal{ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333"}

func ask(action, resource string, context ...string) *Request {
	r := &Request{Action: action, Resource: resource, Principal: alice, Context: map[string][]string{"aws:username": {"alice"}}}
	for _, c := range context {
		k, v, _ := strings.Cut(c, "=")
		k = strings.ToLower(k)
		r.Context[k] = append(r.Context[k], v)
	}
	return r
}

func one(statement string) string {
	return `{"Version": "2012-10-17", "Statement": [` + statement + `]}`
}

// The examples of the IAM user guide: "Example IAM identity-based policies", "Actions,
// resources, and condition keys", "Policy variables", "Condition operators".
func TestIdentityPolicies(t *testing.T) {
	for _, x := range []struct {
		name, statement string
		request         *Request
		want            Decision
	}{
		{"an exact action", `{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*"}`, ask("ec2:StartInstances", "*"), Allowed},
		{"case does not count in actions", `{"Effect":"Allow","Action":"EC2:startinstances","Resource":"*"}`, ask("ec2:StartInstances", "*"), Allowed},
		{"another action", `{"Effect":"Allow","Action":"ec2:StartInstances","Resource":"*"}`, ask("ec2:StopInstances", "*"), ImplicitDeny},
		{"a wildcard in an action", `{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"*"}`, ask("iam:ListAccessKeys", "*"), Allowed},
		{"one character", `{"Effect":"Allow","Action":"ec2:???Instances","Resource":"*"}`, ask("ec2:RunInstances", "*"), Allowed},
		{"one character is not two", `{"Effect":"Allow","Action":"ec2:??Instances","Resource":"*"}`, ask("ec2:RunInstances", "*"), ImplicitDeny},
		{"NotAction", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, ask("eks:CreateCluster", "*"), Allowed},
		{"NotAction leaves out", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, ask("iam:CreateRole", "*"), ImplicitDeny},
		{"an ARN", `{"Effect":"Allow","Action":"eks:*","Resource":"arn:aws:eks:us-west-2:111122223333:cluster/a*"}`,
			ask("eks:DeleteCluster", "arn:aws:eks:us-west-2:111122223333:cluster/abc"), Allowed},
		{"resources keep case", `{"Effect":"Allow","Action":"eks:*","Resource":"arn:aws:eks:us-west-2:111122223333:cluster/A*"}`,
			ask("eks:DeleteCluster", "arn:aws:eks:us-west-2:111122223333:cluster/abc"), ImplicitDeny},
		{"a wildcard stays in its segment", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:eks:*:cluster/abc"}`,
			ask("eks:DeleteCluster", "arn:aws:eks:us-west-2:111122223333:cluster/abc"), ImplicitDeny},
		{"segments that are missing", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:eks"}`,
			ask("eks:DeleteCluster", "arn:aws:eks:us-west-2:111122223333:cluster/abc"), Allowed},
		{"NotResource", `{"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::HRBucket","arn:aws:s3:::HRBucket/*"]}`,
			ask("s3:GetObject", "arn:aws:s3:::HRBucket/x"), ImplicitDeny},
		{"a deny wins", `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`, ask("iam:GetRole", "*"), ExplicitDeny},
		{"a variable", `{"Effect":"Allow","Action":"iam:*LoginProfile","Resource":"arn:aws:iam::*:user/${aws:username}"}`,
			ask("iam:CreateLoginProfile", "arn:aws:iam::111122223333:user/alice"), Allowed},
		{"a variable of another", `{"Effect":"Allow","Action":"iam:*LoginProfile","Resource":"arn:aws:iam::*:user/${aws:username}"}`,
			ask("iam:CreateLoginProfile", "arn:aws:iam::111122223333:user/bob"), ImplicitDeny},
		{"a variable's star is a star", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}"}`,
			ask("s3:GetObject", "arn:aws:s3:::b/secret", "aws:PrincipalTag/t=*"), ImplicitDeny},
		{"a variable's default", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b-${aws:PrincipalTag/team, 'company-wide'}"}`,
			ask("s3:GetObject", "arn:aws:s3:::b-company-wide"), Allowed},
		{"a variable without value", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}*"}`,
			ask("s3:GetObject", "arn:aws:s3:::x"), ImplicitDeny},
		{"a star that is meant", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/a${*}"}`, ask("s3:GetObject", "arn:aws:s3:::b/ab"), ImplicitDeny},
	} {
		if got := (Set{Identity: []*Policy{must(t, one(x.statement))}}).Decide(x.request); got.Decision != x.want {
			t.Errorf("%s: got %v (%s), expected %v", x.name, got.Decision, got.Kind, x.want)
		}
	}
	old := must(t, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::111122223333:user/${aws:username}"}}`)
	if got := (Set{Identity: []*Policy{old}}).Decide(ask("iam:GetUser", "arn:aws:iam::111122223333:user/alice")); got.Decision != ImplicitDeny {
		t.Error("version 2008-10-17 has no policy variables")
	}
}

func TestConditions(t *testing.T) {
	for _, x := range []struct {
		condition string
		context   []string
		want      bool
	}{
		{`{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}`, []string{"aws:PrincipalTag/job-category=iamuser-admin"}, true},
		{`{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}`, []string{"aws:PrincipalTag/job-category=IAMuser-admin"}, false},
		{`{"StringEquals":{"aws:PrincipalTag/job-category":"iamuser-admin"}}`, nil, false},
		{`{"StringEquals":{"k":["a","b"]}}`, []string{"k=b"}, true},
		{`{"StringNotEquals":{"k":["a","b"]}}`, []string{"k=b"}, false},
		{`{"StringNotEquals":{"k":["a","b"]}}`, []string{"k=c"}, true},
		{`{"StringNotEquals":{"k":"a"}}`, nil, true},
		{`{"StringEqualsIgnoreCase":{"k":"ABC"}}`, []string{"K=abc"}, true},
		{`{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}`, []string{"s3:prefix=home/alice/x"}, true},
		{`{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}`, []string{"s3:prefix=home/bob/x"}, false},
		{`{"StringEquals":{"k":"a*"}}`, []string{"k=ab"}, false},
		{`{"StringEqualsIfExists":{"k":"a"}}`, nil, true},
		{`{"StringEqualsIfExists":{"k":"a"}}`, []string{"k=b"}, false},
		{`{"StringLikeIfExists":{"ec2:InstanceType":["t1.*","t2.*","m3.*"]}}`, []string{"ec2:InstanceType=m5.large"}, false},
		{`{"NumericLessThanEquals":{"s3:max-keys":"10"}}`, []string{"s3:max-keys=10"}, true},
		{`{"NumericLessThan":{"k":10}}`, []string{"k=9.5"}, true},
		{`{"NumericGreaterThan":{"k":"10"}}`, []string{"k=x"}, false},
		{`{"DateGreaterThan":{"aws:CurrentTime":"2020-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}`,
			[]string{"aws:CurrentTime=2020-05-01T12:00:00Z"}, true},
		{`{"DateLessThan":{"aws:TokenIssueTime":"2020-01-01T00:00:01Z"}}`, []string{"aws:TokenIssueTime=2020-02-01T00:00:00Z"}, false},
		{`{"DateLessThan":{"aws:EpochTime":"1600000000"}}`, []string{"aws:EpochTime=1500000000"}, true},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, []string{"aws:SecureTransport=false"}, true},
		{`{"Bool":{"aws:SecureTransport":true}}`, []string{"aws:SecureTransport=false"}, false},
		{`{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, nil, true},
		{`{"BinaryEquals":{"key":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}`, []string{"key=BinaryValueInBase64"}, true},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, []string{"aws:SourceIp=203.0.113.77"}, true},
		{`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}`, []string{"aws:SourceIp=2001:db8:1234:5678::1"}, true},
		{`{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}`, []string{"aws:SourceIp=192.0.2.9"}, false},
		{`{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, []string{"aws:SourceIp=198.51.100.1"}, true},
		{`{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}}`, []string{"aws:SourceArn=arn:aws:sns:us-east-1:111122223333:t:x"}, true},
		{`{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-*-1:111122223333:t"}}`, []string{"aws:SourceArn=arn:aws:sns:us-east-1:111122223333:t"}, true},
		{`{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, []string{"aws:PrincipalArn=arn:aws:iam::1:user/a"}, true},
		{`{"Null":{"aws:TokenIssueTime":"true"}}`, nil, true},
		{`{"Null":{"aws:TokenIssueTime":"true"}}`, []string{"aws:TokenIssueTime=x"}, false},
		{`{"Null":{"aws:TagKeys":"false"}}`, []string{"aws:TagKeys=x"}, true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["environment","cost-center"]}}`, []string{"aws:TagKeys=environment", "aws:TagKeys=cost-center"}, true},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["environment"]}}`, []string{"aws:TagKeys=environment", "aws:TagKeys=other"}, false},
		{`{"ForAllValues:StringEquals":{"aws:TagKeys":["environment"]}}`, nil, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["environment"]}}`, []string{"aws:TagKeys=x", "aws:TagKeys=environment"}, true},
		{`{"ForAnyValue:StringEquals":{"aws:TagKeys":["environment"]}}`, nil, false},
		{`{"ForAllValues:StringNotEquals":{"k":["a"]}}`, []string{"k=b", "k=a"}, false},
		{`{"ForAnyValue:StringNotEquals":{"k":["a"]}}`, []string{"k=b", "k=a"}, true},
		{`{"ForAnyValue:StringLike":{"k":["x*"]}}`, []string{"k=b", "k=xyz"}, true},
		{`{"StringEquals":{"a":"1","b":"2"}}`, []string{"a=1", "b=3"}, false}, // every key
	} {
		p := must(t, one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":`+x.condition+`}`))
		if got := (Set{Identity: []*Policy{p}}).Decide(ask("s3:ListBucket", "*", x.context...)); (got.Decision == Allowed) != x.want {
			t.Errorf("%s with %v: %v", x.condition, x.context, got.Decision)
		}
	}
}

// "Permissions boundaries for IAM entities" and "Session policies": what counts is
// what all of them allow.
func TestBoundariesAndSessions(t *testing.T) {
	boundary := must(t, one(`{"Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*"}`))
	iamUser := must(t, one(`{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"}`))
	all := must(t, one(`{"Effect":"Allow","Action":"*","Resource":"*"}`))
	noS3 := must(t, one(`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`))
	for _, x := range []struct {
		name   string
		set    Set
		action string
		want   Result
	}{
		{"outside the boundary", Set{Identity: []*Policy{iamUser}, Boundary: boundary}, "iam:CreateUser", Result{ImplicitDeny, Boundary}},
		{"a boundary grants nothing", Set{Boundary: boundary}, "s3:GetObject", Result{ImplicitDeny, IdentityBased}},
		{"within both", Set{Identity: []*Policy{all}, Boundary: boundary}, "ec2:RunInstances", Result{Decision: Allowed}},
		{"outside the session", Set{Identity: []*Policy{all}, Session: []*Policy{boundary}}, "iam:CreateUser", Result{ImplicitDeny, SessionBased}},
		{"within all", Set{Identity: []*Policy{all}, Boundary: all, Session: []*Policy{boundary}}, "s3:GetObject", Result{Decision: Allowed}},
		{"a deny in the session", Set{Identity: []*Policy{all}, Session: []*Policy{all, noS3}}, "s3:GetObject", Result{ExplicitDeny, SessionBased}},
		{"a deny in the boundary", Set{Identity: []*Policy{all}, Boundary: noS3}, "s3:GetObject", Result{ExplicitDeny, Boundary}},
	} {
		if got := x.set.Decide(ask(x.action, "*")); got != x.want {
			t.Errorf("%s: got %+v, expected %+v", x.name, got, x.want)
		}
	}
}

func TestResourcePolicies(t *testing.T) {
	all := must(t, one(`{"Effect":"Allow","Action":"*","Resource":"*"}`))
	of := func(principal string) *Policy {
		return must(t, one(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Principal":`+principal+`}`))
	}
	ec2 := must(t, one(`{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`))
	for _, x := range []struct {
		name string
		set  Set
		want Decision
	}{
		{"the user grants by itself, past the boundary", Set{Resource: of(`{"AWS":"arn:aws:iam::111122223333:user/alice"}`), Boundary: ec2}, Allowed},
		{"the account needs an identity policy", Set{Resource: of(`{"AWS":"arn:aws:iam::111122223333:root"}`)}, ImplicitDeny},
		{"the account with one", Set{Resource: of(`{"AWS":"111122223333"}`), Identity: []*Policy{all}}, Allowed},
		{"another", Set{Resource: of(`{"AWS":"arn:aws:iam::111122223333:user/bob"}`)}, ImplicitDeny},
		{"everybody", Set{Resource: of(`"*"`)}, Allowed},
	} {
		if got := x.set.Decide(ask("kms:Decrypt", "*")); got.Decision != x.want {
			t.Errorf("%s: got %v", x.name, got.Decision)
		}
	}
	deny := must(t, one(`{"Effect":"Deny","Action":"*","Resource":"*","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/bob","111122223333"]}}`))
	if got := (Set{Identity: []*Policy{all}, Resource: deny}).Decide(ask("kms:Decrypt", "*")); got.Decision != Allowed {
		t.Errorf("NotPrincipal names the account: %v", got)
	}
	deny.Statements[0].NotPrincipal = Principals{"AWS": {"arn:aws:iam::111122223333:user/bob"}}
	if got := (Set{Identity: []*Policy{all}, Resource: deny}).Decide(ask("kms:Decrypt", "*")); got != (Result{ExplicitDeny, ResourceBased}) {
		t.Errorf("NotPrincipal: %v", got)
	}
}

func TestTrustPolicies(t *testing.T) {
	session := Principal{ARN: "arn:aws:sts::111122223333:assumed-role/r/s", Role: "arn:aws:iam::111122223333:role/r", Account: "111122223333"}
	oidc := "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/ABC"
	web := `{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + oidc + `"},"Condition":{"StringEquals":` +
		`{"oidc.eks.us-west-2.amazonaws.com/id/ABC:sub":"system:serviceaccount:kube-system:aws-node",` +
		`"oidc.eks.us-west-2.amazonaws.com/id/ABC:aud":"sts.amazonaws.com"}}}`
	pod := func(sub string) *Request {
		return &Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: "*", Principal: Principal{Federated: oidc}, Context: map[string][]string{
			"oidc.eks.us-west-2.amazonaws.com/id/abc:sub": {sub}, "oidc.eks.us-west-2.amazonaws.com/id/abc:aud": {"sts.amazonaws.com"}}}
	}
	as := func(p Principal) *Request { return &Request{Action: "sts:AssumeRole", Resource: "*", Principal: p} }
	for _, x := range []struct {
		name, statement   string
		request           *Request
		trusted, byItself bool
	}{
		{"a service", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]}}`,
			as(Principal{Service: "eks.amazonaws.com"}), true, true},
		{"another service", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}`,
			as(Principal{Service: "eks.amazonaws.com"}), false, false},
		{"another action", `{"Effect":"Allow","Action":"sts:TagSession","Principal":{"Service":"eks.amazonaws.com"}}`,
			as(Principal{Service: "eks.amazonaws.com"}), false, false},
		{"the account", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}`, as(alice), true, false},
		{"a user", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"}}`, as(alice), true, true},
		{"a role's session", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"}}`, as(session), true, false},
		{"a service account", web, pod("system:serviceaccount:kube-system:aws-node"), true, true},
		{"another service account", web, pod("system:serviceaccount:default:aws-node"), false, false},
		{"a deny", `{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"},{"Effect":"Deny","Action":"sts:*","Principal":{"AWS":"111122223333"}}`,
			as(alice), false, false},
	} {
		trusted, byItself := must(t, one(x.statement)).Trusts(x.request)
		if trusted != x.trusted || byItself != x.byItself {
			t.Errorf("%s: trusted %v, by itself %v", x.name, trusted, byItself)
		}
	}
}

func TestDocumentsAreChecked(t *testing.T) {
	for doc, want := range map[string]string{
		`{`:                        "Syntax errors in policy.",
		`{"Version":"2012-10-17"}`: "Missing required field Statement",
		`{"Version":"2013-01-01","Statement":[]}`:                                "The policy version 2013-01-01 is not valid",
		`{"Statement":[],"Extra":1}`:                                             "Unknown field Extra",
		one(`{"Effect":"allow"}`):                                                "Invalid effect: allow",
		one(`{"Effect":"Allow","Resource":"*"}`):                                 "Policy statement must contain actions.",
		one(`{"Effect":"Allow","Action":"s3:*"}`):                                "Policy statement must contain resources.",
		one(`{"Effect":"Allow","Action":"invalid","Resource":"*"}`):              "Actions/Conditions must be prefaced by a vendor",
		one(`{"Effect":"Allow","Action":"a a:x","Resource":"*"}`):                "Vendor a a is not valid",
		one(`{"Effect":"Allow","Action":"s3:x","Resource":"bucket"}`):            `Resource bucket must be in ARN format or "*".`,
		one(`{"Effect":"Allow","Action":"s3:x","Resource":"arn:amazon:s3:::x"}`): `Partition "amazon" is not valid for resource`,
		one(`{"Effect":"Allow","Action":"s3:x","Resource":"*","Principal":"*"}`): "Policy document should not specify a principal.",
		one(`{"Sid":"a","Effect":"Allow","Action":"s3:x","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}`): "must be unique",

		one(`{"Effect":"Allow","Action":"s3:x","Resource":"*","Condition":{"StringSame":{"a":"b"}}}`): "Invalid Condition type : StringSame",
		one(`{"Effect":"Allow","Action":"s3:x","NotAction":"s3:y","Resource":"*"}`):                   "Syntax errors in policy.",
		one(`{"Effect":"Allow","Action":{"a":1},"Resource":"*"}`):                                     "Syntax errors in policy.",
	} {
		if err := ValidIdentity(doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, expected %q", doc, err, want)
		}
	}
	for doc, want := range map[string]string{
		`x`:     "This policy contains invalid Json",
		one(``): "Statement is empty!",
		one(`{"Effect":"Allow","Action":"sts:AssumeRole"}`):                                             "Missing required field Principal",
		one(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{}}`):                              "Missing required field Principal",
		one(`{"Effect":"Allow","Principal":"*"}`):                                                       "Missing required field Action",
		one(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}`):              "Has prohibited field Resource",
		one(`{"Effect":"Allow","Action":"ec2:RunInstances","Principal":"*"}`):                           "may only specify STS AssumeRole actions",
		one(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"eks"}}`):               `Invalid principal in policy: "SERVICE":"eks"`,
		one(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::1:user/x"}}`): `Invalid principal in policy: "AWS":"arn:aws:iam::1:user/x"`,
		one(`{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":""}}`): `Invalid principal in policy: "FEDERATED":""`,
		one(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Robot":"x"}}`):                   `Invalid principal in policy: "Robot"`,
	} {
		if err := ValidTrust(doc); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, expected %q", doc, err, want)
		}
	}
	good := one(`{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":` +
		`{"Service":["eks.amazonaws.com","ec2.amazonaws.com.cn"],"AWS":"arn:aws-cn:iam::111122223333:role/path/r"}}`)
	if err := ValidTrust(good); err != nil {
		t.Error(err)
	}
}
