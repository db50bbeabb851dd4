package cfn

import (
	"fmt"
	"slices"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/sqs"
)

// queueAttributes are the properties of a queue that SQS has as attributes.
var queueAttributes = []string{"DelaySeconds", "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod",
	"ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled", "VisibilityTimeout", "FifoQueue"}

// attributes are those of the template, as SQS takes them: texts, documents as JSON.
func (o *op) attributes() (map[string]string, error) {
	out := map[string]string{}
	for _, k := range sorted(o.without("QueueName", "Tags")) {
		if !slices.Contains(queueAttributes, k) {
			return nil, o.invalidProperties(fmt.Errorf("extraneous key [%s] is not permitted", k))
		}
		switch v := o.props[k].(type) {
		case map[string]any:
			out[k] = doc(v)
		default:
			out[k] = fmt.Sprint(v)
		}
	}
	return out, nil
}

func createQueue(o *op) (progress, error) {
	set, err := o.attributes()
	if err != nil {
		return progress{}, err
	}
	name := o.name("QueueName", 80)
	out, err := call(o, o.env.SQS.CreateQueue, &sqs.CreateQueueInput{QueueName: &name, Attributes: set, Tags: o.userTags()})
	if err != nil {
		return progress{}, err
	}
	o.made(*out.QueueUrl)
	e := o.env.EC2
	arn := "arn:" + e.Partition + ":sqs:" + e.Region + ":" + e.Account + ":" + name
	return after(quick, o.phys, values{"Arn": arn, "QueueName": name, "QueueUrl": o.phys})
}

// updateQueue sets what is in the template now; what is no longer in it goes back to what
// SQS gives a queue by itself.
func updateQueue(o *op) (progress, error) {
	set, err := o.attributes()
	if err != nil {
		return progress{}, err
	}
	for _, k := range queueAttributes {
		if o.old[k] != nil && o.props[k] == nil {
			set[k] = sqs.Usual(k)
		}
	}
	if len(set) > 0 {
		if _, err := call(o, o.env.SQS.SetQueueAttributes, &sqs.SetQueueAttributesInput{QueueUrl: new(o.phys), Attributes: set}); err != nil {
			return progress{}, err
		}
	}
	return done(o.phys, nil)
}

// forgotten is how long SQS takes to forget a queue: the handler waits for it.
const forgotten = time.Minute

func deleteQueue(o *op) (progress, error) {
	if !o.first() {
		return gone(nil)
	}
	if _, err := call(o, o.env.SQS.DeleteQueue, &sqs.DeleteQueueInput{QueueUrl: new(o.phys)}); err != nil {
		return gone(err)
	}
	return again(forgotten)
}

// setPolicy gives queues a policy; "" takes it away.
func (o *op) setPolicy(queues []string, policy string) error {
	for _, q := range queues {
		in := &sqs.SetQueueAttributesInput{QueueUrl: new(q), Attributes: map[string]string{"Policy": policy}}
		if _, err := call(o, o.env.SQS.SetQueueAttributes, in); err != nil {
			return err
		}
	}
	return nil
}

func createQueuePolicy(o *op) (progress, error) {
	o.made(o.name("", 128))
	err := o.setPolicy(o.strs("Queues"), doc(o.props["PolicyDocument"]))
	return until(err == nil, err, o.phys, values{"Id": o.phys})
}

func updateQueuePolicy(o *op) (progress, error) {
	err := o.setPolicy(difference(stringsOf(o.old["Queues"]), o.strs("Queues")), "")
	if err == nil {
		err = o.setPolicy(o.strs("Queues"), doc(o.props["PolicyDocument"]))
	}
	return until(err == nil, err, o.phys, nil)
}

func deleteQueuePolicy(o *op) (progress, error) { return gone(o.setPolicy(o.strs("Queues"), "")) }
