#!/usr/bin/env python3
"""Makes one of eksctl's examples runnable in a region: python3 eksctl-example.py EXAMPLE MINOR REGION OUTPUT

The cluster gets a name of its own. What the example names of an account (a VPC with its subnets, key pairs, a KMS key, images,
roles) is made in the region by the aws CLI and put in its place. Ends with 1, and says why, where that cannot be done.
"""

import hashlib
import json
import os
import re
import subprocess
import sys

import yaml

example, minor, region, output = sys.argv[1:]
text = open(example).read()
doc = [d for d in yaml.safe_load_all(text) if d][0]
meta = doc["metadata"]
groups = (doc.get("nodeGroups") or []) + (doc.get("managedNodeGroups") or [])
number = re.match(r"(\d+)", os.path.basename(example))[1]
was, meta["name"] = meta["name"], "ex-" + number + "-" + hashlib.md5(text.encode()).hexdigest()[:4]
for g in groups:  # a boot script that names the cluster means this one
    if "overrideBootstrapCommand" in g:
        g["overrideBootstrapCommand"] = g["overrideBootstrapCommand"].replace(was, meta["name"])
meta["version"] = minor
if not doc.get("localZones"):  # those are of the example's own region
    meta["region"] = region
    doc.pop("availabilityZones", None)
    for g in groups:
        g.pop("availabilityZones", None)


def aws(*args):
    """What the aws CLI answers, as JSON; a thing that is there already is no error."""
    run = subprocess.run(["aws", "--region", meta["region"], "--output", "json", *args], capture_output=True, text=True)
    if run.returncode and not re.search("AlreadyExists|Duplicate", run.stderr):
        sys.exit(f"{' '.join(args)}: {run.stderr.strip()}")
    return json.loads(run.stdout) if run.stdout.strip() else {}


account = aws("sts", "get-caller-identity")["Account"]


def translated(vpc, public, block, zone):
    """A table of routes for private subnets: nodes without a public address reach the internet, and so their cluster, by a NAT gateway only."""
    subnet = aws("ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block", block, "--availability-zone", zone)["Subnet"]["SubnetId"]
    aws("ec2", "associate-route-table", "--subnet-id", subnet, "--route-table-id", public)
    address = aws("ec2", "allocate-address")["AllocationId"]
    nat = aws("ec2", "create-nat-gateway", "--subnet-id", subnet, "--allocation-id", address)["NatGateway"]["NatGatewayId"]
    aws("ec2", "wait", "nat-gateway-available", "--nat-gateway-ids", nat)
    table = aws("ec2", "create-route-table", "--vpc-id", vpc)["RouteTable"]["RouteTableId"]
    aws("ec2", "create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--nat-gateway-id", nat)
    return table


