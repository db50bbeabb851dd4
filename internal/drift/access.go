package drift

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/record"
)

const audience = "sts.amazonaws.com"

// access is who gets into Kubernetes, and which pods get into AWS.
var access = []Field{
	{
		Path: "access.entries.alive", Doc: "A role is not younger than its access entry, which is bound to the role of then.",
		From: []observe.Part{observe.Access, observe.Roles},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(keys(t.Live.AccessEntries), func(x Thing) bool { return t.Live.Roles[short(x.Key)] == nil || !strings.Contains(x.Key, ":role/") })
		},
		Want: func(*Truths, Thing) Reading { return says(true) },
		Live: func(t *Truths, x Thing) Reading {
			e, r := x.Data.(*observe.AccessEntry), t.Live.Roles[short(x.Key)]
			return says(!e.Outlived(r.CreateDate))
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			e, r := x.Data.(*observe.AccessEntry), t.Live.Roles[short(x.Key)]
			d.Kind, d.Severity = Gone, finding.Error
			d.What = fmt.Sprintf("the access entry of %s was made at %s, and the role at %s: the ARN is equal, and the entry is bound to the role that was deleted",
				x.Key, e.CreatedAt.UTC().Format(time.RFC3339), r.CreateDate.UTC().Format(time.RFC3339))
			d.Recorded, d.Live = nil, nil
			d.Breaks = []string{"new nodes with this role do not join (Unauthorized), though the entry looks right"}
			d.About = About{Resource: short(x.Key), Calls: []string{"DeleteRole", "CreateRole"}}
			if len(e.Policies) > 0 || len(e.Tags) > 0 {
				return // a person must make those again
			}
			again := map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key, "type": e.Type}
			if e.Type == "STANDARD" {
				again["kubernetesGroups"], again["username"] = []string(e.KubernetesGroups), e.Username
			}
			d.Repairs = []Repair{
				t.ask("takes the dead entry away", "eks", "DeleteAccessEntry", map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key}),
				t.ask("then makes it again", "eks", "CreateAccessEntry", again),
			}
		},
	},
	{
		Path: "access.entries.role", Doc: "The role of an access entry of nodes exists.", From: []observe.Part{observe.Access, observe.Roles},
		Things: func(t *Truths) []Thing {
			return slices.DeleteFunc(keys(t.Live.AccessEntries), func(x Thing) bool {
				e := x.Data.(*observe.AccessEntry)
				return !strings.HasPrefix(e.Type, "EC2") || !strings.Contains(x.Key, ":role/") || t.unread(observe.Roles, "role "+short(x.Key)) || t.nodesOf(x.Key) != ""
			})
		},
		Want: exists, Live: func(t *Truths, x Thing) Reading { return there(t.Live.Roles[short(x.Key)] != nil, x) },
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity = Gone, finding.Info
			d.What = "the access entry of " + x.Key + " is for a role that does not exist any more; a role of that name that is made later is not let in by it"
			d.About = About{Resource: short(x.Key), Calls: []string{"DeleteRole"}}
			d.Repairs = []Repair{t.ask("takes the dead entry away", "eks", "DeleteAccessEntry", map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key})}
		},
	},
	{
		Path: "access.nodes", Doc: "The role of a node group is let into Kubernetes, by an access entry or by aws-auth.",
		From: []observe.Part{observe.Nodegroups, observe.Access, observe.Scaling}, Things: nodeRoles,
		Want: func(*Truths, Thing) Reading { return says(true) },
		Live: func(t *Truths, x Thing) Reading {
			if t.Live.AccessEntries[x.Key] != nil {
				return says(true)
			}
			switch mode := t.authMode(); {
			case mode == "API":
				return says(false)
			case t.Live.Kubernetes == nil:
				return Reading{Unknown: "aws-auth was not read"}
			}
			rows, err := observe.AuthMappings(t.Live.Kubernetes.AWSAuth, "mapRoles")
			if err != nil {
				return Reading{Unknown: err.Error()}
			}
			return says(slices.ContainsFunc(rows, func(r observe.AuthMapping) bool { return r.ARN == x.Key || r.ARN == unpathed(x.Key) }))
		},
		Judge: func(t *Truths, x Thing, d *Difference) {
			d.Kind, d.Severity, d.Recorded, d.Live = Missing, finding.Error, nil, nil
			d.What = fmt.Sprintf("neither an access entry nor aws-auth lets in %s, the role of %s", x.Key, x.Data)
			d.Breaks = []string{"its nodes turn NotReady, and no new one joins (Unauthorized)"}
			d.About = About{Calls: []string{"DeleteAccessEntry"}, Mentions: x.Key}
			if t.authMode() != "CONFIG_MAP" {
				d.Repairs = []Repair{t.ask("lets the nodes in", "eks", "CreateAccessEntry",
					map[string]any{"clusterName": t.Live.Name, "principalArn": x.Key, "type": "EC2_LINUX"})}
				return
			}
			d.Repairs = []Repair{{Does: "adds the mapping, and rewrites nothing else", Command: fmt.Sprintf(
				"eksctl create iamidentitymapping --cluster %s --region %s --arn %s --username 'system:node:{{EC2PrivateDNSName}}' "+
					"--group system:bootstrappers --group system:nodes", t.Live.Name, t.Live.Region, x.Key)}}
		},
	},
	{
		Path: "access.oidcProvider.audiences", Doc: "IAM takes tokens of service accounts.", From: []observe.Part{observe.OIDC},
		Things: func(t *Truths) []Thing {
			if t.Live.OIDCProvider == nil {
				return nil
			}
			return []Thing{{}}
		},
		Want: func(*Truths, Thing) Reading { return says([]string{audience}) },
		Live: func(t *Truths, _ Thing) Reading { return says(t.Live.OIDCProvider.ClientIDList) },
		Same: holds,
		Judge: func(t *Truths, _ Thing, d *Difference) {
			d.Kind, d.Severity, d.Extra = Missing, finding.Error, nil
			d.What = "the IAM OIDC provider does not take the audience " + audience
			d.Breaks = []string{"pods cannot assume roles by their service accounts"}
			d.About = About{Calls: []string{"RemoveClientIDFromOpenIDConnectProvider"}}
			d.Repairs = []Repair{t.ask("adds it", "iam", "AddClientIDToOpenIDConnectProvider",
				map[string]any{"OpenIDConnectProviderArn": t.Live.OIDCProvider.ARN, "ClientID": audience})}
		},
	},
}

