package outcome

// Addons are a cluster's add-ons as they are now, and what EKS has of them. The JSON is a
// contract.
type Addons struct {
	Cluster string   `json:"cluster"`
	Region  string   `json:"region"`
	Version string   `json:"version"` // the control plane's
	Addons  []Addon  `json:"addons"`
	Others  []string `json:"selfManaged,omitempty"` // that run, and that EKS could manage
	Calls   int      `json:"apiCalls"`
}

// Addon is one of them.
type Addon struct {
	Name    string   `json:"name"`
	Owner   string   `json:"owner"`
	Status  string   `json:"status"`
	Issues  []string `json:"issues,omitempty"` // what EKS finds wrong
	Version string   `json:"version"`
	Default string   `json:"defaultVersion,omitempty"` // EKS's for the control plane's minor
	Newest  string   `json:"newestVersion,omitempty"`  // that fits it
	Fits    bool     `json:"fits"`                     // the version that is there is offered for that minor
	Next    []string `json:"doesNotFit,omitempty"`     // later minors for which the version that is there is not offered
	Role    string   `json:"role,omitempty"`           // of its service account
}
