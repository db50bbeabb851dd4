package cfn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/events"
	"github.com/slipway-eks/slipway/internal/sim/sqs"
)

// tagger brings a standing resource to its tags and the stack's: set are all that it
// shall have, gone are those that it had. A changed tag never replaces a resource, and a
// changed tag of the stack is an update of every resource that takes tags (CloudFormation
// user guide, "Resource tag").
type tagger func(o *op, set map[string]string, gone []string) error

// tagsOf are the tags that a resource has by the template and the stack.
func (s *stack) tagsOf(r *instance, props values) map[string]string {
	return (&op{s: s, r: r, props: props}).userTags()
}

// retag brings the resource to its tags, where they are others than before.
func (o *op) retag(h resourceType) error {
	now := o.userTags()
	if h.tag == nil || maps.Equal(now, o.r.Tags) {
		return nil
	}
	gone := difference(slices.Sorted(maps.Keys(o.r.Tags)), slices.Sorted(maps.Keys(now)))
	if err := h.tag(o, now, gone); err != nil {
		return err
	}
	o.r.Tags = now
	return nil
}

// list makes an API's own tags.
func list[T any](tags map[string]string, one func(k, v string) T) []T {
	out := []T{}
	for _, k := range sorted(tags) {
		out = append(out, one(k, tags[k]))
	}
	return out
}

// tagEC2 tags what EC2 knows by the physical ID.
func tagEC2(o *op, set map[string]string, gone []string) error { return o.tagEC2(o.phys, set, gone) }

// tagAddress tags an elastic IP, which EC2 knows by its allocation.
func tagAddress(o *op, set map[string]string, gone []string) error {
	return o.tagEC2(fmt.Sprint(o.r.Attrs["AllocationId"]), set, gone)
}

func (o *op) tagEC2(id string, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		in := &ec2.DeleteTagsInput{Resources: []string{id}}
		for _, k := range gone {
			in.Tags = append(in.Tags, ec2types.Tag{Key: new(k)})
		}
		if _, err := call(o, o.env.EC2.DeleteTags, in); err != nil {
			return err
		}
	}
	in := &ec2.CreateTagsInput{Resources: []string{id}, Tags: list(set, func(k, v string) ec2types.Tag { return ec2types.Tag{Key: &k, Value: &v} })}
	_, err := call(o, o.env.EC2.CreateTags, in)
	return err
}

// tagEKS tags what EKS knows by the ARN that one of the attributes has; "": the physical
// ID is the ARN.
func tagEKS(attribute string) tagger {
	return func(o *op, set map[string]string, gone []string) error {
		arn := o.phys
		if attribute != "" {
			arn = fmt.Sprint(o.r.Attrs[attribute])
		}
		if len(gone) > 0 {
			if _, err := call(o, o.env.EKS.UntagResource, &eks.UntagResourceInput{ResourceArn: &arn, TagKeys: gone}); err != nil {
				return err
			}
		}
		_, err := call(o, o.env.EKS.TagResource, &eks.TagResourceInput{ResourceArn: &arn, Tags: set})
		return err
	}
}

func iamTag(k, v string) iamtypes.Tag { return iamtypes.Tag{Key: &k, Value: &v} }

func tagRole(o *op, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		if _, err := call(o, o.env.IAM.UntagRole, &iam.UntagRoleInput{RoleName: new(o.phys), TagKeys: gone}); err != nil {
			return err
		}
	}
	_, err := call(o, o.env.IAM.TagRole, &iam.TagRoleInput{RoleName: new(o.phys), Tags: list(set, iamTag)})
	return err
}

func tagOIDC(o *op, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		in := &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(o.phys), TagKeys: gone}
		if _, err := call(o, o.env.IAM.UntagOpenIDConnectProvider, in); err != nil {
			return err
		}
	}
	in := &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(o.phys), Tags: list(set, iamTag)}
	_, err := call(o, o.env.IAM.TagOpenIDConnectProvider, in)
	return err
}

func tagKey(o *op, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		if _, err := call(o, o.env.KMS.UntagResource, &kms.UntagResourceInput{KeyId: new(o.phys), TagKeys: gone}); err != nil {
			return err
		}
	}
	tag := func(k, v string) kmstypes.Tag { return kmstypes.Tag{TagKey: &k, TagValue: &v} }
	_, err := call(o, o.env.KMS.TagResource, &kms.TagResourceInput{KeyId: new(o.phys), Tags: list(set, tag)})
	return err
}

func tagLogGroup(o *op, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		if _, err := call(o, o.env.Logs.UntagLogGroup, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: new(o.phys), Tags: gone}); err != nil {
			return err
		}
	}
	_, err := call(o, o.env.Logs.TagLogGroup, &cloudwatchlogs.TagLogGroupInput{LogGroupName: new(o.phys), Tags: set})
	return err
}

// tagASG keeps what the template says of propagation; the stack's tags propagate.
func tagASG(o *op, set map[string]string, gone []string) error {
	tag := func(k, v string) astypes.Tag {
		on := true
		for _, m := range listOf(o.props["Tags"]) {
			if fmt.Sprint(m["Key"]) == k {
				on = fmt.Sprint(m["PropagateAtLaunch"]) == "true"
			}
		}
		return astypes.Tag{Key: &k, Value: &v, PropagateAtLaunch: &on, ResourceId: new(o.phys), ResourceType: new("auto-scaling-group")}
	}
	if len(gone) > 0 {
		in := &autoscaling.DeleteTagsInput{}
		for _, k := range gone {
			in.Tags = append(in.Tags, astypes.Tag{Key: new(k), ResourceId: new(o.phys), ResourceType: new("auto-scaling-group")})
		}
		if _, err := call(o, o.env.ASG.DeleteTags, in); err != nil {
			return err
		}
	}
	_, err := call(o, o.env.ASG.CreateOrUpdateTags, &autoscaling.CreateOrUpdateTagsInput{Tags: list(set, tag)})
	return err
}

func tagQueue(o *op, set map[string]string, gone []string) error {
	if len(gone) > 0 {
		if _, err := call(o, o.env.SQS.UntagQueue, &sqs.UntagQueueInput{QueueUrl: new(o.phys), TagKeys: gone}); err != nil {
			return err
		}
	}
	_, err := call(o, o.env.SQS.TagQueue, &sqs.TagQueueInput{QueueUrl: new(o.phys), Tags: set})
	return err
}

func tagRule(o *op, set map[string]string, gone []string) error {
	arn := new(fmt.Sprint(o.r.Attrs["Arn"]))
	if len(gone) > 0 {
		if _, err := call(o, o.env.Events.UntagResource, &events.UntagResourceInput{ResourceARN: arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	tag := func(k, v string) events.Tag { return events.Tag{Key: &k, Value: &v} }
	_, err := call(o, o.env.Events.TagResource, &events.TagResourceInput{ResourceARN: arn, Tags: list(set, tag)})
	return err
}
