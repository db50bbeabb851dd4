package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
)

// served are the services with their SDK module, and the clients of a config.
func served(cfg aws.Config) []struct {
	model, module string
	client        any
} {
	return []struct {
		model, module string
		client        any
	}{
		{"eks", "eks", eks.NewFromConfig(cfg)}, {"ec2", "ec2", ec2.NewFromConfig(cfg)}, {"cloudformation", "cloudformation", cloudformation.NewFromConfig(cfg)},
		{"iam", "iam", iam.NewFromConfig(cfg)}, {"sts", "sts", sts.NewFromConfig(cfg)}, {"autoscaling", "autoscaling", autoscaling.NewFromConfig(cfg)},
		{"ssm", "ssm", ssm.NewFromConfig(cfg)}, {"kms", "kms", kms.NewFromConfig(cfg)}, {"logs", "cloudwatchlogs", cloudwatchlogs.NewFromConfig(cfg)},
	}
}

// leaves counts the scalars that are set in a decoded input.
func leaves(v reflect.Value) int {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 0
		}
		if v.Type().Elem() == timeType {
			return 1
		}
		return leaves(v.Elem())
	case reflect.Struct:
		n := 0
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += leaves(v.Field(i))
			}
		}
		return n
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 1
		}
		n := 0
		for i := range v.Len() {
			n += leaves(v.Index(i))
		}
		return n
	case reflect.Map:
		n := 0
		for _, k := range v.MapKeys() {
			n += leaves(v.MapIndex(k))
		}
		return n
	case reflect.String:
		if v.Len() == 0 {
			return 0
		}
	}
	return 1
}

func jsonLeaves(j any) int {
	n := 0
	switch x := j.(type) {
	case map[string]any:
		for _, v := range x {
			n += jsonLeaves(v)
		}
		return n
	case []any:
		for _, v := range x {
			n += jsonLeaves(v)
		}
		return n
	}
	return 1
}

// snapshot reads one of the golden requests that the SDK's modules ship.
func snapshot(raw string) (method, uri, body string, header http.Header) {
	head, rest, _ := strings.Cut(raw, "\n\n")
	method, uri, _ = strings.Cut(strings.SplitN(head, "\n", 2)[0], " ")
	headers, body, _ := strings.Cut(rest, "\n\n")
	header = http.Header{}
	for _, l := range strings.Split(headers, "\n") {
		if k, v, ok := strings.Cut(l, ": "); ok {
			header.Set(k, v)
		}
	}
	return method, uri, body, header
}

// Every golden request of the SDK decodes with no leaf lost.
func TestGoldenRequestsDecode(t *testing.T) {
	total, good := 0, 0
	for _, c := range served(aws.Config{}) {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/"+c.module).Output()
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "request_snapshot", "*.request.snap"))
		if err != nil || len(files) == 0 {
			t.Skipf("the module of %s ships no golden requests", c.module)
		}
		s, err := newService(c.model)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".request.snap")
			m, ok := reflect.TypeOf(c.client).MethodByName(name)
			if !ok || s.Ops[name] == nil {
				continue
			}
			s.handlers = map[string]handler{name: {in: m.Type.In(2).Elem(), out: m.Type.Out(0).Elem()}}
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			total++
			if why := lost(s, name, string(raw)); why != "" {
				t.Logf("%s:%s: %s", c.model, name, why)
				continue
			}
			good++
		}
	}
	// The rest are unions and one unexported presigning field (facts/sim.md §2).
	if t.Logf("%d of %d golden requests decode", good, total); total-good > 8 || total < 700 {
		t.Errorf("%d of %d golden requests decode", good, total)
	}
}

