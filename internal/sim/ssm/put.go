package ssm

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Limits of Parameter Store ("Quotas" of Systems Manager in the AWS General Reference).
const (
	maxStandard = 4096
	maxAdvanced = 8192
	maxVersions = 100
	maxLevels   = 15
	maxTags     = 50
	maxName     = 1011
)

var nameRE = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

func checkName(name string) error {
	first, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(name, "/")), "/")
	switch {
	case strings.HasPrefix(first, "aws"):
		return wire.Errorf("AccessDeniedException", "No access to reserved parameter name: %s.", name)
	case strings.HasPrefix(first, "ssm"), len(name) > maxName, !nameRE.MatchString(name), strings.Contains(name, "//"), strings.HasSuffix(name, "/"):
		return invalid("Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided " +
			"by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
	case strings.Contains(name, "/") && !strings.HasPrefix(name, "/"):
		return invalid("Parameter name must be a fully qualified name.")
	case strings.Count(name, "/") > maxLevels:
		return wire.Errorf("HierarchyLevelLimitExceededException", "A hierarchy can have a maximum of %d levels.", maxLevels)
	}
	return nil
}

// PutParameter makes a parameter, or a new version of one.
func (s *SSM) PutParameter(c *wire.Caller, in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	name, value := aws.ToString(in.Name), aws.ToString(in.Value)
	if err := checkName(name); err != nil {
		return nil, err
	}
	p := s.parameters.Get(name)
	h := types.ParameterHistory{Name: new(name), Type: in.Type, Tier: in.Tier, DataType: in.DataType, Description: in.Description,
		AllowedPattern: in.AllowedPattern,
		Version:        1, LastModifiedDate: new(s.w.Date()), LastModifiedUser: new(c.ARN), Labels: []string{}, Policies: []types.ParameterInlinePolicy{}}
	switch {
	case p != nil && !aws.ToBool(in.Overwrite):
		return nil, wire.Errorf("ParameterAlreadyExists",
			"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case p != nil && len(in.Tags) > 0:
		return nil, invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. " +
			"To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	case p == nil && in.Type == "":
		return nil, invalid("A parameter type is required when you create a parameter.")
	case p != nil:
		old := p.newest()
		h.Version = old.Version + 1
		if h.Type == "" {
			h.Type = old.Type
		}
		if h.Tier == "" {
			h.Tier = old.Tier
		}
		if h.Description == nil {
			h.Description = old.Description
		}
		if h.DataType == nil {
			h.DataType = old.DataType
		}
	}
	if err := s.whole(&h, value, in.KeyId); err != nil {
		return nil, err
	}
	if p == nil {
		if len(in.Tags) > maxTags {
			return nil, wire.Errorf("TooManyTagsError", "The number of tags exceeds the maximum of %d.", maxTags)
		}
		p = s.parameters.Put(name, &parameter{Name: name, Tags: in.Tags})
	}
	if p.Versions = append(p.Versions, h); len(p.Versions) > maxVersions {
		p.Versions = slices.Clone(p.Versions[1:])
	}
	return &ssm.PutParameterOutput{Version: h.Version, Tier: h.Tier}, nil
}

// whole completes a version with its tier, its kind of data and its value.
func (s *SSM) whole(h *types.ParameterHistory, value string, key *string) error {
	if h.Tier == "" || h.Tier == types.ParameterTierIntelligentTiering {
		h.Tier = types.ParameterTierStandard
		if len(value) > maxStandard {
			h.Tier = types.ParameterTierAdvanced
		}
	}
	if h.DataType == nil {
		h.DataType = new("text")
	}
	most := map[types.ParameterTier]int{types.ParameterTierStandard: maxStandard, types.ParameterTierAdvanced: maxAdvanced}[h.Tier]
	switch {
	case len(value) > most:
		return invalid("%s tier parameters support a maximum parameter value of %d characters.", h.Tier, most)
	case h.AllowedPattern != nil:
		re, err := regexp.Compile("^(?:" + *h.AllowedPattern + ")$")
		if err != nil {
			return wire.Errorf("InvalidAllowedPatternException", "The regular expression %s is not valid", *h.AllowedPattern)
		}
		if !re.MatchString(value) {
			return wire.Errorf("ParameterPatternMismatchException", "Parameter value, '%s', failed to satisfy constraint: Value must satisfy regular expression "+
				"pattern: %s", value, *h.AllowedPattern)
		}
	}
	h.Value = new(value)
	if h.Type != types.ParameterTypeSecureString {
		return nil
	}
	if h.KeyId = key; key == nil {
		h.KeyId = new("alias/aws/ssm")
	}
	if _, err := s.kms.DescribeKey(nil, &kms.DescribeKeyInput{KeyId: h.KeyId}); err != nil { // which makes AWS's own key
		return wire.Errorf("InvalidKeyId", "%s", err)
	}
	sealed, err := s.kms.Encrypt(nil, &kms.EncryptInput{KeyId: h.KeyId, Plaintext: []byte(value), EncryptionContext: s.context(*h.Name)})
	if err != nil {
		return wire.Errorf("InvalidKeyId", "%s", err)
	}
	h.Value = new(base64.StdEncoding.EncodeToString(sealed.CiphertextBlob))
	return nil
}

// context binds a secret to its parameter, as Parameter Store does.
func (s *SSM) context(name string) map[string]string {
	return map[string]string{"PARAMETER_ARN": s.arn(name)}
}

// open decrypts a secret.
func (s *SSM) open(p types.Parameter) (string, error) {
	sealed, err := base64.StdEncoding.DecodeString(*p.Value)
	if err != nil {
		return "", err
	}
	out, err := s.kms.Decrypt(nil, &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: s.context(*p.Name)})
	if err != nil {
		return "", wire.Errorf("InvalidKeyId", "%s", err)
	}
	return string(out.Plaintext), nil
}

