package sqs

import (
	"crypto/md5" //nolint:gosec // what SQS answers
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type (
	// Attribute is a message's own.
	Attribute struct {
		StringValue *string
		BinaryValue []byte
		DataType    *string
	}
	// SendMessageInput is a message.
	SendMessageInput struct {
		QueueUrl, MessageBody *string
		DelaySeconds          *int32
		MessageAttributes     map[string]Attribute
	}
	// SendMessageOutput is what it became.
	SendMessageOutput struct {
		MessageId, MD5OfMessageBody, MD5OfMessageAttributes *string
	}
	// Entry is one message of a batch.
	Entry struct {
		Id, MessageBody   *string
		DelaySeconds      *int32
		MessageAttributes map[string]Attribute
	}
	// Sent is what one became.
	Sent struct {
		Id, MessageId, MD5OfMessageBody, MD5OfMessageAttributes *string
	}
	// Failure is why one failed.
	Failure struct {
		Id, Code, Message *string
		SenderFault       bool
	}
	// SendMessageBatchInput are messages.
	SendMessageBatchInput struct {
		QueueUrl *string
		Entries  []Entry
	}
	// SendMessageBatchOutput is what they became.
	SendMessageBatchOutput struct {
		Successful []Sent
		Failed     []Failure
	}
	// ReceiveMessageInput asks for messages.
	ReceiveMessageInput struct {
		QueueUrl                                                           *string
		MaxNumberOfMessages, VisibilityTimeout, WaitTimeSeconds            *int32
		AttributeNames, MessageAttributeNames, MessageSystemAttributeNames []string
	}
	// Message is one that is received.
	Message struct {
		MessageId, ReceiptHandle, Body, MD5OfBody, MD5OfMessageAttributes *string
		Attributes                                                        map[string]string
		MessageAttributes                                                 map[string]Attribute
	}
	// ReceiveMessageOutput are messages.
	ReceiveMessageOutput struct{ Messages []Message }
	// DeleteMessageInput is a receipt.
	DeleteMessageInput struct{ QueueUrl, ReceiptHandle *string }
	// DeleteMessageOutput is empty.
	DeleteMessageOutput struct{}
	// Receipt is one receipt of a batch.
	Receipt struct{ Id, ReceiptHandle *string }
	// Done is one that was deleted.
	Done struct{ Id *string }
	// DeleteMessageBatchInput are receipts.
	DeleteMessageBatchInput struct {
		QueueUrl *string
		Entries  []Receipt
	}
	// DeleteMessageBatchOutput is what became of them.
	DeleteMessageBatchOutput struct {
		Successful []Done
		Failed     []Failure
	}
	// ChangeMessageVisibilityInput hides a message for a time, or no more.
	ChangeMessageVisibilityInput struct {
		QueueUrl, ReceiptHandle *string
		VisibilityTimeout       *int32
	}
	// ChangeMessageVisibilityOutput is empty.
	ChangeMessageVisibilityOutput struct{}
)

// kept are a queue's messages, without those that it has kept for long enough.
func (s *SQS) kept(q *queue) []*message {
	period := q.seconds("MessageRetentionPeriod")
	for _, m := range q.Messages.All() {
		if s.w.Elapsed() >= m.Arrived+period {
			q.Messages.Delete(m.ID)
		}
	}
	return q.Messages.All()
}

// put adds a message to a queue.
func (s *SQS) put(q *queue, by, body string, delay time.Duration, set map[string]Attribute) (*message, error) {
	switch {
	case body == "":
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter MessageBody.")
	case len(body) > q.number("MaximumMessageSize"):
		return nil, wire.Errorf("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.",
			q.number("MaximumMessageSize"))
	case delay < 0 || delay > 15*time.Minute:
		return nil, wire.Errorf("InvalidParameterValue", "Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
			int(delay.Seconds()))
	}
	m := &message{ID: s.w.UUID("sqs:message", q.Name), Body: body, Set: set, Sender: by, Sent: s.w.Date(), Arrived: s.w.Elapsed(), Visible: s.w.Elapsed() + delay}
	return q.Messages.Put(m.ID, m), nil
}

// Deliver puts a service's message into a queue by ARN, where the queue's policy allows
// it; false: it does not, or there is none.
func (s *SQS) Deliver(arn, service, source, body string) bool {
	name, ours := strings.CutPrefix(arn, s.arn(""))
	q := s.queues.Get(name)
	if !ours || q == nil {
		return false
	}
	p, err := eval.Parse(q.Attributes["Policy"])
	if err != nil {
		return false
	}
	allowed, _ := p.Trusts(&eval.Request{Action: "sqs:SendMessage", Resource: arn, Principal: eval.Principal{Service: service},
		Context: map[string][]string{"aws:sourcearn": {source}, "aws:sourceaccount": {s.Account}, "aws:securetransport": {"true"}}})
	if !allowed {
		return false
	}
	_, err = s.put(q, service, body, q.seconds("DelaySeconds"), nil)
	return err == nil
}

func delay(q *queue, asked *int32) time.Duration {
	if asked != nil {
		return time.Duration(*asked) * time.Second
	}
	return q.seconds("DelaySeconds")
}

func sum(text string) *string {
	b := md5.Sum([]byte(text)) //nolint:gosec // what SQS answers
	return new(hex.EncodeToString(b[:]))
}

// attributesSum is the digest of message attributes that clients check ("Calculating the
// MD5 message digest for message attributes" in the SQS developer guide).
func attributesSum(set map[string]Attribute) *string {
	if len(set) == 0 {
		return nil
	}
	var b []byte
	add := func(part []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	for _, n := range slices.Sorted(maps.Keys(set)) {
		a := set[n]
		add([]byte(n))
		add([]byte(aws.ToString(a.DataType)))
		if a.BinaryValue != nil {
			b = append(b, 2)
			add(a.BinaryValue)
			continue
		}
		b = append(b, 1)
		add([]byte(aws.ToString(a.StringValue)))
	}
	return sum(string(b))
}

// SendMessage sends one message.
func (s *SQS) SendMessage(c *wire.Caller, in *SendMessageInput) (*SendMessageOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, err := s.put(q, c.ARN, aws.ToString(in.MessageBody), delay(q, in.DelaySeconds), in.MessageAttributes)
	if err != nil {
		return nil, err
	}
	return &SendMessageOutput{new(m.ID), sum(m.Body), attributesSum(m.Set)}, nil
}

const maxBatch = 10

// distinct refuses a batch that is empty, too long, or names two entries alike.
func distinct(ids []string) error {
	slices.Sort(ids)
	switch {
	case len(ids) == 0:
		return wire.Errorf("EmptyBatchRequest", "There should be at least one entry in the request.").Older("AWS.SimpleQueueService.EmptyBatchRequest")
	case len(ids) > maxBatch:
		return wire.Errorf("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", maxBatch, len(ids)).
			Older("AWS.SimpleQueueService.TooManyEntriesInBatchRequest")
	case len(slices.Compact(ids)) < len(ids):
		return wire.Errorf("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.").
			Older("AWS.SimpleQueueService.BatchEntryIdsNotDistinct")
	}
	return nil
}

func failure(id *string, err error) Failure {
	code, message, _ := strings.Cut(err.Error(), ": ")
	return Failure{Id: id, Code: new(code), Message: new(message), SenderFault: true}
}

// SendMessageBatch sends several, each by itself.
func (s *SQS) SendMessageBatch(c *wire.Caller, in *SendMessageBatchInput) (*SendMessageBatchOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range in.Entries {
		ids = append(ids, aws.ToString(e.Id))
	}
	if err := distinct(ids); err != nil {
		return nil, err
	}
	out := &SendMessageBatchOutput{}
	for _, e := range in.Entries {
		m, err := s.put(q, c.ARN, aws.ToString(e.MessageBody), delay(q, e.DelaySeconds), e.MessageAttributes)
		if err != nil {
			out.Failed = append(out.Failed, failure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, Sent{e.Id, new(m.ID), sum(m.Body), attributesSum(m.Set)})
	}
	return out, nil
}

// Ready tells whether a queue, by URL, has a message that can be received: what a
// receiver that waits is answered for.
func (s *SQS) Ready(url string) bool {
	q, err := s.queue(&url)
	return err != nil || slices.ContainsFunc(s.kept(q), func(m *message) bool { return m.Visible <= s.w.Elapsed() })
}

// Wait is how long a receiver of a queue, by URL, waits for messages: as it says, or as
// the queue does.
func (s *SQS) Wait(url string, asked *int) time.Duration {
	q, err := s.queue(&url)
	switch {
	case err != nil:
		return 0
	case asked != nil:
		return time.Duration(min(max(*asked, 0), numbers["ReceiveMessageWaitTimeSeconds"].most)) * time.Second
	}
	return q.seconds("ReceiveMessageWaitTimeSeconds")
}

// ReceiveMessage hands out messages, which nobody else gets until they are visible again.
func (s *SQS) ReceiveMessage(_ *wire.Caller, in *ReceiveMessageInput) (*ReceiveMessageOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most, hidden := int32(1), q.seconds("VisibilityTimeout")
	if in.MaxNumberOfMessages != nil {
		most = *in.MaxNumberOfMessages
	}
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	if most < 1 || most > maxBatch {
		return nil, wire.Errorf("InvalidParameterValue",
			"Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", most)
	}
	out, now := &ReceiveMessageOutput{}, s.w.Elapsed()
	for _, m := range s.kept(q) {
		if len(out.Messages) == int(most) {
			break
		}
		if m.Visible > now {
			continue
		}
		if m.Received++; m.Received == 1 {
			m.First = s.w.Date()
		}
		m.Visible = now + hidden
		m.Receipt = base64.StdEncoding.EncodeToString([]byte(m.ID + " " + s.w.Hex("sqs:receipt\x00"+m.ID, 32)))
		out.Messages = append(out.Messages, m.view(in))
	}
	return out, nil
}

func (m *message) view(in *ReceiveMessageInput) Message {
	v := Message{MessageId: new(m.ID), ReceiptHandle: new(m.Receipt), Body: new(m.Body), MD5OfBody: sum(m.Body)}
	system := map[string]string{"SenderId": m.Sender, "SentTimestamp": fmt.Sprint(m.Sent.UnixMilli()), "ApproximateReceiveCount": fmt.Sprint(m.Received),
		"ApproximateFirstReceiveTimestamp": fmt.Sprint(m.First.UnixMilli())}
	for _, n := range slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames) {
		for k, x := range system {
			if n == "All" || n == k {
				if v.Attributes == nil {
					v.Attributes = map[string]string{}
				}
				v.Attributes[k] = x
			}
		}
	}
	for _, n := range in.MessageAttributeNames {
		for k, a := range m.Set {
			prefix, wild := strings.CutSuffix(n, ".*")
			if n == "All" || n == k || wild && strings.HasPrefix(k, prefix) {
				if v.MessageAttributes == nil {
					v.MessageAttributes = map[string]Attribute{}
				}
				v.MessageAttributes[k] = a
			}
		}
	}
	v.MD5OfMessageAttributes = attributesSum(v.MessageAttributes)
	return v
}

// received is the message of a receipt: nil where it is gone already.
func (q *queue) received(receipt *string) (*message, error) {
	raw, err := base64.StdEncoding.DecodeString(aws.ToString(receipt))
	id, _, ok := strings.Cut(string(raw), " ")
	if err != nil || !ok {
		return nil, wire.Errorf("ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.", aws.ToString(receipt))
	}
	return q.Messages.Get(id), nil
}

// DeleteMessage ends a message; one that is gone is no error.
func (s *SQS) DeleteMessage(_ *wire.Caller, in *DeleteMessageInput) (*DeleteMessageOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, err := q.received(in.ReceiptHandle)
	if err != nil {
		return nil, err
	}
	if m != nil {
		q.Messages.Delete(m.ID)
	}
	return &DeleteMessageOutput{}, nil
}

// DeleteMessageBatch ends several, each by itself.
func (s *SQS) DeleteMessageBatch(c *wire.Caller, in *DeleteMessageBatchInput) (*DeleteMessageBatchOutput, error) {
	if _, err := s.queue(in.QueueUrl); err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range in.Entries {
		ids = append(ids, aws.ToString(e.Id))
	}
	if err := distinct(ids); err != nil {
		return nil, err
	}
	out := &DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		if _, err := s.DeleteMessage(c, &DeleteMessageInput{in.QueueUrl, e.ReceiptHandle}); err != nil {
			out.Failed = append(out.Failed, failure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, Done{e.Id})
	}
	return out, nil
}

// ChangeMessageVisibility hides a message for a time from now on; 0: it is visible.
func (s *SQS) ChangeMessageVisibility(_ *wire.Caller, in *ChangeMessageVisibilityInput) (*ChangeMessageVisibilityOutput, error) {
	q, err := s.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, err := q.received(in.ReceiptHandle)
	switch {
	case err != nil:
		return nil, err
	case m == nil || m.Visible <= s.w.Elapsed():
		return nil, wire.Errorf("MessageNotInflight", "The message referred to is not in flight.").Older("AWS.SimpleQueueService.MessageNotInflight")
	}
	m.Visible = s.w.Elapsed() + time.Duration(aws.ToInt32(in.VisibilityTimeout))*time.Second
	return &ChangeMessageVisibilityOutput{}, nil
}
