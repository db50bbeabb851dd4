package eks

// uses says what needs EKS's service-linked roles.
func (s *EKS) uses() {
	s.iam.Using("eks.amazonaws.com", func() (arns []string) {
		for _, c := range s.clusters.All() {
			arns = append(arns, *c.Arn)
		}
		return arns
	})
	s.iam.Using("eks-nodegroup.amazonaws.com", func() (arns []string) {
		for _, c := range s.clusters.All() {
			for _, g := range c.groups.All() {
				arns = append(arns, *g.NodegroupArn)
			}
		}
		return arns
	})
	s.iam.Using("eks-fargate.amazonaws.com", func() (arns []string) {
		for _, c := range s.clusters.All() {
			for _, p := range c.profiles.All() {
				arns = append(arns, *p.FargateProfileArn)
			}
		}
		return arns
	})
}
