package sim

import (
	"net/http"
	"regexp"
)

// Hosts of AWS's services (the service endpoints of the AWS General Reference, read in
// November 2026): those of a region, those of global services, and SQS's first ones,
// which version 1 of the aws CLI asks whatever AWS_ENDPOINT_URL says
// (awscli/customizations/overridesslcommonname.py).
var (
	regional = regexp.MustCompile(`^([a-z][a-z0-9-]*)\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$`)
	global   = regexp.MustCompile(`^(iam|sts)\.amazonaws\.com$`)
	queues   = regexp.MustCompile(`^(?:([a-z0-9-]+)\.)?queue\.amazonaws\.com(?:\.cn)?$`)
)

// endpoint is the service, by its signing name, and the region of AWS whose endpoint has
// this host; "": none. Whether the region serves it is another question.
func endpoint(host string) (service, region string) {
	if m := regional.FindStringSubmatch(host); m != nil && known(m[2]) {
		return m[1], m[2]
	}
	if m := global.FindStringSubmatch(host); m != nil {
		return m[1], "us-east-1"
	}
	if m := queues.FindStringSubmatch(host); m != nil && m[1] == "" {
		return "sqs", "us-east-1"
	} else if m != nil && known(m[1]) {
		return "sqs", m[1]
	}
	return "", ""
}

// endpointAt answers for the endpoints of AWS's services, for clients that go there and
// not where AWS_ENDPOINT_URL says; nil: no endpoint, or of a service that is not served.
func (s *Sim) endpointAt(host string) http.Handler {
	service, region := endpoint(host)
	if service == "" || !s.Region(region).server.Serves(service) {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.reply(w, r, ofProgram(r)) })
}

// siteAt answers at the names of AWS that are the region's.
func (s *Sim) siteAt(host string) http.Handler {
	if h := s.issuerAt(host); h != nil {
		return h
	}
	return s.endpointAt(host)
}
