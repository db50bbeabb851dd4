// What is deleted or changed under a running cluster: facts/eks.md §5 rows 23-27, 29, 30.
import { ScheduleKeyDeletionCommand, CancelKeyDeletionCommand, KMSClient, CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand, UpdateAutoScalingGroupCommand, DeleteAutoScalingGroupCommand } from '@aws-sdk/client-auto-scaling';
import { DeleteLaunchTemplateCommand, CreateLaunchTemplateVersionCommand, DeleteSubnetCommand } from '@aws-sdk/client-ec2';
import { DeleteNodegroupCommand } from '@aws-sdk/client-eks';
import { DetachRolePolicyCommand, DeleteRoleCommand, CreateRoleCommand, UpdateAssumeRolePolicyCommand, DeleteInstanceProfileCommand, RemoveRoleFromInstanceProfileCommand, CreateInstanceProfileCommand, AddRoleToInstanceProfileCommand, ListInstanceProfilesForRoleCommand } from '@aws-sdk/client-iam';
import { once, eks, ec2, iam, cluster, network, subnet, create, networking, group, until, ails, live, settled, configure, trust, attach, kube, outcome, reached, refused, ask } from '../lib.mjs';

const asg = new AutoScalingClient(once), kms = new KMSClient(once);

async function running() {
  const net = await network();
  const c = await create(net);
  await networking();
  await c.nodegroup('one');
  const g = await until(group('one'), 'CREATING');
  const name = g.resources.autoScalingGroups[0].name;
  const auto = async () => (await asg.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))).AutoScalingGroups[0];
  return { net, ...c, name, auto };
}
// again deletes the group that can't be saved, and makes it anew.
async function again(c, harm) {
  await harm();
  const a = outcome(await reached(group('one'), (g) => g.health.issues.length > 0));
  await eks.send(new DeleteNodegroupCommand({ clusterName: cluster, nodegroupName: 'one' }));
  await reached(async () => refused(group('one')()), (r) => r.error === 'ResourceNotFoundException');
  await c.nodegroup('one');
  return { broken: a, repaired: outcome(await until(group('one'), 'CREATING')) };
}
const templateOf = (g) => g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification;
// Row 23, twice: the template that EKS made, edited and deleted.
export async function templateEdited() {
  const c = await running();
  const g = await c.auto();
  const lt = templateOf(g);
  const point = (v) => asg.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName: c.name, MixedInstancesPolicy: { ...g.MixedInstancesPolicy, LaunchTemplate: { ...g.MixedInstancesPolicy.LaunchTemplate, LaunchTemplateSpecification: { LaunchTemplateId: lt.LaunchTemplateId, Version: v } } } }));
  await ec2.send(new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: lt.LaunchTemplateId, SourceVersion: '1', LaunchTemplateData: { InstanceType: 'm5.xlarge' } }));
  return ails(group('one'), () => point('2'), () => point('1'));
}
export async function templateDeleted() {
  const c = await running();
  const lt = templateOf(await c.auto());
  return again(c, () => ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: lt.LaunchTemplateId })));
}
// Row 24, three times.
export async function scalingGroupDeleted() {
  const c = await running();
  return again(c, () => asg.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: c.name, ForceDelete: true })));
}
const nodePolicies = ['AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEC2ContainerRegistryPullOnly'];
async function dropRole(name, policies) {
  for (const p of policies) await iam.send(new DetachRolePolicyCommand({ RoleName: name, PolicyArn: 'arn:aws:iam::aws:policy/' + p }));
  await iam.send(new DeleteRoleCommand({ RoleName: name }));
}
async function makeRole(name, service, policies) {
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trust(service) }));
  for (const p of policies) await attach(name, p);
}
const profile = async () => (await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'node' }))).InstanceProfiles[0].InstanceProfileName;
export async function nodeRoleDeleted() {
  await running();
  const InstanceProfileName = await profile();
  return ails(group('one'), async () => {
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: 'node' }));
    await dropRole('node', nodePolicies);
  }, async () => {
    await makeRole('node', 'ec2.amazonaws.com', nodePolicies);
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: 'node' }));
  });
}
export async function profileDeleted() {
  await running();
  const InstanceProfileName = await profile();
  return ails(group('one'), async () => {
    await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: 'node' }));
    await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName }));
  }, async () => {
    await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: 'node' }));
  });
}
// Row 25: the role by which EKS looks after nodes is deleted inside Kubernetes.
export async function nodeManagerDeleted() {
  await running();
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
  const was = (await kube('GET', path + '/eks:node-manager')).body;
  return ails(group('one'), () => kube('DELETE', path + '/eks:node-manager'), () => kube('POST', path, { apiVersion: was.apiVersion, kind: was.kind, metadata: { name: was.metadata.name }, rules: was.rules }));
}
// Row 26: the API server answers nothing.
export async function unreachable() {
  await running();
  return ails(live, () => ask('break'), () => ask('mend'));
}
// Row 27: a listed subnet is deleted.
export async function subnetDeleted() {
  const net = await network();
  await create(net);
  const spare = await subnet(net, '10.0.7.0/24', 'a');
  await configure({ resourcesVpcConfig: { subnetIds: [...net.subnets, spare] } });
  return ails(live, () => ec2.send(new DeleteSubnetCommand({ SubnetId: spare })), () => configure({ resourcesVpcConfig: { subnetIds: net.subnets } }));
}
// Row 29, twice.
async function encrypted() {
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata.Arn;
  await create(await network(), {}, { encryptionConfig: [{ resources: ['secrets'], provider: { keyArn: KeyId } }] });
  return KeyId;
}
export async function keyDisabled() {
  const KeyId = await encrypted();
  return ails(live, () => kms.send(new DisableKeyCommand({ KeyId })), () => kms.send(new EnableKeyCommand({ KeyId })));
}
export async function keyGoing() {
  const KeyId = await encrypted();
  return ails(live, () => kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })), async () => { await kms.send(new CancelKeyDeletionCommand({ KeyId })); await kms.send(new EnableKeyCommand({ KeyId })); });
}
// Row 30, twice.
export async function clusterRoleDeleted() {
  await create(await network());
  return ails(live, () => dropRole('cluster', ['AmazonEKSClusterPolicy']), () => makeRole('cluster', 'eks.amazonaws.com', ['AmazonEKSClusterPolicy']));
}
export async function clusterRoleTrust() {
  await create(await network());
  const let_in = (service) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: 'cluster', PolicyDocument: trust(service) }));
  return ails(live, () => let_in('ec2.amazonaws.com'), () => let_in('eks.amazonaws.com'));
}
