package sim

import (
	"testing"
	"time"
)

// A client that polls every 20 seconds of the wall is told once that these are 20 minutes
// here; one that looks often, one that is away, and any at speed 1 are not.
func TestSlowClientsAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		speed float64
		gap   time.Duration // on the wall
		want  int
	}{
		"slow":    {60, 20 * time.Second, 1},
		"quick":   {60, 2 * time.Second, 0},
		"away":    {60, 3 * time.Minute, 0},
		"at home": {1, 20 * time.Second, 0},
	} {
		p, told := pauses{speed: c.speed}, 0
		for i := range 10 {
			at := time.Duration(float64(i) * float64(c.gap) * c.speed)
			if client, pause := p.seen("eksctl/0.2 os/linux", "cloudformation:DescribeStacks", at); client != "" {
				told++
				if client != "eksctl" || pause != time.Duration(float64(c.gap)*c.speed) {
					t.Errorf("%s: %s, %s", name, client, pause)
				}
			}
			p.seen("eksctl/0.2 os/linux", "eks:DescribeCluster", at) // something else is asked in between
		}
		if told != c.want {
			t.Errorf("%s: told %d times", name, told)
		}
	}
}
