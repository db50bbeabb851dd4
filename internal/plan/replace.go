package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/marks"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Replacement is what the plan of a node group's replacement is made from: green, a new
// group, is made beside blue, the old one, whose pods move before it goes.
type Replacement struct {
	Input // the new group alone, and what it stands on
	Within
	Watch
}

// Watch is how a replacement is watched over.
type Watch struct {
	Gates    []string      // commands that let it go on, at each gate
	GateTime time.Duration // how long a gate may take to open; 0: ten minutes
	Pause    string        // the stage after which a person is waited for; "": none
	Soak     time.Duration // how long all must stay as available as before, once blue is empty
	Deadline time.Duration // how long the pods of a zone may take to move; 0: an hour
	Force    bool          // pods move that do not come back as they were
}

// Replace is the plan of what is left of replacements, from wherever each is: in.Replaced. The
// file has the new groups, of those that are wanted yet.
func Replace(in Input) (*Plan, error) {
	b := buildOn(in)
	b.replacements()
	if len(b.refused) > 0 {
		return nil, b.refused
	}
	for _, w := range in.Replaced { // of those that only end, no stage counts the nodes
		if g, _ := in.Live.NodeGroup(w.Green); w.ends() && g.Sizes() != nil {
			b.plan.WantNodes += g.Sizes().DesiredSize
		}
	}
	return b.done()
}

// replacing puts the plan of one replacement together.
type replacing struct {
	Replacement
	*builder
}

// stages is the list of a replacement's, from wherever it is. What it finds ends the plan.
func (r *replacing) stages() finding.Findings {
	if r.ends() {
		r.goes()
		return r.refused
	}
	if fs := slices.Concat(r.otherwise(), r.unlike(), r.blockers()); len(fs) > 0 {
		return fs
	}
	r.plan.Notes = append(r.plan.Notes, "-/+ node group "+r.Blue.Name+" is replaced by "+r.Green+".")
	r.begun()
	r.green()
	r.proven()
	r.cordoned()
	r.gates(rules.AfterGreen)
	if r.pauses(rules.AfterGreen) {
		return r.refused
	}
	if r.Slices != nil {
		r.slices()
	}
	if fs := r.moves(r.Blue); len(fs) > 0 {
		return fs
	}
	r.gates(rules.AfterDrain)
	r.soaks()
	if r.pauses(rules.AfterDrain) {
		return r.refused
	}
	r.goes()
	return r.refused
}

// waits tells whether a replacement stops for a person, who has not seen it yet.
func (w Watch) waits(live *observe.Observed, blue observe.AnyGroup) bool {
	if w.Pause == "" || (Within{Blue: blue}).ends() {
		return false
	}
	var was *observe.Replacement
	if k := live.Kubernetes; k != nil {
		was = k.Replacements[blue.Name]
	}
	return was == nil || was.Paused != w.Pause && was.Paused != rules.AfterDrain
}

// step is one of the replacement's, about a group's.
func (r *replacing) step(kind, name string) rules.Step { return rules.Step{Kind: kind, Name: name} }

// unlike is by what the new group, which stands already or is being made, is not as somebody
// wants it now: nothing is gone on with that nobody asked for.
func (r *replacing) unlike() finding.Findings {
	g, _ := r.live.NodeGroup(r.Green)
	if !r.Asked || !g.Stack.Stands() && !g.Stack.Phase().UnderWay() {
		return nil
	}
	was := r.recorded(g.Stack.Name)
	if was == nil {
		return nil
	}
	var ds []config.Difference
	list := "managedNodeGroups"
	switch {
	case len(was.ManagedNodeGroups) == 1 && len(r.cfg.ManagedNodeGroups) == 1:
		ds = config.Differences(&was.ManagedNodeGroups[0], &r.cfg.ManagedNodeGroups[0])
	case len(was.NodeGroups) == 1 && len(r.cfg.NodeGroups) == 1:
		list, ds = "nodeGroups", config.Differences(&was.NodeGroups[0], &r.cfg.NodeGroups[0])
	}
	var words []string
	for _, d := range ds {
		if row(list + "." + d.Path).Refused() {
			words = append(words, fmt.Sprintf("%s %s, and not %s", d.Path, cmp.Or(d.Was, "unset"), cmp.Or(d.Now, "unset")))
		}
	}
	if len(words) == 0 {
		return nil
	}
	return finding.Findings{{Code: "other-replacement", Severity: finding.Error, Where: finding.Where{Resource: "node group " + r.Blue.Name}, Input: true,
		What:   "is being replaced by " + r.Green + " already, which is made with " + strings.Join(words, "; "),
		Breaks: "it would end as another than you ask for; nothing was changed",
		Remedy: fmt.Sprintf("let it end as it was begun (slipway nodegroup upgrade %[1]s %[2]s), or take it back first (the same with --abort)",
			r.live.Name, r.Blue.Name)}}
}

