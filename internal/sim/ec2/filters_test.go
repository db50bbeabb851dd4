package ec2_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// documented are the filters that EC2 documents, by operation.
func documented(t *testing.T) map[string][]string {
	b, err := os.ReadFile("testdata/filters.txt")
	if err != nil {
		t.Fatal(err)
	}
	out, op := map[string][]string{}, ""
	for line := range strings.Lines(string(b)) {
		switch names, more := strings.CutPrefix(line, "\t"); {
		case strings.HasPrefix(line, "#"):
		case more:
			out[op] = append(out[op], strings.Fields(names)...)
		default:
			op = strings.TrimSpace(line)
			out[op] = nil
		}
	}
	return out
}

// Every filter that EC2 documents selects, if only nothing, and any other is refused in
// EC2's words, by every description that the region has.
func TestEveryDocumentedFilterIsTaken(t *testing.T) {
	_, e := region()
	build(e)
	must(e.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new("tpl"), LaunchTemplateData: &types.RequestLaunchTemplateData{}}))
	ask := func(op, filter string) error {
		m := reflect.ValueOf(e).MethodByName(op)
		if !m.IsValid() {
			t.Errorf("the region has no %s", op)
			return nil
		}
		in := reflect.New(m.Type().In(1).Elem())
		if f := in.Elem().FieldByName("LaunchTemplateName"); f.IsValid() {
			f.Set(reflect.ValueOf(new("tpl")))
		}
		f := in.Elem().FieldByName("Filters")
		if !f.IsValid() {
			f = in.Elem().FieldByName("Filter")
		}
		f.Set(reflect.ValueOf([]types.Filter{{Name: &filter, Values: []string{"none such"}}}))
		err, _ := m.Call([]reflect.Value{reflect.Zero(m.Type().In(0)), in})[1].Interface().(error)
		return err
	}
	n := 0
	for op, names := range documented(t) {
		for _, name := range names {
			n++
			if err := ask(op, strings.NewReplacer("<key>", "x").Replace(name)); err != nil {
				t.Errorf("%s by %s: %v", op, name, err)
			}
		}
		for _, name := range []string{"colour", "vpc_id", ""} {
			if err := ask(op, name); code(err) != "InvalidParameterValue" || !strings.Contains(err.Error(), "The filter '"+name+"' is invalid") {
				t.Errorf("%s by %q, which is none: %v", op, name, err)
			}
		}
	}
	if n < 400 {
		t.Errorf("only %d filters were tried", n)
	}
}
