package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"sigs.k8s.io/yaml"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
)

var addons = Check{
	Name:   "addons",
	Title:  "EKS has the add-ons, in the versions named, for this Kubernetes, and their schema takes the configuration values",
	Source: "eks:DescribeAddonVersions, eks:DescribeAddonConfiguration",
	Codes:  []string{"addon-not-offered", "addon-version-not-offered", "addon-configuration-invalid", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		var out finding.Findings
		for i, a := range in.Config.Addons {
			if !a.Implied && in.Live.Addons[a.Name] == nil || a.ConfigurationValues != "" {
				out = append(out, in.addon(ctx, fmt.Sprintf("addons[%d]", i), a)...)
			}
		}
		return out
	},
}

func (in *Input) addon(ctx context.Context, path string, a config.Addon) finding.Findings {
	kubernetes := in.Config.Metadata.Version
	versions, err := in.addonVersions(ctx, a.Name, kubernetes)
	if err != nil && !awsc.NotFound(err) {
		return unread("the versions of add-on "+a.Name, err)
	}
	if len(versions) == 0 {
		return in.unknownAddon(ctx, path, a.Name, kubernetes)
	}
	version := matching(versions, a.Version)
	if version == "" {
		return finding.Findings{in.at("addon-version-not-offered", path+".version", "one of "+strings.Join(versionNames(versions), ", ")+"; or latest",
			"the add-on %s has no version %s for Kubernetes %s", a.Name, a.Version, kubernetes)}
	}
	if a.ConfigurationValues == "" {
		return nil
	}
	out, err := in.AWS.EKS.DescribeAddonConfiguration(ctx, &eks.DescribeAddonConfigurationInput{AddonName: &a.Name, AddonVersion: &version})
	if err != nil {
		return unread("the configuration schema of add-on "+a.Name, err)
	}
	wrong, err := against(aws.ToString(out.ConfigurationSchema), a.ConfigurationValues)
	if err != nil {
		return nil // a schema that is none says nothing
	}
	var fs finding.Findings
	for _, w := range wrong {
		fs = append(fs, in.at(
			"addon-configuration-invalid",
			path+".configurationValues",
			"aws eks describe-addon-configuration --addon-name "+a.Name+" --addon-version "+version+" prints the schema",
			"the add-on %s does not take this: %s",
			a.Name,
			w,
		))
	}
	return fs
}

func (in *Input) addonVersions(ctx context.Context, name, kubernetes string) ([]types.AddonVersionInfo, error) {
	ask := &eks.DescribeAddonVersionsInput{KubernetesVersion: &kubernetes, AddonName: &name}
	all, err := awsc.Collect(ctx, eks.NewDescribeAddonVersionsPaginator(in.AWS.EKS, ask),
		func(o *eks.DescribeAddonVersionsOutput) []types.AddonInfo { return o.Addons })
	var out []types.AddonVersionInfo
	for _, a := range all {
		out = append(out, a.AddonVersions...)
	}
	return out, err
}

// unknownAddon says which add-on may have been meant.
func (in *Input) unknownAddon(ctx context.Context, path, name, kubernetes string) finding.Findings {
	all, err := awsc.Collect(ctx, eks.NewDescribeAddonVersionsPaginator(in.AWS.EKS, &eks.DescribeAddonVersionsInput{KubernetesVersion: &kubernetes}),
		func(o *eks.DescribeAddonVersionsOutput) []types.AddonInfo { return o.Addons })
	if err != nil {
		return unread("the add-ons on offer", err)
	}
	var names []string
	for _, a := range all {
		names = append(names, aws.ToString(a.AddonName))
	}
	slices.Sort(names)
	remedy := "one of " + strings.Join(names, ", ")
	if near := config.Nearest(name, names); near != "" {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return finding.Findings{in.at("addon-not-offered", path+".name", remedy, "EKS has no add-on %q for Kubernetes %s", name, kubernetes)}
}

// matching is the version that a file means: the newest, the default, one by its full
// name, or the newest that begins so; "" where there is none. versions come newest
// first.
func matching(versions []types.AddonVersionInfo, want string) string {
	for _, v := range versions {
		name := aws.ToString(v.AddonVersion)
		switch {
		case want == "latest", name == want, strings.HasPrefix(name, want+"-"), strings.HasPrefix(name, "v"+want):
			return name
		case want == "", want == "default":
			if slices.ContainsFunc(v.Compatibilities, func(c types.Compatibility) bool { return c.DefaultVersion }) {
				return name
			}
		}
	}
	return ""
}

func versionNames(versions []types.AddonVersionInfo) []string {
	var out []string
	for _, v := range versions {
		out = append(out, aws.ToString(v.AddonVersion))
	}
	return out
}

// against lists what a JSON schema does not take of a document in YAML or JSON. The
// error is that the schema cannot be read.
func against(schema, document string) ([]string, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		return nil, err
	}
	b, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		return []string{err.Error()}, nil
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return []string{err.Error()}, nil
	}
	err = s.Validate(v)
	var bad *jsonschema.ValidationError
	if errors.As(err, &bad) {
		return leaves(bad), nil
	}
	return nil, nil
}

// leaves are the innermost causes of a validation error: where, and what.
func leaves(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		where := strings.Join(e.InstanceLocation, ".")
		if where == "" {
			where = "at the top"
		}
		if k, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
			return []string{fmt.Sprintf("%s: unknown key %s", where, strings.Join(k.Properties, ", "))}
		}
		_, what, _ := strings.Cut(e.Error(), ": ")
		return []string{where + ": " + what}
	}
	var out []string
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
