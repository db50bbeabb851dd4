package iam

import (
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// issuer is an issuer's host and path: neither scheme nor port are part of a
// provider's name.
func issuer(from string) (string, bool) {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" {
		return "", false
	}
	return u.Hostname() + strings.TrimSuffix(u.Path, "/"), true
}

// CreateOpenIDConnectProvider registers an issuer.
func (i *IAM) CreateOpenIDConnectProvider(_ *wire.Caller, in *iam.CreateOpenIDConnectProviderInput) (
	*iam.CreateOpenIDConnectProviderOutput, error) {
	host, ok := issuer(aws.ToString(in.Url))
	if !ok {
		return nil, wire.Errorf("InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	arn := i.arn("oidc-provider/" + host)
	if i.providers.Get(arn) != nil {
		return nil, exists("Provider with url %s already exists.", aws.ToString(in.Url))
	}
	p := &provider{ARN: arn, URL: host, Clients: in.ClientIDList, Thumbprints: in.ThumbprintList, Tags: map[string]string{}, Born: i.w.Date()}
	for _, t := range in.Tags {
		p.Tags[*t.Key] = aws.ToString(t.Value)
	}
	i.providers.Put(arn, p)
	return &iam.CreateOpenIDConnectProviderOutput{OpenIDConnectProviderArn: new(arn), Tags: in.Tags}, nil
}

func (i *IAM) provider(arn *string) (*provider, error) {
	if p := i.providers.Get(aws.ToString(arn)); p != nil {
		return p, nil
	}
	return nil, noEntity("OpenIDConnect Provider not found for arn %s", aws.ToString(arn))
}

// GetOpenIDConnectProvider reads one.
func (i *IAM) GetOpenIDConnectProvider(_ *wire.Caller, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	out := &iam.GetOpenIDConnectProviderOutput{Url: new(p.URL), ClientIDList: p.Clients, ThumbprintList: p.Thumbprints, CreateDate: new(p.Born)}
	for _, k := range sorted(p.Tags) {
		out.Tags = append(out.Tags, types.Tag{Key: new(k), Value: new(p.Tags[k])})
	}
	return out, nil
}

// ListOpenIDConnectProviders lists them.
func (i *IAM) ListOpenIDConnectProviders(_ *wire.Caller, _ *iam.ListOpenIDConnectProvidersInput) (
	*iam.ListOpenIDConnectProvidersOutput, error) {
	out := &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []types.OpenIDConnectProviderListEntry{}}
	for _, p := range i.providers.All() {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, types.OpenIDConnectProviderListEntry{Arn: new(p.ARN)})
	}
	return out, nil
}

// DeleteOpenIDConnectProvider removes one; an absent one is no error.
func (i *IAM) DeleteOpenIDConnectProvider(_ *wire.Caller, in *iam.DeleteOpenIDConnectProviderInput) (
	*iam.DeleteOpenIDConnectProviderOutput, error) {
	i.providers.Delete(aws.ToString(in.OpenIDConnectProviderArn))
	return &iam.DeleteOpenIDConnectProviderOutput{}, nil
}

// TagOpenIDConnectProvider tags one.
func (i *IAM) TagOpenIDConnectProvider(_ *wire.Caller, in *iam.TagOpenIDConnectProviderInput) (*iam.TagOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	for _, t := range in.Tags {
		p.Tags[*t.Key] = aws.ToString(t.Value)
	}
	return &iam.TagOpenIDConnectProviderOutput{}, nil
}

// HasProvider tells whether an issuer (https URL) is registered.
func (i *IAM) HasProvider(url string) bool {
	host, ok := issuer(url)
	return ok && i.providers.Get(i.arn("oidc-provider/"+host)) != nil
}
