// Nodes that do not join or do not become Ready: facts/eks.md §5 rows 1, 3, 10-18.
import { CreateAccessEntryCommand, DeleteAccessEntryCommand, ListAccessEntriesCommand } from '@aws-sdk/client-eks';
import { ModifyVpcAttributeCommand, ModifySubnetAttributeCommand, RevokeSecurityGroupIngressCommand, AuthorizeSecurityGroupIngressCommand, CreateLaunchTemplateCommand, DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { ec2, eks, cluster, network, create, networking, broken, role, attach, sleep, configure, live, group, until, outcome, notReady, reached, ask } from '../lib.mjs';

export async function race() {
  const c = await create(await network());
  await c.nodegroup('one');
  const conditions = await reached(notReady, (m) => m.length > 0);
  const a = outcome(await until(group('one'), 'CREATING'));
  await networking();
  await c.nodegroup('two');
  return { conditions, broken: a, repaired: outcome(await until(group('two'), 'CREATING')) };
}
export async function noRoute() {
  const net = await network({ route: false });
  const c = await create(net);
  await networking();
  return broken(c.nodegroup, net.open);
}
export async function noDNS() {
  const net = await network({ dns: false });
  const c = await create(net);
  await networking();
  return broken(c.nodegroup, () => ec2.send(new ModifyVpcAttributeCommand({ VpcId: net.vpc, EnableDnsHostnames: { Value: true } })));
}
export async function noAutoAssign() {
  const net = await network({ autoAssign: false });
  const c = await create(net);
  await networking();
  return broken(c.nodegroup, async () => { for (const s of net.subnets) await ec2.send(new ModifySubnetAttributeCommand({ SubnetId: s, MapPublicIpOnLaunch: { Value: true } })); });
}
async function bare(policies, ...missing) {
  const c = await create(await network());
  const nodeRole = await role('bare', 'ec2.amazonaws.com', policies);
  await sleep(20);
  await networking();
  return broken((n) => c.nodegroup(n, { nodeRole }), async () => {
    for (const p of missing) await attach('bare', p);
  });
}
export const noCNIPolicy = () => bare(['AmazonEKSWorkerNodePolicy'], 'AmazonEKS_CNI_Policy');
// AmazonEKS_CNI_Policy grants ec2:DescribeInstances as well: both are missing.
export const noWorkerPolicy = () => bare([], 'AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy');
export async function restrictedEndpoint() {
  const c = await create(await network(), { publicAccessCidrs: ['192.0.2.0/24'] });
  await networking();
  return broken(c.nodegroup, () => configure({ resourcesVpcConfig: { endpointPrivateAccess: true } }));
}
// Row 13: nothing admits 443 to the control plane's interfaces.
export async function blockedGroup() {
  const c = await create(await network(), { endpointPrivateAccess: true });
  await networking();
  const id = (await live()).resourcesVpcConfig.clusterSecurityGroupId;
  const rule = { GroupId: id, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: id }] }] };
  await ec2.send(new RevokeSecurityGroupIngressCommand(rule));
  return broken(c.nodegroup, () => ec2.send(new AuthorizeSecurityGroupIngressCommand(rule)));
}
// Row 14: the node role's access entry, which EKS made, is taken away.
export async function noAccessEntry() {
  const c = await create(await network());
  await networking();
  const entry = { clusterName: cluster, principalArn: c.nodeRole };
  const entries = async () => (await eks.send(new ListAccessEntriesCommand({ clusterName: cluster }))).accessEntries;
  return broken(async (n) => {
    await c.nodegroup(n);
    await reached(entries, (all) => all.includes(c.nodeRole));
    await eks.send(new DeleteAccessEntryCommand(entry));
  }, () => eks.send(new CreateAccessEntryCommand({ ...entry, type: 'EC2_LINUX' })), c.nodegroup);
}
// Row 16: a custom AMI whose user data names no cluster.
export async function badUserData() {
  const c = await create(await network());
  await networking();
  const image = (await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'], Filters: [{ Name: 'name', Values: ['amazon-eks-node-al2023-x86_64*'] }] }))).Images[0].ImageId;
  const template = async (name, text) => (await ec2.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData: { ImageId: image, InstanceType: 'm5.large', UserData: Buffer.from(text).toString('base64') } }))).LaunchTemplate.LaunchTemplateId;
  const k = await live();
  const node = (name) => `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n--//\nContent-Type: application/node.eks.aws\n\n---\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n    name: ${name}\n    apiServerEndpoint: ${k.endpoint}\n    certificateAuthority: ${k.certificateAuthority.data}\n    cidr: ${k.kubernetesNetworkConfig.serviceIpv4Cidr}\n--//--\n`;
  const bad = await template('bad', '#!/bin/sh\necho hello\n'), good = await template('good', node(cluster));
  return broken((n) => c.nodegroup(n, { launchTemplate: { id: bad } }), async () => {}, (n) => c.nodegroup(n, { launchTemplate: { id: good } }));
}
// Row 18: STS is not activated in the region.
export async function noSTS() {
  const c = await create(await network());
  await networking();
  await ask('deactivate');
  return broken(c.nodegroup, () => ask('activate'));
}
