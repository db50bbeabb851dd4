package eksfacts

// effects of taints, as Kubernetes and as EKS's API spell them.
var effects = []struct {
	kubernetes, eks string
	repels          bool // keeps a pod away that does not tolerate it
}{
	{"NoSchedule", "NO_SCHEDULE", true},
	{"PreferNoSchedule", "PREFER_NO_SCHEDULE", false},
	{"NoExecute", "NO_EXECUTE", true},
}

// TaintEffects lists Kubernetes' spellings.
func TaintEffects() []string {
	var out []string
	for _, e := range effects {
		out = append(out, e.kubernetes)
	}
	return out
}

// EKSEffect is EKS's spelling of an effect that Kubernetes knows, "" for any other.
func EKSEffect(kubernetes string) string {
	for _, e := range effects {
		if e.kubernetes == kubernetes {
			return e.eks
		}
	}
	return ""
}

// KubernetesEffect is Kubernetes' spelling of an effect that EKS knows, "" for any
// other.
func KubernetesEffect(eks string) string {
	for _, e := range effects {
		if e.eks == eks {
			return e.kubernetes
		}
	}
	return ""
}

// Repels tells whether a taint of this effect keeps ordinary pods away, in either
// spelling.
func Repels(effect string) bool {
	for _, e := range effects {
		if e.repels && (e.kubernetes == effect || e.eks == effect) {
			return true
		}
	}
	return false
}
