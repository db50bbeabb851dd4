#!/usr/bin/env bash
# aws CLI: CloudTrail's event history tells who did what, also what CloudFormation did on somebody's behalf
# Needs: aws, python3
# Speed: 300
. "$(dirname "$0")/lib.sh"
need aws python3
vpc=$(aws ec2 create-vpc --cidr-block 10.9.0.0/16 --query Vpc.VpcId)
subnet=$(aws ec2 create-subnet --vpc-id "$vpc" --cidr-block 10.9.0.0/24 --query Subnet.SubnetId)
refused 'the VPC is in use' DependencyViolation aws ec2 delete-vpc --vpc-id "$vpc"
ok 'the subnet goes' aws ec2 delete-subnet --subnet-id "$subnet"
cat >"$work/t.yaml" <<YAML
Resources: {Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: mine, VpcId: $vpc}}}
YAML
ok 'a stack' aws cloudformation create-stack --stack-name trailed --template-body "file://$work/t.yaml"
ok 'and it is complete' aws cloudformation wait stack-create-complete --stack-name trailed
# event ATTRIBUTE VALUE PATH: a value of the newest such event
event() {
  aws cloudtrail lookup-events --lookup-attributes "AttributeKey=$1,AttributeValue=$2" --query 'Events[0].CloudTrailEvent' |
    python3 -c "import json, sys; print(json.load(sys.stdin)$3)"
}
told() { event "$1" "$2" '["eventName"]' | grep -q .; } # it takes CloudTrail minutes
eventually 60 'the subnet has a history' told EventName CreateSecurityGroup
me=$(aws sts get-caller-identity --query Arn)
expect 'what was done to the subnet last' "$(event ResourceName "$subnet" '["eventName"]')" DeleteSubnet
expect 'who did it' "$(event ResourceName "$subnet" '["userIdentity"]["arn"]')" "$me"
expect 'with what' "$(event ResourceName "$subnet" '["userAgent"].split("/")[0]')" aws-cli
expect 'what was refused says so' "$(event EventName DeleteVpc '["errorCode"]')" Client.DependencyViolation
expect 'CloudFormation made the group' "$(event EventName CreateSecurityGroup '["userIdentity"]["invokedBy"]')" cloudformation.amazonaws.com
expect 'for somebody' "$(event EventName CreateSecurityGroup '["userIdentity"]["arn"]')" "$me"
refused 'two attributes' InvalidLookupAttributesException aws cloudtrail lookup-events \
  --lookup-attributes AttributeKey=EventName,AttributeValue=a AttributeKey=Username,AttributeValue=b
ok 'the stack goes' aws cloudformation delete-stack --stack-name trailed
