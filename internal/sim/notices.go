package sim

import (
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// tellOfInstances puts what happens to instances on the region's event bus, as EC2 does.
func (r *Region) tellOfInstances() {
	tell := func(state types.InstanceStateName) func(*types.Instance) {
		return func(i *types.Instance) {
			arn := "arn:" + r.EC2.Partition + ":ec2:" + r.EC2.Region + ":" + r.EC2.Account + ":instance/" + *i.InstanceId
			r.Events.Emit("aws.ec2", "EC2 Instance State-change Notification", []string{arn},
				map[string]string{"instance-id": *i.InstanceId, "state": string(state)})
		}
	}
	r.EC2.OnRunning = append(r.EC2.OnRunning, tell(types.InstanceStateNameRunning))
	r.EC2.OnEnding = append(r.EC2.OnEnding, tell(types.InstanceStateNameShuttingDown))
	r.EC2.OnTerminated = append(r.EC2.OnTerminated, tell(types.InstanceStateNameTerminated))
}
