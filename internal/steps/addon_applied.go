package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
)

// applied is done when the add-on's DaemonSet stands as wanted: with its version's
// image, the environment that the configuration values set, and a service account
// that has the add-on's role. With no node yet EKS's ACTIVE says no more than that, and
// says it later.
func (s *Addon) applied(ctx context.Context, e *Env, a *types.Addon) (engine.Result, error) {
	ns, name, _ := strings.Cut(eksfacts.AddonNamed(s.Name).DaemonSet, "/")
	if a.NamespaceConfig != nil && aws.ToString(a.NamespaceConfig.Namespace) != "" {
		ns = *a.NamespaceConfig.Namespace
	}
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	d, err := k.AppsV1().DaemonSets(ns).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return engine.Waiting("its DaemonSet " + ns + "/" + name + " is not there yet")
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("reading DaemonSet %s/%s: %w", ns, name, err)
	}
	if lacks := differs(d, a); lacks != "" {
		return engine.Waiting("its DaemonSet " + ns + "/" + name + " is not as wanted yet: " + lacks)
	}
	if len(a.PodIdentityAssociations) < len(s.PodRoles) {
		return engine.Waiting("its service account has no pod identity yet")
	}
	if role := aws.ToString(a.ServiceAccountRoleArn); role != "" {
		sa, err := k.CoreV1().ServiceAccounts(ns).Get(ctx, d.Spec.Template.Spec.ServiceAccountName, metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return engine.Result{}, fmt.Errorf("reading the service account of %s: %w", s.Name, err)
		}
		if err != nil || sa.Annotations[RoleAnnotation] != role {
			return engine.Waiting("its service account does not have the role " + role + " yet")
		}
	}
	return engine.Finished("DaemonSet " + ns + "/" + name + " seen as wanted")
}

// differs says how a DaemonSet differs from what its add-on asks for; "": it does not.
func differs(d *appsv1.DaemonSet, a *types.Addon) string {
	spec := d.Spec.Template.Spec
	release, _, _ := strings.Cut(aws.ToString(a.AddonVersion), "-") // images are tagged v1.20.1-eksbuild.1, v1.34.0-minimal-eksbuild.2
	if !slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool {
		tag := c.Image[strings.LastIndex(c.Image, ":")+1:]
		return tag == release || strings.HasPrefix(tag, release+"-")
	}) {
		return "no container has an image of " + release
	}
	var values struct {
		Env map[string]any `json:"env"`
	}
	if yaml.Unmarshal([]byte(aws.ToString(a.ConfigurationValues)), &values) != nil {
		return "" // EKS took the values, so they are another add-on's shape
	}
	for k, v := range values.Env {
		want := corev1.EnvVar{Name: k, Value: fmt.Sprint(v)}
		if !slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return slices.Contains(c.Env, want) }) {
			return k + " is not set to " + want.Value
		}
	}
	return ""
}
