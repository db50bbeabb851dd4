package observe

import "time"

// Upgrades is what EKS says of changes of a cluster's Kubernetes version: those that are
// possible, and what stands in the way.
type Upgrades struct {
	Offered []string `json:"offered,omitempty"` // minors, as EKS lists them: the newest first
	// AddonVersions are those on offer of each add-on that is there, the newest first.
	AddonVersions map[string][]AddonVersion `json:"addonVersions,omitempty"`
	Insights      []Insight                 `json:"insights,omitempty"` // that do not pass
	Back          *WayBack                  `json:"back,omitempty"`     // nil: there is none
	WentBack      bool                      `json:"wentBack,omitempty"` // the last change of version was a way back
	// Webhooks that refuse what they are asked about where nothing answers, and whose Service
	// has no pod that is ready; by the kind and name of their configuration, and their own.
	Webhooks map[string]*Webhook `json:"silentWebhooks,omitempty"`
}

// Parts of it, named and shaped as in EKS's API.
type (
	// AddonVersion is a version of an add-on.
	AddonVersion struct {
		Version string `json:"addonVersion"`
		Fits    Set    `json:"clusterVersions,omitempty"` // minors
		Default Set    `json:"defaultFor,omitempty"`      // minors whose default it is
	}
	// Insight is what EKS found at its last look before a change of version.
	Insight struct {
		ID             string            `json:"id"`
		Name           string            `json:"name"`
		Category       string            `json:"category"`                    // UPGRADE_READINESS, ROLLBACK_READINESS
		Version        string            `json:"kubernetesVersion,omitempty"` // that the cluster would go to
		Status         InsightStatus     `json:"insightStatus"`
		Recommendation string            `json:"recommendation,omitempty"`
		Refreshed      time.Time         `json:"lastRefreshTime,omitzero"`
		Resources      []InsightResource `json:"resources,omitempty"`
		Summary        *InsightSummary   `json:"categorySpecificSummary,omitempty"`
	}
	// InsightStatus is ERROR, WARNING, UNKNOWN or PASSING, and why.
	InsightStatus struct {
		Status string `json:"status"`
		Reason string `json:"reason,omitempty"`
	}
	// InsightResource is a resource that an insight is about.
	InsightResource struct {
		ARN    string         `json:"arn,omitempty"`
		URI    string         `json:"kubernetesResourceUri,omitempty"`
		Status *InsightStatus `json:"insightStatus,omitempty"`
	}
	// InsightSummary is what an insight says of its kind alone.
	InsightSummary struct {
		Deprecations []Deprecation `json:"deprecationDetails,omitempty"`
	}
	// Deprecation is a use of an API that ends.
	Deprecation struct {
		Usage      string       `json:"usage"`
		ReplacedBy string       `json:"replacedWith,omitempty"`
		Stops      string       `json:"stopServingVersion,omitempty"`
		Clients    []APIClients `json:"clientStats,omitempty"`
	}
	// APIClients are those of one kind who use it.
	APIClients struct {
		UserAgent string    `json:"userAgent"`
		Requests  int       `json:"numberOfRequestsLast30Days,omitempty"`
		Last      time.Time `json:"lastRequestTime,omitzero"`
	}
)

// WayBack is that a control plane can go back to the minor that it came from.
type WayBack struct {
	Version string    `json:"version"`
	Until   time.Time `json:"until"` // EKS tells when an update began, not when it ended: it is a little longer
}

// Webhook is one that is asked before something is written.
type Webhook struct {
	Service  string `json:"service"`  // namespace/name
	Asked    Set    `json:"asked"`    // resources
	Excludes Set    `json:"excludes"` // namespaces that it is not asked about, as far as its selector names them
}

// BackFor is how long after an upgrade a control plane can go back (EKS user guide,
// "Roll back a cluster to a previous Kubernetes version").
const BackFor = 7 * 24 * time.Hour
