package kubeapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// Deprecated is a resource of an API version that a minor serves and a later one does not.
type Deprecated struct {
	Usage, ReplacedWith string   // /apis/GROUP/VERSION/RESOURCE
	Removed, Since      string   // the minor that serves it no more, and the first that serves what replaces it: 1.32
	Clients             []Client // who used it within the last thirty days, by user agent
}

// Client is a program that asks.
type Client struct {
	UserAgent string
	Requests  int
	Last      time.Time
}

// remembered is how long it is known who asked for what: EKS goes by thirty days of audit logs.
const remembered = 30 * 24 * time.Hour

// asked is what clients asked of deprecated APIs, by usage and user agent.
type asked struct {
	mu  sync.Mutex
	all map[string]map[string]*asks
}

// asks are counted by the day.
type asks struct {
	Days map[string]int `json:"days"`
	Last time.Time      `json:"last"`
}

// endings are what a minor serves that a later one does not, by what Kubernetes says of its
// types' lives.
func endings(minor int) map[schema.GroupVersionResource]Deprecated {
	r, out := served(minor), map[schema.GroupVersionResource]Deprecated{}
	for _, k := range kinds {
		scheme := schemeOf(k.gv.Group)
		for _, gv := range scheme.PrioritizedVersionsForGroup(k.gv.Group) {
			o, err := scheme.New(gv.WithKind(k.name))
			life, ends := o.(interface {
				APILifecycleRemoved() (major, minor int)
				APILifecycleReplacement() schema.GroupVersionKind
			})
			if err != nil || !ends || !r.ResourceEnabled(gv.WithResource(k.resource)) {
				continue
			}
			major, removed := life.APILifecycleRemoved()
			next := life.APILifecycleReplacement()
			out[gv.WithResource(k.resource)] = Deprecated{Usage: usage(gv, k.resource), ReplacedWith: usage(next.GroupVersion(), k.resource),
				Removed: fmt.Sprintf("%d.%d", major, removed), Since: introduced(scheme, next)}
		}
	}
	return out
}

func usage(gv schema.GroupVersion, resource string) string {
	if gv.Group == "" {
		return "/api/" + gv.Version + "/" + resource
	}
	return "/apis/" + gv.String() + "/" + resource
}

func introduced(scheme *runtime.Scheme, kind schema.GroupVersionKind) string {
	o, err := scheme.New(kind)
	if life, is := o.(interface {
		APILifecycleIntroduced() (major, minor int)
	}); err == nil && is {
		major, minor := life.APILifecycleIntroduced()
		return fmt.Sprintf("%d.%d", major, minor)
	}
	return ""
}

// note remembers a request for what later minors do not serve.
func (s *server) note(c *Cluster, r *http.Request) {
	i, ok := request.RequestInfoFrom(r.Context())
	if !ok || !i.IsResourceRequest {
		return
	}
	d, ends := s.endings[schema.GroupVersionResource{Group: i.APIGroup, Version: i.APIVersion, Resource: i.Resource}]
	if !ends {
		return
	}
	c.asked.mu.Lock()
	defer c.asked.mu.Unlock()
	if c.asked.all == nil {
		c.asked.all = map[string]map[string]*asks{}
	}
	if c.asked.all[d.Usage] == nil {
		c.asked.all[d.Usage] = map[string]*asks{}
	}
	a := c.asked.all[d.Usage][r.UserAgent()]
	if a == nil {
		a = &asks{Days: map[string]int{}}
		c.asked.all[d.Usage][r.UserAgent()] = a
	}
	a.Last = c.objects.date()
	a.Days[a.Last.UTC().Format(time.DateOnly)]++
}

// Deprecations are what the cluster's minor serves that a later one does not, in order, with
// who used it lately.
func (c *Cluster) Deprecations() []Deprecated {
	var out []Deprecated
	from := c.objects.date().Add(-remembered).UTC().Format(time.DateOnly)
	c.asked.mu.Lock()
	defer c.asked.mu.Unlock()
	for _, d := range serverOf(c.Version()).endings {
		for _, agent := range slices.Sorted(maps.Keys(c.asked.all[d.Usage])) {
			a, n := c.asked.all[d.Usage][agent], 0
			for day, count := range a.Days {
				if day >= from {
					n += count
				}
			}
			if n > 0 {
				d.Clients = append(d.Clients, Client{agent, n, a.Last})
			}
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Deprecated) int { return strings.Compare(a.Usage, b.Usage) })
	return out
}
