package resolve

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// Image is an AMI as EC2 has it.
type Image struct {
	Name string
	Made time.Time // zero: not known
}

// Images are the AMIs of some IDs that exist; one that was deregistered is left out.
func Images(ctx context.Context, c *awsc.Clients, ids []string) (map[string]Image, error) {
	out := map[string]Image{}
	if len(ids) == 0 {
		return out, nil
	}
	// Not by ID: one that is gone would fail the whole call.
	in := &ec2.DescribeImagesInput{Filters: []ec2types.Filter{{Name: new("image-id"), Values: ids}}}
	list, err := awsc.Collect(ctx, ec2.NewDescribeImagesPaginator(c.EC2, in), func(o *ec2.DescribeImagesOutput) []ec2types.Image { return o.Images })
	if err != nil {
		return nil, fmt.Errorf("describing the AMIs of the nodes: %w", err)
	}
	for _, i := range list {
		made, _ := time.Parse(time.RFC3339, aws.ToString(i.CreationDate))
		out[aws.ToString(i.ImageId)] = Image{aws.ToString(i.Name), made}
	}
	return out, nil
}

// Publication is where AWS publishes the newest AMI of a kind, and its release.
type Publication struct {
	Release string // SSM parameter of the release's name; "": none is published
	Image   string // SSM parameter of the AMI's ID
}

const eksImages = "/aws/service/eks/optimized-ami/"

// OfAMIType is where the AMIs of a managed group's AMI type are published, for a minor of
// Kubernetes. The zero value: nowhere, as for CUSTOM.
func OfAMIType(ami, minor string) Publication {
	words := strings.Split(ami, "_")
	arch := "x86_64"
	if strings.Contains(ami, "ARM_64") {
		arch = "arm64"
	}
	variant := strings.ToLower(words[len(words)-1]) // STANDARD, NVIDIA, NEURON, GPU, FIPS, 64
	switch {
	case strings.HasPrefix(ami, "AL2023_"):
		return recommended(eksImages + minor + "/amazon-linux-2023/" + arch + "/" + variant)
	case ami == "AL2_x86_64_GPU":
		return recommended(eksImages + minor + "/amazon-linux-2-gpu")
	case ami == "AL2_ARM_64":
		return recommended(eksImages + minor + "/amazon-linux-2-arm64")
	case strings.HasPrefix(ami, "AL2_"):
		return recommended(eksImages + minor + "/amazon-linux-2")
	case strings.HasPrefix(ami, "BOTTLEROCKET_"):
		name := "/aws/service/bottlerocket/aws-k8s-" + minor
		for _, v := range []string{"NVIDIA", "FIPS"} {
			if slices.Contains(words, v) {
				name += "-" + strings.ToLower(v)
			}
		}
		return latest(name + "/" + arch)
	case strings.HasPrefix(ami, "WINDOWS_") && len(words) > 2: // WINDOWS_CORE_2022_x86_64
		return windows(words[2], words[1][:1]+strings.ToLower(words[1][1:]), minor)
	}
	return Publication{}
}

// What the names of AMIs say (facts/eks.md; amazon-eks-ami and Bottlerocket releases).
var (
	al2023Name       = regexp.MustCompile(`^amazon-eks-node-al2023-(x86_64|arm64)-(\w+)-(1\.\d+)-v`)
	al2Name          = regexp.MustCompile(`^amazon-eks-(?:(arm64|gpu)-)?node-(1\.\d+)-v`)
	bottlerocketName = regexp.MustCompile(`^bottlerocket-aws-k8s-(1\.\d+(?:-nvidia)?(?:-fips)?)-(x86_64|aarch64|arm64)-v`)
	windowsName      = regexp.MustCompile(`^Windows_Server-(\d+)-English-(Core|Full)-EKS_Optimized-(1\.\d+)-`)
)

// OfImage is where the successors of an AMI are published, by its name. The zero value:
// nowhere, as for an AMI of one's own.
func OfImage(name string) Publication {
	if m := al2023Name.FindStringSubmatch(name); m != nil {
		return recommended(eksImages + m[3] + "/amazon-linux-2023/" + m[1] + "/" + m[2])
	}
	if m := al2Name.FindStringSubmatch(name); m != nil {
		return recommended(strings.TrimSuffix(eksImages+m[2]+"/amazon-linux-2-"+m[1], "-"))
	}
	if m := bottlerocketName.FindStringSubmatch(name); m != nil {
		return latest("/aws/service/bottlerocket/aws-k8s-" + m[1] + "/" + strings.Replace(m[2], "aarch64", "arm64", 1))
	}
	if m := windowsName.FindStringSubmatch(name); m != nil {
		return windows(m[1], m[2], m[3])
	}
	return Publication{}
}

func recommended(folder string) Publication {
	return Publication{folder + "/recommended/release_version", folder + "/recommended/image_id"}
}

func latest(folder string) Publication {
	return Publication{folder + "/latest/image_version", folder + "/latest/image_id"}
}

func windows(year, kind, minor string) Publication {
	return Publication{Image: "/aws/service/ami-windows-latest/Windows_Server-" + year + "-English-" + kind + "-EKS_Optimized-" + minor + "/image_id"}
}

// NewestRelease is the newest release that AWS publishes of a managed group's AMI type, for a
// minor of Kubernetes; "": none. Where no parameter says it (Windows), the AMI's name does.
func NewestRelease(ctx context.Context, c *awsc.Clients, amiType, minor string) (string, error) {
	p := OfAMIType(amiType, minor)
	out, err := Published(ctx, c, []string{p.Release, p.Image})
	if err != nil || p.Release != "" {
		return out[p.Release], err
	}
	id := out[p.Image]
	if id == "" {
		return "", nil
	}
	images, err := Images(ctx, c, []string{id})
	if err != nil {
		return "", err
	}
	_, release, _ := strings.Cut(images[id].Name, "-EKS_Optimized-")
	return release, nil
}

// OfRelease is the SSM parameter of one release of a managed group's AMI type, for a minor of
// Kubernetes; "": nowhere is it said which there are, as of Windows.
func OfRelease(ami, minor, release string) string {
	newest := OfAMIType(ami, minor).Release
	version, end, is := strings.Cut(release, "-")
	if !is {
		return ""
	}
	if base, is := strings.CutSuffix(newest, "/latest/image_version"); is {
		return base + "/" + version + "/image_version"
	}
	base, is := strings.CutSuffix(newest, "/recommended/release_version")
	if !is {
		return ""
	}
	words := strings.Split(base, "/")
	n := len(words)
	image := "amazon-eks" + strings.TrimPrefix(words[n-1], "amazon-linux-2") + "-node-" + minor // amazon-linux-2-gpu
	if strings.HasPrefix(ami, "AL2023_") {
		image = "amazon-eks-node-al2023-" + words[n-2] + "-" + words[n-1] + "-" + minor
	}
	return base + "/" + image + "-v" + end + "/release_version"
}

// Published reads public SSM parameters: those that are not published are left out.
func Published(ctx context.Context, c *awsc.Clients, names []string) (map[string]string, error) {
	const most = 10 // names in a request
	want := map[string]bool{}
	for _, n := range names {
		if n != "" {
			want[n] = true
		}
	}
	out := map[string]string{}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(want)), most) {
		d, err := c.SSM.GetParameters(ctx, &ssm.GetParametersInput{Names: some})
		if err != nil {
			return nil, fmt.Errorf("reading which AMI releases are published: %w", err)
		}
		for _, p := range d.Parameters {
			out[aws.ToString(p.Name)] = aws.ToString(p.Value)
		}
	}
	return out, nil
}
