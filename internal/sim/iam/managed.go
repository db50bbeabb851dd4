package iam

import (
	"encoding/json"
	"maps"
)

// managed are the documents of AWS managed policies that decide something here, by
// name ("AWS managed policies for Amazon EKS" and the AWS Managed Policy Reference,
// read in November 2026; resources and conditions are left out where no test of a
// simulated node or pod meets them). Others exist, and grant nothing.
var managed = documents(map[string][]string{
	"AdministratorAccess": {"*"},
	"AmazonEKSClusterPolicy": {"autoscaling:DescribeAutoScalingGroups", "autoscaling:UpdateAutoScalingGroup", "ec2:AttachVolume",
		"ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "ec2:CreateSecurityGroup", "ec2:CreateTags", "ec2:CreateVolume", "ec2:DeleteRoute",
		"ec2:DeleteSecurityGroup", "ec2:DeleteVolume", "ec2:DescribeInstances", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
		"ec2:DescribeSubnets", "ec2:DescribeVolumes", "ec2:DescribeVpcs", "ec2:DetachVolume", "ec2:ModifyInstanceAttribute", "ec2:ModifyVolume",
		"ec2:RevokeSecurityGroupIngress", "ec2:DescribeAvailabilityZones", "elasticloadbalancing:*", "kms:DescribeKey"},
	"AmazonEKSVPCResourceController": {"ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:AttachNetworkInterface",
		"ec2:DetachNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:AssignPrivateIpAddresses",
		"ec2:UnassignPrivateIpAddresses", "ec2:CreateNetworkInterfacePermission"},
	"AmazonEKSWorkerNodePolicy": {"ec2:DescribeInstances", "ec2:DescribeInstanceTypes", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
		"ec2:DescribeSubnets", "ec2:DescribeVolumes", "ec2:DescribeVolumesModifications", "ec2:DescribeVpcs", "eks:DescribeCluster",
		"eks-auth:AssumeRoleForPodIdentity"},
	"AmazonEKSWorkerNodeMinimalPolicy": {"ec2:DescribeInstances", "eks-auth:AssumeRoleForPodIdentity"},
	"AmazonEKS_CNI_Policy": {"ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
		"ec2:DescribeInstances", "ec2:DescribeTags", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstanceTypes", "ec2:DescribeSubnets",
		"ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute", "ec2:UnassignPrivateIpAddresses", "ec2:CreateTags"},
	"AmazonEC2ContainerRegistryReadOnly": {"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer",
		"ecr:GetRepositoryPolicy", "ecr:DescribeRepositories", "ecr:ListImages", "ecr:DescribeImages", "ecr:BatchGetImage"},
	"AmazonEC2ContainerRegistryPullOnly":     {"ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage", "ecr:BatchImportUpstreamImage"},
	"AmazonEKSFargatePodExecutionRolePolicy": {"ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"},
	"AmazonEC2FullAccess":                    {"ec2:*", "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"},
})

func documents(actions map[string][]string) map[string]string {
	out := map[string]string{}
	for name, list := range maps.All(actions) {
		statement := map[string]any{"Effect": "Allow", "Action": list, "Resource": "*"}
		b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}})
		if err != nil {
			panic(err) // strings of ours
		}
		out[name] = string(b)
	}
	return out
}
