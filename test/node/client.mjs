// A client not written in Go: it makes one cluster with plain AWS calls and prints
// what the region answers, as JSON. Usage: node client.mjs SCENARIO
import { EKSClient, CreateClusterCommand, DescribeClusterCommand, CreateNodegroupCommand, DescribeNodegroupCommand, CreateAddonCommand, DescribeAddonCommand, DeleteNodegroupCommand, DeleteClusterCommand, CreateFargateProfileCommand, CreateAccessEntryCommand, UpdateClusterConfigCommand } from '@aws-sdk/client-eks';
import { EC2Client, CreateVpcCommand, ModifyVpcAttributeCommand, CreateSubnetCommand, CreateInternetGatewayCommand, AttachInternetGatewayCommand, CreateRouteTableCommand, CreateRouteCommand, AssociateRouteTableCommand, ModifySubnetAttributeCommand, DescribeSubnetsCommand, DeleteSubnetCommand } from '@aws-sdk/client-ec2';
import { IAMClient, CreateRoleCommand, AttachRolePolicyCommand } from '@aws-sdk/client-iam';
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';

const once = { maxAttempts: 1 };
const eks = new EKSClient(once), ec2 = new EC2Client(once), iam = new IAMClient(once);
const speed = Number(process.env.SLIPWAY_CLOCK_SPEED || 1);
const sleep = (simulated) => new Promise((r) => setTimeout(r, (simulated * 1000) / speed));
const cluster = 'foreign';

// until polls, bounded in count, until the answer is no longer one of these.
async function until(read, ...moving) {
  for (let i = 0; i < 600; i++) {
    const x = await read();
    if (!moving.includes(x.status)) return x;
    await sleep(10);
  }
  throw new Error('still moving');
}
const group = (n) => async () => (await eks.send(new DescribeNodegroupCommand({ clusterName: cluster, nodegroupName: n }))).nodegroup;
const addon = (n) => async () => (await eks.send(new DescribeAddonCommand({ clusterName: cluster, addonName: n }))).addon;

async function role(name, service, policies) {
  const r = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }] }) }));
  for (const p of policies) await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/' + p }));
  return r.Role.Arn;
}

async function network({ dns = true, route = true, autoAssign = true } = {}) {
  const vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc.VpcId;
  if (dns) await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc, EnableDnsHostnames: { Value: true } }));
  const igw = (await ec2.send(new CreateInternetGatewayCommand({}))).InternetGateway.InternetGatewayId;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: igw, VpcId: vpc }));
  const rt = (await ec2.send(new CreateRouteTableCommand({ VpcId: vpc }))).RouteTable.RouteTableId;
  const subnets = [];
  for (const [i, z] of ['a', 'b'].entries()) {
    const id = (await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: `10.0.${i}.0/24`, AvailabilityZone: 'us-west-2' + z }))).Subnet.SubnetId;
    if (autoAssign) await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: id, MapPublicIpOnLaunch: { Value: true } }));
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId: rt, SubnetId: id }));
    subnets.push(id);
  }
  const open = () => ec2.send(new CreateRouteCommand({ RouteTableId: rt, DestinationCidrBlock: '0.0.0.0/0', GatewayId: igw }));
  if (route) await open();
  return { vpc, subnets, open };
}

async function create(net, vpcConfig = {}) {
  const roleArn = await role('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']);
  const nodeRole = await role('node', 'ec2.amazonaws.com', ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly']);
  await sleep(20); // IAM propagates
  await eks.send(new CreateClusterCommand({ name: cluster, roleArn, version: '1.34', bootstrapSelfManagedAddons: false, resourcesVpcConfig: { subnetIds: net.subnets, ...vpcConfig }, accessConfig: { authenticationMode: 'API' } }));
  await until(async () => (await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster, 'CREATING');
  return { nodeRole, nodegroup: (n, extra = {}) => eks.send(new CreateNodegroupCommand({ clusterName: cluster, nodegroupName: n, subnets: net.subnets, nodeRole, scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 2 }, ...extra })) };
}
const networking = async () => { for (const a of ['vpc-cni', 'kube-proxy']) { await eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: a })); await until(addon(a), 'CREATING'); } };
const outcome = (g) => ({ status: g.status, issues: g.health.issues.map((i) => ({ code: i.code, message: i.message })) });
const refused = async (p) => { try { await p; return { error: 'none' }; } catch (e) { return { error: e.name, message: e.message, status: e.$metadata?.httpStatusCode }; } };
// broken makes a group that fails for a cause, removes that cause alone, and makes
// the group again.
async function broken(first, repair, second) {
  await first('one');
  const a = outcome(await until(group('one'), 'CREATING'));
  await repair();
  await second('two');
  return { broken: a, repaired: outcome(await until(group('two'), 'CREATING')) };
}

