package snapshot_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/snapshot"
	"github.com/slipway-eks/slipway/internal/store"
)

var at = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func observed() *observe.Observed {
	return &observe.Observed{
		Version: 1, At: at, Name: "test", Region: "us-west-2", Parts: []observe.Part{observe.ControlPlane},
		Cluster: &observe.Cluster{Name: "test", Status: "ACTIVE", Version: "1.34"},
		LaunchTemplates: map[string]*observe.LaunchTemplate{"lt-1/1": {ID: "lt-1", Version: 1,
			Data: map[string]any{"userData": "c2VjcmV0", "imageId": "ami-1"}}},
		Groups: map[string]*observe.Nodegroup{"a": {Name: "a", Subnets: observe.Set{"subnet-1", "subnet-2"}}},
	}
}

func TestASnapshotIsReadBackWithoutItsSecrets(t *testing.T) {
	dir := t.TempDir()
	s := snapshot.Shelf{Store: store.NewFiles(dir, false), Prefix: "clusters/1/us-west-2/test"}
	var ids []string
	for range 3 {
		id, err := s.Save(t.Context(), observed())
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if fmt.Sprint(ids) != "[20261129T120000Z 20261129T120000Z_2 20261129T120000Z_3]" {
		t.Errorf("IDs %v", ids)
	}
	o, err := s.Load(t.Context(), ids[0])
	if err != nil || o.Cluster.Version != "1.34" || !o.At.Equal(at) {
		t.Fatalf("%+v %v", o, err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "clusters/1/us-west-2/test/snapshots", ids[0]+".json"))
	if err != nil || strings.Contains(string(b), "c2VjcmV0") || !strings.Contains(string(b), "ami-1") {
		t.Errorf("%v\n%s", err, b)
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 3 || list[2].ID != ids[0] || !list[0].At.Equal(at) {
		t.Errorf("%+v %v", list, err)
	}
	for ref, want := range map[string]string{ids[0]: "", "test/" + ids[0]: "", "prod/" + ids[0]: "no such snapshot", "20200101T000000Z": "no such snapshot"} {
		if _, err := snapshot.Find(t.Context(), s.Store, ref); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	other := snapshot.Shelf{Store: s.Store, Prefix: "clusters/1/us-west-2/prod"}
	if _, err := other.Save(t.Context(), observed()); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Find(t.Context(), s.Store, ids[0]); err == nil || !strings.Contains(err.Error(), "more than one cluster") {
		t.Errorf("two clusters have it: %v", err)
	}
	if _, err := s.Load(t.Context(), "x"); !errors.Is(err, store.ErrAbsent) {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestADifferenceNamesWhatChangedAndNothingElse(t *testing.T) {
	a, b := observed(), observed()
	b.At = at.Add(time.Hour)
	b.Cluster.Version = "1.35"
	b.Groups["a"].Subnets = observe.Set{"subnet-0", "subnet-1", "subnet-2"}
	b.LaunchTemplates["lt-1/1"].Data = map[string]any{"userData": "YW5vdGhlcg==", "imageId": "ami-1"}
	b.Groups["b"] = &observe.Nodegroup{Name: "b"}
	b.NotRead = []observe.NotRead{{Part: observe.ControlPlane, What: "a half", Why: "AccessDenied"}}
	d, err := snapshot.Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Changed {
		word := func(s *string) string {
			if s == nil {
				return "-"
			}
			return strings.SplitN(*s, ":", 2)[0]
		}
		got = append(got, fmt.Sprintf("%s %s>%s", c.Path, word(c.Was), word(c.Is)))
	}
	for _, p := range d.Added {
		got = append(got, "+ "+p)
	}
	want := `cluster.version 1.34>1.35
launchTemplates.lt-1/1.launchTemplateData.userData sha256>sha256
nodegroups.a.subnets[subnet-0] ->subnet-0
+ nodegroups.b`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
	if len(d.Unknown) != 1 || d.Unknown[0].What != "a half" {
		t.Errorf("unknown: %+v", d.Unknown)
	}
	if d, err := snapshot.Compare(a, observed()); err != nil || d.Count() != 0 {
		t.Errorf("the same differ: %+v %v", d, err)
	}
}
