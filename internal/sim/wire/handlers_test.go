package wire_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.yaml.in/yaml/v3"

	"github.com/slipway-eks/slipway/internal/mutate"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// life is how many requests a region takes before another has its place: its state grows
// with what it is asked for, which is no fault.
const life = 2000

// shelf is a name's values, of which new ones take the place of old ones.
type shelf struct {
	values []string
	next   int
}

func (h *shelf) put(v string) {
	for _, x := range h.values {
		if x == v {
			return
		}
	}
	if len(h.values) < 24 {
		h.values = append(h.values, v)
		return
	}
	h.values[h.next%24] = v
	h.next++
}

// harvest is what a region has told of, by the names of members: requests are to reach what
// is there.
type harvest map[string]*shelf

func (h harvest) put(name, v string) {
	if h[name] == nil {
		if len(h) > 2000 {
			return // names of tags
		}
		h[name] = &shelf{}
	}
	h[name].put(v)
}

// read takes the texts out of an answer, in XML or JSON.
func (h harvest) read(body []byte) {
	body = body[:min(len(body), 8<<10)]
	word := func(at int) int {
		for at < len(body) && (body[at]|0x20 >= 'a' && body[at]|0x20 <= 'z' || body[at] >= '0' && body[at] <= '9') {
			at++
		}
		return at
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '<' && body[i] != '"' {
			continue
		}
		end, between, close := word(i+1), ">", "<"
		if body[i] == '"' {
			between, close = `":"`, `"`
		}
		if end == i+1 || !bytes.HasPrefix(body[end:], []byte(between)) {
			continue
		}
		from := end + len(between)
		n := bytes.IndexAny(body[from:], close+"\\")
		if n <= 0 || n > 250 || body[from+n] == '\\' {
			continue
		}
		name, v := strings.ToLower(string(body[i+1:end])), string(body[from:from+n])
		if name == "requestid" || name == "message" || name == "code" {
			continue
		}
		h.put(name, v)
		if parts := strings.SplitN(v, ":", 4); len(parts) == 4 && parts[0] == "arn" {
			h.put("arn", v)
			h.put(parts[2]+"arn", v)
		} else if strings.HasSuffix(name, "id") {
			h.put("id", v)
		}
		i = from + n - 1
	}
}

// synonyms are members that other operations call otherwise.
var synonyms = map[string]string{"securitygroupid": "groupid", "securitygroup": "groupid", "resourceid": "id", "resource": "id", "nodegroup": "nodegroupname",
	"subnet": "subnetid", "physicalresourceid": "id", "stackid": "stackname", "key": "keyid", "targetkeyid": "keyid", "kmskeyid": "keyid", "principal": "arn",
	"resourcearn": "arn", "keyarn": "kmsarn", "policysourcearn": "rolearn", "autoscalinggroup": "autoscalinggroupname", "vpczoneidentifier": "subnetid", "loadbalancer": "loadbalancername",
	"updateid": "id", "associationid": "associationid", "scope": "vpcid", "groupname": "groupname", "instance": "instanceid", "queueurl": "queueurl"}

