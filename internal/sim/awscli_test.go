package sim_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// The aws CLI, old or new, reads and writes each protocol: --endpoint-url is what
// every version knows.
func TestAWSCLI(t *testing.T) {
	testregion.Need(t, "aws")
	t.Parallel()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	s := sim.New(sim.Options{Seed: 1, Speed: 600})
	ready := make(chan string, 1)
	go s.Serve(ctx, "127.0.0.1:0", func(u string) { ready <- u }) //nolint:errcheck // ends with the test
	url := <-ready
	call := func(args ...string) map[string]any {
		t.Helper()
		c := exec.CommandContext(ctx, "aws", append([]string{"--endpoint-url", url, "--output", "json"}, args...)...)
		c.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+iam.Key, "AWS_SECRET_ACCESS_KEY="+iam.Secret, "AWS_REGION=us-west-2",
			"AWS_DEFAULT_REGION=us-west-2", "AWS_EC2_METADATA_DISABLED=true")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, out)
		}
		var v map[string]any
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, out)
		}
		return v
	}
	if v := call("sts", "get-caller-identity"); v["Account"] != sim.Account { // awsQuery
		t.Errorf("%v", v)
	}
	if v := call("eks", "list-clusters"); len(v["clusters"].([]any)) != 0 { // restJson
		t.Errorf("%v", v)
	}
	vpc := call("ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--tag-specifications",
		"ResourceType=vpc,Tags=[{Key=a,Value=b<&>c}]")["Vpc"].(map[string]any) // ec2Query
	if got := call("ec2", "describe-vpcs", "--vpc-ids",
		vpc["VpcId"].(string))["Vpcs"].([]any)[0].(map[string]any); got["Tags"].([]any)[0].(map[string]any)["Value"] != "b<&>c" {
		t.Errorf("%v", got)
	}
	p := call("ssm", "get-parameter", "--name",
		"/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/standard/recommended/image_id")["Parameter"].(map[string]any) // awsJson
	if len(p["Value"].(string)) != len("ami-00123456789abcdef") {
		t.Errorf("%v", p)
	}
}
