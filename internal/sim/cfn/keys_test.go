package cfn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const keyed = `
Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      Description: secrets
      EnableKeyRotation: true
      KeyPolicy: {Version: '2012-10-17', Statement: [{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*', Resource: '*'}]}
  Alias: {Type: 'AWS::KMS::Alias', Properties: {AliasName: alias/secrets, TargetKeyId: !Ref Key}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /a/b, RetentionInDays: 7}}
Outputs:
  Key: {Value: !GetAtt Key.Arn}
  Logs: {Value: !GetAtt Logs.Arn}
`

// A key with its alias and a log group come, change and go.
func TestKeysAndLogGroups(t *testing.T) {
	s := region(t)
	if err := s.create("s", keyed, ""); err != nil {
		t.Fatal(err)
	}
	st := s.describe("s")
	if st.StackStatus != types.StackStatusCreateComplete || !strings.Contains(*st.Outputs[0].OutputValue, ":key/") ||
		!strings.HasSuffix(*st.Outputs[1].OutputValue, ":log-group:/a/b:*") {
		t.Fatalf("%s: %v %+v", st.StackStatus, s.unfinished(), st.Outputs)
	}
	next := strings.NewReplacer("Description: secrets", "Description: others", "EnableKeyRotation: true", "Enabled: false", "RetentionInDays: 7",
		"RetentionInDays: 14").Replace(keyed)
	if st := s.update(next); st.StackStatus != types.StackStatusUpdateComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
	if k := s.Region.Region.KMS.Key(*st.Outputs[0].OutputValue); k == nil || *k.Description != "others" || k.Enabled {
		t.Errorf("the key is %+v", k)
	}
	if _, err := s.AWS.CFN.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: new("s")}); err != nil {
		t.Fatal(err)
	}
	s.Sim.World.Advance(time.Hour)
	if st := s.describe(*st.StackId); st.StackStatus != types.StackStatusDeleteComplete {
		t.Fatalf("%s: %v", st.StackStatus, s.unfinished())
	}
}
