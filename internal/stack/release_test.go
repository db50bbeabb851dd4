package stack_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/stack"
)

// A template follows what EKS made of a group where it says something of it, and nowhere else.
func TestRelease(t *testing.T) {
	body := func(props string) string {
		return `{"Resources": {"ManagedNodeGroup": {"Type": "AWS::EKS::Nodegroup", "Properties": {"NodegroupName": "w"` + props + `}}}}`
	}
	to := stack.Released{Version: "1.34", Release: "1.34.1-20261101", Template: "2"}
	for props, want := range map[string]string{
		"":                                      "",
		`, "ReleaseVersion": "1.33.1-20260101"`: `"ReleaseVersion":"1.34.1-20261101"`,
		`, "Version": "1.33"`:                   `"Version":"1.34"`,
		`, "LaunchTemplate": {"Id": "lt-1", "Version": "1"}`:    `"LaunchTemplate":{"Id":"lt-1","Version":"2"}`,
		`, "LaunchTemplate": {"Id": {"Ref": "LaunchTemplate"}}`: "",
	} {
		out, err := stack.Release(body(props), to)
		if err != nil {
			t.Fatal(err)
		}
		if same := stack.Same(body(props), out); same != (want == "") || !strings.Contains(out, want) {
			t.Errorf("%s becomes %s", props, out)
		}
	}
	if _, err := stack.Release("Resources: {}", to); err == nil {
		t.Error("YAML is edited")
	}
}
