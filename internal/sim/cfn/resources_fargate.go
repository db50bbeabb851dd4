package cfn

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// createFargate waits for its turn where another profile of the cluster is being made or
// deleted: EKS takes one at a time.
func createFargate(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.CreateFargateProfileInput{}
		if err := bind(o.without("Tags", "Selectors"), in); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		for _, m := range listOf(o.props["Selectors"]) {
			s := types.FargateProfileSelector{Labels: pairs(m["Labels"])}
			if n, ok := scalarText(m["Namespace"]); ok {
				s.Namespace = &n
			}
			in.Selectors = append(in.Selectors, s)
		}
		if in.FargateProfileName == nil {
			in.FargateProfileName = new(o.name("FargateProfileName", 100))
		}
		in.Tags = o.tagMap()
		out, err := call(o, o.env.EKS.CreateFargateProfile, in)
		if o.turnTaken(err, "currently has Fargate profile") {
			return again(poll)
		}
		if err != nil {
			return progress{}, err
		}
		o.made(*out.FargateProfile.ClusterName + "|" + *out.FargateProfile.FargateProfileName)
	}
	p, err := o.fargate()
	switch {
	case err == nil && p.Status == types.FargateProfileStatusCreateFailed:
		return progress{}, said("Fargate Profile is in CREATE_FAILED")
	case err != nil || p.Status != types.FargateProfileStatusActive:
		return until(false, err, "", nil)
	}
	return done(o.phys, values{"Arn": *p.FargateProfileArn})
}

// turnTaken tells whether a service is busy with another of the kind, and that the
// handler looks again.
func (o *op) turnTaken(err error, says string) bool {
	var e *wire.Error
	if err == nil || !errors.As(err, &e) || e.Code != "ResourceInUseException" || !strings.Contains(e.Message, says) || o.Tries >= 600 {
		return false
	}
	o.Tries++
	return true
}

// pairs reads a list of keys and values.
func pairs(v any) map[string]string {
	out := map[string]string{}
	for _, m := range listOf(v) {
		out[fmt.Sprint(m["Key"])] = fmt.Sprint(m["Value"])
	}
	return out
}

func (o *op) fargate() (*types.FargateProfile, error) {
	c, n, _ := strings.Cut(o.phys, "|")
	d, err := call(o, o.env.EKS.DescribeFargateProfile, &eks.DescribeFargateProfileInput{ClusterName: &c, FargateProfileName: &n})
	if err != nil {
		return nil, err
	}
	return d.FargateProfile, nil
}

func deleteFargate(o *op) (progress, error) {
	if o.Step == "" {
		c, n, _ := strings.Cut(o.phys, "|")
		_, err := call(o, o.env.EKS.DeleteFargateProfile, &eks.DeleteFargateProfileInput{ClusterName: &c, FargateProfileName: &n})
		if o.turnTaken(err, "currently has Fargate profile") {
			return again(poll)
		}
		if err != nil {
			return gone(err)
		}
		o.Step = "begun"
	}
	_, err := o.fargate()
	return untilAbsent(err)
}
