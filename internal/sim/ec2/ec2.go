// Package ec2 simulates the parts of Amazon EC2 that an EKS cluster touches:
// networks, gateways, security groups, launch templates, instances and the
// interfaces they hold. It must not know Kubernetes: whoever wants to act when an
// instance boots or dies registers a hook.
//
// The operations are in a file for each thing that they are about; kinds.go and
// filters.go say what the region holds and by what it is found.
package ec2

import (
	"fmt"
	"hash/fnv"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// Quotas are the account's service quotas in this region; defaults are AWS's for
// an account in use (Service Quotas codes in comments).
type Quotas struct {
	VPCs      int // L-F678F1CE
	Addresses int // L-0263D0A3
	VCPUs     int // L-1216C47A, running on-demand standard instances
	// Other are the quotas of vCPUs of other families and of Spot instances, by their codes; one
	// that is not there is of 640.
	Other map[string]int
}

// EC2 is the service's state in one region.
type EC2 struct {
	w         *world.World
	Region    string
	Account   string
	Partition string
	Zones     []Zone
	Quotas    Quotas

	// OnRunning and OnTerminated are called, under the region lock, when an
	// instance reaches that state.
	OnRunning, OnTerminated []func(*types.Instance)
	// OnEnding is called likewise when an instance begins to end.
	OnEnding []func(*types.Instance)
	// OnConsole say what an instance has written to its console by now.
	OnConsole []func(*types.Instance) string
	// NoCapacity names instance types (or type/zone) that cannot be launched now.
	NoCapacity map[string]bool
	// HasProfile tells whether there is an instance profile of a name or an ARN; nil:
	// nobody looks.
	HasProfile func(string) bool
	// FreeTierOnly: the account's plan launches free-tier instance types only.
	FreeTierOnly bool

	res.Registry
	vpcs       *res.Kind[vpc]
	subnets    *res.Kind[subnet]
	igws       *res.Kind[types.InternetGateway]
	eigws      *res.Kind[types.EgressOnlyInternetGateway]
	addresses  *res.Kind[types.Address]
	nats       *res.Kind[types.NatGateway]
	routes     *res.Kind[types.RouteTable]
	groups     *res.Kind[types.SecurityGroup]
	rules      *res.Kind[types.SecurityGroupRule]
	templates  *res.Kind[launchTemplate]
	instances  *res.Kind[types.Instance]
	images     *res.Kind[types.Image]
	keys       *res.Kind[types.KeyPairInfo]
	enis       *res.Kind[types.NetworkInterface]
	endpoints  *res.Kind[types.VpcEndpoint]
	placements *res.Kind[types.PlacementGroup]
	acls       *res.Kind[types.NetworkAcl]
	dhcp       *res.Kind[types.DhcpOptions]
	volumes    *res.Kind[types.Volume]
	snapshots  *res.Kind[types.Snapshot]
	flowLogs   *res.Kind[types.FlowLog]
	userData   map[string]string // base64, by instance
	tags       map[string]map[string]string
	tokens     wire.Tokens
	// reservations are those that hold more than the instance of the same number.
	reservations map[string]string
	// modifications are the last ones of volumes.
	modifications map[string]types.VolumeModification
	attributes    map[string]attributes // by instance
	optedIn       map[string]bool       // by group of zones
	// DefaultDHCP is the set of options of VPCs that name none.
	DefaultDHCP string
}

// New is an empty region of that name.
func New(w *world.World, region, account, partition string) *EC2 {
	e := &EC2{w: w, Region: region, Account: account, Partition: partition, Zones: zonesOf(region),
		Quotas:     Quotas{VPCs: 5, Addresses: 5, VCPUs: 640},
		NoCapacity: map[string]bool{}, userData: map[string]string{}, tags: map[string]map[string]string{},
		reservations: map[string]string{}, modifications: map[string]types.VolumeModification{}, attributes: map[string]attributes{},
		optedIn: map[string]bool{}}
	e.kinds()
	e.events()
	e.defaultImages()
	return e
}

// Register adds the operations to the service.
func (e *EC2) Register(s *wire.Service) {
	s.Idempotent("ClientToken", &e.tokens, func(string) error {
		return wire.Errorf("IdempotentParameterMismatch",
			"Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
	})
	e.registerNetwork(s)
	e.registerGateways(s)
	e.registerAddresses(s)
	e.registerRoutes(s)
	e.registerEndpoints(s)
	e.registerPrefixLists(s)
	e.registerAcls(s)
	e.registerDHCP(s)
	e.registerTemplates(s)
	e.registerInstances(s)
	e.registerFleets(s)
	e.registerInterfaces(s)
	e.registerVolumes(s)
	e.registerFlowLogs(s)
	e.registerSecurityGroups(s)
	e.registerPlacement(s)
	e.registerCatalog(s)
	e.registerZones(s)
	e.registerKeys(s)
	e.registerTags(s)
}

func notFound(code, noun, id string) *wire.Error {
	return wire.Errorf(code, "The %s '%s' does not exist", noun, id)
}

func one(p *string) []string {
	if p == nil {
		return nil
	}
	return []string{*p}
}

// hash is 16 hexadecimal digits, the same for the same words.
func (e *EC2) hash(words string) string {
	h := fnv.New64a()
	h.Write([]byte(words))
	return fmt.Sprintf("%016x", h.Sum64())
}

func (e *EC2) arn(kind, id string) *string {
	return new("arn:" + e.Partition + ":ec2:" + e.Region + ":" + e.Account + ":" + kind + "/" + id)
}
