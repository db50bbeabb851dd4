package config

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

func managedGroup(s string) string { return head + "managedNodeGroups: [{name: g, " + s + "}]\n" }
func ownGroup(s string) string     { return head + "nodeGroups: [{name: g, " + s + "}]\n" }

func numbered(n int, format string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i, i))
	}
	return strings.Join(out, ", ")
}

// What the file alone can tell, and how it is told.
func TestWhatTheFileAloneTells(t *testing.T) {
	china := strings.Replace(head, "us-west-2", "cn-north-1", 1)
	long := strings.Repeat("k", 129)
	for _, c := range []struct{ name, text, code, says string }{
		{"label value", managedGroup(`labels: {team: "not this!"}`), "label-invalid", `labels.team: "not this!" cannot be a label's value`},
		{"label key", managedGroup(`labels: {"-team-": a}`), "label-invalid", `"-team-" cannot be a label's key`},
		{"reserved label", managedGroup(`labels: {"node-role.kubernetes.io/worker": ""}`), "label-reserved", "labels under kubernetes.io are reserved"},
		{"label of k8s.io", ownGroup(`labels: {"k8s.io/x": y}`), "label-reserved", "labels under k8s.io are reserved"},
		{"label of EKS", managedGroup(`labels: {"eks.amazonaws.com/x": y}`), "label-reserved", "labels under eks.amazonaws.com are reserved"},
		{"taint key", ownGroup(`taints: [{key: a/b/c, effect: NoSchedule}]`), "taint-invalid", `taints[0].key: "a/b/c" cannot be a taint's key`},
		{"taint value", ownGroup(`taints: {a: "not this!:NoSchedule"}`), "taint-invalid", `taints.a: "not this!" cannot be a taint's value`},
		{"taint effect", ownGroup(`taints: {a: "b:Sometimes"}`), "taint-invalid", `"Sometimes" is no effect: NoSchedule, PreferNoSchedule, NoExecute`},
		{"taint twice", managedGroup(`taints: [{key: a, effect: NoExecute}, {key: a, value: b, effect: NoExecute}]`), "taint-twice", "taints[1].key: the taint a:NoExecute is listed twice"},
		{"many tags", strings.Replace(head, "us-west-2", "us-west-2, tags: {"+numbered(45, "t%d: v%d")+"}", 1), "too-many-tags", "at most 50 tags"},
		{"many tags together", strings.Replace(head, "us-west-2", "us-west-2, tags: {"+numbered(30, "t%d: v%d")+"}", 1) + "nodeGroups: [{name: g, tags: {" + numbered(15, "u%d: v%d") + "}}]", "too-many-tags", "nodeGroups[0].tags"},
		{"AWS's tag", managedGroup(`tags: {"AWS:owner": me}`), "tag-reserved", "keys that begin with aws:"},
		{"long key", managedGroup(`tags: {` + long + `: v}`), "tag-invalid", "1 to 128 characters, not 129"},
		{"long value", managedGroup(`tags: {k: ` + strings.Repeat("v", 257) + `}`), "tag-invalid", "at most 256 characters, not 257"},
		{"tag of a role", strings.Replace(head, "us-west-2", `us-west-2, tags: {k: "a?b"}`, 1), "tag-invalid", "letters, digits, spaces and _.:/=+-@ alone"},
		{"two cases", strings.Replace(head, "us-west-2", "us-west-2, tags: {Team: a, team: b}", 1), "tag-ambiguous", `differs from "Team" only in case`},
		{"no room", managedGroup("minSize: 0, maxSize: 0"), "sizes-limit", "maxSize is at least 1, not 0"},
		{"fewer than wanted", ownGroup("desiredCapacity: 3, maxSize: 2"), "sizes-order", "not 3, 3, 2"},
		{"update of none", managedGroup("updateConfig: {maxUnavailable: 0}"), "update-config-invalid", "from 1 to 100 nodes"},
		{"IOPS", managedGroup("volumeIOPS: 2999"), "volume-invalid", "3000 to 80000 IOPS, not 2999"},
		{"IOPS for the size", managedGroup("volumeType: io1, volumeSize: 10, volumeIOPS: 1000"), "volume-invalid", "500 for 10 GiB, not 1000"},
		{"IOPS of gp2", ownGroup("volumeType: gp2, volumeIOPS: 3000"), "volume-invalid", "cannot be named for a volume of type gp2"},
		{"size", managedGroup("volumeSize: 65537"), "volume-invalid", "has 1 to 65536 GiB, not 65537"},
		{"throughput", managedGroup("volumeThroughput: 2001, volumeIOPS: 20000"), "volume-invalid", "125 to 2000 MiB/s, not 2001"},
		{"throughput for the IOPS", managedGroup("volumeThroughput: 900"), "volume-invalid", "750 for 3000 IOPS, not 900"},
		{"root that cannot boot", managedGroup("volumeType: st1, volumeSize: 200"), "volume-invalid", "cannot boot from a volume of type st1"},
		{"second volume", ownGroup("additionalVolumes: [{volumeName: /dev/sdb, volumeType: sc1, volumeSize: 9}]"), "volume-invalid", "additionalVolumes[0].volumeSize: a volume of type sc1 has 125 to 16384 GiB, not 9"},
		{"size and IOPS", managedGroup("volumeSize: 16, volumeIOPS: 1, volumeType: gp3"), "volume-invalid", "3000 to 80000 IOPS, not 1"},
		{"key without encryption", managedGroup("volumeKmsKeyID: k"), "volume-invalid", "needs volumeEncrypted: true"},
		{"two architectures", managedGroup("instanceTypes: [c7g.large, c7i.large], spot: true"), "architectures-mixed", "c7i.large is of architecture x86_64 and c7g.large of arm64"},
		{"two architectures, self-managed", ownGroup("instancesDistribution: {instanceTypes: [m5.large, m6g.large]}"), "architectures-mixed", "instancesDistribution.instanceTypes"},
		{"Windows on ARM", ownGroup("instanceType: m6g.large, amiFamily: WindowsServer2022CoreContainer"), "architecture-of-family", "there is no WindowsServer2022CoreContainer"},
		{"no type", managedGroup(`instanceType: "large; reboot"`), "type-invalid", `"large; reboot" is no instance type`},
		{"null add-on", head + "addons: [null]\n", "item-empty", "addons[0]: the list has an empty item"},
		{"null group", head + "managedNodeGroups:\n  -\n  - name: g\n", "item-empty", "managedNodeGroups[0]: the list has an empty item"},
		{"null zone", head + "availabilityZones: [us-west-2a, ~]\n", "item-empty", "availabilityZones[1]"},
		{"underscore", head + "managedNodeGroups: [{name: my_group}]\n", "name-invalid", `"my_group" cannot be a node group's name`},
		{"dotted account", head + "iam: {withOIDC: true, serviceAccounts: [{metadata: {name: a.b}, wellKnownPolicies: {autoScaler: true}}]}\n", "name-invalid", "CloudFormation stack's name"},
		{"upper-case namespace", head + "iam: {withOIDC: true, serviceAccounts: [{metadata: {name: a, namespace: Dev}, wellKnownPolicies: {autoScaler: true}}]}\n", "name-invalid", `"Dev" cannot be a namespace`},
		{"long role", ownGroup("iam: {instanceRoleName: " + strings.Repeat("r", 65) + "}"), "name-invalid", "at most 64"},
		{"EKS's profile", head + "fargateProfiles: [{name: eks-mine, selectors: [{namespace: a}]}]\n", "name-invalid", "and not eks- first"},
		{"nobody enters", head + "accessConfig: {authenticationMode: CONFIG_MAP, bootstrapClusterCreatorAdminPermissions: false}\n", "access-nobody", "nobody could enter the cluster"},
		{"partition", china + "iam: {withOIDC: true}\naddons: [{name: vpc-cni, attachPolicyARNs: [\"arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy\"]}]\n", "arn-partition", "write arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy"},
		{"partition in a policy", china + "nodeGroups: [{name: g, iam: {attachPolicy: {Statement: [{Resource: [\"arn:aws:s3:::b\"]}]}}}]\n", "arn-partition", "attachPolicy.Statement[0].Resource[0]"},
		{"no ARN", ownGroup("iam: {instanceRoleARN: my-role}"), "arn-invalid", `"my-role" is no ARN`},
		{"volume beside a template", managedGroup("launchTemplate: {id: lt-1}, volumeSize: 20"), "beside-launch-template", "volumeSize: has no effect beside launchTemplate"},
		{"pods beside a template", managedGroup("launchTemplate: {id: lt-1}, maxPodsPerNode: 9"), "beside-launch-template", "maxPodsPerNode: has no effect beside launchTemplate"},
		{"AMI beside a template", managedGroup("launchTemplate: {id: lt-1}, ami: ami-1"), "beside-launch-template", "ami: has no effect"},
		{"version of a template", managedGroup("launchTemplate: {id: lt-1, version: $Latest}"), "launch-template-version", `"$Latest" is no version's number`},
		{"key of self-managed groups", managedGroup("instancesDistribution: {instanceTypes: [m5.large]}"), "key-unknown", `"instancesDistribution" is not for managed node groups (it belongs to nodeGroups, the self-managed ones; a managed group takes instanceTypes`},
		{"key of managed groups", ownGroup("releaseVersion: x"), "key-unknown", `"releaseVersion" is not for self-managed node groups (it belongs to managedNodeGroups)`},
		{"key of another level", head + "withOIDC: true\n", "key-unknown", `unknown key "withOIDC" (it belongs to iam.withOIDC)`},
		{"Bottlerocket's commands", managedGroup("amiFamily: Bottlerocket, preBootstrapCommands: [ls]"), "not-for-family", "runs no commands"},
		{"long commands", managedGroup("preBootstrapCommands: [" + strings.Repeat("e", 16385) + "]"), "user-data-size", "has 16385 bytes"},
		{"a NodeConfig of another version", managedGroup(`overrideBootstrapCommand: "apiVersion: node.eks.aws/v1\nkind: NodeConfig"`), "override-invalid", "nodeadm reads only apiVersion: node.eks.aws/v1alpha1"},
		{"a NodeConfig of a wrong type", ownGroup(`overrideBootstrapCommand: "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {kubelet: {flags: --a}}"`), "override-invalid", "cannot read: cannot unmarshal string into Go struct field"},
		{"kubelet's address", ownGroup("kubeletExtraConfig: {clusterDomain: x}"), "fields-conflict", "kubeletExtraConfig.clusterDomain"},
		{"role made and given", ownGroup(`iam: {instanceRoleARN: "arn:aws:iam::111122223333:role/r", attachPolicyARNs: ["arn:aws:iam::aws:policy/p"]}`), "fields-conflict", "iam.attachPolicyARNs"},
		{"values", head + "addons: [{name: coredns, configurationValues: \"a: [\"}]\n", "configuration-values-invalid", "is neither YAML nor JSON"},
		{"yes", managedGroup("privateNetworking: yes"), "value-type", `expected true or false, found the text "yes" (write true)`},
		{"quoted true", head + `iam: {withOIDC: "true"}` + "\n", "value-type", "write true, without quotes"},
		{"twenty digits", managedGroup("volumeSize: 12345678901234567890"), "value-type", "expected a whole number, found the number 12345678901234567890 (from -2147483648 to 2147483647)"},
		{"quoted number", managedGroup(`maxSize: "3"`), "value-type", "write 3, without quotes"},
		{"fraction", managedGroup("maxSize: 3.0"), "value-type", "expected a whole number, found the number 3.0 (write 3)"},
		{"number for a text", head + "managedNodeGroups: [{name: 007}]\n", "value-type", `expected a text, found the number 007 (quote it: "007")`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := refused(t, c.text)
			if len(fs) != 1 || fs[0].Code != c.code || !strings.Contains(fs[0].Error(), c.says) || fs[0].Where.Line == 0 {
				t.Errorf("expected one finding %s that says %q: %v %v", c.code, c.says, fs[0].Code, fs)
			}
		})
	}
}

