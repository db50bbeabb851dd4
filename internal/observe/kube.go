package observe

import "encoding/json"

// Kubernetes is what stands inside the cluster, of what launches, upgrades and
// repairs look at.
type Kubernetes struct {
	Nodes           map[string]*Node           `json:"nodes,omitempty"`
	DaemonSets      map[string]*Workload       `json:"daemonSets,omitempty"`      // by namespace/name, as all below
	Deployments     map[string]*Workload       `json:"deployments,omitempty"`     //
	ServiceAccounts map[string]*ServiceAccount `json:"serviceAccounts,omitempty"` // those that IAM, eksctl or Slipway has to do with
	RoleBindings    map[string]*RoleBinding    `json:"roleBindings,omitempty"`    // of AWS services: EMR on EKS
	Budgets         map[string]*Budget         `json:"podDisruptionBudgets,omitempty"`
	Pods            map[string]*Pod            `json:"pods,omitempty"`          // read with Pods alone, as is what follows
	Rooms           map[string]*Room           `json:"rooms,omitempty"`         // of the nodes, by name
	Replacements    map[string]*Replacement    `json:"replacements,omitempty"`  // that are under way, by the group that is replaced
	LocalServices   Set                        `json:"localServices,omitempty"` // with load balancers that reach only nodes with pods of theirs
	AWSAuth         map[string]string          `json:"awsAuth,omitempty"`       // kube-system/aws-auth; nil: there is none
	VPCCNIConfig    map[string]string          `json:"amazonVpcCni,omitempty"`  // kube-system/amazon-vpc-cni
}

