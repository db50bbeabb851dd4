package ec2

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

func number(n int) []string { return []string{strconv.Itoa(n)} }

// The filters of each kind, with the field that they compare. An empty path is a
// filter that EC2 has, of something that the region's resources do not.
var (
	vpcFilters = map[string]string{
		"vpc-id": "VpcId", "cidr": "CidrBlock", "cidr-block": "CidrBlock", "cidrBlock": "CidrBlock", "state": "State",
		"dhcp-options-id": "DhcpOptionsId", "dhcpOptionsId": "DhcpOptionsId", "is-default": "IsDefault", "isDefault": "IsDefault", "owner-id": "OwnerId",
		"cidr-block-association.cidr-block":           "CidrBlockAssociationSet.CidrBlock",
		"cidr-block-association.association-id":       "CidrBlockAssociationSet.AssociationId",
		"cidr-block-association.state":                "CidrBlockAssociationSet.CidrBlockState.State",
		"ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
		"ipv6-cidr-block-association.ipv6-pool":       "Ipv6CidrBlockAssociationSet.Ipv6Pool",
		"ipv6-cidr-block-association.association-id":  "Ipv6CidrBlockAssociationSet.AssociationId",
		"ipv6-cidr-block-association.state":           "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
	}
	subnetFilters = map[string]string{
		"vpc-id": "VpcId", "subnet-id": "SubnetId", "subnet-arn": "SubnetArn", "state": "State", "owner-id": "OwnerId",
		"availability-zone": "AvailabilityZone", "availabilityZone": "AvailabilityZone",
		"availability-zone-id": "AvailabilityZoneId", "availabilityZoneId": "AvailabilityZoneId",
		"cidr-block": "CidrBlock", "cidr": "CidrBlock", "cidrBlock": "CidrBlock",
		"default-for-az": "DefaultForAz", "defaultForAz": "DefaultForAz", "enable-dns64": "EnableDns64",
		"map-public-ip-on-launch":                                                 "MapPublicIpOnLaunch",
		"ipv6-native":                                                             "Ipv6Native",
		"ipv6-cidr-block-association.ipv6-cidr-block":                             "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
		"ipv6-cidr-block-association.association-id":                              "Ipv6CidrBlockAssociationSet.AssociationId",
		"ipv6-cidr-block-association.state":                                       "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
		"private-dns-name-options-on-launch.hostname-type":                        "PrivateDnsNameOptionsOnLaunch.HostnameType",
		"private-dns-name-options-on-launch.enable-resource-name-dns-a-record":    "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
		"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
		"available-ip-address-count":                                              "", "customer-owned-ipv4-pool": "", "enable-lni-at-device-index": "",
		"map-customer-owned-ip-on-launch": "", "outpost-arn": "",
	}
	igwFilters = map[string]string{"internet-gateway-id": "InternetGatewayId", "owner-id": "OwnerId",
		"attachment.state": "Attachments.State", "attachment.vpc-id": "Attachments.VpcId"}
	addressFilters = map[string]string{"allocation-id": "AllocationId", "association-id": "AssociationId", "public-ip": "PublicIp", "domain": "Domain",
		"network-border-group": "NetworkBorderGroup", "instance-id": "InstanceId", "network-interface-id": "NetworkInterfaceId",
		"network-interface-owner-id": "NetworkInterfaceOwnerId", "private-ip-address": "PrivateIpAddress"}
	natFilters   = map[string]string{"nat-gateway-id": "NatGatewayId", "state": "State", "subnet-id": "SubnetId", "vpc-id": "VpcId"}
	routeFilters = map[string]string{
		"vpc-id": "VpcId", "route-table-id": "RouteTableId", "owner-id": "OwnerId",
		"association.subnet-id": "Associations.SubnetId", "association.main": "Associations.Main",
		"association.route-table-association-id": "Associations.RouteTableAssociationId", "association.route-table-id": "Associations.RouteTableId",
		"association.gateway-id": "Associations.GatewayId", "association.association-id": "Associations.RouteTableAssociationId",
		"route.destination-cidr-block": "Routes.DestinationCidrBlock", "route.destination-ipv6-cidr-block": "Routes.DestinationIpv6CidrBlock",
		"route.destination-prefix-list-id": "Routes.DestinationPrefixListId", "route.egress-only-internet-gateway-id": "Routes.EgressOnlyInternetGatewayId",
		"route.gateway-id": "Routes.GatewayId", "route.instance-id": "Routes.InstanceId", "route.nat-gateway-id": "Routes.NatGatewayId",
		"route.transit-gateway-id": "Routes.TransitGatewayId", "route.origin": "Routes.Origin", "route.state": "Routes.State",
		"route.vpc-peering-connection-id": "Routes.VpcPeeringConnectionId",
	}
	groupFilters = map[string]string{"description": "Description", "group-id": "GroupId", "group-name": "GroupName", "owner-id": "OwnerId", "vpc-id": "VpcId"}
	ruleFilters  = map[string]string{"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"}

	templateFilters = map[string]string{"launch-template-name": "LaunchTemplateName", "create-time": "CreateTime"}
	versionFilters  = map[string]string{
		"create-time": "CreateTime", "is-default-version": "DefaultVersion",
		"ebs-optimized": "LaunchTemplateData.EbsOptimized", "image-id": "LaunchTemplateData.ImageId", "instance-type": "LaunchTemplateData.InstanceType",
		"iam-instance-profile": "LaunchTemplateData.IamInstanceProfile.Arn", "kernel-id": "LaunchTemplateData.KernelId",
		"ram-disk-id": "LaunchTemplateData.RamDiskId", "http-endpoint": "LaunchTemplateData.MetadataOptions.HttpEndpoint",
		"http-tokens": "LaunchTemplateData.MetadataOptions.HttpTokens", "http-protocol-ipv4": "",
		"host-resource-group-arn":   "LaunchTemplateData.Placement.HostResourceGroupArn",
		"license-configuration-arn": "LaunchTemplateData.LicenseSpecifications.LicenseConfigurationArn",
		"network-card-index":        "LaunchTemplateData.NetworkInterfaces.NetworkCardIndex",
	}
	imageFilters = map[string]string{
		"boot-mode": "BootMode", "image-watermark.source-image-creation-time": "", "image-watermark.source-image-id": "",
		"image-watermark.source-image-region": "", "image-watermark.watermark-creation-time": "", "image-watermark.watermark-key": "",
		"instance-type-specification.supported-instance-type": "", "instance-type-specification.unsupported-instance-type": "",
		"public-ssm-parameter-name": "", "scan-result.finding-scan-date": "", "scan-result.highest-finding-severity-label": "",
		"scan-result.critical-fix-available-since": "", "scan-result.high-fix-available-since": "", "scan-result.medium-fix-available-since": "",
		"scan-result.low-fix-available-since": "", "scan-result.informational-fix-available-since": "",
		"architecture": "Architecture", "creation-date": "CreationDate", "description": "Description", "ena-support": "EnaSupport", "hypervisor": "Hypervisor",
		"image-id": "ImageId", "image-type": "ImageType", "is-public": "Public", "kernel-id": "KernelId", "manifest-location": "ImageLocation", "name": "Name",
		"owner-alias": "ImageOwnerAlias", "owner-id": "OwnerId", "platform": "Platform", "product-code": "ProductCodes.ProductCodeId",
		"product-code.type": "ProductCodes.ProductCodeType", "ramdisk-id": "RamdiskId", "root-device-name": "RootDeviceName",
		"root-device-type":   "RootDeviceType",
		"source-instance-id": "SourceInstanceId", "state": "State", "state-reason-code": "StateReason.Code", "state-reason-message": "StateReason.Message",
		"sriov-net-support": "SriovNetSupport", "virtualization-type": "VirtualizationType", "image-allowed": "ImageAllowed",
		"source-image-id": "SourceImageId", "source-image-region": "SourceImageRegion", "free-tier-eligible": "FreeTierEligible",
		"block-device-mapping.device-name": "BlockDeviceMappings.DeviceName", "block-device-mapping.snapshot-id": "BlockDeviceMappings.Ebs.SnapshotId",
		"block-device-mapping.volume-size": "BlockDeviceMappings.Ebs.VolumeSize", "block-device-mapping.volume-type": "BlockDeviceMappings.Ebs.VolumeType",
		"block-device-mapping.delete-on-termination": "BlockDeviceMappings.Ebs.DeleteOnTermination",
		"block-device-mapping.encrypted":             "BlockDeviceMappings.Ebs.Encrypted",
	}
	keyFilters       = map[string]string{"key-pair-id": "KeyPairId", "fingerprint": "KeyFingerprint", "key-name": "KeyName"}
	interfaceFilters = map[string]string{
		"vpc-id": "VpcId", "subnet-id": "SubnetId", "description": "Description", "status": "Status", "group-id": "Groups.GroupId",
		"group-name":        "Groups.GroupName",
		"availability-zone": "AvailabilityZone", "availability-zone-id": "AvailabilityZoneId", "interface-type": "InterfaceType", "mac-address": "MacAddress",
		"network-interface-id": "NetworkInterfaceId", "owner-id": "OwnerId", "private-ip-address": "PrivateIpAddress", "private-dns-name": "PrivateDnsName",
		"requester-id": "RequesterId", "requester-managed": "RequesterManaged", "source-dest-check": "SourceDestCheck",
		"ipv6-addresses.ipv6-address": "Ipv6Addresses.Ipv6Address", "operator.managed": "Operator.Managed", "operator.principal": "Operator.Principal",
		"attachment.attach-time": "Attachment.AttachTime", "attachment.attachment-id": "Attachment.AttachmentId",
		"attachment.delete-on-termination": "Attachment.DeleteOnTermination", "attachment.device-index": "Attachment.DeviceIndex",
		"attachment.instance-id": "Attachment.InstanceId", "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
		"attachment.status":            "Attachment.Status",
		"addresses.private-ip-address": "PrivateIpAddresses.PrivateIpAddress", "addresses.primary": "PrivateIpAddresses.Primary",
		"addresses.association.owner-id":  "PrivateIpAddresses.Association.IpOwnerId",
		"addresses.association.public-ip": "PrivateIpAddresses.Association.PublicIp",
		"association.allocation-id":       "Association.AllocationId", "association.association-id": "Association.AssociationId",
		"association.ip-owner-id": "Association.IpOwnerId", "association.public-ip": "Association.PublicIp",
		"association.public-dns-name": "Association.PublicDnsName",
	}
	endpointFilters = map[string]string{"ip-address-type": "IpAddressType", "service-name": "ServiceName", "service-region": "ServiceRegion", "vpc-id": "VpcId",
		"vpc-endpoint-id": "VpcEndpointId", "vpc-endpoint-state": "State", "vpc-endpoint-type": "VpcEndpointType"}
	placementFilters = map[string]string{"group-name": "GroupName", "group-arn": "GroupArn", "spread-level": "SpreadLevel", "state": "State",
		"strategy": "Strategy"}
	aclFilters = map[string]string{
		"vpc-id": "VpcId", "default": "IsDefault", "network-acl-id": "NetworkAclId", "owner-id": "OwnerId",
		"association.association-id": "Associations.NetworkAclAssociationId", "association.network-acl-id": "Associations.NetworkAclId",
		"association.subnet-id": "Associations.SubnetId", "entry.cidr": "Entries.CidrBlock", "entry.ipv6-cidr": "Entries.Ipv6CidrBlock",
		"entry.icmp.code": "Entries.IcmpTypeCode.Code", "entry.icmp.type": "Entries.IcmpTypeCode.Type", "entry.port-range.from": "Entries.PortRange.From",
		"entry.port-range.to": "Entries.PortRange.To", "entry.protocol": "Entries.Protocol", "entry.rule-action": "Entries.RuleAction",
		"entry.egress": "Entries.Egress", "entry.rule-number": "Entries.RuleNumber", "tag-key": "",
	}
	zoneFilters = map[string]string{
		"group-name": "GroupName", "group-long-name": "GroupLongName", "message": "Messages.Message", "opt-in-status": "OptInStatus",
		"parent-zone-id": "ParentZoneId", "parent-zone-name": "ParentZoneName", "region-name": "RegionName", "state": "State",
		"zone-id": "ZoneId", "zone-type": "ZoneType", "zone-name": "ZoneName",
	}
	typeFilters = map[string]string{
		"auto-recovery-supported": "AutoRecoverySupported", "bare-metal": "BareMetal", "burstable-performance-supported": "BurstablePerformanceSupported",
		"current-generation": "CurrentGeneration", "dedicated-hosts-supported": "DedicatedHostsSupported", "free-tier-eligible": "FreeTierEligible",
		"hibernation-supported": "HibernationSupported", "hypervisor": "Hypervisor", "instance-storage-supported": "InstanceStorageSupported",
		"instance-storage-info.disk.count": "InstanceStorageInfo.Disks.Count", "instance-storage-info.disk.size-in-gb": "InstanceStorageInfo.Disks.SizeInGB",
		"instance-storage-info.disk.type":          "InstanceStorageInfo.Disks.Type",
		"instance-storage-info.encryption-support": "InstanceStorageInfo.EncryptionSupport",
		"instance-storage-info.nvme-support":       "InstanceStorageInfo.NvmeSupport",
		"instance-storage-info.total-size-in-gb":   "InstanceStorageInfo.TotalSizeInGB",
		"instance-type":                            "InstanceType", "memory-info.size-in-mib": "MemoryInfo.SizeInMiB",
		"network-info.bandwidth-weightings":            "NetworkInfo.BandwidthWeightings",
		"network-info.efa-info.maximum-efa-interfaces": "NetworkInfo.EfaInfo.MaximumEfaInterfaces",
		"network-info.efa-supported":                   "NetworkInfo.EfaSupported", "network-info.ena-support": "NetworkInfo.EnaSupport",
		"network-info.flexible-ena-queues-support": "", "network-info.encryption-in-transit-supported": "NetworkInfo.EncryptionInTransitSupported",
		"network-info.ipv4-addresses-per-interface": "NetworkInfo.Ipv4AddressesPerInterface",
		"network-info.ipv6-addresses-per-interface": "NetworkInfo.Ipv6AddressesPerInterface",
		"network-info.ipv6-supported":               "NetworkInfo.Ipv6Supported", "network-info.maximum-network-cards": "NetworkInfo.MaximumNetworkCards",
		"network-info.maximum-network-interfaces": "NetworkInfo.MaximumNetworkInterfaces", "network-info.network-performance": "NetworkInfo.NetworkPerformance",
		"nitro-enclaves-support": "NitroEnclavesSupport", "nitro-tpm-support": "NitroTpmSupport",
		"nitro-tpm-info.supported-versions":     "NitroTpmInfo.SupportedVersions",
		"processor-info.supported-architecture": "ProcessorInfo.SupportedArchitectures", "processor-info.supported-features": "ProcessorInfo.SupportedFeatures",
		"processor-info.sustained-clock-speed-in-ghz": "ProcessorInfo.SustainedClockSpeedInGhz", "reboot-migration-support": "",
		"supported-boot-mode": "SupportedBootModes", "supported-root-device-type": "SupportedRootDeviceTypes", "supported-usage-class": "SupportedUsageClasses",
		"supported-virtualization-type": "SupportedVirtualizationTypes", "vcpu-info.default-cores": "VCpuInfo.DefaultCores",
		"vcpu-info.default-threads-per-core": "VCpuInfo.DefaultThreadsPerCore", "vcpu-info.default-vcpus": "VCpuInfo.DefaultVCpus",
		"vcpu-info.valid-cores": "VCpuInfo.ValidCores", "vcpu-info.valid-threads-per-core": "VCpuInfo.ValidThreadsPerCore",
		"ebs-info.attachment-limit-type": "", "ebs-info.maximum-ebs-attachments": "", "ebs-info.ebs-optimized-support": "EbsInfo.EbsOptimizedSupport",
		"ebs-info.encryption-support": "EbsInfo.EncryptionSupport", "ebs-info.nvme-support": "EbsInfo.NvmeSupport",
		"ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps":  "EbsInfo.EbsOptimizedInfo.BaselineBandwidthInMbps",
		"ebs-info.ebs-optimized-info.baseline-iops":               "EbsInfo.EbsOptimizedInfo.BaselineIops",
		"ebs-info.ebs-optimized-info.baseline-throughput-in-mbps": "EbsInfo.EbsOptimizedInfo.BaselineThroughputInMBps",
		"ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps":   "EbsInfo.EbsOptimizedInfo.MaximumBandwidthInMbps",
		"ebs-info.ebs-optimized-info.maximum-iops":                "EbsInfo.EbsOptimizedInfo.MaximumIops",
		"ebs-info.ebs-optimized-info.maximum-throughput-in-mbps":  "EbsInfo.EbsOptimizedInfo.MaximumThroughputInMBps",
	}
	offeringFilters = map[string]string{"location": "Location", "instance-type": "InstanceType"}
	regionFilters   = map[string]string{"endpoint": "Endpoint", "opt-in-status": "OptInStatus", "region-name": "RegionName"}
	serviceFilters  = map[string]string{"owner": "Owner", "service-name": "ServiceName", "service-region": "ServiceRegion",
		"service-type": "ServiceType.ServiceType", "supported-ip-address-types": "SupportedIpAddressTypes"}
	tagFilters = map[string]string{"key": "Key", "value": "Value", "resource-id": "ResourceId", "resource-type": "ResourceType"}
)

