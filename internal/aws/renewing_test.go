package aws

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/pace"
)

// Credentials that expire in a run block it, and the run sees that somebody has signed
// in again.
func TestCredentialsAreReadAgainOnceRefused(t *testing.T) {
	region := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if strings.Contains(r.Header.Get("Authorization"), "AKIAOLD") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>`)
			return
		}
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/me</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer region.Close()
	file := filepath.Join(t.TempDir(), "credentials")
	sign := func(key string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("[default]\naws_access_key_id="+key+"\naws_secret_access_key=s\naws_session_token=t\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for k, v := range map[string]string{"AWS_SHARED_CREDENTIALS_FILE": file, "AWS_CONFIG_FILE": file + "-none", "AWS_ENDPOINT_URL": region.URL, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(k, v)
	}
	sign("AKIAOLD")
	c, err := New(t.Context(), Options{Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Identify(t.Context()); pace.Classify(err).Class != pace.Blocked || !strings.Contains(pace.Classify(err).Reason, "sign in again") {
			t.Fatalf("got %v", err)
		}
	}
	sign("AKIANEW")
	if err := c.Identify(t.Context()); err != nil {
		t.Errorf("somebody signed in, and still %v", err)
	}
}
