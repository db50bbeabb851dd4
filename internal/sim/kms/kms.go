// Package kms simulates KMS in a region: keys with their state, policy, tags, rotation,
// aliases and grants, and symmetric encryption. It must not know what the keys encrypt.
package kms

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
	"github.com/slipway-eks/slipway/internal/sim/world"
)

// KMS is the service's state in one region.
type KMS struct {
	res.Registry
	w                          *world.World
	Account, Partition, Region string
	// Knows tells whether a principal that a key policy names exists.
	Knows func(arn string) bool

	keys    *res.Kind[key]
	aliases *res.Kind[alias]
	grants  *res.Kind[grant]
}

// key is a key with what its metadata do not say.
type key struct {
	types.KeyMetadata
	Policy   string
	Tags     []types.Tag
	Rotates  bool
	Period   int32     // days between rotations
	Since    time.Time // when rotation was enabled
	Material []byte
}

// alias is a name for a key.
type alias struct {
	Name, Key string // alias/mine, the key's ID
	Born      time.Time
	Changed   time.Time
}

// New is a region without keys.
func New(w *world.World, region, account, partition string) *KMS {
	k := &KMS{w: w, Region: region, Account: account, Partition: partition, Knows: func(string) bool { return true }}
	k.keys = res.Add(&k.Registry, &res.Kind[key]{Name: "key", Key: func(m *key) string { return bare(aws.ToString(m.Arn)) },
		Missing: missing, Complete: k.complete})
	k.aliases = res.Add(&k.Registry, &res.Kind[alias]{Name: "alias", Key: func(a *alias) string { return a.Name }})
	k.grants = res.Add(&k.Registry, &res.Kind[grant]{Name: "grant", Key: func(g *grant) string { return *g.GrantId }})
	world.On(w, "kms:delete", k.deleted)
	return k
}

// Register adds the operations.
func (k *KMS) Register(s *wire.Service) {
	wire.Handle(s, "CreateKey", k.CreateKey)
	wire.Handle(s, "DescribeKey", k.DescribeKey)
	wire.Handle(s, "ListKeys", k.ListKeys)
	wire.Handle(s, "UpdateKeyDescription", k.UpdateKeyDescription)
	wire.Handle(s, "EnableKey", k.EnableKey)
	wire.Handle(s, "DisableKey", k.DisableKey)
	wire.Handle(s, "ScheduleKeyDeletion", k.ScheduleKeyDeletion)
	wire.Handle(s, "CancelKeyDeletion", k.CancelKeyDeletion)
	k.registerPolicies(s)
	k.registerTags(s)
	k.registerRotation(s)
	k.registerAliases(s)
	k.registerGrants(s)
	k.registerCryptography(s)
}

func (k *KMS) arn(resource string) string {
	return "arn:" + k.Partition + ":kms:" + k.Region + ":" + k.Account + ":" + resource
}

func missing(id string) error { return wire.Errorf("NotFoundException", "Key '%s' does not exist", id) }

// bare is a key's ID, of its ARN or its ID.
func bare(id string) string { return id[strings.LastIndex(id, "/")+1:] }

// Key finds a key by ID or ARN, or nil.
func (k *KMS) Key(id string) *types.KeyMetadata {
	if m := k.keys.Get(bare(id)); m != nil {
		return &m.KeyMetadata
	}
	return nil
}

// key finds a key by its ID or ARN, which is all that operations on a key take.
func (k *KMS) key(id *string) (*key, error) {
	name := aws.ToString(id)
	switch m := k.keys.Get(bare(name)); {
	case m != nil && (name == *m.KeyId || name == *m.Arn):
		return m, nil
	case strings.HasPrefix(name, "arn:") && !strings.HasPrefix(name, k.arn("")):
		return nil, wire.Errorf("NotFoundException", "Invalid arn %s", k.Region)
	case strings.HasPrefix(name, "alias/"), !strings.HasPrefix(name, "arn:") && !idRE.MatchString(name):
		return nil, wire.Errorf("NotFoundException", "Invalid keyId '%s'", name)
	case !strings.HasPrefix(name, "arn:"):
		name = k.arn("key/" + name)
	}
	return nil, missing(name)
}

// usable finds a key that can be used and changed: one that is pending deletion cannot.
func (k *KMS) usable(id *string) (*key, error) {
	m, err := k.key(id)
	if err == nil && m.KeyState == types.KeyStatePendingDeletion {
		return nil, wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", *m.Arn)
	}
	return m, err
}

// named finds a key by any identifier: its own, or an alias's name or ARN.
func (k *KMS) named(id *string) (*key, error) {
	name := strings.TrimPrefix(aws.ToString(id), k.arn(""))
	if !strings.HasPrefix(name, "alias/") {
		return k.key(id)
	}
	a := k.aliases.Get(name)
	if a == nil {
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", k.arn(name))
	}
	return k.key(&a.Key)
}
