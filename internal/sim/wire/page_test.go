package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// listing serves n clusters by the names c000, c001, …
func listing(t *testing.T, n int) handler {
	t.Helper()
	s, err := newService("eks")
	if err != nil {
		t.Fatal(err)
	}
	Handle(s, "ListClusters", func(*Caller, *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
		out := &eks.ListClustersOutput{Clusters: []string{}}
		for i := range n {
			out.Clusters = append(out.Clusters, fmt.Sprintf("c%03d", i))
		}
		return out, nil
	})
	return s.handlers["ListClusters"]
}

func TestPagesHoldEverythingOnce(t *testing.T) {
	for _, x := range []struct{ n, limit, most, pages, first int }{
		{0, 0, 0, 1, 0}, {99, 0, 0, 1, 99}, {100, 0, 0, 1, 100}, {101, 0, 0, 2, 100}, {250, 0, 0, 3, 100},
		{7, 3, 0, 3, 3}, {6, 3, 0, 2, 3}, {5, 0, 1, 5, 1}, {5, 3, 2, 3, 2}, {1, 1, 0, 1, 1},
	} {
		h := listing(t, x.n)
		in := &eks.ListClustersInput{}
		if x.limit > 0 {
			in.MaxResults = new(int32(x.limit))
		}
		var all []string
		pages, first := 0, 0
		for {
			out, err := h.answer(nil, in, x.most)
			if err != nil {
				t.Fatal(err)
			}
			l := out.(*eks.ListClustersOutput)
			if pages++; pages == 1 {
				first = len(l.Clusters)
			}
			if l.Clusters == nil || len(l.Clusters) == 0 && pages > 1 {
				t.Errorf("%+v: page %d is %v", x, pages, l.Clusters)
			}
			all = append(all, l.Clusters...)
			if in.NextToken = l.NextToken; in.NextToken == nil {
				break
			}
		}
		if len(all) != x.n || pages != x.pages || first != x.first || !slices.IsSorted(all) || len(slices.Compact(all)) != x.n {
			t.Errorf("%+v: %d in %d pages, the first of %d", x, len(all), pages, first)
		}
	}
}

