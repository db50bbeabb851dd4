package cfn

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func createAssociation(o *op) (progress, error) {
	in := &eks.CreatePodIdentityAssociationInput{}
	if err := bind(o.without("Tags"), in); err != nil {
		return progress{}, o.invalidProperties(err)
	}
	in.Tags = o.tagMap()
	out, err := call(o, o.env.EKS.CreatePodIdentityAssociation, in)
	if err != nil {
		return progress{}, err
	}
	a := out.Association
	o.made(*a.AssociationArn)
	o.r.Attrs = values{"AssociationArn": *a.AssociationArn, "AssociationId": *a.AssociationId, "ExternalId": aws.ToString(a.ExternalId)}
	return after(quick, o.phys, o.r.Attrs)
}

func (o *op) associationID() (cluster, id *string) {
	return o.opt("ClusterName"), new(fmt.Sprint(o.r.Attrs["AssociationId"]))
}

func updateAssociation(o *op) (progress, error) {
	c, id := o.associationID()
	in := &eks.UpdatePodIdentityAssociationInput{ClusterName: c, AssociationId: id, RoleArn: o.opt("RoleArn"), TargetRoleArn: new(o.str("TargetRoleArn"))}
	if o.props["DisableSessionTags"] != nil {
		in.DisableSessionTags = o.is("DisableSessionTags")
	}
	if _, err := call(o, o.env.EKS.UpdatePodIdentityAssociation, in); err != nil {
		return progress{}, err
	}
	return done(o.phys, nil)
}

func deleteAssociation(o *op) (progress, error) {
	c, id := o.associationID()
	_, err := call(o, o.env.EKS.DeletePodIdentityAssociation, &eks.DeletePodIdentityAssociationInput{ClusterName: c, AssociationId: id})
	return gone(err)
}

// ofCluster is what EKS says where a cluster takes no update now: one is under way ("because
// cluster c currently has update u in progress"), or it is UPDATING for some seconds after one
// ("because cluster c is in status UPDATING"). A rollback begins in those seconds, of what comes
// after the provider.
const ofCluster = "because cluster"

// createProvider associates an OIDC identity provider; it waits while another update of
// the cluster is under way.
func createProvider(o *op) (progress, error) {
	if o.phys == "" {
		in := &eks.AssociateIdentityProviderConfigInput{ClusterName: o.opt("ClusterName"), Tags: o.tagMap(),
			Oidc: &types.OidcIdentityProviderConfigRequest{IdentityProviderConfigName: new(o.name("IdentityProviderConfigName", 100))}}
		oidc, _ := o.props["Oidc"].(map[string]any)
		plain := values{}
		for k, v := range oidc {
			if k != "RequiredClaims" {
				plain[k] = v
			}
		}
		if err := bind(plain, in.Oidc); err != nil {
			return progress{}, o.invalidProperties(err)
		}
		if claims := pairs(oidc["RequiredClaims"]); len(claims) > 0 {
			in.Oidc.RequiredClaims = claims
		}
		_, err := call(o, o.env.EKS.AssociateIdentityProviderConfig, in)
		if o.turnTaken(err, ofCluster) {
			return again(poll)
		}
		if err != nil {
			return progress{}, err
		}
		o.made(*in.Oidc.IdentityProviderConfigName + "|" + o.str("ClusterName") + "|oidc")
	}
	p, err := o.provider()
	if err != nil || p.Status != types.ConfigStatusActive {
		return until(false, err, "", nil)
	}
	return done(o.phys, values{"IdentityProviderConfigArn": *p.IdentityProviderConfigArn})
}

func (o *op) provider() (*types.OidcIdentityProviderConfig, error) {
	p := strings.Split(o.phys, "|")
	d, err := call(o, o.env.EKS.DescribeIdentityProviderConfig, &eks.DescribeIdentityProviderConfigInput{ClusterName: &p[1],
		IdentityProviderConfig: &types.IdentityProviderConfig{Name: &p[0], Type: new("oidc")}})
	if err != nil {
		return nil, err
	}
	return d.IdentityProviderConfig.Oidc, nil
}

// deleteProvider takes a provider from its cluster, and waits likewise: for twenty minutes, after
// which the deletion fails with EKS's words.
func deleteProvider(o *op) (progress, error) {
	if o.Step == "" {
		p := strings.Split(o.phys, "|")
		_, err := call(o, o.env.EKS.DisassociateIdentityProviderConfig, &eks.DisassociateIdentityProviderConfigInput{ClusterName: &p[1],
			IdentityProviderConfig: &types.IdentityProviderConfig{Name: &p[0], Type: new("oidc")}})
		if o.turnTaken(err, ofCluster) {
			return again(poll)
		}
		if err != nil {
			return gone(err)
		}
		o.Step = "begun"
	}
	_, err := o.provider()
	return untilAbsent(err)
}
