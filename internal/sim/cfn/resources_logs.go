package cfn

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

func createLogGroup(o *op) (progress, error) {
	name := o.name("LogGroupName", 512)
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name, KmsKeyId: o.opt("KmsKeyId"), Tags: o.userTags()}
	if _, err := call(o, o.env.Logs.CreateLogGroup, in); err != nil {
		return progress{}, err
	}
	o.made(name)
	if err := o.retention(); err != nil {
		return progress{}, err
	}
	e := o.env.EC2
	return after(quick, name, values{"Arn": "arn:" + e.Partition + ":logs:" + e.Region + ":" + e.Account + ":log-group:" + name + ":*"})
}

// retention sets for how long the group keeps events, where the template says.
func (o *op) retention() error {
	days := o.props["RetentionInDays"]
	if days == nil {
		return nil
	}
	in := &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: new(o.phys)}
	if err := bind(map[string]any{"RetentionInDays": days}, in); err != nil {
		return o.invalidProperties(err)
	}
	_, err := call(o, o.env.Logs.PutRetentionPolicy, in)
	return err
}

func updateLogGroup(o *op) (progress, error) {
	if o.changed("RetentionInDays") && o.props["RetentionInDays"] == nil {
		_, err := call(o, o.env.Logs.DeleteRetentionPolicy, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: new(o.phys)})
		return until(err == nil, err, o.phys, nil)
	}
	err := o.retention()
	return until(err == nil, err, o.phys, nil)
}

func deleteLogGroup(o *op) (progress, error) {
	_, err := call(o, o.env.Logs.DeleteLogGroup, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: new(o.phys)})
	return gone(err)
}
