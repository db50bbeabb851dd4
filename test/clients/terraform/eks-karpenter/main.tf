# Karpenter's submodule of the EKS module (its queue, rules, roles and pod identity), the pod identity module, and access entries. Then one of them changes.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "us-west-2"
}

variable "changed" {
  type    = bool
  default = false
}

module "network" {
  source = "../network"
}

data "aws_caller_identity" "me" {}

resource "aws_iam_role" "dev" {
  name = "dev"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = data.aws_caller_identity.me.account_id } }]
  })
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.31"

  cluster_name                   = "clients"
  cluster_version                = "1.34"
  cluster_endpoint_public_access = true
  authentication_mode            = "API"

  cluster_addons = {
    eks-pod-identity-agent = {}
  }

  access_entries = {
    dev = {
      principal_arn     = aws_iam_role.dev.arn
      kubernetes_groups = var.changed ? ["devs"] : []
      policy_associations = {
        view = {
          policy_arn   = "arn:aws:eks::aws:cluster-access-policy/AmazonEKS${var.changed ? "Edit" : "View"}Policy"
          access_scope = { type = "namespace", namespaces = ["default"] }
        }
      }
    }
  }

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnets
}

module "karpenter" {
  source  = "terraform-aws-modules/eks/aws//modules/karpenter"
  version = "~> 20.31"

  cluster_name                    = module.eks.cluster_name
  enable_v1_permissions           = true
  enable_pod_identity             = true
  create_pod_identity_association = true
  node_iam_role_use_name_prefix   = false
  node_iam_role_name              = "karpenter-nodes"
  tags                            = { team = var.changed ? "blue" : "green" }
}

module "ebs" {
  source  = "terraform-aws-modules/eks-pod-identity/aws"
  version = "~> 1.0"

  name                      = "ebs-csi"
  attach_aws_ebs_csi_policy = true
  associations = {
    this = {
      cluster_name    = module.eks.cluster_name
      namespace       = "kube-system"
      service_account = "ebs-csi-controller-sa"
    }
  }
  tags = { team = var.changed ? "blue" : "green" }
}
