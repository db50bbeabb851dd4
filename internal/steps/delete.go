package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/engine"
)

// Delete removes one resource and is done when it is gone.
type Delete struct {
	Resource string `json:"resource"` // a kind that Deletable lists
	Name     string `json:"name"`     // by which its service knows it: a name, or an ARN
	// Begun: somebody else is deleting it; it is only waited for, never deleted here.
	Begun bool `json:"begun,omitempty"`
	// Whole: of an add-on, what it put into Kubernetes goes too.
	Whole bool `json:"whole,omitempty"`
}

// found is a resource as it stands: which one, and in which status.
type found struct {
	id     string // of this very resource, where another may take its name; "" if none may
	status string
}

// deletion is how a kind of resource is deleted: describe answers nil when it is gone.
type deletion struct {
	service  string
	describe func(ctx context.Context, e *Env, name string) (*found, error)
	delete   func(ctx context.Context, e *Env, name string) error
	why      func(ctx context.Context, e *Env, id string) string // it could not be deleted; nil: nothing more is known
}

var deletions = map[string]deletion{
	"stack":           {"cloudformation", stackFound, deleteStack, stackStays},
	"addon":           {"eks", addonFound, deleteAddon, nil},
	"fargate-profile": {"eks", profileFound, deleteProfile, nil},
	"nodegroup":       {"eks", groupFound, deleteGroup, nil},
	"oidc-provider":   {"iam", issuerFound, deleteIssuer, nil},
	"key-pair":        {"ec2", keyFound, deleteKey, nil},
	"log-group":       {"cloudwatchlogs", logsFound, deleteLogs, nil},
	"access-entry":    {"eks", entryFound, deleteEntry, nil},
	"scaling-group":   {"autoscaling", scalingFound, deleteScaling, nil},
	"security-group":  {"ec2", securityGroupFound, deleteSecurityGroup, nil},
}

// Deletable lists the kinds of resources that Delete removes.
func Deletable() []string { return slices.Sorted(maps.Keys(deletions)) }

// Run looks, deletes, polls. A resource that has taken the name since is left alone.
func (s *Delete) Run(ctx context.Context, e *Env, m *Memo) (engine.Result, error) {
	d, ok := deletions[s.Resource]
	if !ok {
		return engine.Result{}, fmt.Errorf("nothing deletes a %q", s.Resource)
	}
	have, err := d.describe(ctx, e, s.Name)
	switch {
	case err != nil:
		return engine.Result{}, err
	case have == nil || m.Stack != "" && have.id != m.Stack:
		return engine.Finished("gone")
	case have.status == "DELETING" || have.status == string(cfntypes.StackStatusDeleteInProgress):
		m.Phase, m.Stack = "deleting", have.id
		return engine.Waiting("the deletion of " + s.Name + " is under way")
	case s.Begun:
		return engine.Result{}, fmt.Errorf("the %s %s was being deleted, and now is %s: run again, which looks anew", s.Resource, s.Name, have.status)
	case strings.HasSuffix(have.status, "_IN_PROGRESS") && have.status != string(cfntypes.StackStatusReviewInProgress):
		return engine.Waiting(s.Name + " is " + have.status)
	case have.status == "DELETE_FAILED" && m.Phase == "deleting":
		msg := fmt.Sprintf("the %s %s could not be deleted: it is DELETE_FAILED", s.Resource, s.Name)
		if d.why != nil {
			msg += ": " + d.why(ctx, e, have.id)
		}
		return engine.Result{}, fmt.Errorf("%s", msg)
	}
	remove := d.delete
	if s.Whole && s.Resource == "addon" {
		remove = deleteAddonWhole
	}
	if err := remove(ctx, e, s.Name); err != nil && !awsc.NotFound(err) {
		return engine.Result{}, fmt.Errorf("deleting the %s %s: %w", s.Resource, s.Name, err)
	}
	m.Phase, m.Stack = "deleting", have.id
	m.Attempt++
	return engine.Started("the deletion of " + s.Name + " has begun")
}

