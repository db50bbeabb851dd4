// Package contract is what the simulated region's Kubernetes API is held to: a list of
// requests whose answers, with what must differ masked (identifiers, times, versions of
// resources), are those of a real kube-apiserver. testdata/answers.json are the answers
// of one, v1.34.2, recorded by test/kubeapi, which also asks both side by side.
package contract

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Case is one request.
type Case struct {
	Name   string
	Method string // GET where it is empty
	Path   string
	Type   string // of the body; application/json where it is empty
	Accept string
	Body   json.RawMessage
	Text   string // a body that is not JSON
	As     string // whom to impersonate
	// Own marks an answer about what the control plane itself keeps: who of its parts
	// manages which of its fields is not compared, nor where it listens.
	Own bool
	// Await marks what a real server does in the background, a version of a group at a time:
	// the case is asked again for some seconds until it is found, and, where it only reads,
	// until it is answered as hoped.
	Await bool
}

//go:embed testdata/cases.json
var requests []byte

// Cases are asked in their order: later ones see what earlier ones made.
var Cases = sync.OnceValue(func() []Case {
	var out []Case
	if err := json.Unmarshal(requests, &out); err != nil {
		panic(err) // it is in this package
	}
	return out
})

// Answer is what a server said, masked.
type Answer struct {
	Status int             `json:"status"`
	Type   string          `json:"type,omitempty"`
	Warn   []string        `json:"warn,omitempty"` // Warning headers
	Body   json.RawMessage `json:"body,omitempty"` // JSON; of a watch, its events
}

//go:embed testdata/answers.json
var recorded []byte

// Recorded are the answers of the real one, by the names of the cases.
func Recorded() (map[string]Answer, error) {
	out := map[string]Answer{}
	return out, json.Unmarshal(recorded, &out)
}

// Ask sends the cases in their order to a server that takes a token for an administrator's.
// Before it looks again at what a server's controllers have yet to do, it calls wait; they
// are given some seconds to come to what is hoped, if anything is, and not longer.
func Ask(client *http.Client, base, token string, hoped map[string]Answer, wait func()) (map[string]Answer, error) {
	out := map[string]Answer{}
	for _, c := range Cases() {
		a, err := ask(client, base, token, c)
		for range 20 {
			if err != nil || !c.Await || settled(c, a, hoped) {
				break
			}
			wait()
			a, err = ask(client, base, token, c)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		if _, twice := out[c.Name]; twice {
			return nil, fmt.Errorf("two cases are called %q", c.Name)
		}
		out[c.Name] = a
	}
	return out, nil
}

// settled tells whether an answer is what a server's controllers leave it at. A case that
// writes is not sent twice for its answer's sake.
func settled(c Case, a Answer, hoped map[string]Answer) bool {
	if a.Status == http.StatusNotFound {
		return false
	}
	h, ok := hoped[c.Name]
	return !ok || c.Method != "" || show(a) == show(h)
}

func ask(client *http.Client, base, token string, c Case) (Answer, error) {
	method, typ := c.Method, c.Type
	if method == "" {
		method = http.MethodGet
	}
	body := string(c.Body) + c.Text
	r, err := http.NewRequest(method, base+c.Path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if body != "" {
		if typ == "" {
			typ = "application/json"
		}
		r.Header.Set("Content-Type", typ)
	}
	if c.Accept != "" {
		r.Header.Set("Accept", c.Accept)
	} else {
		r.Header.Set("Accept", "application/json")
	}
	if c.As != "" {
		r.Header.Set("Impersonate-User", c.As)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("User-Agent", "contract")
	resp, err := client.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Warn: resp.Header.Values("Warning")}
	a.Body, err = masked(b, c.Own)
	return a, err
}

// masked is a body with what differs from run to run replaced; several documents, as of
// a watch, become a list, and what is not JSON a string.
func masked(b []byte, own bool) (json.RawMessage, error) {
	var all []any
	d := json.NewDecoder(bytes.NewReader(b))
	for {
		var x any
		err := d.Decode(&x)
		if err == io.EOF {
			break
		}
		if err != nil {
			return json.Marshal(replace(string(b)))
		}
		x = mask("", x)
		if own {
			strip(x)
		}
		all = append(all, x)
	}
	if len(all) == 1 {
		return json.Marshal(all[0])
	}
	return json.Marshal(all)
}

// Members whose values are masked, by name.
var free = map[string]bool{"uid": true, "resourceVersion": true, "creationTimestamp": true, "deletionTimestamp": true, "time": true,
	"lastTransitionTime": true, "continue": true, "serverAddressByClientCIDRs": true, "lastTimestamp": true, "firstTimestamp": true,
	"clusterIP": true, "clusterIPs": true, "nodePort": true, "token": true, "expirationTimestamp": true}

func mask(name string, v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k := range maps.Keys(x) {
			if rules, ok := x[k].([]any); ok && strings.HasSuffix(k, "esourceRules") { // in no order
				slices.SortFunc(rules, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
			if v := fmt.Sprint(x[k]); free[k] && x[k] != nil && v != "None" && v != "" {
				x[k] = "*"
			} else {
				x[k] = mask(k, x[k])
			}
		}
		if cols, ok := x["columnDefinitions"].([]any); ok { // descriptions are long, and upstream's
			for _, c := range cols {
				if c, ok := c.(map[string]any); ok {
					delete(c, "description")
				}
			}
		}
	case []any:
		for i := range x {
			x[i] = mask(name, x[i])
		}
	case string:
		return replace(x)
	}
	return v
}

// strip removes what only the control plane's own objects differ in.
func strip(v any) {
	switch x := v.(type) {
	case map[string]any:
		delete(x, "managedFields")
		delete(x, "targetPort")
		for _, y := range x {
			strip(y)
		}
	case []any:
		for _, y := range x {
			strip(y)
		}
	}
}

var patterns = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`kube-api-access-[a-z0-9]{5}`), "kube-api-access-*"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "*"},
	{regexp.MustCompile(`^[0-9]+(s|m|h|d)$`), "0s"},
	{regexp.MustCompile(`resource version: [0-9]+( \([0-9]+\)|, current: [0-9]+)?`), "resource version: *"},
	{regexp.MustCompile(`generated-[a-z0-9]{5}`), "generated-*"},
	{regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`), "*"},
	{regexp.MustCompile(`10\.100\.[0-9]+\.[0-9]+`), "10.100.*"},
}

func replace(s string) string {
	for _, p := range patterns {
		s = p.re.ReplaceAllString(s, p.with)
	}
	return s
}

// Differences are the cases whose answers are not the same, each with both.
func Differences(got, want map[string]Answer) []string {
	var out []string
	for _, c := range Cases() {
		g, w := show(got[c.Name]), show(want[c.Name])
		if g != w {
			out = append(out, c.Name+":\n"+diff(g, w))
		}
	}
	return out
}

func show(a Answer) string {
	b, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// diff shows the lines that only one side has, in their order.
func diff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	count := map[string]int{}
	for _, l := range w {
		count[l]++
	}
	var out []string
	for _, l := range g {
		if count[l] == 0 {
			out = append(out, "  is   "+l)
		} else {
			count[l]--
		}
	}
	for _, l := range w {
		if count[l] > 0 {
			out = append(out, "  want "+l)
			count[l]--
		}
	}
	if len(out) == 0 {
		out = append(out, "  the same lines in another order")
	}
	return strings.Join(out, "\n")
}
