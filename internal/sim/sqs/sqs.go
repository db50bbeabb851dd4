// Package sqs simulates standard queues of SQS in a region: their attributes, tags and
// messages, with visibility on the world's clock. It must not know who sends.
package sqs

import (
	"regexp"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// SQS is the service's state in one region.
type SQS struct {
	res.Registry
	w                          *world.World
	Account, Partition, Region string

	queues *res.Kind[queue]
	gone   map[string]time.Duration // when a name was let go, since the world began
}

type queue struct {
	Name       string
	Attributes map[string]string // as they were set
	Tags       map[string]string
	Born       time.Time
	Changed    time.Time
	Messages   table.Table[message]
}

// message is in flight until it is visible again.
type message struct {
	ID, Body string
	Set      map[string]Attribute // message attributes
	Sender   string
	Sent     time.Time
	Arrived  time.Duration // since the world began
	Visible  time.Duration // from when on it can be received
	Receipt  string        // of the last time it was received
	Received int
	First    time.Time // when it was received first
}

// New is a region without queues.
func New(w *world.World, region, account, partition string) *SQS {
	s := &SQS{w: w, Region: region, Account: account, Partition: partition, gone: map[string]time.Duration{}}
	s.queues = res.Add(&s.Registry, &res.Kind[queue]{Name: "queue", Key: func(q *queue) string { return q.Name }})
	s.Keep("gone", &s.gone)
	return s
}

// Register adds the operations.
func (s *SQS) Register(svc *wire.Service) {
	wire.Handle(svc, "CreateQueue", s.CreateQueue)
	wire.Handle(svc, "GetQueueUrl", s.GetQueueUrl)
	wire.Handle(svc, "ListQueues", s.ListQueues)
	wire.Handle(svc, "DeleteQueue", s.DeleteQueue)
	wire.Handle(svc, "PurgeQueue", s.PurgeQueue)
	wire.Handle(svc, "GetQueueAttributes", s.GetQueueAttributes)
	wire.Handle(svc, "SetQueueAttributes", s.SetQueueAttributes)
	wire.Handle(svc, "TagQueue", s.TagQueue)
	wire.Handle(svc, "UntagQueue", s.UntagQueue)
	wire.Handle(svc, "ListQueueTags", s.ListQueueTags)
	wire.Handle(svc, "SendMessage", s.SendMessage)
	wire.Handle(svc, "SendMessageBatch", s.SendMessageBatch)
	wire.Handle(svc, "ReceiveMessage", s.ReceiveMessage)
	wire.Handle(svc, "DeleteMessage", s.DeleteMessage)
	wire.Handle(svc, "DeleteMessageBatch", s.DeleteMessageBatch)
	wire.Handle(svc, "ChangeMessageVisibility", s.ChangeMessageVisibility)
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// again is how long a queue's name cannot be taken again.
const again = time.Minute

func (s *SQS) arn(name string) string {
	return "arn:" + s.Partition + ":sqs:" + s.Region + ":" + s.Account + ":" + name
}

func (s *SQS) url(name string) *string {
	suffix := "amazonaws.com"
	if s.Partition == "aws-cn" {
		suffix += ".cn"
	}
	return new("https://sqs." + s.Region + "." + suffix + "/" + s.Account + "/" + name)
}

func noQueue() error {
	return wire.Errorf("QueueDoesNotExist", "The specified queue does not exist.").Older("AWS.SimpleQueueService.NonExistentQueue")
}

// queue is a queue by its URL.
func (s *SQS) queue(url *string) (*queue, error) {
	if url != nil {
		if q := s.queues.Get((*url)[strings.LastIndex(*url, "/")+1:]); q != nil && strings.HasSuffix(*url, "/"+s.Account+"/"+q.Name) {
			return q, nil
		}
	}
	return nil, noQueue()
}