// Parts of a cluster, named and shaped as in Kubernetes' API.
type (
	// Node is one node.
	Node struct {
		Name          string            `json:"name"`
		Ready         bool              `json:"ready"`
		Reason        string            `json:"reason,omitempty"` // the kubelet's message while not ready
		Unschedulable bool              `json:"unschedulable,omitempty"`
		Version       string            `json:"kubeletVersion,omitempty"`
		OSImage       string            `json:"osImage,omitempty"`
		ProviderID    string            `json:"providerID,omitempty"`
		Nodegroup     string            `json:"nodegroup,omitempty"` // by its label
		Labels        map[string]string `json:"labels,omitempty"`
		Taints        []NodeTaint       `json:"taints,omitempty"`
	}
	// NodeTaint keeps pods away; its effect is spelt as Kubernetes does: NoSchedule.
	NodeTaint struct {
		Key    string `json:"key"`
		Value  string `json:"value,omitempty"`
		Effect string `json:"effect"`
	}
	// Workload is a DaemonSet or Deployment.
	Workload struct {
		Labels         map[string]string `json:"labels,omitempty"`
		Images         []string          `json:"images,omitempty"` // containers' and init containers'
		ServiceAccount string            `json:"serviceAccount,omitempty"`
		Desired        int               `json:"desired"`
		Ready          int               `json:"ready"`
		Updated        int               `json:"updated"`
		Managers       Set               `json:"managers,omitempty"` // who set fields of it
		// Taken are, of a workload in kube-system, the fields of its spec that others than EKS
		// and Kubernetes' own controllers set since EKS did, by who did.
		Taken map[string]Set `json:"taken,omitempty"`
	}
	// ServiceAccount is a service account.
	ServiceAccount struct {
		Labels      map[string]string `json:"labels,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	// RoleBinding grants a role.
	RoleBinding struct {
		Role     string `json:"role"` // Kind/name
		Subjects Set    `json:"subjects,omitempty"`
	}
	// Budget is a PodDisruptionBudget.
	Budget struct {
		MinAvailable       string `json:"minAvailable,omitempty"`
		MaxUnavailable     string `json:"maxUnavailable,omitempty"`
		DisruptionsAllowed int    `json:"disruptionsAllowed"`
		CurrentHealthy     int    `json:"currentHealthy"`
		DesiredHealthy     int    `json:"desiredHealthy"`
		ExpectedPods       int    `json:"expectedPods"`
		// Unhealthy says when a pod that is not ready may go although the budget is used up:
		// AlwaysAllow, or IfHealthyBudget, which is what "" means.
		Unhealthy string `json:"unhealthyPodEvictionPolicy,omitempty"`
	}
	// Room is what a node has for pods, and what is taken of it, in Kubernetes' quantities.
	Room struct {
		Has     map[string]string `json:"allocatable,omitempty"`
		Asked   map[string]string `json:"requested,omitempty"`  // by all pods on it
		Daemons map[string]string `json:"daemonSets,omitempty"` // by those of DaemonSets
		Ports   Set               `json:"hostPorts,omitempty"`  // such as TCP/80
	}
	// Pod is a pod that must go before its node does: no DaemonSet's, and none that has ended.
	Pod struct {
		Node    string `json:"node"`
		Owner   string `json:"owner,omitempty"` // Kind/name; "": nobody makes it again elsewhere
		Ready   bool   `json:"ready"`
		Budgets Set    `json:"budgets,omitempty"` // namespace/name of the disruption budgets that cover it
		Held    string `json:"held,omitempty"`    // the annotation by which its owner forbids that it is moved
		Local   Set    `json:"local,omitempty"`   // volumes whose content stays on the node
		// Fits is what it asks of a node; nil: nothing that not every node has.
		Fits *Fit `json:"fits,omitempty"`
		// Asks are its requests, in Kubernetes' quantities; Ports what it takes of its node's
		// own, such as TCP/80.
		Asks  map[string]string `json:"requests,omitempty"`
		Ports Set               `json:"hostPorts,omitempty"`
		// OnHost: it has its node's address, and none of its own.
		OnHost bool `json:"hostNetwork,omitempty"`
		// Apart are the topology keys of which no two of its kind have the same value, by required
		// anti-affinity; Spread those over which its kind is spread, with the skew that is
		// allowed at most, where nodes that take no pods count.
		Apart  Set            `json:"apart,omitempty"`
		Spread map[string]int `json:"spread,omitempty"`
		// Near are, by topology key, the nodes of the pods that it must be in one domain with, by
		// required affinity; none where its own kind is meant, or a DaemonSet's pods.
		Near map[string]Set `json:"near,omitempty"`
		// Finalizers are what somebody must take away before it is gone, but for those that
		// Kubernetes takes away itself; Leaving: it is being deleted.
		Finalizers Set  `json:"finalizers,omitempty"`
		Leaving    bool `json:"leaving,omitempty"`
	}
	// Fit is what a pod asks of the node that it runs on, as Kubernetes writes it.
	Fit struct {
		NodeSelector map[string]string `json:"nodeSelector,omitempty"`
		Affinity     json.RawMessage   `json:"requiredNodeAffinity,omitempty"` // a NodeSelector
		Tolerations  json.RawMessage   `json:"tolerations,omitempty"`
		// Volumes are the NodeSelectors of persistent volumes that it has, by their claims.
		Volumes map[string]json.RawMessage `json:"volumes,omitempty"`
	}
)

// Replacement is what the cluster keeps of a node group's replacement.
type Replacement struct {
	With   string  `json:"with"`             // the group that takes its place
	Paused string  `json:"paused,omitempty"` // the stage after which a person was waited for last
	Slices *Slices `json:"slices,omitempty"` // nil: it does not go slice by slice
}

// Slices are of a replacement that goes slice by slice: how many nodes at a time, and the sizes
// that the group had before, which gets smaller meanwhile.
type Slices struct {
	Nodes  int   `json:"nodes"`
	Before Sizes `json:"before"`
}

// Never tells whether a budget allows no disruption even when all of its pods are healthy,
// so that waiting does not help.
func (b *Budget) Never() bool {
	return b.DisruptionsAllowed == 0 && b.ExpectedPods > 0 && b.DesiredHealthy >= b.ExpectedPods
}

// RoleAnnotation is how a service account names its IAM role.
const RoleAnnotation = "eks.amazonaws.com/role-arn"
