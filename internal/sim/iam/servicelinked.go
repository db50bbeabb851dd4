package iam

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// linkedRole is the role that a service makes for itself in an account.
type linkedRole struct {
	name, policy, description string
	suffix                    bool // it may have several, by suffix
}

// linked are the services with a role of their own, of those that act here ("Using
// service-linked roles" in each service's guide, read in November 2026).
var linked = map[string]linkedRole{
	"eks.amazonaws.com": {name: "AWSServiceRoleForAmazonEKS", policy: "AmazonEKSServiceRolePolicy",
		description: "A service-linked role required for Amazon EKS to call AWS services on your behalf."},
	"eks-nodegroup.amazonaws.com": {name: "AWSServiceRoleForAmazonEKSNodegroup", policy: "AWSServiceRoleForAmazonEKSNodegroup",
		description: "This policy allows Amazon EKS to create and manage Nodegroups"},
	"eks-fargate.amazonaws.com": {name: "AWSServiceRoleForAmazonEKSForFargate", policy: "AmazonEKSForFargateServiceRolePolicy",
		description: "This policy grants necessary permissions to Amazon EKS to run fargate tasks"},
	"eks-connector.amazonaws.com": {name: "AWSServiceRoleForAmazonEKSConnector", policy: "AmazonEKSConnectorServiceRolePolicy"},
	"autoscaling.amazonaws.com": {name: "AWSServiceRoleForAutoScaling", policy: "AutoScalingServiceRolePolicy", suffix: true,
		description: "Default Service-Linked Role enables access to AWS Services and Resources used or managed by Auto Scaling"},
	"elasticloadbalancing.amazonaws.com": {name: "AWSServiceRoleForElasticLoadBalancing", policy: "AWSElasticLoadBalancingServiceRolePolicy",
		description: "Allows ELB to call AWS services on your behalf."},
	"spot.amazonaws.com":      {name: "AWSServiceRoleForEC2Spot", policy: "AWSEC2SpotServiceRolePolicy", description: "Default EC2 Spot Service Linked Role"},
	"spotfleet.amazonaws.com": {name: "AWSServiceRoleForEC2SpotFleet", policy: "AWSEC2SpotFleetServiceRolePolicy"},
	"ec2fleet.amazonaws.com":  {name: "AWSServiceRoleForEC2Fleet", policy: "AWSEC2FleetServiceRolePolicy"},
}

func (i *IAM) registerServiceLinked(s *wire.Service) {
	wire.Handle(s, "CreateServiceLinkedRole", i.CreateServiceLinkedRole)
	wire.Handle(s, "DeleteServiceLinkedRole", i.DeleteServiceLinkedRole)
	wire.Handle(s, "GetServiceLinkedRoleDeletionStatus", i.GetServiceLinkedRoleDeletionStatus)
}

// Link makes a service's role, unless the account has it: what services do at their
// first use.
func (i *IAM) Link(service string) {
	if l := linked[service]; i.roles.Get(l.name) == nil {
		i.link(service, l.name, l)
	}
}

// Linked tells whether the account has a service's role.
func (i *IAM) Linked(service string) bool { return i.roles.Get(linked[service].name) != nil }

// Using says what of a service needs its role, by ARN: the role cannot be deleted then.
func (i *IAM) Using(service string, what func() []string) {
	i.using[service] = append(i.using[service], what)
}

