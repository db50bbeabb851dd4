package observe

import (
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// AuthMapping is a row of kube-system/aws-auth: an IAM role or user, and who it is in
// Kubernetes.
type AuthMapping struct {
	ARN      string
	Username string
	Groups   []string
}

// AuthMappings are the rows of one of aws-auth's lists: mapRoles or mapUsers. An error
// where it is no YAML.
func AuthMappings(auth map[string]string, list string) ([]AuthMapping, error) {
	var rows []struct {
		RoleARN  string   `json:"rolearn"`
		UserARN  string   `json:"userarn"`
		Username string   `json:"username"`
		Groups   []string `json:"groups"`
	}
	if err := yaml.Unmarshal([]byte(auth[list]), &rows); err != nil {
		return nil, fmt.Errorf("kube-system/aws-auth %s is no YAML: %w", list, err)
	}
	out := make([]AuthMapping, 0, len(rows))
	for _, r := range rows {
		out = append(out, AuthMapping{r.RoleARN + r.UserARN, r.Username, r.Groups})
	}
	return out, nil
}

// Outlived tells whether an access entry is older than the role of its ARN is now: it is
// bound to the unique ID of the role that was there before, and lets nobody in.
func (e *AccessEntry) Outlived(roleMade time.Time) bool {
	return !e.CreatedAt.IsZero() && !roleMade.IsZero() && e.CreatedAt.Before(roleMade.Add(-time.Second))
}

// bootstrapping is how long after the cluster EKS makes its creator's entry, at most: while
// the control plane is being made, nobody else can have one.
const bootstrapping = 15 * time.Minute

// OfCreator tells whether an access entry is the one that EKS makes for who makes a cluster.
func (o *Observed) OfCreator(e *AccessEntry) bool {
	a := o.Cluster.AccessConfig
	return a != nil && a.BootstrapClusterCreatorAdminPermissions && len(e.Policies) == 1 && len(e.KubernetesGroups) == 0 &&
		strings.HasSuffix(e.Policies[0].PolicyARN, "/AmazonEKSClusterAdminPolicy") && !e.CreatedAt.After(o.Cluster.CreatedAt.Add(bootstrapping))
}
