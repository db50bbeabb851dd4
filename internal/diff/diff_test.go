package diff_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/config/fields"
	"github.com/slipway-eks/slipway/internal/diff"
	"github.com/slipway-eks/slipway/internal/observe"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	if text == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func live() *observe.Observed {
	return &observe.Observed{Name: "c", Region: "us-west-2",
		Cluster: &observe.Cluster{Name: "c", Version: "1.34", Tags: observe.Tags{"a": "b", "aws:x": "y"},
			ResourcesVPCConfig: &observe.VPCConfig{SubnetIDs: observe.Set{"subnet-a", "subnet-b"}, EndpointPublicAccess: true},
			Logging:            &observe.Logging{ClusterLogging: []observe.LogSetup{{Enabled: true, Types: observe.Set{"api", "audit"}}}}},
		Addons: map[string]*observe.Addon{"coredns": {Name: "coredns", Version: "v1.2.3-eksbuild.4", ConfigurationValues: `{"replicaCount":3}`}},
		Groups: map[string]*observe.Nodegroup{"m": {Name: "m", InstanceTypes: []string{"m5.large"}, Labels: map[string]string{"a": "b", "eks": "z"},
			ScalingConfig: &observe.Sizes{MinSize: 1, MaxSize: 5, DesiredSize: 3}, Taints: observe.Sorted[observe.Taint]{{Key: "k", Effect: "NO_SCHEDULE"}}}},
	}
}

// Each kind of comparison, in words: path, what it is, per difference.
func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, desired, recorded, want string }{
		{"nothing is said", `{}`, `{}`, ""},
		{"all agree", `{"vpc":{"controlPlaneSubnetIDs":["subnet-b","subnet-a"]}}`, `{"vpc":{"controlPlaneSubnetIDs":["subnet-a","subnet-b"]}}`, ""},
		{"the file changed", `{"vpc":{"nat":{"gateway":"Single"}}}`, `{"vpc":{"nat":{"gateway":"Disable"}}}`, "vpc.nat.gateway changed"},
		{"live is another, and the record agrees with the file", `{"vpc":{"controlPlaneSubnetIDs":["subnet-a","subnet-x"]}}`,
			`{"vpc":{"controlPlaneSubnetIDs":["subnet-a","subnet-x"]}}`,
			"vpc.controlPlaneSubnetIDs drifted"},
		{"without a file, the record is what was wanted", "", `{"vpc":{"controlPlaneSubnetIDs":["subnet-a","subnet-x"]}}`, "vpc.controlPlaneSubnetIDs drifted"},
		{"false and unset are the same", `{"zonalShiftConfig":{"enabled":false}}`, `{}`, ""},
		{"log types are a set", `{"cloudWatch":{"clusterLogging":{"enableTypes":["audit","api"]}}}`, "", ""},
		{"others' tags are theirs", `{"metadata":{"tags":{"a":"b"}}}`, "", ""},
		{"a tag of another value", `{"metadata":{"tags":{"a":"c"}}}`, "", "metadata.tags drifted"},
		{"others' labels are theirs", `{"managedNodeGroups":[{"name":"m","labels":{"a":"b"}}]}`, "", ""},
		{"taints as Kubernetes spells them", `{"managedNodeGroups":[{"name":"m","taints":[{"key":"k","effect":"NoSchedule"}]}]}`, "", ""},
		{"a taint that is not there", `{"managedNodeGroups":[{"name":"m","taints":[{"key":"l","effect":"NoSchedule"}]}]}`,
			"", "managedNodeGroups.taints of m drifted"},
		{"the desired size is the autoscaler's", `{"managedNodeGroups":[{"name":"m","desiredCapacity":1}]}`,
			`{"managedNodeGroups":[{"name":"m","desiredCapacity":1}]}`, ""},
		{"unless the file's changes", `{"managedNodeGroups":[{"name":"m","desiredCapacity":2}]}`, `{"managedNodeGroups":[{"name":"m","desiredCapacity":1}]}`,
			"managedNodeGroups.desiredCapacity of m changed"},
		{"elements are told apart by name", `{"managedNodeGroups":[{"name":"n"},{"name":"m","minSize":2}]}`, `{"managedNodeGroups":[{"name":"m","minSize":1}]}`,
			"managedNodeGroups.minSize of m changed drifted"},
		{"a new element is no difference of fields", `{"managedNodeGroups":[{"name":"new","minSize":2}]}`, `{"managedNodeGroups":[{"name":"m"}]}`, ""},
		{"documents by what they say", `{"addons":[{"name":"coredns","configurationValues":"replicaCount: 3"}]}`, "", ""},
		{"documents that say other things", `{"addons":[{"name":"coredns","configurationValues":"replicaCount: 2"}]}`,
			"", "addons.configurationValues of coredns drifted"},
		{"a version that was looked up", `{"addons":[{"name":"coredns","version":"latest"}]}`, "", "addons.version of coredns drifted"},
		{"the default version is whatever stands", `{"addons":[{"name":"coredns","version":"default"}]}`, "", ""},
		{"order counts where it counts", `{"managedNodeGroups":[{"name":"m","instanceTypes":["a","b"]}]}`,
			`{"managedNodeGroups":[{"name":"m","instanceTypes":["b","a"]}]}`,
			"managedNodeGroups.instanceTypes of m changed drifted"},
		{"what cannot be known is no drift", `{"cloudWatch":{"clusterLogging":{"logRetentionInDays":7}}}`, "", ""},
	} {
		got := diff.Compare(diff.Truths{Desired: parse(t, c.desired), Recorded: parse(t, c.recorded), Live: live(),
			Resolved: map[string]map[string]string{"addons.version": {"coredns": map[bool]string{true: "v1.9.9", false: ""}[strings.Contains(c.desired, "latest")]}}})
		var said []string
		for _, d := range got {
			s := d.Path
			if d.Key != "" {
				s += " of " + d.Key
			}
			if d.Changed {
				s += " changed"
			}
			if d.Drifted {
				s += " drifted"
			}
			said = append(said, s)
			if d.Fix == "" {
				t.Errorf("%s: %s: nothing says what to do", c.name, d.Path)
			}
		}
		if s := strings.Join(said, ", "); s != c.want {
			t.Errorf("%s: %q, expected %q", c.name, s, c.want)
		}
	}
}