// permissionFilters select security groups by their rules.
func (e *EC2) permissionFilters() map[string]func(*types.SecurityGroup) []string {
	out := map[string]func(*types.SecurityGroup) []string{}
	for prefix, egress := range map[string]bool{"ip-permission.": false, "egress.ip-permission.": true} {
		for name, get := range map[string]func(*types.SecurityGroupRule) []string{
			"cidr":           func(r *types.SecurityGroupRule) []string { return one(r.CidrIpv4) },
			"ipv6-cidr":      func(r *types.SecurityGroupRule) []string { return one(r.CidrIpv6) },
			"from-port":      func(r *types.SecurityGroupRule) []string { return number(int(aws.ToInt32(r.FromPort))) },
			"to-port":        func(r *types.SecurityGroupRule) []string { return number(int(aws.ToInt32(r.ToPort))) },
			"protocol":       func(r *types.SecurityGroupRule) []string { return one(r.IpProtocol) },
			"prefix-list-id": func(r *types.SecurityGroupRule) []string { return one(r.PrefixListId) },
			"group-id":       referenced(func(g *types.ReferencedSecurityGroup) *string { return g.GroupId }),
			"user-id":        referenced(func(g *types.ReferencedSecurityGroup) *string { return g.UserId }),
			"group-name": referenced(func(g *types.ReferencedSecurityGroup) *string {
				if x := e.groups.Get(aws.ToString(g.GroupId)); x != nil {
					return x.GroupName
				}
				return nil
			}),
		} {
			out[prefix+name] = func(g *types.SecurityGroup) []string {
				var all []string
				for _, r := range e.rules.Select(func(r *types.SecurityGroupRule) bool {
					return *r.GroupId == *g.GroupId && aws.ToBool(r.IsEgress) == egress
				}) {
					all = slices.Concat(all, get(r))
				}
				return all
			}
		}
	}
	return out
}

