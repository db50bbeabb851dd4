package run_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// leaf changes one leaf of the config: the text between the base and the change
// differs in nothing else.
type leaf struct {
	path      string
	base, now string // whole configs
	want      string // a regular expression over one line of facts that appears
}

func nest(path, value string) string {
	parts := strings.Split(path, ".")
	s := parts[len(parts)-1] + ": " + value
	for i := len(parts) - 2; i >= 0; i-- {
		s = parts[i] + ": {" + s + "}"
	}
	return s
}

// groupLeaf is a leaf of a node group; with stands in base and change alike.
func groupLeaf(kind, path, with, base, now, want string) leaf {
	text := func(s string) string {
		g := "name: g, desiredCapacity: 1"
		for _, x := range []string{with, s} {
			if x != "" {
				g += ", " + x
			}
		}
		return testregion.Cluster + kind + ": [{" + g + "}]\n"
	}
	return leaf{kind + "." + path, text(base), text(now), want}
}

// each adds a leaf to both kinds of node group, and alone to one.
func each(path, value, want string) []leaf {
	return []leaf{groupLeaf("managedNodeGroups", path, "", "", nest(path, value), want), groupLeaf("nodeGroups", path, "", "", nest(path, value), want)}
}
func managedOnly(path, value, want string) []leaf {
	return []leaf{groupLeaf("managedNodeGroups", path, "", "", nest(path, value), want)}
}
func ownOnly(path, value, want string) []leaf {
	return []leaf{groupLeaf("nodeGroups", path, "", "", nest(path, value), want)}
}

// inside changes a field of something that both texts hold: list is its YAML up to
// the field.
func inside(kinds []string, path, with, open, from, to, end, want string) []leaf {
	var out []leaf
	for _, k := range kinds {
		out = append(out, groupLeaf(k, path, with, open+from+end, open+to+end, want))
	}
	return out
}

// topLeaf is a leaf outside of the node groups.
func topLeaf(path, base, now, want string) []leaf {
	return []leaf{{path, onlyManaged + base + "\n", onlyManaged + now + "\n", want}}
}

var bothKinds = []string{"managedNodeGroups", "nodeGroups"}

// wellKnownLeaves are the policies that Slipway knows by name, under a path.
func wellKnownLeaves(path, open, end string) []leaf {
	var out []leaf
	for k, want := range map[string]string{"autoScaler": "PolicyAutoScaling", "awsLoadBalancerController": "PolicyAWSLoadBalancerController", "certManager": "PolicyCertManagerGetChange", "externalDNS": "PolicyExternalDNSChangeSet", "ebsCSIController": "AmazonEBSCSIDriverPolicy", "efsCSIController": "AmazonEFSCSIDriverPolicy", "imageBuilder": "AmazonEC2ContainerRegistryPowerUser"} {
		// a policy of another name stands in both, so that there is a role to change
		out = append(out, topLeaf(path+".wellKnownPolicies."+k, open+"attachPolicyARNs: ["+s3+"]"+end, open+"attachPolicyARNs: ["+s3+"], wellKnownPolicies: {"+k+": true}"+end, "PolicyNames?=.*"+want+"$")...)
	}
	return out
}

const s3 = `"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"`

