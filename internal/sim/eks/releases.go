package eks

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
)

// release is the newest release of an AMI type for a minor.
func release(ami types.AMITypes, minor string) string {
	family, _, _ := amiFamily(ami)
	return ec2.Release(family, minor)
}

// checkRelease refuses a release that is none of an AMI type's for a minor: of another minor,
// or of no day that there was one. EKS has the same words for both (eksctl-io/eksctl#7976,
// InvalidParameterException; until 2021 it named the newest instead). A release that a group of
// this account has is one too, for groups may be older than what is published here.
func (s *EKS) checkRelease(ami types.AMITypes, minor, release string) error {
	family, _, _ := amiFamily(ami)
	if slices.Contains(ec2.Releases(family, minor), release) {
		return nil
	}
	for _, c := range s.clusters.All() {
		if c.groups.Find(func(g *nodegroup) bool {
			return g.AmiType == ami && *g.Version == minor && *g.ReleaseVersion == release
		}) != nil {
			return nil
		}
	}
	return invalid("Requested release version %s is not valid for kubernetes version %s.", release, minor)
}

// checkTemplateName refuses a launch template that is named twice, or not at all (eksctl-io/eksctl#5748).
func checkTemplateName(lt *types.LaunchTemplateSpecification) error {
	if lt != nil && (lt.Id == nil) == (lt.Name == nil) {
		return invalid("Either provide launch template ID or launch template name in the request.")
	}
	return nil
}

// checkCustom refuses what is said of an AMI that is the user's own: its minor and its release
// are what it holds (EKS user guide, "Launch templates", conditions of an AMI ID; the words of an
// update: eksctl-io/eksctl#5748 and aws-samples/eks-cluster-upgrade#123).
func checkCustom(version, release *string, lt *types.LaunchTemplateSpecification) error {
	switch {
	case version != nil:
		return invalid("You cannot specify the field kubernetesVersion when using custom AMIs.")
	case release != nil:
		return invalid("You cannot specify the field releaseVersion when using custom AMIs.")
	case lt == nil:
		return invalid("Launch template details can't be null for Custom ami type node group")
	}
	return nil
}

// nodeKubelet is the kubelet of a node whose AMI holds a patch of Kubernetes; of one that does
// not say, its minor's newest.
func nodeKubelet(minor, patch string) string {
	if patch == "" {
		return kubelet(minor)
	}
	return "v" + patch + "-eks-ecaa3a6"
}
