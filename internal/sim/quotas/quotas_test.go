package quotas_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A quota's value is the one that EC2 enforces, now.
func TestAQuotaIsWhatIsEnforced(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	value := func(service, code string) (float64, error) {
		out, err := r.AWS.Quotas.GetServiceQuota(t.Context(), &servicequotas.GetServiceQuotaInput{ServiceCode: &service, QuotaCode: &code})
		if err != nil {
			return 0, err
		}
		return *out.Quota.Value, nil
	}
	for _, vpcs := range []int{1, 3} {
		r.Region.EC2.Quotas.VPCs = vpcs
		v, err := value("vpc", "L-F678F1CE")
		if err != nil || int(v) != vpcs {
			t.Fatalf("%v VPCs: %v", v, err)
		}
		var refused error
		for n := 0; refused == nil && n < 10; n++ {
			_, refused = r.Region.EC2.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})
		}
		have, err := r.AWS.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
		if e := new(wire.Error); err != nil || len(have.Vpcs) != vpcs || !errors.As(refused, &e) || e.Code != "VpcLimitExceeded" {
			t.Errorf("with a quota of %d there are %d: %v", vpcs, len(have.Vpcs), refused)
		}
	}
	for service, code := range map[string]string{"ec2": "L-1216C47A", "eks": "L-1194D53C"} {
		if v, err := value(service, code); err != nil || v < 1 {
			t.Errorf("%s of %s: %v %v", code, service, v, err)
		}
	}
	if _, err := value("vpc", "L-NONE"); err == nil {
		t.Error("a quota that is none has a value")
	}
}

// A service's limits are listed, as they are and as AWS has them.
func TestQuotasAreListed(t *testing.T) {
	r := testregion.New(t, testregion.Load(t, testregion.Cluster), 1)
	r.Region.EC2.Quotas.VPCs = 7
	now, err := r.AWS.Quotas.ListServiceQuotas(t.Context(), &servicequotas.ListServiceQuotasInput{ServiceCode: new("vpc")})
	if err != nil || len(now.Quotas) != 1 || *now.Quotas[0].Value != 7 {
		t.Errorf("%+v %v", now, err)
	}
	usual, err := r.AWS.Quotas.ListAWSDefaultServiceQuotas(t.Context(), &servicequotas.ListAWSDefaultServiceQuotasInput{ServiceCode: new("vpc")})
	if err != nil || *usual.Quotas[0].Value != 5 {
		t.Errorf("%+v %v", usual, err)
	}
	if _, err := r.AWS.Quotas.ListServiceQuotas(t.Context(), &servicequotas.ListServiceQuotasInput{ServiceCode: new("none")}); err == nil {
		t.Error("a service that is none has quotas")
	}
}
