package eks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"

	ec2sdk "github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// ownTemplate is a launch template of the user's own, with an image where it names one.
func (l life) ownTemplate(name string, image *string) *types.LaunchTemplateSpecification {
	l.t.Helper()
	out, err := l.Region.Region.EC2.CreateLaunchTemplate(nil, &ec2sdk.CreateLaunchTemplateInput{LaunchTemplateName: &name,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: image}})
	l.refused("", err)
	return &types.LaunchTemplateSpecification{Id: out.LaunchTemplate.LaunchTemplateId, Version: new("1")}
}

// grouped asks for a group of one node, unless it says otherwise.
func (l life) grouped(name string, in eks.CreateNodegroupInput) error {
	in.ClusterName, in.NodegroupName, in.NodeRole, in.Subnets = new("c"), &name, new(nodes), []string{subnetA}
	if in.ScalingConfig == nil {
		in.ScalingConfig = &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(2)), DesiredSize: new(int32(1))}
	}
	_, err := l.AWS.EKS.CreateNodegroup(l.t.Context(), &in)
	return err
}

// A group is of a release that there is, of its own minor, and its nodes run the AMI and the
// kubelet of that release.
func TestAGroupIsOfAReleaseThatThereIs(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	for release, ami := range map[string]types.AMITypes{"1.34.3-20260901": types.AMITypesAl2023X8664Standard, "1.35.2-20261101": types.AMITypesAl2023X8664Standard,
		"1.34-2026.11.12": types.AMITypesAl2023X8664Standard, "1.49.9-8f2a9c71": types.AMITypesBottlerocketX8664, "latest": types.AMITypesWindowsCore2022X8664} {
		err := l.grouped("g", eks.CreateNodegroupInput{AmiType: ami, ReleaseVersion: &release})
		l.refused("InvalidParameterException", err)
		l.says("Requested release version "+release+" is not valid for kubernetes version 1.34.", err)
	}
	for name, x := range map[string]struct {
		ami     types.AMITypes
		release string
	}{"b": {types.AMITypesBottlerocketX8664, "1.47.0-5d41c0be"}, "w": {types.AMITypesWindowsCore2022X8664, "1.34-2026.09.10"}} {
		l.refused("", l.grouped(name, eks.CreateNodegroupInput{AmiType: x.ami, ReleaseVersion: &x.release}))
	}
	_, err := l.AWS.IAM.AttachRolePolicy(t.Context(), &iamsdk.AttachRolePolicyInput{RoleName: new("nodes"),
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")})
	l.refused("", err)
	for _, a := range []string{"vpc-cni", "kube-proxy"} {
		_, err := l.addon(eks.CreateAddonInput{AddonName: &a})
		l.refused("", err)
	}
	l.refused("", l.grouped("g", eks.CreateNodegroupInput{ReleaseVersion: new("1.34.0-20260101")}))
	l.after(10 * time.Minute)
	l.expect("the release", *l.described().ReleaseVersion, "1.34.0-20260101")
	image := func() (kubelet, ami string) {
		for _, n := range kubeapi.List[corev1.Node](l.kube()) {
			if n.Labels["eks.amazonaws.com/nodegroup"] == "g" && !n.Spec.Unschedulable {
				kubelet, _, _ = strings.Cut(n.Status.NodeInfo.KubeletVersion, "-")
				out, err := l.AWS.EC2.DescribeImages(t.Context(), &ec2sdk.DescribeImagesInput{ImageIds: []string{n.Labels["eks.amazonaws.com/nodegroup-image"]}})
				l.refused("", err)
				ami = *out.Images[0].Name
			}
		}
		return kubelet, ami
	}
	if k, ami := image(); k != "v1.34.0" || ami != "amazon-eks-node-al2023-x86_64-standard-1.34-v20260101" {
		t.Errorf("its nodes run %s of %s", k, ami)
	}
	for _, release := range []string{"1.34.3-20260901", "1.35.2-20261101"} {
		_, err := l.roll(eks.UpdateNodegroupVersionInput{ReleaseVersion: &release})
		l.refused("InvalidParameterException", err)
		l.says("Requested release version "+release+" is not valid for kubernetes version 1.34.", err)
	}
	_, err = l.roll(eks.UpdateNodegroupVersionInput{ReleaseVersion: new("1.34.2-20260901")})
	l.refused("", err)
	l.after(time.Hour)
	if k, ami := image(); k != "v1.34.2" || ami != "amazon-eks-node-al2023-x86_64-standard-1.34-v20260901" || *l.described().ReleaseVersion != "1.34.2-20260901" {
		t.Errorf("after its update its nodes run %s of %s, and it is %s", k, ami, *l.described().ReleaseVersion)
	}
}

// A group whose AMI is the user's own takes neither a version nor a release, and no update
// without another version of its template, which is named once.
func TestACustomAMISaysItsVersionItself(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	out, err := l.AWS.EC2.DescribeImages(t.Context(), &ec2sdk.DescribeImagesInput{Filters: []ec2types.Filter{{Name: new("name"),
		Values: []string{"amazon-eks-node-al2023-x86_64-standard-1.34-v20260101"}}}})
	l.refused("", err)
	own := l.ownTemplate("own", out.Images[0].ImageId)
	twice := &types.LaunchTemplateSpecification{Id: own.Id, Name: new("own"), Version: new("1")}
	for want, in := range map[string]eks.CreateNodegroupInput{
		"You cannot specify a kubernetes version to use when specifying an image id to use within the launch template.": {LaunchTemplate: own, Version: new("1.34")},
		"You cannot specify a release version":                                             {LaunchTemplate: own, ReleaseVersion: new("1.34.4-20261101")},
		"Launch template details can't be null for Custom ami type node group":             {AmiType: types.AMITypesCustom},
		"Either provide launch template ID or launch template name in the request.":        {LaunchTemplate: twice},
		"You cannot specify an AMI Type other than CUSTOM, when specifying an image id in": {LaunchTemplate: own, AmiType: types.AMITypesAl2023X8664Standard},
	} {
		err := l.grouped("g", in)
		l.refused("InvalidParameterException", err)
		l.says(want, err)
	}
	none := &types.NodegroupScalingConfig{MinSize: new(int32(0)), MaxSize: new(int32(2)), DesiredSize: new(int32(0))}
	l.refused("", l.grouped("g", eks.CreateNodegroupInput{ScalingConfig: none,
		LaunchTemplate: &types.LaunchTemplateSpecification{Name: new("own"), Version: new("1")}}))
	l.after(10 * time.Minute)
	l.expect("the group", l.groupIs(), "ACTIVE")
	for want, in := range map[string]eks.UpdateNodegroupVersionInput{
		"You cannot specify the field kubernetesVersion when using custom AMIs.":    {Version: new("1.34"), LaunchTemplate: own},
		"You cannot specify the field releaseVersion when using custom AMIs.":       {ReleaseVersion: new("1.34.4-20261101"), LaunchTemplate: own},
		"Launch template details can't be null for Custom ami type node group":      {},
		"Either provide launch template ID or launch template name in the request.": {LaunchTemplate: twice},
	} {
		_, err := l.roll(in)
		l.refused("InvalidParameterException", err)
		l.says(want, err)
	}
	_, err = l.roll(eks.UpdateNodegroupVersionInput{LaunchTemplate: own})
	l.refused("", err)
}
