package aws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/slipway-eks/slipway/internal/pace"
)

// renewing are credentials that are read anew once AWS has refused them. The SDK reads
// files and profiles once: a run that waits for somebody to sign in again must see
// that they have.
type renewing struct {
	load func(context.Context) (aws.CredentialsProvider, error)

	mu   sync.Mutex
	from aws.CredentialsProvider // nil: to be read
}

// Retrieve hands out the credentials, read anew where they were refused.
func (r *renewing) Retrieve(ctx context.Context) (aws.Credentials, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.from == nil {
		p, err := r.load(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		r.from = p
	}
	c, err := r.from.Retrieve(ctx)
	if err != nil {
		r.from = nil
	}
	return c, err
}

// watch is a middleware that drops credentials which AWS refuses.
func (r *renewing) watch(s *middleware.Stack) error {
	return s.Finalize.Add(
		middleware.FinalizeMiddlewareFunc(
			"SlipwayRenew",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				out, md, err := next.HandleFinalize(ctx, in)
				if err != nil && pace.Classify(err).Class == pace.Blocked {
					r.mu.Lock()
					r.from = nil
					r.mu.Unlock()
				}
				return out, md, err
			},
		),
		middleware.Before,
	)
}
