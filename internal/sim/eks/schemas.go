package eks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"sigs.k8s.io/yaml"
)

// Parts that add-ons' configuration schemas share.
const (
	anObject    = `{"type":"object"}`
	aText       = `{"type":"string"}`
	aCount      = `{"type":"integer","minimum":0}`
	someTexts   = `{"type":"object","additionalProperties":{"type":"string"}}`
	someThings  = `{"type":["array","null"],"items":{"type":"object"}}`
	tolerations = `{"type":["array","null"],"items":{"type":"object","additionalProperties":false,"properties":{"key":{"type":"string"},` +
		`"operator":{"type":"string","enum":["Exists","Equal"]},"value":{"type":"string"},` +
		`"effect":{"type":"string","enum":["NoSchedule","PreferNoSchedule","NoExecute",""]},` +
		`"tolerationSeconds":{"type":"integer"}}}}`
	resources = `{"type":"object","additionalProperties":false,"properties":{"limits":{"type":"object"},"requests":{"type":"object"},"claims":{"type":"array"}}}`
	aSwitch   = `{"type":"boolean"}`
)

// closed is an object that takes these properties alone.
func closed(properties map[string]string) string {
	var parts []string
	for k, v := range properties {
		parts = append(parts, fmt.Sprintf("%q:%s", k, v))
	}
	slices.Sort(parts)
	return `{"type":"object","additionalProperties":false,"properties":{` + strings.Join(parts, ",") + `}}`
}

// schemas: the keys that each add-on's configuration takes, in the spirit of what
// DescribeAddonConfiguration answers; of the rest, anything is taken.
var schemas = map[string]string{
	"coredns": closed(map[string]string{"affinity": anObject, "autoScaling": closed(map[string]string{"enabled": aSwitch, "minReplicas": aCount,
		"maxReplicas": aCount}), "computeType": aText, "corefile": aText,
		"nodeSelector": someTexts, "podAnnotations": someTexts, "podDisruptionBudget": anObject, "podLabels": someTexts, "replicaCount": aCount,
		"resources": resources, "tolerations": tolerations, "topologySpreadConstraints": someThings}),
	"vpc-cni": closed(map[string]string{"affinity": anObject, "enableNetworkPolicy": aText, "enableWindowsIpam": aText,
		"enableWindowsPrefixDelegation": aText, "warmWindowsPrefixTarget": aCount, "branchENICooldown": aCount,
		"env": someTexts, "eniConfig": anObject, "init": anObject, "livenessProbeTimeoutSeconds": aCount, "minimumWindowsIPTarget": aCount, "nodeAgent": anObject,
		"nodeSelector": someTexts, "podAnnotations": someTexts,
		"podLabels": someTexts, "readinessProbeTimeoutSeconds": aCount, "resources": resources, "tolerations": tolerations, "warmWindowsIPTarget": aCount}),
	"kube-proxy": closed(map[string]string{"ipvs": closed(map[string]string{"scheduler": aText}), "mode": `{"type":"string","enum":["iptables","ipvs"]}`,
		"podAnnotations": someTexts, "podLabels": someTexts, "resources": resources}),
	"metrics-server": closed(map[string]string{"addonResizer": anObject, "affinity": anObject, "nodeSelector": someTexts, "podAnnotations": someTexts,
		"podDisruptionBudget": anObject, "podLabels": someTexts, "replicas": aCount,
		"resources": resources, "tolerations": tolerations, "topologySpreadConstraints": someThings}),
	"eks-pod-identity-agent": closed(map[string]string{"affinity": anObject, "agent": anObject, "nodeSelector": someTexts, "podAnnotations": someTexts,
		"podLabels": someTexts, "priorityClassName": aText, "resources": resources, "tolerations": tolerations, "updateStrategy": anObject}),
	"aws-ebs-csi-driver": closed(map[string]string{
		"controller": `{"type":"object","properties":{"tolerations":` + tolerations + `,"replicaCount":` + aCount + `,"resources":` + resources + `}}`,
		"node":       anObject, "sidecars": anObject,
		"defaultStorageClass": anObject, "volumeSnapshotClasses": someThings, "storageClasses": someThings, "customLabels": someTexts, "debugLogs": aSwitch,
		"fips": aSwitch, "a1CompatibilityDaemonSet": aSwitch, "additionalDaemonSets": anObject,
		"snapshotter": anObject, "nodeComponentOnly": aSwitch}),
	"aws-efs-csi-driver": closed(map[string]string{"controller": anObject, "node": anObject, "sidecars": anObject, "useFIPS": aSwitch}),
}

// schemaOf is an add-on's configuration schema.
func schemaOf(name string) string {
	s := schemas[name]
	if s == "" {
		s = anObject
	}
	return `{"$schema":"http://json-schema.org/draft-07/schema#",` + s[1:]
}

// checkValues refuses configuration values as EKS does: YAML or JSON, by the add-on's
// schema.
func checkValues(name string, values *string) error {
	if values == nil || *values == "" {
		return nil
	}
	b, err := yaml.YAMLToJSONStrict([]byte(*values))
	var v map[string]any
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		return invalid("ConfigurationValue is not in valid JSON or YAML format.")
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schemaOf(name)))
	if err != nil {
		panic(err) // the tables above are JSON
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		panic(err)
	}
	var bad *jsonschema.ValidationError
	if err := c.MustCompile("schema.json").Validate(v); errors.As(err, &bad) {
		return invalid("ConfigurationValue provided in request is not supported: Json schema validation failed with error: [%s]",
			strings.Join(complaints(bad), ", ")).Member("addonName", name)
	}
	return nil
}

// complaints are a validation's innermost errors, in the words of EKS's validator.
func complaints(e *jsonschema.ValidationError) []string {
	where := "$"
	for _, p := range e.InstanceLocation {
		where += "." + p
	}
	if k, ok := e.ErrorKind.(*kind.AdditionalProperties); ok && len(e.Causes) == 0 {
		var out []string
		for _, p := range k.Properties {
			out = append(out, fmt.Sprintf("%s.%s: is not defined in the schema and the schema does not allow additional properties", where, p))
		}
		return out
	}
	if len(e.Causes) == 0 {
		_, what, _ := strings.Cut(e.Error(), ": ")
		return []string{where + ": " + what}
	}
	var out []string
	for _, c := range e.Causes {
		out = append(out, complaints(c)...)
	}
	slices.Sort(out)
	return out
}
