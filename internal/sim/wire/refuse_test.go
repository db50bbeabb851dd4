package wire_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// A service that is not there says so as its clients expect it to speak, and names
// those that are.
func TestARefusalIsInTheCallersProtocol(t *testing.T) {
	s := wire.NewServer()
	s.Add("kms", "kms", func(*wire.Service) {})
	s.Add("sts", "sts", func(*wire.Service) {})
	ask := func(service, method, body string, header map[string]string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20261122/us-west-2/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		for k, v := range header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "does not serve the service "+service+". It serves kms, sts.") {
			t.Errorf("%s: %d %s", service, w.Code, w.Body)
		}
		return w
	}
	for version, service := range map[string]string{"1.1": "cloudtrail", "1.0": "sqs"} {
		w := ask(service, "POST", "{}", map[string]string{"X-Amz-Target": "Service.Operation", "Content-Type": "application/x-amz-json-" + version})
		var out struct {
			Type string `json:"__type"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Type != "UnknownOperationException" ||
			w.Header().Get("Content-Type") != "application/x-amz-json-"+version {
			t.Errorf("%v %s %v", err, w.Body, w.Header())
		}
	}
	if w := ask("eks-auth", "POST", "{}", nil); w.Header().Get("X-Amzn-Errortype") != "UnknownOperationException" || !json.Valid(w.Body.Bytes()) {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for _, x := range []struct {
		service, root string
		w             *httptest.ResponseRecorder
	}{
		{"elasticloadbalancing", "ErrorResponse", ask("elasticloadbalancing", "POST", "Action=DescribeLoadBalancers", form)},
		{"ec2", "Response", ask("ec2", "POST", "Action=DescribeVpcs", form)}, {"route53", "ErrorResponse", ask("route53", "GET", "", nil)},
		{"s3", "Error", ask("s3", "GET", "", nil)},
	} {
		var out struct {
			XMLName xml.Name
			Code    string
			Error   struct{ Code string }
			Errors  struct{ Error struct{ Code string } }
		}
		if err := xml.Unmarshal(x.w.Body.Bytes(), &out); err != nil || out.XMLName.Local != x.root ||
			out.Code+out.Error.Code+out.Errors.Error.Code != "InvalidAction" {
			t.Errorf("%s: %v %s", x.service, err, x.w.Body)
		}
	}
	if w := ask("monitoring", "POST", "", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}); w.Header().Get("Content-Type") != "application/cbor" ||
		w.Body.Bytes()[0] != 0xa2 {
		t.Errorf("%v %q", w.Header(), w.Body)
	}
}
