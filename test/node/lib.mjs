// What the scenarios share: plain AWS calls with retries off, a Kubernetes reader
// over https, and the two shapes of an outcome.
import https from 'node:https';
import { createInterface } from 'node:readline';
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { EKSClient, CreateClusterCommand, DescribeClusterCommand, CreateNodegroupCommand, DescribeNodegroupCommand, CreateAddonCommand, DescribeAddonCommand, UpdateClusterConfigCommand } from '@aws-sdk/client-eks';
import { EC2Client, CreateVpcCommand, ModifyVpcAttributeCommand, CreateSubnetCommand, CreateInternetGatewayCommand, AttachInternetGatewayCommand, CreateRouteTableCommand, CreateRouteCommand, AssociateRouteTableCommand, ModifySubnetAttributeCommand } from '@aws-sdk/client-ec2';
import { IAMClient, CreateRoleCommand, AttachRolePolicyCommand } from '@aws-sdk/client-iam';

export const once = { maxAttempts: 1 };
export const eks = new EKSClient(once), ec2 = new EC2Client(once), iam = new IAMClient(once);
export const cluster = 'foreign';
export const region = process.env.AWS_REGION;
const speed = Number(process.env.SLIPWAY_CLOCK_SPEED || 1);
export const sleep = (simulated) => new Promise((r) => setTimeout(r, (simulated * 1000) / speed));

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
// ask has the test do what no API call does, and waits until it is done.
export async function ask(what) { console.log(JSON.stringify({ ask: what })); await answers.next(); }

// until polls, bounded in count, until the answer is no longer one of these.
export async function until(read, ...moving) {
  for (let i = 0; i < 600; i++) {
    const x = await read();
    if (!moving.includes(x.status)) return x;
    await sleep(10);
  }
  throw new Error('still moving');
}
// reached polls until a test of the answer holds.
export async function reached(read, holds) {
  for (let i = 0; i < 600; i++) {
    const x = await read();
    if (holds(x)) return x;
    await sleep(10);
  }
  throw new Error('never reached');
}
export const group = (n) => async () => (await eks.send(new DescribeNodegroupCommand({ clusterName: cluster, nodegroupName: n }))).nodegroup;
export const addon = (n) => async () => (await eks.send(new DescribeAddonCommand({ clusterName: cluster, addonName: n }))).addon;
export const live = async () => (await eks.send(new DescribeClusterCommand({ name: cluster }))).cluster;
export const settled = () => until(live, 'UPDATING');

export const trust = (service) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }] });
export async function role(name, service, policies) {
  const r = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust(service) }));
  for (const p of policies) await iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/' + p }));
  return r.Role.Arn;
}
export const attach = (name, policy) => iam.send(new AttachRolePolicyCommand({ RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/' + policy }));

export async function subnet(net, cidr, zone) {
  const id = (await ec2.send(new CreateSubnetCommand({ VpcId: net.vpc, CidrBlock: cidr, AvailabilityZone: region + zone }))).Subnet.SubnetId;
  if (net.autoAssign) await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: id, MapPublicIpOnLaunch: { Value: true } }));
  await ec2.send(new AssociateRouteTableCommand({ RouteTableId: net.rt, SubnetId: id }));
  return id;
}

export async function network({ dns = true, route = true, autoAssign = true, zones = ['a', 'b'] } = {}) {
  const vpc = (await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }))).Vpc.VpcId;
  if (dns) await ec2.send(new ModifyVpcAttributeCommand({ VpcId: vpc, EnableDnsHostnames: { Value: true } }));
  const igw = (await ec2.send(new CreateInternetGatewayCommand({}))).InternetGateway.InternetGatewayId;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: igw, VpcId: vpc }));
  const rt = (await ec2.send(new CreateRouteTableCommand({ VpcId: vpc }))).RouteTable.RouteTableId;
  const net = { vpc, rt, autoAssign, subnets: [] };
  for (const [i, z] of zones.entries()) net.subnets.push(await subnet(net, `10.0.${i}.0/24`, z));
  net.open = () => ec2.send(new CreateRouteCommand({ RouteTableId: rt, DestinationCidrBlock: '0.0.0.0/0', GatewayId: igw }));
  if (route) await net.open();
  return net;
}

