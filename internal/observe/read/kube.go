package read

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/kube"

	"github.com/slipway-eks/slipway/internal/observe"
)

// Described is the control plane as its Kubernetes client takes it.
func Described(c *observe.Cluster) *types.Cluster {
	d := &types.Cluster{Name: &c.Name}
	if c.Endpoint != "" && c.CertificateAuthority != nil {
		d.Endpoint, d.CertificateAuthority = &c.Endpoint, &types.Certificate{Data: &c.CertificateAuthority.Data}
	}
	return d
}

// kubernetes is the Kubernetes API, where it can be reached at all: only the VPC
// reaches a private endpoint. A region in this process has no network in between.
func (o *observer) kubernetes(ctx context.Context) (kubernetes.Interface, error) {
	if rc := o.Cluster.ResourcesVPCConfig; rc != nil && !rc.EndpointPublicAccess && o.c.Transport == nil {
		return nil, fmt.Errorf("the endpoint of the Kubernetes API is private")
	}
	return kube.Client(ctx, o.c, Described(o.Cluster))
}

// inside reads what Slipway and EKS have to do with in the Kubernetes API.
func (o *observer) inside(ctx context.Context) error {
	if !o.stands() || o.Cluster.Endpoint == "" {
		return nil
	}
	k, err := o.kubernetes(ctx)
	if err != nil {
		return err
	}
	in := &observe.Kubernetes{}
	for _, x := range []struct {
		what string
		read func(context.Context, kubernetes.Interface, *observe.Kubernetes) error
	}{
		{"the nodes", nodes}, {"the DaemonSets", daemonSets}, {"the Deployments", deployments}, {"the service accounts", o.accounts},
		{"the role bindings", bindings}, {"the disruption budgets", budgets}, {"the config maps of kube-system", configMaps},
	} {
		err := x.read(ctx, k, in)
		if err != nil && !apierrors.IsForbidden(err) {
			return err // the API does not answer: nor would it the next question
		}
		if err := o.missed(ctx, observe.Inside, x.what, err); err != nil {
			return err
		}
	}
	o.Observed.Kubernetes = in
	return nil
}

func key(m *metav1.ObjectMeta) string { return m.Namespace + "/" + m.Name }

func nodes(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.Nodes = map[string]*observe.Node{}
	return kube.Each(ctx, k.CoreV1().Nodes().List, func(l *corev1.NodeList) string { return l.Continue }, func(l *corev1.NodeList) {
		for i := range l.Items {
			in.Nodes[l.Items[i].Name] = nodeOf(&l.Items[i])
		}
	})
}

func nodeOf(n *corev1.Node) *observe.Node {
	x := &observe.Node{Name: n.Name, Unschedulable: n.Spec.Unschedulable, Version: n.Status.NodeInfo.KubeletVersion, OSImage: n.Status.NodeInfo.OSImage,
		ProviderID: n.Spec.ProviderID, Labels: n.Labels, Nodegroup: n.Labels["eks.amazonaws.com/nodegroup"]}
	if x.Nodegroup == "" {
		x.Nodegroup = n.Labels["alpha.eksctl.io/nodegroup-name"]
	}
	for _, t := range n.Spec.Taints {
		x.Taints = append(x.Taints, observe.NodeTaint{Key: t.Key, Value: t.Value, Effect: string(t.Effect)})
	}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			if x.Ready = c.Status == corev1.ConditionTrue; !x.Ready {
				x.Reason = c.Message
			}
		}
	}
	return x
}

func workload(m *metav1.ObjectMeta, p *corev1.PodSpec, desired, ready, updated int32) *observe.Workload {
	w := &observe.Workload{Labels: m.Labels, ServiceAccount: p.ServiceAccountName, Desired: int(desired), Ready: int(ready), Updated: int(updated)}
	for _, c := range append(append([]corev1.Container{}, p.InitContainers...), p.Containers...) {
		w.Images = append(w.Images, c.Image)
	}
	for _, f := range m.ManagedFields {
		w.Managers = append(w.Managers, f.Manager)
	}
	if m.Namespace == metav1.NamespaceSystem {
		w.Taken = taken(m)
	}
	return w
}

func daemonSets(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.DaemonSets = map[string]*observe.Workload{}
	return kube.Each(ctx, k.AppsV1().DaemonSets("").List, func(l *appsv1.DaemonSetList) string { return l.Continue }, func(l *appsv1.DaemonSetList) {
		for i := range l.Items {
			d := &l.Items[i]
			in.DaemonSets[key(&d.ObjectMeta)] = workload(
				&d.ObjectMeta,
				&d.Spec.Template.Spec,
				d.Status.DesiredNumberScheduled,
				d.Status.NumberReady,
				d.Status.UpdatedNumberScheduled,
			)
		}
	})
}

