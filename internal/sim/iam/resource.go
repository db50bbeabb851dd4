package iam

import (
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
)

// resource is how an input names what its operation acts on: the field, and the
// resource part of the ARN, with {} for its value.
type resource struct{ field, form string }

// named are the resources of each service, first match first ("Actions, resources, and
// condition keys for AWS services" in the Service Authorization Reference). An
// operation that names none of them acts on *.
var named = map[string][]resource{
	"eks": {{"NodegroupName", "nodegroup/{ClusterName}/{}/*"}, {"AddonName", "addon/{ClusterName}/{}/*"},
		{"FargateProfileName", "fargateprofile/{ClusterName}/{}/*"}, {"AssociationId", "podidentityassociation/{ClusterName}/{}"},
		{"PrincipalArn", "access-entry/{ClusterName}/*"}, {"ClusterName", "cluster/{}"}, {"Name", "cluster/{}"}},
	"iam": {{"InstanceProfileName", "instance-profile/{}"}, {"RoleName", "role/{}"}, {"OpenIDConnectProviderArn", ""}, {"PolicyArn", ""},
		{"PolicyName", "policy/{}"}, {"UserName", "user/{}"}, {"AWSServiceName", "role/aws-service-role/{}/*"}},
	"cloudformation":       {{"StackName", "stack/{}/*"}},
	"logs":                 {{"LogGroupName", "log-group:{}:*"}},
	"kms":                  {{"KeyId", "key/{}"}},
	"ssm":                  {{"Name", "parameter{}"}},
	"elasticloadbalancing": {{"RuleArn", ""}, {"ListenerArn", ""}, {"TargetGroupArn", ""}, {"LoadBalancerArn", ""}, {"LoadBalancerName", "loadbalancer/{}"}},
	"autoscaling":          {{"AutoScalingGroupName", "autoScalingGroup:*:autoScalingGroupName/{}"}},
	"eks-auth":             {{"ClusterName", "cluster/{}"}},
	"sqs":                  {{"QueueUrl", "{}"}, {"QueueName", "{}"}},
	"events":               {{"Rule", "rule/{}"}, {"Name", "rule/{}"}, {"ResourceARN", ""}},
	"ec2": {{"SubnetId", "subnet/{}"}, {"GroupId", "security-group/{}"}, {"NatGatewayId", "natgateway/{}"}, {"RouteTableId", "route-table/{}"},
		{"InternetGatewayId", "internet-gateway/{}"}, {"LaunchTemplateId", "launch-template/{}"}, {"AllocationId", "elastic-ip/{}"},
		{"NetworkInterfaceId", "network-interface/{}"}, {"VpcId", "vpc/{}"}, {"InstanceIds", "instance/{}"}},
}

// Resource is the ARN that an operation acts on, * where it matters not.
func (i *IAM) Resource(service, region, op string, in any) string {
	if (service == "ec2" || service == "elasticloadbalancing") && (strings.HasPrefix(op, "Describe") || strings.HasPrefix(op, "Get")) {
		return "*" // these have no resources for what only reads
	}
	for _, r := range named[service] {
		v := text(in, r.field)
		if r.field == "QueueUrl" {
			v = lastOf(v)
		}
		switch {
		case v == "":
			continue
		case strings.HasPrefix(v, "arn:"):
			if r.field != "PrincipalArn" {
				return v
			}
		case service == "iam":
			return i.identity(r, v, text(in, "Path"))
		}
		if service == "eks-auth" {
			service = "eks"
		}
		part := strings.ReplaceAll(r.form, "{ClusterName}", text(in, "ClusterName"))
		return "arn:" + i.Partition + ":" + service + ":" + region + ":" + i.Account + ":" + strings.ReplaceAll(part, "{}", v)
	}
	return "*"
}

// identity is the ARN of something of IAM, with its path.
func (i *IAM) identity(r resource, name, path string) string {
	switch p := i.profiles.Get(name); {
	case r.field == "RoleName" && i.roles.Get(name) != nil:
		return *i.roles.Get(name).Arn
	case r.field == "InstanceProfileName" && p != nil:
		return *p.Arn
	}
	return i.arn(strings.Replace(r.form, "/{}", "/"+strings.TrimPrefix(path, "/")+name, 1))
}

