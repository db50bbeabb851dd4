package cfn

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/sim/world"
)

// createRole waits until the role has propagated, as CloudFormation does.
func createRole(o *op) (progress, error) {
	name := o.name("RoleName", 64)
	in := &iam.CreateRoleInput{RoleName: new(name), Path: o.opt("Path"), Description: o.opt("Description"),
		AssumeRolePolicyDocument: new(doc(o.props["AssumeRolePolicyDocument"])), PermissionsBoundary: o.opt("PermissionsBoundary")}
	if err := bind(o.props["MaxSessionDuration"], &in.MaxSessionDuration); err != nil {
		return progress{}, err
	}
	in.Tags = list(o.userTags(), iamTag)
	out, err := call(o, o.env.IAM.CreateRole, in)
	if err != nil {
		return progress{}, err
	}
	o.made(name)
	if err := o.rolePolicies(name); err != nil {
		return progress{}, err
	}
	d := o.w.Draw("cfn:role", name, 14*time.Second, 12*time.Second, 16*time.Second)
	now := o.w.Elapsed()
	o.w.Record(world.Entry{Kind: "iam:role", Name: o.s.Name + "/" + o.r.Logical, Start: now, End: now + d})
	return after(d, name, values{"Arn": *out.Role.Arn, "RoleId": *out.Role.RoleId})
}

func (o *op) rolePolicies(name string) error {
	for _, a := range o.strs("ManagedPolicyArns") {
		if _, err := call(o, o.env.IAM.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new(name), PolicyArn: new(a)}); err != nil {
			return err
		}
	}
	for _, m := range listOf(o.props["Policies"]) {
		in := &iam.PutRolePolicyInput{RoleName: new(name), PolicyName: new(fmt.Sprint(m["PolicyName"])), PolicyDocument: new(doc(m["PolicyDocument"]))}
		if _, err := call(o, o.env.IAM.PutRolePolicy, in); err != nil {
			return err
		}
	}
	return nil
}

func updateRole(o *op) (progress, error) {
	if o.changed("AssumeRolePolicyDocument") {
		in := &iam.UpdateAssumeRolePolicyInput{RoleName: new(o.phys), PolicyDocument: new(doc(o.props["AssumeRolePolicyDocument"]))}
		if _, err := call(o, o.env.IAM.UpdateAssumeRolePolicy, in); err != nil {
			return progress{}, err
		}
	}
	for _, a := range difference(stringsOf(o.old["ManagedPolicyArns"]), o.strs("ManagedPolicyArns")) {
		if _, err := call(o, o.env.IAM.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: new(o.phys), PolicyArn: new(a)}); err != nil {
			return progress{}, err
		}
	}
	for _, n := range difference(policyNames(o.old), policyNames(o.props)) {
		if _, err := call(o, o.env.IAM.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: new(o.phys), PolicyName: new(n)}); err != nil {
			return progress{}, err
		}
	}
	if err := o.rolePolicies(o.phys); err != nil {
		return progress{}, err
	}
	return done(o.phys, nil)
}

func policyNames(props values) []string {
	var out []string
	for _, m := range listOf(props["Policies"]) {
		out = append(out, fmt.Sprint(m["PolicyName"]))
	}
	return out
}

// deleteRole takes the role's own policies with it.
func deleteRole(o *op) (progress, error) {
	n := new(o.phys)
	at, err := call(o, o.env.IAM.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: n})
	if err != nil {
		return gone(err)
	}
	for _, p := range at.AttachedPolicies {
		if _, err := call(o, o.env.IAM.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: n, PolicyArn: p.PolicyArn}); err != nil {
			return gone(err)
		}
	}
	in, err := call(o, o.env.IAM.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: n})
	if err != nil {
		return gone(err)
	}
	for _, p := range in.PolicyNames {
		if _, err := call(o, o.env.IAM.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: n, PolicyName: new(p)}); err != nil {
			return gone(err)
		}
	}
	_, err = call(o, o.env.IAM.DeleteRole, &iam.DeleteRoleInput{RoleName: n})
	return gone(err)
}

func createInline(o *op) (progress, error) {
	name := o.str("PolicyName")
	for _, r := range o.strs("Roles") {
		in := &iam.PutRolePolicyInput{RoleName: new(r), PolicyName: new(name), PolicyDocument: new(doc(o.props["PolicyDocument"]))}
		if _, err := call(o, o.env.IAM.PutRolePolicy, in); err != nil {
			return progress{}, err
		}
		o.made(name)
	}
	return after(quick, name, nil)
}

// updateInline writes the policy again; a renamed one, or a role no longer named,
// loses the old.
func updateInline(o *op) (progress, error) {
	was := *o
	was.props = o.old
	for _, r := range was.strs("Roles") {
		if was.str("PolicyName") == o.str("PolicyName") && slices.Contains(o.strs("Roles"), r) {
			continue
		}
		_, err := call(o, o.env.IAM.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: new(r), PolicyName: new(was.str("PolicyName"))})
		if err != nil && !absent(err) {
			return progress{}, err
		}
	}
	return createInline(o)
}

