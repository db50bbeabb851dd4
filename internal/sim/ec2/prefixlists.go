package ec2

import (
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerPrefixLists(s *wire.Service) {
	handle(e, s, "DescribePrefixLists", e.DescribePrefixLists)
	handle(e, s, "DescribeManagedPrefixLists", e.DescribeManagedPrefixLists)
	handle(e, s, "GetManagedPrefixListEntries", e.GetManagedPrefixListEntries)
}

// listed are the services of gateway endpoints, for which AWS keeps prefix lists.
var listed = []string{"dynamodb", "s3"}

// listIDs are the identifiers in regions where they are known (AWS's documents name
// them); elsewhere they are made up of the region.
var listIDs = map[string]string{"us-east-1 s3": "pl-63a5400a", "us-east-1 dynamodb": "pl-02cd2c6b", "us-west-2 s3": "pl-68a54001",
	"us-west-2 dynamodb": "pl-00a54069", "eu-west-1 s3": "pl-6da54004", "eu-west-1 dynamodb": "pl-6fa54006"}

var (
	listFilters        = map[string]string{"prefix-list-id": "PrefixListId", "prefix-list-name": "PrefixListName"}
	managedListFilters = map[string]string{"owner-id": "OwnerId", "prefix-list-id": "PrefixListId", "prefix-list-name": "PrefixListName"}
)

// lists are the region's AWS-managed prefix lists. The blocks stand for AWS's own, which
// change.
func (e *EC2) lists() []types.PrefixList {
	var out []types.PrefixList
	for i, s := range listed {
		id := listIDs[e.Region+" "+s]
		if id == "" {
			id = "pl-" + e.hash("prefix list " + e.Region + s)[:8]
		}
		out = append(out, types.PrefixList{PrefixListId: new(id), PrefixListName: new("com.amazonaws." + e.Region + "." + s),
			Cidrs: [][]string{{"52.94.8.0/24", "3.218.180.0/22"}, {"52.92.128.0/17", "52.218.128.0/17", "3.5.76.0/22"}}[i]})
	}
	return out
}

// prefixList is the list of an endpoint's service, or nil.
func (e *EC2) prefixList(service string) *types.PrefixList {
	for _, l := range e.lists() {
		if strings.HasSuffix(service, strings.TrimPrefix(*l.PrefixListName, "com.amazonaws")) {
			return &l
		}
	}
	return nil
}

func (e *EC2) pickLists(ids []string) ([]types.PrefixList, error) {
	all := e.lists()
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(l types.PrefixList) bool { return *l.PrefixListId == id }) {
			return nil, noList(id)
		}
	}
	return slices.DeleteFunc(all, func(l types.PrefixList) bool { return len(ids) > 0 && !slices.Contains(ids, *l.PrefixListId) }), nil
}

func noList(id string) error {
	return notFound("InvalidPrefixListID.NotFound", "prefix list ID", id)
}

// DescribePrefixLists lists AWS's prefix lists with their blocks.
func (e *EC2) DescribePrefixLists(_ *wire.Caller, in *ec2.DescribePrefixListsInput) (*ec2.DescribePrefixListsOutput, error) {
	l, err := e.pickLists(in.PrefixListIds)
	if err != nil {
		return nil, err
	}
	l, err = res.Pick(l, filters(in.Filters), res.Fields[types.PrefixList](listFilters))
	return &ec2.DescribePrefixListsOutput{PrefixLists: l}, err
}

// DescribeManagedPrefixLists lists prefix lists: AWS's alone, as the account has none.
func (e *EC2) DescribeManagedPrefixLists(_ *wire.Caller, in *ec2.DescribeManagedPrefixListsInput) (*ec2.DescribeManagedPrefixListsOutput, error) {
	picked, err := e.pickLists(in.PrefixListIds)
	if err != nil {
		return nil, err
	}
	l := []types.ManagedPrefixList{}
	for _, p := range picked {
		arn := "arn:" + e.Partition + ":ec2:" + e.Region + ":aws:prefix-list/" + *p.PrefixListId
		l = append(l, types.ManagedPrefixList{PrefixListId: p.PrefixListId, PrefixListName: p.PrefixListName, AddressFamily: new("IPv4"),
			OwnerId: new("AWS"), PrefixListArn: new(arn), State: types.PrefixListStateCreateComplete})
	}
	l, err = res.Pick(l, filters(in.Filters), res.Fields[types.ManagedPrefixList](managedListFilters))
	return &ec2.DescribeManagedPrefixListsOutput{PrefixLists: l}, err
}

// GetManagedPrefixListEntries lists the blocks of a prefix list.
func (e *EC2) GetManagedPrefixListEntries(_ *wire.Caller, in *ec2.GetManagedPrefixListEntriesInput) (*ec2.GetManagedPrefixListEntriesOutput, error) {
	l, err := e.pickLists(one(in.PrefixListId))
	if err != nil {
		return nil, err
	}
	out := &ec2.GetManagedPrefixListEntriesOutput{Entries: []types.PrefixListEntry{}}
	for _, c := range l[0].Cidrs {
		out.Entries = append(out.Entries, types.PrefixListEntry{Cidr: new(c)})
	}
	return out, nil
}