// text is a string field of an input, or the first of a list: "" where there is none.
func text(in any, field string) string {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return ""
	}
	f := v.Elem().FieldByName(field)
	if !f.IsValid() {
		return ""
	}
	switch x := f.Interface().(type) {
	case *string:
		return aws.ToString(x)
	case []string:
		if len(x) > 0 {
			return x[0]
		}
	}
	return ""
}

// about adds the condition keys that come from the input: tags and a boundary.
func about(r *eval.Request, in any) {
	if b := text(in, "PermissionsBoundary"); b != "" {
		r.Context["iam:permissionsboundary"] = []string{b}
	}
	if s := text(in, "AWSServiceName"); s != "" {
		r.Context["iam:awsservicename"] = []string{s}
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return
	}
	tag := func(k, value string) {
		r.Context["aws:requesttag/"+strings.ToLower(k)] = []string{value}
		r.Context["aws:tagkeys"] = append(r.Context["aws:tagkeys"], k)
	}
	f := v.Elem().FieldByName("Tags")
	if !f.IsValid() {
		return
	}
	if m, ok := f.Interface().(map[string]string); ok {
		for _, k := range sorted(m) {
			tag(k, m[k])
		}
		return
	}
	if f.Kind() != reflect.Slice || f.Type().Elem().Kind() != reflect.Struct {
		return
	}
	for n := range f.Len() {
		e := f.Index(n).Addr().Interface()
		tag(text(e, "Key"), text(e, "Value"))
	}
}

// passed is a role that an operation hands to a service.
type passed struct{ role, to string }

// passing are the operations that hand roles over: the field with the role, and to
// whom.
var passing = map[string]passed{
	"eks:CreateCluster":                     {"RoleArn", "eks.amazonaws.com"},
	"eks:CreateNodegroup":                   {"NodeRole", "eks.amazonaws.com"},
	"eks:CreateFargateProfile":              {"PodExecutionRoleArn", "eks.amazonaws.com"},
	"eks:CreateAddon":                       {"ServiceAccountRoleArn", "eks.amazonaws.com"},
	"eks:UpdateAddon":                       {"ServiceAccountRoleArn", "eks.amazonaws.com"},
	"eks:CreatePodIdentityAssociation":      {"RoleArn", "eks.amazonaws.com"},
	"eks:UpdatePodIdentityAssociation":      {"RoleArn", "eks.amazonaws.com"},
	"eks:CreateCapability":                  {"RoleArn", "eks.amazonaws.com"},
	"eks:UpdateCapability":                  {"RoleArn", "eks.amazonaws.com"},
	"autoscaling:PutLifecycleHook":          {"RoleARN", "autoscaling.amazonaws.com"},
	"cloudformation:RollbackStack":          {"RoleARN", "cloudformation.amazonaws.com"},
	"cloudformation:ContinueUpdateRollback": {"RoleARN", "cloudformation.amazonaws.com"},
	"cloudformation:CreateStack":            {"RoleARN", "cloudformation.amazonaws.com"},
	"cloudformation:UpdateStack":            {"RoleARN", "cloudformation.amazonaws.com"},
	"cloudformation:DeleteStack":            {"RoleARN", "cloudformation.amazonaws.com"},
	"cloudformation:CreateChangeSet":        {"RoleARN", "cloudformation.amazonaws.com"},
	"iam:AddRoleToInstanceProfile":          {"RoleName", "ec2.amazonaws.com"},
}

func (i *IAM) passes(service, op string, in any) []passed {
	p, ok := passing[service+":"+op]
	if service == "ec2" && op == "RunInstances" { // the role of an instance profile
		return i.profilePasses(in)
	}
	if !ok {
		return nil
	}
	role := text(in, p.role)
	if r := i.roles.Get(role); r != nil {
		role = *r.Arn
	}
	if role == "" {
		return nil
	}
	return []passed{{role, p.to}}
}

// profilePasses are the roles that instances are launched with, by their profile.
func (i *IAM) profilePasses(in any) (out []passed) {
	f := reflect.Indirect(reflect.ValueOf(in)).FieldByName("IamInstanceProfile")
	if !f.IsValid() || f.IsNil() {
		return nil
	}
	name := text(f.Interface(), "Name")
	if arn := text(f.Interface(), "Arn"); arn != "" {
		name = arn[strings.LastIndex(arn, "/")+1:]
	}
	if p := i.profiles.Get(name); p != nil {
		if r := i.roles.Get(p.Role); r != nil {
			out = append(out, passed{*r.Arn, "ec2.amazonaws.com"})
		}
	}
	return out
}
