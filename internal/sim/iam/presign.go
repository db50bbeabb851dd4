package iam

import (
	"context"
	"crypto/hmac"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// VerifyPresigned tells whether a presigned URL was signed with the secret for
// exactly these extra headers: STS signs it again and compares.
func VerifyPresigned(u *url.URL, headers map[string]string, secret string) bool {
	q := u.Query()
	p := strings.Split(q.Get("X-Amz-Credential"), "/")
	at, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	if len(p) != 5 || err != nil {
		return false
	}
	want := q.Get("X-Amz-Signature")
	creds := aws.Credentials{AccessKeyID: p[0], SecretAccessKey: secret, SessionToken: q.Get("X-Amz-Security-Token")}
	for _, k := range []string{"X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Algorithm", "X-Amz-SignedHeaders", "X-Amz-Security-Token"} {
		q.Del(k)
	}
	c := *u
	c.RawQuery = q.Encode()
	r, err := http.NewRequest(http.MethodGet, c.String(), nil)
	if err != nil {
		return false
	}
	for k, v := range headers {
		r.Header.Set(k, v)
	}
	signed, _, err := v4.NewSigner().PresignHTTP(context.Background(), creds, r, emptyHash, p[3], p[2], at)
	if err != nil {
		return false
	}
	s, err := url.Parse(signed)
	return err == nil && hmac.Equal([]byte(s.Query().Get("X-Amz-Signature")), []byte(want))
}
