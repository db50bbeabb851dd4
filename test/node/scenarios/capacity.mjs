// Instances and addresses that are not to be had: facts/eks.md §5 rows 4, 19-22, 28, 31.
import { CreateClusterCommand, UpdateNodegroupConfigCommand, DeleteNodegroupCommand } from '@aws-sdk/client-eks';
import { eks, cluster, network, subnet, create, networking, broken, group, until, ails, live, refused, role, sleep, complaints, reached, outcome, ask } from '../lib.mjs';

const size = (n) => ({ scalingConfig: { minSize: 1, desiredSize: n, maxSize: n } });
async function types(bad, good) {
  const c = await create(await network());
  await networking();
  await ask('limit');
  return broken((n) => c.nodegroup(n, bad), async () => {}, (n) => c.nodegroup(n, good));
}
export const vcpuLimit = () => types({ instanceTypes: ['m5.4xlarge'] }, { instanceTypes: ['m5.large'] }); // the account has 8
export const noCapacity = () => types({ instanceTypes: ['m5.large'] }, { instanceTypes: ['m5.large', 'm5a.large'] });
export const freeTier = () => types({ instanceTypes: ['m5.large'] }, { instanceTypes: ['t3.small'] });
export async function fullSubnet() {
  const net = await network();
  const tiny = await subnet(net, '10.0.9.0/28', 'a');
  const c = await create(net);
  await networking();
  return broken((n) => c.nodegroup(n, { ...size(14), subnets: [tiny] }), async () => {}, (n) => c.nodegroup(n, size(14)));
}
// Row 4: the nodes took the subnet's last addresses, and ipamd finds none.
export async function noPodAddresses() {
  const net = await network();
  const tiny = await subnet(net, '10.0.9.0/28', 'a');
  const c = await create(net);
  await networking();
  await c.nodegroup('one', { ...size(11), subnets: [tiny] });
  const said = await reached(complaints, (m) => m.length > 0);
  const a = outcome(await until(group('one'), 'CREATING'));
  await eks.send(new DeleteNodegroupCommand({ clusterName: cluster, nodegroupName: 'one' }));
  await reached(async () => refused(group('one')()), (r) => r.error === 'ResourceNotFoundException');
  await c.nodegroup('two', { ...size(8), subnets: [tiny] });
  return { said, broken: a, repaired: outcome(await until(group('two'), 'CREATING')) };
}
// Row 28: a control-plane subnet runs out of addresses for the next update.
export async function fullControlPlaneSubnet() {
  const net = await network();
  const tiny = await subnet(net, '10.0.9.0/28', 'a');
  net.subnets.push(tiny);
  const c = await create(net);
  await networking();
  await c.nodegroup('one', { scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 8 }, subnets: [tiny] });
  await until(group('one'), 'CREATING');
  const scale = (n) => eks.send(new UpdateNodegroupConfigCommand({ clusterName: cluster, nodegroupName: 'one', scalingConfig: { desiredSize: n } }));
  const other = () => refused(eks.send(new CreateClusterCommand({ name: 'other', roleArn: c.roleArn, resourcesVpcConfig: { subnetIds: [tiny, net.subnets[1]] } })));
  let tooSmall;
  const out = await ails(live, () => scale(8), async () => {
    await until(group('one'), 'UPDATING');
    tooSmall = await other();
    await scale(1);
  });
  out.tooSmall = tooSmall;
  return out;
}
// Row 31: a zone in which EKS has no room for control planes (us-east-1).
export async function noZone() {
  const net = await network({ zones: ['a', 'b', 'c', 'd', 'e'] });
  const roleArn = await role('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']);
  await sleep(20);
  const make = (subnetIds) => eks.send(new CreateClusterCommand({ name: cluster, roleArn, resourcesVpcConfig: { subnetIds } }));
  let valid = [];
  const a = await refused(make(net.subnets).catch((e) => { valid = e.validZones; throw e; }));
  const good = net.subnets.filter((_, i) => valid.includes('us-east-1' + 'abcde'[i]));
  await make(good);
  return { broken: a, valid, repaired: { status: (await until(live, 'CREATING')).status, issues: [] } };
}
