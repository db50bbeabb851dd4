package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// lookAgain is how often a queue is looked at for a receiver that waits.
const lookAgain = 20 * time.Millisecond

// longPoll holds a request for SQS's messages back until there are some, or as long as it
// wants to wait. The time is the region's, and requests of other kinds pass at once.
func (s *Sim) longPoll(r *http.Request) {
	c := wire.CallerOf(r)
	if c.Service != "sqs" || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ReceiveMessage") || !known(c.Region) || s.World.Virtual() {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, wire.MaxBody+1))
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var in struct {
		QueueUrl        string //nolint:revive // the wire's name
		WaitTimeSeconds *int
	}
	if json.Unmarshal(body, &in) != nil {
		return
	}
	region := s.Region(c.Region)
	s.World.Lock()
	until := s.World.Elapsed() + region.SQS.Wait(in.QueueUrl, in.WaitTimeSeconds)
	ready := region.SQS.Ready(in.QueueUrl)
	s.World.Unlock()
	t := time.NewTicker(lookAgain)
	defer t.Stop()
	for !ready && s.World.Elapsed() < until {
		select {
		case <-r.Context().Done():
			return
		case <-t.C:
		}
		s.World.Lock()
		ready = region.SQS.Ready(in.QueueUrl)
		s.World.Unlock()
	}
}
