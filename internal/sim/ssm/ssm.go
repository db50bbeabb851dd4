// Package ssm simulates the public parameters of Systems Manager through which
// AMIs are found. It must not know who asks.
package ssm

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// SSM serves public parameters for the Kubernetes minors that EKS offers.
type SSM struct {
	Partition, Region string
	Offered           func(minor string) bool
}

// Register adds the operations.
func (s *SSM) Register(svc *wire.Service) {
	wire.Handle(svc, "GetParameter", s.GetParameter)
}

// GetParameter resolves an AMI parameter; anything else is ParameterNotFound.
func (s *SSM) GetParameter(_ *wire.Caller, in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	name := aws.ToString(in.Name)
	v := s.value(name)
	if v == "" {
		return nil, wire.Errorf("ParameterNotFound", "Parameter %s not found.", name)
	}
	return &ssm.GetParameterOutput{Parameter: &types.Parameter{Name: in.Name, Value: new(v), Type: types.ParameterTypeString, DataType: new("text"),
		Version: 1, LastModifiedDate: new(time.Unix(1760000000, 0).UTC()),
		ARN: new("arn:" + s.Partition + ":ssm:" + s.Region + "::parameter" + name)}}, nil
}

// value knows the published paths:
// /aws/service/eks/optimized-ami/<minor>/amazon-linux-2023/<arch>/standard/recommended/image_id,
// /aws/service/eks/optimized-ami/<minor>/amazon-linux-2[-gpu|-arm64]/recommended/image_id (to 1.32),
// /aws/service/bottlerocket/aws-k8s-<minor>[-fips|-nvidia]/<arch>/latest/image_id,
// /aws/service/ami-windows-latest/Windows_Server-<year>-English-<kind>-EKS_Optimized-<minor>/image_id,
// /aws/service/canonical/ubuntu/[pro-]eks[-pro]/<release>/<minor>/stable/current/<arch>/hvm/ebs-*/ami-id.
func (s *SSM) value(name string) string {
	p := strings.Split(strings.Trim(name, "/"), "/")
	arch := "x86_64"
	if strings.Contains(name, "arm64") {
		arch = "arm64"
	}
	switch {
	case len(p) >= 6 && p[2] == "eks" && p[3] == "optimized-ami" && s.Offered(p[4]):
		if strings.HasPrefix(p[5], "amazon-linux-2023") {
			return ec2.ImageID("amazon-eks-node-al2023", arch)
		}
		if minorOf(p[4]) <= 32 {
			return ec2.ImageID("amazon-eks-node-al2", "x86_64")
		}
	case len(p) >= 5 && p[2] == "bottlerocket":
		m := strings.TrimPrefix(p[3], "aws-k8s-")
		m, _, _ = strings.Cut(m, "-")
		if s.Offered(m) {
			return ec2.ImageID("bottlerocket", arch)
		}
	case len(p) >= 4 && p[2] == "ami-windows-latest":
		_, m, ok := strings.Cut(p[3], "EKS_Optimized-")
		if ok && s.Offered(m) {
			return ec2.ImageID("windows", "x86_64")
		}
	case len(p) >= 7 && p[2] == "canonical":
		for _, m := range p[4:] {
			if s.Offered(m) {
				return ec2.ImageID("ubuntu", "x86_64")
			}
		}
	}
	return ""
}

func minorOf(v string) int {
	_, m, _ := strings.Cut(v, ".")
	n := 0
	for _, c := range m {
		n = n*10 + int(c-'0')
	}
	return n
}
