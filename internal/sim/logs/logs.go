// Package logs simulates CloudWatch log groups and their retention. It must not
// know what is logged.
package logs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Logs is the service's state in one region.
type Logs struct {
	res.Registry
	w      *world.World
	prefix string
	groups *res.Kind[types.LogGroup]
}

// New is a region without log groups.
func New(w *world.World, region, account, partition string) *Logs {
	l := &Logs{w: w, prefix: "arn:" + partition + ":logs:" + region + ":" + account + ":log-group:"}
	l.groups = res.Add(&l.Registry, &res.Kind[types.LogGroup]{Name: "log-group", Key: func(g *types.LogGroup) string { return aws.ToString(g.LogGroupName) },
		Complete: l.complete})
	return l
}

// Ensure makes a log group unless it exists, as EKS does when logging is on.
func (l *Logs) Ensure(name string) {
	if l.groups.Get(name) == nil {
		_ = l.complete(l.groups.Put(name, &types.LogGroup{LogGroupName: new(name)})) // it cannot fail
	}
}

// complete gives a log group of a name the rest.
func (l *Logs) complete(g *types.LogGroup) error {
	arn := l.prefix + *g.LogGroupName
	g.LogGroupArn, g.Arn, g.CreationTime = new(arn), new(arn+":*"), new(l.w.Date().UnixMilli())
	return nil
}

// Register adds the operations.
func (l *Logs) Register(s *wire.Service) {
	missing := func() error {
		return wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
	}
	wire.Handle(s, "CreateLogGroup", func(_ *wire.Caller, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
		if l.groups.Get(aws.ToString(in.LogGroupName)) != nil {
			return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
		}
		l.Ensure(aws.ToString(in.LogGroupName))
		return &cloudwatchlogs.CreateLogGroupOutput{}, nil
	})
	wire.Handle(s, "PutRetentionPolicy", func(_ *wire.Caller, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
		g := l.groups.Get(aws.ToString(in.LogGroupName))
		if g == nil {
			return nil, missing()
		}
		g.RetentionInDays = in.RetentionInDays
		return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
	})
	wire.Handle(s, "DescribeLogGroups", func(_ *wire.Caller, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
		return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: table.Values(l.groups.Select(func(g *types.LogGroup) bool {
			return strings.HasPrefix(*g.LogGroupName, aws.ToString(in.LogGroupNamePrefix))
		}))}, nil
	})
	wire.Handle(s, "DeleteLogGroup", func(_ *wire.Caller, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
		if l.groups.Get(aws.ToString(in.LogGroupName)) == nil {
			return nil, missing()
		}
		l.groups.Delete(*in.LogGroupName)
		return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
	})
}
