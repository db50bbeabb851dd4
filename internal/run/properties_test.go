package run_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

const (
	onlyManaged = testregion.Cluster + "managedNodeGroups: [{name: m, desiredCapacity: 1}]\n"
	onlyOwn     = testregion.Cluster + "nodeGroups: [{name: s, desiredCapacity: 1}]\n"
)

// property changes one property of a base config, and says which line of the
// region appears with it.
type property struct {
	path string // as eksctl's schema names it
	base string
	from string // replaced by to; "": to is appended
	to   string
	want string // a regular expression over one line of facts
}

func top(path, text, want string) property { return property{path, onlyManaged, "", text + "\n", want} }
func managed(key, value, want string) property {
	return property{"managedNodeGroups." + key, onlyManaged, "desiredCapacity: 1", "desiredCapacity: 1, " + key + ": " + value, want}
}
func own(key, value, want string) property {
	return property{"nodeGroups." + key, onlyOwn, "desiredCapacity: 1", "desiredCapacity: 1, " + key + ": " + value, want}
}

var properties = []property{
	// the cluster
	{"metadata.version", onlyManaged, `version: "1.34"`, `version: "1.33"`, `^cluster\.Cluster\.Version=1\.33$`},
	{"metadata.tags", onlyManaged, `version: "1.34"`, `version: "1.34", tags: {team: sea}`, `^cluster\.Cluster\.Tags\.team=sea$`},
	top("accessConfig.authenticationMode", "accessConfig: {authenticationMode: API}", `AccessConfig\.AuthenticationMode=API$`),
	top("accessConfig.authenticationMode", "accessConfig: {authenticationMode: CONFIG_MAP}", `AuthenticationMode=CONFIG_MAP$`),
	top("accessConfig.bootstrapClusterCreatorAdminPermissions", "accessConfig: {bootstrapClusterCreatorAdminPermissions: false}", `BootstrapClusterCreatorAdminPermissions=false$`),
	top("accessConfig.accessEntries", `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", kubernetesGroups: [pilots], kubernetesUsername: ops}]}`, `^entry\.AccessEntry\.KubernetesGroups=pilots$`),
	top("accessConfig.accessEntries.kubernetesUsername", `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", kubernetesUsername: harbour}]}`, `^entry\.AccessEntry\.Username=harbour$`),
	top("accessConfig.accessEntries.type", `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", type: EC2_WINDOWS}]}`, `^entry\.AccessEntry\.Type=EC2_WINDOWS$`),
	top("accessConfig.accessEntries.accessPolicies", `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops", accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: namespace, namespaces: [dev]}}]}]}`, `AccessScope\.Namespaces=dev$`),
	top("availabilityZones", "availabilityZones: [us-west-2a, us-west-2d]", `^subnet\..*AvailabilityZone=us-west-2d$`),
	top("autoModeConfig.enabled", "autoModeConfig: {enabled: true}", `ComputeConfig\.Enabled=true$`),
	top("autoModeConfig.nodePools", "autoModeConfig: {enabled: true, nodePools: [system]}", `ComputeConfig\.NodePools=system$`),
	top("autoModeConfig.permissionsBoundaryARN", `autoModeConfig: {enabled: true, permissionsBoundaryARN: "arn:aws:iam::111122223333:policy/auto"}`, `PermissionsBoundaryArn=.*policy/auto$`),
	top("cloudWatch.clusterLogging.enableTypes", "cloudWatch: {clusterLogging: {enableTypes: [audit]}}", `^log\.LogGroups\.LogGroupName=/aws/eks/test/cluster$`),
	top("cloudWatch.clusterLogging.logRetentionInDays", "cloudWatch: {clusterLogging: {enableTypes: [audit], logRetentionInDays: 30}}", `RetentionInDays=30$`),
	top("controlPlaneScalingConfig.tier", "controlPlaneScalingConfig: {tier: tier-xl}", `ControlPlaneScalingConfig\.Tier=tier-xl$`),
	top("kubernetesNetworkConfig.serviceIPv4CIDR", "kubernetesNetworkConfig: {serviceIPv4CIDR: 10.55.0.0/16}", `ServiceIpv4Cidr=10\.55\.0\.0/16$`),
	top("kubernetesNetworkConfig.ipFamily", "kubernetesNetworkConfig: {ipFamily: IPv6}\niam: {withOIDC: true}\naddons: [{name: vpc-cni}]", `KubernetesNetworkConfig\.IpFamily=ipv6$`),
	top("secretsEncryption.keyARN", `secretsEncryption: {keyARN: "arn:aws:kms:us-west-2:111122223333:key/abc"}`, `EncryptionConfig\.Provider\.KeyArn=.*key/abc$`),
	top("upgradePolicy.supportType", "upgradePolicy: {supportType: STANDARD}", `UpgradePolicy\.SupportType=STANDARD$`),
	top("zonalShiftConfig.enabled", "zonalShiftConfig: {enabled: true}", `ZonalShiftConfig\.Enabled=true$`),
	// the network
	top("vpc.cidr", "vpc: {cidr: 10.9.0.0/16}", `^vpc\.Vpcs\.CidrBlock=10\.9\.0\.0/16$`),
	top("vpc.nat.gateway", "vpc: {nat: {gateway: HighlyAvailable}}", `^nat\.count=3$`),
	top("vpc.nat.gateway", "vpc: {nat: {gateway: Disable}}", `^nat\.count=0$`),
	top("vpc.extraCIDRs", "vpc: {extraCIDRs: [10.8.0.0/16]}", `CidrBlockAssociationSet\.CidrBlock=10\.8\.0\.0/16$`),
	top("vpc.extraIPv6CIDRs", "vpc: {extraIPv6CIDRs: ['2001:db8::/32']}", `CidrIpv6=2001:db8::/32$`),
	top("vpc.autoAllocateIPv6", "vpc: {autoAllocateIPv6: true}", `^vpc\..*Ipv6Pool=Amazon$`),
	top("vpc.hostnameType", "vpc: {hostnameType: resource-name}", `HostnameType=resource-name$`),
	top("vpc.publicAccessCIDRs", "vpc: {clusterEndpoints: {privateAccess: true}, publicAccessCIDRs: [192.0.2.0/24]}", `PublicAccessCidrs=192\.0\.2\.0/24$`),
	top("vpc.clusterEndpoints.privateAccess", "vpc: {clusterEndpoints: {privateAccess: true}}", `EndpointPrivateAccess=true$`),
	top("vpc.clusterEndpoints.publicAccess", "vpc: {clusterEndpoints: {privateAccess: true, publicAccess: false}}", `EndpointPublicAccess=false$`),
	{"vpc.controlPlaneOnPrivateSubnets", onlyManaged, "", "vpc: {controlPlaneOnPrivateSubnets: true}\n", `^stack\.`},
	top("vpc.id", `vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}`, `ResourcesVpcConfig\.VpcId=vpc-mine$`),
	top("vpc.subnets.public", `vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}`, `^nodegroup\.Nodegroup\.Subnets=subnet-b$`),
	top("vpc.securityGroup", `vpc: {id: vpc-mine, securityGroup: sg-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}`, `ResourcesVpcConfig\.SecurityGroupIds=sg-mine$`),
	// identity
	top("iam.withOIDC", "iam: {withOIDC: true}", `^oidc\..*oidc-provider/oidc\.eks`),
	top("iam.serviceRoleARN", `iam: {serviceRoleARN: "arn:aws:iam::111122223333:role/captain"}`, `^cluster\.Cluster\.RoleArn=.*role/captain$`),
	top("iam.serviceRolePermissionsBoundary", `iam: {serviceRolePermissionsBoundary: "arn:aws:iam::111122223333:policy/edge"}`, `PermissionsBoundaryArn=.*policy/edge$`),
	{"iam.vpcResourceControllerPolicy", testregion.Cluster + "iam: {vpcResourceControllerPolicy: false}\n", "iam: {vpcResourceControllerPolicy: false}", "iam: {vpcResourceControllerPolicy: true}", `PolicyName=AmazonEKSVPCResourceController$`},
	top("iam.serviceAccounts", `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa, namespace: ns, labels: {a: b}}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}`, `^serviceaccount\.items\.metadata\.annotations\.eks\.amazonaws\.com/role-arn=`),
	top("iam.serviceAccounts.attachPolicyARNs", `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}`, `PolicyName=AmazonS3ReadOnlyAccess$`),
	top("iam.serviceAccounts.wellKnownPolicies", `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, wellKnownPolicies: {autoScaler: true}}]}`, `PolicyName=.*PolicyAutoScaling$`),
	top("iam.serviceAccounts.roleName", `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, roleName: bosun, wellKnownPolicies: {autoScaler: true}}]}`, `^role\.Role\.RoleName=bosun$`),
	top("iam.podIdentityAssociations", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, createServiceAccount: true, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `^association\.Association\.ServiceAccount=sa$`),
	top("iam.podIdentityAssociations.createServiceAccount", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: mate, createServiceAccount: true, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `^serviceaccount\.items\.metadata\.name=mate$`),
	top("iam.podIdentityAssociations.targetRoleARN", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, roleARN: "arn:aws:iam::111122223333:role/a", targetRoleARN: "arn:aws:iam::444455556666:role/b"}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `TargetRoleArn=.*role/b$`),
	top("iam.podIdentityAssociations.permissionPolicyName", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, permissionPolicyName: rudder, permissionPolicy: {Version: "2012-10-17", Statement: []}}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `PolicyName=rudder$`),
	top("iam.podIdentityAssociations.policy", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, roleARN: "arn:aws:iam::111122223333:role/a", policy: '{"Statement":[]}'}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `^association\.Association\.Policy=`),
	top("iam.podIdentityAssociations.disableSessionTags", `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, roleARN: "arn:aws:iam::111122223333:role/a", disableSessionTags: true}]}`+"\naddons: [{name: eks-pod-identity-agent}]", `DisableSessionTags=true$`),
	top("iamIdentityMappings", `iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/x", username: x, groups: ["system:masters"]}]`, `(?s)^configmap\.items\.data\.mapRoles=.*role/x`),
	top("identityProviders", "identityProviders: [{type: oidc, name: dex, issuerURL: 'https://dex.example', clientID: abc, groupsClaim: crews}]", `^idp\..*GroupsClaim=crews$`),
	top("fargateProfiles", "fargateProfiles: [{name: fp, selectors: [{namespace: ns, labels: {a: b}}], tags: {x: 'y'}}]", `^profile\.FargateProfile\.Selectors\.Labels\.a=b$`),
	top("fargateProfiles.tags", "fargateProfiles: [{name: fp, selectors: [{namespace: ns}], tags: {x: deck}}]", `^profile\.FargateProfile\.Tags\.x=deck$`),
	top("iam.fargatePodExecutionRolePermissionsBoundary", `iam: {fargatePodExecutionRolePermissionsBoundary: "arn:aws:iam::111122223333:policy/farg"}`+"\nfargateProfiles: [{name: fp, selectors: [{namespace: ns}]}]", `PermissionsBoundaryArn=.*policy/farg$`),
	top("fargateProfiles.podExecutionRoleARN", `fargateProfiles: [{name: fp, podExecutionRoleARN: "arn:aws:iam::111122223333:role/fargate", selectors: [{namespace: ns}]}]`, `PodExecutionRoleArn=.*role/fargate$`),
	// add-ons
	top("addons.name", "addons: [{name: snapshot-controller}]", `^addons\.Addons=snapshot-controller$`),
	top("addons.version", "addons: [{name: coredns, version: latest}]", `^addon:coredns\.Addon\.AddonVersion=v1\.12\.4-eksbuild\.3$`),
	top("addons.configurationValues", `addons: [{name: coredns, configurationValues: '{"replicaCount": 3}'}]`, `ConfigurationValues=.*replicaCount`),
	top("addons.tags", "addons: [{name: coredns, tags: {deck: upper}}]", `^addon:coredns\.Addon\.Tags\.deck=upper$`),
	top("addons.attachPolicyARNs", `iam: {withOIDC: true}`+"\n"+`addons: [{name: vpc-cni, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"]}]`, `^addon:vpc-cni\.Addon\.ServiceAccountRoleArn=`),
	top("addons.serviceAccountRoleARN", `addons: [{name: aws-ebs-csi-driver, serviceAccountRoleARN: "arn:aws:iam::111122223333:role/ebs"}]`, `ServiceAccountRoleArn=.*role/ebs$`),
	top("addons.podIdentityAssociations", `addons: [{name: eks-pod-identity-agent}, {name: aws-ebs-csi-driver, podIdentityAssociations: [{serviceAccountName: ebs-csi-controller-sa, permissionPolicyARNs: ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"]}]}]`, `^addon:aws-ebs-csi-driver\.Addon\.PodIdentityAssociations=`),
	top("addons.useDefaultPodIdentityAssociations", "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni, useDefaultPodIdentityAssociations: true}]", `^association\.Association\.ServiceAccount=aws-node$`),
	top("addons.wellKnownPolicies", "iam: {withOIDC: true}\naddons: [{name: aws-ebs-csi-driver, wellKnownPolicies: {ebsCSIController: true}}]", `PolicyName=AmazonEBSCSIDriverPolicy$`),
	top("addonsConfig.autoApplyPodIdentityAssociations", "addonsConfig: {autoApplyPodIdentityAssociations: true}\naddons: [{name: eks-pod-identity-agent}, {name: vpc-cni}]", `^association\.Association\.ServiceAccount=aws-node$`),
	{"addonsConfig.disableDefaultAddons", testregion.Cluster + "addonsConfig: {disableDefaultAddons: true}\n", "true", "false", `^addons\.Addons=metrics-server$`},
	top("addons.attachPolicy", `iam: {withOIDC: true}`+"\n"+`addons: [{name: aws-ebs-csi-driver, attachPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["ec2:Sail"], Resource: "*"}]}}]`, `(?s)^role\.PolicyDocument=.*ec2:Sail`),
	top("addons.permissionsBoundary", `iam: {withOIDC: true}`+"\n"+`addons: [{name: aws-ebs-csi-driver, permissionsBoundary: "arn:aws:iam::111122223333:policy/shore", wellKnownPolicies: {ebsCSIController: true}}]`, `PermissionsBoundaryArn=.*policy/shore$`),
	top("addons.namespaceConfig", "addons: [{name: kube-state-metrics, namespaceConfig: {namespace: hold}}]", `^addon:kube-state-metrics\.Addon\.NamespaceConfig\.Namespace=hold$`),
	top("autoModeConfig.nodeRoleARN", `autoModeConfig: {enabled: true, nodeRoleARN: "arn:aws:iam::111122223333:role/autonode"}`, `ComputeConfig\.NodeRoleArn=.*role/autonode$`),
	top("iam.fargatePodExecutionRoleARN", `iam: {fargatePodExecutionRoleARN: "arn:aws:iam::111122223333:role/galley"}`+"\nfargateProfiles: [{name: fp, selectors: [{namespace: ns}]}]", `PodExecutionRoleArn=.*role/galley$`),
	top("vpc.controlPlaneEgressMode", "vpc: {controlPlaneEgressMode: CUSTOMER_ROUTED}", `ControlPlaneEgressMode=CUSTOMER_ROUTED$`),
	top("vpc.controlPlaneSubnetIDs", "vpc: {controlPlaneSubnetIDs: [subnet-x, subnet-y]}", `^cluster\.Cluster\.ResourcesVpcConfig\.SubnetIds=subnet-y$`),
	top("vpc.controlPlaneSecurityGroupIDs", "vpc: {controlPlaneSubnetIDs: [subnet-x, subnet-y], controlPlaneSecurityGroupIDs: [sg-helm]}", `ResourcesVpcConfig\.SecurityGroupIds=sg-helm$`),
	top("vpc.subnets.private", `vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}, private: {us-west-2a: {id: subnet-p}}}}`, `^cluster\.Cluster\.ResourcesVpcConfig\.SubnetIds=subnet-p$`),
	{"vpc.manageSharedNodeSecurityGroupRules", testregion.Cluster + "vpc: {manageSharedNodeSecurityGroupRules: false}\n", "false", "true", `^sg\..*Allow managed and unmanaged nodes to communicate`},
	{"vpc.sharedNodeSecurityGroup", onlyOwn, "", `vpc: {id: vpc-mine, sharedNodeSecurityGroup: sg-crew, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}` + "\n", `^instance\..*GroupId=sg-crew$`},
	managed("subnets", "1", `x`),
	managed("overrideBootstrapCommand", "1", `x`),
	managed("instanceMarketOptions", "{marketType: capacity-block}", `InstanceMarketOptions\.MarketType=capacity-block$`),
	own("iam.instanceRoleARN", "1", `x`),
	own("iam.instanceProfileARN", "1", `x`),
	own("iam.instanceRoleName", "1", `x`),
	own("iam.instanceRolePermissionsBoundary", "1", `x`),
	own("iam.attachPolicy", "1", `x`),
	// managed node groups
	{"managedNodeGroups.desiredCapacity", onlyManaged, "desiredCapacity: 1", "desiredCapacity: 2", `^instance\.count=2$`},
	managed("maxSize", "7", `ScalingConfig\.MaxSize=7$`),
	managed("minSize", "0", `ScalingConfig\.MinSize=0$`),
	managed("instanceType", "m6i.large", `^instance\..*InstanceType=m6i\.large$`),
	managed("instanceTypes", "[c5.large, c5a.large]", `^nodegroup\.Nodegroup\.InstanceTypes=c5a\.large$`),
	managed("instanceSelector", `{vCPUs: 4, memory: "16"}`, `InstanceTypes=m5\.xlarge$`),
	managed("amiFamily", "Bottlerocket", `AmiType=BOTTLEROCKET_x86_64$`),
	managed("spot", "true", `CapacityType=SPOT$`),
	managed("labels", "{deck: lower}", `^node\.items\.metadata\.labels\.deck=lower$`),
	managed("taints", "[{key: a, value: b, effect: PreferNoSchedule}]", `^node\.items\.spec\.taints\.effect=PreferNoSchedule$`),
	managed("tags", "{cargo: tea}", `^nodegroup\.Nodegroup\.Tags\.cargo=tea$`),
	managed("privateNetworking", "true", `^stack\..*=|^nodegroup\.Nodegroup\.Subnets=`),
	managed("availabilityZones", "[us-west-2b]", `^asg\.AutoScalingGroups\.VPCZoneIdentifier=[^,]*$`),
	managed("volumeSize", "120", `Ebs\.VolumeSize=120$`),
	managed("volumeType", "gp2", `Ebs\.VolumeType=gp2$`),
	managed("volumeIOPS", "4000", `Ebs\.Iops=4000$`),
	managed("volumeThroughput", "300", `Ebs\.Throughput=300$`),
	managed("volumeEncrypted", "true", `Ebs\.Encrypted=true$`),
	managed("volumeKmsKeyID", "k1, volumeEncrypted: true", `Ebs\.KmsKeyId=k1$`),
	managed("volumeName", "/dev/sdz", `DeviceName=/dev/sdz$`),
	managed("additionalVolumes", "[{volumeName: /dev/sdq, volumeSize: 9}]", `DeviceName=/dev/sdq$`),
	managed("ssh", `{publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut x"}`, `^key\.KeyPairs\.KeyName=eksctl-test-nodegroup-m-`),
	managed("ssh.publicKeyName", "1", `x`),
	managed("iam.attachPolicyARNs", "1", `x`),
	managed("disableIMDSv1", "false", `MetadataOptions\.HttpTokens=optional$`),
	managed("disablePodIMDS", "true", `HttpPutResponseHopLimit=1$`),
	managed("instanceName", "flagship", `\{Name\}=flagship$`),
	managed("instancePrefix", "hms", `\{Name\}=hms-test-m-Node$`),
	managed("enableDetailedMonitoring", "true", `Monitoring\.Enabled=true$`),
	managed("ebsOptimized", "true", `EbsOptimized=true$`),
	managed("placement", "{groupName: berth}", `Placement\.GroupName=berth$`),
	managed("capacityReservation", "{capacityReservationPreference: none}", `CapacityReservationPreference=none$`),
	managed("maxPodsPerNode", "17", `(?s)UserData=.*maxPods: 17`),
	managed("preBootstrapCommands", "[echo ahoy]", `(?s)UserData=.*echo ahoy`),
	managed("updateConfig", "{maxUnavailable: 1, }", `UpdateConfig\.MaxUnavailable=`),
	managed("nodeRepairConfig", "{enabled: true, maxUnhealthyNodeThresholdCount: 3}", `NodeRepairConfig\.MaxUnhealthyNodeThresholdCount=3$`),
	managed("releaseVersion", `"1.34.2-20260901"`, `ReleaseVersion=1\.34\.2-20260901$`),
	managed("asgSuspendProcesses", "[AZRebalance]", `SuspendedProcesses\.ProcessName=AZRebalance$`),
	managed("propagateASGTags", "true, labels: {port: bow}", `node-template/label/port\}=bow$`),
	managed("securityGroups", "{attachIDs: []}", `.`),
	managed("launchTemplate", "{id: lt-mine, version: '2'}", `LaunchTemplate\.Id=lt-mine$`),
	managed("ami", "ami-mine", `AmiType=CUSTOM$`),
	// self-managed node groups
	{"nodeGroups.desiredCapacity", onlyOwn, "desiredCapacity: 1", "desiredCapacity: 3", `^instance\.count=3$`},
	own("instanceType", "c5.xlarge", `^instance\..*InstanceType=c5\.xlarge$`),
	own("labels", "{deck: lower}", `^node\.items\.metadata\.labels\.deck=lower$`),
	own("taints", "{a: 'b:PreferNoSchedule'}", `^node\.items\.spec\.taints\.effect=PreferNoSchedule$`),
	own("tags", "{cargo: tea}", `^asg\..*\{cargo\}=tea$`),
	own("instancesDistribution", "{instanceTypes: [m5.large, m5a.large], onDemandPercentageAboveBaseCapacity: 0, onDemandBaseCapacity: 0}", `^instance\..*InstanceLifecycle=spot$`),
	own("asgMetricsCollection", "[{granularity: 1Minute, metrics: [GroupMinSize]}]", `EnabledMetrics\.Metric=GroupMinSize$`),
	own("maxInstanceLifetime", "86400", `MaxInstanceLifetime=86400$`),
	own("targetGroupARNs", `["arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/tg/1"]`, `TargetGroupARNs=.*targetgroup/tg/1$`),
	own("classicLoadBalancerNames", "[clb]", `LoadBalancerNames=clb$`),
	own("cpuCredits", "unlimited", `CpuCredits=unlimited$`),
	own("enclaveEnabled", "true", `EnclaveOptions\.Enabled=true$`),
	own("kubeletExtraConfig", "{shutdownGracePeriod: 30s}", `(?s)UserData=.*shutdownGracePeriod`),
	own("clusterDNS", "10.100.0.99", `(?s)UserData=.*clusterDNS.*10\.100\.0\.99`),
	own("amiFamily", "Bottlerocket", `(?s)UserData=.*cluster-name = 'test'`),
	own("amiFamily", "Ubuntu2204", `osImage=Ubuntu`),
	own("amiFamily", "WindowsServer2022FullContainer", `osImage=Windows`),
	own("bottlerocket", "{settings: {motd: ahoy}}, amiFamily: Bottlerocket", `(?s)UserData=.*motd = 'ahoy'`),
	own("ami", "ami-mine", `ImageId=ami-mine$`),
	own("maxPodsPerNode", "17", `(?s)UserData=.*maxPods: 17`),
	own("asgSuspendProcesses", "[AZRebalance]", `SuspendedProcesses\.ProcessName=AZRebalance$`),
	own("privateNetworking", "true", `(?s)AssociatePublicIpAddress=false$`),
	{"nodeGroups.securityGroups.withLocal", testregion.Cluster + "nodeGroups: [{name: s, desiredCapacity: 1, securityGroups: {withLocal: false}}]\n", "withLocal: false", "withLocal: true", `^sg\..*Allow worker nodes in group s to communicate`},
	{"nodeGroups.securityGroups.withShared", testregion.Cluster + "nodeGroups: [{name: s, desiredCapacity: 1, securityGroups: {withShared: false}}]\n", "withShared: false", "withShared: true", `^lt\..*NetworkInterfaces\.Groups=`},
	own("iam.withAddonPolicies", "1", `x`),
	own("volumeSize", "120", `Ebs\.VolumeSize=120$`),
}

