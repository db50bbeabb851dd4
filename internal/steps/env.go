// Package steps holds one file per kind of step. A step is data, a Spec of exported
// fields that are written as JSON, with one method that starts or polls one action
// and says what it waits for. It looks before it acts, so that running it again, with
// its Memo or without, changes nothing twice. It must not wait, order other steps,
// read the config file, or render.
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
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/vpc"
)

// Env is what steps act with: nothing of it is wanted or decided.
type Env struct {
	AWS  *awsc.Clients
	Name string // the cluster's
	Net  vpc.Network
	// Reachable: the Kubernetes API can be called from here. Where it cannot, AWS's
	// status alone decides, and the plan says so.
	Reachable bool

	// Attempt tells the run from others; it goes into client request tokens.
	Attempt string

	mu     sync.Mutex
	kube   kubernetes.Interface
	waited map[string]int      // for a group's nodes: turns
	gates  map[string]*command // that were started
}

// Cluster describes the live cluster.
func (e *Env) Cluster(ctx context.Context) (*types.Cluster, error) {
	out, err := e.AWS.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &e.Name})
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
