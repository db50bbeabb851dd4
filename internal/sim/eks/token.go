package eks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// asked is a request that was done, by its clientRequestToken: the same again is answered
// alike and not done again. EKS does not say for how long; here it is as long as the
// resource that keeps it is there.
type asked struct {
	Token  string `json:",omitempty"`
	Digest string `json:",omitempty"` // of the request
	Update string `json:",omitempty"` // its answer, of requests that begin an update
}

// note is a request that is done now.
func note(token *string, in any, update string) asked {
	if token == nil || *token == "" {
		return asked{}
	}
	return asked{*token, digest(in), update}
}

func digest(in any) string {
	b, _ := json.Marshal(in) // an SDK's input is plain data
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// again tells whether a request is the one noted; one of the same token that asks for
// something else is refused. The words are an assumption: nobody has published EKS's.
func (a asked) again(token *string, in any) (bool, error) {
	if token == nil || *token == "" || a.Token != *token {
		return false, nil
	}
	if a.Digest != digest(in) {
		return false, invalid("The client request token %s was used before with different parameters.", *token)
	}
	return true, nil
}

// requests are what updates of a resource were asked by.
type requests []asked

// mostRequests is how many are remembered: a client that comes back to an earlier one does
// so at once.
const mostRequests = 64

// answered finds the update that the same request began before; nil: it is a new one.
func (r requests) answered(updates *table.Table[types.Update], token *string, in any) (*types.Update, error) {
	for _, a := range r {
		same, err := a.again(token, in)
		if err != nil {
			return nil, err
		}
		if u := updates.Get(a.Update); same && u != nil {
			return new(*u), nil
		}
	}
	return nil, nil
}

// remember notes what an update was asked by.
func (r *requests) remember(token *string, in any, u *types.Update) {
	if a := note(token, in, *u.Id); a.Token != "" {
		*r = append(*r, a)
		*r = (*r)[max(0, len(*r)-mostRequests):]
	}
}

// repeated answers a creation that was done before by the same request; whether it was.
func (a asked) repeated(token *string, in any, exists *wire.Error) (bool, error) {
	same, err := a.again(token, in)
	if err != nil || same {
		return same, err
	}
	return false, exists
}
