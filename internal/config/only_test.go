package config

import (
	"strings"
	"testing"
)

// A file cut down to one group still says where that group stands.
func TestOnlyKeepsPlaces(t *testing.T) {
	f, err := Load("c.yaml", []byte(`apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: c, region: us-west-2}
managedNodeGroups:
  - name: a
  - name: b
    instanceType: m5.large
nodeGroups:
  - name: own
`))
	if err != nil {
		t.Fatal(err)
	}
	one, err := f.Only("b")
	if err != nil {
		t.Fatal(err)
	}
	if c := one.Cluster; len(c.ManagedNodeGroups) != 1 || c.ManagedNodeGroups[0].Name != "b" || len(c.NodeGroups) != 0 {
		t.Errorf("%+v", c)
	}
	if at := one.At("x", "managedNodeGroups[0].instanceType", "").Where; at.Line != 7 {
		t.Errorf("its type stands in line %d", at.Line)
	}
	rest, err := f.Only("a", "own")
	if err != nil {
		t.Fatal(err)
	}
	both := rest.With(one)
	if c := both.Cluster; len(c.ManagedNodeGroups) != 2 || c.ManagedNodeGroups[1].Name != "b" || len(c.NodeGroups) != 1 || len(rest.Cluster.ManagedNodeGroups) != 1 {
		t.Errorf("put together: %+v", c)
	}
	if at := both.At("x", "managedNodeGroups[1].instanceType", "").Where; at.Line != 7 {
		t.Errorf("put together, its type stands in line %d", at.Line)
	}
	if len(f.Cluster.ManagedNodeGroups) != 2 || f.At("x", "managedNodeGroups[1].instanceType", "").Where.Line != 7 {
		t.Error("the file itself changed")
	}
	if _, err := f.Only("c"); err == nil || !strings.Contains(err.Error(), "has no node group c") || !strings.Contains(err.Error(), "a, b, own") {
		t.Errorf("%v", err)
	}
}
