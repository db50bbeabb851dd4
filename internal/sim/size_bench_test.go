package sim_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim"
	simiam "github.com/slipway-eks/slipway/internal/sim/iam"
)

// How long a region takes from nothing to its first answer over a socket.
func BenchmarkRegionStart(b *testing.B) {
	for range b.N {
		ctx, stop := context.WithCancel(b.Context())
		c := eks.NewFromConfig(listening(b, ctx, sim.New(sim.Options{Seed: 1, Speed: 1})))
		if _, err := c.ListClusters(ctx, &eks.ListClustersInput{}); err != nil {
			b.Fatal(err)
		}
		stop()
	}
}

// How many descriptions of a cluster a second the region answers over sockets.
func BenchmarkDescribe(b *testing.B) {
	s := sim.New(sim.Options{Seed: 1, Speed: 1})
	r := s.Region("us-west-2")
	clusters(b, r, 1, 0)
	c := eks.NewFromConfig(listening(b, b.Context(), s))
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := c.DescribeCluster(b.Context(), &eks.DescribeClusterInput{Name: new("c0")}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "describes/s")
}

const many = 100

// What 100 clusters with 10 nodes each take of memory.
func BenchmarkHundredClusters(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(sim.CollectAt))
	for range b.N {
		s := sim.New(sim.Options{Seed: 1})
		r := s.Region("us-west-2")
		r.EC2.Quotas.VCPUs = 1 << 20
		clusters(b, r, many, 10)
		s.World.Advance(2 * time.Hour)
		nodes := 0
		for i := range many {
			g, err := r.EKS.DescribeNodegroup(nil, &eks.DescribeNodegroupInput{ClusterName: new(fmt.Sprintf("c%d", i)), NodegroupName: new("g")})
			if err != nil {
				b.Fatal(err)
			}
			if g.Nodegroup.Status != types.NodegroupStatusActive {
				b.Fatalf("c%d: %s %s", i, g.Nodegroup.Status, *g.Nodegroup.Health.Issues[0].Message)
			}
			nodes += int(*g.Nodegroup.ScalingConfig.DesiredSize)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
		b.ReportMetric(resident(b), "resident-MB")
		b.ReportMetric(float64(nodes), "nodes")
		runtime.KeepAlive(s)
	}
}

// clusters makes clusters, each with one node group and the plugin that it needs.
func clusters(b *testing.B, r *sim.Region, n, nodes int) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	v, err := r.EC2.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})
	must(err)
	_, err = r.EC2.ModifyVpcAttribute(nil, &ec2.ModifyVpcAttributeInput{VpcId: v.Vpc.VpcId, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: new(true)}})
	must(err)
	var subnets []string
	for i, zone := range []string{"us-west-2a", "us-west-2b"} {
		x, err := r.EC2.CreateSubnet(nil, &ec2.CreateSubnetInput{VpcId: v.Vpc.VpcId, CidrBlock: new(fmt.Sprintf("10.0.%d.0/17", i*128)), AvailabilityZone: new(zone)})
		must(err)
		subnets = append(subnets, *x.Subnet.SubnetId)
		_, err = r.EC2.ModifySubnetAttribute(nil, &ec2.ModifySubnetAttributeInput{SubnetId: x.Subnet.SubnetId, MapPublicIpOnLaunch: &ec2types.AttributeBooleanValue{Value: new(true)}})
		must(err)
	}
	g, err := r.EC2.CreateInternetGateway(nil, &ec2.CreateInternetGatewayInput{})
	must(err)
	_, err = r.EC2.AttachInternetGateway(nil, &ec2.AttachInternetGatewayInput{InternetGatewayId: g.InternetGateway.InternetGatewayId, VpcId: v.Vpc.VpcId})
	must(err)
	t, err := r.EC2.DescribeRouteTables(nil, &ec2.DescribeRouteTablesInput{})
	must(err)
	for _, t := range t.RouteTables {
		if *t.VpcId == *v.Vpc.VpcId {
			_, err = r.EC2.CreateRoute(nil, &ec2.CreateRouteInput{RouteTableId: t.RouteTableId, DestinationCidrBlock: new("0.0.0.0/0"),
				GatewayId: g.InternetGateway.InternetGatewayId})
			must(err)
		}
	}
	role := func(name, service string, policies ...string) *string {
		x, err := r.IAM.CreateRole(nil, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: new(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"` + service + `"}}]}`)})
		must(err)
		for _, p := range policies {
			_, err := r.IAM.AttachRolePolicy(nil, &iam.AttachRolePolicyInput{RoleName: &name, PolicyArn: new("arn:aws:iam::aws:policy/" + p)})
			must(err)
		}
		return x.Role.Arn
	}
	cluster := role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
	node := role("node", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")
	r.World.Advance(time.Minute) // IAM's answers reach everywhere
	for i := range n {
		_, err := r.EKS.CreateCluster(nil, &eks.CreateClusterInput{Name: new(fmt.Sprintf("c%d", i)), RoleArn: cluster,
			ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: subnets}})
		must(err)
	}
	if nodes == 0 {
		return
	}
	r.World.Advance(time.Hour)
	for i := range n {
		_, err := r.EKS.CreateNodegroup(nil, &eks.CreateNodegroupInput{ClusterName: new(fmt.Sprintf("c%d", i)), NodegroupName: new("g"), NodeRole: node, Subnets: subnets,
			ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(nodes)), MaxSize: new(int32(nodes)), DesiredSize: new(int32(nodes))}})
		must(err)
	}
}

// listening has an account listen until ctx ends, and is the config of a client of it.
func listening(b *testing.B, ctx context.Context, s *sim.Sim) aws.Config {
	b.Helper()
	url := make(chan string, 1)
	go s.Serve(ctx, "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the benchmark
	return aws.Config{Region: "us-west-2", BaseEndpoint: new(<-url), Credentials: credentials.NewStaticCredentialsProvider(simiam.Key, simiam.Secret, "")}
}

// resident is the memory that the process holds, in MiB; 0 where the system does not say.
func resident(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	if err != nil || m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return n / 1024
}
