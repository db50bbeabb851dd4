package sim_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/sim"
)

// lives is how many requests a region takes before another has its place: a region costs
// hundreds of them to make, and one that is asked for ever grows without being at fault.
const lives = 5000

// reused is a region that many executions share. Go runs them one after the other.
type reused struct {
	s    *sim.Sim
	bugs *[]string
	past [][]string
}

// send asks the region. Where that fails, what it was asked before is kept in a file, for
// a request that does no harm to a new region.
func (r *reused) send(t *testing.T, request ...string) {
	if len(r.past)%lives == 0 {
		r.s, r.bugs = breakable()
		r.past = nil
	}
	r.past = append(r.past, request)
	if len(r.past)%100 == 0 {
		r.s.World.Advance(time.Minute) // what was begun comes to its end
	}
	defer func() {
		if t.Failed() {
			b, _ := json.Marshal(r.past)
			if f, err := os.CreateTemp("", "fuzzed-*.json"); err == nil {
				f.Write(b) //nolint:errcheck // the test has failed anyhow
				f.Close()  //nolint:errcheck // the test has failed anyhow
				t.Logf("what the region was asked until then is in %s", f.Name())
			}
			r.past = nil // the next one begins anew
		}
	}()
	hostile(t, r.s, r.bugs, request[0], request[1], request[2], request[3], request[4])
}

// FuzzRequest sends whatever it is given to a region: it must answer, soon.
func FuzzRequest(f *testing.F) {
	s, _ := breakable()
	for service, ops := range queries(s) {
		for _, op := range ops {
			f.Add(service, "POST", "/", "", "Action="+op+"&Version=1&Filter.1.Name=vpc-id&Filter.1.Value.1=x&MaxResults=5&MaxRecords=5&NextToken=eA")
		}
	}
	for _, x := range rest {
		method, path, _ := strings.Cut(x, " ")
		f.Add("eks", method, path, "", `{"name":"c","roleArn":"x","resourcesVpcConfig":{"subnetIds":["s"]},"addonName":"vpc-cni","scalingConfig":{"minSize":1}}`)
	}
	for service, ops := range targets {
		for _, op := range ops {
			f.Add(service, "POST", "/", op, `{"KeyId":"x","logGroupName":"x","Name":"/aws/service/eks","retentionInDays":1e99}`)
		}
	}
	shared := &reused{}
	f.Fuzz(func(t *testing.T, service, method, path, target, body string) {
		shared.send(t, service, method, path, target, body)
	})
}
