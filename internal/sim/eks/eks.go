// Package eks simulates Amazon EKS: lifecycles with their real durations, the
// conflicts between them, health issues and error texts, as recorded in
// facts/eks.md (§1 lifecycles, §2 node join, §4 constraints, §7 durations). Node
// group and add-on health follow from the cluster's simulated Kubernetes objects.
package eks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/elb"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/issuer"
	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/logs"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/table"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// EKS is the service's state in one region.
type EKS struct {
	w                          *world.World
	Region, Account, Partition string
	ec2                        *ec2.EC2
	iam                        *iam.IAM
	asg                        *autoscaling.AutoScaling
	kms                        *kms.KMS
	logs                       *logs.Logs

	// Serve makes a cluster's API reachable, at an earlier endpoint if it can, and
	// returns its endpoint; when nil the endpoint is a name that only an in-process
	// transport reaches.
	Serve func(c *kubeapi.Cluster, earlier string) (url string, stop func(), err error)

	// ELB makes the load balancers of Services; nil: they get none.
	ELB *elb.ELB
	// SigningKey is the key of the account's OIDC issuers.
	SigningKey func() (*issuer.Key, error)

	res.Registry
	fleet        *node.Fleet
	clusters     *res.Kind[cluster]
	groups       *res.Owned[nodegroup]
	addons       *res.Owned[addon]
	profiles     *res.Owned[fargateProfile]
	entries      *res.Owned[accessEntry]
	associations *res.Owned[association]
	idps         *res.Owned[types.OidcIdentityProviderConfig]
	capabilities *res.Owned[capability]
	connected    *res.Kind[connected]
	down         map[string]string // clusters whose API server fails, and why
	tokens       wire.Tokens
}

// cluster is a control plane. What is not exported is made anew when a saved region is
// loaded.
type cluster struct {
	types.Cluster
	ID          string   // no other cluster ever has it
	Zones       []string // of the subnets at creation
	ENIs        []string
	Moving      []string        `json:",omitempty"` // interfaces of the control plane to come
	Back        *nodesBack      `json:",omitempty"` // Auto Mode's nodes go back to a version
	Drifting    bool            `json:",omitempty"` // a look at Auto Mode's nodes is scheduled
	Insights    []types.Insight `json:",omitempty"` // at the last look
	Refresh     *refresh        `json:",omitempty"`
	Upgraded    *upgraded       `json:",omitempty"`
	SelfManaged bool            // bootstrapSelfManagedAddons
	Deleting    bool
	Updates     table.Table[types.Update]
	OnFargate   map[string]bool // pod UIDs for which a micro-VM was started
	AutoNodes   int             // nodes that Auto Mode started
	Hosts       map[string]host `json:",omitempty"` // by node: those that EKS runs itself
	AutoPending bool            // one more is on its way
	ByNode      map[string]string
	ByInstance  map[string]string // instance ID -> node name
	Kubernetes  json.RawMessage   `json:",omitempty"` // in a saved region: kube
	Loops       json.RawMessage   `json:",omitempty"` // in a saved region: nodes

	e            *EKS
	kube         *kubeapi.Cluster
	nodes        *node.Cluster
	stop         func()
	addons       *res.Kind[addon]
	groups       *res.Kind[nodegroup]
	profiles     *res.Kind[fargateProfile]
	entries      *res.Kind[accessEntry]
	associations *res.Kind[association]
	idps         *res.Kind[types.OidcIdentityProviderConfig]
	capabilities *res.Kind[capability]
}

// New is a region without clusters.
func New(w *world.World, e *ec2.EC2, i *iam.IAM, a *autoscaling.AutoScaling, k *kms.KMS, l *logs.Logs) *EKS {
	s := &EKS{w: w, Region: e.Region, Account: e.Account, Partition: e.Partition, ec2: e, iam: i, asg: a, kms: k, logs: l, down: map[string]string{},
		fleet: node.NewFleet(w)}
	s.kinds()
	s.events()
	s.uses()
	e.OnRunning = append(e.OnRunning, s.booted)
	e.OnTerminated = append(e.OnTerminated, s.gone)
	a.OnHeld = append(a.OnHeld, s.held)
	e.OnConsole = append(e.OnConsole, s.console)
	return s
}

