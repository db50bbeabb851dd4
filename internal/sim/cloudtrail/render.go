package cloudtrail

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// asJSON renders a request or an answer by the names of its fields, in lower camel case;
// EC2's lists are objects with items, as its XML has them. null without any.
func asJSON(service string, v any) json.RawMessage {
	x := plain(service == "ec2", reflect.ValueOf(v))
	if x == nil {
		return json.RawMessage("null")
	}
	b, err := json.Marshal(x)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

var timeType = reflect.TypeFor[time.Time]()

func plain(items bool, v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(items, v.Elem())
	case reflect.Struct:
		if v.Type() == timeType {
			return v.Interface().(time.Time).UTC().Format("Jan 2, 2006, 3:04:05 PM")
		}
		out := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" || v.Field(i).IsZero() {
				continue
			}
			if x := plain(items, v.Field(i)); x != nil {
				out[lower(f.Name)] = x
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return "HIDDEN_DUE_TO_SECURITY_REASONS"
		}
		out := []any{}
		for i := range v.Len() {
			out = append(out, plain(items, v.Index(i)))
		}
		if items {
			return map[string]any{"items": out}
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, k := range v.MapKeys() {
			out[k.String()] = plain(items, v.MapIndex(k))
		}
		return out
	case reflect.Invalid:
		return nil
	}
	return v.Interface()
}

// lower is a field's name as the history writes it: VPCId is vpcId, ARN is arn.
func lower(s string) string {
	n := 1
	for n < len(s)-1 && s[n] >= 'A' && s[n] <= 'Z' && s[n+1] >= 'A' && s[n+1] <= 'Z' {
		n++
	}
	if strings.ToUpper(s) == s {
		n = len(s)
	}
	return strings.ToLower(s[:n]) + s[n:]
}

// kinds are the resources that the history lists with an event, by how their IDs begin.
var kinds = map[string]string{"vpc": "AWS::EC2::VPC", "subnet": "AWS::EC2::Subnet", "sg": "AWS::EC2::SecurityGroup", "rtb": "AWS::EC2::RouteTable",
	"igw": "AWS::EC2::InternetGateway", "nat": "AWS::EC2::NatGateway", "i": "AWS::EC2::Instance", "eni": "AWS::EC2::NetworkInterface",
	"acl": "AWS::EC2::NetworkAcl", "vol": "AWS::EC2::Volume", "lt": "AWS::EC2::LaunchTemplate", "eipalloc": "AWS::EC2::EIP", "ami": "AWS::EC2::Ami",
	"rtbassoc": "AWS::EC2::SubnetRouteTableAssociation"}

// fields are those that name a resource otherwise than by such an ID.
var fields = map[string]string{"RoleName": "AWS::IAM::Role", "PolicyArn": "AWS::IAM::Policy", "StackName": "AWS::CloudFormation::Stack",
	"StackId": "AWS::CloudFormation::Stack", "AutoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup", "KeyId": "AWS::KMS::Key",
	"LaunchTemplateName": "AWS::EC2::LaunchTemplate", "InstanceProfileName": "AWS::IAM::InstanceProfile"}

var idRE = regexp.MustCompile(`^([a-z]+)-[0-9a-f]{8,17}$`)

// named are the resources that a request and its answer name, each once, in order.
func named(in, out any) []resource {
	var all []resource
	add := func(r resource) {
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	var walk func(field string, v reflect.Value, depth int)
	walk = func(field string, v reflect.Value, depth int) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(field, v.Elem(), depth)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() && depth < 6 && v.Type() != timeType {
					walk(f.Name, v.Field(i), depth+1)
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(field, v.Index(i), depth+1)
			}
		case reflect.String:
			s := v.String()
			if typ := fields[field]; typ != "" && s != "" {
				add(resource{typ, s})
			} else if m := idRE.FindStringSubmatch(s); m != nil && kinds[m[1]] != "" {
				add(resource{kinds[m[1]], s})
			}
		}
	}
	walk("", reflect.ValueOf(in), 0)
	walk("", reflect.ValueOf(out), 0)
	return all
}
