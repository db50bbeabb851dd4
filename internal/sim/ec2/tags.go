package ec2

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerTags(s *wire.Service) {
	handle(e, s, "CreateTags", e.CreateTags)
	handle(e, s, "DeleteTags", e.DeleteTags)
	handle(e, s, "DescribeTags", e.DescribeTags)
}

// handle registers an operation. Its tags are checked before: those of a client may not
// be as AWS's own.
func handle[I, O any](e *EC2, s *wire.Service, name string, f func(*wire.Caller, *I) (*O, error)) {
	tags, specified := reflect.TypeFor[I]().FieldByName("TagSpecifications")
	wire.Handle(s, name, func(c *wire.Caller, in *I) (*O, error) {
		if specified {
			specs, _ := reflect.ValueOf(in).Elem().FieldByIndex(tags.Index).Interface().([]types.TagSpecification) // the one type of that name
			for _, x := range specs {
				if err := checkTags(nil, x.Tags); err != nil {
					return nil, err
				}
			}
		}
		return f(c, in)
	})
}

// maxTags is how many tags a resource may have, AWS's own not counted.
const maxTags = 50

// checkTags refuses tags that a client may not set on what has some already.
func checkTags(have map[string]string, tags []types.Tag) error {
	all := map[string]bool{}
	for k := range have {
		all[k] = true
	}
	for _, t := range tags {
		k := aws.ToString(t.Key)
		switch {
		case k == "" || len(k) > 128:
			return wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters or is empty")
		case len(aws.ToString(t.Value)) > 256:
			return wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return wire.Errorf("InvalidParameterValue",
				"Value ( %s ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use", k)
		}
		all[k] = true
	}
	for k := range all {
		if strings.HasPrefix(k, "aws:") {
			delete(all, k)
		}
	}
	if len(all) > maxTags {
		return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}

// taggable checks that there is a resource of an identifier.
func (e *EC2) taggable(id string) error {
	if prefix, _, ok := strings.Cut(id, "-"); ok {
		if has := e.byPrefix()[prefix]; has != nil {
			return has(id)
		}
	}
	return wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
}

// CreateTags sets tags on resources that are there: all or none.
func (e *EC2) CreateTags(_ *wire.Caller, in *ec2.CreateTagsInput) (*ec2.CreateTagsOutput, error) {
	for _, id := range in.Resources {
		if err := e.taggable(id); err != nil {
			return nil, err
		}
		if err := checkTags(e.tags[id], in.Tags); err != nil {
			return nil, err
		}
	}
	for _, id := range in.Resources {
		e.tag(id, in.Tags)
	}
	return &ec2.CreateTagsOutput{}, nil
}

// DeleteTags takes tags away: with a value only where it is the same, and without any
// tag all but AWS's own.
func (e *EC2) DeleteTags(_ *wire.Caller, in *ec2.DeleteTagsInput) (*ec2.DeleteTagsOutput, error) {
	for _, t := range in.Tags {
		if strings.HasPrefix(strings.ToLower(aws.ToString(t.Key)), "aws:") {
			return nil, checkTags(nil, []types.Tag{t})
		}
	}
	for _, id := range in.Resources {
		if err := e.taggable(id); err != nil {
			return nil, err
		}
	}
	for _, id := range in.Resources {
		if len(in.Tags) == 0 {
			maps.DeleteFunc(e.tags[id], func(k, _ string) bool { return !strings.HasPrefix(k, "aws:") })
		}
		for _, t := range in.Tags {
			if k := aws.ToString(t.Key); t.Value == nil || *t.Value == e.tags[id][k] {
				delete(e.tags[id], k)
			}
		}
		if len(e.tags[id]) == 0 {
			delete(e.tags, id)
		}
	}
	return &ec2.DeleteTagsOutput{}, nil
}

// DescribeTags lists the tags of every resource.
func (e *EC2) DescribeTags(_ *wire.Caller, in *ec2.DescribeTagsInput) (*ec2.DescribeTagsOutput, error) {
	l := []types.TagDescription{}
	for _, id := range slices.Sorted(maps.Keys(e.tags)) {
		for _, k := range slices.Sorted(maps.Keys(e.tags[id])) {
			l = append(l, types.TagDescription{Key: new(k), Value: new(e.tags[id][k]), ResourceId: new(id), ResourceType: resourceType(id)})
		}
	}
	var rest []res.Filter
	for _, f := range filters(in.Filters) {
		if key, ok := strings.CutPrefix(f.Name, "tag:"); ok { // a key with its value
			rest = append(rest, res.Filter{Name: "key", Values: []string{key}})
			f.Name = "value"
		}
		rest = append(rest, f)
	}
	l, err := res.Pick(l, rest, res.Fields[types.TagDescription](tagFilters))
	return &ec2.DescribeTagsOutput{Tags: l}, err
}

func (e *EC2) tag(id string, tags []types.Tag) {
	if len(tags) == 0 {
		return
	}
	if e.tags[id] == nil {
		e.tags[id] = map[string]string{}
	}
	for _, t := range tags {
		e.tags[id][aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
}

// tagSpec tags a new resource with what the specifications say of its type.
func (e *EC2) tagSpec(id string, specs []types.TagSpecification) {
	for _, s := range specs {
		if t := resourceType(id); s.ResourceType == "" || t == "" || s.ResourceType == t {
			e.tag(id, s.Tags)
		}
	}
}

func (e *EC2) tagsOf(id string) []types.Tag {
	out := []types.Tag{}
	for _, k := range slices.Sorted(maps.Keys(e.tags[id])) {
		out = append(out, types.Tag{Key: new(k), Value: new(e.tags[id][k])})
	}
	return out
}

// drop removes a resource with its tags.
func drop[T any](e *EC2, k *res.Kind[T], id string) {
	k.Delete(id)
	delete(e.tags, id)
}

// memory is how long EC2 still describes what is over (EC2 user guide: about an hour).
const memory = time.Hour

// forget has an event end what is only described.
func (e *EC2) forget(kind, id string) { e.w.Schedule(memory, kind, id, nil) }

// resourceType is what kind of thing an identifier names, by its prefix.
func resourceType(id string) types.ResourceType {
	prefix, _, _ := strings.Cut(id, "-")
	return map[string]types.ResourceType{
		"vpc": types.ResourceTypeVpc, "subnet": types.ResourceTypeSubnet, "igw": types.ResourceTypeInternetGateway,
		"eigw": types.ResourceTypeEgressOnlyInternetGateway, "eipalloc": types.ResourceTypeElasticIp, "nat": types.ResourceTypeNatgateway,
		"rtb": types.ResourceTypeRouteTable, "sg": types.ResourceTypeSecurityGroup, "sgr": types.ResourceTypeSecurityGroupRule,
		"lt": types.ResourceTypeLaunchTemplate, "i": types.ResourceTypeInstance, "ami": types.ResourceTypeImage, "key": types.ResourceTypeKeyPair,
		"eni": types.ResourceTypeNetworkInterface, "vpce": types.ResourceTypeVpcEndpoint, "pg": types.ResourceTypePlacementGroup,
		"acl": types.ResourceTypeNetworkAcl, "dopt": types.ResourceTypeDhcpOptions, "vol": types.ResourceTypeVolume, "snap": types.ResourceTypeSnapshot,
		"fl": types.ResourceTypeVpcFlowLog, "fleet": types.ResourceTypeFleet,
	}[prefix]
}

// byPrefix checks that there is a resource, by how its identifier begins.
func (e *EC2) byPrefix() map[string]func(id string) error {
	return map[string]func(string) error{
		"vpc": has(e.vpcs), "subnet": has(e.subnets), "igw": has(e.igws), "eigw": has(e.eigws), "eipalloc": has(e.addresses), "nat": has(e.nats),
		"rtb": has(e.routes), "sg": has(e.groups), "sgr": has(e.rules), "lt": has(e.templates), "i": has(e.instances), "ami": has(e.images),
		"eni": has(e.enis), "vpce": has(e.endpoints), "acl": has(e.acls), "dopt": has(e.dhcp), "vol": has(e.volumes), "snap": has(e.snapshots),
		"fl": has(e.flowLogs),
		"key": func(id string) error {
			if e.keys.Find(func(k *types.KeyPairInfo) bool { return aws.ToString(k.KeyPairId) == id }) == nil {
				return e.keys.Missing(id)
			}
			return nil
		},
		"pg": func(id string) error {
			if e.placements.Find(func(p *types.PlacementGroup) bool { return aws.ToString(p.GroupId) == id }) == nil {
				return e.placements.Missing(id)
			}
			return nil
		},
	}
}

func has[T any](k *res.Kind[T]) func(string) error {
	return func(id string) error {
		if k.Get(id) == nil {
			return k.Missing(id)
		}
		return nil
	}
}

// tagIdentity is what tells a resource without any name of its own from others.
func tagIdentity(tags []types.Tag) string {
	return identity([]types.TagSpecification{{Tags: tags}})
}
