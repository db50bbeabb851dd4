package kubeapi

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

const policyPlugin = validating.PluginName

func registerPolicies(p *admission.Plugins) {
	p.Register(policyPlugin, func(io.Reader) (admission.Interface, error) {
		return &policies{Handler: admission.NewHandler(admission.Create, admission.Update, admission.Delete, admission.Connect)}, nil
	})
}

// policies evaluates ValidatingAdmissionPolicies by Kubernetes' own dispatcher; what is
// ours is where they come from: the storage, at each request, instead of a queue that is
// looked at every second.
type policies struct {
	*admission.Handler
	c        *Cluster
	dispatch generic.Dispatcher[validating.PolicyHook]
	mu       sync.Mutex
	compiled map[string]validating.Validator // by a policy's identifier and generation
	params   map[string]*informer
}

func (p *policies) setCluster(c *Cluster) {
	f := &informerFactory{c: c, made: map[string]*informer{}}
	m := matching.NewMatcher(f.Core().V1().Namespaces().Lister(), c.client())
	p.c, p.compiled, p.params = c, map[string]validating.Validator{}, map[string]*informer{}
	p.dispatch = validating.NewDispatcher(authorizer.AuthorizerFunc(authorize), generic.NewPolicyMatcher(m))
}

func (p *policies) Validate(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
	if r := a.GetResource(); r.Group == admissionv1.GroupName && slices.Contains([]string{"validatingadmissionpolicies",
		"validatingadmissionpolicybindings"}, r.Resource) {
		return nil // Kubernetes exempts them, lest one lock everybody out
	}
	hooks := p.hooks()
	if len(hooks) == 0 {
		return nil
	}
	return p.dispatch.Dispatch(ctx, a, o, hooks)
}

func (p *policies) hooks() []validating.PolicyHook {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []validating.PolicyHook
	for _, x := range List[admissionv1.ValidatingAdmissionPolicy](p.c) {
		h := validating.PolicyHook{Policy: x}
		for _, b := range List[admissionv1.ValidatingAdmissionPolicyBinding](p.c) {
			if b.Spec.PolicyName == x.Name {
				h.Bindings = append(h.Bindings, b)
			}
		}
		if len(h.Bindings) == 0 {
			continue
		}
		key := string(x.UID) + x.ResourceVersion
		if p.compiled[key] == nil {
			p.compiled[key] = compile(x)
		}
		h.Evaluator = p.compiled[key]
		if k := x.Spec.ParamKind; k != nil {
			h.ParamInformer, h.ParamScope, h.ConfigurationError = p.param(k)
		}
		out = append(out, h)
	}
	return out
}

// parameters is an informer of the objects that a policy is parameterised by.
type parameters struct {
	*informer
	r schema.GroupResource
}

func (g parameters) Informer() cache.SharedIndexInformer { return g.informer }
func (g parameters) Lister() cache.GenericLister         { return cache.NewGenericLister(g.indexer, g.r) }

func (p *policies) param(k *admissionv1.ParamKind) (informers.GenericInformer, meta.RESTScope, error) {
	gv, err := schema.ParseGroupVersion(k.APIVersion)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(kinds, func(x kind) bool { return x.gv == gv && x.name == k.Kind })
	found := kind{gv: gv}
	if i >= 0 {
		found = kinds[i]
	} else {
		for _, d := range p.c.customs().established() {
			if d.Spec.Group == gv.Group && d.Spec.Names.Kind == k.Kind {
				found.resource, found.namespaced = d.Spec.Names.Plural, d.Spec.Scope == "Namespaced"
			}
		}
	}
	if found.resource == "" {
		return nil, nil, errors.New("failed to find resource referenced by paramKind: '" + gv.WithKind(k.Kind).String() + "'")
	}
	if p.params[found.prefix()] == nil {
		p.params[found.prefix()] = p.c.informer(found, func(o runtime.Object) runtime.Object {
			o = o.DeepCopyObject()
			o.GetObjectKind().SetGroupVersionKind(gv.WithKind(k.Kind))
			return o
		})
	}
	scope := meta.RESTScopeRoot
	if found.namespaced {
		scope = meta.RESTScopeNamespace
	}
	return parameters{p.params[found.prefix()], schema.GroupResource{Group: gv.Group, Resource: found.resource}}, scope, nil
}

var environmentOf = sync.OnceValue(func() *cel.CompositionEnv {
	e, err := cel.NewCompositionEnv(cel.VariablesTypeName, environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion(), true))
	if err != nil {
		panic(err) // it is upstream's own
	}
	return e
})

// compile is Kubernetes' (policy/validating/plugin.go), which keeps it to itself.
func compile(p *admissionv1.ValidatingAdmissionPolicy) validating.Validator {
	withAuth := cel.OptionalVariableDeclarations{HasParams: p.Spec.ParamKind != nil, HasAuthorizer: true, StrictCost: true}
	without := withAuth
	without.HasAuthorizer = false
	c := cel.NewCompositedCompilerFromTemplate(environmentOf())
	var checks, notes, messages, conditions []cel.ExpressionAccessor
	var named []cel.NamedExpressionAccessor
	for _, v := range p.Spec.Variables {
		named = append(named, &validating.Variable{Name: v.Name, Expression: v.Expression})
	}
	c.CompileAndStoreVariables(named, withAuth, environment.StoredExpressions)
	for _, v := range p.Spec.Validations {
		checks = append(checks, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason})
		var m cel.ExpressionAccessor
		if v.MessageExpression != "" {
			m = &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}
		}
		messages = append(messages, m)
	}
	for _, a := range p.Spec.AuditAnnotations {
		notes = append(notes, &validating.AuditAnnotationCondition{Key: a.Key, ValueExpression: a.ValueExpression})
	}
	var m matchconditions.Matcher
	for i := range p.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&p.Spec.MatchConditions[i]))
	}
	if len(conditions) > 0 {
		m = matchconditions.NewMatcher(c.CompileCondition(conditions, withAuth, environment.StoredExpressions), p.Spec.FailurePolicy, "policy", "validate",
			p.Name)
	}
	return validating.NewValidator(c.CompileCondition(checks, withAuth, environment.StoredExpressions), m,
		c.CompileCondition(notes, withAuth, environment.StoredExpressions), c.CompileCondition(messages, without, environment.StoredExpressions),
		p.Spec.FailurePolicy)
}
