package steps

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// Unpublish deletes a Service or an Ingress that has load balancers, and is done when the
// interfaces of those are gone, which hold subnets and security groups: a while after the
// load balancers themselves.
type Unpublish struct {
	Kind      string   `json:"kind"` // Service or Ingress
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Balancers []string `json:"balancers,omitempty"` // names; none: it has none yet
}

// Run looks, deletes, and waits.
func (s *Unpublish) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	// What both kinds have in common.
	get := func() (metav1.Object, error) {
		return k.CoreV1().Services(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{})
	}
	remove := k.CoreV1().Services(s.Namespace).Delete
	if s.Kind == "Ingress" {
		get = func() (metav1.Object, error) {
			return k.NetworkingV1().Ingresses(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{})
		}
		remove = k.NetworkingV1().Ingresses(s.Namespace).Delete
	}
	what := fmt.Sprintf("the %s %s/%s", s.Kind, s.Namespace, s.Name)
	have, err := get()
	switch {
	case apierrors.IsNotFound(err):
		return s.interfaces(ctx, e)
	case err != nil:
		return engine.Result{}, fmt.Errorf("reading %s: %w", what, err)
	case have.GetDeletionTimestamp() != nil:
		return engine.Waiting(s.going(what, have.GetFinalizers()))
	}
	if err := remove(ctx, s.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return engine.Result{}, fmt.Errorf("deleting %s: %w", what, err)
	}
	return engine.Started("the deletion of " + what + " has begun")
}

// going says who takes the load balancer along, and what to do where nobody does any more.
func (s *Unpublish) going(what string, finalizers []string) string {
	if len(finalizers) == 0 {
		return what + " is going"
	}
	return fmt.Sprintf("%s is going once its controller has removed the load balancer (finalizers: %s); if that controller runs no more, "+
		"delete the load balancer, then: kubectl -n %s patch %s %s --type merge -p '{\"metadata\":{\"finalizers\":null}}'",
		what, strings.Join(finalizers, ", "), s.Namespace, strings.ToLower(s.Kind), s.Name)
}

// interfaces waits for those of the load balancers; AWS names them in their description.
func (s *Unpublish) interfaces(ctx context.Context, e *Env) (engine.Result, error) {
	var values []string
	for _, b := range s.Balancers {
		values = append(values, "ELB "+b, "ELB app/"+b+"/*", "ELB net/"+b+"/*")
	}
	if len(values) == 0 {
		return engine.Finished("gone")
	}
	in := &ec2.DescribeNetworkInterfacesInput{Filters: []types.Filter{{Name: new("description"), Values: values}}}
	interfaces, err := awsc.Collect(ctx, ec2.NewDescribeNetworkInterfacesPaginator(e.AWS.EC2, in),
		func(p *ec2.DescribeNetworkInterfacesOutput) []types.NetworkInterface { return p.NetworkInterfaces })
	if err != nil {
		return engine.Result{}, fmt.Errorf("looking for the interfaces of its load balancer: %w", err)
	}
	if n := len(interfaces); n > 0 {
		return engine.Waiting(fmt.Sprintf("%d network interfaces of its load balancer are still in the subnets", n))
	}
	return engine.Finished("gone, with its load balancer")
}
