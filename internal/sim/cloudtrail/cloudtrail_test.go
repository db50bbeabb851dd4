package cloudtrail

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

var (
	somebody = &wire.Caller{AccessKey: "AKIA1", ARN: "arn:aws:iam::111122223333:user/ann", Region: "us-west-2"}
	pipeline = &wire.Caller{AccessKey: "ASIA1", ARN: "arn:aws:sts::111122223333:assumed-role/deploy/run-7", Region: "us-west-2"}
)

func as(c *wire.Caller, service string) *wire.Caller {
	x := *c
	x.Service = service
	return &x
}

// found are the events of an attribute, newest first: name, user and error.
func found(t *testing.T, tr *Trail, key, value string) string {
	t.Helper()
	tr.w.Advance(time.Second) // two calls a second
	in := &LookupEventsInput{}
	if key != "" {
		in.LookupAttributes = []LookupAttribute{{&key, &value}}
	}
	out, err := tr.LookupEvents(&wire.Caller{Region: "us-west-2"}, in)
	if err != nil {
		t.Fatal(err)
	}
	var b []string
	for _, e := range out.Events {
		var x struct{ ErrorCode string }
		if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &x); err != nil {
			t.Fatal(err)
		}
		b = append(b, strings.TrimRight(*e.EventName+" "+*e.Username+" "+x.ErrorCode, " "))
	}
	return strings.Join(b, ", ")
}

func history() *Trail {
	tr := New(world.New(time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), 1, 0), "111122223333", "aws")
	tr.Record(as(somebody, "ec2"), "DeleteSubnet", &ec2.DeleteSubnetInput{SubnetId: new("subnet-0123456789abcdef0")}, nil,
		wire.Errorf("DependencyViolation", "it has dependencies"))
	tr.Record(as(pipeline, "ec2"), "DeleteSubnet", &ec2.DeleteSubnetInput{SubnetId: new("subnet-0123456789abcdef0")}, &ec2.DeleteSubnetOutput{}, nil)
	tr.Record(as(pipeline, "eks"), "UpdateClusterConfig", &eks.UpdateClusterConfigInput{Name: new("prod"), ResourcesVpcConfig: &types.VpcConfigRequest{
		SubnetIds: []string{"subnet-0123456789abcdef1"}}}, &eks.UpdateClusterConfigOutput{Update: &types.Update{Id: new("u-1")}}, nil)
	tr.Record(as(somebody, "eks"), "DescribeCluster", &eks.DescribeClusterInput{Name: new("prod")}, &eks.DescribeClusterOutput{}, nil)
	return tr
}

func TestTheHistoryTellsWhoDidWhat(t *testing.T) {
	tr := history()
	if got := found(t, tr, "", ""); got != "" {
		t.Errorf("told at once: %s", got)
	}
	tr.w.Advance(10 * time.Minute)
	for _, c := range []struct{ key, value, want string }{
		{"", "", "DescribeCluster ann, UpdateClusterConfig run-7, DeleteSubnet run-7, DeleteSubnet ann Client.DependencyViolation"},
		{"ResourceName", "subnet-0123456789abcdef0", "DeleteSubnet run-7, DeleteSubnet ann Client.DependencyViolation"},
		{"EventName", "UpdateClusterConfig", "UpdateClusterConfig run-7"},
		{"Username", "run-7", "UpdateClusterConfig run-7, DeleteSubnet run-7"},
		{"ReadOnly", "true", "DescribeCluster ann"},
		{"EventSource", "eks.amazonaws.com", "DescribeCluster ann, UpdateClusterConfig run-7"},
		{"ResourceType", "AWS::EC2::VPC", ""},
	} {
		if got := found(t, tr, c.key, c.value); got != c.want {
			t.Errorf("%s %s: %s", c.key, c.value, got)
		}
	}
}

// The event itself is as CloudTrail writes it: EKS's own names, the role behind a session.
func TestAnEventIsWrittenAsCloudTrailDoes(t *testing.T) {
	tr := history()
	tr.RoleID = func(string) string { return "AROA1" }
	tr.w.Advance(10 * time.Minute)
	out, err := tr.LookupEvents(&wire.Caller{Region: "us-west-2"}, &LookupEventsInput{LookupAttributes: []LookupAttribute{{new("EventName"), new("UpdateClusterConfig")}}})
	if err != nil || len(out.Events) != 1 {
		t.Fatalf("%v %v", out, err)
	}
	text := *out.Events[0].CloudTrailEvent
	for _, want := range []string{
		`"requestParameters":{"name":"prod","resourcesVpcConfig":{"subnetIds":["subnet-0123456789abcdef1"]}}`,
		`"responseElements":{"update":{"id":"u-1"}}`, `"type":"AssumedRole"`, `"principalId":"AROA1:run-7"`, `"userName":"deploy"`,
		`"eventSource":"eks.amazonaws.com"`, `"recipientAccountId":"111122223333"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestTheHistoryIsReadAtMostTwiceASecond(t *testing.T) {
	tr := history()
	for i, refused := range []bool{false, false, true} {
		if _, err := tr.LookupEvents(somebody, &LookupEventsInput{}); (err != nil) != refused {
			t.Errorf("call %d: %v", i, err)
		}
	}
	tr.w.Advance(time.Second)
	if _, err := tr.LookupEvents(somebody, &LookupEventsInput{}); err != nil {
		t.Error(err)
	}
}

func TestTheHistoryIsBoundedSavedAndEnds(t *testing.T) {
	tr := history()
	for range 3 * mostReads {
		tr.Record(as(somebody, "eks"), "ListClusters", &eks.ListClustersInput{}, &eks.ListClustersOutput{}, nil)
	}
	if len(tr.records) > 2*mostReads+4 || tr.records[0].Op != "DeleteSubnet" {
		t.Errorf("%d records, the oldest %s", len(tr.records), tr.records[0].Op)
	}
	saved, err := tr.Save()
	if err != nil {
		t.Fatal(err)
	}
	again := New(world.New(tr.w.Date(), 1, 0), "111122223333", "aws")
	if err := again.Load(saved); err != nil {
		t.Fatal(err)
	}
	again.w.Advance(tr.w.Elapsed() + 10*time.Minute)
	if got := found(t, again, "EventName", "DeleteSubnet"); got != "DeleteSubnet run-7, DeleteSubnet ann Client.DependencyViolation" {
		t.Error(got)
	}
	again.w.Advance(92 * 24 * time.Hour)
	again.Record(as(somebody, "eks"), "CreateCluster", &eks.CreateClusterInput{}, nil, nil)
	if len(again.records) != 1 {
		t.Errorf("%d records after 90 days", len(again.records))
	}
}
