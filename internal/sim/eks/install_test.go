package eks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubetypes "k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

const system = metav1.NamespaceSystem

// kubectl is a client of the cluster's Kubernetes API.
func (l life) kubectl() kubernetes.Interface {
	l.t.Helper()
	k, err := kube.Client(l.t.Context(), l.AWS, l.cluster())
	l.refused("", err)
	return k
}

// owners are who set which fields, as kubectl shows it: manager operation.
func owners(m *metav1.ObjectMeta) map[string]string {
	out := map[string]string{}
	for _, f := range m.ManagedFields {
		out[f.Manager+" "+string(f.Operation)+" "+f.Subresource] = string(f.FieldsV1.Raw)
	}
	return out
}

// edit changes an object as kubectl edit does.
func (l life) edit(what, name, patch string) {
	l.t.Helper()
	by, err := metav1.PatchOptions{FieldManager: "kubectl-edit"}, error(nil)
	switch what {
	case "daemonset":
		_, err = l.kubectl().AppsV1().DaemonSets(system).Patch(l.t.Context(), name, kubetypes.StrategicMergePatchType, []byte(patch), by)
	case "configmap":
		_, err = l.kubectl().CoreV1().ConfigMaps(system).Patch(l.t.Context(), name, kubetypes.MergePatchType, []byte(patch), by)
	}
	l.refused("", err)
}

// updated has an add-on updated, and is how that ended.
func (l life) updated(in eks.UpdateAddonInput) *types.Update {
	l.t.Helper()
	in.ClusterName = new("c")
	out, err := l.AWS.EKS.UpdateAddon(l.t.Context(), &in)
	l.refused("", err)
	l.after(5 * time.Minute)
	d, err := l.AWS.EKS.DescribeUpdate(l.t.Context(), &eks.DescribeUpdateInput{Name: new("c"), AddonName: in.AddonName, UpdateId: out.Update.Id})
	l.refused("", err)
	return d.Update
}

// env is what the VPC CNI's container has of an environment variable.
func (l life) env(name string) string {
	for _, e := range kubeapi.Get[appsv1.DaemonSet](l.kube(), system, "aws-node").Spec.Template.Spec.Containers[0].Env {
		if e.Name == name {
			return e.Value
		}
	}
	return "unset"
}

func (l life) image() string {
	i := kubeapi.Get[appsv1.DaemonSet](l.kube(), system, "aws-node").Spec.Template.Spec.Containers[0].Image
	return i[strings.LastIndex(i, ":")+1:]
}

// What EKS sets of an add-on's objects is its own, by server-side apply, and no more.
func TestAnAddonsFieldsAreEKSs(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	for _, n := range []string{"vpc-cni", "coredns"} {
		_, err := l.addon(eks.CreateAddonInput{AddonName: &n})
		l.refused("", err)
	}
	l.after(2 * time.Minute)
	d, err := l.kubectl().AppsV1().DaemonSets(system).Get(t.Context(), "aws-node", metav1.GetOptions{})
	l.refused("", err)
	var set map[string]any
	if err := json.Unmarshal([]byte(owners(&d.ObjectMeta)["eks Apply "]), &set); err != nil {
		t.Fatalf("nothing of aws-node is EKS's: %v", owners(&d.ObjectMeta))
	}
	c := set["f:spec"].(map[string]any)["f:template"].(map[string]any)["f:spec"].(map[string]any)["f:containers"].(map[string]any)[`k:{"name":"aws-node"}`]
	fields := c.(map[string]any)
	l.holds("the image is EKS's", fields["f:image"] != nil, true)
	l.holds("what a default set is not", fields["f:terminationMessagePath"] != nil, false)
	l.holds("a variable is EKS's", fields["f:env"].(map[string]any)[`k:{"name":"WARM_ENI_TARGET"}`] != nil, true)
	m, err := l.kubectl().CoreV1().ConfigMaps(system).Get(t.Context(), "coredns", metav1.GetOptions{})
	l.refused("", err)
	l.holds("the Corefile is EKS's", strings.Contains(owners(&m.ObjectMeta)["eks Apply "], "f:Corefile"), true)
	was := d.ResourceVersion
	l.holds("an update to what is there", l.updated(eks.UpdateAddonInput{AddonName: new("vpc-cni")}).Status, types.UpdateStatusSuccessful)
	d, err = l.kubectl().AppsV1().DaemonSets(system).Get(t.Context(), "aws-node", metav1.GetOptions{})
	l.refused("", err)
	l.holds("it is written", d.ResourceVersion, was)
}