func lost(s *Service, name, raw string) (why string) {
	defer func() {
		if e := recover(); e != nil {
			why = fmt.Sprint("panic: ", e)
		}
	}()
	method, uri, body, header := snapshot(raw)
	r, err := http.NewRequest(method, "http://h"+uri, nil)
	if err != nil {
		return err.Error()
	}
	r.Header = header
	got, in, err := s.decode(r, []byte(body))
	if err != nil || got != name {
		return fmt.Sprintf("decoded as %q: %v", got, err)
	}
	want := 0
	if strings.HasSuffix(s.Protocol, "QueryProtocol") {
		q, err := url.ParseQuery(body)
		if err != nil {
			return err.Error()
		}
		for k := range q {
			if k != "Action" && k != "Version" && !strings.HasSuffix(k, ".key") {
				want++
			}
		}
	} else {
		var j any
		if json.Unmarshal([]byte(body), &j) == nil && j != nil {
			want = jsonLeaves(j)
		}
		want += len(r.URL.Query())
	}
	if n := leaves(reflect.ValueOf(in)); n < want {
		return fmt.Sprintf("%d of %d leaves", n, want)
	}
	return ""
}

// fill sets every member of a structure, three levels deep.
func fill(v reflect.Value, depth int) {
	if depth > 8 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && v.Type().Elem() != timeType && depth > 6 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth)
	case reflect.Struct:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(time.Unix(1700000000, 0).UTC()))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.String:
		v.SetString("a<&>b")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(7)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{0, 1, 255})
			return
		}
		s := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range 2 {
			fill(s.Index(i), depth+1)
		}
		v.Set(s)
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e, depth+1)
		m.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), e)
		v.Set(m)
	}
}

// minimal sets what a client-side validation could ask of an input.
func minimal(v reflect.Value) { fill(v, 0) }

// Every operation's full output reaches the real client unchanged.
func TestOutputsRoundTrip(t *testing.T) {
	var svc *Service
	var name string
	var reply any
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		svc.encode(name, reply, nil, "id").write(w)
	}))
	defer ts.Close()
	// In process: no socket, so no reply floor either (facts/sim.md §2).
	cfg := aws.Config{Region: "us-west-2", BaseEndpoint: &ts.URL, Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			ts.Config.Handler.ServeHTTP(w, r)
			return w.Result(), nil
		}), Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "S"}, nil
		})}
	total, good := 0, 0
	for _, c := range served(cfg) {
		s, err := newService(c.model)
		if err != nil {
			t.Fatal(err)
		}
		svc = s
		for _, name = range sortedOps(s) {
			m := reflect.ValueOf(c.client).MethodByName(name)
			if !m.IsValid() {
				continue
			}
			total++
			out := reflect.New(m.Type().Out(0).Elem())
			fill(out.Elem(), 0)
			reply = out.Interface()
			in := reflect.New(m.Type().In(1).Elem())
			minimal(in.Elem())
			if why := trip(m, in, out); why != "" {
				t.Logf("%s:%s: %.150s", c.model, name, why)
				continue
			}
			good++
		}
	}
	if t.Logf("%d of %d outputs round-trip", good, total); total < 700 || total-good > 20 {
		t.Errorf("%d of %d outputs round-trip", good, total)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func sortedOps(s *Service) []string {
	var out []string
	for _, k := range reflect.ValueOf(s.Ops).MapKeys() {
		out = append(out, k.String())
	}
	return out
}

func trip(m, in, out reflect.Value) (why string) {
	defer func() {
		if e := recover(); e != nil {
			why = fmt.Sprint("panic: ", e)
		}
	}()
	res := m.Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if !res[1].IsNil() {
		return fmt.Sprint(res[1].Interface())
	}
	return differ(out.Elem(), res[0].Elem(), "")
}

// differ says where b lost something of a.
func differ(a, b reflect.Value, path string) string {
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() {
			return ""
		}
		if b.IsNil() {
			return path + " is lost"
		}
		return differ(a.Elem(), b.Elem(), path)
	case reflect.Struct:
		if a.Type() == timeType {
			if !a.Interface().(time.Time).Equal(b.Interface().(time.Time)) {
				return path + " differs"
			}
			return ""
		}
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				if d := differ(a.Field(i), b.Field(i), path+"."+f.Name); d != "" {
					return d
				}
			}
		}
	case reflect.Slice:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s has %d of %d", path, b.Len(), a.Len())
		}
		for i := range a.Len() {
			if d := differ(a.Index(i), b.Index(i), path+"[]"); d != "" {
				return d
			}
		}
	case reflect.Map:
		if a.Len() != b.Len() {
			return path + " lost entries"
		}
	default:
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			return path + " differs"
		}
	}
	return ""
}
