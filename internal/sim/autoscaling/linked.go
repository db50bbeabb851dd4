package autoscaling

// ARNs are the groups' names, which need the service's role.
func (a *AutoScaling) ARNs() []string {
	var out []string
	for _, g := range a.groups.All() {
		out = append(out, *g.AutoScalingGroupARN)
	}
	return out
}
