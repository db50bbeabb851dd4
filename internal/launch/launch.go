// Package launch is the façade over observing, planning and running: what the
// command line, and later a controller, call. It must not render.
package launch

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/cluster"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/plan"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

// Session is one look at one cluster: what is wanted, what is there, and the plan
// between the two.
type Session struct {
	AWS  *awsc.Clients
	File *config.File
	Env  *steps.Env
	Live *cluster.Live
	Plan *plan.Plan
}

// Prepare observes, checks and plans; it changes nothing. The error is
// config.Problems or check.Failures where the input or the account is at fault.
func Prepare(ctx context.Context, c *awsc.Clients, f *config.File) (*Session, error) {
	if err := c.Identify(ctx); err != nil {
		return nil, check.Identity(err)
	}
	net, err := cluster.Network(ctx, c, f)
	if err != nil {
		return nil, check.Reach(c, err)
	}
	live, err := cluster.Observe(ctx, c, f.Cluster.Metadata.Name)
	if err != nil {
		return nil, check.Reach(c, err)
	}
	s := &Session{AWS: c, File: f, Live: live, Env: &steps.Env{AWS: c, File: f, Net: net}}
	s.Env.Unreachable = unreachable(c, f.Cluster, live)
	s.Env.Reachable = s.Env.Unreachable == ""
	if live.Cluster != nil && live.Cluster.Status == types.ClusterStatusActive {
		s.Env.InPlace = s.inPlace(ctx)
	}
	if fails := check.Preflight(ctx, c, f, net, live); len(fails) > 0 {
		return nil, fails
	}
	s.Plan, err = plan.Build(s.Env, live)
	return s, err
}

// unreachable says why the Kubernetes API cannot be called from here, "" when it
// can: only the VPC reaches a private endpoint (an in-process region has no network
// in between), and only a principal that the cluster knows is let in.
func unreachable(c *awsc.Clients, cfg *config.ClusterConfig, live *cluster.Live) string {
	if !config.On(cfg.VPC.ClusterEndpoints.PublicAccess, true) && c.Transport == nil {
		return "its endpoint is private"
	}
	a := cfg.AccessConfig
	if config.On(a.BootstrapClusterCreatorAdminPermissions, true) || a.AuthenticationMode == "CONFIG_MAP" {
		return ""
	}
	me := awsc.Principal(c.Caller)
	if slices.Contains(live.Entries, me) {
		return ""
	}
	for _, e := range a.AccessEntries {
		if e.PrincipalARN == me {
			return ""
		}
	}
	return "the file gives " + me + " no access (bootstrapClusterCreatorAdminPermissions: false, and no access entry)"
}

// inPlace answers, from the live cluster, whether something that AWS does not list
// stands already.
func (s *Session) inPlace(ctx context.Context) func(kind, name string) bool {
	return func(kind, name string) bool {
		if kind == rules.Retention {
			out, err := s.AWS.Logs.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: new("/aws/eks/" + s.Env.Name() + "/cluster")})
			return err == nil && len(out.LogGroups) == 1 && out.LogGroups[0].RetentionInDays != nil && fmt.Sprint(*out.LogGroups[0].RetentionInDays) == name
		}
		k, err := s.Env.Kube(ctx)
		if err != nil {
			return false
		}
		ns, n, _ := strings.Cut(name, "/")
		switch kind {
		case rules.Account:
			_, err := k.CoreV1().ServiceAccounts(ns).Get(ctx, n, metav1.GetOptions{})
			return err == nil
		case rules.CNIGate:
			ok, _, _, err := kube.DaemonSet(ctx, k, ns, n)
			return err == nil && ok
		case rules.Windows:
			cm, err := k.CoreV1().ConfigMaps("kube-system").Get(ctx, "amazon-vpc-cni", metav1.GetOptions{})
			return err == nil && cm.Data["enable-windows-ipam"] == "true"
		case rules.Mapping:
			cm, err := k.CoreV1().ConfigMaps("kube-system").Get(ctx, "aws-auth", metav1.GetOptions{})
			if err != nil {
				return false
			}
			for i, m := range s.File.Cluster.IamIdentityMappings {
				if fmt.Sprint(i) == name {
					all := cm.Data["mapRoles"] + cm.Data["mapUsers"] + cm.Data["mapAccounts"]
					return strings.Contains(all, m.ARN) && strings.Contains(all, m.Account) && strings.Contains(all, m.ServiceName)
				}
			}
		}
		return false
	}
}

// Run turns the plan.
func (s *Session) Run(ctx context.Context, clk clock.Clock, workers int, onEvent func(engine.Event)) (*engine.Report, error) {
	return s.RunWith(ctx, engine.Options{Clock: clk, Workers: workers, OnEvent: onEvent})
}

// RunWith turns the plan with a listener's own wishes, such as ticks.
func (s *Session) RunWith(ctx context.Context, o engine.Options) (*engine.Report, error) {
	o.Policy = awsc.Policy
	return engine.Run(ctx, s.Plan.Graph, s.Plan.Tasks, o)
}

// Verdict is what a run ends with: the cluster as observed again.
type Verdict struct {
	Status     string
	NodesReady int
	NodesWant  int
	Others     int // Ready nodes outside of node groups: Fargate, Auto Mode
	Left       int // steps that a new plan would still have
	Degraded   []string
	Problem    string
}

// Verify observes again and says what is there now.
func (s *Session) Verify(ctx context.Context) (*Verdict, error) {
	live, err := cluster.Observe(ctx, s.AWS, s.Env.Name())
	if err != nil {
		return nil, err
	}
	v := &Verdict{Status: "absent", NodesWant: s.Plan.WantNodes}
	if live.Cluster == nil {
		return v, nil
	}
	v.Status = string(live.Cluster.Status)
	for _, a := range slices.Sorted(maps.Keys(live.Addons)) {
		if live.Addons[a].Status != types.AddonStatusActive {
			v.Degraded = append(v.Degraded, a+" "+string(live.Addons[a].Status))
		}
	}
	if live.Cluster.Status == types.ClusterStatusActive && s.Env.Reachable {
		k, err := s.Env.Kube(ctx)
		if err != nil {
			return v, err
		}
		nodes, err := kube.Nodes(ctx, k)
		if err != nil {
			v.Problem = err.Error()
			return v, nil
		}
		for _, n := range nodes {
			switch {
			case !n.Ready:
			case n.Group == "":
				v.Others++
			default:
				v.NodesReady++
			}
		}
	}
	return v, nil
}
