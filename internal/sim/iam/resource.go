package iam

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
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
	arn := "arn:" + i.Partition + ":" + service + ":" + region + ":" + i.Account + ":"
	if kind := makes[service+":"+op]; kind != "" {
		return arn + kind + "/*"
	}
	if ids := text(in, "Resources"); service == "ec2" && ids != "" { // CreateTags, DeleteTags
		return arn + kindOf(ids) + "/" + ids
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

// makes are the operations that make something whose ARN is not known yet, and what: their tags are
// what policies ask about ("Actions, resources, and condition keys for Amazon EC2").
var makes = map[string]string{"ec2:CreateFleet": "fleet", "ec2:CreateLaunchTemplate": "launch-template", "ec2:CreateVolume": "volume"}

// kindOf is what an ID of EC2's is of, as its ARN has it.
func kindOf(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	kinds := map[string]string{"i": "instance", "sg": "security-group", "vol": "volume", "lt": "launch-template", "rtb": "route-table",
		"igw": "internet-gateway", "nat": "natgateway", "eipalloc": "elastic-ip", "eni": "network-interface", "acl": "network-acl", "vpce": "vpc-endpoint",
		"eigw": "egress-only-internet-gateway"}
	return cmp.Or(kinds[prefix], prefix)
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
	tags := func(f reflect.Value) {
		for n := range f.Len() {
			e := f.Index(n).Addr().Interface()
			tag(text(e, "Key"), text(e, "Value"))
		}
	}
	if f := v.Elem().FieldByName("TagSpecifications"); f.IsValid() && f.Kind() == reflect.Slice {
		for n := range f.Len() {
			if t := f.Index(n).FieldByName("Tags"); t.IsValid() {
				tags(t)
			}
		}
		return
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
	tags(f)
}

// Tagged has policies see the tags of what requests in a region act on: of answers them, by the
// service and an ARN.
func (i *IAM) Tagged(region string, of func(service, arn string) map[string]string) {
	if i.tagsOf == nil {
		i.tagsOf = map[string]func(string, string) map[string]string{}
	}
	i.tagsOf[region] = of
}

// standing adds the condition keys that come from what the request acts on: its tags.
func (i *IAM) standing(r *eval.Request, c *wire.Caller) {
	of := i.tagsOf[c.Region]
	if of == nil || strings.HasSuffix(r.Resource, "*") {
		return
	}
	for k, v := range of(c.Service, r.Resource) {
		for _, key := range []string{"aws", c.Service} {
			r.Context[key+":resourcetag/"+strings.ToLower(k)] = []string{v}
		}
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
	if service == "ec2" && op == "RunInstances" { // the role of an instance profile
		return i.profilePasses(in)
	}
	p, ok := passing[service+":"+op]
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
