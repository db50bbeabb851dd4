// Package eks simulates Amazon EKS: lifecycles with their real durations, the
// conflicts between them, health issues and error texts, as recorded in
// facts/eks.md (§1 lifecycles, §2 node join, §4 constraints, §7 durations). Node
// group and add-on health follow from the cluster's simulated Kubernetes objects.
package eks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/autoscaling"
	"github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kms"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/logs"
	"github.com/slipway-eks/slipway/internal/sim/node"
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

	// Serve makes a cluster's API reachable and returns its endpoint; when nil the
	// endpoint is a name that only an in-process transport reaches.
	Serve func(*kubeapi.Cluster) (url string, stop func(), err error)

	clusters table.Table[cluster]
	down     map[string]string // clusters whose API server fails, and why
}

type cluster struct {
	types.Cluster
	e            *EKS
	kube         *kubeapi.Cluster
	nodes        *node.Cluster
	zones        []string // of the subnets at creation
	enis         []string
	stop         func()
	token        string
	selfManaged  bool
	deleting     bool
	updates      table.Table[types.Update]
	addons       table.Table[addon]
	groups       table.Table[nodegroup]
	profiles     table.Table[types.FargateProfile]
	entries      table.Table[accessEntry]
	associations table.Table[types.PodIdentityAssociation]
	idps         table.Table[types.OidcIdentityProviderConfig]
	fargate      map[string]bool
	autoAt       map[string]bool
	byNode       map[string]string // node name -> instance ID
	byInstance   map[string]string
}

// New is a region without clusters.
func New(w *world.World, e *ec2.EC2, i *iam.IAM, a *autoscaling.AutoScaling, k *kms.KMS, l *logs.Logs) *EKS {
	s := &EKS{w: w, Region: e.Region, Account: e.Account, Partition: e.Partition, ec2: e, iam: i, asg: a, kms: k, logs: l, down: map[string]string{}}
	e.OnRunning = append(e.OnRunning, s.booted)
	e.OnTerminated = append(e.OnTerminated, s.gone)
	return s
}

// Register adds the operations.
func (s *EKS) Register(svc *wire.Service) {
	s.registerClusters(svc)
	s.registerAddons(svc)
	s.registerNodegroups(svc)
	s.registerFargate(svc)
	s.registerAccess(svc)
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
		c.kube.Down = why
		c.look()
	}
}

// Version is one Kubernetes minor that EKS offers.
type Version struct {
	Minor   string
	Patch   string
	Status  types.VersionStatus
	Default bool
}

// Versions are the minors offered at the end of November 2026: the three newest
// in standard support, the two before them in extended support.
var Versions = []Version{
	{"1.35", "1.35.2", types.VersionStatusStandardSupport, false},
	{"1.34", "1.34.4", types.VersionStatusStandardSupport, true},
	{"1.33", "1.33.8", types.VersionStatusStandardSupport, false},
	{"1.32", "1.32.11", types.VersionStatusExtendedSupport, false},
	{"1.31", "1.31.14", types.VersionStatusExtendedSupport, false},
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
