package eksfacts

import "strings"

// partitions of AWS by how their regions' names begin; the longer first.
var partitions = []struct{ region, partition string }{
	{"us-gov-", "aws-us-gov"}, {"cn-", "aws-cn"}, {"us-isob-", "aws-iso-b"}, {"us-isof-", "aws-iso-f"}, {"eu-isoe-", "aws-iso-e"}, {"us-iso-",
		"aws-iso"}, {"eusc-", "aws-eusc"},
}

// Partition is the part of AWS that a region is in, as ARNs name it.
func Partition(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.region) {
			return p.partition
		}
	}
	return "aws"
}

// GlobalRegion is the region of a partition in which CloudTrail keeps the events of global
// services, such as IAM ("Global service events" in the CloudTrail user guide).
func GlobalRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	}
	return "us-east-1"
}
