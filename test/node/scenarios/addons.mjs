// Add-ons: facts/eks.md §5 rows 5-9.
import { CreateAddonCommand, DeleteAddonCommand, UpdateAddonCommand } from '@aws-sdk/client-eks';
import { eks, cluster, network, create, install, networking, role, attach, sleep, addon, until, reached, refused, outcome, group } from '../lib.mjs';

const remove = async (name, preserve = false) => {
  await eks.send(new DeleteAddonCommand({ clusterName: cluster, addonName: name, preserve }));
  await reached(async () => refused(addon(name)()), (r) => r.error === 'ResourceNotFoundException');
};
// Row 5: nodes are there, aws-node does not become ready on them.
export async function cniUnready() {
  const c = await create(await network());
  const nodeRole = await role('bare', 'ec2.amazonaws.com', ['AmazonEKSWorkerNodePolicy']);
  await sleep(20);
  await c.nodegroup('one', { nodeRole });
  await sleep(240);
  const a = outcome(await install('vpc-cni'));
  await attach('bare', 'AmazonEKS_CNI_Policy');
  await remove('vpc-cni');
  return { broken: a, repaired: outcome(await install('vpc-cni')) };
}
// Row 6: coredns without nodes is DEGRADED and heals by itself once there are some.
export async function corednsFirst() {
  const c = await create(await network());
  await networking();
  const a = outcome(await install('coredns'));
  await c.nodegroup('one');
  await until(group('one'), 'CREATING');
  return { broken: a, repaired: outcome(await reached(addon('coredns'), (x) => x.status === 'ACTIVE')) };
}
// Row 7: a self-managed copy of another version stands in the way.
export async function selfManagedCopy() {
  await create(await network(), {}, { bootstrapSelfManagedAddons: true });
  const a = outcome(await install('vpc-cni', { resolveConflicts: 'NONE', addonVersion: 'v1.20.0-eksbuild.1' }));
  await remove('vpc-cni', true);
  return { broken: a, repaired: outcome(await install('vpc-cni', { resolveConflicts: 'OVERWRITE' })) };
}
// Rows 8 and 9.
export async function addonRaces() {
  await create(await network());
  const out = { version: await refused(eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: 'vpc-cni', addonVersion: 'v0.0.1' }))) };
  await eks.send(new CreateAddonCommand({ clusterName: cluster, addonName: 'vpc-cni' }));
  const update = () => eks.send(new UpdateAddonCommand({ clusterName: cluster, addonName: 'vpc-cni', configurationValues: '{"env":{"ENABLE_PREFIX_DELEGATION":"true"}}' }));
  out.raced = await refused(update());
  await until(addon('vpc-cni'), 'CREATING');
  await update();
  return { ...out, repaired: outcome(await until(addon('vpc-cni'), 'UPDATING')) };
}
