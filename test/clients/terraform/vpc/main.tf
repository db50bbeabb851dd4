# The VPC module with its defaults, as most clusters have it: NAT gateways, and the VPC's own network ACL, route table and
# security group under Terraform's hand. Then it changes.
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

data "aws_availability_zones" "available" {
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, 3)
}

module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 5.0"

  name            = "clients"
  cidr            = "10.0.0.0/16"
  azs             = local.zones
  private_subnets = [for k, v in local.zones : cidrsubnet("10.0.0.0/16", 4, k)]
  public_subnets  = [for k, v in local.zones : cidrsubnet("10.0.0.0/16", 8, k + 48)]
  intra_subnets   = [for k, v in local.zones : cidrsubnet("10.0.0.0/16", 8, k + 52)]

  enable_nat_gateway = true
  single_nat_gateway = var.changed

  public_dedicated_network_acl   = true
  private_dedicated_network_acl  = var.changed
  secondary_cidr_blocks          = var.changed ? ["10.1.0.0/16"] : []
  enable_dhcp_options            = var.changed
  dhcp_options_domain_name       = "example.internal"
  manage_default_security_group  = true
  default_security_group_ingress = var.changed ? [{ self = true, from_port = 443, to_port = 443, protocol = "tcp" }] : []

  public_subnet_tags  = { "kubernetes.io/role/elb" = 1 }
  private_subnet_tags = { "kubernetes.io/role/internal-elb" = 1 }
  tags                = { team = var.changed ? "blue" : "green" }
}

module "endpoints" {
  source  = "terraform-aws-modules/vpc/aws//modules/vpc-endpoints"
  version = "~> 5.0"

  vpc_id                     = module.vpc.vpc_id
  create_security_group      = true
  security_group_name_prefix = "endpoints-"
  security_group_description = "VPC endpoints"
  security_group_rules = {
    https = { description = "HTTPS of the VPC", cidr_blocks = [module.vpc.vpc_cidr_block] }
  }
  endpoints = merge({
    s3 = {
      service         = "s3"
      service_type    = "Gateway"
      route_table_ids = module.vpc.private_route_table_ids
    }
    }, var.changed ? {
    ecr = {
      service             = "ecr.api"
      private_dns_enabled = true
      subnet_ids          = module.vpc.private_subnets
    }
  } : {})
}