// nested properties are written inside their parent's braces.
var nested = map[string][2]string{
	"managedNodeGroups.subnets":                      {"subnets: [us-west-2c]", `^asg\.AutoScalingGroups\.VPCZoneIdentifier=[^,]*$`},
	"managedNodeGroups.overrideBootstrapCommand":     {`ami: ami-mine, overrideBootstrapCommand: "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {cluster: {name: test}}"`, `(?s)UserData=.*kind: NodeConfig`},
	"nodeGroups.iam.instanceRoleARN":                 {`iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/deckhand"}`, `^entry\.AccessEntry\.PrincipalArn=.*role/deckhand$`},
	"nodeGroups.iam.instanceProfileARN":              {`iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/deckhand", instanceProfileARN: "arn:aws:iam::111122223333:instance-profile/card"}`, `IamInstanceProfile\.Arn=.*instance-profile/card$`},
	"nodeGroups.iam.instanceRoleName":                {"iam: {instanceRoleName: stoker}", `^role\.Role\.RoleName=stoker$`},
	"nodeGroups.iam.instanceRolePermissionsBoundary": {`iam: {instanceRolePermissionsBoundary: "arn:aws:iam::111122223333:policy/rail"}`, `PermissionsBoundaryArn=.*policy/rail$`},
	"nodeGroups.iam.attachPolicy":                    {`iam: {attachPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:Row"], Resource: "*"}]}}`, `(?s)^role\.PolicyDocument=.*s3:Row`},
	"managedNodeGroups.ssh.publicKeyName":            {"ssh: {publicKeyName: ready}", `KeyName=ready$`},
	"managedNodeGroups.iam.attachPolicyARNs":         {`iam: {attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}`, `PolicyName=AmazonS3ReadOnlyAccess$`},
	"managedNodeGroups.updateConfig":                 {"maxSize: 4, updateConfig: {maxUnavailable: 2}", `UpdateConfig\.MaxUnavailable=2$`},
	"managedNodeGroups.privateNetworking":            {"privateNetworking: true", `^asg\.AutoScalingGroups\.VPCZoneIdentifier=`},
	"managedNodeGroups.securityGroups":               {"ssh: {publicKeyName: k, sourceSecurityGroupIds: []}, securityGroups: {attachIDs: []}", `GroupDescription|^sg\..*Allow SSH access`},
	"nodeGroups.iam.withAddonPolicies":               {"iam: {withAddonPolicies: {externalDNS: true}}", `PolicyName=.*PolicyExternalDNSChangeSet$`},
}

// Each property alone changes the region, as AWS's APIs read it back.
func TestEachPropertyReachesTheRegion(t *testing.T) {
	bases := map[string]map[string]bool{}
	for _, p := range properties {
		t.Run(p.path, func(t *testing.T) {
			if n, ok := nested[p.path]; ok {
				p.to, p.want = "desiredCapacity: 1, "+n[0], n[1]
			}
			text := p.base + p.to
			if p.from != "" {
				text = strings.Replace(p.base, p.from, p.to, 1)
			}
			if bases[p.base] == nil {
				bases[p.base] = read(t, p.base)
			}
			re := regexp.MustCompile(p.want)
			got := read(t, text)
			for line := range got {
				if !bases[p.base][line] && re.MatchString(line) {
					return
				}
			}
			t.Errorf("no line of the region that matches %s appeared", p.want)
		})
	}
}
