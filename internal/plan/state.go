package plan

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/stack"
	"github.com/slipway-eks/slipway/internal/steps"
)

// move is what a plan does about a thing that the file wants.
type move string

const (
	create move = "create" // what is going under its name is waited for by the step itself
	follow move = "follow" // it stands: what the file says otherwise is changed
	settle move = "settle" // something is under way: it is awaited, then the file is followed, in the same run
	remake move = "remake" // it can only be deleted and made again, which needs a yes
	refuse move = "refuse" // a person must act first
)

// class is what a status of EKS means to whoever wants the thing.
type class int

const (
	absent class = iota
	steady
	moving
	going
	failed
)

// classOf sorts a status; "" is that of a thing that has none, and stands.
func classOf(status string) class {
	switch status {
	case "CREATING", "UPDATING", "PENDING":
		return moving
	case "DELETING", "Delete in progress":
		return going
	case "CREATE_FAILED", "DELETE_FAILED", "FAILED":
		return failed
	}
	return steady // ACTIVE, DEGRADED, UPDATE_FAILED
}

// moves are a kind's, by what stands of its stack and, within, by the class of the
// thing itself.
type moves map[observe.Phase][5]move

func always(m move) [5]move { return [5]move{m, m, m, m, m} }

// The kinds with a stack each.
var (
	clusterMoves = moves{
		//                absent  steady  moving  going   failed
		observe.Absent:   {create, follow, settle, refuse, refuse},
		observe.Complete: {refuse, follow, settle, refuse, refuse},
		observe.Making:   {settle, settle, settle, refuse, settle},
		observe.Changing: {refuse, settle, settle, refuse, refuse},
		observe.Going:    {create, refuse, refuse, refuse, refuse},
		observe.Failed:   {remake, remake, refuse, refuse, remake},
		observe.Stuck:    always(refuse),
	}
	groupMoves = moves{ // managed
		observe.Absent:   {create, follow, settle, create, refuse},
		observe.Complete: {remake, follow, settle, remake, remake},
		observe.Making:   always(settle),
		half:             {create, refuse, refuse, create, remake},
		observe.Changing: {settle, settle, settle, remake, settle}, // it may be its completion
		observe.Going:    always(create),
		observe.Failed:   always(remake),
		observe.Stuck:    always(refuse),
	}
	ownGroupMoves = moves{ // self-managed: the thing is the Auto Scaling group
		observe.Absent:   {create, refuse, refuse, create, refuse},
		observe.Complete: {remake, follow, follow, remake, remake},
		observe.Making:   always(settle),
		half:             {create, refuse, refuse, create, remake},
		observe.Changing: {settle, settle, settle, remake, remake},
		observe.Going:    always(create),
		observe.Failed:   always(remake),
		observe.Stuck:    always(refuse),
	}
	entryMoves = moves{ // access entries, which have no status
		observe.Absent:   {create, follow},
		observe.Complete: {remake, follow},
		observe.Making:   {settle, settle},
		observe.Changing: {remake, settle},
		observe.Going:    {create, create},
		observe.Failed:   {remake, remake},
		observe.Stuck:    {refuse, refuse},
	}
	roleMoves = moves{ // roles, which only their stack tells of
		observe.Absent:   {create},
		observe.Complete: {follow},
		observe.Making:   {settle},
		observe.Changing: {settle},
		observe.Going:    {create},
		observe.Failed:   {remake},
		observe.Stuck:    {refuse},
	}
)

// bare are the moves of what has no stack: add-ons, Fargate profiles, identity
// providers, associations.
var bare = [5]move{create, follow, settle, create, remake}

// standing is the move of a thing without a stack that is there; where it is followed, what
// the file cannot have is refused, and its tags are set.
func (b *builder) standing(list, name, what, arn, status string) move {
	m := bare[classOf(status)]
	if m == follow || m == settle {
		b.refuseWanted(list, name, "the "+what+" "+name)
		b.tags(list, name, what+" "+name, arn)
	}
	return m
}

// half is the phase of a node group's stack that stands, or is about to, without the
// group: an update completes it.
const half observe.Phase = "half"

// phase is the stack's of that name.
func (b *builder) phase(name string) observe.Phase {
	s := b.live.Stacks[name]
	p := s.Phase()
	if b.cleared[name] {
		return observe.Absent
	}
	if s == nil || s.Tags[eksfacts.TagGroup] == "" || !stack.Ours(s.Template) {
		return p
	}
	switch {
	case p == observe.Stuck && s.Status == "UPDATE_FAILED" && b.neverMade(s.Tags[eksfacts.TagGroup]):
		return observe.Failed // its completion failed: there never was a group
	case (p == observe.Complete || p.UnderWay()) && !stack.Completed(s.Template):
		return half
	}
	return p
}

func (b *builder) neverMade(group string) bool {
	live := b.live.Groups[group]
	return live == nil && b.live.ScalingGroupOf(group) == nil || live != nil && live.Status == "CREATE_FAILED"
}

