package ssm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// arn of one of the account's parameters: a name without slashes is below one too.
func (s *SSM) arn(name string) string {
	return "arn:" + s.Partition + ":ssm:" + s.Region + ":" + s.Account + ":parameter/" + strings.TrimPrefix(name, "/")
}

// view is a version as it is read: a secret one encrypted, unless it is to be decrypted.
func (s *SSM) view(h *types.ParameterHistory, decrypted bool) (types.Parameter, error) {
	p := types.Parameter{Name: h.Name, Value: h.Value, Type: h.Type, DataType: h.DataType, Version: h.Version, LastModifiedDate: h.LastModifiedDate,
		ARN: new(s.arn(*h.Name))}
	if h.Type == types.ParameterTypeSecureString && decrypted {
		plain, err := s.open(p)
		if err != nil {
			return p, err
		}
		p.Value = &plain
	}
	return p, nil
}

// find reads a parameter by name or ARN, with a version or a label behind a colon.
func (s *SSM) find(asked *string, decrypted bool) (*types.Parameter, error) {
	name := aws.ToString(asked)
	if _, local, ok := strings.Cut(name, ":parameter"); ok && strings.HasPrefix(name, "arn:") {
		name = local
		if s.parameters.Get(name) == nil {
			name = strings.TrimPrefix(local, "/")
		}
	}
	if p := s.public(name); p != nil {
		return p, nil
	}
	name, selector, chosen := strings.Cut(name, ":")
	own := s.parameters.Get(name)
	if own == nil {
		return nil, notFound(asked)
	}
	h := &own.Versions[len(own.Versions)-1]
	if chosen {
		n, err := strconv.ParseInt(selector, 10, 64)
		at := slices.IndexFunc(own.Versions, func(v types.ParameterHistory) bool { return err == nil && v.Version == n })
		if at < 0 {
			return nil, wire.Errorf("ParameterVersionNotFound", "Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name)
		}
		h = &own.Versions[at]
	}
	p, err := s.view(h, decrypted)
	if chosen {
		p.Selector = new(":" + selector)
	}
	return &p, err
}

// GetParameter reads one parameter.
func (s *SSM) GetParameter(_ *wire.Caller, in *ssm.GetParameterInput) (*ssm.GetParameterOutput, error) {
	p, err := s.find(in.Name, aws.ToBool(in.WithDecryption))
	if err != nil {
		return nil, err
	}
	return &ssm.GetParameterOutput{Parameter: p}, nil
}

// GetParameters reads several, and tells which are not there.
func (s *SSM) GetParameters(_ *wire.Caller, in *ssm.GetParametersInput) (*ssm.GetParametersOutput, error) {
	out := &ssm.GetParametersOutput{Parameters: []types.Parameter{}, InvalidParameters: []string{}}
	for _, n := range in.Names {
		if p, err := s.find(&n, aws.ToBool(in.WithDecryption)); err != nil {
			out.InvalidParameters = append(out.InvalidParameters, n)
		} else {
			out.Parameters = append(out.Parameters, *p)
		}
	}
	return out, nil
}

// GetParametersByPath reads all below a path, or at that level alone.
func (s *SSM) GetParametersByPath(_ *wire.Caller, in *ssm.GetParametersByPathInput) (*ssm.GetParametersByPathOutput, error) {
	path := aws.ToString(in.Path)
	if !strings.HasPrefix(path, "/") {
		return nil, invalid("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".")
	}
	match, err := matcher(in.ParameterFilters, "Type", "KeyId", "Label")
	if err != nil {
		return nil, err
	}
	out := &ssm.GetParametersByPathOutput{Parameters: []types.Parameter{}}
	for _, n := range names() {
		if p := s.public(n); p != nil && below(path, n, aws.ToBool(in.Recursive)) && match(&parameter{Name: n, Versions: []types.ParameterHistory{{Type: p.Type}}}) {
			out.Parameters = append(out.Parameters, *p)
		}
	}
	for _, own := range s.parameters.All() {
		if below(path, own.Name, aws.ToBool(in.Recursive)) && match(own) {
			p, err := s.view(own.newest(), aws.ToBool(in.WithDecryption))
			if err != nil {
				return nil, err
			}
			out.Parameters = append(out.Parameters, p)
		}
	}
	return out, nil
}

// below tells whether a name is below a path: deeply, or by one level.
func below(path, name string, deeply bool) bool {
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(path, "/")+"/")
	return ok && rest != "" && (deeply || !strings.Contains(rest, "/"))
}

func (p *parameter) newest() *types.ParameterHistory { return &p.Versions[len(p.Versions)-1] }

// GetParameterHistory reads every version.
func (s *SSM) GetParameterHistory(_ *wire.Caller, in *ssm.GetParameterHistoryInput) (*ssm.GetParameterHistoryOutput, error) {
	p := s.parameters.Get(aws.ToString(in.Name))
	if p == nil {
		return nil, notFound(in.Name)
	}
	out := &ssm.GetParameterHistoryOutput{Parameters: []types.ParameterHistory{}}
	for _, h := range p.Versions {
		v, err := s.view(&h, aws.ToBool(in.WithDecryption))
		if err != nil {
			return nil, err
		}
		h.Value = v.Value
		out.Parameters = append(out.Parameters, h)
	}
	return out, nil
}

// DescribeParameters lists the account's own, without their values.
func (s *SSM) DescribeParameters(_ *wire.Caller, in *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
	filters := slices.Clone(in.ParameterFilters)
	for _, f := range in.Filters {
		filters = append(filters, types.ParameterStringFilter{Key: new(string(f.Key)), Values: f.Values})
	}
	match, err := matcher(filters, "Name", "Type", "KeyId", "Path", "Tier", "DataType", "Label")
	if err != nil {
		return nil, err
	}
	out := &ssm.DescribeParametersOutput{Parameters: []types.ParameterMetadata{}}
	for _, p := range s.parameters.All() {
		if h := p.newest(); match(p) {
			out.Parameters = append(out.Parameters, types.ParameterMetadata{Name: h.Name, ARN: new(s.arn(p.Name)), Type: h.Type, KeyId: h.KeyId,
				LastModifiedDate: h.LastModifiedDate, LastModifiedUser: h.LastModifiedUser, Description: h.Description, AllowedPattern: h.AllowedPattern,
				Version: h.Version, Tier: h.Tier, DataType: h.DataType, Policies: []types.ParameterInlinePolicy{}})
		}
	}
	return out, nil
}

// matcher reads filters of the keys that an operation takes, and tags.
func matcher(filters []types.ParameterStringFilter, keys ...string) (func(*parameter) bool, error) {
	for _, f := range filters {
		if k := aws.ToString(f.Key); !slices.Contains(keys, k) && !strings.HasPrefix(k, "tag:") {
			return nil, wire.Errorf("InvalidFilterKey", "The following filter key is not valid: %s. Valid filter keys include: [%s].", k, strings.Join(keys, ", "))
		}
		if o := aws.ToString(f.Option); !slices.Contains([]string{"", "Equals", "BeginsWith", "Contains", "Recursive", "OneLevel"}, o) {
			return nil, wire.Errorf("InvalidFilterOption", "The following filter option is not valid: %s.", o)
		}
	}
	return func(p *parameter) bool {
		return !slices.ContainsFunc(filters, func(f types.ParameterStringFilter) bool { return !matches(p, f) })
	}, nil
}

func matches(p *parameter, f types.ParameterStringFilter) bool {
	key, option, h := aws.ToString(f.Key), aws.ToString(f.Option), p.newest()
	if key == "Path" {
		return slices.ContainsFunc(f.Values, func(v string) bool { return below(v, p.Name, option == "Recursive") })
	}
	have, there := map[string]string{"Name": p.Name, "Type": string(h.Type), "Tier": string(h.Tier), "KeyId": aws.ToString(h.KeyId),
		"DataType": aws.ToString(h.DataType)}[key], true
	if tag, ok := strings.CutPrefix(key, "tag:"); ok {
		i := slices.IndexFunc(p.Tags, func(t types.Tag) bool { return aws.ToString(t.Key) == tag })
		if there = i >= 0; there {
			have = aws.ToString(p.Tags[i].Value)
		}
	}
	return there && (len(f.Values) == 0 || slices.ContainsFunc(f.Values, func(v string) bool {
		switch option {
		case "BeginsWith":
			return strings.HasPrefix(have, v)
		case "Contains":
			return strings.Contains(have, v)
		}
		return have == v || key == "Name" && strings.TrimPrefix(have, "/") == strings.TrimPrefix(v, "/")
	}))
}
