# The EKS module with its defaults: a KMS key, a log group, IRSA, the cluster's and the nodes' security groups, add-ons, and a
# managed node group with a launch template. Then the version, labels, sizes, an add-on's configuration and another group change.
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

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.31"

  cluster_name    = "clients"
  cluster_version = var.changed ? "1.34" : "1.33"

  cluster_endpoint_public_access           = true
  enable_cluster_creator_admin_permissions = true

  cluster_addons = {
    vpc-cni                = { before_compute = true }
    kube-proxy             = {}
    eks-pod-identity-agent = {}
    coredns = {
      configuration_values = var.changed ? jsonencode({ replicaCount = 3 }) : null
    }
  }

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnets

  eks_managed_node_groups = merge({
    one = {
      instance_types = ["m6i.large"]
      min_size       = 1
      max_size       = var.changed ? 5 : 3
      desired_size   = 2
      labels         = { pool = var.changed ? "blue" : "green" }
    }
    }, var.changed ? {
    two = {
      ami_type       = "BOTTLEROCKET_x86_64"
      instance_types = ["m6i.large"]
      capacity_type  = "SPOT"
      taints         = { spot = { key = "spot", value = "true", effect = "NO_SCHEDULE" } }
    }
  } : {})

  tags = { team = "clients" }
}