// What EKS puts into a cluster itself is as kubectl applied it. An add-on that says the same
// takes it over; one of another version conflicts with it, unless it may overwrite.
func TestSelfManagedCopiesAreTakenOver(t *testing.T) {
	l := begin(t)
	_, err := l.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("own"), RoleArn: new(role), BootstrapSelfManagedAddons: new(true),
		ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}}})
	l.refused("", err)
	l.after(20 * time.Minute)
	own, err := l.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("own")})
	l.refused("", err)
	k, err := kube.Client(t.Context(), l.AWS, own.Cluster)
	l.refused("", err)
	managers := func() (all []string) {
		d, err := k.AppsV1().DaemonSets(system).Get(t.Context(), "aws-node", metav1.GetOptions{})
		l.refused("", err)
		for by := range owners(&d.ObjectMeta) {
			all = append(all, by)
		}
		slices.Sort(all)
		return all
	}
	l.holds("whose it is", strings.Join(managers(), ", "), "kubectl-client-side-apply Update ")
	create := func(name, version string, r types.ResolveConflicts) string {
		_, err := l.AWS.EKS.CreateAddon(t.Context(), &eks.CreateAddonInput{ClusterName: new("own"), AddonName: &name, AddonVersion: &version, ResolveConflicts: r})
		l.refused("", err)
		l.after(5 * time.Minute)
		out, err := l.AWS.EKS.DescribeAddon(t.Context(), &eks.DescribeAddonInput{ClusterName: new("own"), AddonName: &name})
		l.refused("", err)
		said := string(out.Addon.Status)
		for _, i := range out.Addon.Health.Issues {
			said += " " + string(i.Code) + " " + *i.Message
		}
		return said
	}
	l.holds("the version that is there", create("vpc-cni", "v1.21.1-eksbuild.1", types.ResolveConflictsNone), "ACTIVE")
	l.holds("then whose it is", strings.Join(managers(), ", "), "eks Apply , kubectl-client-side-apply Update ")
	l.holds("another version", create("kube-proxy", "v1.34.4-eksbuild.3", ""), "CREATE_FAILED ConfigurationConflict Conflicts found when trying to apply. Will "+
		"not continue due to resolve conflicts mode. Conflicts:\nDaemonSet.apps kube-proxy - .metadata.annotations.app.kubernetes.io/version\n"+
		"DaemonSet.apps kube-proxy - .spec.template.spec.containers[name=\"kube-proxy\"].image")
	_, err = l.AWS.EKS.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: new("own"), AddonName: new("kube-proxy"), Preserve: true})
	l.refused("", err)
	l.after(time.Minute)
	l.holds("it overwrites", create("kube-proxy", "v1.34.4-eksbuild.3", types.ResolveConflictsOverwrite), "ACTIVE")
}

// Fields that the add-on's manifest sets and others have changed are in an update's way, kept
// or taken back as it is told to. What others have added stays in any case.
func TestUpdatesMeetFieldsOfOthers(t *testing.T) {
	for mode, want := range map[types.ResolveConflicts]struct{ status, code, addon, image, target, corefile string }{
		"":                              {"Failed", "ConfigurationConflict", "UPDATE_FAILED ConfigurationConflict", "v1.20.0-eksbuild.1", "3", "mine"},
		types.ResolveConflictsNone:      {"Failed", "ConfigurationConflict", "UPDATE_FAILED ConfigurationConflict", "v1.20.0-eksbuild.1", "3", "mine"},
		types.ResolveConflictsPreserve:  {"Successful", "", "ACTIVE", "v1.21.1-eksbuild.1", "3", "mine"},
		types.ResolveConflictsOverwrite: {"Successful", "", "ACTIVE", "v1.21.1-eksbuild.1", "1", "EKS's"},
	} {
		t.Run(string(mode), func(t *testing.T) {
			l := begin(t).after(20 * time.Minute)
			for n, v := range map[string]string{"vpc-cni": "v1.20.0-eksbuild.1", "coredns": "v1.12.4-eksbuild.1"} {
				_, err := l.addon(eks.CreateAddonInput{AddonName: &n, AddonVersion: &v})
				l.refused("", err)
			}
			l.after(2 * time.Minute)
			l.edit("daemonset", "aws-node", `{"spec": {"template": {"spec": {"containers": [{"name": "aws-node", "env": [{"name": "WARM_ENI_TARGET", "value": "3"},`+
				`{"name": "MINE", "value": "yes"}]}]}}}}`)
			l.edit("configmap", "coredns", `{"data": {"Corefile": "mine"}}`)
			u := l.updated(eks.UpdateAddonInput{AddonName: new("vpc-cni"), AddonVersion: new("v1.21.1-eksbuild.1"), ResolveConflicts: mode})
			code := ""
			for _, e := range u.Errors {
				code += string(e.ErrorCode)
				l.holds("the error", *e.ErrorMessage, "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. Conflicts:\n"+
					`DaemonSet.apps aws-node - .spec.template.spec.containers[name="aws-node"].env[name="WARM_ENI_TARGET"].value`)
			}
			l.holds("the update", string(u.Status)+" "+code, want.status+" "+want.code)
			l.holds("the add-on", l.is("vpc-cni"), want.addon)
			l.holds("its image", l.image(), want.image)
			l.holds("what was changed", l.env("WARM_ENI_TARGET"), want.target)
			l.holds("what was added", l.env("MINE"), "yes")
			if mode != types.ResolveConflictsPreserve { // EKS's again, or never asked: what is told next is what counts
				l.holds("told to overwrite", l.updated(eks.UpdateAddonInput{AddonName: new("vpc-cni"), ResolveConflicts: "OVERWRITE"}).Status, types.UpdateStatusSuccessful)
				l.holds("what was changed, overwritten", l.env("WARM_ENI_TARGET"), "1")
			}
			l.updated(eks.UpdateAddonInput{AddonName: new("coredns"), ResolveConflicts: mode})
			read := kubeapi.Get[corev1.ConfigMap](l.kube(), system, "coredns").Data["Corefile"]
			l.holds("the Corefile", read == "mine", want.corefile == "mine")
		})
	}
}

// A Deployment of another selector cannot be taken over: Kubernetes lets nobody change one.
func TestAnotherSelectorCannotBeTakenOver(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	labels := map[string]string{"app": "own"}
	_, err := l.kubectl().AppsV1().Deployments(system).Create(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "metrics-server"},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}}}, metav1.CreateOptions{})
	l.refused("", err)
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("metrics-server"), ResolveConflicts: types.ResolveConflictsOverwrite})
	l.refused("", err)
	l.after(time.Minute)
	l.holds("metrics-server", l.is("metrics-server"), "CREATE_FAILED UnsupportedAddonModification")
}
