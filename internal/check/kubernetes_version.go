package check

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

var kubernetesVersion = Check{
	Name:   "kubernetes-version",
	Title:  "EKS offers the Kubernetes version, or the cluster runs it already",
	Source: "eks:DescribeClusterVersions",
	Codes:  []string{"version-not-offered", "version-differs", "cannot-read"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		want := in.Config.Metadata.Version
		if in.Live.Cluster != nil {
			have := in.Live.Cluster.Version
			if eksfacts.Minor(want) >= eksfacts.Minor(have) { // the plan upgrades it
				return nil
			}
			return finding.Findings{in.at("version-differs", "metadata.version", "set the version to "+have+
				", or take the cluster back, which EKS does within seven days of its upgrade: slipway upgrade "+in.Live.Name+" --rollback",
				"the cluster runs %s, the file wants %s, which is older", have, want)}
		}
		all, err := awsc.Collect(ctx, eks.NewDescribeClusterVersionsPaginator(in.AWS.EKS, &eks.DescribeClusterVersionsInput{}),
			func(o *eks.DescribeClusterVersionsOutput) []types.ClusterVersionInformation { return o.ClusterVersions })
		if err != nil {
			return unread("the Kubernetes versions on offer", err)
		}
		var offered []string
		for _, v := range all {
			offered = append(offered, aws.ToString(v.ClusterVersion))
		}
		if slices.Contains(offered, want) {
			return nil
		}
		return finding.Findings{in.at("version-not-offered", "metadata.version", "one of "+strings.Join(offered, ", "), "EKS does not offer Kubernetes %s", want)}
	},
}
