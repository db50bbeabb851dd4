package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
)

// RoleOf reads back what a stack of one role (Role1) gives it: the inverse of IRSA and of
// PodIdentity, for templates of eksctl's, too. others are inline policies that no field of
// the config file asks for. ok is false where the template holds no such role.
func RoleOf(name, body string) (r Role, others []string, ok bool) {
	var t struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if json.Unmarshal([]byte(body), &t) != nil || t.Resources["Role1"].Type != "AWS::IAM::Role" {
		return r, nil, false
	}
	p := t.Resources["Role1"].Properties
	r.Stack = name
	r.RoleName, _ = p["RoleName"].(string)
	r.Boundary, _ = p["PermissionsBoundary"].(string)
	var managed []any
	list, _ := p["ManagedPolicyArns"].([]any)
	for _, x := range list {
		if arn, literal := x.(string); literal {
			r.ARNs = append(r.ARNs, arn)
		} else {
			managed = append(managed, x)
		}
	}
	var inline []string
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[id].Type == "AWS::IAM::Policy" {
			inline = append(inline, id)
		}
	}
	if i := slices.Index(inline, "Policy1"); i >= 0 {
		policy := t.Resources["Policy1"].Properties
		doc, _ := policy["PolicyDocument"].(map[string]any)
		r.Policy = config.Document(doc)
		if given, literal := policy["PolicyName"].(string); literal && given != policyName(name, "Policy1") {
			r.PolicyName = given
		}
		inline = slices.Delete(inline, i, i+1)
	}
	r.WellKnown, managed, inline = askedFor(managed, inline)
	for _, x := range managed {
		inline = append(inline, fmt.Sprint(x))
	}
	return r, inline, true
}

// askedFor are the well-known policies that a role's policies come from, and what of those
// is left.
func askedFor(managed []any, inline []string) (*config.WellKnownPolicies, []any, []string) {
	all := &config.WellKnownPolicies{}
	v := reflect.ValueOf(all).Elem()
	found := false
	for i := range v.NumField() {
		one := &config.WellKnownPolicies{}
		on, is := reflect.ValueOf(one).Elem().Field(i).Addr().Interface().(**bool)
		if !is {
			continue
		}
		*on = new(true)
		has := func(k known) bool {
			if k.managed == "" {
				return slices.Contains(inline, k.id)
			}
			return slices.ContainsFunc(managed, func(x any) bool { return sub(x) == "arn:${AWS::Partition}:iam::aws:policy/"+k.managed })
		}
		wanted := wellKnown(one)
		if len(wanted) == 0 || slices.ContainsFunc(wanted, func(k known) bool { return !has(k) }) {
			continue
		}
		found = true
		v.Field(i).Set(reflect.ValueOf(new(true)))
		for _, k := range wanted {
			inline = slices.DeleteFunc(inline, func(id string) bool { return id == k.id })
			managed = slices.DeleteFunc(managed, func(x any) bool { return k.managed != "" && strings.HasSuffix(sub(x), "/"+k.managed) })
		}
	}
	if !found {
		all = nil
	}
	return all, managed, inline
}

// sub is what Fn::Sub is given; "": it is another function.
func sub(v any) string {
	m, _ := v.(map[string]any)
	s, _ := m["Fn::Sub"].(string)
	return s
}

// FamilyOf is the AMI family of one of EKS's AMI types, as the config file names it; "":
// none, the AMI is a person's own.
func FamilyOf(amiType string) string {
	for _, f := range slices.Sorted(maps.Keys(amiTypes)) {
		if types := amiTypes[f]; amiType != "" && slices.Contains(types[:], amiType) {
			return f
		}
	}
	switch {
	case strings.HasPrefix(amiType, "AL2023_"):
		return "AmazonLinux2023"
	case strings.HasPrefix(amiType, "AL2_"):
		return "AmazonLinux2"
	case strings.HasPrefix(amiType, "BOTTLEROCKET_") && strings.HasSuffix(amiType, "_FIPS"):
		return "BottlerocketFips"
	case strings.HasPrefix(amiType, "BOTTLEROCKET_"):
		return "Bottlerocket"
	}
	return ""
}
