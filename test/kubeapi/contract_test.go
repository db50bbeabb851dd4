// Package kubeapi asks the simulated region's Kubernetes API and a real kube-apiserver
// the same, and prints how their answers differ. `make kube-contract` builds the real one
// and runs this; with -update its answers are recorded for the tests of the region.
package kubeapi

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi/contract"
)

var update = flag.Bool("update", false, "record the real server's answers")

func TestTheRegionAnswersAsKubernetes(t *testing.T) {
	bin := os.Getenv("SLIPWAY_KUBE_APISERVER")
	if bin == "" {
		t.Skip("SLIPWAY_KUBE_APISERVER names no kube-apiserver; `make kube-contract` builds one")
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	got, err := contract.Ask(&http.Client{Transport: region(t)}, "https://region", "good", nil, func() {})
	if err != nil {
		t.Fatal(err)
	}
	want, err := contract.Ask(client, start(t, bin, client), "good", got, func() { time.Sleep(500 * time.Millisecond) })
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		b, err := json.MarshalIndent(want, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../../internal/sim/kubeapi/contract/testdata/answers.json", append(b, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range contract.Differences(got, want) {
		t.Error(d)
	}
}

// region is a simulated cluster whose token "good" is an administrator's.
func region(t *testing.T) http.RoundTripper {
	t.Helper()
	n := 0
	c, err := kubeapi.NewCluster("v1.34.2", func(string) string { n++; return fmt.Sprintf("00000000-0000-4000-a000-%012d", n) }, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Token = func(s string) *kubeapi.User {
		if s == "good" {
			return &kubeapi.User{Name: "admin", Groups: []string{"system:masters"}}
		}
		return nil
	}
	c.Bootstrap()
	return c
}

// start runs the real server and waits until it is ready; it answers its URL.
func start(t *testing.T, bin string, client *http.Client) string {
	t.Helper()
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens.csv")
	if err := os.WriteFile(tokens, []byte("good,admin,1,system:masters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("openssl", "genrsa", "-out", filepath.Join(dir, "sa.key"), "2048").CombinedOutput(); err != nil {
		t.Skipf("openssl makes the service accounts' key: %v %s", err, out)
	}
	etcd, peer, port := free(t), free(t), free(t)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, dir, etcd, peer, "--secure-port="+port, "--bind-address=127.0.0.1", "--cert-dir="+dir, "--token-auth-file="+tokens,
		"--authorization-mode=RBAC", "--service-account-issuer=https://issuer.example", "--service-account-key-file="+filepath.Join(dir, "sa.key"),
		"--service-account-signing-key-file="+filepath.Join(dir, "sa.key"), "--service-cluster-ip-range=10.100.0.0/16")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	base := "https://127.0.0.1:" + port
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	for ctx.Err() == nil {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/readyz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer good")
		if resp, err := client.Do(r); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				time.Sleep(5 * time.Second) // its roles and Service come after it says so
				return base
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	b, _ := os.ReadFile(log.Name())
	t.Fatalf("it was not ready: %s", b[max(0, len(b)-2000):])
	return ""
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
