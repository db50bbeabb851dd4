package iam_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// A policy has up to five versions, of which one counts; it goes with that alone.
func TestAPolicysVersions(t *testing.T) {
	a := newAccount(t)
	c, ctx := a.AWS.IAM, t.Context()
	out, err := c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: new("p"), PolicyDocument: allow("eks:ListClusters", "*"), Description: new("why")})
	if err != nil {
		t.Fatal(err)
	}
	arn := out.Policy.Arn
	version := func(doc *string, counts bool) error {
		_, err := c.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: doc, SetAsDefault: counts})
		return err
	}
	remove := func(id string) error {
		_, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: &id})
		return err
	}
	for n := range 4 {
		if err := version(allow("ec2:*", "*"), n == 0); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "a sixth version", version(allow("ec2:*", "*"), false), "LimitExceeded", "up to 5 versions")
	refused(t, "a bad version", version(allow("ec2", "*"), false), "MalformedPolicyDocument", "prefaced by a vendor")
	refused(t, "the default version", remove("v2"), "DeleteConflict", "Cannot delete the default version")
	if err := remove("v3"); err != nil {
		t.Error(err)
	}
	if err := version(allow("s3:*", "*"), false); err != nil {
		t.Error(err)
	}
	list, err := c.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: arn})
	var ids []string
	for _, v := range list.Versions {
		ids = append(ids, fmt.Sprint(*v.VersionId, v.IsDefaultVersion))
	}
	if got := strings.Join(ids, " "); err != nil || got != "v6false v5false v4false v2true v1false" {
		t.Errorf("%s %v", got, err)
	}
	one, err := c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: new("v6")})
	if doc, _ := url.PathUnescape(*one.PolicyVersion.Document); err != nil || doc != *allow("s3:*", "*") {
		t.Errorf("%s %v", doc, err)
	}
	_, err = c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	refused(t, "a policy of several versions", err, "DeleteConflict", "more than one version")
	for _, v := range []string{"v1", "v4", "v5", "v6"} {
		if err := remove(v); err != nil {
			t.Error(err)
		}
	}
	if _, err = c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn}); err != nil {
		t.Error(err)
	}
}

// AWS's own policies are there with their documents, and others of such a name are not.
func TestPoliciesOfAWS(t *testing.T) {
	a := newAccount(t)
	c, ctx := a.AWS.IAM, t.Context()
	cni := "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
	p, err := c.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &cni})
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &cni, VersionId: p.Policy.DefaultVersionId})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := url.PathUnescape(*v.PolicyVersion.Document)
	var doc struct{ Statement []any }
	if json.Unmarshal([]byte(text), &doc) != nil || len(doc.Statement) != 2 {
		t.Errorf("%s", text)
	}
	a.role("r", `{"Service":"ec2.amazonaws.com"}`, nil)
	attach := func(arn string) error {
		_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: new("r"), PolicyArn: &arn})
		return err
	}
	if err := attach(cni); err != nil {
		t.Error(err)
	}
	if err := attach("arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"); err != nil {
		t.Error(err)
	}
	refused(t, "another path", attach("arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicy"), "NoSuchEntity", "does not exist or is not attachable")
	refused(t, "a service's own", attach("arn:aws:iam::aws:policy/aws-service-role/AmazonEKSServiceRolePolicy"), "PolicyNotAttachable", "Service Role Policy")
	who, err := c.ListEntitiesForPolicy(ctx, &iam.ListEntitiesForPolicyInput{PolicyArn: &cni})
	if err != nil || len(who.PolicyRoles) != 1 || *who.PolicyRoles[0].RoleName != "r" {
		t.Errorf("%+v %v", who, err)
	}
	for scope, want := range map[types.PolicyScopeType]int{types.PolicyScopeTypeAws: 1400, types.PolicyScopeTypeLocal: 0} {
		n := 0
		for pages := iam.NewListPoliciesPaginator(c, &iam.ListPoliciesInput{Scope: scope, MaxItems: new(int32(1000))}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Policies)
		}
		if n < want || want == 0 && n > 0 {
			t.Errorf("%s: %d policies", scope, n)
		}
	}
	used, err := c.ListPolicies(ctx, &iam.ListPoliciesInput{OnlyAttached: true})
	if err != nil || len(used.Policies) != 2 {
		t.Errorf("attached: %+v %v", used, err)
	}
}

// A role is changed in place, and keeps what is not changed.
func TestARoleIsChanged(t *testing.T) {
	a := newAccount(t)
	c, ctx := a.AWS.IAM, t.Context()
	a.role("r", `{"Service":"ec2.amazonaws.com"}`, nil)
	name := new("r")
	read := func() *types.Role {
		t.Helper()
		out, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
		if err != nil {
			t.Fatal(err)
		}
		return out.Role
	}
	if _, err := c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, Description: new("d"), MaxSessionDuration: new(int32(7200))}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: new("a"), Value: new("1")}, {Key: new("b"), Value: new("2")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: new("a"), Value: new("3")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: []string{"b", "none"}}); err != nil {
		t.Fatal(err)
	}
	boundary := new("arn:aws:iam::aws:policy/ReadOnlyAccess")
	if _, err := c.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: boundary}); err != nil {
		t.Fatal(err)
	}
	r := read()
	if *r.Description != "d" || *r.MaxSessionDuration != 7200 || len(r.Tags) != 1 || *r.Tags[0].Value != "3" ||
		*r.PermissionsBoundary.PermissionsBoundaryArn != *boundary {
		t.Errorf("%+v", r)
	}
	if _, err := c.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name}); err != nil || read().PermissionsBoundary != nil {
		t.Error(err)
	}
	_, err := c.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, MaxSessionDuration: new(int32(60))})
	refused(t, "a minute", err, "ValidationError", "3600")
}

