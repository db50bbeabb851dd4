package autoscaling

// Behind are the target groups and the classic load balancers that an instance's group
// registers it with.
func (a *AutoScaling) Behind(instance string) (targetGroups, loadBalancers []string) {
	for _, g := range a.groups.All() {
		for _, i := range g.Instances {
			if *i.InstanceId == instance {
				return g.TargetGroupARNs, g.LoadBalancerNames
			}
		}
	}
	return nil, nil
}
