package observe_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/observe"
)

func TestReadRefusesWhatItWouldMisread(t *testing.T) {
	for _, text := range []string{"", "[]", `{"version": 0}`, `{"version": 2}`} {
		if _, err := observe.Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is taken for an observation", text)
		}
	}
	o := &observe.Observed{Version: observe.Version, Name: "c", Region: "us-west-2", Parts: []observe.Part{observe.ControlPlane},
		Cluster: &observe.Cluster{Name: "c", Status: "ACTIVE"}}
	var b bytes.Buffer
	if err := o.Write(&b); err != nil {
		t.Fatal(err)
	}
	if back, err := observe.Read(&b); err != nil || !reflect.DeepEqual(back, o) {
		t.Errorf("%+v %v", back, err)
	}
}

func TestUnknownIsNotAbsent(t *testing.T) {
	o := &observe.Observed{Parts: []observe.Part{observe.Roles, observe.Logs},
		NotRead: []observe.NotRead{{Part: observe.Roles, What: "role r", Why: "AccessDenied"}}}
	for part, known := range map[observe.Part]bool{observe.Roles: false, observe.Logs: true, observe.Keys: false} {
		if got := o.Missed(part) == nil; got != known {
			t.Errorf("%s is known: %t", part, got)
		}
	}
}

func TestListsWhoseOrderMeansNothingAreSorted(t *testing.T) {
	var v struct {
		Set   observe.Set
		Taint observe.Sorted[observe.Taint]
		Tags  [2]observe.Tags
	}
	const text = `{"set": ["b", "a"], "taint": [{"key": "y"}, {"key": "x"}], "tags": [{"a": "b"}, [{"Key": "a", "Value": "b", "ResourceId": "x"}]]}`
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(v.Set, observe.Set{"a", "b"}) || v.Taint[0].Key != "x" || v.Tags[0]["a"] != "b" || !reflect.DeepEqual(v.Tags[0], v.Tags[1]) {
		t.Errorf("%+v", v)
	}
}

func TestASubnetIsServedByItsOwnTableOrTheMainOne(t *testing.T) {
	n := &observe.Network{RouteTables: map[string]*observe.RouteTable{
		"rtb-own":  {ID: "rtb-own", Associations: observe.Sorted[observe.Association]{{Subnet: "subnet-a"}}},
		"rtb-main": {ID: "rtb-main", Associations: observe.Sorted[observe.Association]{{Main: true}}},
	}}
	for subnet, want := range map[string]string{"subnet-a": "rtb-own", "subnet-b": "rtb-main"} {
		if got := n.RoutesOf(subnet).ID; got != want {
			t.Errorf("%s is served by %s", subnet, got)
		}
	}
}

func TestAStackStandsOrIsBrokenOrIsUnderWay(t *testing.T) {
	for status, want := range map[string][2]bool{"CREATE_COMPLETE": {true, false}, "UPDATE_ROLLBACK_COMPLETE": {true, false},
		"ROLLBACK_COMPLETE": {false, true}, "DELETE_FAILED": {false, true}, "CREATE_IN_PROGRESS": {false, false}, "DELETE_IN_PROGRESS": {false, false}} {
		s := &observe.Stack{Status: status}
		if got := [2]bool{s.Stands(), s.Broken()}; got != want {
			t.Errorf("%s: stands, broken: %v", status, got)
		}
	}
	var none *observe.Stack
	if none.Stands() || none.Broken() || none.Output("VPC") != "" {
		t.Error("a stack that is not there stands")
	}
}