def network():
    """A VPC for the one that the example names, with a subnet in a zone for each of its subnets."""
    vpc = doc.get("vpc") or {}
    if not vpc.get("subnets") or not re.search(r"subnet-[0-9a-f]{8,}", json.dumps(vpc)):
        return {}
    block = vpc.get("cidr") or "192.168.0.0/16"
    tag = "ResourceType=vpc,Tags=[{Key=made-for,Value=example}]"
    ids = {"vpc": aws("ec2", "create-vpc", "--cidr-block", block, "--tag-specifications", tag)["Vpc"]["VpcId"]}
    aws("ec2", "modify-vpc-attribute", "--vpc-id", ids["vpc"], "--enable-dns-hostnames")
    gate = aws("ec2", "create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    aws("ec2", "attach-internet-gateway", "--internet-gateway-id", gate, "--vpc-id", ids["vpc"])
    table = aws("ec2", "create-route-table", "--vpc-id", ids["vpc"])["RouteTable"]["RouteTableId"]
    aws("ec2", "create-route", "--route-table-id", table, "--destination-cidr-block", "0.0.0.0/0", "--gateway-id", gate)
    zones = [z["ZoneName"] for z in aws("ec2", "describe-availability-zones")["AvailabilityZones"] if z["ZoneType"] == "availability-zone"]
    prefix, n = ".".join(block.split(".")[:2]), 0
    tables = {"public": table}
    if "private" in vpc["subnets"]:
        tables["private"] = translated(ids["vpc"], table, f"{prefix}.240.0/28", zones[0])
    for kind, subnets in vpc["subnets"].items():
        places = {}
        for i, (key, s) in enumerate(subnets.items()):
            zone = key if key in zones else zones[i % len(zones)]
            out = aws("ec2", "create-subnet", "--vpc-id", ids["vpc"], "--cidr-block", f"{prefix}.{n * 16}.0/20", "--availability-zone", zone)
            new, n = out["Subnet"]["SubnetId"], n + 1
            if kind == "public":
                aws("ec2", "modify-subnet-attribute", "--subnet-id", new, "--map-public-ip-on-launch")
            aws("ec2", "associate-route-table", "--subnet-id", new, "--route-table-id", tables[kind])
            if "id" in s:
                ids[s["id"]] = new
            named = key if not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d[a-z]", key) else zone  # a zone of another region
            places[named] = {"id": new} if named in zones else {"id": new, "az": zone}
        vpc["subnets"][kind] = places
    vpc["id"] = ids.pop("vpc")
    for k in ("cidr", "securityGroup"):
        vpc.pop(k, None)
    return ids


def keys(g):
    """The key pairs of a group: those in the region by name, those of files beside the output."""
    ssh = g.get("ssh") or {}
    if ssh and not os.path.exists(output + ".pub"):
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", output], check=True)
        os.remove(output)
    if ssh.get("publicKeyPath") or (ssh.get("allow") and not (ssh.get("publicKeyName") or ssh.get("publicKey"))):
        ssh["publicKeyPath"] = output + ".pub"
    if ssh.get("publicKeyName"):
        aws("ec2", "import-key-pair", "--key-name", ssh["publicKeyName"], "--public-key-material", f"fileb://{output}.pub")


def image(g):
    """The image of a group that names one: what SSM recommends for its family."""
    if not re.match(r"ami-[0-9a-f]", g.get("ami") or ""):
        return
    family = g.get("amiFamily", "AmazonLinux2023")
    name = {"AmazonLinux2": f"/aws/service/eks/optimized-ami/{minor}/amazon-linux-2/recommended/image_id",
            "AmazonLinux2023": f"/aws/service/eks/optimized-ami/{minor}/amazon-linux-2023/x86_64/standard/recommended/image_id",
            "WindowsServer2019FullContainer": f"/aws/service/ami-windows-latest/Windows_Server-2019-English-Full-EKS_Optimized-{minor}/image_id",
            "WindowsServer2022FullContainer": f"/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-EKS_Optimized-{minor}/image_id"}.get(family)
    if not name:
        sys.exit(f"no image of the family {family}")
    g["ami"] = aws("ssm", "get-parameter", "--name", name)["Parameter"]["Value"]


ids = network()
for g in groups:
    keys(g)
    image(g)
if "secretsEncryption" in doc:
    doc["secretsEncryption"]["keyARN"] = aws("kms", "create-key")["KeyMetadata"]["Arn"]
plain = yaml.safe_dump(doc, width=10000)
for old, new in ids.items():
    plain = plain.replace(old, new)
plain = re.sub(r"(arn:aws:iam::)(111122223333|0{12})(:)", rf"\g<1>{account}\3", plain)
service = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
                                                             "Action": ["sts:AssumeRole", "sts:TagSession"]}]})
allows = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})
for role in sorted(set(re.findall(rf"arn:aws:iam::{account}:role/([\w-]+)", plain))):
    aws("iam", "create-role", "--role-name", role, "--assume-role-policy-document", service)
for policy in sorted(set(re.findall(rf"arn:aws:iam::{account}:policy/([\w-]+)", plain))):
    aws("iam", "create-policy", "--policy-name", policy, "--policy-document", allows)
foreign = re.search(
    r"arn:aws:(outposts|sso|elastic)[^ ]*:[0-9x]{6,}"
    r"|\b(sg|lt|subnet)-\d{1,6}\b|ami-custom|entity/boundary|outpost|flux|karpenter|remoteNetwork",
    plain, re.I)
if foreign:
    sys.exit("it names " + foreign[0])
open(output, "w").write(plain)
