// Package quotas simulates Service Quotas for the limits that a launch can hit.
// It must not enforce them; the services do.
package quotas

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Quotas is the service in one region.
type Quotas struct {
	EC2    *ec2.Quotas
	Prefix string // of quotas' ARNs: arn:aws:servicequotas:us-west-2:111122223333:
}

// quota is one limit: AWS's default, and what it is in the account.
type quota struct {
	service, title, code, name string
	usual                      float64
	value                      func(*ec2.Quotas) int
}

// quotas are the limits that the region's services enforce, with AWS's defaults (the
// services' pages of the AWS General Reference, read in November 2026).
var quotas = slices.Concat(vcpus(), []quota{
	{"ec2", "Amazon Elastic Compute Cloud (Amazon EC2)", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, func(q *ec2.Quotas) int { return q.Addresses }},
	{"eks", "Amazon Elastic Kubernetes Service (Amazon EKS)", "L-1194D53C", "Clusters", 100, func(*ec2.Quotas) int { return 100 }},
	{"eks", "Amazon Elastic Kubernetes Service (Amazon EKS)", "L-6D54EA21", "Managed node groups per cluster", 30, func(*ec2.Quotas) int { return 30 }},
	{"eks", "Amazon Elastic Kubernetes Service (Amazon EKS)", "L-BD136A63", "Nodes per managed node group", 450, func(*ec2.Quotas) int { return 450 }},
	{"vpc", "Amazon Virtual Private Cloud (Amazon VPC)", "L-F678F1CE", "VPCs per Region", 5, func(q *ec2.Quotas) int { return q.VPCs }},
})

// vcpus are the quotas that instances count for.
func vcpus() (out []quota) {
	for _, v := range ec2.VCPUQuotas {
		out = append(out, quota{"ec2", "Amazon Elastic Compute Cloud (Amazon EC2)", v.Code, v.Name, v.Usual,
			func(q *ec2.Quotas) int { return q.VCPULimit(v.Code) }})
	}
	return out
}

// Register adds the operations.
func (q *Quotas) Register(s *wire.Service) {
	wire.Handle(s, "GetServiceQuota", q.GetServiceQuota)
	wire.Handle(s, "GetAWSDefaultServiceQuota", q.GetAWSDefaultServiceQuota)
	wire.Handle(s, "ListServiceQuotas", q.ListServiceQuotas)
	wire.Handle(s, "ListAWSDefaultServiceQuotas", q.ListAWSDefaultServiceQuotas)
	wire.Handle(s, "ListServices", q.ListServices)
}

func (q *Quotas) view(x quota, value float64) types.ServiceQuota {
	return types.ServiceQuota{QuotaCode: new(x.code), QuotaName: new(x.name), ServiceCode: new(x.service), ServiceName: new(x.title), Value: &value,
		Unit: new("None"), Adjustable: true, QuotaArn: new(q.Prefix + x.service + "/" + x.code), QuotaAppliedAtLevel: types.AppliedLevelEnumAccount}
}

// find is a quota by its codes.
func find(service, code *string) (quota, error) {
	for _, x := range quotas {
		if x.service == aws.ToString(service) && x.code == aws.ToString(code) {
			return x, nil
		}
	}
	return quota{}, wire.Errorf("NoSuchResourceException", "The request failed because the specified resource does not exist.")
}

// GetServiceQuota reads a limit as it is in the account.
func (q *Quotas) GetServiceQuota(_ *wire.Caller, in *servicequotas.GetServiceQuotaInput) (*servicequotas.GetServiceQuotaOutput, error) {
	x, err := find(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	return &servicequotas.GetServiceQuotaOutput{Quota: new(q.view(x, float64(x.value(q.EC2))))}, nil
}

// GetAWSDefaultServiceQuota reads a limit as AWS has it.
func (q *Quotas) GetAWSDefaultServiceQuota(_ *wire.Caller, in *servicequotas.GetAWSDefaultServiceQuotaInput) (
	*servicequotas.GetAWSDefaultServiceQuotaOutput, error) {
	x, err := find(in.ServiceCode, in.QuotaCode)
	if err != nil {
		return nil, err
	}
	return &servicequotas.GetAWSDefaultServiceQuotaOutput{Quota: new(q.view(x, x.usual))}, nil
}

// list is a service's limits, of which value says which number is meant.
func (q *Quotas) list(service *string, value func(quota) float64) ([]types.ServiceQuota, error) {
	var out []types.ServiceQuota
	for _, x := range quotas {
		if x.service == aws.ToString(service) {
			out = append(out, q.view(x, value(x)))
		}
	}
	if out == nil {
		return nil, wire.Errorf("NoSuchResourceException", "The request failed because the specified service does not exist.")
	}
	return out, nil
}

// ListServiceQuotas lists a service's limits in the account.
func (q *Quotas) ListServiceQuotas(_ *wire.Caller, in *servicequotas.ListServiceQuotasInput) (*servicequotas.ListServiceQuotasOutput, error) {
	l, err := q.list(in.ServiceCode, func(x quota) float64 { return float64(x.value(q.EC2)) })
	return &servicequotas.ListServiceQuotasOutput{Quotas: l}, err
}

// ListAWSDefaultServiceQuotas lists a service's limits as AWS has them.
func (q *Quotas) ListAWSDefaultServiceQuotas(_ *wire.Caller, in *servicequotas.ListAWSDefaultServiceQuotasInput) (
	*servicequotas.ListAWSDefaultServiceQuotasOutput, error) {
	l, err := q.list(in.ServiceCode, func(x quota) float64 { return x.usual })
	return &servicequotas.ListAWSDefaultServiceQuotasOutput{Quotas: l}, err
}

// ListServices lists the services with limits here.
func (q *Quotas) ListServices(_ *wire.Caller, _ *servicequotas.ListServicesInput) (*servicequotas.ListServicesOutput, error) {
	out := &servicequotas.ListServicesOutput{}
	for i, x := range quotas {
		if i == 0 || quotas[i-1].service != x.service {
			out.Services = append(out.Services, types.ServiceInfo{ServiceCode: new(x.service), ServiceName: new(x.title)})
		}
	}
	return out, nil
}
