package sqs

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// The structs of the operations carry the names of the service's model.
type (
	// CreateQueueInput names a queue.
	CreateQueueInput struct {
		QueueName        *string
		Attributes, Tags map[string]string
	}
	// CreateQueueOutput is where it is.
	CreateQueueOutput struct{ QueueUrl *string }
	// GetQueueUrlInput names a queue.
	GetQueueUrlInput struct{ QueueName, QueueOwnerAWSAccountId *string }
	// GetQueueUrlOutput is where it is.
	GetQueueUrlOutput struct{ QueueUrl *string }
	// ListQueuesInput asks for queues by prefix.
	ListQueuesInput struct {
		QueueNamePrefix, NextToken *string
		MaxResults                 *int32
	}
	// ListQueuesOutput is where they are.
	ListQueuesOutput struct {
		QueueUrls []string
		NextToken *string
	}
	// DeleteQueueInput names a queue by URL.
	DeleteQueueInput struct{ QueueUrl *string }
	// DeleteQueueOutput is empty.
	DeleteQueueOutput struct{}
	// PurgeQueueInput names a queue by URL.
	PurgeQueueInput struct{ QueueUrl *string }
	// PurgeQueueOutput is empty.
	PurgeQueueOutput struct{}
	// TagQueueInput are tags to add.
	TagQueueInput struct {
		QueueUrl *string
		Tags     map[string]string
	}
	// TagQueueOutput is empty.
	TagQueueOutput struct{}
	// UntagQueueInput are tags to take away.
	UntagQueueInput struct {
		QueueUrl *string
		TagKeys  []string
	}
	// UntagQueueOutput is empty.
	UntagQueueOutput struct{}
	// ListQueueTagsInput names a queue by URL.
	ListQueueTagsInput struct{ QueueUrl *string }
	// ListQueueTagsOutput are its tags.
	ListQueueTagsOutput struct{ Tags map[string]string }
)

// CreateQueue makes a queue; one of the same name and attributes is that queue.
func (s *SQS) CreateQueue(_ *wire.Caller, in *CreateQueueInput) (*CreateQueueOutput, error) {
	name := aws.ToString(in.QueueName)
	switch {
	case strings.HasSuffix(name, ".fifo") || in.Attributes["FifoQueue"] == "true":
		return nil, wire.Errorf("UnsupportedOperation", "The simulated region has standard queues alone.").Older("AWS.SimpleQueueService.UnsupportedOperation")
	case !nameRE.MatchString(name):
		return nil, wire.Errorf("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	if q := s.queues.Get(name); q != nil {
		for _, k := range slices.Sorted(maps.Keys(in.Attributes)) {
			if have := s.attributes(q)[k]; have != in.Attributes[k] {
				return nil, wire.Errorf("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", k).
					Older("QueueAlreadyExists")
			}
		}
		return &CreateQueueOutput{s.url(name)}, nil
	}
	if at, ok := s.gone[name]; ok && s.w.Elapsed() < at+again {
		return nil, wire.Errorf("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.").
			Older("AWS.SimpleQueueService.QueueDeletedRecently")
	}
	delete(s.gone, name)
	q := &queue{Name: name, Attributes: map[string]string{}, Tags: maps.Clone(in.Tags), Born: s.w.Date(), Changed: s.w.Date()}
	s.queues.Put(name, q)
	q.set(in.Attributes)
	return &CreateQueueOutput{s.url(name)}, nil
}

// GetQueueUrl finds a queue of the account.
func (s *SQS) GetQueueUrl(_ *wire.Caller, in *GetQueueUrlInput) (*GetQueueUrlOutput, error) {
	name := aws.ToString(in.QueueName)
	if s.queues.Get(name) == nil || in.QueueOwnerAWSAccountId != nil && *in.QueueOwnerAWSAccountId != s.Account {
		return nil, noQueue()
	}
	return &GetQueueUrlOutput{s.url(name)}, nil
}

// ListQueues lists queues by prefix of their name.
func (s *SQS) ListQueues(_ *wire.Caller, in *ListQueuesInput) (*ListQueuesOutput, error) {
	out := &ListQueuesOutput{}
	for _, q := range s.queues.All() {
		if strings.HasPrefix(q.Name, aws.ToString(in.QueueNamePrefix)) {
			out.QueueUrls = append(out.QueueUrls, *s.url(q.Name))
		}
	}
	return out, nil
}

// DeleteQueue removes a queue with its messages.
func (s *SQS) DeleteQueue(_ *wire.Caller, in *DeleteQueueInput) (*DeleteQueueOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	s.queues.Delete(q.Name)
	s.gone[q.Name] = s.w.Elapsed()
	return &DeleteQueueOutput{}, nil
}

// PurgeQueue removes every message.
func (s *SQS) PurgeQueue(_ *wire.Caller, in *PurgeQueueInput) (*PurgeQueueOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for _, id := range q.Messages.IDs() {
		q.Messages.Delete(id)
	}
	return &PurgeQueueOutput{}, nil
}

const maxTags = 50

// TagQueue adds tags.
func (s *SQS) TagQueue(_ *wire.Caller, in *TagQueueInput) (*TagQueueOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	maps.Copy(all, q.Tags)
	maps.Copy(all, in.Tags)
	if len(all) > maxTags {
		return nil, wire.Errorf("InvalidParameterValue", "Too many tags added for queue %s.", q.Name)
	}
	q.Tags = all
	return &TagQueueOutput{}, nil
}

// UntagQueue takes tags away.
func (s *SQS) UntagQueue(_ *wire.Caller, in *UntagQueueInput) (*UntagQueueOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.Tags = maps.Clone(q.Tags)
	for _, k := range in.TagKeys {
		delete(q.Tags, k)
	}
	return &UntagQueueOutput{}, nil
}

// ListQueueTags lists a queue's tags.
func (s *SQS) ListQueueTags(_ *wire.Caller, in *ListQueueTagsInput) (*ListQueueTagsOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(q.Tags) == 0 {
		return &ListQueueTagsOutput{}, nil // as SQS leaves them out
	}
	return &ListQueueTagsOutput{q.Tags}, nil
}