// A default of the file that nobody wrote is no wish.
func TestSilenceIsNoWish(t *testing.T) {
	truths := diff.Truths{Desired: parse(t, `{"vpc":{"clusterEndpoints":{"publicAccess":false,"privateAccess":true}}}`), Live: live()}
	truths.Declared = func(path string) bool { return path == "vpc.clusterEndpoints.privateAccess" }
	got := diff.Compare(truths)
	if len(got) != 1 || got[0].Path != "vpc.clusterEndpoints.privateAccess" || got[0].Effect == "" || got[0].At != "vpc.clusterEndpoints.privateAccess" {
		t.Errorf("%+v", got)
	}
}

// Of an element that the file lists, silence is a wish where the row says so: access
// that left the file is taken away; and a policy's scope may be left out.
func TestSilenceOfAListedElementMayBeAWish(t *testing.T) {
	o := live()
	o.AccessEntries = map[string]*observe.AccessEntry{"arn:a": {PrincipalARN: "arn:a", Type: "STANDARD", KubernetesGroups: observe.Set{"crew"},
		Policies: observe.Sorted[observe.AccessPolicy]{{PolicyARN: "p", AccessScope: &observe.AccessScope{Type: "cluster"}}}}}
	for file, want := range map[string]string{
		`{"principalARN":"arn:a","kubernetesGroups":["crew"],"accessPolicies":[{"policyARN":"p"}]}`: "",
		`{"principalARN":"arn:a","accessPolicies":[{"policyARN":"p"}]}`:                             "accessConfig.accessEntries.kubernetesGroups",
		`{"principalARN":"arn:a","kubernetesGroups":["crew"]}`:                                      "accessConfig.accessEntries.accessPolicies",
	} {
		got := ""
		for _, d := range diff.Compare(diff.Truths{Desired: parse(t, `{"accessConfig":{"accessEntries":[`+file+`]}}`), Live: o}) {
			if d.Wanted {
				got += d.Path
			}
		}
		if got != want {
			t.Errorf("%s: %q is wanted, expected %q", file, got, want)
		}
	}
}

// Of what is changing by itself, all that the file declares is wanted, and none of it
// is drift.
func TestWhatIsUnsettledIsWanted(t *testing.T) {
	truths := diff.Truths{Desired: parse(t, `{"managedNodeGroups":[{"name":"m","maxSize":5,"labels":{"a":"b"}}]}`), Live: live(),
		Declared: func(path string) bool { return path != "managedNodeGroups[0].labels" }}
	if got := diff.Compare(truths); len(got) > 0 {
		t.Errorf("settled: %+v", got)
	}
	truths.Unsettled = func(list, key string) bool { return list == "managedNodeGroups" && key == "m" }
	got := diff.Compare(truths)
	if len(got) != 1 || got[0].Path != "managedNodeGroups.maxSize" || !got[0].Wanted || got[0].Drifted {
		t.Errorf("unsettled: %+v", got)
	}
}

// Where a record is older than a field, today's default is not what was.
func TestWhatTheRecordDoesNotSayIsNotWhatWas(t *testing.T) {
	truths := diff.Truths{
		Desired:  parse(t, `{"managedNodeGroups":[{"name":"m","volumeType":"gp3"}]}`),
		Recorded: parse(t, `{"managedNodeGroups":[{"name":"m","volumeType":"gp2"}]}`),
	}
	if got := diff.Compare(truths); len(got) != 1 || !got[0].Changed {
		t.Errorf("%+v", got)
	}
	truths.Filled = []string{"managedNodeGroups.m.volumeType"}
	if got := diff.Compare(truths); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Each value of the catalogue that a live cluster answers is compared: where it is
// another than the file's, exactly that field is told.
func TestEveryLiveFieldIsCompared(t *testing.T) {
	n := 0
	for _, f := range fields.Values() {
		if f.Live == nil || f.Owned || slices.Contains([]fields.Change{fields.Ignore, fields.Identity}, f.Change) {
			continue
		}
		n++
		for _, v := range []any{"another", []any{"another"}, map[string]any{"another": "x"}} {
			if diff.Holds(f, nil, v) || !diff.Holds(f, v, v) {
				t.Errorf("%s: %v is held by nothing, or not by itself", f.Path, v)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d fields can be read from a live cluster", n)
	}
}

// Ten thousand clusters are compared within seconds: a budget of the comparison, not
// of the machine.
func BenchmarkCompare(b *testing.B) {
	var groups []string
	for i := range 10 {
		groups = append(groups, fmt.Sprintf(`{"name":"g%d","minSize":1,"maxSize":3,"labels":{"a":"b"}}`, i))
	}
	var v any
	if err := json.Unmarshal([]byte(`{"managedNodeGroups":[`+strings.Join(groups, ",")+`]}`), &v); err != nil {
		b.Fatal(err)
	}
	o := live()
	for b.Loop() {
		diff.Compare(diff.Truths{Desired: v, Recorded: v, Live: o})
	}
}