// DeleteParameter removes a parameter.
func (s *SSM) DeleteParameter(_ *wire.Caller, in *ssm.DeleteParameterInput) (*ssm.DeleteParameterOutput, error) {
	if s.parameters.Get(aws.ToString(in.Name)) == nil {
		return nil, notFound(in.Name)
	}
	s.parameters.Delete(*in.Name)
	return &ssm.DeleteParameterOutput{}, nil
}

// DeleteParameters removes several, and tells which were not there.
func (s *SSM) DeleteParameters(_ *wire.Caller, in *ssm.DeleteParametersInput) (*ssm.DeleteParametersOutput, error) {
	out := &ssm.DeleteParametersOutput{DeletedParameters: []string{}, InvalidParameters: []string{}}
	for _, n := range in.Names {
		if s.parameters.Get(n) == nil {
			out.InvalidParameters = append(out.InvalidParameters, n)
			continue
		}
		s.parameters.Delete(n)
		out.DeletedParameters = append(out.DeletedParameters, n)
	}
	return out, nil
}

// tagged is a parameter to be tagged: nothing else of the service can be here.
func (s *SSM) tagged(kind types.ResourceTypeForTagging, id *string) (*parameter, error) {
	p := s.parameters.Get(aws.ToString(id))
	if kind != types.ResourceTypeForTaggingParameter || p == nil {
		return nil, wire.Errorf("InvalidResourceId", "The resource ID %s is not valid. Verify that you entered the correct ID and try again.", aws.ToString(id))
	}
	return p, nil
}

// AddTagsToResource tags a parameter.
func (s *SSM) AddTagsToResource(_ *wire.Caller, in *ssm.AddTagsToResourceInput) (*ssm.AddTagsToResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(p.Tags)
	for _, t := range in.Tags {
		all = append(without(all, []string{aws.ToString(t.Key)}), t)
	}
	if len(all) > maxTags {
		return nil, wire.Errorf("TooManyTagsError", "The number of tags exceeds the maximum of %d.", maxTags)
	}
	p.Tags = all
	return &ssm.AddTagsToResourceOutput{}, nil
}

func without(tags []types.Tag, keys []string) []types.Tag {
	return slices.DeleteFunc(slices.Clone(tags), func(t types.Tag) bool { return slices.Contains(keys, aws.ToString(t.Key)) })
}

// RemoveTagsFromResource takes tags away.
func (s *SSM) RemoveTagsFromResource(_ *wire.Caller, in *ssm.RemoveTagsFromResourceInput) (*ssm.RemoveTagsFromResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	p.Tags = without(p.Tags, in.TagKeys)
	return &ssm.RemoveTagsFromResourceOutput{}, nil
}

// ListTagsForResource lists a parameter's tags.
func (s *SSM) ListTagsForResource(_ *wire.Caller, in *ssm.ListTagsForResourceInput) (*ssm.ListTagsForResourceOutput, error) {
	p, err := s.tagged(in.ResourceType, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return &ssm.ListTagsForResourceOutput{TagList: append([]types.Tag{}, p.Tags...)}, nil
}
