package sim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// hostile sends a request as it is, signed by the administrator for a service. A bug of
// the region fails the test, and so does an answer that takes long.
func hostile(t testing.TB, s *sim.Sim, bugs *[]string, service, method, path, target, body string) int {
	r, err := http.NewRequest(method, "http://localhost/"+strings.TrimPrefix(path, "/"), strings.NewReader(body))
	if err != nil {
		return 0 // no HTTP client can send it
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+iam.Key+"/20261122/us-west-2/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if target != "" {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header["X-Amz-Target"] = []string{target}
	}
	begun, w := time.Now(), httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("%s %s %s %q took %s", service, method, path, body, d)
	}
	if len(*bugs) > 0 {
		t.Fatalf("%s %s %s %s %q: %s", service, method, path, target, body, (*bugs)[0])
	}
	return w.Code
}

func breakable() (*sim.Sim, *[]string) {
	bugs := &[]string{}
	return sim.New(sim.Options{Seed: 1, Start: noon, Log: func(format string, a ...any) { *bugs = append(*bugs, fmt.Sprintf(format, a...)) }}), bugs
}

// queries are the operations of the services that take forms.
func queries(s *sim.Sim) map[string][]string {
	r := s.Region("us-west-2")
	out := map[string][]string{"sts": {"GetCallerIdentity", "AssumeRole"}}
	for name, service := range map[string]any{"ec2": r.EC2, "iam": r.IAM, "autoscaling": r.ASG, "cloudformation": r.CFN} {
		t := reflect.TypeOf(service)
		for i := range t.NumMethod() {
			if m := t.Method(i); m.Type.NumIn() == 3 && m.Type.NumOut() == 2 && strings.HasSuffix(m.Type.In(2).String(), m.Name+"Input") {
				out[name] = append(out[name], m.Name)
			}
		}
	}
	for _, o := range r.Operations() {
		if name, version, _ := strings.Cut(o.Service, "@"); name == "elasticloadbalancing" {
			for _, op := range o.Served {
				out[name] = append(out[name], op+"&Version="+version)
			}
		}
	}
	return out
}

// rest are requests of EKS, by method and path.
var rest = []string{
	"POST /clusters", "GET /clusters", "GET /clusters/c", "DELETE /clusters/c", "POST /clusters/c/update-config", "POST /clusters/c/node-groups",
	"GET /clusters/c/node-groups", "GET /clusters/c/node-groups/g", "DELETE /clusters/c/node-groups/g", "POST /clusters/c/node-groups/g/update-config",
	"POST /clusters/c/addons", "GET /clusters/c/addons", "GET /clusters/c/addons/a", "POST /clusters/c/addons/a/update", "DELETE /clusters/c/addons/a",
	"POST /clusters/c/access-entries", "POST /clusters/c/access-entries/arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fr/access-policies",
	"POST /clusters/c/fargate-profiles", "POST /clusters/c/pod-identity-associations", "POST /clusters/c/identity-provider-configs/associate",
	"GET /clusters/c/updates/u", "POST /tags/arn", "GET /addons/supported-versions", "GET /cluster-versions",
}

var targets = map[string][]string{
	"kms":           {"TrentService.CreateKey", "TrentService.DescribeKey", "TrentService.ScheduleKeyDeletion"},
	"logs":          {"Logs_20140328.CreateLogGroup", "Logs_20140328.PutRetentionPolicy", "Logs_20140328.DescribeLogGroups", "Logs_20140328.DeleteLogGroup"},
	"ssm":           {"AmazonSSM.GetParameter"},
	"servicequotas": {"ServiceQuotasV20190624.GetServiceQuota"},
}

// Inputs that are empty, of the wrong kind, huge, negative, nested, cut or no text are
// answered by every operation, with an error of the client's where they are one.
func TestEveryOperationAnswersHostileInput(t *testing.T) {
	s, bugs := breakable()
	forms := []string{
		"", "&", "&=&&==", "&%zz=%", "&X.1.2.3.4=5", "&Filter.99999999999999999999.Name=x", "&Filter.1.Name=&Filter.1.Value.1=", "&MaxResults=-1",
		"&MaxResults=99999999999999999999", "&NextToken=" + strings.Repeat("A", 9000), "&DryRun=maybe", "&Tag.0.Key=x", "&TagSpecification.1.Tag.1.Key=\x00",
		"&VpcId=\xff\xfe", "&CidrBlock=999.0.0.0/99", "&MinCount=-1&MaxCount=2147483647&ImageId=x&InstanceType=x", "&Tags.member.1=x",
		"&TemplateBody=" + strings.Repeat("%7B", 5000), "&AssumeRolePolicyDocument=" + strings.Repeat("[", 5000), "&MinSize=9&MaxSize=-9",
	}
	bodies := []string{
		"", "{", "null", "[]", `""`, "{}", `{"name":null}`, `{"name":{}}`, `{"name":["c"]}`, `{"tags":{"a":1}}`, `{"KeyId":1}`, `{"logGroupName":"\ud800"}`,
		strings.Repeat(`{"resourcesVpcConfig":`, 5000), strings.Repeat("[", 100000), `{"scalingConfig":{"minSize":1e400}}`, "\x00\xff", `{"maxResults":-1}`,
		`{"clientRequestToken":` + strings.Repeat(`"x`, 10) + `}`,
	}
	n := 0
	count := func(status int) {
		if n++; status != 0 && (status < 200 || status >= 600) {
			t.Errorf("the status is %d", status)
		}
	}
	for service, ops := range queries(s) {
		for _, op := range slices.Sorted(slices.Values(ops)) {
			for _, f := range forms {
				count(hostile(t, s, bugs, service, "POST", "/", "", "Action="+op+f))
			}
		}
	}
	for _, x := range rest {
		method, path, _ := strings.Cut(x, " ")
		for _, b := range bodies {
			count(hostile(t, s, bugs, "eks", method, path, "", b))
			count(hostile(t, s, bugs, "eks", method, path+"?maxResults=x&nextToken=%ff", "", b))
		}
	}
	for service, ops := range targets {
		for _, op := range ops {
			for _, b := range bodies {
				count(hostile(t, s, bugs, service, "POST", "/", op, b))
			}
		}
	}
	if n < 3000 {
		t.Errorf("only %d requests were sent", n)
	}
}
