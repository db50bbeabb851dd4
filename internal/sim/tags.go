package sim

import "strings"

// tagsOf are the tags of a thing of a service's, by its ARN, as policies ask for them.
func (r *Region) tagsOf(service, arn string) map[string]string {
	switch service {
	case "ec2":
		return r.EC2.Tags(arn[strings.LastIndex(arn, "/")+1:])
	case "eks":
		tags, _ := r.EKS.Tags(arn)
		return tags
	case "elasticloadbalancing":
		tags, _ := r.ELB.Tags(arn)
		return tags
	}
	return nil
}
