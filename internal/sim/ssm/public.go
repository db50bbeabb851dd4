package ssm

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// public is a parameter that AWS publishes, or nil.
func (s *SSM) public(name string) *types.Parameter {
	v := published()[name]
	if v == "" {
		v = ubuntu(name)
	}
	if v == "" {
		return nil
	}
	return &types.Parameter{Name: new(name), Value: new(v), Type: types.ParameterTypeString, DataType: new("text"), Version: 1,
		LastModifiedDate: new(time.Unix(1760000000, 0).UTC()), ARN: new("arn:" + s.Partition + ":ssm:" + s.Region + "::parameter" + name)}
}

// names of all that AWS publishes here, in order.
var names = sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(published())) })

// published are the values of the parameters that AWS publishes, by name. Of each release of an
// AMI there are, beside those of the newest (EKS user guide, "Retrieve recommended Amazon Linux
// AMI IDs" and its neighbours; Bottlerocket, "Finding an AMI"; Karpenter's amifamily reads the
// names of releases):
//
//	/aws/service/eks/optimized-ami/<minor>/amazon-linux-2023/<arch>/<kind>/<recommended or image name>/image_id (image_name, release_version),
//	/aws/service/eks/optimized-ami/<minor>/amazon-linux-2[-gpu|-arm64]/<recommended or image name>/image_id (the same; to 1.32),
//	/aws/service/bottlerocket/aws-k8s-<minor>[-fips|-nvidia]/<arch>/<latest, version or version-commit>/image_id (image_version),
//	/aws/service/ami-windows-latest/Windows_Server-<year>-English-<kind>-EKS_Optimized-<minor>/image_id, of the newest alone,
//	/aws/service/canonical/ubuntu/eks/22.04/<minor>/stable/current/<arch>/hvm/ebs-gp2/ami-id.
var published = sync.OnceValue(func() map[string]string {
	p := table{}
	for minor := range ec2.Kubernetes {
		eks, bottlerocket := "/aws/service/eks/optimized-ami/"+minor+"/", "/aws/service/bottlerocket/aws-k8s-"+minor
		for _, x := range [][3]string{{"amazon-linux-2", "", "x86_64"}, {"amazon-linux-2-arm64", "", "arm64"}, {"amazon-linux-2-gpu", "gpu", "x86_64"}} {
			p.amazon(eks+x[0]+"/", variant("amazon-eks-node-al2", x[1]), x[2], minor)
		}
		for _, arch := range []string{"arm64", "x86_64"} {
			for _, kind := range []string{"", "neuron", "nvidia"} {
				folder := eks + "amazon-linux-2023/" + arch + "/standard/"
				if kind != "" {
					folder = eks + "amazon-linux-2023/" + arch + "/" + kind + "/"
				}
				p.amazon(folder, variant("amazon-eks-node-al2023", kind), arch, minor)
			}
			for _, v := range []string{"", "fips", "nvidia", "nvidia-fips"} {
				p.bottlerocket(strings.TrimSuffix(bottlerocket+"-"+v, "-")+"/"+arch+"/", variant("bottlerocket", v), arch, minor)
			}
		}
		for _, x := range []string{"2019-English-Core", "2019-English-Full", "2022-English-Core", "2022-English-Full", "2025-English-Core", "2025-English-Full"} {
			p["/aws/service/ami-windows-latest/Windows_Server-"+x+"-EKS_Optimized-"+minor+"/image_id"] =
				ec2.ImageID(variant("windows", strings.Replace(x, "2022-English-Core", "", 1)), "x86_64", minor)
		}
		for _, arch := range []string{"amd64", "arm64"} {
			name := "/aws/service/canonical/ubuntu/eks/22.04/" + minor + "/stable/current/" + arch + "/hvm/ebs-gp2/ami-id"
			p[name] = ubuntu(name)
		}
	}
	return p
})

// table are parameters' values by their names.
type table map[string]string

// amazon adds what there is of EKS's own AMIs of a family, in a folder.
func (p table) amazon(folder, family, arch, minor string) {
	if !ec2.Published(family, arch, minor) {
		return
	}
	newest := ec2.Release(family, minor)
	for _, r := range slices.Backward(ec2.Releases(family, minor)) { // the newest of a day has the AMI
		image := ec2.ImageName(family, arch, minor, r)
		for _, at := range []string{image, "recommended"} {
			if at == image || r == newest {
				p[folder+at+"/image_id"], p[folder+at+"/image_name"], p[folder+at+"/release_version"] = ec2.ImageOf(family, arch, minor, r), image, r
			}
		}
	}
}

// bottlerocket adds what there is of its AMIs, in a folder: by a version, with its commit too.
func (p table) bottlerocket(folder, family, arch, minor string) {
	if !ec2.Published(family, arch, minor) {
		return
	}
	newest := ec2.Release(family, minor)
	for _, r := range ec2.Releases(family, minor) {
		version, _, _ := strings.Cut(r, "-")
		for _, at := range []string{version, r, "latest"} {
			if at != "latest" || r == newest {
				p[folder+at+"/image_id"], p[folder+at+"/image_version"] = ec2.ImageOf(family, arch, minor, r), r
			}
		}
	}
}

// ubuntu is the AMI that Canonical publishes at a name, or "":
// /aws/service/canonical/ubuntu/[pro-]eks[-pro]/<release>/<minor>/stable/current/<arch>/hvm/ebs-*/ami-id.
func ubuntu(name string) string {
	p := strings.Split(strings.TrimPrefix(name, "/"), "/")
	if len(p) < 7 || p[2] != "canonical" || p[len(p)-1] != "ami-id" {
		return ""
	}
	arch := "x86_64"
	if slices.Contains(p, "arm64") {
		arch = "arm64"
	}
	if i := slices.IndexFunc(p, func(x string) bool { return ec2.Kubernetes[x] != "" }); i > 0 && ec2.Published("ubuntu", arch, p[i]) {
		return ec2.ImageID("ubuntu", arch, p[i])
	}
	return ""
}

// variant names a family's variant as ec2 does.
func variant(family, v string) string {
	if v == "" {
		return family
	}
	return family + ":" + v
}
