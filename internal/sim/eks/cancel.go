package eks

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// cancelAfter is how long a cancellation takes: assumed.
const cancelAfter = 10 * time.Second

// CancelUpdate ends the rollback of an Auto Mode cluster while its nodes go back, which is
// the first half of it; nothing else can be cancelled (EKS API reference, CancelUpdate). The
// nodes become of the cluster's version again, and other updates may follow.
func (s *EKS) CancelUpdate(by *wire.Caller, in *eks.CancelUpdateInput) (*eks.CancelUpdateOutput, error) {
	c, err := s.cluster(in.Name)
	if err != nil {
		return nil, err
	}
	id := aws.ToString(in.UpdateId)
	u := c.Updates.Get(id)
	if u == nil {
		return nil, notFound("No update found for ID: %s", id).Member("clusterName", *c.Name)
	}
	if u.Cancellation != nil && by.Before() == id {
		return &eks.CancelUpdateOutput{Update: new(*u)}, nil
	}
	if u.Status != types.UpdateStatusInProgress || u.Cancellation != nil || c.Back == nil || c.Back.Update != id || c.Back.Over {
		return nil, wire.Errorf("InvalidRequestException", "Update %s of type %s in status %s cannot be cancelled", id, u.Type, u.Status).Member("clusterName",
			*c.Name)
	}
	u.Cancellation = &types.Cancellation{Status: types.CancellationStatusInProgress, Reason: new("The update was cancelled by the user")}
	by.Note(id)
	c.Back = nil
	c.drift()
	s.w.Schedule(cancelAfter, "eks:cancelled", c.ID, clusterChange{Update: id})
	return &eks.CancelUpdateOutput{Update: new(*u)}, nil
}

// cancelled is the end of a cancellation.
func (s *EKS) cancelled(c *cluster, change clusterChange) {
	if u := c.Updates.Get(change.Update); u != nil {
		u.Status = types.UpdateStatusCancelled
		u.Cancellation = &types.Cancellation{Status: types.CancellationStatusSuccessful, Reason: u.Cancellation.Reason}
	}
}
