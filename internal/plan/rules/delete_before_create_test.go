package rules

import "testing"

func TestAFailedStackGoesBeforeItsSuccessor(t *testing.T) {
	expect(t, deleteBeforeCreate, "",
		[]Step{{Kind: DeleteStack, Name: "s", Of: "s"}, {Kind: NodeGroup, Name: "g", Of: "s"}, {Kind: NodeGroup, Name: "h", Of: "t"}},
		[]string{"nodegroup/g < delete-stack/s"},
		[]string{"nodegroup/h < delete-stack/s"})
	expect(t, deleteBeforeCreate, "",
		[]Step{{Kind: DeleteGroup, Name: "g", Of: "s"}, {Kind: DeleteStack, Name: "s", Of: "s"}, {Kind: NodeGroup, Name: "g", Of: "s"}, {Kind: StackSettled, Name: "t", Of: "t"}, {Kind: GroupUpdate, Name: "h", Of: "t"}, {Kind: DeleteAddon, Name: "a", Of: "addon/a"}, {Kind: Addon, Name: "a", Of: "addon/a"}},
		[]string{"delete-stack/s < delete-nodegroup/g", "nodegroup/g < delete-stack/s", "nodegroup-update/h < stack-settled/t", "addon/a < delete-addon/a"},
		[]string{"addon/a < delete-stack/s", "delete-nodegroup/g < delete-stack/s"})
}
