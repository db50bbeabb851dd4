package bucket_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/store/bucket"
	"github.com/slipway-eks/slipway/internal/store/storetest"
)

// The contract on a real S3 server, SeaweedFS, whose conditional writes are atomic; `make
// s3-contract` builds it, from the module in test/s3, and runs this.
func TestOnSeaweedFS(t *testing.T) {
	bin := os.Getenv("SLIPWAY_SEAWEEDFS")
	if bin == "" {
		t.Skip("SLIPWAY_SEAWEEDFS names no weed; `make s3-contract` builds one")
	}
	point(t, serve(t, bin))
	n := 0
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		n++
		name := fmt.Sprintf("s3://team/contract-%d", n)
		return open(t, name), open(t, name)
	})
	t.Run("it is found to be atomic, once", func(t *testing.T) {
		b := open(t, "s3://team/probed")
		for range 2 {
			if err := b.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if keys, err := b.List(t.Context(), ""); err != nil || strings.Join(keys, " ") != "probe/passed.json" {
			t.Errorf("left: %v %v", keys, err)
		}
	})
	t.Run("a bucket that is not there is said", func(t *testing.T) {
		_, err := open(t, "s3://nobody/x").Put(t.Context(), "a", nil)
		if err == nil || !strings.Contains(err.Error(), "make the bucket") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("more keys than a page holds", func(t *testing.T) {
		b := open(t, "s3://team/many")
		for i := range 1010 {
			if _, err := b.Put(t.Context(), fmt.Sprintf("k/%05d", i), nil); err != nil {
				t.Fatal(err)
			}
		}
		if keys, err := b.List(t.Context(), "k/"); err != nil || len(keys) != 1010 || keys[1009] != "k/01009" {
			t.Errorf("%d keys: %v", len(keys), err)
		}
	})
}

const key, secret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

// point points the SDK's configuration at a server.
func point(t *testing.T, url string) {
	none := filepath.Join(t.TempDir(), "none")
	for k, v := range map[string]string{"AWS_ENDPOINT_URL_S3": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none} {
		t.Setenv(k, v)
	}
}

func open(t *testing.T, url string) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), url, bucket.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// serve starts SeaweedFS on loopback, with a bucket "team".
func serve(t *testing.T, bin string) string {
	t.Helper()
	dir := t.TempDir()
	identity := map[string]any{"identities": []any{map[string]any{"name": "team", "actions": []string{"Admin"},
		"credentials": []any{map[string]any{"accessKey": key, "secretKey": secret}}}}}
	b, err := json.Marshal(identity)
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "identities.json")
	if err := os.WriteFile(config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"server", "-dir=" + dir, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.config=" + config, "-s3.autoCreateBucket=false",
		"-master.volumeSizeLimitMB=64", "-volume.max=20"}
	ports := free(t, 8)
	for i, flag := range []string{"s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"} {
		args = append(args, fmt.Sprintf("-%s=%d", flag, ports[i]))
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bin, args...)
	c.Dir, c.Stdout, c.Stderr = dir, log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may have ended
		c.Wait()         //nolint:errcheck // it was killed
		log.Close()      //nolint:errcheck // it was only written
		if b, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the server says:\n%s", b[max(0, len(b)-4000):])
		}
	})
	url := fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	create(t, url)
	return url
}

// free are ports of loopback that nobody listens on.
func free(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// create makes the bucket as soon as the server has come up, and waits until it takes an
// object.
func create(t *testing.T, url string) {
	t.Helper()
	api := s3.New(s3.Options{BaseEndpoint: &url, UsePathStyle: true, Region: "us-east-1", Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""), HTTPClient: &http.Client{Timeout: 5 * time.Second}})
	var err error
	for range 120 {
		if _, err = api.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("team")}); err == nil || strings.Contains(err.Error(), "BucketAlready") {
			if _, err = api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("team"), Key: new("ready"), Body: strings.NewReader("yes")}); err == nil {
				return
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	t.Fatalf("the server never came up: %v", err)
}
