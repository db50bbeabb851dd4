package run_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/run"
	simec2 "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// ownTemplate is a cluster with a managed group that has a launch template and an AMI of its own,
// of Kubernetes 1.33.
func ownTemplate(t *testing.T) (saved json.RawMessage, template string) {
	t.Helper()
	const cluster = testregion.Cluster + "managedNodeGroups: [{name: x, desiredCapacity: 1}]\n"
	r := up(t, cluster)
	d, err := r.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("test")})
	must(t, err)
	data := fmt.Sprintf("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\nContent-Type: application/node.eks.aws\n\n"+
		"apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {cluster: {name: test, apiServerEndpoint: %q, certificateAuthority: %s, cidr: %s}}\n--B--\n",
		*d.Cluster.Endpoint, *d.Cluster.CertificateAuthority.Data, *d.Cluster.KubernetesNetworkConfig.ServiceIpv4Cidr)
	lt, err := r.Region.EC2.CreateLaunchTemplate(nil, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: new("company"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: new(simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.33")), InstanceType: "m5.large",
			UserData: new(base64.StdEncoding.EncodeToString([]byte(data)))}})
	must(t, err)
	template = *lt.LaunchTemplate.LaunchTemplateId
	text := strings.Replace(cluster, "}]\n", "}, {name: w, desiredCapacity: 2, launchTemplate: {id: "+template+", version: \"1\"}}]\n", 1)
	if rep := drive(t, r, prepare(t, r, text)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	saved, err = r.Sim.Save()
	must(t, err)
	return saved, template
}

func versionsOf(t *testing.T, r *testregion.Region, template string) (images []string) {
	t.Helper()
	d, err := r.AWS.EC2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template})
	must(t, err)
	images = make([]string, len(d.LaunchTemplateVersions))
	for _, v := range d.LaunchTemplateVersions {
		images[*v.VersionNumber-1] = *v.LaunchTemplateData.ImageId
		if *v.LaunchTemplateData.UserData != *d.LaunchTemplateVersions[0].LaunchTemplateData.UserData || v.LaunchTemplateData.InstanceType != "m5.large" {
			t.Errorf("version %d has more than another AMI", *v.VersionNumber)
		}
	}
	return images
}

// A group with an AMI of somebody's own gets another by a version of its launch template that
// differs by that alone; killed anywhere there is one such version, and its nodes have that AMI's
// kubelet. Back is the version before (ops case 23).
func TestAnAMIOfOnesOwnIsReplacedInPlace(t *testing.T) {
	saved, template := ownTemplate(t)
	image := simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.34")
	w := run.InPlace{Group: "w", Image: image}
	killedAnywhere(t, 5, again(t, saved), func(p *process) (*outcome.Outcome, error) {
		return p.change("nodegroup upgrade", func(b *run.Books) (*run.Session, error) {
			x := w
			x.Books = b
			return run.PrepareInPlace(t.Context(), p.aws, "test", x)
		})
	}, func(at int, r *testregion.Region, _ *process, _ *outcome.Outcome) {
		g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")})
		must(t, err)
		if v := versionsOf(t, r, template); len(v) != 2 || v[1] != image || *g.Nodegroup.LaunchTemplate.Version != "2" {
			t.Errorf("killed at %d: versions %v, the group has %s", at, v, *g.Nodegroup.LaunchTemplate.Version)
		}
		if s := inPlace(t, r, w); !s.Plan.Empty() {
			t.Errorf("killed at %d: again %v", at, kinds(s))
		}
		nodes, err := kubernetesOf(t, r).CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "eks.amazonaws.com/nodegroup=w"})
		must(t, err)
		for _, n := range nodes.Items {
			if !strings.HasPrefix(n.Status.NodeInfo.KubeletVersion, "v1.34") {
				t.Errorf("killed at %d: %s runs %s", at, n.Name, n.Status.NodeInfo.KubeletVersion)
			}
		}
		if len(nodes.Items) != 2 {
			t.Errorf("killed at %d: %d nodes", at, len(nodes.Items))
		}
	})
	r := testregion.Again(t, saved)
	if rep := drive(t, r, inPlace(t, r, w)); !rep.OK() {
		t.Fatal(rep.FirstFailure)
	}
	before := simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.33")
	s := inPlace(t, r, run.InPlace{Group: "w", Image: before}) // the version that has it is there
	if k := kinds(s); k[rules.TemplateVersion] != 0 || k[rules.GroupVersion] != 1 {
		t.Errorf("back: %v", k)
	}
	if title := s.Plan.Entry("nodegroup-version/w").Title; !strings.Contains(title, "launch template version 2 → 1") {
		t.Error(title)
	}
}

// What cannot be is said before a version is made.
func TestAnAMIThatIsNoneIsRefused(t *testing.T) {
	saved, template := ownTemplate(t)
	r := testregion.Again(t, saved)
	for _, c := range []struct{ group, image, says string }{
		{"w", "ami-00000000000000000", "there is no AMI ami-00000000000000000"},
		{"w", simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.35"), "is of Kubernetes 1.35, and the control plane of 1.34"},
		{"x", simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.34"), "runs AMIs of EKS's (AL2023_x86_64_STANDARD): one of your own is a replacement"},
	} {
		_, err := run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: c.group, Image: c.image})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %q", c.image, err, c.says)
		}
	}
	_, err := run.PrepareInPlace(t.Context(), r.AWS, "test", run.InPlace{Group: "w"})
	if err == nil || !strings.Contains(err.Error(), "--strategy in-place --ami AMI") {
		t.Errorf("no AMI: %v", err)
	}
	if v := versionsOf(t, r, template); len(v) != 1 {
		t.Errorf("versions %v", v)
	}
	// Somebody makes that version between plan and step: the step does not take theirs.
	s := inPlace(t, r, run.InPlace{Group: "w", Image: simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.34")})
	_, err = r.AWS.EC2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &template, SourceVersion: new("1"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: new(simec2.ImageID("amazon-eks-node-al2023", "x86_64", "1.32"))}})
	must(t, err)
	rep := drive(t, r, s)
	if rep.OK() || !strings.Contains(rep.FirstFailure, "somebody has made version 2") {
		t.Errorf("%+v", rep)
	}
	r.Sim.World.Advance(time.Minute)
	if g, err := r.AWS.EKS.DescribeNodegroup(t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("test"), NodegroupName: new("w")}); err != nil ||
		aws.ToString(g.Nodegroup.LaunchTemplate.Version) != "1" {
		t.Errorf("%+v %v", g, err)
	}
}
