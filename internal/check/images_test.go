package check_test

import (
	"testing"

	simec2 "github.com/slipway-eks/slipway/internal/sim/ec2"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestImages(t *testing.T) {
	// A region holds what a test's file names by ID; here the file changes afterwards.
	arm := simec2.ImageID("amazon-eks-node-al2023", "arm64", "1.34")
	finds(t, look(t, testregion.Cluster+"managedNodeGroups: [{name: g, desiredCapacity: 1, ami: "+arm+", amiFamily: AmazonLinux2023}]\n", nil),
		"ami-architecture",
		"managedNodeGroups[0].ami", "of architecture arm64 and m5.large of x86_64")
	f := testregion.Load(t, testregion.Cluster+"managedNodeGroups: [{name: g, desiredCapacity: 1}]\n")
	r := testregion.New(t, f, 1)
	f.Cluster.ManagedNodeGroups[0].AMI = "ami-0aaaaaaaaaaaaaaaa"
	finds(t, lookAt(t, r, f), "ami-not-found", "managedNodeGroups[0].ami", "there is no AMI ami-0aaaaaaaaaaaaaaaa in us-west-2")
}