func leaves() []leaf {
	var all []leaf
	add := func(l []leaf) { all = append(all, l...) }
	nodeLeaves(add)
	entry := `accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::444455556666:role/ops"`
	policy := entry + `, accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"`
	add(topLeaf("accessConfig.accessEntries.principalARN", entry+`}]}`, strings.Replace(entry, "role/ops", "role/crew", 1)+`}]}`, `^entry\.AccessEntry\.PrincipalArn=.*role/crew$`))
	add(topLeaf("accessConfig.accessEntries.kubernetesGroups", entry+`}]}`, entry+`, kubernetesGroups: [pilots]}]}`, `^entry\.AccessEntry\.KubernetesGroups=pilots$`))
	add(topLeaf("accessConfig.accessEntries.accessPolicies.policyARN", policy+`}]}]}`, strings.Replace(policy, "ViewPolicy", "EditPolicy", 1)+`}]}]}`, `AmazonEKSEditPolicy$`))
	add(topLeaf("accessConfig.accessEntries.accessPolicies.accessScope.type", policy+`, accessScope: {type: cluster, namespaces: [dev]}}]}]}`, policy+`, accessScope: {type: namespace, namespaces: [dev]}}]}]}`, `AccessScope\.Type=namespace$`))
	add(topLeaf("accessConfig.accessEntries.accessPolicies.accessScope.namespaces", policy+`, accessScope: {type: namespace, namespaces: [dev]}}]}]}`, policy+`, accessScope: {type: namespace, namespaces: [sea]}}]}]}`, `AccessScope\.Namespaces=sea$`))

	account := `iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa}, `
	with := account + `attachPolicyARNs: [` + s3 + `]`
	add(topLeaf("iam.serviceAccounts.metadata.name", with+`}]}`, strings.Replace(with, "name: sa", "name: mate", 1)+`}]}`, `^serviceaccount\.items\.metadata\.name=mate$`))
	add(topLeaf("iam.serviceAccounts.metadata.namespace", with+`}]}`, strings.Replace(with, "name: sa", "name: sa, namespace: hold", 1)+`}]}`, `^serviceaccount\.items\.metadata\.namespace=hold$`))
	add(topLeaf("iam.serviceAccounts.metadata.labels", with+`}]}`, strings.Replace(with, "name: sa", "name: sa, labels: {deck: low}", 1)+`}]}`, `^serviceaccount\.items\.metadata\.labels\.deck=low$`))
	add(topLeaf("iam.serviceAccounts.metadata.annotations", with+`}]}`, strings.Replace(with, "name: sa", "name: sa, annotations: {deck: low}", 1)+`}]}`, `^serviceaccount\.items\.metadata\.annotations\.deck=low$`))
	add(topLeaf("iam.serviceAccounts.attachPolicy", with+`}]}`, with+`, attachPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:Row"], Resource: "*"}]}}]}`, `(?s)^role\.PolicyDocument=.*s3:Row`))
	add(topLeaf("iam.serviceAccounts.attachRoleARN", account+`attachRoleARN: "arn:aws:iam::111122223333:role/a"}]}`, account+`attachRoleARN: "arn:aws:iam::111122223333:role/b"}]}`, `^serviceaccount\.items\.metadata\.annotations\.eks\.amazonaws\.com/role-arn=.*role/b$`))
	add(topLeaf("iam.serviceAccounts.permissionsBoundary", with+`}]}`, with+`, permissionsBoundary: "arn:aws:iam::111122223333:policy/reef"}]}`, `PermissionsBoundaryArn=.*policy/reef$`))
	add(topLeaf("iam.serviceAccounts.roleOnly", with+`, roleOnly: true}]}`, with+`, roleOnly: false}]}`, `^serviceaccount\.items\.metadata\.name=sa$`))
	add(topLeaf("iam.serviceAccounts.subjectPattern", with+`}]}`, with+`, subjectPattern: "mate-*"}]}`, `(?s)^role\.Role\.AssumeRolePolicyDocument=.*mate-`))
	add(topLeaf("iam.serviceAccounts.tags", with+`}]}`, with+`, tags: {cargo: tea}}]}`, `^role\.Role\.Tags\{cargo\}=tea$|Tags.*cargo`))
	add(wellKnownLeaves("iam.serviceAccounts", account, `}]}`))

	agent := "addons: [{name: eks-pod-identity-agent}]\n"
	pod := agent + `iam: {podIdentityAssociations: [{namespace: ns, serviceAccountName: sa, `
	pods := pod + `permissionPolicyARNs: [` + s3 + `]`
	add(topLeaf("iam.podIdentityAssociations.namespace", pods+`}]}`, strings.Replace(pods, "namespace: ns", "namespace: hold", 1)+`}]}`, `^association\.Association\.Namespace=hold$`))
	add(topLeaf("iam.podIdentityAssociations.serviceAccountName", pods+`}]}`, strings.Replace(pods, "Name: sa", "Name: mate", 1)+`}]}`, `^association\.Association\.ServiceAccount=mate$`))
	add(topLeaf("iam.podIdentityAssociations.permissionPolicyARNs", pods+`}]}`, strings.Replace(pods, "S3Read", "SQSRead", 1)+`}]}`, `PolicyName=AmazonSQSReadOnlyAccess$`))
	add(topLeaf("iam.podIdentityAssociations.permissionPolicy", pods+`}]}`, pods+`, permissionPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:Row"], Resource: "*"}]}}]}`, `(?s)^role\.PolicyDocument=.*s3:Row`))
	add(topLeaf("iam.podIdentityAssociations.permissionsBoundaryARN", pods+`}]}`, pods+`, permissionsBoundaryARN: "arn:aws:iam::111122223333:policy/reef"}]}`, `PermissionsBoundaryArn=.*policy/reef$`))
	add(topLeaf("iam.podIdentityAssociations.roleName", pods+`}]}`, pods+`, roleName: bosun}]}`, `^role\.Role\.RoleName=bosun$`))
	add(topLeaf("iam.podIdentityAssociations.roleARN", pod+`roleARN: "arn:aws:iam::111122223333:role/a"}]}`, pod+`roleARN: "arn:aws:iam::111122223333:role/b"}]}`, `^association\.Association\.RoleArn=.*role/b$`))
	add(topLeaf("iam.podIdentityAssociations.tags", pods+`}]}`, pods+`, tags: {cargo: tea}}]}`, `^association\.Association\.Tags\.cargo=tea$`))
	add(wellKnownLeaves2("iam.podIdentityAssociations", pod, `}]}`))

	ebs := `addons: [{name: eks-pod-identity-agent}, {name: aws-ebs-csi-driver, podIdentityAssociations: [{serviceAccountName: ebs-csi-controller-sa, `
	ebsPods := ebs + `permissionPolicyARNs: [` + s3 + `]`
	add(topLeaf("addons.podIdentityAssociations.serviceAccountName", ebsPods+`}]}]`, strings.Replace(ebsPods, "ebs-csi-controller-sa", "mate", 1)+`}]}]`, `^association\.Association\.ServiceAccount=mate$`))
	add(topLeaf("addons.podIdentityAssociations.permissionPolicyARNs", ebsPods+`}]}]`, strings.Replace(ebsPods, "S3Read", "SQSRead", 1)+`}]}]`, `PolicyName=AmazonSQSReadOnlyAccess$`))
	add(topLeaf("addons.podIdentityAssociations.permissionPolicy", ebsPods+`}]}]`, ebsPods+`, permissionPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:Row"], Resource: "*"}]}}]}]`, `(?s)^role\.PolicyDocument=.*s3:Row`))
	add(topLeaf("addons.podIdentityAssociations.permissionPolicyName", ebsPods+`, permissionPolicy: {Version: "2012-10-17", Statement: []}}]}]`, ebsPods+`, permissionPolicy: {Version: "2012-10-17", Statement: []}, permissionPolicyName: rudder}]}]`, `PolicyName=rudder$`))
	add(topLeaf("addons.podIdentityAssociations.permissionsBoundaryARN", ebsPods+`}]}]`, ebsPods+`, permissionsBoundaryARN: "arn:aws:iam::111122223333:policy/reef"}]}]`, `PermissionsBoundaryArn=.*policy/reef$`))
	add(topLeaf("addons.podIdentityAssociations.roleName", ebsPods+`}]}]`, ebsPods+`, roleName: bosun}]}]`, `^role\.Role\.RoleName=bosun$`))
	add(topLeaf("addons.podIdentityAssociations.roleARN", ebs+`roleARN: "arn:aws:iam::111122223333:role/a"}]}]`, ebs+`roleARN: "arn:aws:iam::111122223333:role/b"}]}]`, `^association\.Association\.RoleArn=.*role/b$`))
	add(wellKnownLeaves2("addons.podIdentityAssociations", ebs, `}]}]`))
	for _, l := range wellKnownLeaves("addons", "iam: {withOIDC: true}\naddons: [{name: aws-ebs-csi-driver, ", `}]`) {
		l.now = strings.Replace(l.now, "attachPolicyARNs: ["+s3+"], ", "", 1) // an add-on has one way of permissions
		l.base = strings.Replace(l.now, "true}}", "false}}", 1)
		all = append(all, l)
	}
	add(topLeaf("addons.namespaceConfig.namespace", "addons: [{name: kube-state-metrics, namespaceConfig: {namespace: hold}}]", "addons: [{name: kube-state-metrics, namespaceConfig: {namespace: galley}}]", `NamespaceConfig\.Namespace=galley$`))

	fargate := `fargateProfiles: [{name: fp, selectors: [{namespace: ns`
	add(topLeaf("fargateProfiles.name", fargate+`}]}]`, strings.Replace(fargate, "fp", "fq", 1)+`}]}]`, `^profile\.FargateProfile\.FargateProfileName=fq$`))
	add(topLeaf("fargateProfiles.selectors.namespace", fargate+`}]}]`, strings.Replace(fargate, "namespace: ns", "namespace: hold", 1)+`}]}]`, `Selectors\.Namespace=hold$`))
	add(topLeaf("fargateProfiles.selectors.labels", fargate+`}]}]`, fargate+`, labels: {a: b}}]}]`, `Selectors\.Labels\.a=b$`))
	vpc := `vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}, private: {us-west-2a: {id: subnet-p}, us-west-2b: {id: subnet-q}}}}` + "\n"
	add(topLeaf("fargateProfiles.subnets", vpc+fargate+`}], subnets: [subnet-p]}]`, vpc+fargate+`}], subnets: [subnet-q]}]`, `^profile\.FargateProfile\.Subnets=subnet-q$`))

	mapping := `iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/x", username: x, groups: [crew]}]`
	add(topLeaf("iamIdentityMappings.arn", mapping, strings.Replace(mapping, "role/x", "role/y", 1), `(?s)^configmap\.items\.data\.mapRoles=.*role/y`))
	add(topLeaf("iamIdentityMappings.username", mapping, strings.Replace(mapping, "username: x", "username: mate", 1), `(?s)^configmap\.items\.data\.mapRoles=.*username: mate`))
	add(topLeaf("iamIdentityMappings.groups", mapping, strings.Replace(mapping, "crew", "cooks", 1), `(?s)^configmap\.items\.data\.mapRoles=.*- cooks`))
	add(topLeaf("iamIdentityMappings.account", `iamIdentityMappings: [{account: "444455556666"}]`, `iamIdentityMappings: [{account: "777788889999"}]`, `(?s)^configmap\.items\.data\.mapAccounts=.*777788889999`))
	emr := `iamIdentityMappings: [{serviceName: emr-containers, namespace: emr}]`
	add(topLeaf("iamIdentityMappings.namespace", emr, strings.Replace(emr, "namespace: emr", "namespace: spark", 1), `^rolebinding\.items\.metadata\.namespace=spark$`))

	idp := `identityProviders: [{type: oidc, name: dex, issuerURL: "https://dex.example", clientID: abc`
	for field, x := range map[string][3]string{"name": {"dex,", "dox,", "IdentityProviderConfigName=dox"}, "issuerURL": {"dex.example", "dex.test", "IssuerUrl=https://dex.test"}, "clientID": {"abc", "abd", "ClientId=abd"}} {
		add(topLeaf("identityProviders."+field, idp+`}]`, strings.Replace(idp, x[0], x[1], 1)+`}]`, `^idp\..*`+x[2]+`$`))
	}
	for field, x := range map[string][2]string{"usernameClaim": {"mail", "UsernameClaim=mail"}, "usernamePrefix": {"'dex:'", "UsernamePrefix=dex:"}, "groupsClaim": {"crews", "GroupsClaim=crews"}, "groupsPrefix": {"'dex:'", "GroupsPrefix=dex:"}, "requiredClaims": {"{a: b}", `RequiredClaims\.a=b`}, "tags": {"{a: b}", `Tags\.a=b`}} {
		add(topLeaf("identityProviders."+field, idp+`}]`, idp+", "+field+": "+x[0]+`}]`, `^idp\..*`+x[1]+`$`))
	}
	add(topLeaf("accessConfig.accessEntries.kubernetesUsername", entry+`}]}`, entry+`, kubernetesUsername: harbour}]}`, `^entry\.AccessEntry\.Username=harbour$`))
	add(topLeaf("accessConfig.accessEntries.type", entry+`, type: EC2_LINUX}]}`, entry+`, type: EC2_WINDOWS}]}`, `^entry\.AccessEntry\.Type=EC2_WINDOWS$`))
	add(topLeaf("iam.serviceAccounts.attachPolicyARNs", with+`}]}`, strings.Replace(with, "S3Read", "SQSRead", 1)+`}]}`, `PolicyName=AmazonSQSReadOnlyAccess$`))
	add(topLeaf("iam.serviceAccounts.roleName", with+`}]}`, with+`, roleName: bosun}]}`, `^role\.Role\.RoleName=bosun$`))
	add(topLeaf("iam.podIdentityAssociations.createServiceAccount", pods+`}]}`, pods+`, createServiceAccount: true}]}`, `^serviceaccount\.items\.metadata\.name=sa$`))
	given := pod + `roleARN: "arn:aws:iam::111122223333:role/a"`
	add(topLeaf("iam.podIdentityAssociations.disableSessionTags", given+`}]}`, given+`, disableSessionTags: true}]}`, `DisableSessionTags=true$`))
	add(topLeaf("iam.podIdentityAssociations.policy", given+`}]}`, given+`, policy: '{"Statement":[]}'}]}`, `^association\.Association\.Policy=`))
	add(topLeaf("iam.podIdentityAssociations.targetRoleARN", given+`}]}`, given+`, targetRoleARN: "arn:aws:iam::444455556666:role/b"}]}`, `TargetRoleArn=.*role/b$`))
	add(topLeaf("iam.podIdentityAssociations.permissionPolicyName", pods+`, permissionPolicy: {Version: "2012-10-17", Statement: []}}]}`, pods+`, permissionPolicy: {Version: "2012-10-17", Statement: []}, permissionPolicyName: rudder}]}`, `PolicyName=rudder$`))
	add(topLeaf("fargateProfiles.podExecutionRoleARN", fargate+`}]}]`, fargate+`}], podExecutionRoleARN: "arn:aws:iam::111122223333:role/fargate"}]`, `PodExecutionRoleArn=.*role/fargate$`))
	add(topLeaf("fargateProfiles.tags", fargate+`}]}]`, fargate+`}], tags: {x: deck}}]`, `^profile\.FargateProfile\.Tags\.x=deck$`))
	add(topLeaf("iam.fargatePodExecutionRoleARN", fargate+`}]}]`, fargate+`}]}]`+"\n"+`iam: {fargatePodExecutionRoleARN: "arn:aws:iam::111122223333:role/galley"}`, `PodExecutionRoleArn=.*role/galley$`))
	add(topLeaf("iam.fargatePodExecutionRolePermissionsBoundary", fargate+`}]}]`, fargate+`}]}]`+"\n"+`iam: {fargatePodExecutionRolePermissionsBoundary: "arn:aws:iam::111122223333:policy/farg"}`, `PermissionsBoundaryArn=.*policy/farg$`))

	csi := "iam: {withOIDC: true}\naddons: [{name: aws-ebs-csi-driver"
	row := func(s string) string {
		return csi + `, attachPolicy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["ec2:` + s + `"], Resource: "*"}]}}]`
	}
	add(topLeaf("addons.attachPolicy", row("Row"), row("Sail"), `(?s)^role\.PolicyDocument=.*ec2:Sail`))
	add(topLeaf("addons.attachPolicyARNs", csi+`, attachPolicyARNs: [`+s3+`]}]`, csi+`, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]}]`, `PolicyName=AmazonSQSReadOnlyAccess$`))
	add(topLeaf("addons.permissionsBoundary", csi+`, wellKnownPolicies: {ebsCSIController: true}}]`, csi+`, wellKnownPolicies: {ebsCSIController: true}, permissionsBoundary: "arn:aws:iam::111122223333:policy/shore"}]`, `PermissionsBoundaryArn=.*policy/shore$`))
	add(topLeaf("addons.serviceAccountRoleARN", `addons: [{name: aws-ebs-csi-driver}]`, `addons: [{name: aws-ebs-csi-driver, serviceAccountRoleARN: "arn:aws:iam::111122223333:role/ebs"}]`, `ServiceAccountRoleArn=.*role/ebs$`))
	dns := "addons: [{name: coredns"
	add(topLeaf("addons.configurationValues", dns+"}]", dns+`, configurationValues: '{"replicaCount": 3}'}]`, `ConfigurationValues=.*replicaCount`))
	add(topLeaf("addons.tags", dns+"}]", dns+`, tags: {deck: upper}}]`, `^addon:coredns\.Addon\.Tags\.deck=upper$`))
	add(topLeaf("addons.version", dns+"}]", dns+`, version: latest}]`, `^addon:coredns\.Addon\.AddonVersion=v1\.12\.4-eksbuild\.3$`))
	cni := "addons: [{name: eks-pod-identity-agent}, {name: vpc-cni"
	add(topLeaf("addons.useDefaultPodIdentityAssociations", cni+"}]", cni+", useDefaultPodIdentityAssociations: true}]", `^association\.Association\.ServiceAccount=aws-node$`))
	add(topLeaf("addonsConfig.autoApplyPodIdentityAssociations", cni+"}]", cni+"}]\naddonsConfig: {autoApplyPodIdentityAssociations: true}", `^association\.Association\.ServiceAccount=aws-node$`))

	auto := "autoModeConfig: {enabled: true"
	add(topLeaf("autoModeConfig.nodePools", auto+", nodePools: [system]}", auto+", nodePools: [general-purpose]}", `ComputeConfig\.NodePools=general-purpose$`))
	add(topLeaf("autoModeConfig.nodeRoleARN", auto+"}", auto+`, nodeRoleARN: "arn:aws:iam::111122223333:role/autonode"}`, `ComputeConfig\.NodeRoleArn=.*role/autonode$`))
	add(topLeaf("autoModeConfig.permissionsBoundaryARN", auto+"}", auto+`, permissionsBoundaryARN: "arn:aws:iam::111122223333:policy/auto"}`, `PermissionsBoundaryArn=.*policy/auto$`))
	add(topLeaf("cloudWatch.clusterLogging.logRetentionInDays", "cloudWatch: {clusterLogging: {enableTypes: [audit]}}", "cloudWatch: {clusterLogging: {enableTypes: [audit], logRetentionInDays: 30}}", `RetentionInDays=30$`))
	six := "iam: {withOIDC: true}\naddons: [{name: vpc-cni}]\n"
	add(topLeaf("kubernetesNetworkConfig.ipFamily", six, six+"kubernetesNetworkConfig: {ipFamily: IPv6}", `KubernetesNetworkConfig\.IpFamily=ipv6$`))
	add(topLeaf("vpc.clusterEndpoints.publicAccess", "vpc: {clusterEndpoints: {privateAccess: true}}", "vpc: {clusterEndpoints: {privateAccess: true, publicAccess: false}}", `EndpointPublicAccess=false$`))
	add(topLeaf("vpc.publicAccessCIDRs", "vpc: {clusterEndpoints: {privateAccess: true}}", "vpc: {clusterEndpoints: {privateAccess: true}, publicAccessCIDRs: [192.0.2.0/24]}", `PublicAccessCidrs=192\.0\.2\.0/24$`))
	add(topLeaf("vpc.controlPlaneSecurityGroupIDs", "vpc: {controlPlaneSubnetIDs: [subnet-x, subnet-y]}", "vpc: {controlPlaneSubnetIDs: [subnet-x, subnet-y], controlPlaneSecurityGroupIDs: [sg-helm]}", `ResourcesVpcConfig\.SecurityGroupIds=sg-helm$`))
	mine := `vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}, private: {us-west-2a: {id: subnet-p}}}`
	add(topLeaf("vpc.id", mine+"}", strings.Replace(mine, "vpc-mine", "vpc-yours", 1)+"}", `ResourcesVpcConfig\.VpcId=vpc-yours$`))
	add(topLeaf("vpc.subnets.public", mine+"}", strings.Replace(mine, "subnet-b", "subnet-c", 1)+"}", `^nodegroup\.Nodegroup\.Subnets=subnet-c$`))
	add(topLeaf("vpc.subnets.private", mine+"}", strings.Replace(mine, "subnet-p", "subnet-q", 1)+"}", `^cluster\.Cluster\.ResourcesVpcConfig\.SubnetIds=subnet-q$`))
	add(topLeaf("vpc.securityGroup", mine+"}", mine+", securityGroup: sg-mine}", `ResourcesVpcConfig\.SecurityGroupIds=sg-mine$`))
	add([]leaf{{"vpc.sharedNodeSecurityGroup", onlyOwn + mine + "}\n", onlyOwn + mine + ", sharedNodeSecurityGroup: sg-crew}\n", `^instance\..*GroupId=sg-crew$`}})
	return all
}

