package run

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
)

// subjects are the members of requests that name what a call is about, the most special
// first, and where the observation has that.
var subjects = []struct {
	member string
	find   func(o *observe.Observed, name string) any
}{
	{"addonname", func(o *observe.Observed, n string) any { return o.Addons[n] }},
	{"nodegroupname", func(o *observe.Observed, n string) any { return o.Groups[n] }},
	{"fargateprofilename", func(o *observe.Observed, n string) any { return o.Profiles[n] }},
	{"principalarn", func(o *observe.Observed, n string) any { return o.AccessEntries[n] }},
	{"autoscalinggroupname", func(o *observe.Observed, n string) any { return o.ScalingGroups[n] }},
	{"loggroupname", func(o *observe.Observed, n string) any { return o.LogGroups[n] }},
	{"rolename", func(o *observe.Observed, n string) any { return o.Roles[n] }},
	{"keyname", func(o *observe.Observed, n string) any { return o.KeyPairs[n] }},
	{"stackname", stackBefore},
	{"associationid", func(o *observe.Observed, n string) any {
		for _, p := range o.PodIdentities {
			if p.ID == n {
				return p
			}
		}
		return nil
	}},
	{"openidconnectproviderarn", func(o *observe.Observed, _ string) any { return o.OIDCProvider }},
	{"clustername", clusterBefore},
	{"name", clusterBefore},
}

func clusterBefore(o *observe.Observed, name string) any {
	if name != o.Name {
		return nil
	}
	return o.Cluster
}

// stackBefore is a stack by its name or its ID, without its template, which the snapshot has.
func stackBefore(o *observe.Observed, name string) any {
	for _, s := range o.Stacks {
		if s.Name == name || s.ID == name {
			short := *s
			short.Template = ""
			return &short
		}
	}
	return nil
}

// before is what a call is about, as it stood before the operation; nil where it was not
// there, or nobody can tell.
func before(o *observe.Observed, request json.RawMessage) json.RawMessage {
	if o == nil || len(request) == 0 {
		return nil
	}
	named := members(request)
	for _, s := range subjects {
		name := named[s.member]
		if name == "" {
			continue
		}
		found := s.find(o, name)
		if v := reflect.ValueOf(found); !v.IsValid() || v.IsNil() {
			return nil
		}
		b, err := json.Marshal(found)
		if err != nil {
			return nil
		}
		return b
	}
	return nil
}

// members are a request's own texts, by their names in lower case: services write them
// in different ones.
func members(request json.RawMessage) map[string]string {
	var all map[string]any
	if json.Unmarshal(request, &all) != nil {
		return nil
	}
	out := map[string]string{}
	for k, v := range all {
		if s, ok := v.(string); ok {
			out[strings.ToLower(k)] = s
		}
	}
	return out
}