// unpathed is a role's ARN as aws-auth knows it: the authenticator drops its path.
func unpathed(arn string) string {
	account, _, _ := strings.Cut(arn, ":role/")
	return account + ":role/" + short(arn)
}

func (t *Truths) authMode() string {
	if c := t.Live.Cluster; c != nil && c.AccessConfig != nil {
		return c.AccessConfig.AuthenticationMode
	}
	return "CONFIG_MAP"
}

// nodesOf is the node group that has a role, or "".
func (t *Truths) nodesOf(arn string) string {
	for _, g := range keys(t.Live.Groups) {
		if g.Data.(*observe.Nodegroup).NodeRole == arn {
			return g.Key
		}
	}
	return ""
}

// nodeRoles are the roles of groups that should have nodes by now.
func nodeRoles(t *Truths) []Thing { return once(&t.known.nodeRoles, t.findNodeRoles) }

func (t *Truths) findNodeRoles() []Thing {
	var out []Thing
	for _, g := range keys(t.Live.Groups) {
		x := g.Data.(*observe.Nodegroup)
		if x.NodeRole != "" && x.Status != "CREATING" && x.Status != "DELETING" && !slices.ContainsFunc(out, func(y Thing) bool { return y.Key == x.NodeRole }) {
			out = append(out, Thing{x.NodeRole, "node group " + g.Key})
		}
	}
	for _, g := range t.selfManaged() {
		s := t.Live.Stacks[g.Data.(*record.Resource).Stack]
		arn := s.Outputs["InstanceRoleARN"]
		if arn != "" && t.Live.ScalingGroupOf(g.Key) != nil && !slices.ContainsFunc(out, func(y Thing) bool { return y.Key == arn }) {
			out = append(out, Thing{arn, "node group " + g.Key})
		}
	}
	return out
}