// given are values that no answer tells, by member.
var given = map[string][]string{
	"clustername": {"c", "c", "made"}, "nodegroupname": {"g"}, "addonname": {"vpc-cni", "coredns", "kube-proxy", "aws-ebs-csi-driver", "eks-pod-identity-agent"},
	"rolename": {"r"}, "rolearn": {role}, "noderole": {role}, "principalarn": {role}, "fargateprofilename": {"f"},
	"stackname": {"s", "t"}, "changesetname": {"cs"}, "launchtemplatename": {"ltx"}, "autoscalinggroupname": {"a"}, "instancetype": {"t3.medium", "m5.large", "g5.xlarge"},
	"cidrblock": {"172.31.200.0/24", "10.7.0.0/16", "10.7.1.0/24"}, "cidrip": {"10.0.0.0/8", "0.0.0.0/0"}, "ipprotocol": {"tcp", "udp", "-1", "icmp"},
	"availabilityzone": {"us-west-2a", "us-west-2b", "us-west-2d"}, "version": {"1.33", "1.34", "$Latest", "1", ""}, "loggroupname": {"/l"}, "logstreamname": {"ls"},
	"queueurl": {"https://sqs.us-west-2.amazonaws.com/111122223333/q"}, "queuename": {"q", "q.fifo"}, "aliasname": {"alias/k"}, "rule": {"e"}, "policyname": {"p"},
	"name":           {"vpc-id", "tag:Name", "state", "instance-state-name", "subnet-id", "group-id", "default-for-az", "availability-zone", "tag-key", "/p", "e", "q", "c"},
	"policyarn":      {"arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", "arn:aws:iam::111122223333:policy/p", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"},
	"policydocument": {policy}, "assumerolepolicydocument": {trust}, "policy": {policy}, "capabilities": {"CAPABILITY_NAMED_IAM"}, "capability": {"CAPABILITY_NAMED_IAM"},
	"eventpattern": {`{"source":["aws.ec2"],"detail":{"state":[{"prefix":"run"},{"numeric":[">",0,"<",5]},{"anything-but":["x"]}]}}`, `{"source":[{"wildcard":"a*b*"}]}`},
	"userdata":     {"IyEvYmluL3NoCg==", "TUlNRS1WZXJzaW9uOiAxLjAK"}, "parametername": {"P"}, "parameterkey": {"Name"}, "scheduleexpression": {"rate(5 minutes)"},
	"configurationvalues": {`{"env":{"A":"b"}}`, `{"replicaCount":3}`, "replicaCount: 2\n"}, "resourcetype": {"instance", "vpc", "subnet"},
	"attributename": {"All", "QueueArn", "Policy", "VisibilityTimeout"}, "servicecode": {"eks", "ec2", "vpc"}, "quotacode": {"L-1194D53C", "L-F678F1CE"},
	"keyid": {"alias/k"}, "clientrequesttoken": {"t1", "t2"}, "clienttoken": {"t1", "t2"},
}

const (
	role   = "arn:aws:iam::111122223333:role/r"
	policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:*","eks:Describe*"],"Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"*"}}}]}`
	trust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*","Service":["eks.amazonaws.com","ec2.amazonaws.com","pods.eks.amazonaws.com"]},"Action":["sts:AssumeRole","sts:TagSession"]}]}`
)

// wait lets time pass between the requests that begin a life.
const wait = "wait"

