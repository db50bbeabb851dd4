// Package eksauth simulates EKS Auth: what the Pod Identity agent of a node asks for the
// credentials of a pod. It must not know how a role is trusted.
package eksauth

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/slipway-eks/slipway/internal/sim/eks"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// Auth is the service in one region.
type Auth struct {
	EKS *eks.EKS
	IAM *iam.IAM
	// Salt is new letters and digits for each session's name.
	Salt func(cluster string) string
}

const (
	audience  = "pods.eks.amazonaws.com" // of the tokens, and the service that roles trust
	lifetime  = 6 * 3600                 // seconds that credentials last
	chained   = 3600                     // those of a role that is assumed by another
	longestID = 64                       // of a session's name
)

// The structs of the one operation, which are no reason for another client.
type (
	// AssumeRoleForPodIdentityInput is a service account's token.
	AssumeRoleForPodIdentityInput struct{ ClusterName, Token *string }
	// AssumeRoleForPodIdentityOutput is what a pod gets for it.
	AssumeRoleForPodIdentityOutput struct {
		Subject                *Subject
		Audience               *string
		PodIdentityAssociation *Association
		AssumedRoleUser        *AssumedRoleUser
		Credentials            *Credentials
	}
	// Subject is the service account.
	Subject struct{ Namespace, ServiceAccount *string }
	// Association is what gave the role.
	Association struct{ AssociationArn, AssociationId *string }
	// AssumedRoleUser is the session.
	AssumedRoleUser struct{ Arn, AssumeRoleId *string }
	// Credentials are temporary.
	Credentials struct {
		SessionToken, SecretAccessKey, AccessKeyId *string
		Expiration                                 *time.Time
	}
)

// Register adds the operation.
func (a *Auth) Register(s *wire.Service) {
	wire.Handle(s, "AssumeRoleForPodIdentity", a.AssumeRoleForPodIdentity)
}

// AssumeRoleForPodIdentity gives the credentials of the role that a pod's service account
// is associated with. The codes are the API's; the words of its refusals are not
// published, and these are ours.
func (a *Auth) AssumeRoleForPodIdentity(_ *wire.Caller, in *AssumeRoleForPodIdentityInput) (*AssumeRoleForPodIdentityOutput, error) {
	name := aws.ToString(in.ClusterName)
	cluster, t, err := a.EKS.ClusterToken(name, aws.ToString(in.Token), audience)
	var refused *wire.Error
	switch {
	case errors.As(err, &refused): // there is no such cluster
		return nil, refused
	case errors.Is(err, kubeapi.ErrExpired):
		return nil, wire.Errorf("ExpiredTokenException", "The service account token is expired.")
	case err != nil:
		return nil, wire.Errorf("InvalidTokenException", "The service account token cannot be used with %s: %v.", name, err)
	case t.Bound.Pod == nil:
		return nil, wire.Errorf("InvalidTokenException", "The service account token is bound to no pod.")
	}
	ns, account := t.Bound.Namespace, t.Bound.ServiceAccount.Name
	found := a.EKS.Association(name, ns, account)
	if found == nil {
		return nil, wire.Errorf("ResourceNotFoundException", "No pod identity association found for service account %s in namespace %s of cluster %s.", account, ns,
			name).With(404)
	}
	user, credentials, err := a.assume(cluster, name, found, t)
	if err != nil {
		return nil, err
	}
	return &AssumeRoleForPodIdentityOutput{Subject: &Subject{&ns, &account}, Audience: new(audience),
		PodIdentityAssociation: &Association{found.AssociationArn, found.AssociationId}, AssumedRoleUser: &AssumedRoleUser{user.Arn, user.AssumedRoleId},
		Credentials: &Credentials{credentials.SessionToken, credentials.SecretAccessKey, credentials.AccessKeyId, credentials.Expiration}}, nil
}

// assume begins the session of an association's role, and of its target role from there.
func (a *Auth) assume(cluster, name string, by *types.PodIdentityAssociation, t *kubeapi.Claims) (*ststypes.AssumedRoleUser, *ststypes.Credentials, error) {
	session := iam.ServiceSession{Service: audience, Source: cluster, Role: aws.ToString(by.RoleArn), Seconds: lifetime, Name: a.session(name, t.Bound.Pod.Name)}
	if !aws.ToBool(by.DisableSessionTags) {
		session.Tags = map[string]string{"eks-cluster-arn": cluster, "eks-cluster-name": name, "kubernetes-namespace": t.Bound.Namespace,
			"kubernetes-service-account": t.Bound.ServiceAccount.Name, "kubernetes-pod-name": t.Bound.Pod.Name, "kubernetes-pod-uid": t.Bound.Pod.UID}
	}
	if by.TargetRoleArn == nil {
		session.Policy = aws.ToString(by.Policy)
	}
	user, credentials, err := a.IAM.AssumeForService(session)
	if err == nil && by.TargetRoleArn != nil {
		as := &wire.Caller{AccessKey: *credentials.AccessKeyId, ARN: *user.Arn, Service: "sts"}
		in := &sts.AssumeRoleInput{RoleArn: by.TargetRoleArn, RoleSessionName: new(session.Name), DurationSeconds: new(int32(chained)), ExternalId: by.ExternalId,
			Policy: by.Policy}
		for _, k := range slices.Sorted(maps.Keys(session.Tags)) {
			in.Tags = append(in.Tags, ststypes.Tag{Key: new(k), Value: new(session.Tags[k])})
		}
		var out *sts.AssumeRoleOutput
		if out, err = a.IAM.AssumeRole(as, in); err == nil {
			user, credentials = out.AssumedRoleUser, out.Credentials
		}
	}
	if err != nil {
		return nil, nil, wire.Errorf("AccessDeniedException", "Unauthorized Exception! EKS does not have permissions to assume the associated role.")
	}
	return user, credentials, nil
}

var notInNames = regexp.MustCompile(`[^\w+=,.@-]`)

// session is a session's name: the cluster's and the pod's, and something new.
func (a *Auth) session(cluster, pod string) string {
	name, end := notInNames.ReplaceAllString("eks-"+cluster+"-"+pod, "-"), "-"+a.Salt(cluster)
	return name[:min(len(name), longestID-len(end))] + end
}
