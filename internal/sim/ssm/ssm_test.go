package ssm_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// Every published path of an AMI leads to an image of that architecture which the
// region has; what is not published, or no longer, is not found.
func TestParametersLeadToImages(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	const eks, bottlerocket = "/aws/service/eks/optimized-ami/", "/aws/service/bottlerocket/aws-k8s-"
	for name, arch := range map[string]string{
		eks + "1.34/amazon-linux-2023/x86_64/standard/recommended/image_id":                                           "x86_64",
		eks + "1.34/amazon-linux-2023/arm64/standard/recommended/image_id":                                            "arm64",
		eks + "1.34/amazon-linux-2023/x86_64/nvidia/recommended/image_id":                                             "x86_64",
		eks + "1.32/amazon-linux-2/recommended/image_id":                                                              "x86_64",
		bottlerocket + "1.34/x86_64/latest/image_id":                                                                  "x86_64",
		bottlerocket + "1.34-nvidia/arm64/latest/image_id":                                                            "arm64",
		"/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id":                "x86_64",
		"/aws/service/canonical/ubuntu/eks/22.04/1.34/stable/current/amd64/hvm/ebs-gp2/ami-id":                        "x86_64",
		eks + "1.34/amazon-linux-2023/x86_64/standard/amazon-eks-node-al2023-x86_64-standard-1.34-v20260101/image_id": "x86_64",
		eks + "1.31/amazon-linux-2-arm64/amazon-eks-arm64-node-1.31-v20260601/image_id":                               "arm64",
		bottlerocket + "1.34-fips/arm64/1.44.1-0a96e3f2/image_id":                                                     "arm64",
		bottlerocket + "1.35/x86_64/1.39.0/image_id":                                                                  "", // older than 1.35
		eks + "1.34/amazon-linux-2023/x86_64/standard/amazon-eks-node-al2023-x86_64-standard-1.34-v20260102/image_id": "",
		eks + "1.34/amazon-linux-2/recommended/image_id":                                                              "", // ended with 1.32
		eks + "1.99/amazon-linux-2023/x86_64/standard/recommended/image_id":                                           "",
		bottlerocket + "1.99/x86_64/latest/image_id":                                                                  "",
		"/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.99/image_id":                "",
		"/aws/service/eks": "",
		"mine":             "",
		"/aws/service/eks/optimized-ami//amazon-linux-2023/x86_64/standard/recommended/image_id": "",
	} {
		out, err := r.AWS.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
		if e := smithy.APIError(nil); arch == "" {
			if !errors.As(err, &e) || e.ErrorCode() != "ParameterNotFound" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		images, err := r.AWS.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{*out.Parameter.Value}})
		if err != nil || len(images.Images) != 1 || string(images.Images[0].Architecture) != arch {
			t.Errorf("%s leads to %s: %v", name, *out.Parameter.Value, err)
		}
	}
}

// Of an AMI its release and name are published beside it, which is what node groups are
// upgraded by.
func TestReleasesAreVersionsAndNoImages(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	const eks, bottlerocket = "/aws/service/eks/optimized-ami/", "/aws/service/bottlerocket/aws-k8s-"
	for name, want := range map[string]string{
		eks + "1.34/amazon-linux-2023/x86_64/standard/recommended/release_version": `^1\.34\.4-\d{8}$`,
		eks + "1.35/amazon-linux-2023/arm64/nvidia/recommended/release_version":    `^1\.35\.2-\d{8}$`,
		eks + "1.32/amazon-linux-2-arm64/recommended/release_version":              `^1\.32\.11-\d{8}$`,
		eks + "1.34/amazon-linux-2023/x86_64/standard/recommended/image_name":      `^amazon-eks-node-al2023-x86_64-standard-1\.34-v\d{8}$`,
		bottlerocket + "1.34/x86_64/latest/image_version":                          `^\d+\.\d+\.\d+-[0-9a-f]{8}$`,
		// Of each release there is what there is of the newest, below its AMI's name or its version.
		eks + "1.34/amazon-linux-2023/x86_64/standard/amazon-eks-node-al2023-x86_64-standard-1.34-v20260901/release_version": `^1\.34\.2-20260901$`,
		eks + "1.34/amazon-linux-2023/arm64/nvidia/amazon-eks-node-al2023-arm64-nvidia-1.34-v20261101/image_name":            `-1\.34-v20261101$`,
		eks + "1.32/amazon-linux-2-arm64/amazon-eks-arm64-node-1.32-v20260101/image_name":                                    `^amazon-eks-arm64-node-1\.32-v20260101$`,
		bottlerocket + "1.34/x86_64/1.47.0/image_version":                                                                    `^1\.47\.0-5d41c0be$`,
		bottlerocket + "1.34-nvidia/arm64/1.47.0-5d41c0be/image_version":                                                     `^1\.47\.0-5d41c0be$`,
	} {
		out, err := r.AWS.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
		if err != nil || !regexp.MustCompile(want).MatchString(*out.Parameter.Value) {
			t.Errorf("%s: %v %v", name, out, err)
		}
	}
}

// Every parameter with an image of another kind names another one, and EC2 has it.
func TestEachVariantIsAnImageOfItsOwn(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	at := map[string]string{}
	for _, name := range []string{
		"/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id", "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/nvidia/recommended/image_id",
		"/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/neuron/recommended/image_id", "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/arm64/nvidia/recommended/image_id",
		"/aws/service/eks/optimized-ami/1.32/amazon-linux-2/recommended/image_id", "/aws/service/eks/optimized-ami/1.32/amazon-linux-2-gpu/recommended/image_id",
		"/aws/service/bottlerocket/aws-k8s-1.34/x86_64/latest/image_id", "/aws/service/bottlerocket/aws-k8s-1.34-nvidia/x86_64/latest/image_id",
		"/aws/service/ami-windows-latest/Windows_Server-2022-English-Core-EKS_Optimized-1.34/image_id", "/aws/service/ami-windows-latest/Windows_Server-2019-English-Full-EKS_Optimized-1.34/image_id",
	} {
		out, err := r.AWS.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		id := *out.Parameter.Value
		if at[id] != "" {
			t.Errorf("%s is the image of %s", name, at[id])
		}
		at[id] = name
		if l, err := r.AWS.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{ImageIds: []string{id}}); err != nil || len(l.Images) != 1 {
			t.Errorf("%s: EC2 has no image %s: %v", name, id, err)
		}
	}
	none := "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/arm64/neuron/recommended/image_id"
	if _, err := r.AWS.SSM.GetParameter(t.Context(), &ssm.GetParameterInput{Name: &none}); err == nil {
		t.Error("there is no Neuron on ARM")
	}
}
