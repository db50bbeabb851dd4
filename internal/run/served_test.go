package run_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/engine"
	"github.com/slipway-eks/slipway/internal/run"
	"github.com/slipway-eks/slipway/internal/sim"
	"github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// many has a step of most kinds, so that eight workers have something to do at once.
const many = testregion.Cluster + `
iam: {withOIDC: true, serviceAccounts: [{metadata: {name: sa, namespace: apps}, wellKnownPolicies: {autoScaler: true}}]}
addons: [{name: eks-pod-identity-agent}, {name: aws-ebs-csi-driver}, {name: snapshot-controller}]
accessConfig: {accessEntries: [{principalARN: "arn:aws:iam::111122223333:role/ops", accessPolicies: [{policyARN: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", accessScope: {type: cluster}}]}]}
iamIdentityMappings: [{arn: "arn:aws:iam::111122223333:role/dev", username: dev, groups: [dev]}]
fargateProfiles: [{name: f, selectors: [{namespace: batch}]}]
managedNodeGroups: [{name: one, desiredCapacity: 2, privateNetworking: true}, {name: two, desiredCapacity: 1, privateNetworking: true}]
nodeGroups: [{name: own, desiredCapacity: 1}]
`

// A launch as users have it: eight workers, the scaled clock, sockets. It is here for
// make race above all: every other launch takes its turns one by one. Somebody watches
// meanwhile, and a few things go wrong.
func TestALaunchWithEightWorkersOverSockets(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds of waiting")
	}
	const speed = 120
	s := sim.New(sim.Options{Seed: 1, Speed: speed, Start: time.Now()})
	for _, role := range []string{"ops", "dev"} {
		s.World.Lock()
		s.Region("us-west-2").IAM.AdoptRole("arn:aws:iam::111122223333:role/"+role, []string{"ec2.amazonaws.com"})
		s.World.Unlock()
	}
	ctx, stop := context.WithCancel(t.Context())
	url, served := make(chan string, 1), make(chan error, 1)
	go func() { served <- s.Serve(ctx, "127.0.0.1:0", func(u string) { url <- u }) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	none := filepath.Join(t.TempDir(), "none")
	for k, v := range map[string]string{"AWS_ENDPOINT_URL": <-url, "AWS_ACCESS_KEY_ID": iam.Key, "AWS_SECRET_ACCESS_KEY": iam.Secret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none} {
		t.Setenv(k, v)
		if v == "" {
			os.Unsetenv(k)
		}
	}
	clk := &clock.Wall{Start: time.Now(), Speed: speed}
	c, err := awsc.New(ctx, awsc.Options{Region: "us-west-2", Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	s.Region("us-west-2").Inject(
		sim.Fault{After: metav1.Duration{Duration: 11 * time.Minute}, For: metav1.Duration{Duration: time.Minute}, APIServer: &sim.ServerFault{Cluster: "test"}},
		sim.Fault{Call: &sim.CallFault{Service: "eks", Operation: "CreateAddon", Code: "ThrottlingException", Message: "Rate exceeded", Status: 429, Times: 3}})
	f := testregion.Load(t, many)
	session, err := run.Prepare(ctx, c, f)
	if err != nil {
		t.Fatal(err)
	}
	watched := make(chan struct{})
	watching, enough := context.WithCancel(ctx)
	go func() {
		defer close(watched)
		for clk.Sleep(watching, 5*time.Second) == nil {
			run.Look(watching, c, "test", nil) //nolint:errcheck // there is no such cluster at first
		}
	}()
	ticks := 0
	rep, err := session.RunWith(ctx, engine.Options{Clock: clk, Workers: 8, Tick: time.Second, OnTick: func(float64) { ticks++ }})
	enough()
	<-watched
	if err != nil || !rep.OK() {
		t.Fatal(rep.FirstFailure, err)
	}
	v, err := session.Verify(ctx)
	if err != nil || v.NodesReady != 4 || ticks == 0 {
		t.Errorf("%+v %v, %d ticks", v, err, ticks)
	}
	again, err := run.Prepare(ctx, c, testregion.Load(t, many))
	if err != nil || !again.Plan.Empty() {
		t.Errorf("a second plan has something left: %v", err)
	}
}
