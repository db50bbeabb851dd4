package rules

var deleteBeforeCreate = Rule{
	Name:    "delete-before-create",
	Reason:  "a stack that failed to be created can only be deleted and made again",
	Source:  "CloudFormation: CREATE_FAILED and ROLLBACK_COMPLETE stacks take no update (facts/eksctl.md §5, #8712)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, del := range d.Of(DeleteStack) {
			for _, id := range d.Order {
				s := d.Steps[id]
				if s.Kind != DeleteStack && s.Stack != "" && s.Stack == d.Steps[del].Stack {
					d.Wait(id, del, "the failed stack of that name goes first")
				}
			}
		}
	},
}
