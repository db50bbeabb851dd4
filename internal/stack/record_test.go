package stack_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestResizeChangesOnlyWhatEKSChangesInPlace(t *testing.T) {
	load := func(g string) *config.ClusterConfig {
		return testregion.Load(t, testregion.Cluster+"managedNodeGroups: ["+g+"]\n").Cluster
	}
	before := load("{name: g, volumeSize: 50, labels: {a: b}, taints: [{key: x, effect: NoSchedule}]}")
	after := load("{name: g, volumeSize: 99, labels: {c: d}, maxSize: 5}")
	old := stack.Managed(before, &before.ManagedNodeGroups[0], live()).JSON()
	body, err := stack.Resize(old, after, &after.ManagedNodeGroups[0])
	if err != nil {
		t.Fatal(err)
	}
	var tpl struct {
		Resources map[string]struct{ Properties map[string]any }
	}
	if err := json.Unmarshal([]byte(body), &tpl); err != nil {
		t.Fatal(err)
	}
	p := tpl.Resources["ManagedNodeGroup"].Properties
	if p["Taints"] != nil || p["Labels"].(map[string]any)["c"] != "d" || p["Labels"].(map[string]any)["a"] != nil ||
		p["ScalingConfig"].(map[string]any)["MaxSize"] != 5.0 {
		t.Errorf("%v", p)
	}
	if !strings.Contains(body, `"VolumeSize":50`) {
		t.Error("the disks of a live group changed")
	}
	c, err := stack.Recorded(body)
	if err != nil || c.ManagedNodeGroups[0].Labels["c"] != "d" {
		t.Errorf("the record does not follow: %+v %v", c, err)
	}
	if stack.Same(old, body) || !stack.Same(body, body) || !stack.Ours(body) {
		t.Error("the comparison of templates is wrong")
	}
}

// Another tool's template has no record; its group can still be resized.
func TestForeignTemplates(t *testing.T) {
	foreign := `{"Description": "EKS Managed Nodes [created by eksctl]", "Resources": {"ManagedNodeGroup": {"Type": "AWS::EKS::Nodegroup", "Properties": {"NodegroupName": "g"}}}}`
	if c, err := stack.Recorded(foreign); c != nil || err != nil || stack.Ours(foreign) {
		t.Errorf("%v %v", c, err)
	}
	c := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: g}]\n").Cluster
	body, err := stack.Resize(foreign, c, &c.ManagedNodeGroups[0])
	if err != nil || !strings.Contains(body, "ScalingConfig") || strings.Contains(body, "Slipway") {
		t.Errorf("%s %v", body, err)
	}
	if _, err := stack.Resize("Resources: {}", c, &c.ManagedNodeGroups[0]); err == nil {
		t.Error("YAML is taken for JSON")
	}
}

func TestLongRecordsArePacked(t *testing.T) {
	text := testregion.Cluster + "nodeGroups: [{name: g, kubeletExtraConfig: {note: \"" + strings.Repeat("echo ahoy; ", 1200) + "\"}}]\n"
	c := testregion.Load(t, text).Cluster
	body := stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON()
	if n := strings.Count(body, "echo ahoy"); n != 0 {
		t.Errorf("the command stands in plain %d times", n)
	}
	back, err := stack.Recorded(body)
	if err != nil || len(config.Differences(back.NodeGroups[0], c.NodeGroups[0])) != 0 {
		t.Errorf("%v", err)
	}
	if body != stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON() {
		t.Error("the packed record differs between two makings")
	}
}

// Bootstrap commands carry tokens: the record holds their hash, which tells a change
// and nothing else.
func TestTheRecordHoldsNoSecrets(t *testing.T) {
	group := func(token string) *config.ClusterConfig {
		return testregion.Load(t, strings.Replace(testregion.Cluster, "1.34", "1.32", 1)+`
managedNodeGroups:
  - name: g
    ami: ami-0e53ec15ae8271f82
    amiFamily: AmazonLinux2
    preBootstrapCommands: ["agent --token `+token+`"]
    overrideBootstrapCommand: "#!/bin/bash\nagent --key `+token+`"
nodeGroups:
  - name: b
    amiFamily: Bottlerocket
    bottlerocket: {settings: {container-registry: {credentials: [{registry: r, password: `+token+`}]}}}
`).Cluster
	}
	c := group("hunter2")
	for _, body := range []string{stack.Managed(c, &c.ManagedNodeGroups[0], live()).JSON(), stack.SelfManaged(c, &c.NodeGroups[0], live()).JSON()} {
		if strings.Contains(body, "hunter2") {
			t.Errorf("the secret stands in the template: %s", body)
		}
		back, err := stack.Recorded(body)
		if err != nil {
			t.Fatal(err)
		}
		differ := func(now *config.ClusterConfig) int {
			if len(back.ManagedNodeGroups) > 0 {
				return len(config.Differences(back.ManagedNodeGroups, now.ManagedNodeGroups))
			}
			return len(config.Differences(back.NodeGroups, now.NodeGroups))
		}
		if n := differ(group("hunter2")); n != 0 {
			t.Errorf("the same file differs from its record in %d fields", n)
		}
		if differ(group("hunter3")) == 0 {
			t.Error("another secret passes unseen")
		}
	}
}
