package cfn

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func createCapability(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.CreateCapabilityInput{}
		if err := bind(o.without("Tags"), in); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		in.Tags = o.tagMap()
		out, err := call(o, o.env.EKS.CreateCapability, in)
		if err != nil {
			return progress{}, err
		}
		o.made(*out.Capability.Arn)
	}
	k, err := o.capability()
	switch {
	case err == nil && k.Status == types.CapabilityStatusCreateFailed:
		return progress{}, said("Capability is in CREATE_FAILED")
	case err != nil || k.Status != types.CapabilityStatusActive:
		return until(false, err, "", nil)
	}
	a := values{"Arn": *k.Arn, "Status": string(k.Status), "Version": aws.ToString(k.Version), "CreatedAt": k.CreatedAt.Format(time.RFC3339),
		"ModifiedAt": k.ModifiedAt.Format(time.RFC3339)}
	if k.Configuration != nil && k.Configuration.ArgoCd != nil {
		a["Configuration.ArgoCd.ServerUrl"] = aws.ToString(k.Configuration.ArgoCd.ServerUrl)
	}
	return done(o.phys, a)
}

func (o *op) capability() (*types.Capability, error) {
	d, err := call(o, o.env.EKS.DescribeCapability, &eks.DescribeCapabilityInput{ClusterName: o.opt("ClusterName"), CapabilityName: o.opt("CapabilityName")})
	if err != nil {
		return nil, err
	}
	return d.Capability, nil
}

// updateCapability changes the role; Argo CD's and ACK's configurations too.
func updateCapability(o *op) (progress, error) {
	if o.first() {
		in := &eks.UpdateCapabilityInput{ClusterName: o.opt("ClusterName"), CapabilityName: o.opt("CapabilityName")}
		if o.changed("RoleArn") {
			in.RoleArn = o.opt("RoleArn")
		}
		if o.changed("Configuration") {
			if err := o.capabilityChange(in); err != nil {
				return progress{}, err
			}
		}
		if in.RoleArn != nil || in.Configuration != nil {
			if _, err := call(o, o.env.EKS.UpdateCapability, in); err != nil {
				return progress{}, err
			}
		}
	}
	k, err := o.capability()
	return until(err == nil && k.Status == types.CapabilityStatusActive, err, o.phys, nil)
}

// capabilityChange puts what the template says now into an update.
func (o *op) capabilityChange(in *eks.UpdateCapabilityInput) error {
	var was, now types.CapabilityConfigurationRequest
	if err := bind(o.props["Configuration"], &now); err != nil {
		return o.invalidProperties(err)
	}
	if err := bind(o.old["Configuration"], &was); err != nil {
		return o.invalidProperties(err)
	}
	if now.ArgoCd == nil || was.ArgoCd == nil {
		return said("This update of %s is not served by the simulated region: Configuration", o.r.Logical)
	}
	u := &types.UpdateArgoCdConfig{NetworkAccess: now.ArgoCd.NetworkAccess,
		RbacRoleMappings: &types.UpdateRoleMappings{AddOrUpdateRoleMappings: now.ArgoCd.RbacRoleMappings}}
	kept := map[types.ArgoCdRole]bool{}
	for _, m := range now.ArgoCd.RbacRoleMappings {
		kept[m.Role] = true
	}
	for _, m := range was.ArgoCd.RbacRoleMappings {
		if !kept[m.Role] {
			u.RbacRoleMappings.RemoveRoleMappings = append(u.RbacRoleMappings.RemoveRoleMappings, m)
		}
	}
	in.Configuration = &types.UpdateCapabilityConfiguration{ArgoCd: u}
	return nil
}

func deleteCapability(o *op) (progress, error) {
	if o.first() {
		in := &eks.DeleteCapabilityInput{ClusterName: o.opt("ClusterName"), CapabilityName: o.opt("CapabilityName")}
		if _, err := call(o, o.env.EKS.DeleteCapability, in); err != nil {
			return gone(err)
		}
	}
	_, err := o.capability()
	return untilAbsent(err)
}
