package run_test

import (
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// heldByTerraform is a state that holds what the commands below would write.
const heldByTerraform = `{"version": 4, "resources": [
  {"mode": "managed", "type": "aws_eks_cluster", "name": "c", "instances": [{"attributes": {"name": "test"}}]},
  {"mode": "managed", "type": "aws_eks_node_group", "name": "w", "instances": [{"attributes": {"cluster_name": "test", "node_group_name": "w"}}]},
  {"mode": "managed", "type": "aws_eks_addon", "name": "dns", "instances": [{"attributes": {"cluster_name": "test", "addon_name": "coredns"}}]},
  {"mode": "managed", "type": "kubernetes_config_map_v1_data", "name": "cni", "instances": [{"attributes": {"metadata": [{"namespace": "kube-system", "name": "amazon-vpc-cni"}]}}]},
  {"mode": "managed", "type": "aws_cloudformation_stack", "name": "w", "instances": [{"attributes": {"name": "eksctl-test-nodegroup-w"}}]}]}`

// No command that changes something writes what Terraform holds, unless --adopt says so; a
// plan that is only shown says it.
func TestNoCommandWritesWhatTerraformHolds(t *testing.T) {
	r := testregion.Again(t, stood(t, pair))
	was := snapshotOf(t, r)
	s := store.NewMemory()
	p := newProcess(t, r, s, 1)
	out, err := p.change("nodegroup scale", func(b *run.Books) (*run.Session, error) {
		return run.PrepareScale(t.Context(), p.aws, "test", "w", run.GroupSizes{Max: new(6)}, run.GroupChange{Books: b})
	})
	if err != nil || out.Code != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	state := stated(t, []byte(heldByTerraform))
	p.b.State = state
	text := strings.Replace(pair, "maxSize: 4", "maxSize: 5", 1)
	commands := map[string]func(b *run.Books) (*run.Session, error){
		"nodegroup scale": func(b *run.Books) (*run.Session, error) {
			return run.PrepareScale(t.Context(), p.aws, "test", "w", run.GroupSizes{Max: new(7)}, run.GroupChange{Books: b})
		},
		"nodegroup delete": func(b *run.Books) (*run.Session, error) {
			return run.PrepareDelete(t.Context(), p.aws, "test", []string{"w"}, run.GroupChange{Books: b})
		},
		"nodegroup upgrade": func(b *run.Books) (*run.Session, error) {
			return run.PrepareReplacement(t.Context(), p.aws, "test", run.Replacement{Groups: []string{"w"}, Changes: map[string]any{"instanceTypes": []string{"m5.xlarge"}}, Books: b})
		},
		"addon update": func(b *run.Books) (*run.Session, error) {
			return run.PrepareAddon(t.Context(), p.aws, "test", run.AddonChange{Properties: map[string]any{"name": "coredns", "configurationValues": `{"replicaCount":3}`}, Books: b})
		},
		"upgrade": func(b *run.Books) (*run.Session, error) {
			return run.PrepareUpgrade(t.Context(), p.aws, "test", run.Upgrade{To: "1.35", Strategy: run.StrategyInPlace, Books: b})
		},
		"restore": func(b *run.Books) (*run.Session, error) {
			x, err := run.PrepareRestore(t.Context(), p.aws, "test", run.RestoreOptions{Snapshot: was, From: "was", Books: b})
			if err != nil {
				return nil, err
			}
			return x.Session, nil
		},
		"rollback": func(b *run.Books) (*run.Session, error) {
			x, err := run.PrepareRollback(t.Context(), p.aws, "test", 1, s, run.RestoreOptions{Books: b})
			if err != nil {
				return nil, err
			}
			return x.Session, nil
		},
	}
	tried := func(name string, of *process, prepare func(b *run.Books) (*run.Session, error)) {
		t.Helper()
		for _, adopt := range []bool{false, true} {
			of.b.Command, of.b.Adopt = name, adopt
			x, err := prepare(of.b)
			switch refused := err != nil && strings.Contains(err.Error(), "is kept by Terraform") && strings.Contains(err.Error(), "--adopt"); {
			case refused == adopt, adopt && err != nil:
				t.Errorf("%s, adopt %v: %v", name, adopt, err)
			case x != nil && x.Plan.Empty():
				t.Errorf("%s has nothing to do", name)
			}
			if x != nil {
				must(t, x.Close(t.Context()))
			}
		}
	}
	for name, prepare := range commands {
		tried(name, p, prepare)
	}
	shown, err := run.PrepareWith(t.Context(), r.AWS, testregion.Load(t, text), run.Wish{State: state})
	must(t, err)
	if notes := strings.Join(shown.Plan.Notes, "\n"); !strings.Contains(notes, "stack eksctl-test-nodegroup-w is kept by Terraform (aws_cloudformation_stack.w)") || !strings.Contains(notes, "Without --adopt, nothing of this is done") {
		t.Errorf("plan: %s", notes)
	}
	list, err := run.NodeGroups(t.Context(), r.AWS, "test", r.Sim.World.Date(), state)
	must(t, err)
	if owner := list.Groups[1].Owner; !strings.Contains(owner, "Terraform (aws_") {
		t.Errorf("list: %s", owner)
	}
	ailing(t, r)
	tried("nodegroup repair", p, func(b *run.Books) (*run.Session, error) {
		return run.PrepareRepair(t.Context(), p.aws, "test", run.Repair{Group: "w", Books: b})
	})
}

// Windows' support is set in an object that Terraform may hold.
func TestWindowsSupportAsksWhoHoldsItsObject(t *testing.T) {
	r := testregion.Again(t, stood(t, testregion.Cluster))
	p := newProcess(t, r, store.NewMemory(), 1)
	p.b.State = stated(t, []byte(heldByTerraform))
	text := testregion.Cluster + "managedNodeGroups: [{name: l, desiredCapacity: 1}, {name: win, amiFamily: WindowsServer2022CoreContainer, desiredCapacity: 1}]\n"
	if _, err := p.up(text); !strings.Contains(errText(err), "workload kube-system/amazon-vpc-cni: is kept by Terraform (kubernetes_config_map_v1_data.cni)") {
		t.Errorf("%v", err)
	}
}