export async function create(net, vpcConfig = {}, extra = {}) {
  const roleArn = await role('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']);
  const nodeRole = await role('node', 'ec2.amazonaws.com', ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly']);
  await sleep(20); // IAM propagates
  await eks.send(new CreateClusterCommand({ name: cluster, roleArn, version: '1.34', bootstrapSelfManagedAddons: false, resourcesVpcConfig: { subnetIds: net.subnets, ...vpcConfig }, accessConfig: { authenticationMode: 'API' }, ...extra }));
  await until(live, 'CREATING');
  return { roleArn, nodeRole, nodegroup: (n, extra = {}) => eks.send(new CreateNodegroupCommand({ clusterName: cluster, nodegroupName: n, subnets: net.subnets, nodeRole, scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 2 }, ...extra })) };
}
export const install = async (name, extra = {}) => {
  await eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: name, ...extra }));
  return until(addon(name), 'CREATING');
};
export const networking = async () => { for (const a of ['vpc-cni', 'kube-proxy']) await install(a); };
export const configure = async (change) => { await eks.send(new UpdateClusterConfigCommand({ name: cluster, ...change })); return settled(); };

export const outcome = (g) => ({ status: g.status, issues: (g.health?.issues ?? []).map((i) => ({ code: i.code, message: i.message })) });
export const refused = async (p) => { try { await p; return { error: 'none' }; } catch (e) { return { error: e.name, message: e.message, status: e.$metadata?.httpStatusCode }; } };
// broken makes a group that fails for a cause, removes that cause alone, and makes
// the group again.
export async function broken(first, repair, second = first) {
  await first('one');
  const a = outcome(await until(group('one'), 'CREATING'));
  await repair();
  await second('two');
  return { broken: a, repaired: outcome(await until(group('two'), 'CREATING')) };
}
// ails does harm, waits until EKS reports it on the thing read, repairs, and waits
// until EKS reports nothing.
export async function ails(read, harm, repair) {
  await harm();
  const a = outcome(await reached(read, (x) => x.health.issues.length > 0));
  await repair();
  return { broken: a, repaired: outcome(await reached(read, (x) => x.health.issues.length === 0 && !['UPDATING', 'CREATING'].includes(x.status))) };
}

class Sha256 {
  constructor(key) { this.h = key ? createHmac('sha256', key) : createHash('sha256'); }
  update(data) { this.h.update(data); }
  async digest() { return new Uint8Array(this.h.digest()); }
}
// token is a Kubernetes bearer token: a presigned GetCallerIdentity.
async function token() {
  const signer = new SignatureV4({ service: 'sts', region, sha256: Sha256, credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY } });
  const host = `sts.${region}.amazonaws.com`;
  const r = await signer.presign({ method: 'GET', protocol: 'https:', hostname: host, path: '/', query: { Action: 'GetCallerIdentity', Version: '2011-06-15' }, headers: { host, 'x-k8s-aws-id': cluster } }, { expiresIn: 60, unhoistableHeaders: new Set(['x-k8s-aws-id']) });
  const q = Object.entries(r.query).map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).join('&');
  return 'k8s-aws-v1.' + Buffer.from(`https://${host}/?${q}`).toString('base64url');
}
// kube calls the cluster's Kubernetes API.
export async function kube(method, path, body) {
  const c = await live();
  const bearer = await token();
  return new Promise((done, fail) => {
    const r = https.request(c.endpoint + path, { method, ca: Buffer.from(c.certificateAuthority.data, 'base64'), headers: { authorization: 'Bearer ' + bearer, 'content-type': 'application/json' } }, (res) => {
      let text = '';
      res.on('data', (d) => { text += d; });
      res.on('end', () => done({ code: res.statusCode, body: JSON.parse(text) }));
    });
    r.on('error', fail);
    r.end(body && JSON.stringify(body));
  });
}
// notReady is what the nodes' kubelets say, without repetition.
export const notReady = async () => [...new Set((await kube('GET', '/api/v1/nodes')).body.items.map((n) => n.status.conditions.find((c) => c.type === 'Ready')).filter((c) => c.status !== 'True').map((c) => c.message))];
// complaints are the warnings of kube-system's pods.
export const complaints = async () => [...new Set((await kube('GET', '/api/v1/namespaces/kube-system/events')).body.items.filter((e) => e.type === 'Warning').map((e) => e.message))];