// there is the class of a thing: one that is not seen, where its part was not read
// whole, is taken to stand as its stack says.
func (b *builder) there(name string, seen bool, status string, part observe.Part) class {
	phase := b.phase(name)
	switch {
	case phase == half && b.live.Stacks[name].Phase() == observe.Changing: // a rollback takes away what it holds
		return absent
	case seen:
		return classOf(status)
	case phase == observe.Complete && b.live.Missed(part) != nil:
		return steady
	}
	return absent
}

// stuck refuses a plan over a stack that a person must get going.
func (b *builder) stuck(path, name string) {
	s := b.live.Stacks[name]
	b.refuse(path, GoOn(b.live.Name, s)+", then run again", "the stack %s is %s, and CloudFormation takes no update of it", name, s.Status)
}

// GoOn says how a stack that is stuck gets to where it takes updates again. What could not be
// put back is skipped by name: without that, the rollback fails at it once more.
func GoOn(cluster string, s *observe.Stack) string {
	switch {
	case s.Status == "UPDATE_FAILED":
		return "roll it back (aws cloudformation rollback-stack --stack-name " + s.Name + ")"
	case !s.RollbackFailed():
		return "see what its events say (aws cloudformation describe-stack-events --stack-name " + s.Name + ")"
	}
	by := "aws cloudformation continue-update-rollback --stack-name " + s.Name
	if skip := s.Unfinished(); len(skip) > 0 {
		by += " --resources-to-skip " + strings.Join(skip, " ")
	}
	if g := s.Tags[eksfacts.TagGroup]; g != "" {
		by = "slipway nodegroup repair " + cluster + " " + g + ", or " + by
	}
	return "let its rollback go on (" + by + ")"
}

// clear puts a stack up for deletion, so that what it held can be made again; why
// says what is wrong with it, for whoever is asked.
func (b *builder) clear(name, why string) {
	if b.cleared[name] {
		return
	}
	b.cleared[name] = true
	b.plan.Deletions = append(b.plan.Deletions, "the stack "+name+" "+why)
	b.add(part{Step: labelled(rules.DeleteStack, name, name), Action: Delete, Title: fmt.Sprintf("stack %s, which %s", name, why),
		Typical: typicalDelete, Timeout: timeoutGroup,
		Run: &steps.Delete{Resource: "stack", Name: name}})
}

// failedStack says why a stack is cleared whose resource does not stand either.
func (b *builder) failedStack(name, what string) string {
	if b.phase(name) == observe.Failed {
		return "is " + b.live.Stacks[name].Status
	}
	return "holds " + what
}

// settled awaits a stack that is under way.
func (b *builder) settled(name string) {
	b.add(part{Step: labelled(rules.StackSettled, name, name), Action: Await, Title: fmt.Sprintf("stack %s, which is %s", name, b.live.Stacks[name].Status),
		Typical: typicalSettle, Timeout: timeoutUpdate,
		Run: &steps.StackWait{Name: name}})
}

// gone awaits a thing that is being deleted by somebody else; it is never deleted here.
func (b *builder) gone(kind, resource, name, of string) {
	b.add(part{Step: labelled(kind, name, of), Action: Await, Title: fmt.Sprintf("%s %s gone, which is being deleted", what[resource], name),
		Typical: typicalDelete, Timeout: timeoutGroup,
		Run: &steps.Delete{Resource: resource, Name: name, Begun: true}})
}

// discard deletes a thing without a stack that failed, so that it can be made again.
func (b *builder) discard(kind, resource, name, status string) {
	b.plan.Deletions = append(b.plan.Deletions, fmt.Sprintf("the %s %s is %s", what[resource], name, status))
	b.add(part{Step: labelled(kind, name, resource+"/"+name), Action: Delete, Title: fmt.Sprintf("%s %s, which is %s", what[resource], name, status),
		Typical: typicalDelete, Timeout: timeoutGroup,
		Run: &steps.Delete{Resource: resource, Name: name}})
}

// what are the words for what steps.Delete deletes.
var what = map[string]string{"stack": "stack", "addon": "add-on", "fargate-profile": "Fargate profile", "nodegroup": "node group"}

// unsettled tells whether what is live of an element of a list of the file, or of the
// cluster itself (""), may change without anybody's doing: an update is under way, and
// ends one way or the other. What is being created is what it will be.
func (b *builder) unsettled(list, key string) bool {
	switch list {
	case "":
		return b.live.Cluster != nil && b.live.Cluster.Status == "UPDATING"
	case "managedNodeGroups":
		g := b.live.Groups[key]
		return g != nil && g.Status == "UPDATING" || b.phase(b.groupStack(key)) == observe.Changing
	case "addons":
		a := b.live.Addons[key]
		return a != nil && a.Status == "UPDATING"
	}
	return false
}
