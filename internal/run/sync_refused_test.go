package run_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// A stack whose creation was rolled back takes no update any more: that is said by its name
// and state, with a rollback to go on with or without.
func TestAStackThatWasRolledBackIsRefusedByName(t *testing.T) {
	r := up(t, withoutNAT)
	_, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: new(recordOf),
		EnableTerminationProtection: new(false)})
	must(t, err)
	retain(t, r, recordOf)
	_, err = r.AWS.CFN.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: new(recordOf),
		TemplateBody: new(`{"Resources": {"S": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": "vpc-0123456789abcdef0", "CidrBlock": "10.0.0.0/24"}}}}`),
		Tags:         []cfntypes.Tag{{Key: new("alpha.eksctl.io/cluster-name"), Value: new("test")}}})
	must(t, err)
	r.Sim.World.Advance(time.Hour)
	if status := outputs(t, r)[""]; status != "ROLLBACK_COMPLETE" {
		t.Fatal(status)
	}
	for _, o := range []run.SyncOptions{{}, {Template: true}, {Continue: true}} {
		_, err := run.PrepareSync(t.Context(), r.AWS, "test", o)
		if fs, ok := finding.Of(err); !ok || fs[0].Code != "stack-failed" || fs[0].Where.Resource != "stack "+recordOf ||
			!strings.Contains(err.Error(), "is ROLLBACK_COMPLETE: CloudFormation takes no update of it") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// Where CloudFormation may not be asked who imports an export, nothing is done: an update of
// one that is in use would fail in the middle.
func TestWithoutPermissionForImportsNothingIsSynced(t *testing.T) {
	r, _ := replaced(t)
	before, was := len(r.Sim.World.Log()), outputs(t, r)
	r.Region.IAM.Deny("cloudformation:ListImports")
	_, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{})
	fs, ok := finding.Of(err)
	if !ok || fs[0].Code != "permission-missing" || !strings.Contains(err.Error(), "is not authorized to perform: cloudformation:ListImports") || fs[0].Remedy == "" {
		t.Errorf("%v", err)
	}
	if now := outputs(t, r); !maps.Equal(now, was) || len(r.Sim.World.Log()) != before {
		t.Errorf("the record was %v and is %v", was, now)
	}
}

// hands is a role for CloudFormation that may do everything but what is denied.
func hands(t *testing.T, r *testregion.Region, denied string) *string {
	t.Helper()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudformation.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	role, err := r.AWS.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: new("hands")})
	arn := ""
	if err == nil {
		arn = *role.Role.Arn
	} else {
		out, err := r.AWS.IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: new("hands"), AssumeRolePolicyDocument: new(trust)})
		must(t, err)
		arn = *out.Role.Arn
	}
	may := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"%s","Resource":"*"}]}`
	may = fmt.Sprintf(may, denied)
	_, err = r.AWS.IAM.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: new("hands"), PolicyName: new("may"), PolicyDocument: &may})
	must(t, err)
	r.Sim.World.Advance(time.Minute)
	return &arn
}

// A role of the stack's that may not do what --template needs: the update is rolled back, the
// run says which role was denied which call, and the record is what it was. With the
// permission, the same command goes through.
func TestARoleThatIsDeniedACallLeavesTheRecordAsItWas(t *testing.T) {
	r, _ := replaced(t)
	rewritten(t, r, hands(t, r, "s3:PutObject"), `"Outputs":{`, `"Outputs":{"Note":{"Value":"by another role"},`)
	was, made := outputs(t, r), resources(t, r)
	hands(t, r, "eks:UpdateClusterConfig")
	s, err := run.PrepareSync(t.Context(), r.AWS, "test", run.SyncOptions{Template: true})
	must(t, err)
	if notes := strings.Join(s.Plan.Notes, "\n"); !strings.Contains(notes, "CloudFormation acts as arn:aws:iam::111122223333:role/hands") {
		t.Error(notes)
	}
	rep := drive(t, r, s.Session)
	if rep.OK() {
		t.Fatal("the role may not, and the update went through")
	}
	why := fmt.Sprint(rep.FirstFailure)
	for _, w := range []string{"assumed-role/hands/", "eks:UpdateClusterConfig", "was rolled back", "The record is what it was"} {
		if !strings.Contains(why, w) {
			t.Errorf("%q is not said: %s", w, why)
		}
	}
	now := outputs(t, r)
	if now[""] != "UPDATE_ROLLBACK_COMPLETE" || resources(t, r) != made {
		t.Errorf("the stack is %s\n%s", now[""], resources(t, r))
	}
	delete(now, "")
	delete(was, "")
	if !maps.Equal(now, was) {
		t.Errorf("the record was %v and is %v", was, now)
	}
	hands(t, r, "s3:PutObject")
	synced(t, r, run.SyncOptions{Template: true})
	must(t, asEksctl(t, r, "SubnetsPublic"))
}

// Protection against deletion stops no repair of the template, and stays on.
func TestTerminationProtectionStopsNoRepairOfTheTemplate(t *testing.T) {
	r, _ := replaced(t)
	_, err := r.AWS.CFN.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: new(recordOf),
		EnableTerminationProtection: new(true)})
	must(t, err)
	synced(t, r, run.SyncOptions{Template: true})
	d, err := r.AWS.CFN.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: new(recordOf)})
	must(t, err)
	if !*d.Stacks[0].EnableTerminationProtection {
		t.Error("the protection is off")
	}
	must(t, asEksctl(t, r, "SubnetsPublic"))
}

// A repair of the outputs alone that is killed anywhere is ended by the same command, and
// touches no resource.
func TestASyncOfOutputsKilledAnywhereAndRunAgain(t *testing.T) {
	r, _ := replaced(t)
	saved, err := r.Sim.Save()
	must(t, err)
	made := resources(t, r)
	killedAnywhere(t, 6, again(t, saved), func(p *process) (*outcome.Outcome, error) {
		return p.change("sync", func(b *run.Books) (*run.Session, error) {
			s, err := run.PrepareSync(t.Context(), p.aws, "test", run.SyncOptions{Books: b})
			if err != nil {
				return nil, err
			}
			return s.Session, nil
		})
	}, func(at int, r *testregion.Region, p *process, _ *outcome.Outcome) {
		if err := asEksctl(t, r, "SubnetsPublic"); err != nil {
			t.Errorf("killed at %d: %v", at, err)
		}
		if status := outputs(t, r)[""]; status != "UPDATE_COMPLETE" || resources(t, r) != made {
			t.Errorf("killed at %d: the stack is %s, and its resources\n%s", at, status, resources(t, r))
		}
		if s, err := run.PrepareSync(t.Context(), p.aws, "test", run.SyncOptions{}); err != nil || !s.Plan.Empty() {
			t.Errorf("killed at %d: left %+v (%v)", at, s.Correction, err)
		}
	})
}
