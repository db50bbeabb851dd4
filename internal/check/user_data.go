package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/stack"
)

var userData = Check{
	Name:   "user-data",
	Title:  "The user data of new node groups, as it will be written, is within EC2's limit",
	Source: "EC2 RunInstances; eks:DescribeCluster of a cluster that exists",
	Codes:  []string{"user-data-size"},
	When:   Preflight | Lint,
	Run: func(_ context.Context, in *Input) finding.Findings {
		var out finding.Findings
		live := in.joining()
		in.groups(func(g config.Group) {
			if g.Managed != nil && g.Managed.LaunchTemplate != nil {
				return // it is not ours
			}
			if n := stack.UserDataSize(in.Config, g, live); n > config.UserDataLimit {
				f := in.at("user-data-size", config.LongestCommands(g), config.ShorterUserData,
					"with what joins a node to the cluster, the user data of %s has %d bytes; EC2 takes at most %d", g.Name, n, config.UserDataLimit)
				f.Breaks = "no instance could be launched"
				out = append(out, f)
			}
		})
		return out
	},
}

// joining is what a node is told of its cluster; of one that is still to be made, what
// is as long: EKS's endpoints have one form, and its CA certificates differ by a few bytes.
func (in *Input) joining() stack.Live {
	const certificate = 1500 // base64 of PEM
	l := stack.Live{Cluster: in.Config.Metadata.Name, ServiceCIDR: "10.100.0.0/16", CA: strings.Repeat("x", certificate),
		Endpoint: fmt.Sprintf("https://%032d.gr7.%s.eks.amazonaws.com", 0, in.Config.Metadata.Region)}
	if c := in.Live.Cluster; c != nil {
		if c.Endpoint != "" && c.CertificateAuthority != nil {
			l.Endpoint, l.CA = c.Endpoint, c.CertificateAuthority.Data
		}
		if k := c.KubernetesNetworkConfig; k != nil {
			l.ServiceCIDR = k.ServiceIPv4CIDR + k.ServiceIPv6CIDR
		}
	}
	return l
}
