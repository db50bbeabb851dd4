package cfn

import (
	"reflect"
	"strings"

	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/eks"
	"github.com/slipway-eks/slipway/internal/sim/events"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/logs"
	"github.com/slipway-eks/slipway/internal/sim/sqs"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Env is the services that resources act on.
type Env struct {
	EC2  *ec2.EC2
	IAM  *iam.IAM
	EKS  *eks.EKS
	ASG  *autoscaling.AutoScaling
	KMS  *kms.KMS
	Logs *logs.Logs
	SQS  *sqs.SQS
	// Events is EventBridge.
	Events *events.Events
	// Trail notes the calls of handlers; nil: nobody does.
	Trail func(c *wire.Caller, op string, in, out any, err error)
	// Log takes what only a person can mend: bugs, with their stacks. nil: nobody.
	Log func(format string, a ...any)
}

func (e *Env) log(format string, a ...any) {
	if e.Log != nil {
		e.Log(format, a...)
	}
}

// calledBy notes whose call began the operation.
func (s *stack) calledBy(by *wire.Caller) {
	if by != nil {
		s.Key, s.ARN = by.AccessKey, by.ARN
	}
}

// caller is who acts for the stack: its role, or who called last.
func (s *stack) caller() *wire.Caller {
	by := &wire.Caller{AccessKey: s.Key, ARN: s.ARN, Region: s.c.env.EC2.Region}
	if s.Role != "" {
		by.AccessKey, by.ARN = "", s.c.env.IAM.Session(s.Role, "AWSCloudFormation")
	}
	return by
}

// signing are the signing names of services whose SDK package has another.
var signing = map[string]string{"cloudwatchlogs": "logs", "eventbridge": "events"}

// call asks a service as a client does: what the stack's caller may not do, its stack
// may not, and what no client may say, no template may. The action is the input's name.
func call[I, O any](o *op, operation func(*wire.Caller, *I) (*O, error), in *I) (*O, error) {
	t := reflect.TypeFor[I]()
	service := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	if name := signing[service]; name != "" {
		service = name
	}
	by, action := *o.by, strings.TrimSuffix(t.Name(), "Input")
	by.Service, by.Via = service, "cloudformation.amazonaws.com"
	err := o.env.IAM.Authorize(&by, action, in)
	if err == nil {
		err = wire.Constrain(service, action, in)
	}
	var out *O
	if err == nil {
		out, err = operation(&by, in)
	}
	if o.env.Trail != nil {
		o.env.Trail(&by, action, in, out, err)
	}
	return out, err
}
