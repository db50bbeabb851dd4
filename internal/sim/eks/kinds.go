package eks

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/res"
)

// kinds registers what the region holds, in the order in which it is loaded.
func (s *EKS) kinds() {
	s.clusters = res.Add(&s.Registry, tagged("cluster", func(c *cluster) *string { return c.Name }, func(c *cluster) *string { return c.Arn },
		func(c *cluster) *map[string]string { return &c.Tags }))
	s.groups = owned(s, func(g *nodegroup) *string { return g.ClusterName },
		tagged("nodegroup", func(g *nodegroup) *string { return g.NodegroupName }, func(g *nodegroup) *string { return g.NodegroupArn },
			func(g *nodegroup) *map[string]string { return &g.Tags }))
	s.addons = owned(s, func(a *addon) *string { return a.ClusterName },
		tagged("addon", func(a *addon) *string { return a.AddonName }, func(a *addon) *string { return a.AddonArn },
			func(a *addon) *map[string]string { return &a.Tags }))
	s.profiles = owned(s, func(p *fargateProfile) *string { return p.ClusterName },
		tagged("fargateprofile", func(p *fargateProfile) *string { return p.FargateProfileName },
			func(p *fargateProfile) *string { return p.FargateProfileArn }, func(p *fargateProfile) *map[string]string { return &p.Tags }))
	s.entries = owned(s, func(e *accessEntry) *string { return e.ClusterName },
		tagged("access-entry", func(e *accessEntry) *string { return e.PrincipalArn }, func(e *accessEntry) *string { return e.AccessEntryArn },
			func(e *accessEntry) *map[string]string { return &e.Tags }))
	s.associations = owned(s, func(a *association) *string { return a.ClusterName },
		tagged("podidentityassociation", func(a *association) *string { return a.AssociationId },
			func(a *association) *string { return a.AssociationArn },
			func(a *association) *map[string]string { return &a.Tags }))
	s.idps = owned(s, func(p *types.OidcIdentityProviderConfig) *string { return p.ClusterName },
		tagged("identityproviderconfig", func(p *types.OidcIdentityProviderConfig) *string { return p.IdentityProviderConfigName },
			func(p *types.OidcIdentityProviderConfig) *string { return p.IdentityProviderConfigArn },
			func(p *types.OidcIdentityProviderConfig) *map[string]string { return &p.Tags }))
	s.capabilities = owned(s, func(k *capability) *string { return k.ClusterName },
		tagged("capability", func(k *capability) *string { return k.CapabilityName }, func(k *capability) *string { return k.Arn },
			func(k *capability) *map[string]string { return &k.Tags }))
	s.connected = res.Add(&s.Registry, tagged("connected-cluster", func(c *connected) *string { return c.Name },
		func(c *connected) *string { return c.Arn }, func(c *connected) *map[string]string { return &c.Tags }))
	s.Keep("down", &s.down)
	s.Keep("done", &s.tokens)
}

// tagged is a kind of resource with a name, an ARN and tags.
func tagged[T any](name string, key, arn func(*T) *string, tags func(*T) *map[string]string) *res.Kind[T] {
	return &res.Kind[T]{Name: name,
		Key:     func(r *T) string { return aws.ToString(key(r)) },
		ARN:     func(r *T) string { return aws.ToString(arn(r)) },
		Tags:    func(r *T) map[string]string { return *tags(r) },
		SetTags: func(r *T, t map[string]string) { *tags(r) = t }}
}

// owned is a kind of resource of which each cluster has some.
func owned[T any](s *EKS, owner func(*T) *string, k *res.Kind[T]) *res.Owned[T] {
	return res.AddOwned(&s.Registry, &res.Owned[T]{Kind: *k, Owner: func(r *T) string { return aws.ToString(owner(r)) }})
}

