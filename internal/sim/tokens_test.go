package sim_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
)

// What EC2 makes for a client's token it makes once, and for no other request.
func TestEC2sTokensAreOneRequests(t *testing.T) {
	s, bugs := breakable()
	r := s.Region("us-west-2")
	vpcs, err := r.EC2.DescribeVpcs(nil, &ec2.DescribeVpcsInput{})
	if err != nil {
		t.Fatal(err)
	}
	subnets, err := r.EC2.DescribeSubnets(nil, &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	images, err := r.EC2.DescribeImages(nil, &ec2.DescribeImagesInput{})
	if err != nil {
		t.Fatal(err)
	}
	vpc, subnet := *vpcs.Vpcs[0].VpcId, *subnets.Subnets[0].SubnetId
	for _, x := range []struct{ request, other string }{
		{"CreateRouteTable&VpcId=" + vpc, "&TagSpecification.1.ResourceType=route-table&TagSpecification.1.Tag.1.Key=a"},
		{"CreateNetworkAcl&VpcId=" + vpc, "&TagSpecification.1.ResourceType=network-acl&TagSpecification.1.Tag.1.Key=a"},
		{"CreateEgressOnlyInternetGateway&VpcId=" + vpc, "&TagSpecification.1.ResourceType=egress-only-internet-gateway&TagSpecification.1.Tag.1.Key=a"},
		{"CreateNetworkInterface&SubnetId=" + subnet, "&Description=other"},
		{"CreateVolume&Size=1&AvailabilityZone=us-west-2a", "&Encrypted=true"},
		{"CreateNatGateway&ConnectivityType=private&SubnetId=" + subnet, "&PrivateIpAddress=172.31.0.99"},
		{"CreateVpcEndpoint&ServiceName=com.amazonaws.us-west-2.s3&VpcId=" + vpc, "&PrivateDnsEnabled=false"},
		{"RunInstances&MinCount=2&MaxCount=2&InstanceType=m5.large&ImageId=" + *images.Images[0].ImageId + "&SubnetId=" + subnet, "&EbsOptimized=true"},
		{"CreateLaunchTemplate&LaunchTemplateName=abc&LaunchTemplateData.InstanceType=m5.large", "&VersionDescription=other"},
		{"CreateFleet&Type=instant&TargetCapacitySpecification.TotalTargetCapacity=1&TargetCapacitySpecification.DefaultTargetCapacityType=on-demand" +
			"&LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=abc&LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version=1" +
			"&LaunchTemplateConfigs.1.Overrides.1.SubnetId=" + subnet + "&LaunchTemplateConfigs.1.Overrides.1.ImageId=" + *images.Images[0].ImageId,
			"&TerminateInstancesWithExpiration=true"},
	} {
		ask := func(more string) int {
			return hostile(t, s, bugs, "ec2", "POST", "/", "", "Version=2016-11-15&ClientToken=one&Action="+x.request+more)
		}
		held := func() string {
			b, err := r.EC2.Save()
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		if code := ask(""); code != 200 {
			t.Errorf("%s: %d", x.request, code)
			continue
		}
		before := held()
		if code := ask(""); code != 200 || held() != before {
			t.Errorf("%s again: %d; the same is held: %t", x.request, code, held() == before)
		}
		if code := ask(x.other); code != 400 {
			t.Errorf("%s%s: %d", x.request, x.other, code)
		}
	}
}
