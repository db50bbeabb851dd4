# An EKS cluster as the AWS provider makes it.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
provider "aws" {
  region                  = "us-west-2"
  skip_metadata_api_check = true
}
data "aws_caller_identity" "me" {}
data "aws_availability_zones" "az" { state = "available" }
resource "aws_vpc" "v" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "tf" }
}
resource "aws_internet_gateway" "i" { vpc_id = aws_vpc.v.id }
resource "aws_subnet" "s" {
  count                   = 2
  vpc_id                  = aws_vpc.v.id
  cidr_block              = "10.0.${count.index}.0/24"
  availability_zone       = data.aws_availability_zones.az.names[count.index]
  map_public_ip_on_launch = true
}
resource "aws_route_table" "r" {
  vpc_id = aws_vpc.v.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.i.id
  }
}
resource "aws_route_table_association" "a" {
  count          = 2
  subnet_id      = aws_subnet.s[count.index].id
  route_table_id = aws_route_table.r.id
}
resource "aws_iam_role" "c" {
  name               = "tf-cluster"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "eks.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "c" {
  role       = aws_iam_role.c.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}
resource "aws_iam_role" "n" {
  name               = "tf-node"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "n" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])
  role       = aws_iam_role.n.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}
resource "aws_eks_cluster" "k" {
  name                          = "tf"
  role_arn                      = aws_iam_role.c.arn
  version                       = "1.34"
  bootstrap_self_managed_addons = false
  access_config { authentication_mode = "API" }
  vpc_config { subnet_ids = aws_subnet.s[*].id }
  depends_on = [aws_iam_role_policy_attachment.c]
}
resource "aws_eks_addon" "cni" {
  cluster_name = aws_eks_cluster.k.name
  addon_name   = "vpc-cni"
}
resource "aws_eks_addon" "proxy" {
  cluster_name = aws_eks_cluster.k.name
  addon_name   = "kube-proxy"
}
resource "aws_launch_template" "lt" {
  name = "tf-lt"
  metadata_options { http_tokens = "required" }
}
resource "aws_eks_node_group" "g" {
  cluster_name    = aws_eks_cluster.k.name
  node_group_name = "g"
  node_role_arn   = aws_iam_role.n.arn
  subnet_ids      = aws_subnet.s[*].id
  scaling_config {
    min_size     = 1
    desired_size = var.nodes
    max_size     = 3
  }
  launch_template {
    id      = aws_launch_template.lt.id
    version = aws_launch_template.lt.latest_version
  }
  depends_on = [aws_iam_role_policy_attachment.n, aws_eks_addon.cni, aws_eks_addon.proxy, aws_route_table_association.a]
}
output "who" { value = data.aws_caller_identity.me.arn }
output "endpoint" { value = aws_eks_cluster.k.endpoint }
variable "nodes" {
  type    = number
  default = 2
}
