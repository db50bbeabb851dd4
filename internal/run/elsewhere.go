package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/check"
	"github.com/slipway-eks/slipway/internal/finding"
)

const (
	elsewherePatience = 15 * time.Second // of the look at other regions, on the wall's clock
	elsewhereAtOnce   = 8
)

// Describe finds a cluster; where there is none, the error says in which other region
// there is one of that name.
func Describe(ctx context.Context, c *awsc.Clients, name string) (*ekstypes.Cluster, error) {
	d, err := c.EKS.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name})
	if awsc.NotFound(err) {
		return nil, absent(ctx, c, name)
	}
	if err != nil {
		return nil, check.Reach(fmt.Errorf("describing cluster %s: %w", name, err))
	}
	return d.Cluster, nil
}

// absent is the finding that there is no such cluster here, and where there is one.
func absent(ctx context.Context, c *awsc.Clients, name string) error {
	f := finding.Finding{Code: "cluster-absent", Severity: finding.Error, What: fmt.Sprintf("there is no cluster %s in %s", name, c.Region)}
	if in := elsewhere(ctx, c, name); len(in) > 0 {
		f.What += "; there is one in " + strings.Join(in, " and in ")
		f.Remedy = "name the region: --region " + in[0]
	}
	return finding.Findings{f}
}

// elsewhere are the account's other regions that have a cluster of that name, as far
// as they answered in time: a region that does not let the caller look is passed over.
func elsewhere(ctx context.Context, c *awsc.Clients, name string) []string {
	ctx, cancel := context.WithTimeout(ctx, elsewherePatience)
	defer cancel()
	out, err := c.EC2.DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil
	}
	var mu sync.Mutex
	var found []string
	var wg sync.WaitGroup
	turn := make(chan struct{}, atOnce(c))
	for _, r := range out.Regions {
		region := aws.ToString(r.RegionName)
		if region == c.Region || aws.ToString(r.OptInStatus) == "not-opted-in" {
			continue
		}
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			there := eks.NewFromConfig(c.Config, func(o *eks.Options) { o.Region = region })
			if _, err := there.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &name}); err == nil {
				mu.Lock()
				defer mu.Unlock()
				found = append(found, region)
			}
		})
	}
	wg.Wait()
	slices.Sort(found)
	return found
}

// atOnce is how many regions are asked at once; a region in this process is asked one
// thing at a time, so that the same seed gives the same run.
func atOnce(c *awsc.Clients) int {
	if c.Transport != nil {
		return 1
	}
	return elsewhereAtOnce
}
