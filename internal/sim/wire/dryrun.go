package wire

import (
	"net/http"
	"reflect"
	"strings"
)

// dryRun answers a request that asks whether it would be done, once it is known to be
// permitted and whole: EC2's operations and KMS's have such a member, and are not done.
func (s *Service) dryRun(in any) error {
	f := reflect.ValueOf(in).Elem().FieldByName("DryRun")
	if !f.IsValid() {
		return nil
	}
	if b, ok := f.Interface().(*bool); !ok || b == nil || !*b {
		return nil
	}
	if strings.HasSuffix(s.Protocol, "QueryProtocol") {
		return Errorf("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").With(http.StatusPreconditionFailed)
	}
	return Errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
}
