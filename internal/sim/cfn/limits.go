package cfn

import "regexp"

// CloudFormation's quotas, from "Understand CloudFormation quotas" in its user guide
// (read in November 2026). Bytes, characters or counts, as the name says.
const (
	maxBodyBytes        = 51200       // a template body in a request
	maxDescriptionBytes = 1024        // the template's description
	maxResources        = 500         // in a template
	maxOutputs          = 200         // in a template
	maxParameters       = 200         // in a template
	maxMappings         = 200         // in a template
	maxMappingKeys      = 200         // attributes of one mapping
	maxNameChars        = 255         // of a resource, output, parameter, mapping or attribute
	maxParameterBytes   = 4096        // a parameter's value
	maxOutputBytes      = 4096        // an output's value
	maxTags             = 50          // of a stack
	maxConditionArgs    = 10          // of Fn::And and Fn::Or
	maxCidrs            = 256         // of Fn::Cidr
	maxExpandedBytes    = 1024 * 1024 // of a template in S3, so of what its functions may make of one
)

var (
	stackNameRE = regexp.MustCompile(`^[a-zA-Z][-a-zA-Z0-9]{0,127}$`)
	logicalRE   = regexp.MustCompile(`^[a-zA-Z0-9]+$`)
	subRE       = regexp.MustCompile(`\$\{([^!}][^}]*)\}`)
)

// within refuses a section with too many members or with a name too long; what is
// the section's singular, such as resource.
func within[T any](what string, m map[string]T, most int) error {
	if n := len(m); n > most {
		return said("Template format error: Number of %ss, %d, is greater than maximum allowed, %d", what, n, most)
	}
	for _, n := range sorted(m) {
		if len(n) > maxNameChars {
			return said("Template format error: %s name %s is longer than maximum allowed, %d", title(what), n, maxNameChars)
		}
		if !logicalRE.MatchString(n) {
			return said("Template format error: %s name %s is non alphanumeric.", title(what), n)
		}
	}
	return nil
}
