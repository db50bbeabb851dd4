package eksfacts

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// Each issue of a node group that EKS's API names has its cause in words.
func TestEveryIssueHasItsCause(t *testing.T) {
	for _, code := range types.NodegroupIssueCode("").Values() {
		if a, ok := AilmentOf(string(code)); !ok || a.Cause == "" {
			t.Errorf("%s has none", code)
		}
	}
}
