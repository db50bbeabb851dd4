// Package addon is slipway addon: the EKS add-ons of a cluster, one at a time.
package addon

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/render"
	"github.com/slipway-eks/slipway/internal/run"
)

// New is the command.
func New(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{Use: "addon", Short: "List, add, update and remove EKS add-ons of a cluster that stands"}
	c.AddCommand(newList(a), newAdd(a), newUpdate(a), newRemove(a))
	return c
}

const listLong = `Shows the EKS add-ons of a cluster: the version that is there, EKS's default and the newest that fits the control plane, how
each is, who keeps it, and for which later versions of Kubernetes it must be raised first; and what runs without EKS managing
it, though it could.`

func newList(a *cmdutil.App) *cobra.Command {
	c := &cobra.Command{
		Use: "list NAME", Aliases: []string{"ls"}, Short: "Show a cluster's add-ons, and the versions that fit", Long: listLong,
		Example: "  slipway addon list prod\n  slipway addon list prod -o json | jq '.addons[] | select(.version != .newestVersion)'",
		Args:    cmdutil.OneArg("cluster's name"),
		RunE:    func(c *cobra.Command, args []string) error { return list(c.Context(), a, args[0]) },
	}
	a.Formats(c, "text, json or yaml", "text", "json", "yaml")
	return c
}

func list(ctx context.Context, a *cmdutil.App, name string) error {
	t, err := a.OpenNamed(ctx, name)
	if err != nil {
		return err
	}
	l, err := run.Addons(ctx, t.AWS, name)
	if err != nil {
		return err
	}
	return a.Document(l, func() error { return render.Addons(a.Out, render.StyleFor(a.Out), l) })
}

// changeFlags say what an add-on is to be; those that are not given leave it as it is.
type changeFlags struct {
	cmdutil.Consent
	gateFlags
	version, values, namespace, role, resolve string
	policies                                  []string
	podIdentity                               bool
	given                                     func(string) bool
}

func (f *changeFlags) add(a *cmdutil.App, c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.version, "version", "", "the version: whole, the beginning of one, latest, or default")
	fs.StringVar(&f.values, "configuration-values", "", "its configuration, JSON or YAML, or @FILE; held against EKS's schema before anything is done")
	fs.StringVar(&f.role, "service-account-role-arn", "", "IAM role of its service account (IRSA)")
	fs.StringSliceVar(&f.policies, "attach-policy-arn", nil, "policies of a role that is made for it; may be repeated")
	fs.BoolVar(&f.podIdentity, "auto-apply-pod-identity-associations", false, "give it the permissions that EKS recommends, by pod identity")
	fs.StringVar(&f.resolve, "resolve-conflicts", "", "what becomes of fields that others set: overwrite, preserve, or none; default: ask by naming them")
	f.gateFlags.add(c)
	a.Consent(c, &f.Consent)
}

// gateFlags say how a change is watched over.
type gateFlags struct {
	gates          []string
	gateTime, soak time.Duration
}

func (f *gateFlags) add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringArrayVar(&f.gates, "gate", nil, "command that must exit 0 after the change; may be repeated")
	fs.DurationVar(&f.gateTime, "gate-timeout", 10*time.Minute, "how long a gate may stay shut")
	fs.DurationVar(&f.soak, "soak", 0, "how long all must stay as available as before, once it is, such as 10m")
}

func (f *gateFlags) watch() (plan.Watch, error) {
	if f.gateTime <= 0 || f.soak < 0 {
		return plan.Watch{}, cmdutil.Input("--gate-timeout and --soak take times such as 10m")
	}
	return plan.Watch{Gates: f.gates, GateTime: f.gateTime, Soak: f.soak}, nil
}

// gatesLong is what each changing command says of its gates.
const gatesLong = `

What is available is written down before (a ConfigMap in kube-system), and afterwards a gate must open: no Deployment, StatefulSet
or DaemonSet less available than before, and no pod that crashes again and again and did not; then every --gate command must exit 0.
It runs with SLIPWAY_CLUSTER, SLIPWAY_ADDON and SLIPWAY_STAGE=after-change. A gate that stays shut ends the command with exit code 3
where something was changed: the change stands, and what undoes it is named. The same command looks again.`

// properties are an add-on's, as in a file.
func (f *changeFlags) properties(name string) (map[string]any, error) {
	out := map[string]any{"name": name}
	for flag, x := range map[string]struct {
		property string
		value    any
	}{"version": {"version", f.version}, "namespace": {"namespaceConfig", map[string]any{"namespace": f.namespace}},
		"service-account-role-arn": {"serviceAccountRoleARN", f.role},
		"attach-policy-arn":        {"attachPolicyARNs", f.policies}, "auto-apply-pod-identity-associations": {"useDefaultPodIdentityAssociations", f.podIdentity},
		"resolve-conflicts": {"resolveConflicts", strings.ToLower(f.resolve)}} {
		if f.given(flag) {
			out[x.property] = x.value
		}
	}
	if !f.given("configuration-values") {
		return out, nil
	}
	text := f.values
	if file, is := strings.CutPrefix(text, "@"); is {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, cmdutil.Input("the configuration values cannot be read: %v", err)
		}
		text = string(b)
	}
	out["configurationValues"] = text
	return out, nil
}

