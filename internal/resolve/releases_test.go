package resolve_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/resolve"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// What is published of an AMI type, and of an AMI by its name, is found at SSM: each place
// that is named exists there.
func TestPublishedReleases(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	for ami, want := range map[string]string{
		"AL2023_x86_64_STANDARD":        "/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/x86_64/standard/recommended/image_id",
		"AL2023_ARM_64_NVIDIA":          "/aws/service/eks/optimized-ami/1.32/amazon-linux-2023/arm64/nvidia/recommended/image_id",
		"AL2_x86_64":                    "/aws/service/eks/optimized-ami/1.32/amazon-linux-2/recommended/image_id",
		"AL2_x86_64_GPU":                "/aws/service/eks/optimized-ami/1.32/amazon-linux-2-gpu/recommended/image_id",
		"AL2_ARM_64":                    "/aws/service/eks/optimized-ami/1.32/amazon-linux-2-arm64/recommended/image_id",
		"BOTTLEROCKET_x86_64":           "/aws/service/bottlerocket/aws-k8s-1.32/x86_64/latest/image_id",
		"BOTTLEROCKET_ARM_64_FIPS":      "/aws/service/bottlerocket/aws-k8s-1.32-fips/arm64/latest/image_id",
		"BOTTLEROCKET_x86_64_NVIDIA":    "/aws/service/bottlerocket/aws-k8s-1.32-nvidia/x86_64/latest/image_id",
		"WINDOWS_CORE_2022_x86_64":      "/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.32/image_id",
		"CUSTOM":                        "",
		"SOMETHING_THAT_COMES_TOMORROW": "",
	} {
		p := resolve.OfAMIType(ami, "1.32")
		if p.Image != want {
			t.Errorf("%s: %s, expected %s", ami, p.Image, want)
		}
		if want == "" {
			continue
		}
		got, err := resolve.Published(t.Context(), r.AWS, []string{p.Image, p.Release})
		if err != nil || got[p.Image] == "" || p.Release != "" && got[p.Release] == "" {
			t.Errorf("%s: %v %v", ami, got, err)
			continue
		}
		images, err := resolve.Images(t.Context(), r.AWS, []string{got[p.Image], "ami-0123456789abcdef0"})
		if err != nil || len(images) != 1 {
			t.Errorf("%s: %v %v", ami, images, err)
		}
		for _, i := range images { // an AMI's name leads where its type does
			if again := resolve.OfImage(i.Name); again != p {
				t.Errorf("%s: %+v leads to %v, and its type to %v", ami, i, again, p)
			}
		}
	}
	if p := resolve.OfImage("our-own-image"); p != (resolve.Publication{}) {
		t.Errorf("%+v", p)
	}
}

// The newest release of a kind is the one that EKS itself takes; of one without a parameter,
// its AMI's name says it.
func TestNewestRelease(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	for ami, family := range map[string]string{"AL2023_x86_64_STANDARD": "amazon-eks-node-al2023", "BOTTLEROCKET_ARM_64": "bottlerocket",
		"WINDOWS_CORE_2022_x86_64": "windows", "CUSTOM": ""} {
		got, err := resolve.NewestRelease(t.Context(), r.AWS, ami, "1.34")
		want := ""
		if family != "" {
			want = ec2.Release(family, "1.34")
		}
		if err != nil || got != want {
			t.Errorf("%s: %q %v, expected %q", ami, got, err, want)
		}
	}
}

// One release of an AMI type is found at SSM, where the region has it; of one that is none, nothing is.
func TestOneRelease(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	for ami, family := range map[string]string{"AL2023_x86_64_STANDARD": "amazon-eks-node-al2023", "AL2023_ARM_64_NVIDIA": "amazon-eks-node-al2023:nvidia",
		"AL2_x86_64": "amazon-eks-node-al2", "AL2_x86_64_GPU": "amazon-eks-node-al2:gpu", "AL2_ARM_64": "amazon-eks-node-al2",
		"BOTTLEROCKET_x86_64": "bottlerocket", "BOTTLEROCKET_ARM_64_FIPS": "bottlerocket:fips"} {
		all := ec2.Releases(family, "1.32")
		for i, release := range []string{all[0], all[len(all)-1], "1.32.0-20990101"} {
			at := resolve.OfRelease(ami, "1.32", release)
			got, err := resolve.Published(t.Context(), r.AWS, []string{at})
			if err != nil || at == "" || (got[at] == release) != (i < 2) {
				t.Errorf("%s %s: %q has %v, %v", ami, release, at, got, err)
			}
		}
	}
	for _, x := range [][2]string{{"WINDOWS_CORE_2022_x86_64", "1.32-2026.11.12"}, {"CUSTOM", "1.32.0-20990101"}, {"AL2023_x86_64_STANDARD", "newest"}} {
		if at := resolve.OfRelease(x[0], "1.32", x[1]); at != "" {
			t.Errorf("%v: %s", x, at)
		}
	}
}