// absent turns "not found" into no resource.
func absent(f *found, err error) (*found, error) {
	if awsc.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func stackFound(ctx context.Context, e *Env, name string) (*found, error) {
	st, err := describeStack(ctx, e.AWS, name)
	if st == nil || err != nil {
		return nil, err
	}
	return &found{aws.ToString(st.StackId), string(st.StackStatus)}, nil
}

// deleteStack turns termination protection off before the deletion, as eksctl does.
func deleteStack(ctx context.Context, e *Env, name string) error {
	st, err := describeStack(ctx, e.AWS, name)
	if err != nil || st == nil {
		return err
	}
	if aws.ToBool(st.EnableTerminationProtection) {
		in := &cloudformation.UpdateTerminationProtectionInput{StackName: st.StackId, EnableTerminationProtection: new(false)}
		if _, err := e.AWS.CFN.UpdateTerminationProtection(ctx, in); err != nil {
			return fmt.Errorf("turning off termination protection: %w", err)
		}
	}
	_, err = e.AWS.CFN.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: st.StackId})
	return err
}

func stackStays(ctx context.Context, e *Env, id string) string {
	why, _ := FirstFailure(ctx, e.AWS, id)
	return why
}

func addonFound(ctx context.Context, e *Env, name string) (*found, error) {
	a, err := describeAddon(ctx, e, name)
	if a == nil || err != nil {
		return nil, err
	}
	return &found{"", string(a.Status)}, nil
}

// deleteAddon leaves in Kubernetes what the add-on put there: the pods go on until
// the add-on that is made next takes them over.
func deleteAddon(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.EKS.DeleteAddon(ctx, &eks.DeleteAddonInput{ClusterName: &e.Name, AddonName: &name, Preserve: true})
	return err
}

// deleteAddonWhole takes that away, too.
func deleteAddonWhole(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.EKS.DeleteAddon(ctx, &eks.DeleteAddonInput{ClusterName: &e.Name, AddonName: &name})
	return err
}

func profileFound(ctx context.Context, e *Env, name string) (*found, error) {
	d, err := e.AWS.EKS.DescribeFargateProfile(ctx, &eks.DescribeFargateProfileInput{ClusterName: &e.Name, FargateProfileName: &name})
	if err != nil {
		return absent(nil, err)
	}
	return &found{"", string(d.FargateProfile.Status)}, nil
}

func deleteProfile(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.EKS.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: &e.Name, FargateProfileName: &name})
	return err
}

func groupFound(ctx context.Context, e *Env, name string) (*found, error) {
	d, err := e.AWS.EKS.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &e.Name, NodegroupName: &name})
	if err != nil {
		return absent(nil, err)
	}
	return &found{"", string(d.Nodegroup.Status)}, nil
}

func deleteGroup(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.EKS.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: &e.Name, NodegroupName: &name})
	return err
}

func issuerFound(ctx context.Context, e *Env, arn string) (*found, error) {
	_, err := e.AWS.IAM.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	return absent(&found{}, err)
}

func deleteIssuer(ctx context.Context, e *Env, arn string) error {
	_, err := e.AWS.IAM.DeleteOpenIDConnectProvider(ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	return err
}

func keyFound(ctx context.Context, e *Env, name string) (*found, error) {
	_, err := e.AWS.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{name}})
	return absent(&found{}, err)
}

func deleteKey(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.EC2.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: &name})
	return err
}

func logsFound(ctx context.Context, e *Env, name string) (*found, error) {
	g, err := logGroup(ctx, e, name)
	if g == nil || err != nil {
		return nil, err
	}
	return &found{}, nil
}

func deleteLogs(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.Logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &name})
	return err
}

func entryFound(ctx context.Context, e *Env, principal string) (*found, error) {
	_, err := e.AWS.EKS.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &principal})
	return absent(&found{}, err)
}

func deleteEntry(ctx context.Context, e *Env, principal string) error {
	_, err := e.AWS.EKS.DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &e.Name, PrincipalArn: &principal})
	return err
}

func scalingFound(ctx context.Context, e *Env, name string) (*found, error) {
	d, err := e.AWS.ASG.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil || len(d.AutoScalingGroups) == 0 {
		return nil, err
	}
	if d.AutoScalingGroups[0].Status != nil { // "Delete in progress"
		return &found{"", "DELETING"}, nil
	}
	return &found{}, nil
}

// deleteScaling ends a group's instances with it, as the nodes were drained before.
func deleteScaling(ctx context.Context, e *Env, name string) error {
	_, err := e.AWS.ASG.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &name, ForceDelete: new(true)})
	return err
}