// Register adds the operations.
func (s *EKS) Register(svc *wire.Service) {
	// The words are an assumption: nobody has published EKS's.
	svc.Idempotent("ClientRequestToken", &s.tokens, func(token string) error {
		return invalid("The client request token %s was used before with different parameters.", token)
	})
	s.registerClusters(svc)
	s.registerAddons(svc)
	s.registerNodegroups(svc)
	s.registerFargate(svc)
	s.registerAccess(svc)
	s.registerCapabilities(svc)
	s.registerConnected(svc)
	s.registerInsights(svc)
	s.registerTags(svc)
}

func (s *EKS) arn(format string, a ...any) *string {
	return new("arn:" + s.Partition + ":eks:" + s.Region + ":" + s.Account + ":" + fmt.Sprintf(format, a...))
}

func notFound(format string, a ...any) *wire.Error {
	return wire.Errorf("ResourceNotFoundException", format, a...).With(404)
}

func inUse(format string, a ...any) *wire.Error {
	return wire.Errorf("ResourceInUseException", format, a...).With(409)
}

func invalid(format string, a ...any) *wire.Error {
	return wire.Errorf("InvalidParameterException", format, a...)
}

func (s *EKS) cluster(name *string) (*cluster, error) {
	n := ""
	if name != nil {
		n = *name
	}
	if c := s.clusters.Get(n); c != nil {
		return c, nil
	}
	return nil, notFound("No cluster found for name: %s.", n).Member("clusterName", n)
}

// active is a cluster that sub-resources can be made in.
func (s *EKS) active(name *string) (*cluster, error) {
	c, err := s.cluster(name)
	if err == nil && c.Status != types.ClusterStatusActive {
		return nil, wire.Errorf("InvalidRequestException", "Cluster '%s' is not in ACTIVE status", *name).Member("clusterName", *name)
	}
	return c, err
}

// Kube finds a cluster's Kubernetes API by endpoint host, or nil.
func (s *EKS) Kube(host string) *kubeapi.Cluster {
	for _, c := range s.clusters.All() {
		if c.Endpoint != nil && strings.TrimPrefix(*c.Endpoint, "https://") == host {
			return c.kube
		}
	}
	return nil
}

// SetDown makes a cluster's API server fail for a reason, or "" work again.
func (s *EKS) SetDown(name, why string) {
	s.down[name] = why
	if c := s.clusters.Get(name); c != nil && c.kube != nil {
		c.kube.SetDown(why)
		c.look()
	}
}

// Version is one Kubernetes minor that EKS offers.
type Version struct {
	Minor   string
	Patch   string
	Status  types.VersionStatus
	Default bool

	// The day it came to EKS, and the last days of its standard and extended support.
	Released, Standard, Extended string
}

// Versions are the minors offered at the end of November 2026: the three newest
// in standard support, the two before them in extended support.
var Versions = []Version{
	{"1.35", ec2.Kubernetes["1.35"], types.VersionStatusStandardSupport, false, "2026-01-27", "2027-03-27", "2028-03-27"},
	{"1.34", ec2.Kubernetes["1.34"], types.VersionStatusStandardSupport, true, "2025-10-02", "2026-12-02", "2027-12-02"},
	{"1.33", ec2.Kubernetes["1.33"], types.VersionStatusStandardSupport, false, "2025-05-29", "2026-07-29", "2027-07-29"},
	{"1.32", ec2.Kubernetes["1.32"], types.VersionStatusExtendedSupport, false, "2025-01-23", "2026-03-23", "2027-03-23"},
	{"1.31", ec2.Kubernetes["1.31"], types.VersionStatusExtendedSupport, false, "2024-09-26", "2025-11-26", "2026-11-26"},
}

// Offered tells whether a minor can be created now.
func Offered(minor string) bool {
	return slices.ContainsFunc(Versions, func(v Version) bool { return v.Minor == minor })
}

func kubelet(minor string) string {
	for _, v := range Versions {
		if v.Minor == minor {
			return "v" + v.Patch + "-eks-ecaa3a6"
		}
	}
	return "v" + minor + ".0-eks-ecaa3a6"
}

// seconds keeps durations in tables short.
func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
