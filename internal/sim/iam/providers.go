package iam

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (i *IAM) registerProviders(s *wire.Service) {
	wire.Handle(s, "CreateOpenIDConnectProvider", i.CreateOpenIDConnectProvider)
	wire.Handle(s, "GetOpenIDConnectProvider", i.GetOpenIDConnectProvider)
	wire.Handle(s, "ListOpenIDConnectProviders", i.ListOpenIDConnectProviders)
	wire.Handle(s, "DeleteOpenIDConnectProvider", i.DeleteOpenIDConnectProvider)
	wire.Handle(s, "UpdateOpenIDConnectProviderThumbprint", i.UpdateOpenIDConnectProviderThumbprint)
	wire.Handle(s, "AddClientIDToOpenIDConnectProvider", i.AddClientIDToOpenIDConnectProvider)
	wire.Handle(s, "RemoveClientIDFromOpenIDConnectProvider", i.RemoveClientIDFromOpenIDConnectProvider)
}

// issuerName is an issuer's host and path: neither scheme nor port are part of a
// provider's name.
func issuerName(from string) (string, bool) {
	u, err := url.Parse(from)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" {
		return "", false
	}
	return u.Hostname() + strings.TrimSuffix(u.Path, "/"), true
}

// CreateOpenIDConnectProvider registers an issuer.
func (i *IAM) CreateOpenIDConnectProvider(_ *wire.Caller, in *iam.CreateOpenIDConnectProviderInput) (
	*iam.CreateOpenIDConnectProviderOutput, error) {
	host, ok := issuerName(aws.ToString(in.Url))
	if !ok {
		return nil, wire.Errorf("InvalidInput", "Invalid Open ID Connect Provider URL")
	}
	for _, e := range []error{checkTags(in.Tags), checkThumbprints(in.ThumbprintList)} {
		if e != nil {
			return nil, e
		}
	}
	arn := i.arn("oidc-provider/" + host)
	if i.providers.Get(arn) != nil {
		return nil, exists("Provider with url %s already exists.", aws.ToString(in.Url))
	}
	i.providers.Put(arn, &provider{ARN: arn, URL: host, Clients: in.ClientIDList, Thumbprints: thumbprints(in.ThumbprintList), Tags: in.Tags, Born: i.w.Date()})
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
	return &iam.GetOpenIDConnectProviderOutput{Url: new(p.URL), ClientIDList: append([]string{}, p.Clients...),
		ThumbprintList: append([]string{}, p.Thumbprints...), CreateDate: new(p.Born), Tags: append([]types.Tag{}, p.Tags...)}, nil
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

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (i *IAM) UpdateOpenIDConnectProviderThumbprint(_ *wire.Caller, in *iam.UpdateOpenIDConnectProviderThumbprintInput) (
	*iam.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	p.Thumbprints = thumbprints(in.ThumbprintList)
	return &iam.UpdateOpenIDConnectProviderThumbprintOutput{}, nil
}

// AddClientIDToOpenIDConnectProvider admits an audience; one that is there is no error.
func (i *IAM) AddClientIDToOpenIDConnectProvider(_ *wire.Caller, in *iam.AddClientIDToOpenIDConnectProviderInput) (
	*iam.AddClientIDToOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	id := aws.ToString(in.ClientID)
	if !slices.Contains(p.Clients, id) {
		if len(p.Clients) >= maxClients {
			return nil, overLimit("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClients)
		}
		p.Clients = append(p.Clients, id)
	}
	return &iam.AddClientIDToOpenIDConnectProviderOutput{}, nil
}

// RemoveClientIDFromOpenIDConnectProvider takes an audience away; one that is not there
// is no error.
func (i *IAM) RemoveClientIDFromOpenIDConnectProvider(_ *wire.Caller, in *iam.RemoveClientIDFromOpenIDConnectProviderInput) (
	*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	p, err := i.provider(in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	p.Clients = slices.DeleteFunc(p.Clients, func(id string) bool { return id == aws.ToString(in.ClientID) })
	return &iam.RemoveClientIDFromOpenIDConnectProviderOutput{}, nil
}

// A provider has at most so many audiences and thumbprints (quotas of IAM).
const (
	maxClients     = 100
	maxThumbprints = 5
)

// thumbprints are in small letters, as IAM answers them.
func thumbprints(list []string) []string {
	out := []string{}
	for _, t := range list {
		out = append(out, strings.ToLower(t))
	}
	return out
}

var thumbprintRE = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)

func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return wire.Errorf("InvalidInput", "Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, t := range list {
		if !thumbprintRE.MatchString(t) {
			return wire.Errorf("InvalidInput", "Invalid Open ID Connect Provider thumbprint")
		}
	}
	return nil
}

// HasProvider tells whether an issuer (https URL) is registered.
func (i *IAM) HasProvider(url string) bool {
	host, ok := issuerName(url)
	return ok && i.providers.Get(i.arn("oidc-provider/"+host)) != nil
}