func deployments(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.Deployments = map[string]*observe.Workload{}
	return kube.Each(ctx, k.AppsV1().Deployments("").List, func(l *appsv1.DeploymentList) string { return l.Continue }, func(l *appsv1.DeploymentList) {
		for i := range l.Items {
			d := &l.Items[i]
			want := int32(1)
			if d.Spec.Replicas != nil {
				want = *d.Spec.Replicas
			}
			in.Deployments[key(&d.ObjectMeta)] = workload(&d.ObjectMeta, &d.Spec.Template.Spec, want, d.Status.ReadyReplicas, d.Status.UpdatedReplicas)
		}
	})
}

// accounts keeps the service accounts that IAM, eksctl or Slipway has to do with:
// the others of a large cluster say nothing here.
func (o *observer) accounts(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.ServiceAccounts = map[string]*observe.ServiceAccount{}
	return kube.Each(ctx, k.CoreV1().ServiceAccounts("").List, func(l *corev1.ServiceAccountList) string { return l.Continue },
		func(l *corev1.ServiceAccountList) {
			for i := range l.Items {
				a := &l.Items[i]
				id := key(&a.ObjectMeta)
				if a.Annotations[observe.RoleAnnotation] != "" || a.Labels["app.kubernetes.io/managed-by"] == "eksctl" || o.Observed.PodIdentities[id] != nil {
					in.ServiceAccounts[id] = &observe.ServiceAccount{Labels: a.Labels, Annotations: a.Annotations}
				}
			}
		})
}

// serviceUsers are the users that AWS services come as; their role bindings matter.
var serviceUsers = []string{"emr-containers"}

func bindings(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.RoleBindings = map[string]*observe.RoleBinding{}
	return kube.Each(ctx, k.RbacV1().RoleBindings("").List, func(l *rbacv1.RoleBindingList) string { return l.Continue }, func(l *rbacv1.RoleBindingList) {
		for i := range l.Items {
			b := &l.Items[i]
			for _, s := range b.Subjects {
				for _, u := range serviceUsers {
					if s.Name == u {
						in.RoleBindings[key(&b.ObjectMeta)] = bindingOf(b)
					}
				}
			}
		}
	})
}

func bindingOf(b *rbacv1.RoleBinding) *observe.RoleBinding {
	out := &observe.RoleBinding{Role: b.RoleRef.Kind + "/" + b.RoleRef.Name}
	for _, s := range b.Subjects {
		out.Subjects = append(out.Subjects, s.Kind+"/"+s.Name)
	}
	return out
}

func budgets(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	in.Budgets = map[string]*observe.Budget{}
	return kube.Each(
		ctx,
		k.PolicyV1().PodDisruptionBudgets("").List,
		func(l *policyv1.PodDisruptionBudgetList) string { return l.Continue },
		func(l *policyv1.PodDisruptionBudgetList) {
			for i := range l.Items {
				p := &l.Items[i]
				b := &observe.Budget{
					DisruptionsAllowed: int(p.Status.DisruptionsAllowed),
					CurrentHealthy:     int(p.Status.CurrentHealthy),
					DesiredHealthy:     int(p.Status.DesiredHealthy),
					ExpectedPods:       int(p.Status.ExpectedPods),
				}
				if p.Spec.UnhealthyPodEvictionPolicy != nil {
					b.Unhealthy = string(*p.Spec.UnhealthyPodEvictionPolicy)
				}
				if p.Spec.MinAvailable != nil {
					b.MinAvailable = p.Spec.MinAvailable.String()
				}
				if p.Spec.MaxUnavailable != nil {
					b.MaxUnavailable = p.Spec.MaxUnavailable.String()
				}
				in.Budgets[key(&p.ObjectMeta)] = b
			}
		},
	)
}

func configMaps(ctx context.Context, k kubernetes.Interface, in *observe.Kubernetes) error {
	for _, m := range []struct {
		name string
		into *map[string]string
	}{{"aws-auth", &in.AWSAuth}, {"amazon-vpc-cni", &in.VPCCNIConfig}} {
		cm, err := k.CoreV1().ConfigMaps("kube-system").Get(ctx, m.name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		*m.into = cm.Data
	}
	return nil
}
