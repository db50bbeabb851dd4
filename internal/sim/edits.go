package sim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Edit is one call that somebody else makes to a region: what a person does in the
// console, or another tool.
type Edit struct {
	Wait metav1.Duration `json:"wait,omitempty"` // simulated time that passes first

	Service    string         `json:"service,omitempty"`   // as the aws CLI names it: ec2
	Operation  string         `json:"operation,omitempty"` // DeleteSubnet; none: only the time passes
	Parameters map[string]any `json:"parameters,omitempty"`
	// By is who calls: a user's name, or role/session; none: somebody.
	By string `json:"by,omitempty"`
	// Save gives names to parts of the answer, such as new: Subnet.SubnetId.
	Save map[string]string `json:"save,omitempty"`
}

// ParseEdits reads an edit file: YAML or JSON, {"edits": [...]}; an unknown key, or an
// edit that does nothing, is an error.
//
// In texts of parameters, ${name} is what an earlier edit saved, ${LogicalID} what the
// cluster's stack calls so, ${STACK/LogicalID} what another stack of the cluster does
// (nodegroup-NAME/LaunchTemplate), and ${output:KEY} an output of the cluster's stack.
func ParseEdits(b []byte) ([]Edit, error) {
	var f struct {
		Edits []Edit `json:"edits"`
	}
	if err := yaml.UnmarshalStrict(b, &f); err != nil {
		return nil, err
	}
	for i, e := range f.Edits {
		switch {
		case e.Operation == "" && e.Wait.Duration <= 0:
			return nil, fmt.Errorf("edits[%d] does nothing: give a service and an operation, or wait", i)
		case (e.Operation == "") != (e.Service == ""):
			return nil, fmt.Errorf("edits[%d] needs a service and an operation", i)
		}
	}
	return f.Edits, nil
}

// Apply makes the edits, in their order. CloudTrail tells of them as of any other call.
func (r *Region) Apply(cluster string, edits []Edit) error {
	known := map[string]string{}
	for i, e := range edits {
		r.World.Advance(max(time.Second, e.Wait.Duration))
		if e.Operation == "" {
			continue
		}
		if err := r.apply(cluster, e, known); err != nil {
			return fmt.Errorf("edits[%d]: %s %s: %w", i, e.Service, e.Operation, err)
		}
	}
	return nil
}

func (r *Region) apply(cluster string, e Edit, known map[string]string) error {
	parameters, err := r.resolve(cluster, any(e.Parameters), known)
	if err != nil {
		return err
	}
	answer, err := r.call(e.By, e.Service, e.Operation, parameters)
	if err != nil {
		return err
	}
	for name, path := range e.Save {
		v := answer
		for _, k := range strings.Split(path, ".") {
			if v, err = part(v, k); err != nil {
				return fmt.Errorf("save %s: %w", name, err)
			}
		}
		known[name] = fmt.Sprint(v)
	}
	return nil
}

// part is a part of an answer: a member by its name, or an element by its number.
func part(v any, name string) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		for k, y := range x {
			if strings.EqualFold(k, name) {
				return y, nil
			}
		}
	case []any:
		i := 0
		if _, err := fmt.Sscan(name, &i); err == nil && i >= 0 && i < len(x) {
			return x[i], nil
		}
	}
	return nil, fmt.Errorf("the answer has no %s", name)
}

// call does one operation as somebody, and returns the answer as plain JSON.
func (r *Region) call(by, service, op string, parameters any) (any, error) {
	p := Partition(r.EC2.Region)
	c := &wire.Caller{Region: r.EC2.Region, Service: signing(service)}
	switch role, session, assumed := strings.Cut(by, "/"); {
	case by == "":
		c.ARN = "arn:" + p + ":iam::" + Account + ":user/somebody"
	case assumed:
		c.ARN = "arn:" + p + ":sts::" + Account + ":assumed-role/" + role + "/" + session
	default:
		c.ARN = "arn:" + p + ":iam::" + Account + ":user/" + by
	}
	b, err := json.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	out, err := r.server.Call(c, op, b)
	if err != nil {
		return nil, err
	}
	r.World.Lock()
	defer r.World.Unlock()
	var v any
	if b, err = json.Marshal(out); err == nil {
		err = json.Unmarshal(b, &v)
	}
	return v, err
}

// signing is a service's signing name, by the name that the aws CLI has for it.
func signing(service string) string {
	if name := map[string]string{"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}[service]; name != "" {
		return name
	}
	return service
}

var referenceRE = regexp.MustCompile(`\$\{([^}]+)\}`)

// resolve puts what they name in place of references.
func (r *Region) resolve(cluster string, v any, known map[string]string) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, y := range x {
			var err error
			if out[k], err = r.resolve(cluster, y, known); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(x))
		for i, y := range x {
			var err error
			if out[i], err = r.resolve(cluster, y, known); err != nil {
				return nil, err
			}
		}
		return out, nil
	case string:
		var failed error
		return referenceRE.ReplaceAllStringFunc(x, func(ref string) string {
			s, err := r.named(cluster, ref[2:len(ref)-1], known)
			if err != nil {
				failed = err
			}
			return s
		}), failed
	}
	return v, nil
}

// named is what one reference means.
func (r *Region) named(cluster, ref string, known map[string]string) (string, error) {
	if v, ok := known[ref]; ok {
		return v, nil
	}
	of, id, other := strings.Cut(ref, "/")
	if !other {
		of, id = "cluster", ref
	}
	stack := "eksctl-" + cluster + "-" + of
	if key, is := strings.CutPrefix(ref, "output:"); is {
		return r.output("eksctl-"+cluster+"-cluster", key)
	}
	out, err := r.call("", "cloudformation", "DescribeStackResource", map[string]any{"StackName": stack, "LogicalResourceId": id})
	if err != nil {
		return "", err
	}
	for _, k := range []string{"StackResourceDetail", "PhysicalResourceId"} {
		if out, err = part(out, k); err != nil {
			return "", err
		}
	}
	return fmt.Sprint(out), nil
}

func (r *Region) output(stack, key string) (string, error) {
	out, err := r.call("", "cloudformation", "DescribeStacks", map[string]any{"StackName": stack})
	for _, k := range []string{"Stacks", "0", "Outputs"} {
		if err == nil {
			out, err = part(out, k)
		}
	}
	if err != nil {
		return "", err
	}
	l, _ := out.([]any)
	if i := slices.IndexFunc(l, func(x any) bool { k, err := part(x, "OutputKey"); return err == nil && k == key }); i >= 0 {
		v, err := part(l[i], "OutputValue")
		return fmt.Sprint(v), err
	}
	return "", fmt.Errorf("the stack %s has no output %s", stack, key)
}
