package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
)

// ServiceAccount makes a Kubernetes service account, annotated with its role
// where it assumes one by web identity.
type ServiceAccount struct {
	Env               *Env
	Namespace, Name   string
	Labels, Annotions map[string]string
	Role              string // stack name or ARN; "": none
}

// Run creates or amends it.
func (s *ServiceAccount) Run(ctx context.Context) (engine.Result, error) {
	k, err := s.Env.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	if _, err := k.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return engine.Result{}, fmt.Errorf("creating namespace %s: %w", s.Namespace, err)
	}
	want := map[string]string{}
	for a, v := range s.Annotions {
		want[a] = v
	}
	if s.Role != "" {
		arn, err := roleOf(ctx, s.Env, s.Role)
		if err != nil {
			return engine.Result{}, err
		}
		want[RoleAnnotation] = *arn
	}
	api := k.CoreV1().ServiceAccounts(s.Namespace)
	cur, err := api.Get(ctx, s.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		labels := map[string]string{"app.kubernetes.io/managed-by": "slipway"}
		for l, v := range s.Labels {
			labels[l] = v
		}
		_, err = api.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: s.Name, Namespace: s.Namespace, Labels: labels, Annotations: want}}, metav1.CreateOptions{})
		if err != nil {
			return engine.Result{}, fmt.Errorf("creating service account %s/%s: %w", s.Namespace, s.Name, err)
		}
		return engine.Result{State: engine.Done, Reason: "created", Changed: true}, nil
	}
	if err != nil {
		return engine.Result{}, err
	}
	if Holds(cur.Annotations, want) && Holds(cur.Labels, s.Labels) {
		return engine.Finished("in place")
	}
	amend(&cur.Annotations, want)
	amend(&cur.Labels, s.Labels)
	_, err = api.Update(ctx, cur, metav1.UpdateOptions{})
	return engine.Result{State: engine.Done, Reason: "amended", Changed: true}, err
}

// RoleAnnotation names the role that a service account assumes by web identity.
const RoleAnnotation = "eks.amazonaws.com/role-arn"

// Holds tells whether a map holds every wanted pair.
func Holds(have, want map[string]string) bool {
	for k, v := range want {
		if x, ok := have[k]; !ok || x != v {
			return false
		}
	}
	return true
}

func amend(have *map[string]string, want map[string]string) {
	if *have == nil {
		*have = map[string]string{}
	}
	maps.Copy(*have, want)
}

// IdentityMapping adds rows to kube-system/aws-auth.
type IdentityMapping struct {
	Env     *Env
	Mapping config.IAMIdentityMapping
}

type mapRow struct {
	RoleARN  string   `json:"rolearn,omitempty"`
	UserARN  string   `json:"userarn,omitempty"`
	Username string   `json:"username"`
	Groups   []string `json:"groups,omitempty"`
}

// Run adds what is missing, corrects its own row and keeps the others.
func (s *IdentityMapping) Run(ctx context.Context) (engine.Result, error) {
	m := s.Mapping
	k, err := s.Env.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	api := k.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(ctx, "aws-auth", metav1.GetOptions{})
	fresh := apierrors.IsNotFound(err)
	if fresh {
		cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth", Namespace: "kube-system"}}
	} else if err != nil {
		return engine.Result{}, fmt.Errorf("reading aws-auth: %w", err)
	}
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	changed, err := addMapping(cm.Data, m)
	if err != nil {
		return engine.Result{}, err
	}
	if !changed {
		return engine.Finished("in place")
	}
	if fresh {
		_, err = api.Create(ctx, cm, metav1.CreateOptions{})
	} else {
		_, err = api.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("writing aws-auth: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "mapped", Changed: true}, nil
}

func addMapping(data map[string]string, m config.IAMIdentityMapping) (bool, error) {
	if m.Account != "" {
		var accounts []string
		if err := yaml.Unmarshal([]byte(data["mapAccounts"]), &accounts); err != nil {
			return false, fmt.Errorf("aws-auth holds mapAccounts that cannot be read: %w", err)
		}
		for _, a := range accounts {
			if a == m.Account {
				return false, nil
			}
		}
		return true, put(data, "mapAccounts", append(accounts, m.Account))
	}
	key, row := "mapRoles", mapRow{RoleARN: m.ARN, Username: m.Username, Groups: m.Groups}
	if m.ServiceName != "" {
		row = mapRow{RoleARN: m.ARN, Username: m.ServiceName, Groups: nil}
	} else if strings.Contains(m.ARN, ":user/") {
		key, row = "mapUsers", mapRow{UserARN: m.ARN, Username: m.Username, Groups: m.Groups}
	}
	var rows []mapRow
	if err := yaml.Unmarshal([]byte(data[key]), &rows); err != nil {
		return false, fmt.Errorf("aws-auth holds %s that cannot be read: %w", key, err)
	}
	for i, r := range rows {
		if r.RoleARN == row.RoleARN && r.UserARN == row.UserARN {
			rows[i] = row
			return r.Username != row.Username || !slices.Equal(r.Groups, row.Groups), put(data, key, rows)
		}
	}
	return true, put(data, key, append(rows, row))
}

// Mapped tells whether aws-auth maps an identity as wanted.
func Mapped(data map[string]string, m config.IAMIdentityMapping) bool {
	if data == nil {
		return false
	}
	changed, err := addMapping(maps.Clone(data), m)
	return err == nil && !changed
}

func put(data map[string]string, key string, v any) error {
	b, err := yaml.Marshal(v)
	data[key] = string(b)
	return err
}

// WindowsSupport turns Windows IP address management on in the VPC CNI.
type WindowsSupport struct{ Env *Env }

// Run sets enable-windows-ipam.
func (s *WindowsSupport) Run(ctx context.Context) (engine.Result, error) {
	k, err := s.Env.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	api := k.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(ctx, "amazon-vpc-cni", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = api.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "amazon-vpc-cni", Namespace: "kube-system"}, Data: map[string]string{"enable-windows-ipam": "true"}}, metav1.CreateOptions{})
		return engine.Result{State: engine.Done, Reason: "enabled", Changed: true}, err
	}
	if err != nil {
		return engine.Result{}, err
	}
	if cm.Data["enable-windows-ipam"] == "true" {
		return engine.Finished("in place")
	}
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	cm.Data["enable-windows-ipam"] = "true"
	_, err = api.Update(ctx, cm, metav1.UpdateOptions{})
	return engine.Result{State: engine.Done, Reason: "enabled", Changed: true}, err
}

// CNIGate waits for a network plugin that the user installs.
type CNIGate struct {
	Env       *Env
	DaemonSet string
}

// Run looks for the DaemonSet.
func (s *CNIGate) Run(ctx context.Context) (engine.Result, error) {
	k, err := s.Env.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	ns, name, _ := strings.Cut(s.DaemonSet, "/")
	exists, _, _, err := kube.DaemonSet(ctx, k, ns, name)
	if err != nil {
		return engine.Result{}, err
	}
	if !exists {
		return engine.Result{State: engine.Blocked, Reason: fmt.Sprintf("waits for you to install the network plugin: DaemonSet %s is not there (slipway kubeconfig %s, then apply or helm install)", s.DaemonSet, s.Env.Name())}, nil
	}
	return engine.Finished("DaemonSet " + s.DaemonSet + " seen")
}
