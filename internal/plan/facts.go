package plan

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/slipway-eks/slipway/internal/observe"
)

// Facts are digests of what stands, by a name for each resource: a plan that was
// saved is run only where they are as they were.
func Facts(o *observe.Observed) map[string]string {
	out := map[string]string{}
	if o.Cluster != nil {
		out["the control plane"] = digest(o.Cluster)
	}
	if o.OIDCProvider != nil {
		out["the IAM OIDC provider"] = digest(o.OIDCProvider)
	}
	facts(out, "stack", o.Stacks)
	facts(out, "add-on", o.Addons)
	facts(out, "node group", o.Groups)
	facts(out, "Fargate profile", o.Profiles)
	facts(out, "access entry", o.AccessEntries)
	facts(out, "pod identity association", o.PodIdentities)
	facts(out, "identity provider", o.IdentityProviders)
	return out
}

func facts[T any](into map[string]string, what string, all map[string]*T) {
	for name, x := range all {
		into[what+" "+name] = digest(x)
	}
}

// passing are fields that move by themselves: no plan follows from them.
var passing = []string{"health", "modifiedAt", "resources"}

func digest(v any) string {
	b, err := json.Marshal(v)
	var m map[string]any
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // the observation is plain data
	}
	for _, k := range passing {
		delete(m, k)
	}
	b, err = json.Marshal(m) // keys in order
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))[:16]
}

// Moved names what is not as it was.
func Moved(was, now map[string]string) (out []string) {
	all := maps.Clone(was)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, now)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		switch {
		case was[k] == now[k]:
		case was[k] == "":
			out = append(out, k+" is new")
		case now[k] == "":
			out = append(out, k+" is gone")
		default:
			out = append(out, k+" has changed")
		}
	}
	return out
}
