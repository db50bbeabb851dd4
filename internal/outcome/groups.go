package outcome

// NodeGroups are a cluster's node groups as they are now, whoever made them. The JSON is a
// contract.
type NodeGroups struct {
	Cluster   string      `json:"cluster"`
	Region    string      `json:"region"`
	Version   string      `json:"version"` // the control plane's
	Groups    []NodeGroup `json:"nodeGroups"`
	Others    []NodePool  `json:"otherNodes,omitempty"`     // of no node group
	Uncounted string      `json:"nodesUncounted,omitempty"` // why nobody saw the nodes
	NotRead   []string    `json:"notRead,omitempty"`        // what could not be looked at, and why
	Drift     string      `json:"drift,omitempty"`          // where the record is not as the cluster is, in a paragraph
	Owners    []string    `json:"owners,omitempty"`         // who keeps the cluster, a line each
	Calls     int         `json:"apiCalls"`
}

// NodeGroup is one of them.
type NodeGroup struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"` // managed, or self-managed
	Owner    string   `json:"owner"`
	Status   string   `json:"status"`
	Issues   []string `json:"issues,omitempty"`   // what EKS finds wrong
	Versions []string `json:"versions,omitempty"` // the kubelets', else the group's

	Release string `json:"release,omitempty"` // of the AMI: its release, or its name
	Age     *int   `json:"releaseAgeDays,omitempty"`
	Newest  string `json:"newestRelease,omitempty"` // that is published
	Newer   bool   `json:"newerRelease"`

	InstanceTypes []string `json:"instanceTypes,omitempty"`
	Capacity      string   `json:"capacity,omitempty"` // ON_DEMAND, SPOT
	Desired       int      `json:"desired"`
	Min           int      `json:"min"`
	Max           int      `json:"max"`
	Ready         int      `json:"ready"`
	Nodes         int      `json:"nodes"`
	Cordoned      int      `json:"cordoned,omitempty"` // of the nodes: they take no more pods
	Replaces      string   `json:"replaces,omitempty"` // the group whose place it took, or is taking
	Subnets       []string `json:"subnets,omitempty"`
	Zones         []string `json:"zones,omitempty"`
	Drift         []string `json:"drift,omitempty"` // what of it is not as its record says, each in words
}

// NodePool is nodes that no node group made.
type NodePool struct {
	Owner string `json:"owner"`
	Name  string `json:"name,omitempty"`
	Ready int    `json:"ready"`
	Nodes int    `json:"nodes"`
}