func TestATokenIsForItsQuestionOnly(t *testing.T) {
	h := listing(t, 9)
	ask := func(token *string, limit int32, include ...string) error {
		_, err := h.answer(nil, &eks.ListClustersInput{NextToken: token, MaxResults: new(limit), Include: include}, 0)
		return err
	}
	out, err := h.answer(nil, &eks.ListClustersInput{MaxResults: new(int32(2))}, 0)
	if err != nil {
		t.Fatal(err)
	}
	token := out.(*eks.ListClustersOutput).NextToken
	if err := ask(token, 5); err != nil {
		t.Errorf("with another limit: %v", err)
	}
	for name, err := range map[string]error{
		"another question": ask(token, 2, "all"), "garbage": ask(new("abc"), 2), "no base64": ask(new("?"), 2),
		"cut off": ask(new((*token)[:len(*token)-1]), 2), "0 is no limit that EKS takes": ask(nil, 101),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "InvalidParameterException: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each service's own way: what the token is called, what more is told by, the sizes and
// the refusal.
func TestPagesOfEachService(t *testing.T) {
	of := func(service, op string, in, out any) *pager {
		return newPager(service, op, reflect.TypeOf(in), reflect.TypeOf(out))
	}
	for _, x := range []struct {
		p                             *pager
		token, limit, list, truncated string
		size, least, most             int
		code                          string
	}{
		{of("ec2", "DescribeVpcs", ec2.DescribeVpcsInput{}, ec2.DescribeVpcsOutput{}), "NextToken", "MaxResults", "Vpcs", "", 0, 5, 1000, "InvalidNextToken"},
		{of("ec2", "DescribeInstanceTypes", ec2.DescribeInstanceTypesInput{}, ec2.DescribeInstanceTypesOutput{}), "NextToken", "MaxResults", "InstanceTypes",
			"", 100, 5, 100, "InvalidNextToken"},
		{of("iam", "ListRoles", iam.ListRolesInput{}, iam.ListRolesOutput{}), "Marker", "MaxItems", "Roles", "IsTruncated", 100, 1, 1000, "ValidationError"},
		{of("kms", "ListKeys", kms.ListKeysInput{}, kms.ListKeysOutput{}), "Marker", "Limit", "Keys", "Truncated", 100, 1, 1000, "InvalidMarkerException"},
		{of("cloudformation", "DescribeStacks", cloudformation.DescribeStacksInput{}, cloudformation.DescribeStacksOutput{}), "NextToken", "", "Stacks", "",
			100, 1, 100, "ValidationError"},
		{of("cloudformation", "DescribeChangeSet", cloudformation.DescribeChangeSetInput{}, cloudformation.DescribeChangeSetOutput{}), "NextToken", "",
			"Changes", "", 100, 1, 100, "ValidationError"},
		{of("autoscaling", "DescribeAutoScalingGroups", autoscaling.DescribeAutoScalingGroupsInput{}, autoscaling.DescribeAutoScalingGroupsOutput{}),
			"NextToken", "MaxRecords", "AutoScalingGroups", "", 50, 1, 100, "InvalidNextToken"},
	} {
		p := x.p
		if p == nil || p.token != x.token || p.limit != x.limit || p.lists[0] != x.list || p.truncated != x.truncated || p.size != x.size ||
			p.least != x.least || p.most != x.most || p.code != x.code {
			t.Errorf("%+v, want %+v", p, x)
		}
	}
	if p := of("ec2", "DescribeAddresses", ec2.DescribeAddressesInput{}, ec2.DescribeAddressesOutput{}); p != nil {
		t.Errorf("EC2 has no pages of addresses: %+v", p)
	}
}

func TestTruncatedAnswersSaySo(t *testing.T) {
	p := newPager("iam", "ListRoles", reflect.TypeFor[iam.ListRolesInput](), reflect.TypeFor[iam.ListRolesOutput]())
	in := reflect.ValueOf(&iam.ListRolesInput{}).Elem()
	for size, more := range map[int]bool{1: true, 2: false} {
		out := &iam.ListRolesOutput{Roles: make([]iamtypes.Role, 2)}
		p.cut(in, reflect.ValueOf(out).Elem(), 0, size)
		if out.IsTruncated != more || (out.Marker != nil) != more || len(out.Roles) != size {
			t.Errorf("pages of %d: truncated %t, marker %v, %d roles", size, out.IsTruncated, out.Marker, len(out.Roles))
		}
	}
}

// A limit is between what the service takes, and cuts the answer, not the handler's own list.
func TestALimitIsChecked(t *testing.T) {
	p := newPager("ec2", "DescribeVpcs", reflect.TypeFor[ec2.DescribeVpcsInput](), reflect.TypeFor[ec2.DescribeVpcsOutput]())
	for limit, ok := range map[int32]bool{4: false, 5: true, 1000: true, 1001: false} {
		_, size, err := p.bounds(reflect.ValueOf(ec2.DescribeVpcsInput{MaxResults: new(limit)}), 0)
		if (err == nil) != ok || ok && size != int(limit) || !ok && !strings.HasPrefix(err.Error(), "InvalidParameterValue: ") {
			t.Errorf("%d: %d %v", limit, size, err)
		}
	}
	held := []ec2types.Vpc{{}, {}, {}}
	out := &ec2.DescribeVpcsOutput{Vpcs: held}
	p.cut(reflect.ValueOf(ec2.DescribeVpcsInput{}), reflect.ValueOf(out).Elem(), 1, 1)
	if out.Vpcs = append(out.Vpcs, ec2types.Vpc{VpcId: new("vpc-1")}); held[2].VpcId != nil {
		t.Error("the handler's list was written to")
	}
}

// A listing that became shorter between two pages ends; it does not fail.
func TestAPageBehindTheEndIsEmpty(t *testing.T) {
	p := newPager("cloudformation", "ListStacks", reflect.TypeFor[cloudformation.ListStacksInput](), reflect.TypeFor[cloudformation.ListStacksOutput]())
	out := &cloudformation.ListStacksOutput{StackSummaries: make([]cfntypes.StackSummary, 2)}
	p.cut(reflect.ValueOf(cloudformation.ListStacksInput{}), reflect.ValueOf(out).Elem(), 5, 5)
	if len(out.StackSummaries) != 0 || out.NextToken != nil {
		t.Errorf("%+v", out)
	}
}
