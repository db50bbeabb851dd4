# The EKS module on a cluster that gets no CNI by itself (bootstrap_self_managed_addons = false, as the module has it from 21 on).
# The add-on waits for the group, and the group for the add-on, unless before_compute is set: then they race.
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

variable "before_compute" {
  type    = bool
  default = false
}

module "network" {
  source = "../network"
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.31"

  cluster_name                   = "clients"
  cluster_version                = "1.34"
  cluster_endpoint_public_access = true
  bootstrap_self_managed_addons  = false

  cluster_addons = {
    vpc-cni    = { before_compute = var.before_compute }
    kube-proxy = { before_compute = var.before_compute }
  }

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnets

  eks_managed_node_groups = {
    one = { instance_types = ["m6i.large"], min_size = 1, max_size = 2, desired_size = 1 }
  }
}
