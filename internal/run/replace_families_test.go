package run_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A group of one family of AMIs is replaced by one of another, which cannot be had in place,
// and one of the families that are seldom met by one like it.
func TestAGroupIsReplacedByAnotherFamily(t *testing.T) {
	on132 := strings.Replace(testregion.Cluster, "1.34", "1.32", 1)
	const linux = "{name: l, desiredCapacity: 1}, "
	for what, c := range map[string]struct {
		text, family string
		os, image    string // of the new nodes
	}{
		"AL2 to AL2023":              {on132 + "managedNodeGroups: [{name: w, amiFamily: AmazonLinux2, desiredCapacity: 2}]\n", "AmazonLinux2023", "linux", "Amazon Linux 2023"},
		"AL2 to AL2023, own":         {on132 + "nodeGroups: [{name: w, amiFamily: AmazonLinux2, desiredCapacity: 2}]\n", "AmazonLinux2023", "linux", "Amazon Linux 2023"},
		"AL2023 to Bottlerocket":     {testregion.Cluster + "managedNodeGroups: [{name: w, desiredCapacity: 2}]\n", "Bottlerocket", "linux", "Bottlerocket"},
		"Bottlerocket, own, back":    {testregion.Cluster + "nodeGroups: [{name: w, amiFamily: Bottlerocket, desiredCapacity: 2}]\n", "AmazonLinux2023", "linux", "Amazon Linux 2023"},
		"Bottlerocket by the newest": {testregion.Cluster + "managedNodeGroups: [{name: w, amiFamily: Bottlerocket, desiredCapacity: 2}]\n", "", "linux", "Bottlerocket"},
		"Windows 2019 to 2022": {testregion.Cluster + "managedNodeGroups: [" + linux + "{name: w, amiFamily: WindowsServer2019CoreContainer, desiredCapacity: 2}]\n",
			"WindowsServer2022CoreContainer", "windows", "Windows Server 2022"},
		"Windows, own, by the newest": {testregion.Cluster + "managedNodeGroups: [" + linux + "]\nnodeGroups: [{name: w, amiFamily: WindowsServer2022CoreContainer, desiredCapacity: 2}]\n",
			"", "windows", "Windows Server 2022"},
	} {
		r := up(t, c.text)
		w := run.Replacement{Groups: []string{"w"}, Changes: map[string]any{}}
		if c.family != "" {
			w.Changes["amiFamily"] = c.family
		}
		if rep := drive(t, r, replacement(t, r, w)); !rep.OK() {
			t.Errorf("%s: %s", what, rep.FirstFailure)
			continue
		}
		nodes, err := kubernetesOf(t, r).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		must(t, err)
		n := 0
		for _, x := range nodes.Items {
			if x.Labels["alpha.eksctl.io/nodegroup-name"] != "w-b2" && x.Labels["eks.amazonaws.com/nodegroup"] != "w-b2" {
				continue
			}
			if n++; x.Status.NodeInfo.OperatingSystem != c.os || !strings.Contains(x.Status.NodeInfo.OSImage, c.image) {
				t.Errorf("%s: node %s runs %s (%s)", what, x.Name, x.Status.NodeInfo.OSImage, x.Status.NodeInfo.OperatingSystem)
			}
		}
		if now := groupsOf(t, r); n != 2 || now["w"] != 0 || now["w-b2"] != 2 {
			t.Errorf("%s: %d nodes are new, the groups take pods on %v", what, n, now)
		}
		nothingLeft(t, r)
	}
}
