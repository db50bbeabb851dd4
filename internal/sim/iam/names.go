package iam

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/iam/eval"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// IAM's quotas and forms, from "IAM and AWS STS quotas" and the API reference (read in
// November 2026). Characters, but for white space in documents.
const (
	maxRoleName    = 64
	maxPolicyName  = 128 // and of an instance profile
	maxPath        = 512
	maxDescription = 1000
	maxTags        = 50
	maxTagKey      = 128
	maxTagValue    = 256
	maxManaged     = 6144  // a managed policy
	maxInline      = 10240 // all inline policies of a role together
	maxTrust       = 2048  // a role's trust policy
	maxAttached    = 10    // managed policies of a role
)

var (
	nameRE = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathRE = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
)

// refused is IAM's validation of one member.
func refused(value, member, constraint string) *wire.Error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, constraint)
}

// checkName refuses a name that IAM does not take.
func checkName(name *string, member string, most int) error {
	n := aws.ToString(name)
	switch {
	case n == "":
		return refused(n, member, "Member must have length greater than or equal to 1")
	case len(n) > most:
		return wire.Errorf("ValidationError", "1 validation error detected: Value at '%s' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", member, most)
	case !nameRE.MatchString(n):
		return wire.Errorf("ValidationError", "The specified value for %s is invalid. "+
			"It must contain only alphanumeric characters and/or the following: +=,.@_-", member)
	}
	return nil
}

// pathOf is a path, / by default.
func pathOf(path *string) (string, error) {
	p := aws.ToString(path)
	switch {
	case path == nil:
		return "/", nil
	case len(p) > maxPath || !pathRE.MatchString(p):
		return "", wire.Errorf("ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only "+
			"alphanumeric characters and/or / characters.")
	}
	return p, nil
}

func checkDescription(d *string) error {
	if utf8.RuneCountInString(aws.ToString(d)) > maxDescription {
		return wire.Errorf("ValidationError", "1 validation error detected: Value at 'description' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxDescription)
	}
	return nil
}

// checkTags refuses tags that IAM does not take: keys differ by more than their case.
func checkTags(tags []types.Tag) error {
	if len(tags) > maxTags {
		return wire.Errorf("ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxTags)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		k, v := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case k == "" || utf8.RuneCountInString(k) > maxTagKey:
			return refused(k, "tags.1.member.key", "Member must have length less than or equal to 128")
		case utf8.RuneCountInString(v) > maxTagValue:
			return refused(v, "tags.1.member.value", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return wire.Errorf("InvalidInput", "Caller is not authorized to use system tags: tag keys must not begin with aws:")
		case seen[strings.ToLower(k)]:
			return wire.Errorf("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[strings.ToLower(k)] = true
	}
	return nil
}

// weight is a document's size as IAM counts it: white space is free.
func weight(doc string) int {
	n := 0
	for _, r := range doc {
		if !strings.ContainsRune(" \t\r\n", r) {
			n++
		}
	}
	return n
}

func malformed(err error) error { return wire.Errorf("MalformedPolicyDocument", "%s", err) }

func checkTrust(doc string) error {
	if err := eval.ValidTrust(doc); err != nil {
		return malformed(err)
	}
	if weight(doc) > maxTrust {
		return overLimit("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	return nil
}

func checkPolicy(doc string) error {
	if err := eval.ValidIdentity(doc); err != nil {
		return malformed(err)
	}
	return nil
}