// Services make their roles at their first use. Only who made them changes them, and
// they stay as long as something needs them.
func TestServiceLinkedRoles(t *testing.T) {
	a := newAccount(t)
	c, ctx := a.AWS.IAM, t.Context()
	create := func(service string) error {
		_, err := c.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &service})
		return err
	}
	if err := create("elasticloadbalancing.amazonaws.com"); err != nil {
		t.Error(err)
	}
	refused(t, "again", create("elasticloadbalancing.amazonaws.com"), "InvalidInput",
		"Service role name AWSServiceRoleForElasticLoadBalancing has been taken in this account, please try a different suffix.")
	refused(t, "a service without", create("none.amazonaws.com"), "InvalidInput", "none.amazonaws.com")
	a.Region.Region.ASG.Link("autoscaling.amazonaws.com")
	list, err := c.ListRoles(ctx, &iam.ListRolesInput{PathPrefix: new("/aws-service-role/")})
	if err != nil || len(list.Roles) != 2 || *list.Roles[1].Arn !=
		"arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" {
		t.Errorf("%+v %v", list, err)
	}
	name := new("AWSServiceRoleForAutoScaling")
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	refused(t, "by hand", err, "UnmodifiableEntity", "only modifiable by AWS")
	needed := []string{"arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:x"}
	a.Region.Region.IAM.Using("autoscaling.amazonaws.com", func() []string { return needed })
	end := func() *iam.GetServiceLinkedRoleDeletionStatusOutput {
		t.Helper()
		d, err := c.DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: name})
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.GetServiceLinkedRoleDeletionStatus(ctx, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: d.DeletionTaskId})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := end(); out.Status != types.DeletionTaskStatusTypeFailed || *out.Reason.RoleUsageList[0].Region != "us-west-2" {
		t.Errorf("%+v", out)
	}
	if needed = nil; end().Status != types.DeletionTaskStatusTypeSucceeded {
		t.Error("not deleted although nothing needs it")
	}
	_, err = c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	refused(t, "a deleted role", err, "NoSuchEntity", "cannot be found")
}

func TestProfilesAndProvidersAreTaggedAndListed(t *testing.T) {
	a := newAccount(t)
	c, ctx := a.AWS.IAM, t.Context()
	tags := []types.Tag{{Key: new("k"), Value: new("v")}}
	for _, n := range []string{"p", "q"} {
		if _, err := c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &n, Path: aws.String("/" + n + "/")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.TagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: new("p"), Tags: tags}); err != nil {
		t.Error(err)
	}
	got, err := c.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: new("p")})
	if err != nil || len(got.InstanceProfile.Tags) != 1 {
		t.Errorf("%+v %v", got, err)
	}
	list, err := c.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{PathPrefix: new("/q/")})
	if err != nil || len(list.InstanceProfiles) != 1 || *list.InstanceProfiles[0].InstanceProfileName != "q" {
		t.Errorf("%+v %v", list, err)
	}
	print := strings.Repeat("AB", 20)
	made, err := c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: new("https://a.example/x"), ThumbprintList: []string{print}})
	if err != nil {
		t.Fatal(err)
	}
	arn := made.OpenIDConnectProviderArn
	if _, err := c.TagOpenIDConnectProvider(ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: tags}); err != nil {
		t.Error(err)
	}
	if _, err := c.AddClientIDToOpenIDConnectProvider(ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: new("x")}); err != nil {
		t.Error(err)
	}
	p, err := c.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	if err != nil || len(p.Tags) != 1 || p.ThumbprintList[0] != strings.ToLower(print) || p.ClientIDList[0] != "x" {
		t.Errorf("%+v %v", p, err)
	}
	_, err = c.UpdateOpenIDConnectProviderThumbprint(ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{"no"}})
	refused(t, "no thumbprint", err, "ValidationError", "humbprint")
}

func TestTheCallersOwnUser(t *testing.T) {
	a := newAccount(t)
	u, err := a.AWS.IAM.GetUser(t.Context(), &iam.GetUserInput{})
	if err != nil || *u.User.Arn != "arn:aws:iam::111122223333:user/admin" {
		t.Errorf("%+v %v", u, err)
	}
	_, err = a.AWS.IAM.GetUser(t.Context(), &iam.GetUserInput{UserName: new("bob")})
	refused(t, "another", err, "NoSuchEntity", "The user with name bob cannot be found.")
	all := a.role("all", `{"AWS":"111122223333"}`, allow("*", "*"))
	_, err = iam.NewFromConfig(a.as(all, nil)).GetUser(t.Context(), &iam.GetUserInput{})
	refused(t, "a session", err, "ValidationError", "Must specify userName when calling with non-User credentials")
}
