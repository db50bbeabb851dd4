// Package quotas simulates Service Quotas for the limits that a launch can hit.
// It must not enforce them; the services do.
package quotas

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Register adds GetServiceQuota over the limits that EC2 enforces.
func Register(s *wire.Service, q *ec2.Quotas) {
	wire.Handle(s, "GetServiceQuota", func(_ *wire.Caller, in *servicequotas.GetServiceQuotaInput) (*servicequotas.GetServiceQuotaOutput, error) {
		values := map[string]struct {
			name string
			n    int
		}{
			"L-F678F1CE": {"VPCs per Region", q.VPCs}, "L-0263D0A3": {"EC2-VPC Elastic IPs", q.Addresses},
			"L-1216C47A": {"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", q.VCPUs}, "L-1194D53C": {"Clusters", 100},
		}
		v, ok := values[aws.ToString(in.QuotaCode)]
		if !ok {
			return nil, wire.Errorf("NoSuchResourceException", "The request failed because the specified resource does not exist.")
		}
		return &servicequotas.GetServiceQuotaOutput{Quota: &types.ServiceQuota{QuotaCode: in.QuotaCode, ServiceCode: in.ServiceCode, QuotaName: new(v.name),
			Value: new(float64(v.n)), Adjustable: true}}, nil
	})
}