const addLong = `Adds an EKS add-on to a cluster that stands: in a version that fits it, its configuration held against EKS's schema, with a role
where one is asked for. Where its objects run already, put there by somebody else, EKS takes them over as they run: it is
named whose fields are whose before that, and --resolve-conflicts says what becomes of them: overwrite, as EKS preserves in
updates only; what is to stay as it is goes into the configuration. The network plugin is never
absent meanwhile.` + gatesLong

func newAdd(a *cmdutil.App) *cobra.Command {
	var f changeFlags
	c := &cobra.Command{
		Use: "add NAME ADDON", Short: "Add an EKS add-on, or have EKS manage what runs already", Long: addLong,
		Example: "  slipway addon add prod aws-ebs-csi-driver --auto-apply-pod-identity-associations\n" +
			"  slipway addon add prod vpc-cni --resolve-conflicts overwrite\n" +
			"  slipway addon add prod coredns --configuration-values '{\"replicaCount\": 3}'",
		Args: cmdutil.Args("cluster's name", "add-on's name"),
		RunE: func(c *cobra.Command, args []string) error {
			f.given = c.Flags().Changed
			return change(c.Context(), a, f, "addon add", args)
		},
	}
	f.add(a, c)
	c.Flags().StringVar(&f.namespace, "namespace", "", "where its pods run; default: the add-on's own")
	return c
}

const updateLong = `Changes an EKS add-on: its version (to the newest that fits, where no flag says what else), configuration, role or permissions.
The VPC CNI is raised one minor at a time, as EKS wants it. Where others changed fields of its objects, each field is named with its
owner, what it is and what it was, and --resolve-conflicts says what becomes of them: overwrite takes EKS's values, preserve keeps
theirs, none refuses before EKS is asked. What others only added stays in any case.` + gatesLong

func newUpdate(a *cmdutil.App) *cobra.Command {
	var f changeFlags
	c := &cobra.Command{
		Use: "update NAME ADDON", Short: "Change an EKS add-on: version, configuration, role", Long: updateLong,
		Example: "  slipway addon update prod vpc-cni\n  slipway addon update prod coredns --version v1.12 --configuration-values @coredns.yaml",
		Args:    cmdutil.Args("cluster's name", "add-on's name"),
		RunE: func(c *cobra.Command, args []string) error {
			f.given = c.Flags().Changed
			return change(c.Context(), a, f, "addon update", args)
		},
	}
	f.add(a, c)
	return c
}

// change is the whole of both commands, in its order.
func change(ctx context.Context, a *cmdutil.App, f changeFlags, command string, args []string) error {
	e, err := f.properties(args[1])
	if err != nil {
		return err
	}
	if _, only := e["resolveConflicts"]; command == "addon update" && (len(e) == 1 || len(e) == 2 && only) {
		e["version"] = "latest"
	}
	w, err := f.watch()
	if err != nil {
		return err
	}
	a.Cluster = args[0]
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: command, Consent: f.Consent, Prepare: func(b *run.Books) (*run.Session, error) {
		return run.PrepareAddon(ctx, t.AWS, args[0], run.AddonChange{Properties: e, New: command == "addon add", Watch: w, Books: b})
	}})
}

type removeFlags struct {
	cmdutil.Consent
	gateFlags
	preserve, force bool
}

const removeLong = `Removes an EKS add-on, with the roles that were made for it. With --preserve its objects stay in Kubernetes and go on, and EKS
no longer minds them. What nodes have their network from does not go without a word: --preserve or --force.` + gatesLong

func newRemove(a *cmdutil.App) *cobra.Command {
	var f removeFlags
	c := &cobra.Command{
		Use: "remove NAME ADDON", Aliases: []string{"rm"}, Short: "Remove an EKS add-on", Long: removeLong,
		Example: "  slipway addon remove prod snapshot-controller\n  slipway addon remove prod vpc-cni --preserve",
		Args:    cmdutil.Args("cluster's name", "add-on's name"),
		RunE:    func(c *cobra.Command, args []string) error { return remove(c.Context(), a, f, args[0], args[1]) },
	}
	c.Flags().BoolVar(&f.preserve, "preserve", false, "leave its objects in Kubernetes")
	c.Flags().BoolVar(&f.force, "force", false, "take the network of nodes away, too")
	f.gateFlags.add(c)
	a.Consent(c, &f.Consent)
	return c
}

func remove(ctx context.Context, a *cmdutil.App, f removeFlags, cluster, name string) error {
	w, err := f.watch()
	if err != nil {
		return err
	}
	a.Cluster = cluster
	t, err := a.Open(ctx, nil)
	if err != nil {
		return err
	}
	return a.Change(ctx, t, cmdutil.Change{Command: "addon remove", Consent: f.Consent, Show: a.ShowRemoval, Prepare: func(b *run.Books) (*run.Session, error) {
		return run.PrepareAddonRemoval(ctx, t.AWS, cluster, run.AddonRemoval{Name: name, Preserve: f.preserve, Force: f.force, Watch: w, Books: b})
	}})
}
