// What AWS refuses, and in which words: facts/eks.md §3, §4, §5 rows 34 and 35.
import { CreateClusterCommand, DescribeClusterCommand, CreateAddonCommand, DeleteClusterCommand, CreateFargateProfileCommand, CreateAccessEntryCommand, UpdateClusterConfigCommand, DeleteNodegroupCommand } from '@aws-sdk/client-eks';
import { DescribeSubnetsCommand, DeleteSubnetCommand } from '@aws-sdk/client-ec2';
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { once, eks, ec2, cluster, network, role, create, addon, group, until, reached, refused, sleep, live, settled } from '../lib.mjs';

export async function conflicts() {
  const net = await network();
  const c = await create(net);
  const podExecutionRoleArn = await role('pods', 'eks-fargate-pods.amazonaws.com', []);
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
  await settled();
  out.al2 = await refused(c.nodegroup('old', { amiType: 'AL2_x86_64' }));
  await c.nodegroup('some');
  out.deleteAttached = await refused(eks.send(new DeleteClusterCommand({ name: cluster })));
  out.subnetGone = await refused(ec2.send(new DescribeSubnetsCommand({ SubnetIds: [net.subnets[0], 'subnet-0123456789abcdef0'] })));
  out.subnetInUse = await refused(ec2.send(new DeleteSubnetCommand({ SubnetId: net.subnets[0] })));
  out.fargatePublic = await refused(eks.send(new CreateFargateProfileCommand({ clusterName: cluster, fargateProfileName: 'f', podExecutionRoleArn, subnets: net.subnets, selectors: [{ namespace: 'default' }] })));
  out.invalidPrincipal = await refused(eks.send(new CreateAccessEntryCommand({ clusterName: cluster, principalArn: 'arn:aws:iam::111122223333:role/ghost' })));
  out.unknownType = await refused(new CloudFormationClient(once).send(new CreateStackCommand({ StackName: 's', TemplateBody: JSON.stringify({ Resources: { A: { Type: 'AWS::Nope::Nothing' } } }) })));
  await until(group('some'), 'CREATING');
  out.otherZones = await refused(eks.send(new UpdateClusterConfigCommand({ name: cluster, resourcesVpcConfig: { subnetIds: [net.subnets[0]] } })));
  // Row 35: what holds a subnet goes, and then the subnet does.
  await eks.send(new DeleteNodegroupCommand({ clusterName: cluster, nodegroupName: 'some' }));
  await reached(async () => refused(group('some')()), (r) => r.error === 'ResourceNotFoundException');
  await eks.send(new DeleteClusterCommand({ name: cluster }));
  await reached(async () => refused(live()), (r) => r.error === 'ResourceNotFoundException');
  out.subnetFree = await refused(ec2.send(new DeleteSubnetCommand({ SubnetId: net.subnets[0] })));
  out.caller = (await new STSClient(once).send(new GetCallerIdentityCommand({}))).Arn;
  return out;
}
