package read

import (
	"context"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/slipway-eks/slipway/internal/observe"
)

// hook is what validating and mutating webhooks have in common.
type hook struct {
	name     string
	policy   *admissionv1.FailurePolicyType
	client   admissionv1.WebhookClientConfig
	rules    []admissionv1.RuleWithOperations
	selector *metav1.LabelSelector
}

// webhooks finds those that refuse everything they are asked about, as nothing answers for
// them. Where the Kubernetes API was not reached, that is listed with the rest of it.
func (o *observer) webhooks(ctx context.Context) error {
	if o.Observed.Kubernetes == nil {
		return nil
	}
	k, err := o.kubernetes(ctx)
	if err != nil {
		return err
	}
	hooks, err := hooks(ctx, k)
	if err != nil {
		return err
	}
	o.Upgrades.Webhooks = map[string]*observe.Webhook{}
	for _, h := range hooks {
		s := h.client.Service
		if s == nil || h.policy != nil && *h.policy == admissionv1.Ignore {
			continue
		}
		answered, err := answers(ctx, k, s.Namespace, s.Name)
		if err != nil {
			return err
		}
		if !answered {
			o.Upgrades.Webhooks[h.name] = &observe.Webhook{Service: s.Namespace + "/" + s.Name, Asked: asked(h.rules), Excludes: excluded(h.selector)}
		}
	}
	return nil
}

func hooks(ctx context.Context, k kubernetes.Interface) (out []hook, err error) {
	v, err := k.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, c := range v.Items {
		for _, w := range c.Webhooks {
			out = append(out, hook{"ValidatingWebhookConfiguration " + c.Name + " (" + w.Name + ")", w.FailurePolicy, w.ClientConfig, w.Rules, w.NamespaceSelector})
		}
	}
	m, err := k.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, c := range m.Items {
		for _, w := range c.Webhooks {
			out = append(out, hook{"MutatingWebhookConfiguration " + c.Name + " (" + w.Name + ")", w.FailurePolicy, w.ClientConfig, w.Rules, w.NamespaceSelector})
		}
	}
	return out, nil
}

// answers tells whether a Service has an endpoint that is ready.
func answers(ctx context.Context, k kubernetes.Interface, namespace, service string) (bool, error) {
	l, err := k.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	if err != nil {
		return false, err
	}
	for _, s := range l.Items {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				return true, nil
			}
		}
	}
	return false, nil
}

func asked(rules []admissionv1.RuleWithOperations) (out observe.Set) {
	for _, r := range rules {
		out = append(out, r.Resources...)
	}
	return out
}

// excluded are namespaces that a selector leaves out by their names.
func excluded(s *metav1.LabelSelector) (out observe.Set) {
	if s == nil {
		return nil
	}
	for _, r := range s.MatchExpressions {
		if r.Key == "kubernetes.io/metadata.name" && r.Operator == metav1.LabelSelectorOpNotIn {
			out = append(out, r.Values...)
		}
	}
	return out
}
