package cfn

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// account is a region with stacks and what they are made of here: IAM's resources.
type account struct {
	w   *world.World
	iam *iam.IAM
	cfn *CFN
}

func newAccount() *account {
	root := world.New(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), 1, 0)
	a := &account{w: root.In("us-west-2"), iam: iam.New(root.In("aws"), "111122223333", "aws")}
	a.cfn = New(a.w, &Env{EC2: ec2.New(a.w, "us-west-2", "111122223333", "aws"), IAM: a.iam})
	return a
}

// reloaded is the account, saved and loaded.
func (a *account) reloaded(t *testing.T) *account {
	t.Helper()
	b := newAccount()
	for _, x := range []struct {
		save func() (json.RawMessage, error)
		load func(json.RawMessage) error
	}{{a.iam.Save, b.iam.Load}, {a.cfn.Save, b.cfn.Load}, {a.w.Save, b.w.Load}} {
		saved, err := x.save()
		if err != nil {
			t.Fatal(err)
		}
		if err := x.load(saved); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

const trust = `{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ec2.amazonaws.com}}]}`

const identities = `
Parameters: {Hours: {Type: Number, Default: 1}}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {RoleName: r, MaxSessionDuration: 3600, AssumeRolePolicyDocument: ` + trust + `, ManagedPolicyArns: [!Ref Managed]}
  Managed: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 's3:*', Resource: '*'}}}}
  Profile: {Type: 'AWS::IAM::InstanceProfile', Properties: {InstanceProfileName: p, Roles: [!Ref Role]}}
  Policy:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: p, Roles: [!Ref Role], PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 'ec2:*', Resource: '*',
      Condition: {NumericLessThan: {'aws:MultiFactorAuthAge': 3600}}}}}
Outputs: {Role: {Value: !GetAtt Role.Arn, Export: {Name: role}}}
`

// life takes a stack through all that can happen to it, and tells everything that was
// to be seen; after is done after every event.
func life(t *testing.T, after func(*account) *account) string {
	t.Helper()
	a := newAccount()
	by := &wire.Caller{AccessKey: iam.Key, ARN: "arn:aws:iam::111122223333:user/admin", Region: "us-west-2", Service: "cloudformation"}
	caps := []sdk.Capability{sdk.CapabilityCapabilityNamedIam}
	replace := strings.NewReplacer("InstanceProfileName: p", "InstanceProfileName: q", "'s3:*'", "'s3:Get*'", "PolicyName: p", "PolicyName: q")
	for _, do := range []func() error{
		func() error {
			_, err := a.cfn.CreateStack(by, &cloudformation.CreateStackInput{StackName: new("s"), TemplateBody: new(identities), Capabilities: caps})
			return err
		},
		func() error { // the role does not exist: a roll-back
			body := strings.Replace(identities, "Roles: [!Ref Role], PolicyDocument", "Roles: [nobody], PolicyDocument", 1)
			_, err := a.cfn.UpdateStack(by, &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: &body, Capabilities: caps})
			return err
		},
		func() error {
			_, err := a.cfn.UpdateStack(by, &cloudformation.UpdateStackInput{StackName: new("s"), TemplateBody: new(replace.Replace(identities)), Capabilities: caps})
			return err
		},
		func() error {
			in := &cloudformation.CreateChangeSetInput{StackName: new("s"), ChangeSetName: new("c"), TemplateBody: new(identities), Capabilities: caps}
			_, err := a.cfn.CreateChangeSet(by, in)
			return err
		},
		func() error {
			_, err := a.cfn.ExecuteChangeSet(by, &cloudformation.ExecuteChangeSetInput{StackName: new("s"), ChangeSetName: new("c")})
			return err
		},
		func() error {
			_, err := a.cfn.DeleteStack(by, &cloudformation.DeleteStackInput{StackName: new("s")})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		for end := a.w.Elapsed() + time.Hour; a.w.Step(end); {
			a = after(a)
		}
	}
	told := []any{a.w.Log()}
	for _, s := range a.cfn.stacks.All() {
		told = append(told, s.Status, s.Events, s.Res)
	}
	b, err := json.MarshalIndent(told, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAStackGoesOnFromASaveAtEveryEvent(t *testing.T) {
	events := 0
	plain := life(t, func(a *account) *account { events++; return a })
	if !strings.Contains(plain, `"UPDATE_ROLLBACK_COMPLETE"`) || !strings.Contains(plain, `"DELETE_COMPLETE"`) || events < 30 {
		t.Fatalf("%d events: %s", events, plain)
	}
	if saved := life(t, func(a *account) *account { return a.reloaded(t) }); saved != plain {
		t.Errorf("with saves:\n%s\nwithout:\n%s", saved, plain)
	}
}
