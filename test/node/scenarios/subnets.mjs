// The stale record: facts/eks.md §5 row 2, as eksctl meets it (eksctl #7538).
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeSubnetsCommand, DeleteSubnetCommand, DescribeRouteTablesCommand } from '@aws-sdk/client-ec2';
import { once, ec2, region, subnet, create, networking, configure, group, until, reached, refused, live, outcome } from '../lib.mjs';

const cfn = new CloudFormationClient(once);
const subnetOf = (n, zone) => ({ Type: 'AWS::EC2::Subnet', Properties: { VpcId: { Ref: 'VPC' }, CidrBlock: `10.0.${n}.0/24`, AvailabilityZone: region + zone, MapPublicIpOnLaunch: true } });
const assigned = (s) => ({ Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: { Ref: s }, RouteTableId: { Ref: 'Routes' } } });
const template = {
  Resources: {
    VPC: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.0.0.0/16', EnableDnsHostnames: true, EnableDnsSupport: true } },
    Gateway: { Type: 'AWS::EC2::InternetGateway' },
    Attached: { Type: 'AWS::EC2::VPCGatewayAttachment', Properties: { VpcId: { Ref: 'VPC' }, InternetGatewayId: { Ref: 'Gateway' } } },
    Routes: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: { Ref: 'VPC' } } },
    Out: { Type: 'AWS::EC2::Route', DependsOn: 'Attached', Properties: { RouteTableId: { Ref: 'Routes' }, DestinationCidrBlock: '0.0.0.0/0', GatewayId: { Ref: 'Gateway' } } },
    A: subnetOf(0, 'a'), B: subnetOf(1, 'b'), OutA: assigned('A'), OutB: assigned('B'),
  },
  Outputs: { VPC: { Value: { Ref: 'VPC' } }, SubnetsPublic: { Value: { 'Fn::Join': [',', [{ Ref: 'A' }, { Ref: 'B' }]] } } },
};

export async function staleRecord() {
  const StackName = 'eksctl-foreign-cluster';
  await cfn.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(template) }));
  const stack = async () => (await cfn.send(new DescribeStacksCommand({ StackName }))).Stacks[0];
  const recorded = async () => (await stack()).Outputs.find((o) => o.OutputKey === 'SubnetsPublic').OutputValue.split(',');
  await reached(stack, (s) => s.StackStatus === 'CREATE_COMPLETE');
  const vpc = (await stack()).Outputs.find((o) => o.OutputKey === 'VPC').OutputValue;
  const net = { vpc, autoAssign: true, subnets: await recorded() };
  net.rt = (await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: 'association.subnet-id', Values: [net.subnets[0]] }] }))).RouteTables[0].RouteTableId;
  const c = await create(net);
  await networking();
  // somebody replaces a subnet of the control plane, and deletes the old one
  await configure({ resourcesVpcConfig: { subnetIds: [await subnet(net, '10.0.8.0/24', 'a'), net.subnets[1]] } });
  await ec2.send(new DeleteSubnetCommand({ SubnetId: net.subnets[0] }));
  const ids = await recorded();
  const out = { described: await refused(ec2.send(new DescribeSubnetsCommand({ SubnetIds: ids }))), group: await refused(c.nodegroup('one', { subnets: ids })) };
  await c.nodegroup('one', { subnets: (await live()).resourcesVpcConfig.subnetIds });
  return { ...out, repaired: outcome(await until(group('one'), 'CREATING')) };
}
