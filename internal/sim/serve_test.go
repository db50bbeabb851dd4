package sim_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
)

// asks are requests over a socket, signed or not.
type asks struct {
	t   *testing.T
	url string
}

func serve(t *testing.T) asks {
	s := sim.New(sim.Options{Seed: 1, Speed: 1000})
	url := make(chan string, 1)
	go s.Serve(t.Context(), "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the test
	return asks{t, <-url}
}

type ask struct {
	method, path, body, service, region, secret string
	header                                      map[string]string
	age                                         time.Duration
}

// do signs as an SDK signs, unless the service is "".
func (a asks) do(x ask) (status int, code, body string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), x.method, a.url+x.path, bytes.NewReader([]byte(x.body)))
	if err != nil {
		a.t.Fatal(err)
	}
	for k, v := range x.header {
		if r.Header.Set(k, v); k == "Host" {
			r.Host = v
		}
	}
	if x.service != "" {
		c := aws.Credentials{AccessKeyID: iam.Key, SecretAccessKey: x.secret}
		if x.secret == "" {
			c.SecretAccessKey = iam.Secret
		}
		if x.region == "" {
			x.region = "us-west-2"
		}
		if err := v4.NewSigner().SignHTTP(a.t.Context(), c, r, hash(x.body), x.service, x.region, time.Now().Add(-x.age)); err != nil {
			a.t.Fatal(err)
		}
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer out.Body.Close()
	b, _ := io.ReadAll(out.Body)
	return out.StatusCode, out.Header.Get("X-Amzn-Errortype"), string(b)
}

var (
	form   = map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	target = func(op string) map[string]string {
		return map[string]string{"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328." + op}
	}
)

func TestRequestsAreRefusedInTheirOwnProtocol(t *testing.T) {
	a := serve(t)
	for _, x := range []struct {
		name   string
		ask    ask
		status int
		want   string
	}{
		{"a query", ask{method: "POST", path: "/", body: "Action=DescribeVpcs&Version=2016-11-15", service: "ec2", header: form}, 200, "<vpcSet"},
		{"a path with an ARN", ask{method: "GET", path: "/tags/arn%3Aaws%3Aeks%3Aus-west-2%3A111122223333%3Acluster%2Fx", service: "eks"}, 404, "message"},
		{"no signature, query", ask{method: "POST", path: "/", body: "Action=DescribeVpcs", header: form}, 403, "<Code>MissingAuthenticationToken</Code>"},
		{"no signature, JSON", ask{method: "POST", path: "/", body: "{}", header: target("DescribeLogGroups")}, 403, `"MissingAuthenticationTokenException"`},
		{"a person", ask{method: "GET", path: "/"}, 403, "This is a simulated AWS region"},
		{"a made-up region", ask{method: "POST", path: "/", body: "Action=DescribeVpcs", service: "ec2", region: "mars-north-1", header: form},
			403, "Credential should be scoped to a valid region"},
		{"an unknown service", ask{method: "POST", path: "/", body: "Action=ListTopics", service: "sns", header: form}, 404, "<Code>InvalidAction</Code>"},
		{"an unknown JSON service", ask{method: "POST", path: "/", body: "{}", service: "sns", header: target("ListTopics")},
			404, `"UnknownOperationException"`},
		{"an unknown operation", ask{method: "POST", path: "/", body: "Action=GrowVpc", service: "ec2", header: form}, 400, "<Code>InvalidAction</Code>"},
		{"a wrong secret", ask{method: "POST", path: "/", body: "Action=ListRoles", service: "iam", secret: "x", header: form},
			403, "<Code>SignatureDoesNotMatch</Code>"},
		{"a wrong secret, JSON", ask{method: "POST", path: "/", body: "{}", service: "logs", secret: "x", header: target("DescribeLogGroups")},
			403, `"InvalidSignatureException"`},
		{"a wrong secret, EC2", ask{method: "POST", path: "/", body: "Action=DescribeVpcs", service: "ec2", secret: "x", header: form},
			401, "<Code>AuthFailure</Code>"},
		{"an old signature", ask{method: "POST", path: "/", body: "Action=ListRoles", service: "iam", age: time.Hour, header: form}, 403, "Signature expired"},
		{"a required member", ask{method: "POST", path: "/", body: "{}", service: "logs", header: target("DeleteLogGroup")},
			400, "Value null at 'logGroupName' failed to satisfy constraint: Member must not be null"},
		{"a required member, query", ask{method: "POST", path: "/", body: "Action=GetRole", service: "iam", header: form}, 400, "Value null at 'roleName' failed"},
		{"a required member, EC2", ask{method: "POST", path: "/", body: "Action=DeleteVpc", service: "ec2", header: form},
			400, "<Code>MissingParameter</Code><Message>The request must contain the parameter VpcId</Message>"},
		{"a body over the limit", ask{method: "POST", path: "/", body: "Action=DescribeVpcs&x=" + strings.Repeat("x", 1<<20), service: "ec2", header: form},
			413, "<Code>RequestEntityTooLarge</Code>"},
		{"a foreign origin", ask{method: "POST", path: "/", body: "Action=DescribeVpcs", service: "ec2",
			header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://example.com"}}, 403, "on loopback only"},
		{"a foreign host", ask{method: "POST", path: "/", body: "Action=DescribeVpcs", service: "ec2",
			header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Host": "rebound.example.com"}}, 403, "on loopback only"},
	} {
		status, _, body := a.do(x.ask)
		if status != x.status || !strings.Contains(body, x.want) {
			t.Errorf("%s: %d %s", x.name, status, fmt.Sprintf("%.300s", body))
		}
	}
}

func hash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// A region with a secret of its own is not opened by the one that everybody knows.
func TestASecretOfItsOwn(t *testing.T) {
	s := sim.New(sim.Options{Seed: 1, Speed: 100, Secret: "a secret of this region"})
	url := make(chan string, 1)
	go s.Serve(t.Context(), "127.0.0.1:0", func(u string) { url <- u }) //nolint:errcheck // ends with the test
	a := asks{t, <-url}
	q := ask{method: "POST", path: "/", body: "Action=ListRoles&Version=2010-05-08", service: "iam", header: form}
	if status, _, body := a.do(q); status != 403 || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("the secret that everybody knows: %d %s", status, body)
	}
	q.secret = "a secret of this region"
	if status, _, body := a.do(q); status != 200 {
		t.Errorf("its own secret: %d %s", status, body)
	}
}
