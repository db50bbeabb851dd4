package config

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slipway-eks/slipway/internal/finding"
)

// Limits of tags (AWS General Reference, "Tagging AWS resources"): a resource has at
// most 50, beside those of AWS itself.
const (
	tagsLimit     = 50
	tagKeyLimit   = 128
	tagValueLimit = 256
)

// Tags that eksctl's contract itself puts beside the file's: on what a cluster stack
// makes (cluster names, version, OIDC, Name, role), and on what a group's does.
const (
	ownClusterTags = 6
	ownGroupTags   = 8
)

// tagCharacters are those that IAM takes, whose roles get the file's tags too.
var tagCharacters = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// tagged is a set of tags in the file. own: how many come to it from elsewhere.
type tagged struct {
	path string
	tags map[string]string
	own  int
	iam  bool // IAM roles get them: characters are few, and case does not tell keys apart
}

func (c *ClusterConfig) tagged() []tagged {
	shared := c.Metadata.Tags
	beside := func(own map[string]string, n int) int {
		for k := range shared {
			if _, both := own[k]; !both {
				n++
			}
		}
		return n
	}
	out := []tagged{{"metadata.tags", shared, ownClusterTags, true}}
	c.EachGroup(func(g Group) {
		out = append(out, tagged{g.Path + ".tags", g.Tags, beside(g.Tags, ownGroupTags), false})
	})
	for i, a := range c.Addons {
		out = append(out, tagged{fmt.Sprintf("addons[%d].tags", i), a.Tags, 0, false})
	}
	for i, a := range c.IAM.ServiceAccounts {
		out = append(out, tagged{fmt.Sprintf("iam.serviceAccounts[%d].tags", i), a.Tags, beside(a.Tags, 4), true})
	}
	for i, a := range c.IAM.PodIdentityAssociations {
		out = append(out, tagged{fmt.Sprintf("iam.podIdentityAssociations[%d].tags", i), a.Tags, beside(a.Tags, 4), true})
	}
	for i, p := range c.FargateProfiles {
		out = append(out, tagged{fmt.Sprintf("fargateProfiles[%d].tags", i), p.Tags, beside(p.Tags, 0), false})
	}
	for i, p := range c.IdentityProviders {
		out = append(out, tagged{fmt.Sprintf("identityProviders[%d].tags", i), p.Tags, 0, false})
	}
	return out
}

// tags: what AWS takes of them.
func tags(f *File) finding.Findings {
	var ps finding.Findings
	for _, t := range f.Cluster.tagged() {
		lower := map[string]string{}
		for _, k := range sorted(t.tags) {
			path := t.path + "." + k
			ps = append(ps, f.tag(path, k, t.tags[k], t.iam)...)
			if other, both := lower[strings.ToLower(k)]; both && t.iam {
				ps = append(ps, f.At("tag-ambiguous", path, "differs from %q only in case, which IAM does not tell apart", other))
			}
			lower[strings.ToLower(k)] = k
		}
		if n := len(t.tags) + t.own; len(t.tags) > 0 && n > tagsLimit {
			ps = append(ps, f.At("too-many-tags", t.path,
				"a resource has at most %d tags; there are %d here, and %d come to them from eksctl's contract and metadata.tags", tagsLimit, len(t.tags), t.own))
		}
	}
	return ps
}

func (f *File) tag(path, k, v string, iam bool) finding.Findings {
	var ps finding.Findings
	if strings.HasPrefix(strings.ToLower(k), "aws:") {
		ps = append(ps, f.At("tag-reserved", path, "keys that begin with aws: are AWS's own"))
	}
	if n := utf8.RuneCountInString(k); n == 0 || n > tagKeyLimit {
		ps = append(ps, f.At("tag-invalid", path, "a tag's key has 1 to %d characters, not %d", tagKeyLimit, n))
	}
	if n := utf8.RuneCountInString(v); n > tagValueLimit {
		ps = append(ps, f.At("tag-invalid", path, "a tag's value has at most %d characters, not %d", tagValueLimit, n))
	}
	if iam && !(tagCharacters.MatchString(k) && tagCharacters.MatchString(v)) {
		ps = append(ps, f.At("tag-invalid", path, "a tag of an IAM role has letters, digits, spaces and _.:/=+-@ alone"))
	}
	return ps
}
