package sim

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// unsignedAction is the operation that whoever holds a token calls without a signature.
const unsignedAction = "AssumeRoleWithWebIdentity"

// unsigned answers a call without a signature, if it is one that needs none. It tells no
// region: any of the partition's knows the account's roles.
func (s *Sim) unsigned(w http.ResponseWriter, r *http.Request) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, wire.MaxBody+1))
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f, err := url.ParseQuery(string(body))
	if err != nil {
		return false
	}
	for k, v := range r.URL.Query() {
		f[k] = v
	}
	if f.Get("Action") != unsignedAction {
		return false
	}
	region := s.anyRegion(f.Get("RoleArn"))
	s.Region(region).server.ServeHTTP(w, wire.As(r, &wire.Caller{Region: region, Service: "sts"}))
	return true
}

// anyRegion is a region of the partition that an ARN names, one that is in use if any is.
func (s *Sim) anyRegion(arn string) string {
	partition := "aws"
	if p := strings.SplitN(arn, ":", 3); len(p) == 3 && (p[1] == "aws-cn" || p[1] == "aws-us-gov") {
		partition = p[1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(s.regions)) {
		if Partition(n) == partition {
			return n
		}
	}
	return map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
}
