package eks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// coredns stays off Fargate until its annotation says otherwise, by the add-on's
// configuration or by a hand on the Deployment.
func TestCorednsGoesToFargateByItsAnnotation(t *testing.T) {
	for name, say := range map[string]func(life){
		"configuration": func(l life) {
			_, err := l.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("c"), AddonName: new("coredns"),
				ConfigurationValues: new(`{"computeType": "Fargate"}`)})
			l.refused("", err)
		},
		"annotation": func(l life) {
			d := kubeapi.Get[appsv1.Deployment](l.kube(), "kube-system", "coredns").DeepCopy()
			d.Spec.Template.Annotations["eks.amazonaws.com/compute-type"] = "fargate"
			l.kube().Save(d)
		},
	} {
		l := begin(t).after(20 * time.Minute)
		_, err := l.addon(eks.CreateAddonInput{AddonName: new("coredns")})
		l.refused("", err)
		_, err = l.AWS.EKS.CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("f"),
			PodExecutionRoleArn: new(fargate), Subnets: []string{"subnet-p"}, Selectors: []types.FargateProfileSelector{{Namespace: new("kube-system")}}})
		l.refused("", err)
		l.after(10 * time.Minute)
		l.expect(name+": before", l.coredns(), "")
		say(l)
		l.after(10 * time.Minute)
		l.expect(name+": after", l.coredns(), "fargate- fargate-")
	}
}

// What CoreDNS reads is a ConfigMap, the add-on's configuration where that says so; its
// Deployment picks its pods as EKS's own does, so that eksctl can replace it.
func TestCorednsAsEKSMakesIt(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	_, err := l.addon(eks.CreateAddonInput{AddonName: new("coredns")})
	l.refused("", err)
	l.after(5 * time.Minute)
	d := kubeapi.Get[appsv1.Deployment](l.kube(), "kube-system", "coredns")
	l.holds("its selector", d.Spec.Selector.MatchLabels["k8s-app"]+" "+d.Spec.Selector.MatchLabels["eks.amazonaws.com/component"], "kube-dns coredns")
	reads := func() string {
		if m := kubeapi.Get[corev1.ConfigMap](l.kube(), "kube-system", "coredns"); m != nil {
			return m.Data["Corefile"]
		}
		return "nothing"
	}
	l.holds("it forwards", strings.Contains(reads(), "forward . /etc/resolv.conf"), true)
	_, err = l.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("c"), AddonName: new("coredns"),
		ConfigurationValues: new(`{"corefile": ".:53 { whoami }"}`)})
	l.refused("", err)
	l.after(5 * time.Minute)
	l.holds("what it reads", reads(), ".:53 { whoami }")
	_, err = l.AWS.EKS.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: new("c"), AddonName: new("coredns")})
	l.refused("", err)
	l.after(5 * time.Minute)
	l.holds("what it reads", reads(), "nothing")
}

// coredns is where its pods run, by the beginnings of their nodes' names.
func (l life) coredns() string {
	var on []string
	for _, p := range kubeapi.List[corev1.Pod](l.kube()) {
		if p.Labels["eks.amazonaws.com/component"] == "coredns" && p.Status.Phase == corev1.PodRunning {
			on = append(on, p.Spec.NodeName[:min(len(p.Spec.NodeName), 8)])
		}
	}
	return strings.Join(on, " ")
}
