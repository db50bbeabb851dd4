package config

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestDifferencesNameFields(t *testing.T) {
	was := ManagedNodeGroup{NodeGroupBase: NodeGroupBase{Name: "g", InstanceType: "m5.large", Labels: map[string]string{"a": "b", "c": "d"}}}
	now := was
	now.InstanceType = "c5.large"
	now.Labels = map[string]string{"a": "b", "e": "f"}
	now.Subnets = []string{"x"}
	var got []string
	for _, d := range Differences(was, now) {
		got = append(got, d.Path+" "+d.Was+" "+d.Now)
	}
	want := []string{`instanceType "m5.large" "c5.large"`, `labels.c "d" `, `labels.e  "f"`, `subnets  ["x"]`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if d := Differences(was, was); len(d) != 0 {
		t.Errorf("a value differs from itself: %v", d)
	}
}

// An old record that lacks a default of today is completed before it is compared.
func TestRecallCompletesOldRecords(t *testing.T) {
	f, err := Load("f.yaml", []byte(head+"managedNodeGroups: [{name: g}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	old := *f.Cluster
	g := old.ManagedNodeGroups[0]
	g.VolumeType, g.VolumeSize = "", nil // as if these defaults had not been there
	old.ManagedNodeGroups = []ManagedNodeGroup{g}
	b, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Recall(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := Differences(back.ManagedNodeGroups[0], f.Cluster.ManagedNodeGroups[0]); len(d) != 0 {
		t.Errorf("the old record differs: %v", d)
	}
	if _, err := Recall([]byte("{")); err == nil {
		t.Error("a torn record is read")
	}
}
