package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// A provider comes and goes by updates of the cluster; a second comes after the first
// has gone.
func TestAnIdentityProvidersLife(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	associate := func(name string) error {
		_, err := l.AWS.EKS.AssociateIdentityProviderConfig(t.Context(), &eks.AssociateIdentityProviderConfigInput{ClusterName: new("c"),
			Oidc: &types.OidcIdentityProviderConfigRequest{IdentityProviderConfigName: &name, IssuerUrl: new("https://issuer.example"), ClientId: new("k")}})
		return err
	}
	one := &types.IdentityProviderConfig{Name: new("one"), Type: new("oidc")}
	is := func() string {
		d, err := l.AWS.EKS.DescribeIdentityProviderConfig(t.Context(), &eks.DescribeIdentityProviderConfigInput{ClusterName: new("c"),
			IdentityProviderConfig: one})
		if err != nil {
			return "gone"
		}
		return string(d.IdentityProviderConfig.Oidc.Status)
	}
	disassociate := func() error {
		_, err := l.AWS.EKS.DisassociateIdentityProviderConfig(t.Context(), &eks.DisassociateIdentityProviderConfigInput{ClusterName: new("c"),
			IdentityProviderConfig: one})
		return err
	}
	l.refused("ResourceNotFoundException", disassociate())
	l.refused("", associate("one"))
	l.refused("ResourceInUseException", disassociate()) // the cluster is UPDATING
	l.after(15 * time.Minute)
	l.expect("the provider", is(), "ACTIVE")
	l.refused("ResourceLimitExceededException", associate("two"))
	l.refused("", disassociate())
	l.expect("the provider", is(), "DELETING")
	l.after(15 * time.Minute)
	l.expect("the provider", is(), "gone")
	l.refused("", associate("two"))
}
