package read

import (
	"slices"
	"testing"
)

// Fields are written as EKS writes them in a conflict.
func TestFieldsAreNamed(t *testing.T) {
	var got []string
	for _, l := range leavesOf([]byte(`{"f:metadata":{"f:labels":{}},"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{
		"k:{\"name\":\"coredns\"}":{".":{},"f:image":{},"f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}}}}}}}}`), "spec") {
		got = append(got, l.path)
	}
	want := []string{".spec.replicas", `.spec.template.spec.containers[name="coredns"].env[name="A"].value`, `.spec.template.spec.containers[name="coredns"].image`}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
