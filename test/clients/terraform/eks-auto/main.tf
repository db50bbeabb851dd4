# Auto Mode of the EKS module. Then its node pools change.
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

  cluster_name                             = "clients"
  cluster_version                          = "1.34"
  cluster_endpoint_public_access           = true
  enable_cluster_creator_admin_permissions = true

  cluster_compute_config = {
    enabled    = true
    node_pools = var.changed ? ["general-purpose", "system"] : ["general-purpose"]
  }

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnets
}
