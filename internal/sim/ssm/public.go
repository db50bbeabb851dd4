package ssm

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// public is a parameter that AWS publishes, or nil.
func (s *SSM) public(name string) *types.Parameter {
	v := s.value(name)
	if v == "" {
		return nil
	}
	return &types.Parameter{Name: new(name), Value: new(v), Type: types.ParameterTypeString, DataType: new("text"), Version: 1,
		LastModifiedDate: new(time.Unix(1760000000, 0).UTC()), ARN: new("arn:" + s.Partition + ":ssm:" + s.Region + "::parameter" + name)}
}

// published are the names of all that AWS publishes here, in order.
var published = func() []string {
	var out []string
	for _, minor := range slices.Sorted(maps.Keys(ec2.Kubernetes)) {
		eks, bottlerocket := "/aws/service/eks/optimized-ami/"+minor+"/", "/aws/service/bottlerocket/aws-k8s-"+minor
		for _, x := range []string{"amazon-linux-2", "amazon-linux-2-arm64", "amazon-linux-2-gpu"} {
			out = append(out, names(eks+x+"/recommended/", "image_id", "image_name", "release_version")...)
		}
		for _, x := range []string{"arm64/nvidia", "arm64/standard", "x86_64/neuron", "x86_64/nvidia", "x86_64/standard"} {
			out = append(out, names(eks+"amazon-linux-2023/"+x+"/recommended/", "image_id", "image_name", "release_version")...)
		}
		for _, variant := range []string{"", "-fips", "-nvidia", "-nvidia-fips"} {
			for _, arch := range []string{"arm64", "x86_64"} {
				out = append(out, names(bottlerocket+variant+"/"+arch+"/latest/", "image_id", "image_version")...)
			}
		}
		for _, x := range []string{"2019-English-Core", "2019-English-Full", "2022-English-Core", "2022-English-Full", "2025-English-Core", "2025-English-Full"} {
			out = append(out, "/aws/service/ami-windows-latest/Windows_Server-"+x+"-EKS_Optimized-"+minor+"/image_id")
		}
		for _, arch := range []string{"amd64", "arm64"} {
			out = append(out, "/aws/service/canonical/ubuntu/eks/22.04/"+minor+"/stable/current/"+arch+"/hvm/ebs-gp2/ami-id")
		}
	}
	slices.Sort(out)
	return out
}()

func names(prefix string, last ...string) []string {
	var out []string
	for _, l := range last {
		out = append(out, prefix+l)
	}
	return out
}

// value knows the published paths, of which the last part says what of an AMI is asked:
// /aws/service/eks/optimized-ami/<minor>/amazon-linux-2023/<arch>/<kind>/recommended/image_id (image_name, release_version),
// /aws/service/eks/optimized-ami/<minor>/amazon-linux-2[-gpu|-arm64]/recommended/image_id (the same; to 1.32),
// /aws/service/bottlerocket/aws-k8s-<minor>[-fips|-nvidia]/<arch>/latest/image_id (image_version),
// /aws/service/ami-windows-latest/Windows_Server-<year>-English-<kind>-EKS_Optimized-<minor>/image_id,
// /aws/service/canonical/ubuntu/[pro-]eks[-pro]/<release>/<minor>/stable/current/<arch>/hvm/ebs-*/ami-id.
func (s *SSM) value(name string) string {
	p := strings.Split(strings.Trim(name, "/"), "/")
	arch := "x86_64"
	if strings.Contains(name, "arm64") {
		arch = "arm64"
	}
	family, minor := "", ""
	switch {
	case len(p) >= 7 && p[2] == "eks" && p[3] == "optimized-ami" && slices.Contains(p, "recommended"):
		minor, family = p[4], "amazon-eks-node-al2"
		if p[5] == "amazon-linux-2023" && len(p) > 8 {
			family = variant("amazon-eks-node-al2023", strings.Replace(p[7], "standard", "", 1))
		} else if p[5] == "amazon-linux-2-gpu" {
			family = variant(family, "gpu")
		}
	case len(p) >= 7 && p[2] == "bottlerocket":
		var v string
		minor, v, _ = strings.Cut(strings.TrimPrefix(p[3], "aws-k8s-"), "-")
		family = variant("bottlerocket", v)
	case len(p) >= 5 && p[2] == "ami-windows-latest":
		var v string
		v, minor, _ = strings.Cut(strings.TrimPrefix(p[3], "Windows_Server-"), "-EKS_Optimized-")
		family = variant("windows", strings.Replace(v, "2022-English-Core", "", 1))
	case len(p) >= 7 && p[2] == "canonical":
		if i := slices.IndexFunc(p, func(x string) bool { return ec2.Kubernetes[x] != "" }); i > 0 {
			minor, family = p[i], "ubuntu"
		}
	}
	if !ec2.Published(family, arch, minor) {
		return ""
	}
	return about(family, arch, minor, p[len(p)-1])
}

// variant names a family's variant as ec2 does.
func variant(family, v string) string {
	if v == "" {
		return family
	}
	return family + ":" + v
}

// about is one thing that is published of an AMI, or "" for what is not.
func about(family, arch, minor, what string) string {
	switch {
	case what == "image_id" && family != "ubuntu", what == "ami-id" && family == "ubuntu":
		return ec2.ImageID(family, arch, minor)
	case what == "image_name" && strings.HasPrefix(family, "amazon"):
		return ec2.ImageName(family, arch, minor)
	case what == "release_version" && strings.HasPrefix(family, "amazon"), what == "image_version" && strings.HasPrefix(family, "bottlerocket"):
		return ec2.Release(family, minor)
	}
	return ""
}
