package eks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	corev1 "k8s.io/api/core/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// sizes are the Auto Scaling group's, least, wanted and most.
func (l life) sizes() string {
	s, _, _ := l.scaling()
	return s
}

// The surplus goes one by one, the largest size with the wanted one, and the update is
// Successful when the last of it is no node any more.
func TestASurplusGoesOneByOne(t *testing.T) {
	l := rolling(t)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.next("the surplus shrinks", 40*time.Minute, func() bool { return l.desired() == 5 })
	seen := []string{l.sizes()}
	for l.groupIs() == "UPDATING" {
		if s := l.sizes(); s != seen[len(seen)-1] {
			seen = append(seen, s)
		}
		l.after(time.Second)
	}
	l.holds("the sizes", fmt.Sprint(seen), "[1 5 5 1 4 4 1 3 3 1 2 2]")
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	if n := len(kubeapi.List[corev1.Node](l.kube())); n != 2 {
		t.Errorf("%d nodes at its end", n)
	}
}

// Where an autoscaler scales up meanwhile, the update is over and the sizes are left alone.
func TestAnAutoscalerEndsTheScaleDown(t *testing.T) {
	l := rolling(t)
	u, err := l.roll(eks.UpdateNodegroupVersionInput{Version: new("1.35")})
	l.refused("", err)
	l.next("the surplus shrinks", 40*time.Minute, func() bool { return l.desired() == 4 })
	before := l.sizes()
	l.holds("the sizes", before, "1 4 4")
	l.grow(5)
	l.after(10 * time.Second)
	l.expect("the update", l.update(u.Id, new("g")), "Successful")
	l.after(10 * time.Minute)
	l.holds("the sizes", l.sizes(), "1 5 5")
}