// opening are requests that a region does: they begin each life, and are changed later.
// $name is the last value that the region told of, $name0 and $name1 are the first.
var opening = []struct{ service, op, in string }{
	{"iam", "CreateRole", `{"RoleName":"r","AssumeRolePolicyDocument":` + quoted(trust) + `,"Tags":[{"Key":"a","Value":"b"}]}`},
	{"iam", "PutRolePolicy", `{"RoleName":"r","PolicyName":"p","PolicyDocument":` + quoted(policy) + `}`},
	{"iam", "AttachRolePolicy", `{"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"}`},
	{"iam", "AttachRolePolicy", `{"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}`},
	{"iam", "CreateRole", `{"RoleName":"v","AssumeRolePolicyDocument":` + quoted(trust) + `}`},
	{"iam", "CreatePolicy", `{"PolicyName":"p","PolicyDocument":` + quoted(policy) + `}`},
	{"iam", "CreateInstanceProfile", `{"InstanceProfileName":"r"}`},
	{"iam", "AddRoleToInstanceProfile", `{"InstanceProfileName":"r","RoleName":"r"}`},
	{"iam", "CreateOpenIDConnectProvider", `{"Url":"https://example.com","ClientIDList":["sts.amazonaws.com"]}`},
	{"iam", "SimulatePrincipalPolicy", `{"PolicySourceArn":"` + role + `","ActionNames":["ec2:RunInstances","eks:*"],"ResourceArns":["*"]}`},
	{wait, "", ""},
	{"ec2", "DescribeSubnets", `{}`}, {"ec2", "DescribeVpcs", `{}`}, {"ec2", "DescribeSecurityGroups", `{}`},
	{"ec2", "DescribeImages", `{"Owners":["amazon"],"Filters":[{"Name":"name","Values":["amazon-eks-node-al2023-x86_64*"]}]}`},
	{"eks", "CreateCluster", `{"name":"c","roleArn":"` + role + `","resourcesVpcConfig":{"subnetIds":["$subnetid0","$subnetid1"]},"logging":{"clusterLogging":[{"types":["api"],"enabled":true}]},` +
		`"accessConfig":{"authenticationMode":"API_AND_CONFIG_MAP"},"tags":{"a":"b"}}`},
	{"ec2", "CreateVpc", `{"CidrBlock":"10.7.0.0/16","AmazonProvidedIpv6CidrBlock":true,"TagSpecifications":[{"ResourceType":"vpc","Tags":[{"Key":"Name","Value":"v"}]}]}`},
	{"ec2", "CreateSubnet", `{"VpcId":"$vpcid","CidrBlock":"10.7.1.0/24","AvailabilityZone":"us-west-2a"}`},
	{"ec2", "CreateSecurityGroup", `{"GroupName":"sg","Description":"d","VpcId":"$vpcid"}`},
	{"ec2", "AuthorizeSecurityGroupIngress", `{"GroupId":"$groupid","IpPermissions":[{"IpProtocol":"tcp","FromPort":1,"ToPort":65535,"IpRanges":[{"CidrIp":"10.0.0.0/8","Description":"d"}],"UserIdGroupPairs":[{"GroupId":"$groupid"}]}]}`},
	{"ec2", "CreateInternetGateway", `{}`}, {"ec2", "AttachInternetGateway", `{"InternetGatewayId":"$internetgatewayid","VpcId":"$vpcid"}`},
	{"ec2", "CreateRouteTable", `{"VpcId":"$vpcid"}`}, {"ec2", "CreateRoute", `{"RouteTableId":"$routetableid","DestinationCidrBlock":"0.0.0.0/0","GatewayId":"$internetgatewayid"}`},
	{"ec2", "AssociateRouteTable", `{"RouteTableId":"$routetableid","SubnetId":"$subnetid"}`},
	{"ec2", "AllocateAddress", `{"Domain":"vpc"}`}, {"ec2", "CreateNatGateway", `{"SubnetId":"$subnetid","AllocationId":"$allocationid"}`},
	{"ec2", "CreateKeyPair", `{"KeyName":"k","KeyType":"ed25519"}`},
	{"ec2", "CreateNetworkInterface", `{"SubnetId":"$subnetid","Groups":["$groupid"],"SecondaryPrivateIpAddressCount":2}`},
	{"ec2", "CreateVolume", `{"AvailabilityZone":"us-west-2a","Size":8,"VolumeType":"gp3"}`},
	{"ec2", "CreateVpcEndpoint", `{"VpcId":"$vpcid","ServiceName":"com.amazonaws.us-west-2.s3","RouteTableIds":["$routetableid"]}`},
	{"ec2", "CreateLaunchTemplate", `{"LaunchTemplateName":"ltx","LaunchTemplateData":{"ImageId":"$imageid","InstanceType":"t3.medium","MetadataOptions":{"HttpTokens":"required"},` +
		`"BlockDeviceMappings":[{"DeviceName":"/dev/xvda","Ebs":{"VolumeSize":20,"VolumeType":"gp3"}}],"UserData":"IyEvYmluL3NoCg=="}}`},
	{"ec2", "CreateLaunchTemplateVersion", `{"LaunchTemplateName":"ltx","SourceVersion":"1","LaunchTemplateData":{"InstanceType":"m5.large"}}`},
	{"ec2", "RunInstances", `{"ImageId":"$imageid","InstanceType":"t3.medium","MinCount":1,"MaxCount":2,"SubnetId":"$subnetid"}`},
	{"ec2", "CreateFleet", `{"Type":"instant","LaunchTemplateConfigs":[{"LaunchTemplateSpecification":{"LaunchTemplateName":"ltx","Version":"$Latest"},"Overrides":[{"InstanceType":"t3.medium","SubnetId":"$subnetid"}]}],"TargetCapacitySpecification":{"TotalTargetCapacity":1,"DefaultTargetCapacityType":"on-demand"}}`},
	{"ec2", "CreatePlacementGroup", `{"GroupName":"pg","Strategy":"spread"}`},
	{"ec2", "CreateTags", `{"Resources":["$vpcid"],"Tags":[{"Key":"Name","Value":"x"}]}`},
	{"ec2", "DescribeInstances", `{"Filters":[{"Name":"tag:Name","Values":["*"]}],"MaxResults":5}`},
	{"ec2", "GetInstanceTypesFromInstanceRequirements", `{"ArchitectureTypes":["x86_64"],"VirtualizationTypes":["hvm"],"InstanceRequirements":{"VCpuCount":{"Min":2},"MemoryMiB":{"Min":1024}}}`},
	{"autoscaling", "CreateAutoScalingGroup", `{"AutoScalingGroupName":"a","MinSize":0,"MaxSize":3,"DesiredCapacity":1,"VPCZoneIdentifier":"$subnetid","LaunchTemplate":{"LaunchTemplateName":"ltx","Version":"$Latest"},"Tags":[{"Key":"a","Value":"b","PropagateAtLaunch":true}]}`},
	{"autoscaling", "UpdateAutoScalingGroup", `{"AutoScalingGroupName":"a","DesiredCapacity":2}`},
	{"autoscaling", "PutLifecycleHook", `{"AutoScalingGroupName":"a","LifecycleHookName":"h","LifecycleTransition":"autoscaling:EC2_INSTANCE_TERMINATING","HeartbeatTimeout":30}`},
	{"elasticloadbalancing", "CreateTargetGroup", `{"Name":"tg","Protocol":"TCP","Port":80,"VpcId":"$vpcid","TargetType":"ip"}`},
	{"elasticloadbalancing", "CreateLoadBalancer", `{"Name":"lb","Subnets":["$subnetid"],"Type":"network","Scheme":"internal"}`},
	{"elasticloadbalancing", "CreateListener", `{"LoadBalancerArn":"$loadbalancerarn","Protocol":"TCP","Port":80,"DefaultActions":[{"Type":"forward","TargetGroupArn":"$targetgrouparn"}]}`},
	{"elasticloadbalancing", "RegisterTargets", `{"TargetGroupArn":"$targetgrouparn","Targets":[{"Id":"10.7.1.9","Port":80}]}`},
	{"elasticloadbalancing@2012-06-01", "CreateLoadBalancer", `{"LoadBalancerName":"clb","Subnets":["$subnetid"],"Listeners":[{"Protocol":"TCP","LoadBalancerPort":80,"InstanceProtocol":"TCP","InstancePort":8080}]}`},
	{"kms", "CreateKey", `{"Description":"d"}`}, {"kms", "CreateAlias", `{"AliasName":"alias/k","TargetKeyId":"$keyid"}`},
	{"kms", "Encrypt", `{"KeyId":"alias/k","Plaintext":"aGVsbG8=","EncryptionContext":{"a":"b"}}`}, {"kms", "CreateGrant", `{"KeyId":"$keyid","GranteePrincipal":"` + role + `","Operations":["Decrypt"]}`},
	{"logs", "CreateLogGroup", `{"logGroupName":"/l"}`}, {"logs", "CreateLogStream", `{"logGroupName":"/l","logStreamName":"ls"}`},
	{"logs", "PutLogEvents", `{"logGroupName":"/l","logStreamName":"ls","logEvents":[{"timestamp":1795305600000,"message":"m"}]}`},
	{"logs", "FilterLogEvents", `{"logGroupName":"/l","filterPattern":"m"}`},
	{"sqs", "CreateQueue", `{"QueueName":"q","Attributes":{"VisibilityTimeout":"30"}}`}, {"sqs", "SendMessage", `{"QueueUrl":"$queueurl","MessageBody":"m"}`},
	{"sqs", "ReceiveMessage", `{"QueueUrl":"$queueurl","MaxNumberOfMessages":10}`},
	{"events", "PutRule", `{"Name":"e","EventPattern":"{\"source\":[\"aws.ec2\"]}"}`}, {"events", "PutTargets", `{"Rule":"e","Targets":[{"Id":"1","Arn":"arn:aws:sqs:us-west-2:111122223333:q"}]}`},
	{"events", "PutEvents", `{"Entries":[{"Source":"x","DetailType":"y","Detail":"{\"a\":1}"}]}`},
	{"ssm", "PutParameter", `{"Name":"/p","Value":"v","Type":"String"}`}, {"ssm", "GetParametersByPath", `{"Path":"/","Recursive":true}`},
	{"cloudformation", "CreateStack", `{"StackName":"s","TemplateBody":"$template","Capabilities":["CAPABILITY_NAMED_IAM"],"Tags":[{"Key":"a","Value":"b"}]}`},
	{wait, "", ""},
	{"eks", "CreateNodegroup", `{"clusterName":"c","nodegroupName":"g","subnets":["$subnetid0"],"nodeRole":"` + role + `","scalingConfig":{"minSize":0,"maxSize":2,"desiredSize":1},"labels":{"a":"b"},"taints":[{"key":"k","value":"v","effect":"NO_SCHEDULE"}]}`},
	{"eks", "CreateAddon", `{"clusterName":"c","addonName":"vpc-cni","configurationValues":"{\"env\":{\"A\":\"b\"}}","resolveConflicts":"OVERWRITE"}`},
	{"eks", "CreateAddon", `{"clusterName":"c","addonName":"coredns"}`},
	{"eks", "CreateAccessEntry", `{"clusterName":"c","principalArn":"arn:aws:iam::111122223333:role/v","kubernetesGroups":["g"]}`},
	{"eks", "AssociateAccessPolicy", `{"clusterName":"c","principalArn":"arn:aws:iam::111122223333:role/v","policyArn":"arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy","accessScope":{"type":"namespace","namespaces":["default","a*"]}}`},
	{"eks", "CreateFargateProfile", `{"clusterName":"c","fargateProfileName":"f","podExecutionRoleArn":"` + role + `","subnets":["$subnetid"],"selectors":[{"namespace":"default","labels":{"a":"b"}}]}`},
	{"eks", "CreatePodIdentityAssociation", `{"clusterName":"c","namespace":"default","serviceAccount":"x","roleArn":"` + role + `"}`},
	{"eks", "UpdateClusterConfig", `{"name":"c","resourcesVpcConfig":{"endpointPrivateAccess":true,"publicAccessCidrs":["52.0.0.0/8"]}}`},
	{wait, "", ""},
	{"eks", "UpdateNodegroupConfig", `{"clusterName":"c","nodegroupName":"g","scalingConfig":{"minSize":1,"maxSize":3,"desiredSize":2},"labels":{"addOrUpdateLabels":{"x":"y"},"removeLabels":["a"]}}`},
	{"eks", "UpdateAddon", `{"clusterName":"c","addonName":"coredns","configurationValues":"{\"replicaCount\":3}"}`},
	{"eks", "AssociateEncryptionConfig", `{"clusterName":"c","encryptionConfig":[{"resources":["secrets"],"provider":{"keyArn":"$kmsarn"}}]}`},
	{"eks", "ListInsights", `{"clusterName":"c"}`}, {"eks", "DescribeAddonVersions", `{"addonName":"vpc-cni","kubernetesVersion":"1.34"}`},
	{"eks", "UpdateClusterVersion", `{"name":"c","version":"1.35"}`},
	{wait, "", ""}, {wait, "", ""},
	{"cloudformation", "CreateChangeSet", `{"StackName":"s","ChangeSetName":"cs","TemplateBody":"$template","Capabilities":["CAPABILITY_NAMED_IAM"]}`},
	{"cloudformation", "UpdateStack", `{"StackName":"s","TemplateBody":"$template","Capabilities":["CAPABILITY_NAMED_IAM"]}`},
	{"cloudformation", "CreateChangeSet", `{"StackName":"t","ChangeSetName":"cs","ChangeSetType":"IMPORT","Capabilities":["CAPABILITY_IAM"],"TemplateBody":"$template","ResourcesToImport":[{"ResourceType":"AWS::EC2::VPC","LogicalResourceId":"Vpc","ResourceIdentifier":{"VpcId":"$vpcid"}}]}`},
	{"cloudformation", "ExecuteChangeSet", `{"StackName":"s","ChangeSetName":"cs"}`}, {"cloudformation", "DetectStackDrift", `{"StackName":"s"}`},
	{"cloudformation", "DescribeStackEvents", `{"StackName":"s"}`}, {"cloudformation", "GetTemplateSummary", `{"TemplateBody":"$template"}`},
	{"cloudtrail", "LookupEvents", `{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateCluster"}]}`},
	{"sts", "AssumeRole", `{"RoleArn":"` + role + `","RoleSessionName":"ss"}`},
	{wait, "", ""},
}

