package read

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/observe"
)

// published reads the Services and Ingresses that have load balancers: what runs in the
// cluster takes those away when they are deleted.
func (o *observer) published(ctx context.Context) error {
	if !o.stands() || o.Cluster.Endpoint == "" || o.Cluster.Status == "DELETING" {
		return nil
	}
	k, err := o.kubernetes(ctx)
	if err != nil {
		return err
	}
	o.Published = map[string]*observe.Published{}
	add := func(kind, namespace, name string, hosts []string) {
		o.Published[strings.ToLower(kind)+"/"+namespace+"/"+name] = &observe.Published{Kind: kind, Namespace: namespace, Name: name, Hosts: hosts}
	}
	err = kube.Each(ctx, k.CoreV1().Services("").List, func(l *corev1.ServiceList) string { return l.Continue }, func(l *corev1.ServiceList) {
		for i := range l.Items {
			s := &l.Items[i]
			if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
				continue
			}
			var hosts []string
			for _, x := range s.Status.LoadBalancer.Ingress {
				hosts = append(hosts, x.Hostname)
			}
			add("Service", s.Namespace, s.Name, ofAWS(hosts))
		}
	})
	if err != nil {
		return err
	}
	return kube.Each(ctx, k.NetworkingV1().Ingresses("").List, func(l *networkingv1.IngressList) string { return l.Continue }, func(l *networkingv1.IngressList) {
		for i := range l.Items {
			s := &l.Items[i]
			var hosts []string
			for _, x := range s.Status.LoadBalancer.Ingress {
				hosts = append(hosts, x.Hostname)
			}
			if hosts = ofAWS(hosts); len(hosts) > 0 {
				add("Ingress", s.Namespace, s.Name, hosts)
			}
		}
	})
}

// ofAWS are those host names that load balancers of AWS have.
func ofAWS(hosts []string) []string {
	return slices.DeleteFunc(hosts, func(h string) bool { return !strings.Contains(h, ".elb.") || !strings.Contains(h, ".amazonaws.com") })
}

// described is how many load balancers DescribeTags takes in one call.
const described = 20

// balancers reads the load balancers that carry the cluster's tags: the cloud provider's
// and the AWS Load Balancer Controller's.
func (o *observer) balancers(ctx context.Context) error {
	o.LoadBalancers = map[string]*observe.LoadBalancer{}
	old, err := awsc.Collect(ctx, elasticloadbalancing.NewDescribeLoadBalancersPaginator(o.c.Classic, &elasticloadbalancing.DescribeLoadBalancersInput{}),
		func(p *elasticloadbalancing.DescribeLoadBalancersOutput) []classic.LoadBalancerDescription {
			return p.LoadBalancerDescriptions
		})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(old, described) {
		in, groups := &elasticloadbalancing.DescribeTagsInput{}, map[string][]string{}
		for _, l := range some {
			in.LoadBalancerNames = append(in.LoadBalancerNames, aws.ToString(l.LoadBalancerName))
			groups[aws.ToString(l.LoadBalancerName)] = l.SecurityGroups
		}
		out, err := o.c.Classic.DescribeTags(ctx, in)
		if err != nil {
			return err
		}
		for _, d := range out.TagDescriptions {
			tags := map[string]string{}
			for _, t := range d.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			name := aws.ToString(d.LoadBalancerName)
			o.balancer(&observe.LoadBalancer{Name: name, Type: "classic", SecurityGroups: groups[name]}, tags)
		}
	}
	return o.newBalancers(ctx)
}

func (o *observer) newBalancers(ctx context.Context) error {
	list, err := awsc.Collect(ctx, elbv2.NewDescribeLoadBalancersPaginator(o.c.ELB, &elbv2.DescribeLoadBalancersInput{}),
		func(p *elbv2.DescribeLoadBalancersOutput) []types.LoadBalancer { return p.LoadBalancers })
	if err != nil {
		return err
	}
	for some := range slices.Chunk(list, described) {
		in, by := &elbv2.DescribeTagsInput{}, map[string]types.LoadBalancer{}
		for _, l := range some {
			in.ResourceArns = append(in.ResourceArns, aws.ToString(l.LoadBalancerArn))
			by[aws.ToString(l.LoadBalancerArn)] = l
		}
		out, err := o.c.ELB.DescribeTags(ctx, in)
		if err != nil {
			return err
		}
		for _, d := range out.TagDescriptions {
			tags := map[string]string{}
			for _, t := range d.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			l := by[aws.ToString(d.ResourceArn)]
			o.balancer(&observe.LoadBalancer{Name: aws.ToString(l.LoadBalancerName), ARN: aws.ToString(l.LoadBalancerArn), Type: string(l.Type),
				SecurityGroups: l.SecurityGroups}, tags)
		}
	}
	return nil
}

// balancer keeps a load balancer that carries the cluster's tags.
func (o *observer) balancer(l *observe.LoadBalancer, tags map[string]string) {
	if _, ok := tags["kubernetes.io/cluster/"+o.Name]; !ok && tags["elbv2.k8s.aws/cluster"] != o.Name {
		return
	}
	for _, k := range []string{"kubernetes.io/service-name", "service.k8s.aws/stack", "ingress.k8s.aws/stack"} {
		if l.For == "" {
			l.For = tags[k]
		}
	}
	o.LoadBalancers[l.Name] = l
}