func deleteInline(o *op) (progress, error) {
	for _, r := range o.strs("Roles") {
		_, err := call(o, o.env.IAM.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: new(r), PolicyName: new(o.str("PolicyName"))})
		if err != nil && !absent(err) {
			return gone(err)
		}
	}
	return gone(nil)
}

func createManaged(o *op) (progress, error) {
	out, err := call(o, o.env.IAM.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new(o.name("ManagedPolicyName", 128)), Path: o.opt("Path"),
		Description: o.opt("Description"), PolicyDocument: new(doc(o.props["PolicyDocument"]))})
	if err != nil {
		return progress{}, err
	}
	arn := *out.Policy.Arn
	o.made(arn)
	for _, r := range o.strs("Roles") {
		if _, err := call(o, o.env.IAM.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new(r), PolicyArn: new(arn)}); err != nil {
			return progress{}, err
		}
	}
	return after(quick, arn, values{"PolicyArn": arn})
}

// mostVersions is how many versions of a policy IAM keeps: the oldest makes room.
const mostVersions = 5

// updateManaged makes a new version the policy's own, and attaches it as the template says.
func updateManaged(o *op) (progress, error) {
	arn := new(o.phys)
	if o.changed("PolicyDocument") {
		vs, err := call(o, o.env.IAM.ListPolicyVersions, &iam.ListPolicyVersionsInput{PolicyArn: arn})
		if err != nil {
			return progress{}, err
		}
		if n := len(vs.Versions); n >= mostVersions {
			in := &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: vs.Versions[n-1].VersionId}
			if _, err := call(o, o.env.IAM.DeletePolicyVersion, in); err != nil {
				return progress{}, err
			}
		}
		in := &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: new(doc(o.props["PolicyDocument"])), SetAsDefault: true}
		if _, err := call(o, o.env.IAM.CreatePolicyVersion, in); err != nil {
			return progress{}, err
		}
	}
	for _, r := range difference(stringsOf(o.old["Roles"]), o.strs("Roles")) {
		_, err := call(o, o.env.IAM.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: new(r), PolicyArn: arn})
		if err != nil && !absent(err) {
			return progress{}, err
		}
	}
	for _, r := range difference(o.strs("Roles"), stringsOf(o.old["Roles"])) {
		if _, err := call(o, o.env.IAM.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new(r), PolicyArn: arn}); err != nil {
			return progress{}, err
		}
	}
	return after(quick, o.phys, nil)
}

func deleteManaged(o *op) (progress, error) {
	for _, r := range o.strs("Roles") {
		_, err := call(o, o.env.IAM.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: new(r), PolicyArn: new(o.phys)})
		if err != nil && !absent(err) {
			return gone(err)
		}
	}
	_, err := call(o, o.env.IAM.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: new(o.phys)})
	return gone(err)
}

func createProfile(o *op) (progress, error) {
	name := o.name("InstanceProfileName", 128)
	out, err := call(o, o.env.IAM.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new(name), Path: o.opt("Path")})
	if err != nil {
		return progress{}, err
	}
	o.made(name)
	for _, r := range o.strs("Roles") {
		in := &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new(name), RoleName: new(r)}
		if _, err := call(o, o.env.IAM.AddRoleToInstanceProfile, in); err != nil {
			return progress{}, err
		}
	}
	return after(15*time.Second, name, values{"Arn": *out.InstanceProfile.Arn})
}

// updateProfile gives the profile the template's role: one at most, as IAM has it.
func updateProfile(o *op) (progress, error) {
	for _, r := range difference(stringsOf(o.old["Roles"]), o.strs("Roles")) {
		in := &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: new(o.phys), RoleName: new(r)}
		if _, err := call(o, o.env.IAM.RemoveRoleFromInstanceProfile, in); err != nil && !absent(err) {
			return progress{}, err
		}
	}
	for _, r := range difference(o.strs("Roles"), stringsOf(o.old["Roles"])) {
		in := &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new(o.phys), RoleName: new(r)}
		if _, err := call(o, o.env.IAM.AddRoleToInstanceProfile, in); err != nil {
			return progress{}, err
		}
	}
	return after(quick, o.phys, nil)
}

func deleteProfile(o *op) (progress, error) {
	for _, r := range o.strs("Roles") {
		in := &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: new(o.phys), RoleName: new(r)}
		if _, err := call(o, o.env.IAM.RemoveRoleFromInstanceProfile, in); err != nil && !absent(err) {
			return gone(err)
		}
	}
	_, err := call(o, o.env.IAM.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: new(o.phys)})
	return gone(err)
}
