package cfn

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/eks"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Env is the services that resources act on.
type Env struct {
	EC2 *ec2.EC2
	IAM *iam.IAM
	EKS *eks.EKS
	ASG *autoscaling.AutoScaling
}

// op is one action on one resource.
type op struct {
	s          *stack
	r          *instance
	w          *world.World
	env        *Env
	props, old map[string]any
	phys       string
	done       func(phys string, attrs map[string]any, err error)
}

// handler acts on one resource type.
type handler struct {
	create func(*op)
	delete func(*op)
	update func(*op) // nil: a changed property replaces the resource
	fixed  []string  // a change of one of these replaces it all the same
}

// lag is how long CloudFormation's own handling of a resource takes before the
// service is asked.
func (h handler) lag(w *world.World, key string) time.Duration {
	return w.Draw("cfn:lag", key, time.Second, 500*time.Millisecond, 2*time.Second)
}

type attrs = map[string]any

// str reads a string property, "" when absent.
func (o *op) str(k string) string {
	if v, ok := o.props[k]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

func (o *op) opt(k string) *string {
	if v, ok := o.props[k]; ok {
		return new(fmt.Sprint(v))
	}
	return nil
}

func (o *op) strs(k string) []string { return stringsOf(o.props[k]) }

func stringsOf(v any) []string {
	l, _ := v.([]any)
	var out []string
	for _, x := range l {
		out = append(out, fmt.Sprint(x))
	}
	return out
}

// name is a property, or the name that CloudFormation makes up:
// stack-logical-RANDOM.
func (o *op) name(k string, limit int) string {
	if n := o.str(k); n != "" {
		return n
	}
	base := o.s.name + "-" + o.r.logical
	if len(base) > limit-13 {
		base = base[:limit-13]
	}
	return base + "-" + strings.ToUpper(o.w.Hex("cfnname", 12))
}

// after finishes a moment later: most APIs are synchronous, their handlers poll.
func (o *op) after(d time.Duration, phys string, a attrs) {
	o.w.After(d, func() { o.done(phys, a, nil) })
}

// poll calls check every two seconds until it is over.
func (o *op) poll(check func() (done bool, err error), then func()) {
	over, err := check()
	switch {
	case err != nil:
		o.done(o.r.phys, nil, err)
	case over:
		then()
	default:
		o.w.After(2*time.Second, func() { o.poll(check, then) })
	}
}

// tags are the resource's own tags and the stack's.
func (o *op) tags() []ec2types.Tag {
	var out []ec2types.Tag
	seen := map[string]bool{}
	l, _ := o.props["Tags"].([]any)
	for _, x := range l {
		if m, ok := x.(map[string]any); ok {
			k := fmt.Sprint(m["Key"])
			seen[k] = true
			out = append(out, ec2types.Tag{Key: new(k), Value: new(fmt.Sprint(m["Value"]))})
		}
	}
	for _, t := range o.s.tags {
		if !seen[*t.Key] {
			out = append(out, ec2types.Tag{Key: t.Key, Value: t.Value})
		}
	}
	return append(out, ec2types.Tag{Key: new("aws:cloudformation:stack-name"), Value: new(o.s.name)}, ec2types.Tag{Key: new("aws:cloudformation:logical-id"), Value: new(o.r.logical)}, ec2types.Tag{Key: new("aws:cloudformation:stack-id"), Value: new(o.s.id)})
}

func (o *op) tagSpecs(t ec2types.ResourceType) []ec2types.TagSpecification {
	return []ec2types.TagSpecification{{ResourceType: t, Tags: o.tags()}}
}

func (o *op) tagMap() map[string]string {
	out := map[string]string{}
	for _, t := range o.tags() {
		out[*t.Key] = *t.Value
	}
	if m, ok := o.props["Tags"].(map[string]any); ok {
		for k, v := range m {
			out[k] = fmt.Sprint(v)
		}
	}
	return out
}

// bind copies properties into an SDK input by field name; CloudFormation accepts
// numbers and booleans as strings.
func bind(v any, dst any) error { return bindValue(v, reflect.ValueOf(dst).Elem()) }

func bindValue(v any, dst reflect.Value) error {
	if v == nil {
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return bindValue(v, dst.Elem())
	}
	switch x := v.(type) {
	case map[string]any:
		if dst.Kind() == reflect.String {
			b, err := json.Marshal(x)
			dst.SetString(string(b))
			return err
		}
		return bindMap(x, dst)
	case []any:
		if dst.Kind() != reflect.Slice {
			return said("Value of property must be of type %s", dst.Type())
		}
		out := reflect.MakeSlice(dst.Type(), len(x), len(x))
		for i, e := range x {
			if err := bindValue(e, out.Index(i)); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	}
	return bindScalar(fmt.Sprint(v), dst)
}

func bindMap(x map[string]any, dst reflect.Value) error {
	switch dst.Kind() {
	case reflect.Map:
		out := reflect.MakeMap(dst.Type())
		for k, e := range x {
			y := reflect.New(dst.Type().Elem()).Elem()
			if err := bindValue(e, y); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(k), y)
		}
		dst.Set(out)
		return nil
	case reflect.Struct:
		for k, e := range x {
			f := dst.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, k) })
			if !f.IsValid() {
				return fmt.Errorf("extraneous key [%s] is not permitted", k)
			}
			if err := bindValue(e, f); err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
		}
		return nil
	}
	return said("Value of property must be of type %s", dst.Type())
}

func bindScalar(s string, dst reflect.Value) error {
	switch {
	case dst.Kind() == reflect.String:
		dst.SetString(s)
	case dst.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(s)
		dst.SetBool(b)
		return err
	case dst.CanInt():
		f, err := strconv.ParseFloat(s, 64)
		dst.SetInt(int64(f))
		return err
	case dst.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		dst.SetFloat(f)
		return err
	case dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8:
		b, err := base64.StdEncoding.DecodeString(s)
		dst.SetBytes(b)
		return err
	default:
		return fmt.Errorf("cannot use %q as %s", s, dst.Type())
	}
	return nil
}

func doc(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
