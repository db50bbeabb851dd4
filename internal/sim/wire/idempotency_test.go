package wire

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// A token is one request's: the same request is told what came of it and is done once,
// another one is refused, a failed one may come again, and the oldest are forgotten.
func TestATokenIsOneRequests(t *testing.T) {
	s, err := newService("eks")
	if err != nil {
		t.Fatal(err)
	}
	var kept Tokens
	var fails error
	mismatch, made := errors.New("mismatch"), 0
	s.Idempotent("ClientRequestToken", &kept, func(string) error { return mismatch })
	Handle(s, "CreateCluster", func(by *Caller, in *eks.CreateClusterInput) (*eks.CreateClusterOutput, error) {
		id := by.Before()
		if fails != nil {
			return nil, fails
		}
		if id == "" {
			made++
			id = fmt.Sprint(made)
			by.Note(id)
		}
		return &eks.CreateClusterOutput{Cluster: &types.Cluster{Id: &id}}, nil
	})
	ask := func(token, name string) string {
		in := &eks.CreateClusterInput{Name: &name}
		if token != "" {
			in.ClientRequestToken = &token
		}
		out, err := s.handlers["CreateCluster"].answer(&Caller{}, in, 0)
		if err != nil {
			return err.Error()
		}
		return *out.(*eks.CreateClusterOutput).Cluster.Id
	}
	for i, x := range []struct{ token, name, want string }{
		{"a", "x", "1"}, {"a", "x", "1"}, {"a", "y", "mismatch"}, {"b", "x", "2"}, {"", "x", "3"}, {"", "x", "4"}, {"a", "x", "1"},
	} {
		if got := ask(x.token, x.name); got != x.want {
			t.Errorf("%d: %s, want %s", i, got, x.want)
		}
	}
	fails = errors.New("fails")
	if got := ask("c", "x"); got != "fails" {
		t.Errorf("%s, want its failure", got)
	}
	fails = nil
	if got := ask("c", "y"); got != "5" {
		t.Errorf("%s: a failed request's token is free", got)
	}
	for i := range mostTokens {
		kept.note(fmt.Sprint("other ", i), Done{})
	}
	if got := ask("a", "y"); got != "6" || len(kept.Done) != mostTokens || len(kept.Order) != mostTokens {
		t.Errorf("%s: the oldest of %d and %d tokens is forgotten", got, len(kept.Done), len(kept.Order))
	}
}
