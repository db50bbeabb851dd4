// Package ssm simulates the parameters of Systems Manager: the public ones through which
// AMIs are found, and the account's own. It must not know who asks.
package ssm

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// SSM is the service's state in one region.
type SSM struct {
	res.Registry
	w                          *world.World
	kms                        *kms.KMS
	Account, Partition, Region string

	parameters *res.Kind[parameter]
}

// parameter is one of the account's own, with all its versions, the newest last.
type parameter struct {
	Name     string
	Tags     []types.Tag
	Versions []types.ParameterHistory
}

// New is a region without parameters of the account's own.
func New(w *world.World, k *kms.KMS) *SSM {
	s := &SSM{w: w, kms: k, Account: k.Account, Partition: k.Partition, Region: k.Region}
	s.parameters = res.Add(&s.Registry, &res.Kind[parameter]{Name: "parameter", Key: func(p *parameter) string { return p.Name }})
	return s
}

// Register adds the operations.
func (s *SSM) Register(svc *wire.Service) {
	wire.Handle(svc, "GetParameter", s.GetParameter)
	wire.Handle(svc, "GetParameters", s.GetParameters)
	wire.Handle(svc, "GetParametersByPath", s.GetParametersByPath)
	wire.Handle(svc, "GetParameterHistory", s.GetParameterHistory)
	wire.Handle(svc, "DescribeParameters", s.DescribeParameters)
	wire.Handle(svc, "PutParameter", s.PutParameter)
	wire.Handle(svc, "DeleteParameter", s.DeleteParameter)
	wire.Handle(svc, "DeleteParameters", s.DeleteParameters)
	wire.Handle(svc, "AddTagsToResource", s.AddTagsToResource)
	wire.Handle(svc, "RemoveTagsFromResource", s.RemoveTagsFromResource)
	wire.Handle(svc, "ListTagsForResource", s.ListTagsForResource)
}

func notFound(name *string) error {
	return wire.Errorf("ParameterNotFound", "Parameter %s not found.", aws.ToString(name))
}

func invalid(format string, a ...any) error { return wire.Errorf("ValidationException", format, a...) }
