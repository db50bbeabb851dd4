# Every aws_eks_* resource and data source of the provider 5.100, without a module. Then most of them change.
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

locals {
  services = { cluster = "eks.amazonaws.com", node = "ec2.amazonaws.com", pod = "pods.eks.amazonaws.com", fargate = "eks-fargate-pods.amazonaws.com" }
  policies = {
    AmazonEKSClusterPolicy                 = "cluster", AmazonEKSWorkerNodePolicy = "node", AmazonEKS_CNI_Policy = "node",
    AmazonEC2ContainerRegistryPullOnly     = "node"
    AmazonEKSFargatePodExecutionRolePolicy = "fargate"
  }
}

resource "aws_iam_role" "this" {
  for_each = local.services
  name     = "clients-${each.key}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sts:AssumeRole", "sts:TagSession"], Principal = { Service = each.value } }]
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each   = local.policies
  role       = aws_iam_role.this[each.value].name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_kms_key" "secrets" {
  description             = "secrets of the cluster"
  enable_key_rotation     = true
  deletion_window_in_days = 7
}

# EKS would make the group without an owner, and leave it behind.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/eks/clients/cluster"
  retention_in_days = var.changed ? 7 : 1
}

resource "aws_eks_cluster" "this" {
  name                      = "clients"
  role_arn                  = aws_iam_role.this["cluster"].arn
  version                   = "1.34"
  enabled_cluster_log_types = var.changed ? ["api", "audit"] : ["audit"]

  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = true
  }

  encryption_config {
    resources = ["secrets"]
    provider { key_arn = aws_kms_key.secrets.arn }
  }

  kubernetes_network_config {
    service_ipv4_cidr = "172.20.0.0/16"
  }

  upgrade_policy { support_type = var.changed ? "STANDARD" : "EXTENDED" }
  zonal_shift_config { enabled = var.changed }

  vpc_config {
    subnet_ids              = module.network.subnets
    endpoint_private_access = true
    endpoint_public_access  = true
    public_access_cidrs     = var.changed ? ["203.0.113.0/24"] : ["0.0.0.0/0"]
  }

  tags       = { team = var.changed ? "blue" : "green" }
  depends_on = [aws_iam_role_policy_attachment.this, aws_cloudwatch_log_group.this]
}

resource "aws_eks_addon" "this" {
  for_each                    = toset(["vpc-cni", "kube-proxy", "eks-pod-identity-agent"])
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "PRESERVE"
  configuration_values        = each.key == "vpc-cni" ? jsonencode({ env = { WARM_IP_TARGET = var.changed ? "3" : "2" } }) : null
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "clients"
  node_role_arn   = aws_iam_role.this["node"].arn
  subnet_ids      = module.network.subnets
  instance_types  = ["m6i.large"]
  labels          = { pool = var.changed ? "blue" : "green" }

  scaling_config {
    min_size     = 1
    desired_size = var.changed ? 2 : 1
    max_size     = 3
  }

  update_config { max_unavailable = 1 }
  node_repair_config { enabled = var.changed }

  dynamic "taint" {
    for_each = var.changed ? [1] : []
    content {
      key    = "only"
      value  = "some"
      effect = "PREFER_NO_SCHEDULE"
    }
  }

  depends_on = [aws_eks_addon.this]
}

resource "aws_eks_access_entry" "this" {
  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = aws_iam_role.this["pod"].arn
  kubernetes_groups = var.changed ? ["pods"] : []
}

resource "aws_eks_access_policy_association" "this" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  access_scope {
    type       = "namespace"
    namespaces = ["default"]
  }
}

resource "aws_eks_pod_identity_association" "this" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "default"
  service_account = "app"
  role_arn        = aws_iam_role.this["pod"].arn
  tags            = { team = var.changed ? "blue" : "green" }
}

resource "aws_eks_identity_provider_config" "this" {
  count        = var.changed ? 1 : 0
  cluster_name = aws_eks_cluster.this.name
  oidc {
    client_id                     = "clients"
    identity_provider_config_name = "clients"
    issuer_url                    = "https://issuer.example.com"
  }
}

resource "aws_subnet" "private" {
  vpc_id            = module.network.vpc_id
  cidr_block        = "10.0.128.0/20"
  availability_zone = "us-west-2a"
}

resource "aws_route_table" "private" { vpc_id = module.network.vpc_id }

resource "aws_route_table_association" "private" {
  subnet_id      = aws_subnet.private.id
  route_table_id = aws_route_table.private.id
}

resource "aws_eks_fargate_profile" "this" {
  cluster_name           = aws_eks_cluster.this.name
  fargate_profile_name   = "clients"
  pod_execution_role_arn = aws_iam_role.this["fargate"].arn
  subnet_ids             = [aws_subnet.private.id]
  selector {
    namespace = "serverless"
    labels    = { tier = "front" }
  }
  depends_on = [aws_route_table_association.private]
}

data "aws_eks_cluster" "this" { name = aws_eks_cluster.this.name }
data "aws_eks_clusters" "all" { depends_on = [aws_eks_cluster.this] }
data "aws_eks_cluster_auth" "this" { name = aws_eks_cluster.this.name }
data "aws_eks_cluster_versions" "all" {}
data "aws_eks_access_entry" "this" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this.principal_arn
}
data "aws_eks_addon" "cni" {
  cluster_name = aws_eks_cluster.this.name
  addon_name   = aws_eks_addon.this["vpc-cni"].addon_name
}
data "aws_eks_addon_version" "coredns" {
  addon_name         = "coredns"
  kubernetes_version = aws_eks_cluster.this.version
  most_recent        = true
}
data "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = aws_eks_node_group.this.node_group_name
}
data "aws_eks_node_groups" "all" {
  cluster_name = aws_eks_cluster.this.name
  depends_on   = [aws_eks_node_group.this]
}
data "aws_ami" "node" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["amazon-eks-node-al2023-x86_64-standard-1.34-v*"]
  }
}

output "groups" { value = length(data.aws_eks_node_groups.all.names) }
output "image" { value = data.aws_ami.node.id }