func (r *replacing) begun() {
	r.add(part{Step: r.step(rules.Begun, r.Blue.Name), Action: Create, Title: "what is available now, written down (ConfigMap in kube-system)",
		Typical: time.Second, Timeout: timeoutQuick, Run: &steps.ReplacementBegun{Group: r.Blue.Name, With: r.Green, Slices: written(r.Slices)}})
}

// green makes the new group, or waits for what of it comes already.
func (r *replacing) green() {
	g, _ := r.live.NodeGroup(r.Green)
	managed := len(r.cfg.ManagedNodeGroups) > 0
	n := r.cfg.Groups()[0]
	if role := n.IAM; role != nil && role.InstanceRoleARN != "" {
		if r.comers == nil {
			r.comers = map[string]string{}
		}
		r.comers[role.InstanceRoleARN] = "node group " + r.Green
	}
	if sizes := g.Sizes(); g.Stack.Stands() && sizes != nil && (g.Managed == nil || classOf(g.Managed.Status) == steady) {
		r.plan.WantNodes += sizes.DesiredSize
		n.DesiredCapacity = &sizes.DesiredSize
		r.nodes(n, managed, 5*time.Second)
	} else if managed {
		r.managed(0, &r.cfg.ManagedNodeGroups[0])
	} else {
		r.selfManaged(0, &r.cfg.NodeGroups[0])
	}
	r.scalingFree(g) // a return may have begun, and been ended
	if len(r.live.NodesOf(g)) > 0 {
		r.deed(rules.RestoreNodes, r.Green, "restore", "the nodes of "+r.Green+" take pods again, if a return had begun")
	}
}

// deed does something to all nodes of a group.
func (r *replacing) deed(kind, group, do, title string) {
	r.add(part{Step: r.step(kind, group), Action: Update, Title: title, Typical: time.Second, Timeout: timeoutUpdate,
		Run: &steps.GroupNodes{Group: group, Replaced: r.Blue.Name, Do: do}})
}

func (r *replacing) proven() {
	r.add(part{Step: r.step(rules.Proven, r.Green), Action: Await, Title: "DaemonSets ready on " + r.Green + ", and a pod with an address in each zone",
		Typical: 20 * time.Second, Timeout: r.gateTime(), Run: &steps.NodesProven{Group: r.Green, Replaced: r.Blue.Name, Volumes: !r.Force && r.Slices == nil}})
	r.deed(rules.HoldScaleDown, r.Green, "hold-scale-down", "the cluster autoscaler keeps off the nodes of "+r.Green)
}

// cordoned takes blue out of use. Load balancers leave a node alone at once only where they
// reach pods through any node; else each leaves them as it is empty.
func (r *replacing) cordoned() {
	r.deed(rules.Cordon, r.Blue.Name, "cordon", "the nodes of "+r.Blue.Name+" take no more pods")
	r.scalingHeld(r.Blue)
	if r.Slices != nil {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The nodes of %s leave the load balancers one by one, as they are empty.", r.Blue.Name))
		return
	}
	if len(r.live.Kubernetes.LocalServices) > 0 {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The load balancers of %s reach only nodes with pods of theirs (externalTrafficPolicy: Local): "+
			"the nodes of %s leave them one by one, as they are empty.", few(r.live.Kubernetes.LocalServices), r.Blue.Name))
		return
	}
	r.deed(rules.Exclude, r.Blue.Name, "exclude", "the nodes of "+r.Blue.Name+" leave the load balancers")
}

// scalingHeld has Auto Scaling start no node of a group that pods leave.
func (r *replacing) scalingHeld(g observe.AnyGroup) {
	if g.Scaling != nil {
		r.add(part{Step: r.step(rules.HoldScaling, g.Name), Action: Update, Title: "Auto Scaling starts no node of " + g.Name + ", for an autoscaler either",
			Typical: time.Second, Timeout: timeoutUpdate, Run: &steps.ScalingHeld{Group: g.Name}})
	}
}

// scalingFree takes that back.
func (r *replacing) scalingFree(g observe.AnyGroup) {
	if g.Scaling != nil && g.Scaling.Tags[marks.Suspended] != "" {
		r.add(part{Step: r.step(rules.FreeScaling, g.Name), Action: Update, Title: "Auto Scaling does with " + g.Name + " what it did before",
			Typical: time.Second, Timeout: timeoutUpdate, Run: &steps.ScalingHeld{Group: g.Name, Release: true}})
	}
}

func (r *replacing) gateTime() time.Duration { return cmp.Or(r.GateTime, 10*time.Minute) }

