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

// tagger brings a standing resource to its tags and the stack's. A changed tag never
// replaces a resource, and a changed tag of the stack is an update of every resource that
// takes tags (CloudFormation user guide, "Resource tag").
type tagger struct {
	set   func(o *op, tags map[string]string) error
	unset func(o *op, keys []string) error
}

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
	if gone := difference(slices.Sorted(maps.Keys(o.r.Tags)), slices.Sorted(maps.Keys(now))); len(gone) > 0 {
		if err := h.tag.unset(o, gone); err != nil {
			return err
		}
	}
	if len(now) > 0 {
		if err := h.tag.set(o, now); err != nil {
			return err
		}
	}
	o.r.Tags = now
	return nil
}

// list makes an API's own tags, nil without any.
func list[T any](tags map[string]string, one func(k, v string) T) []T {
	var out []T
	for _, k := range sorted(tags) {
		out = append(out, one(k, tags[k]))
	}
	return out
}

// byEC2 tags what EC2 knows by an ID.
func byEC2(id func(*op) string) *tagger {
	return &tagger{
		set: func(o *op, tags map[string]string) error {
			in := &ec2.CreateTagsInput{Resources: []string{id(o)}, Tags: list(tags, func(k, v string) ec2types.Tag { return ec2types.Tag{Key: &k, Value: &v} })}
			_, err := call(o, o.env.EC2.CreateTags, in)
			return err
		},
		unset: func(o *op, keys []string) error {
			in := &ec2.DeleteTagsInput{Resources: []string{id(o)}}
			for _, k := range keys {
				in.Tags = append(in.Tags, ec2types.Tag{Key: new(k)})
			}
			_, err := call(o, o.env.EC2.DeleteTags, in)
			return err
		},
	}
}

// physical and attribute are where a service's own name of a resource is found.
func physical(o *op) string { return o.phys }

func attribute(name string) func(*op) string {
	return func(o *op) string { return fmt.Sprint(o.r.Attrs[name]) }
}

// byEKS tags what EKS knows by an ARN.
func byEKS(arn func(*op) string) *tagger {
	return &tagger{
		set: func(o *op, tags map[string]string) error {
			_, err := call(o, o.env.EKS.TagResource, &eks.TagResourceInput{ResourceArn: new(arn(o)), Tags: tags})
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.EKS.UntagResource, &eks.UntagResourceInput{ResourceArn: new(arn(o)), TagKeys: keys})
			return err
		},
	}
}

func iamTag(k, v string) iamtypes.Tag { return iamtypes.Tag{Key: &k, Value: &v} }

func kmsTag(k, v string) kmstypes.Tag { return kmstypes.Tag{TagKey: &k, TagValue: &v} }

func eventsTag(k, v string) events.Tag { return events.Tag{Key: &k, Value: &v} }

var (
	tagRole = &tagger{
		set: func(o *op, tags map[string]string) error {
			_, err := call(o, o.env.IAM.TagRole, &iam.TagRoleInput{RoleName: new(o.phys), Tags: list(tags, iamTag)})
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.IAM.UntagRole, &iam.UntagRoleInput{RoleName: new(o.phys), TagKeys: keys})
			return err
		},
	}
	tagOIDC = &tagger{
		set: func(o *op, tags map[string]string) error {
			in := &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(o.phys), Tags: list(tags, iamTag)}
			_, err := call(o, o.env.IAM.TagOpenIDConnectProvider, in)
			return err
		},
		unset: func(o *op, keys []string) error {
			in := &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(o.phys), TagKeys: keys}
			_, err := call(o, o.env.IAM.UntagOpenIDConnectProvider, in)
			return err
		},
	}
	tagKey = &tagger{
		set: func(o *op, tags map[string]string) error {
			_, err := call(o, o.env.KMS.TagResource, &kms.TagResourceInput{KeyId: new(o.phys), Tags: list(tags, kmsTag)})
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.KMS.UntagResource, &kms.UntagResourceInput{KeyId: new(o.phys), TagKeys: keys})
			return err
		},
	}
	tagLogGroup = &tagger{
		set: func(o *op, tags map[string]string) error {
			_, err := call(o, o.env.Logs.TagLogGroup, &cloudwatchlogs.TagLogGroupInput{LogGroupName: new(o.phys), Tags: tags})
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.Logs.UntagLogGroup, &cloudwatchlogs.UntagLogGroupInput{LogGroupName: new(o.phys), Tags: keys})
			return err
		},
	}
	tagQueue = &tagger{
		set: func(o *op, tags map[string]string) error {
			_, err := call(o, o.env.SQS.TagQueue, &sqs.TagQueueInput{QueueUrl: new(o.phys), Tags: tags})
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.SQS.UntagQueue, &sqs.UntagQueueInput{QueueUrl: new(o.phys), TagKeys: keys})
			return err
		},
	}
	tagRule = &tagger{
		set: func(o *op, tags map[string]string) error {
			in := &events.TagResourceInput{ResourceARN: new(attribute("Arn")(o)), Tags: list(tags, eventsTag)}
			_, err := call(o, o.env.Events.TagResource, in)
			return err
		},
		unset: func(o *op, keys []string) error {
			_, err := call(o, o.env.Events.UntagResource, &events.UntagResourceInput{ResourceARN: new(attribute("Arn")(o)), TagKeys: keys})
			return err
		},
	}
	// tagASG keeps what the template says of propagation; the stack's tags propagate.
	tagASG = &tagger{
		set: func(o *op, tags map[string]string) error {
			tag := func(k, v string) astypes.Tag {
				on := true
				for _, m := range listOf(o.props["Tags"]) {
					if fmt.Sprint(m["Key"]) == k {
						on = fmt.Sprint(m["PropagateAtLaunch"]) == "true"
					}
				}
				return astypes.Tag{Key: &k, Value: &v, PropagateAtLaunch: &on, ResourceId: new(o.phys), ResourceType: new("auto-scaling-group")}
			}
			_, err := call(o, o.env.ASG.CreateOrUpdateTags, &autoscaling.CreateOrUpdateTagsInput{Tags: list(tags, tag)})
			return err
		},
		unset: func(o *op, keys []string) error {
			in := &autoscaling.DeleteTagsInput{}
			for _, k := range keys {
				in.Tags = append(in.Tags, astypes.Tag{Key: new(k), ResourceId: new(o.phys), ResourceType: new("auto-scaling-group")})
			}
			_, err := call(o, o.env.ASG.DeleteTags, in)
			return err
		},
	}
)
