package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var signatureRE = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$`)

// signed is a request's signature, from the header or a presigned URL.
type signed struct {
	scope     []string // access key, date, region, service, aws4_request
	headers   []string
	signature string
	at        time.Time
	lasts     time.Duration
}

const timeForm = "20060102T150405Z"

func signatureOf(r *http.Request) *signed {
	q, s := r.URL.Query(), &signed{lasts: 5 * time.Minute}
	var at string
	if m := signatureRE.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		s.scope, s.headers, s.signature, at = strings.Split(m[1], "/"), strings.Split(m[2], ";"), m[3], r.Header.Get("X-Amz-Date")
	} else {
		s.scope, s.headers = strings.Split(q.Get("X-Amz-Credential"), "/"), strings.Split(q.Get("X-Amz-SignedHeaders"), ";")
		s.signature, at = q.Get("X-Amz-Signature"), q.Get("X-Amz-Date")
		if n, err := strconv.Atoi(q.Get("X-Amz-Expires")); err == nil {
			s.lasts = min(max(time.Duration(n)*time.Second, 0), 7*24*time.Hour)
		}
	}
	var err error
	if s.at, err = time.Parse(timeForm, at); err != nil || len(s.scope) != 5 || !slices.Contains(s.headers, "host") {
		return nil
	}
	return s
}

// verify tells what is wrong with a request's signature (Signature Version 4): "",
// "expired" or "mismatch". Both clocks are the wall's.
func verify(r *http.Request, body []byte, secret string, now time.Time) string {
	s := signatureOf(r)
	if s == nil {
		return "mismatch"
	}
	if now.Sub(s.at) > s.lasts || s.at.Sub(now) > 5*time.Minute {
		return "expired"
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if h := r.Header.Get("X-Amz-Content-Sha256"); h != "" && h != hash {
		if h != "UNSIGNED-PAYLOAD" {
			return "mismatch"
		}
		hash = h
	}
	canonical := sha256.Sum256([]byte(strings.Join([]string{r.Method, canonicalPath(r.URL), canonicalQuery(r.URL.Query()),
		canonicalHeaders(r, s.headers), strings.Join(s.headers, ";"), hash}, "\n")))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", s.at.Format(timeForm), strings.Join(s.scope[1:], "/"), hex.EncodeToString(canonical[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range append(slices.Clone(s.scope[1:]), text) {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(s.signature)) {
		return "mismatch"
	}
	return ""
}

// canonicalPath is the path as it was sent, encoded once more, as every service but S3
// has it.
func canonicalPath(u *url.URL) string {
	p := u.EscapedPath()
	if p == "" {
		return "/"
	}
	return percent(p, "/")
}

func canonicalQuery(q url.Values) string {
	var out []string
	for k, vs := range q {
		if k == "X-Amz-Signature" {
			continue
		}
		for _, v := range vs {
			out = append(out, percent(k, "")+"="+percent(v, ""))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "&")
}

func canonicalHeaders(r *http.Request, names []string) string {
	var b strings.Builder
	for _, n := range names {
		v := strings.Join(r.Header.Values(n), ",")
		switch {
		case n == "host":
			v = r.Host
		case n == "content-length" && v == "":
			v = strconv.FormatInt(r.ContentLength, 10)
		}
		b.WriteString(n + ":" + strings.Join(strings.Fields(v), " ") + "\n")
	}
	return b.String()
}

// percent encodes all but unreserved characters and those that are safe.
func percent(s, safe string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.~"+safe, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

// badSignature is the refusal of a signature, by service.
func badSignature(service, protocol, what string) *Error {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
		"signing method. Consult the service documentation for details."
	switch {
	case service == "ec2" && what == "expired":
		return Errorf("RequestExpired", "Request has expired.")
	case service == "ec2":
		return Errorf("AuthFailure", "AWS was not able to validate the provided access credentials").With(401)
	}
	code, message := "InvalidSignatureException", mismatch
	if strings.HasSuffix(protocol, "QueryProtocol") {
		code = "SignatureDoesNotMatch"
	}
	if what == "expired" {
		message = "Signature expired: the request was signed more than five minutes ago, or not yet"
	}
	return Errorf(code, "%s", message).With(403)
}