// wellKnownLeaves2 are the same where policies have the names of pod identity.
func wellKnownLeaves2(path, open, end string) []leaf {
	out := wellKnownLeaves(path, open, end)
	for i := range out {
		out[i].base = strings.ReplaceAll(out[i].base, "attachPolicyARNs", "permissionPolicyARNs")
		out[i].now = strings.ReplaceAll(out[i].now, "attachPolicyARNs", "permissionPolicyARNs")
	}
	return out
}

// nodeLeaves are the leaves of both kinds of node group.
func nodeLeaves(add func([]leaf)) {
	for k, v := range map[string][2]string{
		"disableIMDSv1": {"false", `HttpTokens=optional$`}, "disablePodIMDS": {"true", `HttpPutResponseHopLimit=1$`}, "ebsOptimized": {"true", `EbsOptimized=true$`}, "enableDetailedMonitoring": {"true", `Monitoring\.Enabled=true$`},
		"instanceName": {"flagship", `\{Name\}=flagship$`}, "instancePrefix": {"hms", `\{Name\}=hms-test-g-Node$`}, "maxSize": {"7", `MaxSize=7$`}, "minSize": {"0", `MinSize=0$`}, "preBootstrapCommands": {"[echo ahoy]", `(?s)UserData=.*echo ahoy`},
		"availabilityZones": {"[us-west-2b]", `^asg\.AutoScalingGroups\.VPCZoneIdentifier=[^,]*$`}, "subnets": {"[us-west-2c]", `^asg\.AutoScalingGroups\.VPCZoneIdentifier=[^,]*$`},
		"volumeEncrypted": {"true", `Ebs\.Encrypted=true$`}, "volumeIOPS": {"4321", `Ebs\.Iops=4321$`}, "volumeName": {"/dev/sdz", `DeviceName=/dev/sdz$`}, "volumeThroughput": {"333", `Ebs\.Throughput=333$`}, "volumeType": {"gp2", `Ebs\.VolumeType=gp2$`},
		"iam.attachPolicyARNs": {`["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", ` + s3 + `]`, `PolicyName=AmazonS3ReadOnlyAccess$`}, "iam.attachPolicy": {`{Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["s3:Row"], Resource: "*"}]}`, `(?s)^role\.PolicyDocument=.*s3:Row`},
		"iam.instanceRoleName": {"stoker", `^role\.Role\.RoleName=stoker$`}, "iam.instanceRolePermissionsBoundary": {`"arn:aws:iam::111122223333:policy/rail"`, `PermissionsBoundaryArn=.*policy/rail$`},
		"placement.groupName": {"berth", `Placement\.GroupName=berth$`}, "securityGroups.attachIDs": {"[sg-deck]", `(SecurityGroupIds|Groups)=sg-deck$`}, "instanceMarketOptions.marketType": {"spot", `InstanceMarketOptions\.MarketType=spot$`},
		"capacityReservation.capacityReservationPreference": {"none", `CapacityReservationPreference=none$`}, "capacityReservation.capacityReservationTarget.capacityReservationID": {"cr-1", `CapacityReservationId=cr-1$`}, "capacityReservation.capacityReservationTarget.capacityReservationResourceGroupARN": {`"arn:aws:resource-groups:us-west-2:111122223333:group/rg"`, `CapacityReservationResourceGroupArn=.*group/rg$`},
		"ssh.publicKey": {`"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut x"`, `^key\.KeyPairs\.KeyName=eksctl-test-nodegroup-g-`}, "ssh.publicKeyName": {"ready", `KeyName=ready$`}, "ssh.publicKeyPath": {"testdata/key.pub", `^key\.KeyPairs\.KeyName=eksctl-test-nodegroup-g-`},
	} {
		add(each(k, v[0], v[1]))
	}
	add(inside(bothKinds, "volumeKmsKeyID", "volumeEncrypted: true", "", "", "volumeKmsKeyID: k9", "", `Ebs\.KmsKeyId=k9$`))
	for k, want := range map[string]string{"albIngress": "PolicyALBIngress", "appMesh": "PolicyAppMesh", "appMeshPreview": "PolicyAppMeshPreview", "autoScaler": "PolicyAutoScaling", "awsLoadBalancerController": "PolicyAWSLoadBalancerController", "certManager": "PolicyCertManagerGetChange", "cloudWatch": "CloudWatchAgentServerPolicy", "ebs": "PolicyEBS", "efs": "PolicyEFS", "externalDNS": "PolicyExternalDNSChangeSet", "fsx": "PolicyFSX", "imageBuilder": "AmazonEC2ContainerRegistryPowerUser", "xRay": "PolicyXRay"} {
		add(each("iam.withAddonPolicies."+k, "true", `PolicyNames?=.*`+want+`$`))
	}
	volume := func(field, from, to, want string) {
		add(inside(bothKinds, "additionalVolumes."+field, "", "additionalVolumes: [{", from, to, "}]", want))
	}
	for k, v := range map[string][2]string{"volumeSize": {"9", `Ebs\.VolumeSize=9$`}, "volumeEncrypted": {"true", `Ebs\.Encrypted=true$`}, "volumeIOPS": {"4321", `Ebs\.Iops=4321$`}, "volumeKmsKeyID": {"k9", `Ebs\.KmsKeyId=k9$`}, "volumeThroughput": {"333", `Ebs\.Throughput=333$`}, "snapshotID": {"snap-1", `Ebs\.SnapshotId=snap-1$`}, "volumeType": {"gp2", `Ebs\.VolumeType=gp2$`}} {
		volume(k, "volumeName: /dev/sdq", "volumeName: /dev/sdq, "+k+": "+v[0], v[1])
	}
	volume("volumeName", "volumeName: /dev/sdq", "volumeName: /dev/sdr", `DeviceName=/dev/sdr$`)
	add(inside(bothKinds, "bottlerocket.enableAdminContainer", "amiFamily: Bottlerocket", "", "bottlerocket: {settings: {motd: hi}}", "bottlerocket: {settings: {motd: hi}, enableAdminContainer: true}", "", `(?s)UserData=.*host-containers`))
	add(inside(bothKinds, "bottlerocket.settings", "amiFamily: Bottlerocket", "", "bottlerocket: {settings: {motd: hi}}", "bottlerocket: {settings: {motd: ahoy}}", "", `(?s)UserData=.*motd = 'ahoy'`))
	selector := func(field, from, to, wantManaged, wantOwn string) {
		open := "instanceSelector: {"
		add(inside(bothKinds[:1], "instanceSelector."+field, "", open, from, to, "}", wantManaged))
		add(inside(bothKinds[1:], "instanceSelector."+field, "", open, from, to, "}", wantOwn))
	}
	selector("vCPUs", `vCPUs: 2, memory: "8"`, `vCPUs: 4, memory: "8"`, `^nodegroup\.Nodegroup\.InstanceTypes=c5\.xlarge$`, `^instance\..*InstanceType=.*\.xlarge$`)
	selector("memory", `vCPUs: 4, memory: "8"`, `vCPUs: 4, memory: "16"`, `^nodegroup\.Nodegroup\.InstanceTypes=m5\.xlarge$`, `^instance\..*InstanceType=.*\.xlarge$`)
	selector("allow", `vCPUs: 4, memory: "16", allow: "m5.*"`, `vCPUs: 4, memory: "16", allow: "m6i.*"`, `^nodegroup\.Nodegroup\.InstanceTypes=m6i\.xlarge$`, `^instance\..*InstanceType=m6i\.xlarge$`)
	selector("deny", `vCPUs: 4, memory: "16", allow: "m(5|6i)\\..*", deny: "m6i.*"`, `vCPUs: 4, memory: "16", allow: "m(5|6i)\\..*", deny: "m5.*"`, `^nodegroup\.Nodegroup\.InstanceTypes=m6i\.xlarge$`, `^instance\..*InstanceType=m6i\.xlarge$`)
	selector("cpuArchitecture", `vCPUs: 2, memory: "8"`, `vCPUs: 2, memory: "8", cpuArchitecture: arm64`, `AmiType=AL2023_ARM_64_STANDARD$`, `^instance\..*Architecture=arm64$`)
	selector("gpus", `vCPUs: 4, memory: "16"`, `vCPUs: 4, memory: "16", gpus: 1`, `^nodegroup\.Nodegroup\.InstanceTypes=g4dn\.xlarge$`, `^instance\..*InstanceType=g4dn\.xlarge$`)
	add(inside(bothKinds, "ssh.allow", "", "ssh: {publicKeyName: k, allow: ", "false", "true", "}", `Allow SSH access to worker nodes`))
	add(inside(bothKinds, "ssh.sourceSecurityGroupIds", "", "ssh: {publicKeyName: k, allow: true", "", ", sourceSecurityGroupIds: [sg-gate]", "}", `UserIdGroupPairs\.GroupId=sg-gate$`))
	for k, v := range map[string][2]string{"key": {"{key: b, value: v, effect: NoSchedule}", `taints\.key=b$`}, "value": {"{key: a, value: w, effect: NoSchedule}", `taints\.value=w$`}, "effect": {"{key: a, value: v, effect: PreferNoSchedule}", `taints\.effect=PreferNoSchedule$`}} {
		add(inside(bothKinds, "taints."+k, "", "taints: [", "{key: a, value: v, effect: NoSchedule}", v[0], "]", `^node\.items\.spec\.`+v[1]))
	}
	add(inside(bothKinds, "propagateASGTags", "labels: {port: bow}", "", "", "propagateASGTags: true", "", `node-template/label/port\}=bow$`))
	add(inside(bothKinds, "overrideBootstrapCommand", "ami: ami-mine", "", "", `overrideBootstrapCommand: "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {cluster: {name: test}} # own"`, "", `(?s)UserData=.*# own`))
	role := `"arn:aws:iam::111122223333:role/deckhand"`
	add(managedOnly("iam.instanceRoleARN", role, `^nodegroup\.Nodegroup\.NodeRole=.*role/deckhand$`))
	add(ownOnly("iam.instanceRoleARN", role, `^entry\.AccessEntry\.PrincipalArn=.*role/deckhand$`))
	add(inside(bothKinds[1:], "iam.instanceProfileARN", "", "iam: {instanceRoleARN: "+role, "", `, instanceProfileARN: "arn:aws:iam::111122223333:instance-profile/card"`, "}", `IamInstanceProfile\.Arn=.*instance-profile/card$`))

	add(inside(bothKinds[:1], "updateConfig.maxUnavailable", "maxSize: 4", "updateConfig: {", "maxUnavailable: 1", "maxUnavailable: 3", "}", `UpdateConfig\.MaxUnavailable=3$`))
	add(managedOnly("updateConfig.maxUnavailablePercentage", "40", `UpdateConfig\.MaxUnavailablePercentage=40$`))
	add(inside(bothKinds[:1], "launchTemplate.id", "", "launchTemplate: {", "id: lt-mine", "id: lt-yours", "}", `LaunchTemplate\.Id=lt-yours$`))
	add(inside(bothKinds[:1], "launchTemplate.version", "", "launchTemplate: {id: lt-mine, version: ", "'1'", "'2'", "}", `LaunchTemplate\.Version=2$`))
	for k, v := range map[string]string{"enabled": "true", "maxParallelNodesRepairedCount": "3", "maxParallelNodesRepairedPercentage": "30", "maxUnhealthyNodeThresholdCount": "3", "maxUnhealthyNodeThresholdPercentage": "30"} {
		add(managedOnly("nodeRepairConfig."+k, v, `(?i)NodeRepairConfig\.`+k+`=`+v+`$`))
	}
	over := func(field, from, to, want string) {
		s := `{minRepairWaitTimeMins: 5, nodeMonitoringCondition: DiskPressure, nodeUnhealthyReason: Full, repairAction: Reboot}`
		add(inside(bothKinds[:1], "nodeRepairConfig.nodeRepairConfigOverrides."+field, "", "nodeRepairConfig: {enabled: true, nodeRepairConfigOverrides: [", s, strings.Replace(s, from, to, 1), "]}", want))
	}
	over("minRepairWaitTimeMins", "5", "9", `MinRepairWaitTimeMins=9$`)
	over("nodeMonitoringCondition", "DiskPressure", "NetworkingReady", `NodeMonitoringCondition=NetworkingReady$`)
	over("nodeUnhealthyReason", "Full", "Lost", `NodeUnhealthyReason=Lost$`)
	over("repairAction", "Reboot", "Replace", `RepairAction=Replace$`)

	metrics := "asgMetricsCollection: [{granularity: 1Minute, metrics: [GroupMinSize]}]"
	add(inside(bothKinds[1:], "asgMetricsCollection.metrics", "", "", metrics, strings.Replace(metrics, "MinSize", "MaxSize", 1), "", `EnabledMetrics\.Metric=GroupMaxSize$`))
	add(inside(bothKinds[1:], "asgMetricsCollection.granularity", "", "", metrics, strings.Replace(metrics, "1Minute", "5Minute", 1), "", `EnabledMetrics\.Granularity=5Minute$`))
	mix := "instancesDistribution: {instanceTypes: [m5.large, m5a.large]"
	for k, v := range map[string][2]string{"capacityRebalance": {"true", `CapacityRebalance=true$`}, "maxPrice": {"0.1", `SpotMaxPrice=0\.1`}, "onDemandBaseCapacity": {"2", `OnDemandBaseCapacity=2$`}, "onDemandPercentageAboveBaseCapacity": {"50", `OnDemandPercentageAboveBaseCapacity=50$`}, "spotAllocationStrategy": {"price-capacity-optimized", `SpotAllocationStrategy=price-capacity-optimized$`}, "spotInstancePools": {"3", `SpotInstancePools=3$`}} {
		add(inside(bothKinds[1:], "instancesDistribution."+k, "", mix, "", ", "+k+": "+v[0], "}", `^asg\..*`+v[1]))
	}
	add(inside(bothKinds[1:], "instancesDistribution.instanceTypes", "", "instancesDistribution: {instanceTypes: [", "m5.large, m5a.large", "m5.large, m5d.large", "]}", `^asg\..*InstanceType=m5d\.large$`))
}

// Every leaf alone changes the region, as AWS's APIs and Kubernetes read it back.
func TestEachLeafReachesTheRegion(t *testing.T) {
	var bases sync.Map // text -> func() map[string]bool
	for _, l := range leaves() {
		t.Run(l.path, func(t *testing.T) {
			t.Parallel()
			once, _ := bases.LoadOrStore(l.base, sync.OnceValue(func() map[string]bool { return read(t, l.base) }))
			base, got := once.(func() map[string]bool)(), read(t, l.now)
			re := regexp.MustCompile(l.want)
			for line := range got {
				if !base[line] && re.MatchString(line) {
					return
				}
			}
			t.Errorf("no line of the region that matches %s appeared", l.want)
		})
	}
}
