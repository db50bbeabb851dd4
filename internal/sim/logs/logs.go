// Package logs simulates CloudWatch Logs in a region: groups with retention, key and
// tags, streams and their events. It must not know what is logged.
package logs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Logs is the service's state in one region.
type Logs struct {
	res.Registry
	w      *world.World
	prefix string
	// Encrypts tells whether a KMS key exists and is enabled.
	Encrypts func(key string) bool

	groups  *res.Kind[group]
	streams *res.Owned[stream] // by group
}

type group struct {
	types.LogGroup
	Tags map[string]string
}

// New is a region without log groups.
func New(w *world.World, region, account, partition string) *Logs {
	l := &Logs{w: w, prefix: "arn:" + partition + ":logs:" + region + ":" + account + ":log-group:", Encrypts: func(string) bool { return true }}
	l.groups = res.Add(&l.Registry, &res.Kind[group]{Name: "log-group", Key: func(g *group) string { return aws.ToString(g.LogGroupName) },
		ARN:      func(g *group) string { return *g.LogGroupArn },
		Tags:     func(g *group) map[string]string { return g.Tags },
		SetTags:  func(g *group, tags map[string]string) { g.Tags = tags },
		Complete: l.complete})
	l.streams = res.AddOwned(&l.Registry, &res.Owned[stream]{Owner: func(s *stream) string { return s.Group },
		Kind: res.Kind[stream]{Name: "log-stream", Key: func(s *stream) string { return aws.ToString(s.LogStreamName) }}})
	return l
}

// Ensure makes a log group unless it exists, as EKS does when logging is on.
func (l *Logs) Ensure(name string) {
	if l.groups.Get(name) == nil {
		_ = l.complete(l.groups.Put(name, &group{LogGroup: types.LogGroup{LogGroupName: new(name)}})) // it cannot fail
	}
}

// complete gives a log group of a name the rest.
func (l *Logs) complete(g *group) error {
	arn := l.prefix + *g.LogGroupName
	g.LogGroupArn, g.Arn, g.CreationTime = new(arn), new(arn+":*"), new(l.w.Date().UnixMilli())
	g.StoredBytes, g.MetricFilterCount = new(int64(0)), new(int32(0))
	if g.LogGroupClass == "" {
		g.LogGroupClass = types.LogGroupClassStandard
	}
	return nil
}

// Register adds the operations.
func (l *Logs) Register(s *wire.Service) {
	wire.Handle(s, "CreateLogGroup", l.CreateLogGroup)
	wire.Handle(s, "DescribeLogGroups", l.DescribeLogGroups)
	wire.Handle(s, "DeleteLogGroup", l.DeleteLogGroup)
	wire.Handle(s, "PutRetentionPolicy", l.PutRetentionPolicy)
	wire.Handle(s, "DeleteRetentionPolicy", l.DeleteRetentionPolicy)
	wire.Handle(s, "AssociateKmsKey", l.AssociateKmsKey)
	wire.Handle(s, "DisassociateKmsKey", l.DisassociateKmsKey)
	l.registerTags(s)
	l.registerStreams(s)
}

func invalid(format string, a ...any) error {
	return wire.Errorf("InvalidParameterException", format, a...)
}

var nameRE = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)

// named is a group by its name or its ARN, with or without :* behind.
func (l *Logs) named(name *string) (*group, error) {
	n := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(name), l.prefix), ":*")
	if g := l.groups.Get(n); g != nil {
		return g, nil
	}
	return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
}