// bind ties a cluster to the region: its resources, and the service itself.
func (s *EKS) bind(c *cluster) *cluster {
	n := *c.Name
	c.e = s
	c.addons, c.groups, c.profiles = s.addons.Of(n), s.groups.Of(n), s.profiles.Of(n)
	c.entries, c.associations, c.idps = s.entries.Of(n), s.associations.Of(n), s.idps.Of(n)
	c.capabilities = s.capabilities.Of(n)
	for _, g := range c.groups.All() {
		g.c = c
	}
	return c
}

// drop forgets a cluster with all it has.
func (s *EKS) drop(c *cluster) {
	n := *c.Name
	s.clusters.Delete(n)
	s.addons.Drop(n)
	s.groups.Drop(n)
	s.profiles.Drop(n)
	s.entries.Drop(n)
	s.associations.Drop(n)
	s.idps.Drop(n)
	s.capabilities.Drop(n)
}

// Save is the service's state as JSON, with each cluster's Kubernetes objects.
func (s *EKS) Save() (json.RawMessage, error) {
	for _, c := range s.clusters.All() {
		if c.kube == nil {
			continue
		}
		var err error
		if c.Kubernetes, err = c.kube.Snapshot(); err != nil {
			return nil, fmt.Errorf("cluster %s: %w", *c.Name, err)
		}
		if c.Loops, err = c.nodes.Save(); err != nil {
			return nil, fmt.Errorf("cluster %s: %w", *c.Name, err)
		}
	}
	b, err := s.Registry.Save()
	for _, c := range s.clusters.All() {
		c.Kubernetes, c.Loops = nil, nil
	}
	return b, err
}

// Load goes on from a saved state: clusters answer again, at their endpoints where
// those are free.
func (s *EKS) Load(b json.RawMessage) error {
	if err := s.Registry.Load(b); err != nil {
		return err
	}
	for _, c := range s.clusters.All() {
		s.bind(c)
		if c.Kubernetes == nil {
			continue
		}
		c.nodes = s.fleet.New(c.ID, c)
		k, err := kubeapi.LoadCluster(c.Kubernetes, c.uid, s.w.Date, c.nodes.Changed)
		if err != nil {
			return fmt.Errorf("cluster %s: %w", *c.Name, err)
		}
		if err := c.nodes.Load(c.Loops); err != nil {
			return fmt.Errorf("cluster %s: %w", *c.Name, err)
		}
		c.Kubernetes, c.Loops = nil, nil
		if err := s.serve(c, k); err != nil {
			return fmt.Errorf("cluster %s: %w", *c.Name, err)
		}
	}
	return nil
}

// uid draws a Kubernetes object's identifier.
func (c *cluster) uid(key string) string { return c.e.w.UUID("kubernetes", c.ID, key) }

// ServeClusters makes the clusters reachable: those that are there, and those to come.
func (s *EKS) ServeClusters(how func(c *kubeapi.Cluster, earlier string) (url string, stop func(), err error)) error {
	s.Serve = how
	for _, c := range s.clusters.All() {
		if c.kube != nil && c.stop == nil {
			if err := s.serve(c, c.kube); err != nil {
				return err
			}
		}
	}
	return nil
}

// Issues tells whether a cluster's OIDC issuer has this ID.
func (s *EKS) Issues(id string) bool {
	return s.clusters.Find(func(c *cluster) bool { return c.ID == id && c.Identity != nil }) != nil
}

// serve makes a cluster's API reachable.
func (s *EKS) serve(c *cluster, k *kubeapi.Cluster) error {
	c.kube, c.nodes.API, k.Token = k, k, c.whoami
	if s.SigningKey != nil {
		k.Signer = &kubeapi.Signer{URL: s.issuerURL(c.ID), Key: s.SigningKey}
	}
	if s.Serve == nil {
		return nil
	}
	url, stop, err := s.Serve(k, aws.ToString(c.Endpoint))
	if err == nil {
		c.Endpoint, c.stop = new(url), stop
	}
	return err
}
