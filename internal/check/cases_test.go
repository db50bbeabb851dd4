package check_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// outcomes of the inputs in ../shared/cases/launch: the codes that the file alone, or
// the checks before the first create, give; none where the file is launched or what is
// wrong with it shows only in the plan. prepare breaks the region as the case's README
// says.
var outcomes = []struct {
	file    string
	codes   []string
	prepare func(*testing.T, *testregion.Region)
}{
	{"02-no-default-addons-no-cni-b-with-group.yaml", []string{"no-network-plugin"}, nil},
	{"05-custom-ami-bootstrap-b-override.yaml", nil, nil},
	{"05-custom-ami-bootstrap-e-al2-132.yaml", nil, nil},
	{"05-custom-ami-bootstrap-i-made.yaml", nil, nil},
	{"07-configmap-selfmanaged-b-no-creator.yaml", []string{"access-nobody"}, nil},
	{"08-access-entry-nodes-c-right.yaml", []string{"role-of-another-account"}, nil},
	{"09-gov-cn-policies-c-cn-wrong-partition.yaml", []string{"arn-partition"}, nil},
	{"12-bottlerocket-settings-a.yaml", nil, nil},
	{"13-maxpods-kubelet-c-managed-max.yaml", nil, nil},
	{"14-managed-distribution-a.yaml", []string{"key-unknown", "key-unknown"}, nil},
	{"16-long-name-a.yaml", nil, nil},
	{"17-fargate-only-c-app-only.yaml", nil, nil},
	{"18-tainted-csi-b-tolerations.yaml", nil, nil},
	{"19-public-subnet-no-auto-ip-made.yaml", []string{"subnet-no-public-addresses", "subnet-no-public-addresses"}, func(t *testing.T, r *testregion.Region) {
		for _, s := range []string{"subnet-053e72968a3945069", "subnet-03cb24c38689467ac"} {
			if _, err := r.Region.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: new(s),
				MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: new(false)}}); err != nil {
				t.Fatal(err)
			}
		}
	}},
	{"20-private-only-subnets-made-b.yaml", []string{"subnet-no-route-out", "subnet-no-route-out", "subnet-no-route-out"},
		func(t *testing.T, r *testregion.Region) {
			out, err := r.AWS.EC2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{})
			if err != nil {
				t.Fatal(err)
			}
			for _, rt := range out.RouteTables {
				if slices.ContainsFunc(rt.Routes, func(r types.Route) bool { return r.TransitGatewayId != nil }) {
					if _, err := r.Region.EC2.DeleteRoute(nil, &ec2.DeleteRouteInput{RouteTableId: rt.RouteTableId, DestinationCidrBlock: new("0.0.0.0/0")}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}},
	{"23-tag-limits-a-55.yaml", []string{"too-many-tags"}, nil},
	{"23-tag-limits-c-reserved.yaml", []string{"tag-reserved", "tag-invalid", "tag-invalid"}, nil},
	{"24-launch-template-made.yaml", []string{"launch-template-not-found"}, func(t *testing.T, r *testregion.Region) {
		if _, err := r.Region.EC2.DeleteLaunchTemplate(nil, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: new("lt-0aaaaaaaaaaaaaaaa")}); err != nil {
			t.Fatal(err)
		}
	}},
	{"25-labels-taints-sizes-b-label-value.yaml", []string{"label-invalid"}, nil},
	{"25-labels-taints-sizes-c-label-reserved.yaml", []string{"label-reserved"}, nil},
	{"25-labels-taints-sizes-h-max0.yaml", []string{"sizes-limit"}, nil},
	{"25-labels-taints-sizes-k-iops.yaml", []string{"volume-invalid", "volume-invalid"}, nil},
	{"25-labels-taints-sizes-q-gpu-arm.yaml", []string{"architectures-mixed"}, nil},
	{"25-labels-taints-sizes-t-null-addon.yaml", []string{"item-empty"}, nil},
	{"25-labels-taints-sizes-w-underscore.yaml", []string{"name-invalid"}, nil},
	{"27-addon-names-a.yaml", []string{"addon-not-offered"}, nil},
	{"27-addon-names-b.yaml", []string{"addon-not-offered", "addon-version-not-offered"}, nil},
	{"28-lt-conflicts-c-vol.yaml", []string{"beside-launch-template"}, nil},
	{"28-lt-conflicts-e-max.yaml", []string{"beside-launch-template"}, nil},
	{"h01-anchors-merge-a.yaml", nil, nil},
	{"h01-anchors-merge-b-toplevel.yaml", nil, nil},
	{"h02-multidoc-b-empty-first.yaml", nil, nil},
	{"h03-tabs-bom-crlf-b-bom.yaml", nil, nil},
	{"h03-tabs-bom-crlf-d-utf16.yaml", []string{"file-encoding"}, nil},
	{"h08-numbers-z-types.yaml", slices.Repeat([]string{"value-type"}, 11), nil},
	{"h12-scalars-a.yaml", []string{"name-invalid", "name-invalid", "type-invalid", "taint-invalid", "value-not-possible", "label-invalid",
		"label-invalid", "value-type"}, nil},
}

// Every launch case of ../shared has the outcome that its README wants, as far as the
// file and the account tell it before the plan.
func TestSharedLaunchCases(t *testing.T) {
	testregion.Need(t, "shared")
	dir := filepath.Join(testregion.Root(t), "../shared/cases/launch")
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(files) != len(outcomes) {
		t.Errorf("%d files, and %d outcomes (%v)", len(files), len(outcomes), err)
	}
	for _, o := range outcomes {
		t.Run(strings.TrimSuffix(o.file, ".yaml"), func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(dir, o.file))
			if err != nil {
				t.Fatal(err)
			}
			f, err := config.Load(o.file, b)
			var fs finding.Findings
			if err == nil {
				r := testregion.New(t, f, 1)
				if o.prepare != nil {
					o.prepare(t, r)
				}
				fs = lookAt(t, r, f)
			} else if !errors.As(err, &fs) {
				t.Fatal(err)
			}
			var got []string
			for _, x := range fs {
				got = append(got, x.Code)
				if !x.Input || x.Where.File != o.file || x.Where.Line == 0 && x.Code != "file-encoding" {
					t.Errorf("no place in the file: %v", x)
				}
			}
			if !slices.Equal(got, o.codes) {
				t.Errorf("%v, expected %v\n%v", got, o.codes, fs)
			}
		})
	}
}
