package run_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// hidden is a token, and a password in a proxy's URL, that a file gives an add-on and nodes.
const (
	hidden    = "s3cr3t-hunter2"
	secretive = testregion.Cluster + `addons:
- {name: vpc-cni}
- {name: kube-proxy}
- name: coredns
  configurationValues: '{"podAnnotations":{"api-token":"` + hidden + `"},"replicaCount":2}'
managedNodeGroups:
- name: b
  amiFamily: Bottlerocket
  desiredCapacity: 1
  bottlerocket: {settings: {network: {https-proxy: "http://ann:` + hidden + `@proxy.example:3128"}, bootstrap: {token: "` + hidden + `"}}}
`
)

// What may be a secret is in no record, whoever reads it: snapshot, journal, events, the
// metadata of stacks. What is there by its hash is compared by it.
func TestSecretsAreInNoRecord(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, secretive), 1)
	s := store.NewMemory()
	p := newProcess(t, r, s, 1)
	if out, err := p.up(secretive); err != nil || out.Code != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	shows := func(where string, v any) {
		t.Helper()
		b, err := json.Marshal(v)
		must(t, err)
		if strings.Contains(string(b), hidden) {
			t.Errorf("%s shows it: %s", where, b)
		}
	}
	was := snapshotOf(t, r)
	shows("the snapshot", was)
	if v := was.Addons["coredns"].ConfigurationValues; !strings.Contains(v, "sha256:") || !strings.Contains(v, "replicaCount") {
		t.Errorf("the snapshot has %s", v)
	}
	account, err := p.journal().Show(t.Context(), 1)
	must(t, err)
	shows("the journal", account)
	for _, name := range []string{"eksctl-test-cluster", "eksctl-test-nodegroup-b"} {
		d, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: &name})
		must(t, err)
		kept, err := stack.Recorded(*d.TemplateBody)
		must(t, err)
		shows("the metadata of "+name, kept)
	}
	if s := prepare(t, r, secretive); !s.Plan.Empty() {
		t.Errorf("a second plan has %v", kinds(s))
	}

	// The same by its hash is nothing to bring back; another value cannot be.
	back, err := run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Snapshot: was, From: "was"})
	must(t, err)
	if notes := strings.Join(back.Plan.Notes, "\n"); !back.Plan.Empty() || strings.Contains(notes, "by its hash alone") {
		t.Errorf("equal: %v %s", kinds(back.Session), notes)
	}
	_, err = r.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("test"), AddonName: new("coredns"),
		ConfigurationValues: new(`{"podAnnotations":{"api-token":"another-1"},"replicaCount":2}`)})
	must(t, err)
	r.Sim.World.Advance(10 * time.Minute)
	back, err = run.PrepareRestore(t.Context(), r.AWS, "test", run.RestoreOptions{Snapshot: was, From: "was"})
	must(t, err)
	if notes := strings.Join(back.Plan.Notes, "\n"); !strings.Contains(notes, "coredns was configured with: the snapshot has a part of it by its hash alone") {
		t.Errorf("another: %s", notes)
	}
}

// A step whose words hold a secret is told of without it.
func TestEventsShowNoSecret(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, small), 1)
	s := prepare(t, r, small)
	s.Plan.Entries[0].Title += " token=" + hidden
	var events []engine.Event
	ctx := t.Context()
	rep, err := s.Run(ctx, r.Clock, 1, func(e engine.Event) { events = append(events, e) })
	must(t, err)
	b, err := json.Marshal(events)
	must(t, err)
	if strings.Contains(string(b), hidden) || !rep.OK() {
		t.Errorf("%s", b)
	}
}
