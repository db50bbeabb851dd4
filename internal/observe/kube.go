package observe

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
)

// Kubernetes is what stands inside the cluster, of what launches, upgrades and
// repairs look at.
type Kubernetes struct {
	Nodes           map[string]*Node           `json:"nodes,omitempty"`
	DaemonSets      map[string]*Workload       `json:"daemonSets,omitempty"`      // by namespace/name, as all below
	Deployments     map[string]*Workload       `json:"deployments,omitempty"`     //
	ServiceAccounts map[string]*ServiceAccount `json:"serviceAccounts,omitempty"` // those that IAM, eksctl or Slipway has to do with
	RoleBindings    map[string]*RoleBinding    `json:"roleBindings,omitempty"`    // of AWS services: EMR on EKS
	Budgets         map[string]*Budget         `json:"podDisruptionBudgets,omitempty"`
	AWSAuth         map[string]string          `json:"awsAuth,omitempty"`      // kube-system/aws-auth; nil: there is none
	VPCCNIConfig    map[string]string          `json:"amazonVpcCni,omitempty"` // kube-system/amazon-vpc-cni
}

// Parts of a cluster, named and shaped as in Kubernetes' API.
type (
	// Node is one node.
	Node struct {
		Name          string            `json:"name"`
		Ready         bool              `json:"ready"`
		Reason        string            `json:"reason,omitempty"` // the kubelet's message while not ready
		Unschedulable bool              `json:"unschedulable,omitempty"`
		Version       string            `json:"kubeletVersion,omitempty"`
		OSImage       string            `json:"osImage,omitempty"`
		ProviderID    string            `json:"providerID,omitempty"`
		Nodegroup     string            `json:"nodegroup,omitempty"` // by its label
		Labels        map[string]string `json:"labels,omitempty"`
		Taints        []NodeTaint       `json:"taints,omitempty"`
	}
	// NodeTaint keeps pods away; its effect is spelt as Kubernetes does: NoSchedule.
	NodeTaint struct {
		Key    string `json:"key"`
		Value  string `json:"value,omitempty"`
		Effect string `json:"effect"`
	}
	// Workload is a DaemonSet or Deployment.
	Workload struct {
		Labels         map[string]string `json:"labels,omitempty"`
		Images         []string          `json:"images,omitempty"` // containers' and init containers'
		ServiceAccount string            `json:"serviceAccount,omitempty"`
		Desired        int               `json:"desired"`
		Ready          int               `json:"ready"`
		Updated        int               `json:"updated"`
		Managers       Set               `json:"managers,omitempty"` // who set fields of it
	}
	// ServiceAccount is a service account.
	ServiceAccount struct {
		Labels      map[string]string `json:"labels,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	// RoleBinding grants a role.
	RoleBinding struct {
		Role     string `json:"role"` // Kind/name
		Subjects Set    `json:"subjects,omitempty"`
	}
	// Budget is a PodDisruptionBudget.
	Budget struct {
		MinAvailable       string `json:"minAvailable,omitempty"`
		MaxUnavailable     string `json:"maxUnavailable,omitempty"`
		DisruptionsAllowed int    `json:"disruptionsAllowed"`
		CurrentHealthy     int    `json:"currentHealthy"`
		DesiredHealthy     int    `json:"desiredHealthy"`
		ExpectedPods       int    `json:"expectedPods"`
	}
)

// Described is the control plane as its Kubernetes client takes it.
func (c *Cluster) Described() *types.Cluster {
	d := &types.Cluster{Name: &c.Name}
	if c.Endpoint != "" && c.CertificateAuthority != nil {
		d.Endpoint, d.CertificateAuthority = &c.Endpoint, &types.Certificate{Data: &c.CertificateAuthority.Data}
	}
	return d
}

// inside reads the Kubernetes API, where it can be reached at all: only the VPC
// reaches a private endpoint. A region in this process has no network in between.
func (o *observer) inside(ctx context.Context) error {
	if !o.stands() || o.Cluster.Endpoint == "" {
		return nil
	}
	if rc := o.Cluster.ResourcesVPCConfig; rc != nil && !rc.EndpointPublicAccess && o.c.Transport == nil {
		return fmt.Errorf("the endpoint of the Kubernetes API is private")
	}
	k, err := kube.Client(ctx, o.c, o.Cluster.Described())
	if err != nil {
		return err
	}
	in := &Kubernetes{}
	for _, x := range []struct {
		what string
		read func(context.Context, kubernetes.Interface, *Kubernetes) error
	}{
		{"the nodes", nodes}, {"the DaemonSets", daemonSets}, {"the Deployments", deployments}, {"the service accounts", o.accounts},
		{"the role bindings", bindings}, {"the disruption budgets", budgets}, {"the config maps of kube-system", configMaps},
	} {
		err := x.read(ctx, k, in)
		if err != nil && !apierrors.IsForbidden(err) {
			return err // the API does not answer: nor would it the next question
		}
		if err := o.missed(ctx, Inside, x.what, err); err != nil {
			return err
		}
	}
	o.Observed.Kubernetes = in
	return nil
}

// page is how many objects one answer may hold.
const page = 500

// all reads a listing page by page.
func all[T any](ctx context.Context, list func(context.Context, metav1.ListOptions) (T, error), next func(T) string, take func(T)) error {
	o := metav1.ListOptions{Limit: page}
	for {
		l, err := list(ctx, o)
		if err != nil {
			return err
		}
		take(l)
		if o.Continue = next(l); o.Continue == "" {
			return nil
		}
	}
}

func key(m *metav1.ObjectMeta) string { return m.Namespace + "/" + m.Name }

func nodes(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.Nodes = map[string]*Node{}
	return all(ctx, k.CoreV1().Nodes().List, func(l *corev1.NodeList) string { return l.Continue }, func(l *corev1.NodeList) {
		for i := range l.Items {
			in.Nodes[l.Items[i].Name] = nodeOf(&l.Items[i])
		}
	})
}

func nodeOf(n *corev1.Node) *Node {
	x := &Node{Name: n.Name, Unschedulable: n.Spec.Unschedulable, Version: n.Status.NodeInfo.KubeletVersion, OSImage: n.Status.NodeInfo.OSImage,
		ProviderID: n.Spec.ProviderID, Labels: n.Labels, Nodegroup: n.Labels["eks.amazonaws.com/nodegroup"]}
	if x.Nodegroup == "" {
		x.Nodegroup = n.Labels["alpha.eksctl.io/nodegroup-name"]
	}
	for _, t := range n.Spec.Taints {
		x.Taints = append(x.Taints, NodeTaint{t.Key, t.Value, string(t.Effect)})
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

func workload(m *metav1.ObjectMeta, p *corev1.PodSpec, desired, ready, updated int32) *Workload {
	w := &Workload{Labels: m.Labels, ServiceAccount: p.ServiceAccountName, Desired: int(desired), Ready: int(ready), Updated: int(updated)}
	for _, c := range append(append([]corev1.Container{}, p.InitContainers...), p.Containers...) {
		w.Images = append(w.Images, c.Image)
	}
	for _, f := range m.ManagedFields {
		w.Managers = append(w.Managers, f.Manager)
	}
	return w
}

func daemonSets(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.DaemonSets = map[string]*Workload{}
	return all(ctx, k.AppsV1().DaemonSets("").List, func(l *appsv1.DaemonSetList) string { return l.Continue }, func(l *appsv1.DaemonSetList) {
		for i := range l.Items {
			d := &l.Items[i]
			in.DaemonSets[key(&d.ObjectMeta)] = workload(&d.ObjectMeta, &d.Spec.Template.Spec, d.Status.DesiredNumberScheduled, d.Status.NumberReady, d.Status.UpdatedNumberScheduled)
		}
	})
}

func deployments(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.Deployments = map[string]*Workload{}
	return all(ctx, k.AppsV1().Deployments("").List, func(l *appsv1.DeploymentList) string { return l.Continue }, func(l *appsv1.DeploymentList) {
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

// RoleAnnotation is how a service account names its IAM role.
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// accounts keeps the service accounts that IAM, eksctl or Slipway has to do with:
// the others of a large cluster say nothing here.
func (o *observer) accounts(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.ServiceAccounts = map[string]*ServiceAccount{}
	return all(ctx, k.CoreV1().ServiceAccounts("").List, func(l *corev1.ServiceAccountList) string { return l.Continue }, func(l *corev1.ServiceAccountList) {
		for i := range l.Items {
			a := &l.Items[i]
			id := key(&a.ObjectMeta)
			if a.Annotations[RoleAnnotation] != "" || a.Labels["app.kubernetes.io/managed-by"] == "eksctl" || o.Observed.PodIdentities[id] != nil {
				in.ServiceAccounts[id] = &ServiceAccount{a.Labels, a.Annotations}
			}
		}
	})
}

// serviceUsers are the users that AWS services come as; their role bindings matter.
var serviceUsers = []string{"emr-containers"}

func bindings(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.RoleBindings = map[string]*RoleBinding{}
	return all(ctx, k.RbacV1().RoleBindings("").List, func(l *rbacv1.RoleBindingList) string { return l.Continue }, func(l *rbacv1.RoleBindingList) {
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

func bindingOf(b *rbacv1.RoleBinding) *RoleBinding {
	out := &RoleBinding{Role: b.RoleRef.Kind + "/" + b.RoleRef.Name}
	for _, s := range b.Subjects {
		out.Subjects = append(out.Subjects, s.Kind+"/"+s.Name)
	}
	return out
}

func budgets(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
	in.Budgets = map[string]*Budget{}
	return all(ctx, k.PolicyV1().PodDisruptionBudgets("").List, func(l *policyv1.PodDisruptionBudgetList) string { return l.Continue }, func(l *policyv1.PodDisruptionBudgetList) {
		for i := range l.Items {
			p := &l.Items[i]
			b := &Budget{DisruptionsAllowed: int(p.Status.DisruptionsAllowed), CurrentHealthy: int(p.Status.CurrentHealthy), DesiredHealthy: int(p.Status.DesiredHealthy), ExpectedPods: int(p.Status.ExpectedPods)}
			if p.Spec.MinAvailable != nil {
				b.MinAvailable = p.Spec.MinAvailable.String()
			}
			if p.Spec.MaxUnavailable != nil {
				b.MaxUnavailable = p.Spec.MaxUnavailable.String()
			}
			in.Budgets[key(&p.ObjectMeta)] = b
		}
	})
}

func configMaps(ctx context.Context, k kubernetes.Interface, in *Kubernetes) error {
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
