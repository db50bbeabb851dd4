package ec2

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerFlowLogs(s *wire.Service) {
	handle(e, s, "CreateFlowLogs", e.CreateFlowLogs)
	handle(e, s, "DescribeFlowLogs", e.DescribeFlowLogs)
	handle(e, s, "DeleteFlowLogs", e.DeleteFlowLogs)
}

var flowLogFilters = map[string]string{"deliver-log-status": "DeliverLogsStatus", "log-destination-type": "LogDestinationType",
	"flow-log-id": "FlowLogId", "log-group-name": "LogGroupName", "resource-id": "ResourceId", "traffic-type": "TrafficType"}

// flowFormat is what a flow log writes when nothing else is asked for.
const flowFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} " +
	"${action} ${log-status}"

func noFlowLog(id string) error {
	return wire.Errorf("InvalidFlowLogId.NotFound", "These flow log ids in the input list are not found: [%s]", id)
}

// CreateFlowLogs asks for logs of VPCs, subnets or interfaces. The region keeps what is
// asked for, and writes no records.
func (e *EC2) CreateFlowLogs(by *wire.Caller, in *ec2.CreateFlowLogsInput) (*ec2.CreateFlowLogsOutput, error) {
	out := &ec2.CreateFlowLogsOutput{FlowLogIds: []string{}, Unsuccessful: []types.UnsuccessfulItem{}, ClientToken: in.ClientToken}
	if ids := by.Before(); ids != "" {
		out.FlowLogIds = strings.Fields(ids)
		return out, nil
	}
	to := in.LogDestinationType
	if to == "" {
		to = types.LogDestinationTypeCloudWatchLogs
	}
	if to == types.LogDestinationTypeCloudWatchLogs && aws.ToString(in.DeliverLogsPermissionArn) == "" {
		return nil, wire.Errorf("InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
	}
	interval := aws.ToInt32(in.MaxAggregationInterval)
	if interval == 0 {
		interval = 600
	}
	if interval != 60 && interval != 600 {
		return nil, wire.Errorf("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
	}
	for _, id := range in.ResourceIds {
		if err := e.taggable(id); err != nil {
			return nil, err
		}
	}
	for _, id := range in.ResourceIds {
		f := &types.FlowLog{FlowLogId: new(e.w.ID("fl-", id, string(to))), ResourceId: new(id), CreationTime: new(e.w.Date()), FlowLogStatus: new("ACTIVE"),
			DeliverLogsStatus: new("SUCCESS"), DeliverLogsPermissionArn: in.DeliverLogsPermissionArn, DeliverCrossAccountRole: in.DeliverCrossAccountRole,
			LogDestination: in.LogDestination, LogDestinationType: to, LogGroupName: in.LogGroupName, LogFormat: in.LogFormat, TrafficType: in.TrafficType,
			MaxAggregationInterval: new(interval)}
		if f.LogFormat == nil {
			f.LogFormat = new(flowFormat)
		}
		if f.LogGroupName == nil && to == types.LogDestinationTypeCloudWatchLogs {
			_, name, _ := strings.Cut(aws.ToString(in.LogDestination), ":log-group:")
			f.LogGroupName = new(strings.TrimSuffix(name, ":*"))
		}
		if in.DestinationOptions != nil {
			f.DestinationOptions = convert[types.DestinationOptionsResponse](in.DestinationOptions)
		}
		e.flowLogs.Put(*f.FlowLogId, f)
		e.tagSpec(*f.FlowLogId, in.TagSpecifications)
		out.FlowLogIds = append(out.FlowLogIds, *f.FlowLogId)
	}
	by.Note(strings.Join(out.FlowLogIds, " "))
	return out, nil
}

// DescribeFlowLogs lists flow logs.
func (e *EC2) DescribeFlowLogs(_ *wire.Caller, in *ec2.DescribeFlowLogsInput) (*ec2.DescribeFlowLogsOutput, error) {
	l, err := res.List(e.flowLogs, in.FlowLogIds, filters(in.Filter), func(f *types.FlowLog) types.FlowLog {
		v := *f
		v.Tags = e.tagsOf(*f.FlowLogId)
		return v
	})
	return &ec2.DescribeFlowLogsOutput{FlowLogs: l}, err
}

// DeleteFlowLogs removes flow logs; those that are not there are told.
func (e *EC2) DeleteFlowLogs(_ *wire.Caller, in *ec2.DeleteFlowLogsInput) (*ec2.DeleteFlowLogsOutput, error) {
	out := &ec2.DeleteFlowLogsOutput{Unsuccessful: []types.UnsuccessfulItem{}}
	for _, id := range in.FlowLogIds {
		if e.flowLogs.Get(id) == nil {
			out.Unsuccessful = append(out.Unsuccessful, types.UnsuccessfulItem{ResourceId: new(id), Error: &types.UnsuccessfulItemError{
				Code: new("InvalidFlowLogId.NotFound"), Message: new("These flow log ids in the input list are not found: [" + id + "]")}})
			continue
		}
		drop(e, e.flowLogs, id)
	}
	return out, nil
}
