package steps

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/engine"
)

// SubnetAttributes sets attributes of a subnet; those that are not named stay.
type SubnetAttributes struct {
	Place          Place  `json:"place"`
	PublicOnLaunch *bool  `json:"mapPublicIpOnLaunch,omitempty"`
	IPv6OnCreation *bool  `json:"assignIpv6AddressOnCreation,omitempty"`
	DNS64          *bool  `json:"enableDns64,omitempty"`
	HostnameType   string `json:"hostnameType,omitempty"` // ip-name, resource-name
	RecordA        *bool  `json:"enableResourceNameDnsARecord,omitempty"`
	RecordAAAA     *bool  `json:"enableResourceNameDnsAAAARecord,omitempty"`
}

// Run looks, and sets what differs: EC2 takes one attribute a call.
func (s *SubnetAttributes) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	have, err := s.Place.must(ctx, e)
	if err != nil {
		return engine.Result{}, err
	}
	asked := s.requests(have)
	for _, in := range asked {
		in.SubnetId = have.SubnetId
		if _, err := e.AWS.EC2.ModifySubnetAttribute(ctx, in); err != nil {
			return engine.Result{}, fmt.Errorf("setting an attribute of the subnet %s: %w", aws.ToString(have.SubnetId), err)
		}
	}
	if len(asked) == 0 {
		return engine.Finished("as wanted")
	}
	return engine.Result{State: engine.Done, Reason: "set", Changed: true}, nil
}

// requests are the calls that set what differs.
func (s *SubnetAttributes) requests(have *ec2types.Subnet) []*ec2.ModifySubnetAttributeInput {
	var out []*ec2.ModifySubnetAttributeInput
	dns := have.PrivateDnsNameOptionsOnLaunch
	if dns == nil {
		dns = &ec2types.PrivateDnsNameOptionsOnLaunch{}
	}
	for _, x := range []struct {
		want, have *bool
		into       func(*ec2.ModifySubnetAttributeInput, *ec2types.AttributeBooleanValue)
	}{
		{s.PublicOnLaunch, have.MapPublicIpOnLaunch, func(in *ec2.ModifySubnetAttributeInput, v *ec2types.AttributeBooleanValue) {
			in.MapPublicIpOnLaunch = v
		}},
		{s.IPv6OnCreation, have.AssignIpv6AddressOnCreation, func(in *ec2.ModifySubnetAttributeInput, v *ec2types.AttributeBooleanValue) {
			in.AssignIpv6AddressOnCreation = v
		}},
		{s.DNS64, have.EnableDns64, func(in *ec2.ModifySubnetAttributeInput, v *ec2types.AttributeBooleanValue) { in.EnableDns64 = v }},
		{s.RecordA, dns.EnableResourceNameDnsARecord, func(in *ec2.ModifySubnetAttributeInput, v *ec2types.AttributeBooleanValue) {
			in.EnableResourceNameDnsARecordOnLaunch = v
		}},
		{s.RecordAAAA, dns.EnableResourceNameDnsAAAARecord, func(in *ec2.ModifySubnetAttributeInput, v *ec2types.AttributeBooleanValue) {
			in.EnableResourceNameDnsAAAARecordOnLaunch = v
		}},
	} {
		if x.want != nil && *x.want != aws.ToBool(x.have) {
			in := &ec2.ModifySubnetAttributeInput{}
			x.into(in, &ec2types.AttributeBooleanValue{Value: x.want})
			out = append(out, in)
		}
	}
	if s.HostnameType != "" && s.HostnameType != string(dns.HostnameType) {
		out = append(out, &ec2.ModifySubnetAttributeInput{PrivateDnsHostnameTypeOnLaunch: ec2types.HostnameType(s.HostnameType)})
	}
	return out
}
