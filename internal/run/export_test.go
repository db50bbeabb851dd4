package run_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// exported is a cluster's file, written and read back.
func exported(t *testing.T, r *testregion.Region, name string, portable bool) (string, *config.File, *run.Export) {
	t.Helper()
	x, err := run.ExportFile(t.Context(), r.AWS, name, portable, nil)
	must(t, err)
	var b strings.Builder
	must(t, x.Write(&b))
	f, err := config.Load("export.yaml", []byte(b.String()))
	if err != nil {
		t.Fatalf("the exported file is refused: %v\n%s", err, b.String())
	}
	return b.String(), f, x
}

// nothingToDo plans an exported file against its own cluster, and says what is left to do.
func nothingToDo(t *testing.T, r *testregion.Region, name string) string {
	t.Helper()
	text, f, _ := exported(t, r, name, false)
	s, err := run.Prepare(t.Context(), r.AWS, f)
	if err != nil {
		return "refused: " + err.Error() + "\n" + text
	}
	if s.Plan.Empty() {
		return ""
	}
	var out []string
	for _, e := range s.Plan.Entries {
		out = append(out, e.Action+" "+e.Title)
	}
	return strings.Join(out, "\n") + "\n" + text
}

// The file of a cluster that Slipway launched from any of eksctl's examples finds nothing
// to do for it.
func TestAnExportedFileFindsNothingToDo(t *testing.T) {
	testregion.Need(t, "shared")
	home := t.TempDir()
	t.Setenv("HOME", home)
	must(t, os.MkdirAll(filepath.Join(home, ".ssh"), 0o700))
	for _, k := range []string{"id_rsa", "id_rsa_tests", "ec2_id_rsa"} {
		must(t, os.WriteFile(filepath.Join(home, ".ssh", k+".pub"), []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut "+k), 0o600))
	}
	files, err := filepath.Glob(filepath.Join(testregion.Root(t), "../shared/eksctl/examples/*.yaml"))
	must(t, err)
	launched := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			must(t, err)
			f, err := config.Load(filepath.Base(file), withVersion(b))
			if err != nil {
				t.Skip(err)
			}
			r := testregion.New(t, f, 1)
			s, err := run.Prepare(t.Context(), r.AWS, f)
			if err != nil {
				t.Skip(err)
			}
			if rep := drive(t, r, s); !rep.OK() {
				t.Skip(rep.FirstFailure)
			}
			launched++
			if left := nothingToDo(t, r, f.Cluster.Metadata.Name); left != "" {
				t.Error(left)
			}
		})
	}
	if launched < 38 && !t.Failed() {
		t.Errorf("%d examples were launched, expected at least 38", launched)
	}
}

// richFile is a cluster with something of most kinds.
const richFile = testregion.Cluster + `iam:
  withOIDC: true
  serviceAccounts:
  - {metadata: {name: s3, namespace: default}, attachPolicyARNs: ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}
  - {metadata: {name: dns, namespace: kube-system}, wellKnownPolicies: {externalDNS: true}}
  podIdentityAssociations:
  - {namespace: default, serviceAccountName: queue, permissionPolicyARNs: ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]}
addons: [{name: vpc-cni}, {name: coredns}, {name: kube-proxy}, {name: eks-pod-identity-agent}, {name: aws-ebs-csi-driver}]
accessConfig:
  accessEntries:
  - {principalARN: "arn:aws:iam::111122223333:role/ops", accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: namespace, namespaces: [web]}}]}
vpc: {clusterEndpoints: {privateAccess: true}, nat: {gateway: Disable}}
cloudWatch: {clusterLogging: {enableTypes: [api, audit]}}
managedNodeGroups:
- {name: m, desiredCapacity: 1, maxSize: 4, instanceType: m5.xlarge, volumeSize: 50, labels: {tier: web}, taints: [{key: only, value: web, effect: NoSchedule}], tags: {team: web}}
- {name: b, desiredCapacity: 1, amiFamily: Bottlerocket, spot: true, instanceTypes: [m5.large, m5a.large]}
`

