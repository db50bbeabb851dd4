// Package stack writes CloudFormation templates by eksctl's contract: stack names,
// tags, logical IDs, outputs and exports (facts/eksctl.md §1), so that either tool
// can manage what the other made. Templates are the same byte for byte for the same
// input. It must not call AWS.
//
// A node group's stack has two forms. ManagedEarly and SelfManagedEarly make what can
// stand while the control plane is CREATING; an UpdateStack with Managed or
// SelfManaged completes it, to the same resources and outputs as when it is made at
// once. Completed tells the two apart.
package stack

import (
	"encoding/json"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/version"
)

// M is a JSON object under construction.
type M = map[string]any

// L is a JSON list under construction.
type L = []any

// Template is a CloudFormation template under construction.
type Template struct {
	AWSTemplateFormatVersion string
	Description              string
	Metadata                 M `json:",omitempty"`
	Mappings                 M `json:",omitempty"`
	Resources                M
	Outputs                  M `json:",omitempty"`
}

// signature ends the description of every template of ours.
const signature = " [created and managed by slipway, by eksctl's contract]"

func newTemplate(desc string) *Template {
	return &Template{AWSTemplateFormatVersion: "2010-09-09", Description: desc + signature, Resources: M{}, Outputs: M{}}
}

// withPrincipals adds the mapping that eksctl's templates take service principals
// from.
func (t *Template) withPrincipals() *Template {
	t.Mappings = M{"ServicePrincipalPartitionMap": M{
		"aws":        M{"EC2": "ec2.amazonaws.com", "EKS": "eks.amazonaws.com", "EKSFargatePods": "eks-fargate-pods.amazonaws.com"},
		"aws-cn":     M{"EC2": "ec2.amazonaws.com.cn", "EKS": "eks.amazonaws.com", "EKSFargatePods": "eks-fargate-pods.amazonaws.com"},
		"aws-us-gov": M{"EC2": "ec2.amazonaws.com", "EKS": "eks.amazonaws.com", "EKSFargatePods": "eks-fargate-pods.amazonaws.com"},
	}}
	return t
}

// JSON is the template's body, in ASCII: CloudFormation gives other characters back as
// question marks. encoding/json sorts keys, so it is deterministic.
func (t *Template) JSON() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // built of strings, numbers, maps and lists only
	}
	return string(escaped(b))
}

func (t *Template) add(id, typ string, props M, more ...M) M {
	r := M{"Type": typ}
	if props != nil {
		r["Properties"] = props
	}
	for _, m := range more {
		for k, v := range m {
			r[k] = v
		}
	}
	t.Resources[id] = r
	return Ref(id)
}

// output adds an output; exported ones are named ${AWS::StackName}::KEY.
func (t *Template) output(key string, v any, export bool) {
	o := M{"Value": v}
	if export {
		o["Export"] = exported(key)
	}
	t.Outputs[key] = o
}

func exported(key string) M { return M{"Name": M{"Fn::Sub": "${AWS::StackName}::" + key}} }

// Ref, Att and Sub are the intrinsic functions of those names.
func Ref(id string) M       { return M{"Ref": id} }
func Att(id, name string) M { return M{"Fn::GetAtt": L{id, name}} }
func Sub(s string) M        { return M{"Fn::Sub": s} }

func principal(service string) M {
	return M{"Fn::FindInMap": L{"ServicePrincipalPartitionMap", Ref("AWS::Partition"), service}}
}

func managedPolicy(name string) M {
	return Sub("arn:${AWS::Partition}:iam::aws:policy/" + name)
}

func assume(principals ...any) M {
	return M{"Version": "2012-10-17", "Statement": L{M{"Effect": "Allow", "Action": L{"sts:AssumeRole"}, "Principal": M{"Service": L(principals)}}}}
}

// pick drops nil values and follows pointers.
func pick(in M) M {
	out := M{}
	for k, v := range in {
		switch x := v.(type) {
		case *int:
			if x != nil {
				out[k] = *x
			}
		case *bool:
			if x != nil {
				out[k] = *x
			}
		case *float64:
			if x != nil {
				out[k] = *x
			}
		case string:
			if x != "" {
				out[k] = x
			}
		default:
			if v != nil {
				out[k] = v
			}
		}
	}
	return out
}

// strs makes a JSON list of strings.
func strs(in []string) L {
	out := L{}
	for _, s := range in {
		out = append(out, s)
	}
	return out
}

// Tags are a stack's tags: eksctl's, the file's, and the stack's own.
func Tags(c *config.ClusterConfig, own map[string]string) map[string]string {
	out := map[string]string{eksfacts.TagCluster: c.Metadata.Name, eksfacts.TagClusterLegacy: c.Metadata.Name, eksfacts.TagVersion: version.Eksctl}
	for k, v := range c.Metadata.Tags {
		out[k] = v
	}
	for k, v := range own {
		out[k] = v
	}
	return out
}
