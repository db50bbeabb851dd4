package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authentication/user"

	"gopkg.in/go-jose/go-jose.v2/jwt"

	"github.com/slipway-eks/slipway/internal/sim/issuer"
)

// Signer is who signs the tokens of a cluster's service accounts.
type Signer struct {
	URL string // the issuer's
	Key func() (*issuer.Key, error)
}

// Audience is who the tokens are for that the API server itself accepts.
const Audience = "https://kubernetes.default.svc"

// EKS caps what is asked of a token's life at a day, and gives the tokens that kubelets
// ask for their pods 90 days ("Grant Kubernetes workloads access to AWS using Kubernetes
// Service Accounts" in the EKS user guide).
const (
	longestToken  = 24 * time.Hour
	extendedToken = 90 * 24 * time.Hour
)

// Claims are what a service account's token says.
type Claims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  []string `json:"aud"`
	Expires   int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	NotBefore int64    `json:"nbf"`
	ID        string   `json:"jti"`
	Bound     Bound    `json:"kubernetes.io"`
}

// Bound is what a token is bound to.
type Bound struct {
	Namespace      string `json:"namespace"`
	ServiceAccount Ref    `json:"serviceaccount"`
	Pod            *Ref   `json:"pod,omitempty"`
	Secret         *Ref   `json:"secret,omitempty"`
	Node           *Ref   `json:"node,omitempty"`
	WarnAfter      int64  `json:"warnafter,omitempty"`
}

// Ref is an object by name and identifier.
type Ref struct {
	Name string `json:"name"`
	UID  string `json:"uid,omitempty"`
}

// tokens signs what Kubernetes' TokenRequest claims, with the issuer of the request's
// cluster and on the world's time.
type tokens struct{}

// GenerateToken makes the token of public and private claims.
func (tokens) GenerateToken(ctx context.Context, public *jwt.Claims, private any) (string, error) {
	c := clusterOf(ctx)
	if c == nil || c.Signer == nil {
		return "", errors.New("the cluster has no issuer")
	}
	key, err := c.Signer.Key()
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(private)
	if err != nil {
		return "", err
	}
	t := &Claims{}
	if err := json.Unmarshal(b, t); err != nil {
		return "", err
	}
	// Kubernetes took the wall's time: of the claims the lengths count.
	now, wall := c.objects.date().Unix(), public.IssuedAt.Time().Unix()
	t.Issuer, t.Subject, t.Audience, t.IssuedAt, t.NotBefore = c.Signer.URL, public.Subject, public.Audience, now, now
	t.Expires = now + public.Expiry.Time().Unix() - wall
	if t.Bound.WarnAfter != 0 {
		t.Bound.WarnAfter += now - wall
	}
	t.ID = c.objects.uid("token/" + t.Subject)
	return key.Sign(t)
}

// Of a token that is refused: it is not the cluster's, it is over, it is for somebody
// else, or what it is bound to is gone.
var (
	ErrForeign  = errors.New("the token is not this cluster's")
	ErrExpired  = errors.New("service account token has expired")
	ErrAudience = errors.New("token audiences are not those of the server")
	ErrUnbound  = errors.New("service account token has been invalidated")
)

// ReadToken is what a service account's token says, and for which of the audiences it
// is: one that the cluster signed, that is valid now, and whose account and object are
// there.
func (c *Cluster) ReadToken(token string, audiences []string) (*Claims, []string, error) {
	t := &Claims{}
	if err := issuer.Claims(token, t); err != nil || c.Signer == nil || t.Issuer != c.Signer.URL {
		return nil, nil, ErrForeign
	}
	key, err := c.Signer.Key()
	if err != nil {
		return nil, nil, err
	}
	if err := key.Read(token, t); err != nil {
		return nil, nil, err
	}
	both := slices.DeleteFunc(slices.Clone(t.Audience), func(a string) bool { return !slices.Contains(audiences, a) })
	now := c.objects.date().Unix()
	switch {
	case len(both) == 0:
		return nil, nil, ErrAudience
	case now >= t.Expires || now < t.NotBefore:
		return nil, nil, ErrExpired
	case !c.holds(t.Bound):
		return nil, nil, ErrUnbound
	}
	return t, both, nil
}

// holds tells whether what a token is bound to is there and the same. The node of a
// pod's token is not asked for.
func (c *Cluster) holds(b Bound) bool {
	same := func(want *Ref, o metav1.Object) bool { return o.GetUID() == types.UID(want.UID) }
	sa := Get[corev1.ServiceAccount](c, b.Namespace, b.ServiceAccount.Name)
	ok := sa != nil && same(&b.ServiceAccount, sa)
	if b.Pod != nil {
		pod := Get[corev1.Pod](c, b.Namespace, b.Pod.Name)
		ok = ok && pod != nil && same(b.Pod, pod)
	} else if b.Node != nil {
		n := Get[corev1.Node](c, "", b.Node.Name)
		ok = ok && n != nil && same(b.Node, n)
	}
	if b.Secret != nil {
		s := Get[corev1.Secret](c, b.Namespace, b.Secret.Name)
		ok = ok && s != nil && same(b.Secret, s)
	}
	return ok
}

// user is the service account of a token.
func (t *Claims) user() user.Info {
	info := serviceaccount.ServiceAccountInfo{Namespace: t.Bound.Namespace, Name: t.Bound.ServiceAccount.Name, UID: t.Bound.ServiceAccount.UID,
		CredentialID: "JTI=" + t.ID}
	if p := t.Bound.Pod; p != nil {
		info.PodName, info.PodUID = p.Name, p.UID
	}
	if n := t.Bound.Node; n != nil {
		info.NodeName, info.NodeUID = n.Name, n.UID
	}
	u := info.UserInfo()
	return &user.DefaultInfo{Name: u.GetName(), UID: u.GetUID(), Groups: append(u.GetGroups(), user.AllAuthenticated), Extra: u.GetExtra()}
}
