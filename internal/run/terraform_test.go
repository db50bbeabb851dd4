package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// stated is a Terraform state in a file.
func stated(t *testing.T, state []byte) *run.State {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform.tfstate")
	must(t, os.WriteFile(path, state, 0o600))
	s, err := run.ReadState(path)
	must(t, err)
	return s
}

// What Terraform keeps is not written, by any command that changes something, and is named
// with where it stands in Terraform; what is new is made beside it; --adopt writes it.
func TestWhatTerraformKeepsIsNotWritten(t *testing.T) {
	r := standingOne(t)
	p := newProcess(t, r, store.NewMemory(), 1)
	p.b.State = stated(t, []byte(`{"version": 4, "resources": [
	  {"mode": "managed", "type": "aws_eks_node_group", "name": "m", "instances": [{"attributes": {"cluster_name": "test", "node_group_name": "m"}}]},
	  {"mode": "managed", "type": "aws_cloudformation_stack", "name": "all", "instances": [{"attributes": {"name": "eksctl-test-cluster"}}]}]}`))
	text := testregion.Cluster + "vpc: {nat: {gateway: Disable}}\nmanagedNodeGroups: [{name: m, desiredCapacity: 1, labels: {tier: web}}]\n"
	refused := func(what string, err error, names ...string) {
		t.Helper()
		for _, n := range append(names, "--adopt") {
			if !strings.Contains(errText(err), n) {
				t.Errorf("%s: %v does not name %s", what, err, n)
			}
		}
	}
	_, err := p.up(text)
	refused("up", err, "node group m: is kept by Terraform (aws_eks_node_group.m)")
	_, err = p.down()
	refused("down", err, "stack eksctl-test-cluster: is kept by Terraform (aws_cloudformation_stack.all)")
	moved, _ := replaced(t)
	m := newProcess(t, moved, store.NewMemory(), 1)
	m.b.State = p.b.State
	_, err = run.PrepareSync(t.Context(), m.aws, "test", run.SyncOptions{Books: m.b})
	refused("sync", err, "stack eksctl-test-cluster: is kept by Terraform")

	shown := prepare(t, r, text) // a plan that is only shown says nothing of a state that nobody gave
	if notes := strings.Join(shown.Plan.Notes, " "); strings.Contains(notes, "Terraform") {
		t.Error(notes)
	}
	out, err := p.up(text + "nodeGroups: [{name: beside, desiredCapacity: 1}]\n")
	refused("up of more", err, "node group m")
	if out != nil {
		t.Errorf("%+v", out)
	}
	p.b.Adopt = true
	if out, err = p.up(text); err != nil || out.Code != 0 {
		t.Errorf("adopted: %+v %v", out, err)
	}
}

// Terraform that is at work on a state beside it is told of, with who runs it.
func TestAStateThatIsBeingWrittenIsToldOf(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "prod.tfstate")
	must(t, os.WriteFile(path, []byte(`{"version": 4, "serial": 3, "resources": []}`), 0o600))
	if s, err := run.ReadState(path); err != nil || s.Locked != "" {
		t.Errorf("%+v %v", s, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, ".prod.tfstate.lock.info"), []byte(`{"ID":"7","Operation":"OperationTypeApply","Who":"ann@laptop","Created":"2026-11-30T05:00:00Z"}`), 0o600))
	s, err := run.ReadState(path)
	if err != nil || !strings.Contains(s.Locked, "OperationTypeApply of ann@laptop, since 2026-11-30T05:00:00Z") {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := run.ReadState(filepath.Join(dir, "none")); err == nil {
		t.Error("a state that is not there was read")
	}
}
