package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// VPCAttributes sets whether a VPC answers DNS, and gives names; nil: as it is.
type VPCAttributes struct {
	VPC          string `json:"vpc"`
	DNSSupport   *bool  `json:"enableDnsSupport,omitempty"`
	DNSHostnames *bool  `json:"enableDnsHostnames,omitempty"`
}

// Run looks, and sets what differs: EC2 takes one attribute a call, and hostnames only
// where DNS is answered.
func (s *VPCAttributes) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	changed := false
	for _, x := range []struct {
		name ec2types.VpcAttributeName
		want *bool
	}{{ec2types.VpcAttributeNameEnableDnsSupport, s.DNSSupport}, {ec2types.VpcAttributeNameEnableDnsHostnames, s.DNSHostnames}} {
		if x.want == nil {
			continue
		}
		d, err := e.AWS.EC2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &s.VPC, Attribute: x.name})
		if err != nil {
			return engine.Result{}, fmt.Errorf("reading %s of %s: %w", x.name, s.VPC, err)
		}
		have, in := d.EnableDnsSupport, &ec2.ModifyVpcAttributeInput{VpcId: &s.VPC}
		if x.name == ec2types.VpcAttributeNameEnableDnsHostnames {
			have, in.EnableDnsHostnames = d.EnableDnsHostnames, &ec2types.AttributeBooleanValue{Value: x.want}
		} else {
			in.EnableDnsSupport = &ec2types.AttributeBooleanValue{Value: x.want}
		}
		if have != nil && aws.ToBool(have.Value) == *x.want {
			continue
		}
		if _, err := e.AWS.EC2.ModifyVpcAttribute(ctx, in); err != nil {
			return engine.Result{}, fmt.Errorf("setting %s of %s: %w", x.name, s.VPC, err)
		}
		changed = true
	}
	if !changed {
		return engine.Finished("as wanted")
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}