// What stands at the edge of what is allowed is allowed.
func TestWhatIsAllowed(t *testing.T) {
	for _, text := range []string{
		managedGroup(`labels: {"node.kubernetes.io/pool": a, "kubernetes.io/os": linux, "example.com/x": "", tier: w}`),
		managedGroup("minSize: 0, desiredCapacity: 0, maxSize: 1"),
		ownGroup("minSize: 0, desiredCapacity: 0, maxSize: 0"),
		managedGroup("volumeType: io2, volumeSize: 4, volumeIOPS: 4000"),
		managedGroup("amiFamily: amazonlinux2023"),
		managedGroup("launchTemplate: {id: lt-1, version: \"2\"}, instanceTypes: [m5.large], spot: true, labels: {a: b}"),
		managedGroup("instanceTypes: [m5.large, m6i.large]"),
		strings.Replace(head, "us-west-2", "us-west-2, tags: {"+numbered(44, "t%d: v%d")+"}", 1),
		ownGroup(`iam: {attachPolicy: {Statement: [{Resource: "arn:*:s3:::b"}]}}`),
		head + "iamIdentityMappings: [{account: \"111122223333\"}]\n",
	} {
		if _, err := Load("f.yaml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", strings.TrimPrefix(text, head), err)
		}
	}
}

