// Package steps holds one file per kind of step. A step starts or polls one action
// and says what it waits for; it looks before it acts, so that running it again is
// safe. It must not wait, order other steps, or render.
package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"k8s.io/client-go/kubernetes"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/stack"
)

// Env is what steps act with.
type Env struct {
	AWS  *awsc.Clients
	File *config.File
	Net  stack.Network
	// Reachable: the Kubernetes API can be called from here. Where it cannot, AWS's
	// status alone decides, and the plan says so.
	Reachable   bool
	Unreachable string // why it cannot; "" when it can

	// Silent is why a live cluster's Kubernetes API did not answer before planning.
	Silent string

	// Attempt tells the run from others; it goes into client request tokens.
	Attempt string

	mu   sync.Mutex
	kube kubernetes.Interface
}

// Runner is what every step is: package engine turns it.
type Runner interface {
	Run(ctx context.Context) (engine.Result, error)
}

// Config is the desired cluster.
func (e *Env) Config() *config.ClusterConfig { return e.File.Cluster }

// Name is the cluster's.
func (e *Env) Name() string { return e.File.Cluster.Metadata.Name }

// Cluster describes the live cluster.
func (e *Env) Cluster(ctx context.Context) (*types.Cluster, error) {
	out, err := e.AWS.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: new(e.Name())})
	if err != nil {
		return nil, err
	}
	return out.Cluster, nil
}

// Kube is the cluster's Kubernetes API.
func (e *Env) Kube(ctx context.Context) (kubernetes.Interface, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kube != nil {
		return e.kube, nil
	}
	c, err := e.Cluster(ctx)
	if err != nil {
		return nil, err
	}
	k, err := kube.Client(ctx, e.AWS, c)
	if err == nil {
		e.kube = k
	}
	return k, err
}

// token derives a client request token from what is asked for and from the run, so
// that a retried call is the same call; a re-creation in a later run is a new one.
func (e *Env) token(parts ...string) *string {
	h := sha256.Sum256([]byte(fmt.Sprint(e.Attempt, parts)))
	return new("slipway-" + hex.EncodeToString(h[:])[:40])
}
