package stack

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

const stored = `{
  "Description": "by eksctl",
  "Resources" : { "ControlPlane": {"Type":"AWS::EKS::Cluster","Properties":{"ResourcesVpcConfig":{"SubnetIds":[{"Ref":"A"},{"Ref":"B"}]}}},
    "A": {"Type":"AWS::EC2::Subnet"}, "B": {"Type":"AWS::EC2::Subnet"},
    "RA": {"Type":"AWS::EC2::SubnetRouteTableAssociation","Properties":{"SubnetId":{"Ref":"A"}}} },
  "Outputs": {"SubnetsPublic":{"Value":{"Fn::Join":[",",[{"Ref":"A"},{"Ref":"B"}]]},"Export":{"Name":{"Fn::Sub":"${AWS::StackName}::SubnetsPublic"}}},
    "VPC": {"Value":{"Ref":"VPC"}}}
}`

// What is not edited stays as it was written, byte for byte.
func TestAnEditTouchesOnlyWhatItNames(t *testing.T) {
	got, err := Edit{Outputs: map[string]string{"SubnetsPublic": "subnet-1,subnet-2"}}.Apply(stored)
	want := strings.Replace(stored, `{"Fn::Join":[",",[{"Ref":"A"},{"Ref":"B"}]]}`, `"subnet-1,subnet-2"`, 1)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = Edit{Drop: []string{"SubnetsPublic"}}.Apply(stored)
	if err != nil || strings.Contains(got, "SubnetsPublic") || !json.Valid([]byte(got)) || !strings.Contains(got, `"VPC": {"Value"`) {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = Edit{Drop: []string{"VPC", "SubnetsPublic"}}.Apply(stored)
	if err != nil || !strings.Contains(got, `"Outputs": {}`) {
		t.Errorf("%v\n%s", err, got)
	}
	got, err = Edit{Touch: "1"}.Apply(stored)
	if err != nil || strings.Replace(got, `"Metadata":{"SlipwaySync":"1"},`, "", 1) != stored {
		t.Errorf("%v\n%s", err, got)
	}
}

// An output that is not there is put in as eksctl would export it, into a template that has
// none, too.
func TestAMissingOutputIsPutIn(t *testing.T) {
	put := `"VPC":{"Export":{"Name":{"Fn::Sub":"${AWS::StackName}::VPC"}},"Value":"vpc-1"}`
	e := Edit{Outputs: map[string]string{"VPC": "vpc-1"}}
	for in, want := range map[string]string{
		`{"Resources":{}}`: `{"Outputs":{` + put + `},"Resources":{}}`,
		`{"Outputs":{}}`:   `{"Outputs":{` + put + `}}`,
		`{"Outputs": {"ARN":{"Value":{"Ref":"A"}}} }`: `{"Outputs": {` + put + `,"ARN":{"Value":{"Ref":"A"}}} }`,
	} {
		if got, err := e.Apply(in); err != nil || got != want {
			t.Errorf("%s: %v\n%s\n%s", in, err, got, want)
		}
	}
}

// What is gone is taken out only where nothing refers to it any more.
func TestWhatIsGoneLeavesNoReferenceBehind(t *testing.T) {
	e := Edit{Gone: []string{"A"}, Subnets: []string{"subnet-2"}, Outputs: map[string]string{"SubnetsPublic": "subnet-2"}}
	if _, err := e.Apply(stored); err == nil || !strings.Contains(err.Error(), "still refers to A") {
		t.Errorf("%v", err)
	}
	e.Gone = []string{"A", "RA"}
	got, err := e.Apply(stored)
	if err != nil || strings.Contains(got, `"A"`) || !strings.Contains(got, `"SubnetIds":["subnet-2"]`) || !json.Valid([]byte(got)) {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestATemplateThatIsNoJSONIsRefused(t *testing.T) {
	if _, err := (Edit{Touch: "1"}).Apply("Resources:\n  A: {Type: AWS::EC2::VPC}\n"); err == nil || !strings.Contains(err.Error(), "no JSON") {
		t.Errorf("%v", err)
	}
}

// Question marks are asked about where a change set would not show them.
func TestQuestionMarksAreFoundOutsideOfResources(t *testing.T) {
	body := `{"Description":"b?","Metadata":{"Slipway":{"Config":"a?"},"X":"?"},"Resources":{"A":{"Properties":{"N":"?"}}},"Outputs":{"V":{"Description":"w?"}}}`
	if got := strings.Join(Question(body), " "); got != "Description Metadata/X Outputs/V/Description" {
		t.Error(got)
	}
}

// Any text survives as ASCII, and reads as it was.
func TestTextsAreWrittenInASCII(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(rapid.String().Draw(t, "text"), "")
		b := ascii(map[string]any{"a": s})
		var back map[string]any
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, map[string]any{"a": s}) {
			t.Fatalf("%q reads as %v (%v)", s, back, err)
		}
		for _, c := range b {
			if c >= utf8.RuneSelf {
				t.Fatalf("%q is no ASCII", b)
			}
		}
	})
}
