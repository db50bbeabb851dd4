package elb

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (b *ELB) registerPolicies(s *wire.Service) {
	wire.Handle(s, "CreateLoadBalancerPolicy", b.CreateLoadBalancerPolicy)
	wire.Handle(s, "DescribeLoadBalancerPolicies", b.DescribeLoadBalancerPolicies)
	wire.Handle(s, "DeleteLoadBalancerPolicy", b.DeleteLoadBalancerPolicy)
	wire.Handle(s, "SetLoadBalancerPoliciesOfListener", b.SetLoadBalancerPoliciesOfListener)
	wire.Handle(s, "SetLoadBalancerPoliciesForBackendServer", b.SetLoadBalancerPoliciesForBackendServer)
}

// policyTypes are the types of policies of which others than AWS make some.
var policyTypes = []string{"SSLNegotiationPolicyType", "ProxyProtocolPolicyType", "BackendServerAuthenticationPolicyType", "PublicKeyPolicyType",
	"AppCookieStickinessPolicyType", "LBCookieStickinessPolicyType"}

func (c *classic) policy(name string) *types.PolicyDescription {
	for i := range c.Named {
		if *c.Named[i].PolicyName == name {
			return &c.Named[i]
		}
	}
	return nil
}

func (c *classic) noPolicy(name string) error {
	return wire.Errorf("PolicyNotFound", "There is no policy with name %s for load balancer %s", name, *c.LoadBalancerName)
}

// CreateLoadBalancerPolicy makes a policy that listeners or back ends may then have.
func (b *ELB) CreateLoadBalancerPolicy(_ *wire.Caller,
	in *elasticloadbalancing.CreateLoadBalancerPolicyInput) (*elasticloadbalancing.CreateLoadBalancerPolicyOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.PolicyName)
	switch {
	case !slices.Contains(policyTypes, aws.ToString(in.PolicyTypeName)):
		return nil, wire.Errorf("PolicyTypeNotFound", "Policy type %s was not found", aws.ToString(in.PolicyTypeName))
	case c.policy(name) != nil:
		return nil, wire.Errorf("DuplicatePolicyName", "A policy with the specified name (%s) already exists for this load balancer.", name)
	}
	d := types.PolicyDescription{PolicyName: new(name), PolicyTypeName: in.PolicyTypeName, PolicyAttributeDescriptions: []types.PolicyAttributeDescription{}}
	for _, a := range in.PolicyAttributes {
		d.PolicyAttributeDescriptions = append(d.PolicyAttributeDescriptions,
			types.PolicyAttributeDescription{AttributeName: a.AttributeName, AttributeValue: a.AttributeValue})
	}
	c.Named = append(c.Named, d)
	c.Policies.OtherPolicies = append(slices.Clone(c.Policies.OtherPolicies), name)
	return &elasticloadbalancing.CreateLoadBalancerPolicyOutput{}, nil
}

// DescribeLoadBalancerPolicies lists a load balancer's policies, all or by name.
func (b *ELB) DescribeLoadBalancerPolicies(_ *wire.Caller,
	in *elasticloadbalancing.DescribeLoadBalancerPoliciesInput) (*elasticloadbalancing.DescribeLoadBalancerPoliciesOutput, error) {
	out := &elasticloadbalancing.DescribeLoadBalancerPoliciesOutput{PolicyDescriptions: []types.PolicyDescription{}}
	if in.LoadBalancerName == nil {
		return nil, wire.Errorf("InvalidAction", "The simulated region describes the policies of a load balancer; AWS's sample policies are not in it.")
	}
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	if len(in.PolicyNames) == 0 {
		out.PolicyDescriptions = append(out.PolicyDescriptions, c.Named...)
	}
	for _, n := range in.PolicyNames {
		p := c.policy(n)
		if p == nil {
			return nil, c.noPolicy(n)
		}
		out.PolicyDescriptions = append(out.PolicyDescriptions, *p)
	}
	return out, nil
}

// DeleteLoadBalancerPolicy removes a policy that nothing has.
func (b *ELB) DeleteLoadBalancerPolicy(_ *wire.Caller,
	in *elasticloadbalancing.DeleteLoadBalancerPolicyInput) (*elasticloadbalancing.DeleteLoadBalancerPolicyOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.PolicyName)
	if slices.ContainsFunc(c.ListenerDescriptions, func(d types.ListenerDescription) bool { return slices.Contains(d.PolicyNames, name) }) ||
		slices.ContainsFunc(c.BackendServerDescriptions, func(d types.BackendServerDescription) bool { return slices.Contains(d.PolicyNames, name) }) {
		return nil, wrongSettings("The policy %s is in use and cannot be deleted", name)
	}
	c.Named = slices.DeleteFunc(c.Named, func(d types.PolicyDescription) bool { return *d.PolicyName == name })
	c.Policies.OtherPolicies = slices.DeleteFunc(slices.Clone(c.Policies.OtherPolicies), func(n string) bool { return n == name })
	return &elasticloadbalancing.DeleteLoadBalancerPolicyOutput{}, nil
}

// SetLoadBalancerPoliciesOfListener replaces the policies of a port.
func (b *ELB) SetLoadBalancerPoliciesOfListener(_ *wire.Caller,
	in *elasticloadbalancing.SetLoadBalancerPoliciesOfListenerInput) (*elasticloadbalancing.SetLoadBalancerPoliciesOfListenerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	i := c.at(in.LoadBalancerPort)
	if i < 0 {
		return nil, wire.Errorf("ListenerNotFound", "There is no listener on port %d of load balancer %s", in.LoadBalancerPort, *c.LoadBalancerName)
	}
	for _, n := range in.PolicyNames {
		if c.policy(n) == nil {
			return nil, c.noPolicy(n)
		}
	}
	c.ListenerDescriptions[i].PolicyNames = append([]string{}, in.PolicyNames...)
	return &elasticloadbalancing.SetLoadBalancerPoliciesOfListenerOutput{}, nil
}

// SetLoadBalancerPoliciesForBackendServer replaces the policies of a port of instances.
func (b *ELB) SetLoadBalancerPoliciesForBackendServer(_ *wire.Caller,
	in *elasticloadbalancing.SetLoadBalancerPoliciesForBackendServerInput) (*elasticloadbalancing.SetLoadBalancerPoliciesForBackendServerOutput, error) {
	c, err := b.classic(in.LoadBalancerName)
	if err != nil {
		return nil, err
	}
	for _, n := range in.PolicyNames {
		if c.policy(n) == nil {
			return nil, c.noPolicy(n)
		}
	}
	port := aws.ToInt32(in.InstancePort)
	c.BackendServerDescriptions = slices.DeleteFunc(slices.Clone(c.BackendServerDescriptions), func(d types.BackendServerDescription) bool {
		return *d.InstancePort == port
	})
	if len(in.PolicyNames) > 0 {
		c.BackendServerDescriptions = append(c.BackendServerDescriptions, types.BackendServerDescription{InstancePort: new(port), PolicyNames: in.PolicyNames})
	}
	return &elasticloadbalancing.SetLoadBalancerPoliciesForBackendServerOutput{}, nil
}
