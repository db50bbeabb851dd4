package ec2_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	sim "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Images carry the publisher's names, so that filters by name find them, each holding
// its own minor.
func TestImagesAreFoundByTheirNames(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	for filter, want := range map[string]string{
		"amazon-eks-node-al2023-x86_64-standard-1.34-*": "1.34", "amazon-eks-node-1.32-v*": "1.32", "amazon-eks-arm64-node-1.31-v*": "1.31",
		"bottlerocket-aws-k8s-1.35-x86_64-*": "1.35", "Windows_Server-2022-English-Core-EKS_Optimized-1.33-*": "1.33",
		"ubuntu-eks/k8s_1.34/images/*-amd64-*": "1.34", "amazon-eks-node-1.33-v*": "",
	} {
		out, err := r.AWS.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Filters: []types.Filter{{Name: new("name"), Values: []string{filter}}}})
		if err != nil {
			t.Fatal(err)
		}
		if want == "" {
			if len(out.Images) != 0 {
				t.Errorf("%s: %d images", filter, len(out.Images))
			}
			continue
		}
		if len(out.Images) != 1 || sim.MinorOf(*out.Images[0].Name) != want {
			t.Errorf("%s: %v", filter, out.Images)
		}
	}
}