// unrecorded makes of Slipway's stacks such as eksctl makes: no file is recorded in them.
func unrecorded(t *testing.T, r *testregion.Region) {
	t.Helper()
	all, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
	must(t, err)
	for _, s := range all.Stacks {
		got, err := r.AWS.CFN.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: s.StackName})
		must(t, err)
		var tpl map[string]any
		must(t, json.Unmarshal([]byte(*got.TemplateBody), &tpl))
		delete(tpl, "Metadata")
		tpl["Description"] = "made by eksctl"
		for _, x := range tpl["Resources"].(map[string]any) {
			x.(map[string]any)["Metadata"] = map[string]any{"By": "eksctl"}
		}
		b, err := json.Marshal(tpl)
		must(t, err)
		_, err = r.AWS.CFN.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: s.StackName, TemplateBody: new(string(b)),
			Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}})
		must(t, err)
		r.Sim.World.Advance(time.Hour)
	}
}

// stackless takes stacks away and leaves what they made, as Terraform or the console makes
// it; suffixes say which.
func stackless(t *testing.T, r *testregion.Region, suffixes ...string) {
	t.Helper()
	all, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
	must(t, err)
	slices.SortFunc(all.Stacks, func(a, b cfntypes.Stack) int { return strings.Compare(*b.StackName, *a.StackName) }) // node groups first
	for _, s := range all.Stacks {
		if !slices.ContainsFunc(suffixes, func(x string) bool { return strings.HasSuffix(*s.StackName, x) }) {
			continue
		}
		in := &cloudformation.UpdateTerminationProtectionInput{StackName: s.StackName, EnableTerminationProtection: new(false)}
		_, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), in)
		must(t, err)
		retain(t, r, *s.StackName)
	}
}

// Whoever made a cluster, its file finds nothing to do: eksctl, Terraform or the console,
// two of them.
func TestWhoeverMadeItItsFileFindsNothingToDo(t *testing.T) {
	for _, c := range []struct {
		name, text string
		make       func(t *testing.T, r *testregion.Region)
		says       []string
	}{
		{"slipway", richFile, func(*testing.T, *testregion.Region) {}, []string{"volumeSize: 50", "amiFamily: Bottlerocket", "externalDNS: true"}},
		{"eksctl", richFile, unrecorded, []string{"volumeSize: 50", "amiFamily: Bottlerocket", "tier: web", "externalDNS: true", "gateway: Disable"}},
		{"console", oneGroup, func(t *testing.T, r *testregion.Region) { stackless(t, r, "-nodegroup-m", "-cluster") },
			[]string{"id: vpc-", "serviceRoleARN: arn:", "instanceRoleARN: arn:"}},
		{"a group of another tool", oneGroup, func(t *testing.T, r *testregion.Region) { stackless(t, r, "-nodegroup-m") }, []string{"gateway: Disable", "instanceRoleARN: arn:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, c.text), 1)
			if rep := drive(t, r, prepare(t, r, c.text)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			c.make(t, r)
			if left := nothingToDo(t, r, "test"); left != "" {
				t.Fatal(left)
			}
			text, _, _ := exported(t, r, "test", false)
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("the file does not say %s:\n%s", s, text)
				}
			}
		})
	}
}

// A portable file launches an equal cluster elsewhere: its own file is the same.
func TestAPortableFileLaunchesAnEqualCluster(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, r *testregion.Region){
		"slipway": func(*testing.T, *testregion.Region) {}, "eksctl": unrecorded,
		"console": func(t *testing.T, r *testregion.Region) { stackless(t, r, "-nodegroup-m", "-nodegroup-b", "-cluster") },
	} {
		t.Run(name, func(t *testing.T) {
			r := testregion.New(t, testregion.Load(t, richFile), 1)
			if rep := drive(t, r, prepare(t, r, richFile)); !rep.OK() {
				t.Fatal(rep.FirstFailure)
			}
			make(t, r)
			text, f, _ := exported(t, r, "test", true)
			there := testregion.New(t, f, 2)
			s, err := run.Prepare(t.Context(), there.AWS, f)
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if rep := drive(t, there, s); !rep.OK() {
				t.Fatalf("%s\n%s", rep.FirstFailure, text)
			}
			again, _, _ := exported(t, there, "test", true)
			if a, b := uncommented(text), uncommented(again); a != b {
				t.Errorf("the equal cluster's file is\n%s\nand the first one's is\n%s", b, a)
			}
		})
	}
}

func uncommented(text string) string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// A cluster that is not there is refused, and no file is written of it.
func TestNothingLiveIsNoFile(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, withoutNAT), 1)
	if _, err := run.ExportFile(t.Context(), r.AWS, "nobody", false, nil); !strings.Contains(errText(err), "there is no cluster nobody") {
		t.Error(err)
	}
}
