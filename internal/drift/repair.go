package drift

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/slipway-eks/slipway/internal/record"
)

// Repair is one way to bring the truths together: a command of Slipway's, or a call of
// AWS's.
type Repair struct {
	Does    string `json:"does"`    // what changes, in words
	Command string `json:"command"` // as a person types it
	// Call is the same as a request, where it is one of AWS's.
	Call *Call `json:"call,omitempty"`
}

// Call is a request to a service of AWS's.
type Call struct {
	Service    string         `json:"service"`   // as the aws CLI names it
	Operation  string         `json:"operation"` // CreateTags
	Parameters map[string]any `json:"parameters,omitempty"`
}

// ask is a repair by a call of AWS's.
func (t *Truths) ask(does, service, operation string, parameters map[string]any) Repair {
	c := &Call{service, operation, parameters}
	return Repair{does, c.Command(t.Live.Region), c}
}

// Command is the call as the aws CLI takes it: texts and lists of them as they are,
// anything else as JSON.
func (c *Call) Command(region string) string {
	parts := []string{"aws", c.Service, kebab(c.Operation)}
	for _, k := range slices.Sorted(maps.Keys(c.Parameters)) {
		name := "--" + kebab(k)
		switch v := c.Parameters[k].(type) {
		case string:
			parts = append(parts, name, quote(v))
		case bool:
			if v {
				parts = append(parts, name)
			} else {
				parts = append(parts, "--no-"+kebab(k))
			}
		case []string:
			parts = append(parts, name)
			for _, s := range v {
				parts = append(parts, quote(s))
			}
		default:
			b, err := json.Marshal(v)
			if err != nil {
				panic(err) // parameters are plain data
			}
			parts = append(parts, name, quote(string(b)))
		}
	}
	if c.Service != "iam" {
		parts = append(parts, "--region", region)
	}
	return strings.Join(parts, " ")
}

// quote is a word of a POSIX shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) && r < unicode.MaxASCII || unicode.IsDigit(r) && r < unicode.MaxASCII || strings.ContainsRune("-_./:=,@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// kebab is a name as the aws CLI spells it: CreateTags is create-tags,
// resourcesVpcConfig is resources-vpc-config, PolicyARN is policy-arn.
func kebab(s string) string {
	var b strings.Builder
	rs := []rune(s)
	for i, r := range rs {
		if unicode.IsUpper(r) && i > 0 && (!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// sync is the repair of the record.
func (t *Truths) sync() Repair {
	return Repair{Does: "writes the live values into the outputs of " + clusterStack(t) + ", and touches no resource",
		Command: "slipway sync " + t.Live.Name + " --region " + t.Live.Region}
}

// template is the repair of the stack's template, which goes further.
func (t *Truths) template() Repair {
	return Repair{
		Does:    "takes what is gone out of the template of " + clusterStack(t) + ", and the live subnets of the control plane into the stack; it asks first",
		Command: "slipway sync " + t.Live.Name + " --template --region " + t.Live.Region}
}

// restore is the repair of the cluster: what the record has is made again.
func (t *Truths) restore() Repair {
	return Repair{
		Does:    "or the other way round: makes the subnets again that are gone, under new IDs, and attaches the control plane to them; it shows a plan first",
		Command: "slipway restore " + t.Live.Name + " --only network,vpc.controlPlaneSubnetIDs --region " + t.Live.Region,
	}
}

// owned puts first what is to be done about a resource that Terraform keeps: its next run
// puts back what its code says, so the code decides. Slipway writes nothing of it.
func owned(d *Difference, r *record.Resource) {
	if r.Stack != record.Terraform {
		return
	}
	calls := slices.DeleteFunc(d.Repairs, func(x Repair) bool { return x.Call == nil })
	d.Repairs = append([]Repair{{Does: "Terraform keeps it (" + r.LogicalID + "): shows what it would put back; what is to stay goes into its code",
		Command: "terraform plan -target=" + quote(r.LogicalID)}}, calls...)
}

// follow is the repair by the file.
func (t *Truths) follow() Repair {
	return Repair{Does: "brings the cluster to the file", Command: "slipway up -f " + quote(t.File)}
}