func quoted(s string) string { return mutate.JSON(s) }

// kube are requests to a cluster's Kubernetes API: method, path and body.
var kube = [][3]string{
	{"GET", "/api/v1/nodes?limit=2", ""}, {"GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dx&labelSelector=a+in+(b,c)", ""}, {"GET", "/openapi/v3/apis/apps/v1", ""},
	{"GET", "/apis/apps/v1/namespaces/kube-system/daemonsets/aws-node", ""}, {"GET", "/version", ""}, {"GET", "/apis", ""}, {"GET", "/api/v1/namespaces/kube-system/configmaps/aws-auth", ""},
	{"POST", "/api/v1/namespaces/default/configmaps", `{"metadata":{"name":"x","labels":{"a":"b"}},"data":{"k":"v"}}`},
	{"POST", "/api/v1/namespaces/default/pods", `{"metadata":{"generateName":"p-"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"100m","memory":"1Gi"}}}],"tolerations":[{"operator":"Exists"}]}}`},
	{"POST", "/apis/apps/v1/namespaces/default/deployments", `{"metadata":{"name":"d"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`},
	{"PATCH", "/apis/apps/v1/namespaces/default/deployments/d", `{"spec":{"replicas":3}}`}, {"PATCH", "/api/v1/nodes/x", `[{"op":"add","path":"/metadata/labels/a","value":"b"}]`},
	{"PATCH", "/api/v1/namespaces/default/configmaps/y?fieldManager=m&force=true", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"y"},"data":{"a":"b"}}`},
	{"POST", "/api/v1/namespaces", `{"metadata":{"name":"n"}}`}, {"DELETE", "/api/v1/namespaces/n", `{"propagationPolicy":"Foreground"}`},
	{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", `{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}`},
	{"POST", "/api/v1/namespaces/default/services", `{"metadata":{"name":"s"},"spec":{"type":"LoadBalancer","ports":[{"port":80,"targetPort":"http"}],"selector":{"a":"b"}}}`},
	{"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", `{"metadata":{"name":"xs.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"xs","kind":"X"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":"self.a > 1"}],"properties":{"a":{"type":"integer"}}}}}}}]}}`},
	{"POST", "/apis/example.com/v1/namespaces/default/xs", `{"apiVersion":"example.com/v1","kind":"X","metadata":{"name":"x"},"spec":{"a":2}}`},
	{"POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", `{"metadata":{"name":"b"},"spec":{"maxUnavailable":"50%","selector":{"matchLabels":{"a":"b"}}}}`},
	{"POST", "/apis/batch/v1/namespaces/default/jobs", `{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}`},
	{"POST", "/api/v1/namespaces/default/serviceaccounts/default/token", `{"spec":{"audiences":["a"],"expirationSeconds":600}}`},
	{"DELETE", "/api/v1/namespaces/default/pods?labelSelector=a%3Db", ""}, {"PUT", "/api/v1/namespaces/kube-system/configmaps/aws-auth", `{"metadata":{"name":"aws-auth"},"data":{"mapRoles":"- rolearn: x\n  username: y\n  groups: [z]\n"}}`},
}

// region is one that many executions share.
type region struct {
	t         testing.TB
	s         *sim.Sim
	bugs      []string
	ops       []wire.Op
	byName    map[string]wire.Op
	found     harvest
	templates []string
	trees     []any
	token     string
	n         int
}

func (r *region) begin(c *mutate.Case) {
	if r.s != nil {
		r.again(c)
	}
	log := func(format string, a ...any) { r.bugs = append(r.bugs, fmt.Sprintf(format, a...)) }
	r.s, r.found, r.n = sim.New(sim.Options{Seed: c.Index, Start: noon, Log: log}), harvest{}, 0
	r.s.World.Survive(func(what string, bug any, stack []byte) { log("%s: %v\n%s", what, bug, stack) })
	for name, values := range given {
		for _, v := range values {
			r.found.put(name, v)
		}
	}
	for _, x := range opening {
		if x.service == wait {
			r.s.World.Advance(20 * time.Minute)
			continue
		}
		o := r.byName[x.service+":"+x.op]
		in, _ := r.filled(c.Source, mutate.Parse(x.in), true).(mutate.Object)
		a := r.send(c, o.Request(c.Source, in, 0))
		if a.status >= 300 && c.Index == 0 {
			r.t.Logf("%s:%s is refused: %.300s", x.service, x.op, a.body.Bytes())
		}
	}
	r.token = token(r.t)
}

// again saves the region and loads it into another: whatever requests have made of it, it
// can be kept.
func (r *region) again(c *mutate.Case) {
	b, err := r.s.Save()
	if err != nil {
		c.Fail("save", "the region before cannot be saved: "+err.Error())
		return
	}
	s := sim.New(sim.Options{Seed: 1, Start: noon, Log: func(string, ...any) {}})
	s.Region("us-west-2")
	if err := s.Load(b); err != nil {
		c.Fail("load", "the region before cannot be loaded: "+err.Error())
	}
}

// filled puts what the region told of into a request: the first of its kind where the
// request is to be done.
func (r *region) filled(s *mutate.Source, v any, first bool) any {
	switch x := v.(type) {
	case mutate.Object:
		for i := range x {
			x[i].Value = r.filled(s, x[i].Value, first)
		}
	case []any:
		for i := range x {
			x[i] = r.filled(s, x[i], first)
		}
	case string:
		name, is := strings.CutPrefix(x, "$")
		if name == "template" {
			if first {
				return r.templates[0]
			}
			return r.template(s)
		}
		bare := strings.TrimRight(name, "01")
		if !is || r.found[bare] == nil {
			return x
		}
		if h := r.found[bare].values; first {
			switch {
			case strings.HasSuffix(name, "0"):
				return h[0]
			case strings.HasSuffix(name, "1"):
				return h[min(1, len(h)-1)]
			}
			return h[len(h)-1]
		}
		return mutate.Pick(s, r.found[bare].values)
	}
	return v
}

// known is a value for a member of a service's requests.
func (r *region) known(s *mutate.Source, service string) wire.Known {
	return func(member string) (string, bool) {
		name := strings.ToLower(member)
		switch {
		case name == "templatebody":
			return r.template(s), true
		case name == "name" && service == "eks":
			name = "clustername"
		case synonyms[name] != "" && !s.Chance(4):
			name = synonyms[name]
		case strings.HasSuffix(name, "arn") && s.Chance(3):
			name = "arn"
		case strings.HasSuffix(name, "id") && s.Chance(12), strings.HasPrefix(name, "value") && s.Chance(2):
			name = "id"
		}
		h := r.found[name]
		if h == nil {
			h = r.found[strings.TrimSuffix(name, "s")]
		}
		if h == nil {
			return "", false
		}
		return mutate.Pick(s, h.values), true
	}
}

// template is one to create a stack of: a few resources of one that works, changed.
func (r *region) template(s *mutate.Source) string {
	if s.Chance(8) {
		return s.Text(mutate.Pick(s, r.templates), r.templates...)
	}
	top, _ := mutate.Clone(mutate.Pick(s, r.trees)).(mutate.Object)
	for i, m := range top {
		if all, is := m.Value.(mutate.Object); is && m.Key == "Resources" {
			few := mutate.Object{}
			for _, x := range all {
				if s.Chance(1 + len(all)/4) {
					few = append(few, x)
				}
			}
			top[i].Value = few
		}
	}
	var v any = top
	if !s.Chance(4) {
		v = s.Tree(v)
	}
	return mutate.JSON(v)
}

func (r *region) send(c *mutate.Case, a wire.Asked) *answer {
	c.Input = a.String
	out := ask(c, r.s, a.HTTP(iam.Key), &r.bugs)
	if out.status == http.StatusOK {
		r.found.read(out.body.Bytes())
	}
	return out
}

func (r *region) one(c *mutate.Case) {
	s := c.Source
	if r.n++; r.n%200 == 0 {
		r.pass(c)
		return
	}
	if s.Chance(48) {
		r.kubernetes(c)
		return
	}
	var a wire.Asked
	if s.Chance(3) {
		x := mutate.Pick(s, opening)
		o, is := r.byName[x.service+":"+x.op]
		if !is {
			r.pass(c)
			return
		}
		in, _ := r.filled(s, mutate.Parse(x.in), false).(mutate.Object)
		a = o.Request(s, in, 2)
	} else {
		o := mutate.Pick(s, r.ops)
		for rare(o.Name) && !s.Chance(8) {
			o = mutate.Pick(s, r.ops)
		}
		a = o.Request(s, o.Input(s, r.known(s, o.Signing)), 2)
	}
	r.send(c, a)
}

// rare are operations that leave less to ask for, and one that is slow by its nature: RSA
// keys are primes that are searched for.
func rare(op string) bool {
	return strings.HasPrefix(op, "Delete") || strings.HasPrefix(op, "Terminate") || op == "CreateKeyPair"
}

// pass lets time pass: what was begun comes to its end, and does no harm then.
func (r *region) pass(c *mutate.Case) {
	d := time.Duration(1+c.IntN(20)) * time.Minute
	if c.Chance(16) {
		d *= 3
	}
	c.Input = func() string { return "nothing: " + d.String() + " pass" }
	r.s.World.Advance(d)
	for _, bug := range r.bugs {
		c.Fail(mutate.Where(bug), bug)
	}
	r.bugs = r.bugs[:0]
}

// token is the administrator's, for the cluster c.
func token(t testing.TB) string {
	k := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: iam.Key, SecretAccessKey: iam.Secret}, nil
	})
	p := sts.NewPresignClient(sts.New(sts.Options{Region: "us-west-2", Credentials: k}))
	out, err := p.PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(so *sts.Options) {
			so.APIOptions = append(so.APIOptions, smithyhttp.SetHeaderValue("x-k8s-aws-id", "c"), smithyhttp.SetHeaderValue("X-Amz-Expires", "60"))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(out.URL))
}

// kubernetes asks the cluster's Kubernetes API.
func (r *region) kubernetes(c *mutate.Case) {
	h := r.found["endpoint"]
	if h == nil {
		return
	}
	x := mutate.Pick(c.Source, kube)
	method, path, body := x[0], x[1], x[2]
	if body != "" && !c.Chance(4) {
		body = mutate.JSON(c.Tree(mutate.Parse(body)))
	}
	switch c.IntN(8) {
	case 0:
		body = c.Text(body)
	case 1:
		path = c.Text(path, mutate.Pick(c.Source, kube)[1])
	}
	if strings.Contains(path, "watch") || strings.Contains(path, "follow") {
		return // it lasts
	}
	kind := "application/json"
	if method == http.MethodPatch {
		kind = mutate.Pick(c.Source, []string{"application/merge-patch+json", "application/json-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"})
	}
	path, query, _ := strings.Cut(path, "?")
	u, err := url.Parse(mutate.Pick(c.Source, h.values))
	if err != nil {
		return
	}
	u.Path, u.RawQuery = path, query
	c.Input = func() string { return fmt.Sprintf("%s %q?%q %s %q", method, path, query, kind, body) }
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	q := &http.Request{Method: method, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{"Content-Type": {kind}, "Authorization": {"Bearer " + r.token}}}
	if c.Chance(8) {
		q.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
	}
	out, err := r.s.RoundTrip(q.WithContext(ctx))
	if err != nil {
		return // the cluster is gone
	}
	said, err := io.ReadAll(out.Body)
	out.Body.Close()                                         //nolint:errcheck // read
	if err != nil || bytes.Contains(said, []byte("panic")) { // upstream's code answers 500 to some of what is no JSON
		c.Fail(fmt.Sprintf("kubernetes %d %.200s", out.StatusCode, said), fmt.Sprintf("answered %d %.2000s %v", out.StatusCode, said, err))
	}
	for _, bug := range r.bugs {
		c.Fail(mutate.Where(bug), bug)
	}
	r.bugs = r.bugs[:0]
}

// treeOf is what a template says, with the functions in their long forms.
func treeOf(t testing.TB, b []byte) any {
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		t.Fatal(err)
	}
	return ofNode(n.Content[0])
}

func ofNode(n *yaml.Node) any {
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		o := mutate.Object{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			o = append(o, mutate.Member{Key: n.Content[i].Value, Value: ofNode(n.Content[i+1])})
		}
		v = o
	case yaml.SequenceNode:
		l := []any{}
		for _, x := range n.Content {
			l = append(l, ofNode(x))
		}
		v = l
	default:
		v = n.Value
		switch n.Tag {
		case "!!int":
			v = mutate.Number(n.Value)
		case "!!bool":
			v = n.Value == "true"
		}
	}
	if !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return v
	}
	fn := n.Tag[1:]
	if fn != "Ref" && fn != "Condition" {
		fn = "Fn::" + fn
	}
	if name, attribute, is := strings.Cut(n.Value, "."); is && fn == "Fn::GetAtt" {
		v = []any{name, attribute}
	}
	return mutate.Object{{Key: fn, Value: v}}
}

// Whatever is asked of a region, and whatever it holds by then, it answers.
func TestHandlerExecutions(t *testing.T) {
	r := &region{t: t, ops: stubbed(t).Ops(), byName: map[string]wire.Op{}}
	for _, o := range r.ops {
		r.byName[o.Signing+":"+o.Name] = o
	}
	for _, x := range opening {
		if _, served := r.byName[x.service+":"+x.op]; x.service != wait && !served {
			t.Errorf("%s:%s is not served", x.service, x.op)
		}
	}
	if t.Failed() {
		return
	}
	for _, pattern := range []string{"../cfn/testdata/region.yaml", "../cfn/testdata/functions.yaml", "../../stack/testdata/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no templates at %s: %v", pattern, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r.templates, r.trees = append(r.templates, string(b)), append(r.trees, treeOf(t, b))
		}
	}
	mutate.Run(t, mutate.Loop{Small: 2 * life, Life: life, Begin: r.begin, Run: r.one, Reset: func() { r.s, r.found, r.bugs = nil, nil, nil }})
}