// gates are those that follow a stage: Slipway's own, and the user's.
func (r *replacing) gates(stage string) {
	label := rules.With(rules.Stage, stage)
	r.add(part{Step: r.step(rules.Gate, r.Blue.Name+"/"+stage).Label(label), Action: Await, Title: "gate " + stage + ": no workload less available than before",
		Typical: 30 * time.Second, Timeout: r.gateTime(), Run: &steps.GateAvailable{Group: r.Blue.Name}})
	for i, c := range r.Gates {
		r.add(part{Step: r.step(rules.GateCommand, fmt.Sprintf("%s/%s/%d", r.Blue.Name, stage, i+1)).Label(label), Action: Await,
			Title: "gate " + stage + ": " + c, Typical: time.Second, Timeout: r.gateTime() + timeoutQuick,
			Run: &steps.GateCommand{Command: c, Group: r.Blue.Name, With: r.Green, Stage: stage, Timeout: int(r.gateTime().Seconds())}})
	}
}

func (r *replacing) soaks() {
	if r.Soak > 0 {
		r.add(part{Step: r.step(rules.Soak, r.Blue.Name), Action: Await, Title: "watched for " + span(r.Soak) + ": no workload less available than before",
			Typical: r.Soak, Timeout: r.Soak + r.gateTime(), Run: &steps.GateAvailable{Group: r.Blue.Name, Soak: int(r.Soak.Seconds())}})
	}
}

// span is a time in words: 90s, 10m.
func span(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// pauses tells whether the plan of a replacement ends after a stage, for a person to look: once.
func (r *replacing) pauses(stage string) bool {
	if r.Pause != stage || !r.waits(r.live, r.Blue) {
		return false
	}
	r.add(part{Step: r.step(rules.Pause, r.Blue.Name), Action: Update, Title: "pause " + stage + ": the same command goes on from there",
		Typical: time.Second, Timeout: timeoutQuick, Run: &steps.ReplacementPaused{Group: r.Blue.Name, After: stage}})
	r.plan.Paused = append(r.plan.Paused, r.Blue.Name)
	return true
}

// moves has the pods of a group go elsewhere, zone by zone.
func (r *replacing) moves(from observe.AnyGroup) finding.Findings {
	zones := map[string]int{}
	for _, n := range r.live.NodesOf(from) {
		if n.Nodegroup != from.Name {
			return finding.Findings{{Code: "nodes-without-label", Severity: finding.Error, Where: finding.Where{Resource: "node " + n.Name},
				What: "does not bear the label of its node group, " + from.Name, Breaks: "nodes that come meanwhile could not be told from others; nothing was changed",
				Remedy: "label the group's nodes alpha.eksctl.io/nodegroup-name=" + from.Name}}
		}
		zones[n.Labels["topology.kubernetes.io/zone"]]++
	}
	respect := from.Name == r.Blue.Name && !r.Force // on the way back everything moves
	deadline, with := cmp.Or(r.Deadline, timeoutDrain), ""
	if from.Name == r.Blue.Name {
		with = r.Green
	}
	if r.Slices != nil && from.Name == r.Blue.Name {
		zones = nil // slices have emptied them
	}
	for _, zone := range slices.Sorted(maps.Keys(zones)) {
		r.add(part{Step: forGroup(rules.Evacuate, from.Name+"/"+zone, from.Name), Action: Update,
			Title:   counted(zones[zone], "node") + " of " + from.Name + " emptied in " + zone + ", as budgets allow",
			Typical: 2 * time.Minute, Timeout: deadline,
			Run: &steps.Drain{Group: from.Name, Zone: zone, Replaced: r.Blue.Name, With: with, Respect: respect, Asked: true}})
	}
	r.add(part{Step: forGroup(rules.Evacuate, from.Name, from.Name), Action: Update,
		Title:   "the nodes of " + from.Name + " empty, also those that have come since",
		Typical: 30 * time.Second, Timeout: deadline, Run: &steps.Drain{Group: from.Name, Replaced: r.Blue.Name, With: with, Respect: respect}})
	return nil
}

// goes removes blue, and what was kept of the replacement.
func (r *replacing) goes() {
	r.groupGoes(r.Blue)
	if err := r.accessGoes(r.Blue, []string{r.Blue.Name}); err != nil {
		fs, _ := finding.Of(err)
		r.refused = append(r.refused, fs...)
	}
	left := r.Blue.There() || r.Blue.Stack != nil
	if k := r.live.Kubernetes; k != nil && (left || k.Replacements[r.Blue.Name] != nil) {
		r.deed(rules.LetScaleDown, r.Green, "let-scale-down", "the cluster autoscaler may have the nodes of "+r.Green)
		r.ended()
	}
	if !left && !slices.ContainsFunc(r.draft.Steps, func(s rules.Step) bool { return s.Has(rules.With(rules.Replaces, r.Blue.Name)) }) {
		r.plan.Notes = append(r.plan.Notes, fmt.Sprintf("The node group %s has been replaced by %s.", r.Blue.Name, r.Green))
	}
}

func (r *replacing) ended() {
	r.add(part{Step: r.step(rules.Ended, r.Blue.Name), Action: Delete, Title: "what was written down of the replacement",
		Typical: time.Second, Timeout: timeoutQuick, Run: &steps.ReplacementEnded{Group: r.Blue.Name}})
}
