package cfn

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/events"
)

// putRule makes the rule of the template, or changes it.
func (o *op) putRule(name string) (string, error) {
	in := &events.PutRuleInput{}
	if err := bind(o.without("Targets", "Tags"), in); err != nil {
		return "", o.invalidProperties(err)
	}
	in.Name = &name
	if o.Do == creates {
		in.Tags = list(o.userTags(), eventsTag)
	}
	out, err := call(o, o.env.Events.PutRule, in)
	if err != nil {
		return "", err
	}
	return *out.RuleArn, nil
}

// putTargets gives the rule its targets; those of the old template that are no longer
// among them go.
func (o *op) putTargets(name string) error {
	var now, was []events.Target
	if err := bind(o.props["Targets"], &now); err != nil {
		return o.invalidProperties(err)
	}
	if err := bind(o.old["Targets"], &was); err != nil {
		return o.invalidProperties(err)
	}
	ids := func(ts []events.Target) []string {
		var out []string
		for _, t := range ts {
			out = append(out, aws.ToString(t.Id))
		}
		return out
	}
	if left := difference(ids(was), ids(now)); len(left) > 0 {
		if _, err := call(o, o.env.Events.RemoveTargets, &events.RemoveTargetsInput{Rule: &name, EventBusName: o.opt("EventBusName"), Ids: left}); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(now, 10) {
		if _, err := call(o, o.env.Events.PutTargets, &events.PutTargetsInput{Rule: &name, EventBusName: o.opt("EventBusName"), Targets: some}); err != nil {
			return err
		}
	}
	return nil
}

func createRule(o *op) (progress, error) {
	name := o.name("Name", 64)
	arn, err := o.putRule(name)
	if err != nil {
		return progress{}, err
	}
	o.made(name)
	if err := o.putTargets(name); err != nil {
		return progress{}, err
	}
	return after(quick, name, values{"Arn": arn})
}

func updateRule(o *op) (progress, error) {
	_, err := o.putRule(o.phys)
	if err == nil {
		err = o.putTargets(o.phys)
	}
	return until(err == nil, err, o.phys, nil)
}

// deleteRule takes the targets away first: a rule that has some cannot be deleted.
func deleteRule(o *op) (progress, error) {
	var ids []string
	for _, t := range listOf(o.props["Targets"]) {
		if id, ok := t["Id"].(string); ok {
			ids = append(ids, id)
		}
	}
	bus := o.opt("EventBusName")
	if len(ids) > 0 {
		if _, err := call(o, o.env.Events.RemoveTargets, &events.RemoveTargetsInput{Rule: new(o.phys), EventBusName: bus, Ids: ids}); err != nil {
			return gone(err)
		}
	}
	_, err := call(o, o.env.Events.DeleteRule, &events.DeleteRuleInput{Name: new(o.phys), EventBusName: bus})
	return gone(err)
}
