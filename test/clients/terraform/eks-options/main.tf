# The EKS module with what few set: IPv6, control plane subnets of their own, rules for EFA, and a managed group for each way to
# an image and its user data. Then sizes, labels, blocks, a schedule, an image and access entries change.
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

data "aws_ami" "this" {
  for_each = {
    arm          = "amazon-eks-node-al2023-arm64-standard-1.34-v*"
    bottlerocket = "bottlerocket-aws-k8s-1.34-x86_64-*"
  }
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = [each.value]
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

  enable_nat_gateway     = true
  single_nat_gateway     = true
  enable_ipv6            = true
  create_egress_only_igw = true

  public_subnet_ipv6_prefixes                    = [0, 1, 2]
  public_subnet_assign_ipv6_address_on_creation  = true
  private_subnet_ipv6_prefixes                   = [3, 4, 5]
  private_subnet_assign_ipv6_address_on_creation = true
  intra_subnet_ipv6_prefixes                     = [6, 7, 8]
  intra_subnet_assign_ipv6_address_on_creation   = true
}

resource "tls_private_key" "this" { algorithm = "ED25519" }

resource "aws_key_pair" "this" {
  key_name   = "clients"
  public_key = tls_private_key.this.public_key_openssh
}

resource "aws_security_group" "remote" {
  name_prefix = "remote-"
  vpc_id      = module.vpc.vpc_id
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_iam_policy" "extra" {
  name = "clients-extra"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "ec2:Describe*", Resource = "*" }]
  })
}

resource "aws_iam_role" "person" {
  name = "person"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

module "cni" {
  source  = "terraform-aws-modules/eks-pod-identity/aws"
  version = "~> 1.0"

  name                      = "cni"
  attach_aws_vpc_cni_policy = true
  aws_vpc_cni_enable_ipv6   = true
}

module "eks" {
  source  = "terraform-aws-modules/eks/aws"
  version = "~> 20.31"

  cluster_name                             = "clients"
  cluster_version                          = "1.34"
  cluster_endpoint_public_access           = true
  cluster_endpoint_public_access_cidrs     = ["198.51.100.0/24", "203.0.113.0/24"]
  cluster_ip_family                        = "ipv6"
  create_cni_ipv6_iam_policy               = true
  enable_cluster_creator_admin_permissions = true
  enable_efa_support                       = true
  cluster_upgrade_policy                   = { support_type = "STANDARD" }
  cluster_zonal_shift_config               = { enabled = true }
  cloudwatch_log_group_class               = "INFREQUENT_ACCESS"
  cluster_tags                             = { only = "the cluster" }

  cluster_addons = {
    coredns                   = { most_recent = true }
    kube-proxy                = { most_recent = true }
    eks-node-monitoring-agent = {}
    eks-pod-identity-agent    = { before_compute = true }
    vpc-cni = {
      before_compute       = true
      configuration_values = jsonencode({ env = { ENABLE_PREFIX_DELEGATION = "true", WARM_PREFIX_TARGET = var.changed ? "2" : "1" } })
      pod_identity_association = [{
        role_arn        = module.cni.iam_role_arn
        service_account = "aws-node"
      }]
    }
  }

  vpc_id                   = module.vpc.vpc_id
  subnet_ids               = module.vpc.private_subnets
  control_plane_subnet_ids = module.vpc.intra_subnets

  cluster_security_group_additional_rules = {
    hybrid = { type = "ingress", protocol = "all", from_port = 0, to_port = 0, cidr_blocks = ["172.16.0.0/16"] }
  }
  node_security_group_additional_rules = {
    web = { type = "ingress", protocol = "tcp", from_port = 8080, to_port = var.changed ? 8090 : 8080, source_cluster_security_group = true }
  }

  eks_managed_node_group_defaults = { ami_type = "AL2023_x86_64_STANDARD", instance_types = ["m6i.large", "m5.large"], desired_size = 1 }
  eks_managed_node_groups = {
    plain = {
      use_custom_launch_template = false
      disk_size                  = 50
      remote_access              = { ec2_ssh_key = aws_key_pair.this.key_name, source_security_group_ids = [aws_security_group.remote.id] }
    }
    close = {
      create_placement_group = true
      placement_group_az     = local.zones[0]
    }
    nodeadm = {
      use_latest_ami_release_version = true
      cloudinit_pre_nodeadm = [{
        content_type = "application/node.eks.aws"
        content      = yamlencode({ apiVersion = "node.eks.aws/v1alpha1", kind = "NodeConfig", spec = { kubelet = { config = { shutdownGracePeriod = "30s" } } } })
      }]
      min_size        = 1
      create_schedule = var.changed
      schedules       = { night = { min_size = 1, max_size = 3, desired_size = 1, recurrence = "0 20 * * *" } }
    }
    rocket = {
      ami_type             = "BOTTLEROCKET_x86_64"
      bootstrap_extra_args = "[settings.kernel]\nlockdown = \"integrity\"\n"
    }
    rocket-own = {
      ami_id                     = data.aws_ami.this["bottlerocket"].image_id
      ami_type                   = "BOTTLEROCKET_x86_64"
      enable_bootstrap_user_data = true
      bootstrap_extra_args       = "[settings.kubernetes.node-labels]\nrocket = \"own\"\n[settings.kubernetes.node-taints]\nonly = \"rockets:NoSchedule\"\n"
    }
    arm = {
      ami_id                     = data.aws_ami.this["arm"].image_id
      ami_type                   = "AL2023_ARM_64_STANDARD"
      enable_bootstrap_user_data = true
      instance_types             = ["t4g.medium"]
      cloudinit_post_nodeadm     = [{ content_type = "text/x-shellscript; charset=\"us-ascii\"", content = "echo done\n" }]
    }
    full = {
      name                 = "full"
      capacity_type        = "SPOT"
      force_update_version = true
      min_size             = 1
      max_size             = var.changed ? 7 : 5
      labels               = { pool = var.changed ? "blue" : "green" }
      update_config        = { max_unavailable_percentage = 50 }
      node_repair_config   = { enabled = true }
      ebs_optimized        = true
      block_device_mappings = {
        xvda = { device_name = "/dev/xvda", ebs = { volume_size = var.changed ? 80 : 75, volume_type = "gp3", iops = 3000, throughput = 150, encrypted = true } }
      }
      metadata_options             = { http_endpoint = "enabled", http_tokens = "required", http_put_response_hop_limit = 1, instance_metadata_tags = "disabled" }
      iam_role_name                = "clients-full"
      iam_role_use_name_prefix     = false
      iam_role_additional_policies = { extra = aws_iam_policy.extra.arn }
      iam_role_policy_statements   = [{ sid = "Pull", actions = ["ecr:CreateRepository", "ecr:BatchImportUpstreamImage"], resources = ["*"] }]
      launch_template_tags         = { "k8s.io/cluster-autoscaler/enabled" = true }
    }
  }

  access_entries = merge({
    nodes = { principal_arn = module.hybrid.arn, type = "HYBRID_LINUX" }
    }, var.changed ? {
    person = {
      principal_arn = aws_iam_role.person.arn
      policy_associations = {
        all  = { policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy", access_scope = { type = "cluster" } }
        some = { policy_arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", access_scope = { type = "namespace", namespaces = ["a", "b"] } }
      }
    }
  } : {})
}

module "hybrid" {
  source  = "terraform-aws-modules/eks/aws//modules/hybrid-node-role"
  version = "~> 20.31"
}
