package ec2

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// GetConsoleOutput is what an instance wrote to its console: where somebody looks who
// wants to know why a node does not join.
func (e *EC2) GetConsoleOutput(_ *wire.Caller, in *ec2.GetConsoleOutputInput) (*ec2.GetConsoleOutputOutput, error) {
	i := e.instances.Get(aws.ToString(in.InstanceId))
	if i == nil {
		return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", aws.ToString(in.InstanceId))
	}
	text := ""
	for _, f := range e.OnConsole {
		text += f(i)
	}
	return &ec2.GetConsoleOutputOutput{InstanceId: i.InstanceId, Output: new(base64.StdEncoding.EncodeToString([]byte(text))), Timestamp: new(e.w.Date())}, nil
}
