package observe

import "strings"

type (
	// LoadBalancer is a load balancer that was made for the cluster, told by its tags.
	LoadBalancer struct {
		Name           string `json:"loadBalancerName"`
		ARN            string `json:"loadBalancerArn,omitempty"` // a classic one has none
		Type           string `json:"type"`                      // classic, application or network
		For            string `json:"for,omitempty"`             // the Service or Ingress that it serves, namespace/name
		SecurityGroups Set    `json:"securityGroups,omitempty"`
	}
	// Published is a Service of type LoadBalancer, or an Ingress with a load balancer.
	Published struct {
		Kind      string `json:"kind"` // Service or Ingress
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		Hosts     Set    `json:"hosts,omitempty"` // of its load balancers
	}
)

// Balancers are the names of a Service's or an Ingress's load balancers: of each host name
// its first label without what AWS puts before and behind the name.
func (p *Published) Balancers() []string {
	var out []string
	for _, h := range p.Hosts {
		label, _, _ := strings.Cut(h, ".")
		label = strings.TrimPrefix(label, "internal-")
		if i := strings.LastIndex(label, "-"); i > 0 {
			out = append(out, label[:i])
		}
	}
	return out
}