const scenarios = {
  async race() {
    const c = await create(await network());
    return broken(c.nodegroup, networking, c.nodegroup);
  },
  async noRoute() {
    const net = await network({ route: false });
    const c = await create(net);
    await networking();
    return broken(c.nodegroup, net.open, c.nodegroup);
  },
  async noDNS() {
    const net = await network({ dns: false });
    const c = await create(net);
    await networking();
    return broken(c.nodegroup, () => ec2.send(new ModifyVpcAttributeCommand({ VpcId: net.vpc, EnableDnsHostnames: { Value: true } })), c.nodegroup);
  },
  async noAutoAssign() {
    const net = await network({ autoAssign: false });
    const c = await create(net);
    await networking();
    return broken(c.nodegroup, async () => { for (const s of net.subnets) await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: s, MapPublicIpOnLaunch: { Value: true } })); }, c.nodegroup);
  },
  async noCNIPolicy() {
    const c = await create(await network());
    const bare = await role('bare', 'ec2.amazonaws.com', ['AmazonEKSWorkerNodePolicy']);
    await sleep(20);
    await networking();
    return broken((n) => c.nodegroup(n, { nodeRole: bare }), () => iam.send(new AttachRolePolicyCommand({ RoleName: 'bare', PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy' })), (n) => c.nodegroup(n, { nodeRole: bare }));
  },
  async noWorkerPolicy() {
    const c = await create(await network());
    const bare = await role('bare', 'ec2.amazonaws.com', ['AmazonEKS_CNI_Policy']);
    await sleep(20);
    await networking();
    return broken((n) => c.nodegroup(n, { nodeRole: bare }), () => iam.send(new AttachRolePolicyCommand({ RoleName: 'bare', PolicyArn: 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy' })), (n) => c.nodegroup(n, { nodeRole: bare }));
  },
  async fullSubnet() {
    const net = await network();
    const tiny = (await ec2.send(new CreateSubnetCommand({ VpcId: net.vpc, CidrBlock: '10.0.9.0/28', AvailabilityZone: 'us-west-2a' }))).Subnet.SubnetId;
    const c = await create(net);
    await networking();
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: tiny, MapPublicIpOnLaunch: { Value: true } }));
    const big = { scalingConfig: { minSize: 1, desiredSize: 14, maxSize: 14 } };
    return broken((n) => c.nodegroup(n, { ...big, subnets: [tiny] }), async () => {}, (n) => c.nodegroup(n, big));
  },
  async restrictedEndpoint() {
    const net = await network();
    const c = await create(net, { publicAccessCidrs: ['192.0.2.0/24'] });
    await networking();
    const open = async () => { await eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { endpointPrivateAccess: true } })); await until(async () => (await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster, 'UPDATING'); };
    return broken(c.nodegroup, open, c.nodegroup);
  },
  async conflicts() {
    const net = await network();
    const c = await create(net);
    const out = {};
    out.missing = await refused(eks.send(new DescribeClusterCommand({ name: 'nobody' })));
    out.oneZone = await refused(eks.send(new CreateClusterCommand({ name: 'other', roleArn: c.nodeRole.replace('/node', '/cluster'), resourcesVpcConfig: { subnetIds: [net.subnets[0]] } })));
    out.duplicate = await refused(eks.send(new CreateClusterCommand({ name: cluster, roleArn: c.nodeRole, resourcesVpcConfig: { subnetIds: net.subnets } })));
    await eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: 'coredns' }));
    out.addonTwice = await refused(eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: 'coredns' })));
    await sleep(60);
    out.corednsWithoutNodes = (await addon('coredns')()).status;
    out.addonVersion = await refused(eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: 'vpc-cni', addonVersion: 'v0.0.1' })));
    await eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { endpointPrivateAccess: true } }));
    out.groupWhileUpdating = await refused(c.nodegroup('early'));
    out.secondUpdate = await refused(eks.send(new UpdateClusterConfigCommand({ name: cluster, logging: { clusterLogging: [{ types: ['api'], enabled: true }] } })));
    await until(async () => (await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster, 'UPDATING');
    out.al2 = await refused(c.nodegroup('old', { amiType: 'AL2_x86_64' }));
    await c.nodegroup('some');
    out.deleteAttached = await refused(eks.send(new DeleteClusterCommand({ name: cluster })));
    out.subnetGone = await refused(ec2.send(new DescribeSubnetsCommand({ SubnetIds: [net.subnets[0], 'subnet-0123456789abcdef0'] })));
    out.subnetInUse = await refused(ec2.send(new DeleteSubnetCommand({ SubnetId: net.subnets[0] })));
    out.fargatePublic = await refused(eks.send(new CreateFargateProfileCommand({ clusterName: cluster, fargateProfileName: 'f', podExecutionRoleArn: c.nodeRole, subnets: net.subnets, selectors: [{ namespace: 'default' }] })));
    out.invalidPrincipal = await refused(eks.send(new CreateAccessEntryCommand({ clusterName: cluster, principalArn: 'arn:aws:iam::111122223333:role/ghost' })));
    out.unknownType = await refused(new CloudFormationClient(once).send(new CreateStackCommand({ StackName: 's', TemplateBody: JSON.stringify({ Resources: { A: { Type: 'AWS::Nope::Nothing' } } }) })));
    await until(group('some'), 'CREATING');
    const spare = (await ec2.send(new CreateSubnetCommand({ VpcId: net.vpc, CidrBlock: '10.0.7.0/24', AvailabilityZone: 'us-west-2a' }))).Subnet.SubnetId;
    await eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { subnetIds: [...net.subnets, spare] } }));
    const settled = () => until(async () => (await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster, 'UPDATING');
    await settled();
    await ec2.send(new DeleteSubnetCommand({ SubnetId: spare }));
    out.health = (await settled()).health.issues.map((i) => i.code);
    await eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { subnetIds: net.subnets } }));
    out.healed = (await settled()).health.issues.map((i) => i.code);
    out.otherZones = await refused(eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { subnetIds: [net.subnets[0]] } })));
    out.caller = (await new STSClient(once).send(new GetCallerIdentityCommand({}))).Arn;
    return out;
  },
};
console.log(JSON.stringify(await scenarios[process.argv[2]](), null, 1));
