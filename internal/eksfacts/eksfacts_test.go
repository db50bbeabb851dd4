package eksfacts

import (
	"slices"
	"strings"
	"testing"
)

// Every add-on is described once and whole: its health follows one workload, and
// whatever has policies has an account to give them to.
func TestAddonRowsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range Addons() {
		if seen[a.Name] {
			t.Errorf("%s has two rows", a.Name)
		}
		seen[a.Name] = true
		if (a.DaemonSet == "") == (a.Deployment == "") {
			t.Errorf("%s: a DaemonSet or a Deployment, not %q and %q", a.Name, a.DaemonSet, a.Deployment)
		}
		for _, s := range []string{a.DaemonSet + a.Deployment, a.Account} {
			if s != "" && strings.Count(s, "/") != 1 {
				t.Errorf("%s: %q is not namespace/name", a.Name, s)
			}
		}
		if (a.Account == "") != (len(a.Policies) == 0) {
			t.Errorf("%s: account %q, policies %v", a.Name, a.Account, a.Policies)
		}
		if a.Network && a.DaemonSet == "" {
			t.Errorf("%s: nodes would wait for pods that wait for nodes", a.Name)
		}
		if a.Tolerations != "" && a.DaemonSet != "" {
			t.Errorf("%s: a DaemonSet's pods need no tolerations to be ACTIVE", a.Name)
		}
		if AddonNamed(a.Name).Typical == 0 {
			t.Errorf("%s has no typical duration", a.Name)
		}
	}
	if a := AddonNamed("nobody/knows"); a.Name != "nobody/knows" || a.DaemonSet != "" || a.Typical != typicalAddon {
		t.Errorf("an unknown add-on is %+v", a)
	}
}

func TestSetsOfAddons(t *testing.T) {
	for _, c := range []struct{ got, want []string }{
		{DefaultAddons(false), []string{"vpc-cni", "kube-proxy", "coredns", "metrics-server"}},
		{DefaultAddons(true), []string{"metrics-server"}},
		{NetworkAddons(), []string{"vpc-cni", "kube-proxy"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%v, expected %v", c.got, c.want)
		}
	}
}

func TestEffectsAreSpelledBothWays(t *testing.T) {
	for _, k := range TaintEffects() {
		if e := EKSEffect(k); e == "" || KubernetesEffect(e) != k || Repels(k) != Repels(e) || Repels(k) != (k != "PreferNoSchedule") {
			t.Errorf("%s: %q", k, e)
		}
	}
	if EKSEffect("never") != "" || Repels("never") {
		t.Error("an effect that is none")
	}
}

func TestInstanceFamilies(t *testing.T) {
	for name, want := range map[string][2]bool{ // ARM, NVIDIA GPU
		"m6g.large": {true, false}, "c7gd.xlarge": {true, false}, "t4g.small": {true, false}, "a1.large": {true, false}, "im4gn.large": {true, false},
		"m5.large": {false, false}, "m7i.large": {false, false}, "c6gn.large": {true, false}, "trn1.2xlarge": {false, false},
		"g5.xlarge": {false, true}, "g4dn.xlarge": {false, true}, "gr6.4xlarge": {false, true}, "p5.48xlarge": {false, true},
		"g5g.xlarge": {true, true}, "g4ad.xlarge": {false, false},
	} {
		if got := [2]bool{ARM(name), GPU(name)}; got != want {
			t.Errorf("%s: %v, expected %v", name, got, want)
		}
	}
	if Arch("m6g.large") != "arm64" || Arch("m5.large") != "x86_64" {
		t.Error("architectures")
	}
}

func TestZones(t *testing.T) {
	if ZoneUsable("use1-az3") || !ZoneUsable("use1-az1") {
		t.Error("zones that take a control plane")
	}
	if DefaultZones("us-east-1") != 2 || DefaultZones("eu-west-1") != 3 {
		t.Error("the number of zones")
	}
}
