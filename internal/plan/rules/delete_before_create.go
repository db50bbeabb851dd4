package rules

import "slices"

var deleteBeforeCreate = Rule{
	Name:    "delete-before-create",
	Reason:  "a stack that failed to be created can only be deleted and made again",
	Source:  "CloudFormation: CREATE_FAILED and ROLLBACK_COMPLETE stacks take no update (facts/eksctl.md §5, #8712)",
	Checked: "2026-11-22",
	Apply: func(d *Draft) {
		for _, del := range d.Of(StackSettled, DeleteGroup, DeleteStack, DeleteAddon, DeleteProfile) {
			reason := "what failed under that name goes first"
			if d.Steps[del].Kind == StackSettled {
				reason = "what is under way ends first"
			}
			for _, id := range d.Order {
				s := d.Steps[id]
				if s.Of == "" || s.Of != d.Steps[del].Of || slices.Contains([]string{StackSettled, DeleteGroup, DeleteAddon, DeleteProfile}, s.Kind) {
					continue
				}
				if s.Kind != DeleteStack || d.Steps[del].Kind != DeleteStack {
					d.Wait(id, del, reason)
				}
			}
		}
	},
}