func (i *IAM) link(service, name string, l linkedRole) *role {
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["` + service + `"]},"Action":["sts:AssumeRole"]}]}`
	path := serviceRolePath + service + "/"
	r := &role{Trust: trust, Inline: map[string]string{}, Attached: []string{"arn:" + i.Partition + ":iam::aws:policy" + serviceRolePath + l.policy}}
	r.Role = types.Role{RoleName: new(name), Path: new(path), Arn: new(i.arn("role" + path + name)), RoleId: i.id("AROA", "role", name),
		CreateDate: new(i.w.Date()), AssumeRolePolicyDocument: encoded(trust), MaxSessionDuration: new(int32(3600))}
	if l.description != "" {
		r.Description = new(l.description)
	}
	return i.roles.Put(name, r)
}

// CreateServiceLinkedRole makes the role that a service uses.
func (i *IAM) CreateServiceLinkedRole(_ *wire.Caller, in *iam.CreateServiceLinkedRoleInput) (*iam.CreateServiceLinkedRoleOutput, error) {
	service, suffix := aws.ToString(in.AWSServiceName), aws.ToString(in.CustomSuffix)
	l, known := linked[service]
	name := l.name
	if suffix != "" {
		name += "_" + suffix
	}
	switch {
	case !known:
		return nil, wire.Errorf("InvalidInput", "Service role for %s is not defined in the simulated region, which knows those of %s.", service,
			strings.Join(sorted(linked), ", "))
	case suffix != "" && !l.suffix:
		return nil, wire.Errorf("InvalidInput", "Custom suffix is not allowed for %s", service)
	case i.roles.Get(name) != nil:
		return nil, wire.Errorf("InvalidInput", "Service role name %s has been taken in this account, please try a different suffix.", name)
	}
	r := i.link(service, name, l)
	if in.Description != nil {
		r.Description = in.Description
	}
	return &iam.CreateServiceLinkedRoleOutput{Role: new(r.Role)}, nil
}

// deletion is a service-linked role's deletion, which is decided when it is asked for.
type deletion struct {
	ID     string
	In     string   // the role's name
	UsedBy []string // why it was not deleted
}

// DeleteServiceLinkedRole deletes a role that its service does not use.
func (i *IAM) DeleteServiceLinkedRole(_ *wire.Caller, in *iam.DeleteServiceLinkedRoleInput) (*iam.DeleteServiceLinkedRoleOutput, error) {
	r, err := i.role(in.RoleName)
	if err != nil {
		return nil, err
	}
	service, ours := strings.CutPrefix(*r.Path, serviceRolePath)
	if !ours {
		return nil, noEntity("The role with name %s cannot be found.", *r.RoleName)
	}
	service = strings.TrimSuffix(service, "/")
	d := &deletion{ID: "task" + *r.Path + *r.RoleName + "/" + i.w.UUID("iam:deletion", *r.RoleName), In: *r.RoleName}
	for _, what := range i.using[service] {
		d.UsedBy = append(d.UsedBy, what()...)
	}
	if len(d.UsedBy) == 0 {
		i.roles.Delete(*r.RoleName)
	}
	i.deletions.Put(d.ID, d)
	return &iam.DeleteServiceLinkedRoleOutput{DeletionTaskId: new(d.ID)}, nil
}

// GetServiceLinkedRoleDeletionStatus says how a deletion ended.
func (i *IAM) GetServiceLinkedRoleDeletionStatus(_ *wire.Caller, in *iam.GetServiceLinkedRoleDeletionStatusInput) (
	*iam.GetServiceLinkedRoleDeletionStatusOutput, error) {
	d := i.deletions.Get(aws.ToString(in.DeletionTaskId))
	switch {
	case d == nil:
		return nil, noEntity("Deletion task %s cannot be found.", aws.ToString(in.DeletionTaskId))
	case len(d.UsedBy) == 0:
		return &iam.GetServiceLinkedRoleDeletionStatusOutput{Status: types.DeletionTaskStatusTypeSucceeded}, nil
	}
	var regions []string
	for _, a := range d.UsedBy {
		if p := strings.Split(a, ":"); len(p) > 3 && !slices.Contains(regions, p[3]) {
			regions = append(regions, p[3])
		}
	}
	why := &types.DeletionTaskFailureReasonType{Reason: new("A service-linked role is required for the resources that use it. Delete those resources first.")}
	for _, name := range regions {
		var in []string
		for _, a := range d.UsedBy {
			if strings.Split(a, ":")[3] == name {
				in = append(in, a)
			}
		}
		why.RoleUsageList = append(why.RoleUsageList, types.RoleUsageType{Region: new(name), Resources: in})
	}
	return &iam.GetServiceLinkedRoleDeletionStatusOutput{Status: types.DeletionTaskStatusTypeFailed, Reason: why}, nil
}
