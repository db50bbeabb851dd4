# Self-managed groups of the EKS module: an Auto Scaling group of one type, and one of mixed instances. Then sizes, labels and a
# launch template change, and the group is refreshed.
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

  cluster_name                   = "clients"
  cluster_version                = "1.34"
  cluster_endpoint_public_access = true

  cluster_addons = {
    vpc-cni    = { before_compute = true }
    kube-proxy = {}
    coredns    = {}
  }

  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnets

  self_managed_node_groups = {
    one = {
      ami_type      = "AL2023_x86_64_STANDARD"
      instance_type = var.changed ? "m6i.xlarge" : "m6i.large"
      min_size      = 1
      max_size      = var.changed ? 5 : 3
      desired_size  = 2
    }
    mixed = {
      ami_type                   = "AL2023_x86_64_STANDARD"
      min_size                   = 1
      max_size                   = 4
      desired_size               = 2
      use_mixed_instances_policy = true
      mixed_instances_policy = {
        instances_distribution = {
          on_demand_base_capacity                  = 1
          on_demand_percentage_above_base_capacity = 0
          spot_allocation_strategy                 = "price-capacity-optimized"
        }
        override = [
          { instance_type = "m6i.large", weighted_capacity = "1" },
          { instance_type = "m5.large", weighted_capacity = "1" },
        ]
      }
      tags = { pool = var.changed ? "blue" : "green" }
    }
  }
}

resource "aws_autoscaling_schedule" "night" {
  count                  = var.changed ? 1 : 0
  scheduled_action_name  = "night"
  autoscaling_group_name = module.eks.self_managed_node_groups["mixed"].autoscaling_group_name
  min_size               = 1
  max_size               = 4
  desired_capacity       = 1
  recurrence             = "0 20 * * *"
}

resource "aws_autoscaling_lifecycle_hook" "drain" {
  count                  = var.changed ? 1 : 0
  name                   = "drain"
  autoscaling_group_name = module.eks.self_managed_node_groups["mixed"].autoscaling_group_name
  lifecycle_transition   = "autoscaling:EC2_INSTANCE_TERMINATING"
  heartbeat_timeout      = 30
  default_result         = "CONTINUE"
}
