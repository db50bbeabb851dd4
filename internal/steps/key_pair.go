package steps

import (
	"context"
	"fmt"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/engine"
)

// KeyPair imports a public key under eksctl's name for it.
type KeyPair struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// Run looks, then imports.
func (s *KeyPair) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	_, err := e.AWS.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{s.Name}})
	if err == nil {
		return engine.Finished("in place")
	}
	if !awsc.NotFound(err) {
		return engine.Result{}, err
	}
	tags := []ec2types.Tag{{Key: new(eksfacts.TagCluster), Value: new(e.Name)}}
	in := &ec2.ImportKeyPairInput{KeyName: new(s.Name), PublicKeyMaterial: []byte(s.Key),
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeKeyPair, Tags: tags}}}
	if _, err := e.AWS.EC2.ImportKeyPair(ctx, in); err != nil {
		return engine.Result{}, fmt.Errorf("importing the SSH key %s: %w", s.Name, err)
	}
	return engine.Result{State: engine.Done, Reason: "imported", Changed: true}, nil
}