// CreateLogGroup makes an empty group.
func (l *Logs) CreateLogGroup(_ *wire.Caller, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	name := aws.ToString(in.LogGroupName)
	switch {
	case !nameRE.MatchString(name):
		return nil, invalid("1 validation error detected: Value '%s' at 'logGroupName' failed to satisfy constraint: "+
			`Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`, name)
	case strings.HasPrefix(strings.ToLower(name), "aws/"):
		return nil, invalid("Log groups starting with AWS/ are reserved for AWS.")
	case l.groups.Get(name) != nil:
		return nil, wire.Errorf("ResourceAlreadyExistsException", "The specified log group already exists")
	case in.KmsKeyId != nil && !l.Encrypts(*in.KmsKeyId):
		return nil, noKey(*in.KmsKeyId)
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	l.Ensure(name)
	g := l.groups.Get(name)
	g.KmsKeyId, g.Tags = in.KmsKeyId, in.Tags
	if in.LogGroupClass != "" {
		g.LogGroupClass = in.LogGroupClass
	}
	g.DeletionProtectionEnabled = in.DeletionProtectionEnabled
	return &cloudwatchlogs.CreateLogGroupOutput{}, nil
}

func noKey(key string) error {
	return invalid("The specified KMS Key Id could not be found or is disabled: %s", key)
}

// DescribeLogGroups lists groups by name.
func (l *Logs) DescribeLogGroups(_ *wire.Caller, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	if in.LogGroupNamePattern != nil && in.LogGroupNamePrefix != nil {
		return nil, invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
	}
	out := &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{}}
	for _, g := range l.groups.All() {
		name := *g.LogGroupName
		switch {
		case !strings.HasPrefix(name, aws.ToString(in.LogGroupNamePrefix)):
		case !strings.Contains(strings.ToLower(name), strings.ToLower(aws.ToString(in.LogGroupNamePattern))):
		case in.LogGroupClass != "" && g.LogGroupClass != in.LogGroupClass:
		case len(in.LogGroupIdentifiers) > 0 && !slices.Contains(in.LogGroupIdentifiers, name) && !slices.Contains(in.LogGroupIdentifiers, *g.LogGroupArn):
		default:
			out.LogGroups = append(out.LogGroups, g.LogGroup)
		}
	}
	slices.SortFunc(out.LogGroups, func(a, b types.LogGroup) int { return strings.Compare(*a.LogGroupName, *b.LogGroupName) })
	return out, nil
}

// DeleteLogGroup removes a group with its streams.
func (l *Logs) DeleteLogGroup(_ *wire.Caller, in *cloudwatchlogs.DeleteLogGroupInput) (*cloudwatchlogs.DeleteLogGroupOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(g.DeletionProtectionEnabled) {
		return nil, wire.Errorf("ValidationException", "The log group %s has deletion protection enabled.", *g.LogGroupName)
	}
	l.streams.Drop(*g.LogGroupName)
	l.groups.Delete(*g.LogGroupName)
	return &cloudwatchlogs.DeleteLogGroupOutput{}, nil
}

// retentions are the days for which events may be kept (PutRetentionPolicy in the API
// reference).
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy keeps events so many days.
func (l *Logs) PutRetentionPolicy(_ *wire.Caller, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(retentions, aws.ToInt32(in.RetentionInDays)) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: %s",
			aws.ToInt32(in.RetentionInDays), strings.ReplaceAll(fmt.Sprint(retentions), " ", ", "))
	}
	g.RetentionInDays = in.RetentionInDays
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy keeps events for ever.
func (l *Logs) DeleteRetentionPolicy(_ *wire.Caller, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	g, err := l.named(in.LogGroupName)
	if err != nil {
		return nil, err
	}
	g.RetentionInDays = nil
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}

// AssociateKmsKey encrypts what is logged from now on.
func (l *Logs) AssociateKmsKey(_ *wire.Caller, in *cloudwatchlogs.AssociateKmsKeyInput) (*cloudwatchlogs.AssociateKmsKeyOutput, error) {
	g, err := l.named(either(in.LogGroupName, in.ResourceIdentifier))
	if err != nil {
		return nil, err
	}
	if !l.Encrypts(aws.ToString(in.KmsKeyId)) {
		return nil, noKey(aws.ToString(in.KmsKeyId))
	}
	g.KmsKeyId = in.KmsKeyId
	return &cloudwatchlogs.AssociateKmsKeyOutput{}, nil
}

// DisassociateKmsKey ends that.
func (l *Logs) DisassociateKmsKey(_ *wire.Caller, in *cloudwatchlogs.DisassociateKmsKeyInput) (*cloudwatchlogs.DisassociateKmsKeyOutput, error) {
	g, err := l.named(either(in.LogGroupName, in.ResourceIdentifier))
	if err != nil {
		return nil, err
	}
	g.KmsKeyId = nil
	return &cloudwatchlogs.DisassociateKmsKeyOutput{}, nil
}

func either(a, b *string) *string {
	if a != nil {
		return a
	}
	return b
}
