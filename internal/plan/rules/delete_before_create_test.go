package rules

import "testing"

func TestAFailedStackGoesBeforeItsSuccessor(t *testing.T) {
	expect(t, deleteBeforeCreate, "",
		[]Step{{Kind: DeleteStack, Name: "s", Stack: "s"}, {Kind: NodeGroup, Name: "g", Stack: "s"}, {Kind: NodeGroup, Name: "h", Stack: "t"}},
		[]string{"nodegroup/g < delete-stack/s"},
		[]string{"nodegroup/h < delete-stack/s"})
}