// One round tells all that the file alone can tell, and nothing that only follows
// from something else that is told.
func TestAllFaultsComeInOneRound(t *testing.T) {
	fs := refused(t, `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: "../up", region: us-west-2}
iam: {withOIDC: "yes", serviceAccounts: [{metadata: {name: sa}, wellKnownPolicies: {autoScaler: true}}]}
managedNodeGroups:
  - {name: "a b", minSize: "4", instanceType: "m5 large", taints: [{key: k, effect: never}], labels: {"-": ok}, volumSize: 3}
availabilityZones: us-west-2a
`)
	var got []string
	for _, f := range fs {
		got = append(got, f.Code)
	}
	want := []string{"name-invalid", "value-type", "name-invalid", "value-type", "type-invalid", "value-not-possible", "label-invalid", "key-unknown", "value-type"}
	if !slices.Equal(got, want) {
		t.Errorf("%v\nexpected %v\n%v", got, want, fs)
	}
}

// Every code that this package's source makes is listed, each rule finds nothing else,
// and each listed code is made somewhere.
func TestEveryCodeIsListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range Rules() {
		for _, c := range r.Codes {
			listed[c] = true
		}
	}
	made := map[string]bool{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range files {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			l, ok := call.Args[0].(*ast.BasicLit)
			if ok && slices.Contains([]string{"At", "problem", "wrong", "at", "no"}, name) && !strings.Contains(l.Value, "volume") {
				made[strings.Trim(l.Value, `"`)] = true
			}
			return true
		})
	}
	made["volume-invalid"] = true
	for c := range made {
		if !listed[c] {
			t.Errorf("%s is made and not listed (validate.go)", c)
		}
	}
	for c := range listed {
		if !made[c] {
			t.Errorf("%s is listed (validate.go) and made nowhere", c)
		}
	}
}
