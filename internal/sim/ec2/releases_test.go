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
		if len(out.Images) < 3 {
			t.Errorf("%s: %d images", filter, len(out.Images))
		}
		for _, i := range out.Images {
			if sim.MinorOf(*i.Name) != want {
				t.Errorf("%s: %s", filter, *i.Name)
			}
		}
	}
}

// Each release of a family has an AMI that was made on its day, named once; the newest made is
// the one that is recommended, and its description holds the patch of Kubernetes.
func TestReleasesHaveImages(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	out, err := r.AWS.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	if err != nil {
		t.Fatal(err)
	}
	byID, named := map[string]types.Image{}, map[string]int{}
	for _, i := range out.Images {
		byID[*i.ImageId] = i
		named[*i.Name]++
	}
	for name, n := range named {
		if n > 1 {
			t.Errorf("%d AMIs are named %s", n, name)
		}
	}
	for family, newest := range map[string]string{"amazon-eks-node-al2023": "1.34.4-20261101", "bottlerocket": "1.50.0-8f2a9c71", "windows": "1.34-2026.11.12"} {
		all, last := sim.Releases(family, "1.34"), "9"
		if len(all) < 4 || all[0] != newest || sim.Release(family, "1.34") != newest || sim.ImageOf(family, "x86_64", "1.34", newest) != sim.ImageID(family, "x86_64", "1.34") {
			t.Errorf("of %s there are %q", family, all)
		}
		for _, release := range all {
			i, there := byID[sim.ImageOf(family, "x86_64", "1.34", release)]
			if !there || *i.Name != sim.ImageName(family, "x86_64", "1.34", release) || *i.CreationDate > last {
				t.Errorf("%s %s: %+v, made before %s", family, release, i, last)
				continue
			}
			if last = *i.CreationDate; family == "amazon-eks-node-al2023" && sim.PatchOf(*i.Description) == "" {
				t.Errorf("%s says nothing of Kubernetes: %s", *i.Name, *i.Description)
			}
		}
	}
	if l := sim.Releases("bottlerocket", "1.35"); len(l) != 3 {
		t.Errorf("for 1.35, which is younger, there are %q", l)
	}
	if l := sim.Releases("windows", "1.99"); l != nil {
		t.Errorf("for a minor that there is not: %q", l)
	}
}