func referenced(get func(*types.ReferencedSecurityGroup) *string) func(*types.SecurityGroupRule) []string {
	return func(r *types.SecurityGroupRule) []string {
		if r.ReferencedGroupInfo == nil {
			return nil
		}
		return one(get(r.ReferencedGroupInfo))
	}
}

// instanceFilters are those of DescribeInstances.
var instanceFilters = map[string]string{
	"metadata-options.state": "MetadataOptions.State", "network-interface.addresses.private-dns-name": "NetworkInterfaces.PrivateIpAddresses.PrivateDnsName",
	"network-interface.addresses.association.carrier-ip":        "NetworkInterfaces.PrivateIpAddresses.Association.CarrierIp",
	"network-interface.addresses.association.customer-owned-ip": "NetworkInterfaces.PrivateIpAddresses.Association.CustomerOwnedIp",
	"network-interface.addresses.association.public-dns-name":   "NetworkInterfaces.PrivateIpAddresses.Association.PublicDnsName",
	"affinity": "Placement.Affinity", "architecture": "Architecture", "availability-zone": "Placement.AvailabilityZone", "availability-zone-id": "",
	"boot-mode": "BootMode", "client-token": "ClientToken", "current-instance-boot-mode": "CurrentInstanceBootMode", "dns-name": "PublicDnsName",
	"ebs-optimized": "EbsOptimized", "ena-support": "EnaSupport", "hibernation-options.configured": "HibernationOptions.Configured",
	"enclave-options.enabled": "EnclaveOptions.Enabled", "host-id": "Placement.HostId", "hypervisor": "Hypervisor",
	"iam-instance-profile.arn": "IamInstanceProfile.Arn", "iam-instance-profile.id": "IamInstanceProfile.Id", "iam-instance-profile.name": "",
	"image-id": "ImageId", "instance-id": "InstanceId", "instance-lifecycle": "InstanceLifecycle", "instance-state-code": "State.Code",
	"instance-state-name": "State.Name", "instance-type": "InstanceType", "instance.group-id": "SecurityGroups.GroupId",
	"instance.group-name": "SecurityGroups.GroupName", "ip-address": "PublicIpAddress", "ipv6-address": "Ipv6Address", "kernel-id": "KernelId",
	"key-name": "KeyName", "launch-index": "AmiLaunchIndex", "launch-time": "LaunchTime", "metadata-options.http-endpoint": "MetadataOptions.HttpEndpoint",
	"metadata-options.http-put-response-hop-limit": "MetadataOptions.HttpPutResponseHopLimit", "metadata-options.http-tokens": "MetadataOptions.HttpTokens",
	"metadata-options.http-protocol-ipv4": "", "metadata-options.http-protocol-ipv6": "MetadataOptions.HttpProtocolIpv6",
	"metadata-options.instance-metadata-tags": "MetadataOptions.InstanceMetadataTags", "maintenance-options.auto-recovery": "MaintenanceOptions.AutoRecovery",
	"capacity-reservation-id": "CapacityReservationId", "monitoring-state": "Monitoring.State",
	"network-interface.addresses.primary":                           "NetworkInterfaces.PrivateIpAddresses.Primary",
	"network-interface.addresses.private-ip-address":                "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress",
	"network-interface.addresses.association.public-ip":             "NetworkInterfaces.Association.PublicIp",
	"network-interface.addresses.association.ip-owner-id":           "NetworkInterfaces.Association.IpOwnerId",
	"network-interface.addresses.association.allocation-id":         "",
	"network-interface.addresses.association.association-id":        "",
	"network-interface.association.allocation-id":                   "",
	"network-interface.association.association-id":                  "",
	"network-interface.association.carrier-ip":                      "NetworkInterfaces.Association.CarrierIp",
	"network-interface.association.customer-owned-ip":               "NetworkInterfaces.Association.CustomerOwnedIp",
	"network-interface.association.ip-owner-id":                     "NetworkInterfaces.Association.IpOwnerId",
	"network-interface.association.public-dns-name":                 "NetworkInterfaces.Association.PublicDnsName",
	"network-interface.association.public-ip":                       "NetworkInterfaces.Association.PublicIp",
	"network-interface.attachment.attach-time":                      "NetworkInterfaces.Attachment.AttachTime",
	"network-interface.attachment.attachment-id":                    "NetworkInterfaces.Attachment.AttachmentId",
	"network-interface.attachment.delete-on-termination":            "NetworkInterfaces.Attachment.DeleteOnTermination",
	"network-interface.attachment.device-index":                     "NetworkInterfaces.Attachment.DeviceIndex",
	"network-interface.attachment.instance-id":                      "InstanceId",
	"network-interface.attachment.instance-owner-id":                "NetworkInterfaces.OwnerId",
	"network-interface.attachment.network-card-index":               "NetworkInterfaces.Attachment.NetworkCardIndex",
	"network-interface.attachment.status":                           "NetworkInterfaces.Attachment.Status",
	"network-interface.availability-zone":                           "Placement.AvailabilityZone",
	"network-interface.description":                                 "NetworkInterfaces.Description",
	"network-interface.deny-all-igw-traffic":                        "",
	"network-interface.group-id":                                    "NetworkInterfaces.Groups.GroupId",
	"network-interface.group-name":                                  "NetworkInterfaces.Groups.GroupName",
	"network-interface.ipv4-prefixes.ipv4-prefix":                   "NetworkInterfaces.Ipv4Prefixes.Ipv4Prefix",
	"network-interface.ipv6-address":                                "NetworkInterfaces.Ipv6Addresses.Ipv6Address",
	"network-interface.ipv6-addresses.ipv6-address":                 "NetworkInterfaces.Ipv6Addresses.Ipv6Address",
	"network-interface.ipv6-addresses.is-primary-ipv6":              "NetworkInterfaces.Ipv6Addresses.IsPrimaryIpv6",
	"network-interface.ipv6-native":                                 "",
	"network-interface.ipv6-prefixes.ipv6-prefix":                   "NetworkInterfaces.Ipv6Prefixes.Ipv6Prefix",
	"network-interface.mac-address":                                 "NetworkInterfaces.MacAddress",
	"network-interface.network-interface-id":                        "NetworkInterfaces.NetworkInterfaceId",
	"network-interface.operator.managed":                            "NetworkInterfaces.Operator.Managed",
	"network-interface.operator.principal":                          "NetworkInterfaces.Operator.Principal",
	"network-interface.outpost-arn":                                 "",
	"network-interface.owner-id":                                    "NetworkInterfaces.OwnerId",
	"network-interface.private-dns-name":                            "NetworkInterfaces.PrivateDnsName",
	"network-interface.private-ip-address":                          "NetworkInterfaces.PrivateIpAddress",
	"network-interface.public-dns-name":                             "NetworkInterfaces.Association.PublicDnsName",
	"network-interface.requester-id":                                "",
	"network-interface.requester-managed":                           "",
	"network-interface.source-dest-check":                           "NetworkInterfaces.SourceDestCheck",
	"network-interface.status":                                      "NetworkInterfaces.Status",
	"network-interface.subnet-id":                                   "NetworkInterfaces.SubnetId",
	"network-interface.tag-key":                                     "",
	"network-interface.tag-value":                                   "",
	"network-interface.vpc-id":                                      "VpcId",
	"network-performance-options.bandwidth-weighting":               "NetworkPerformanceOptions.BandwidthWeighting",
	"operator.managed":                                              "Operator.Managed",
	"operator.principal":                                            "Operator.Principal",
	"outpost-arn":                                                   "OutpostArn",
	"owner-id":                                                      "",
	"placement-group-name":                                          "Placement.GroupName",
	"placement-partition-number":                                    "Placement.PartitionNumber",
	"platform":                                                      "Platform",
	"platform-details":                                              "PlatformDetails",
	"private-dns-name":                                              "PrivateDnsName",
	"private-dns-name-options.enable-resource-name-dns-a-record":    "PrivateDnsNameOptions.EnableResourceNameDnsARecord",
	"private-dns-name-options.enable-resource-name-dns-aaaa-record": "PrivateDnsNameOptions.EnableResourceNameDnsAAAARecord",
	"private-dns-name-options.hostname-type":                        "PrivateDnsNameOptions.HostnameType",
	"private-ip-address":                                            "PrivateIpAddress",
	"product-code":                                                  "ProductCodes.ProductCodeId",
	"product-code.type":                                             "ProductCodes.ProductCodeType",
	"ramdisk-id":                                                    "RamdiskId",
	"reason":                                                        "StateTransitionReason",
	"requester-id":                                                  "",
	"reservation-id":                                                "",
	"root-device-name":                                              "RootDeviceName",
	"root-device-type":                                              "RootDeviceType",
	"source-dest-check":                                             "SourceDestCheck",
	"spot-instance-request-id":                                      "SpotInstanceRequestId",
	"state-reason-code":                                             "StateReason.Code",
	"state-reason-message":                                          "StateReason.Message",
	"subnet-id":                                                     "SubnetId",
	"tenancy":                                                       "Placement.Tenancy",
	"tpm-support":                                                   "TpmSupport",
	"usage-operation":                                               "UsageOperation",
	"usage-operation-update-time":                                   "UsageOperationUpdateTime",
	"virtualization-type":                                           "VirtualizationType",
	"vpc-id":                                                        "VpcId",
	"block-device-mapping.attach-time":                              "BlockDeviceMappings.Ebs.AttachTime",
	"block-device-mapping.delete-on-termination":                    "BlockDeviceMappings.Ebs.DeleteOnTermination",
	"block-device-mapping.device-name":                              "BlockDeviceMappings.DeviceName",
	"block-device-mapping.status":                                   "BlockDeviceMappings.Ebs.Status",
	"block-device-mapping.volume-id":                                "BlockDeviceMappings.Ebs.VolumeId",

	reserved + "preference":                     "CapacityReservationSpecification.CapacityReservationPreference",
	reserved + "target.capacity-reservation-id": "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId",

	reserved + "target.capacity-reservation-resource-group-arn": "CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationResourceGroupArn",
}

// reserved is how the filters begin that tell a capacity reservation.
const reserved = "capacity-reservation-specification.capacity-reservation-"
