package bucket_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/store"
	"github.com/slipway-eks/slipway/internal/store/bucket"
	"github.com/slipway-eks/slipway/internal/store/storetest"
)

// server answers what the store asks of S3, honestly or not. What an honest one is like is
// shown by TestOnSeaweedFS; this one can also do what no honest one does.
type server struct {
	mu      sync.Mutex
	objects map[string]string
	asked   int

	blind   bool // to If-None-Match
	numb    bool // to If-Match
	racing  bool // it looks at conditions, and then, later, acts
	looked  sync.WaitGroup
	trouble func(r *http.Request, n int) (status int, code string, after bool)
}

func etag(data string) string { return fmt.Sprintf("%q", fmt.Sprintf("%x-%s", len(data), data)) }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.trouble != nil {
		if status, code, after := s.trouble(r, s.asked); status != 0 {
			if after {
				s.answer(httptest.NewRecorder(), r, string(body))
			}
			refuse(w, status, code)
			return
		}
	}
	s.answer(w, r, string(body))
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>said the server</Message></Error>", code)
}

func (s *server) answer(w http.ResponseWriter, r *http.Request, body string) {
	key := strings.TrimPrefix(r.URL.Path, "/team/")
	if r.URL.Query().Get("list-type") == "2" {
		s.list(w, r)
		return
	}
	have, there := s.objects[key]
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	fails := none != "" && there && !s.blind || match != "" && !s.numb && (!there || match != etag(have))
	if s.racing && strings.Contains(body, " writer ") {
		s.mu.Unlock() // all look before any acts
		s.looked.Done()
		s.looked.Wait()
		s.mu.Lock()
	}
	switch {
	case (r.Method == http.MethodGet || match != "" && !s.numb) && !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	case fails:
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodGet:
		w.Header().Set("ETag", etag(have))
		io.WriteString(w, have) //nolint:errcheck // a test's own client
	case r.Method == http.MethodPut:
		s.objects[key] = body
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

// list answers three keys a page.
func (s *server) list(w http.ResponseWriter, r *http.Request) {
	type object struct{ Key string }
	out := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []object
	}{}
	for _, k := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(k, r.URL.Query().Get("prefix")) || k <= r.URL.Query().Get("continuation-token") {
			continue
		}
		if len(out.Contents) == 3 {
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[2].Key
			break
		}
		out.Contents = append(out.Contents, object{k})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(out) //nolint:errcheck // a test's own client
}

// hurried is a clock on which nobody waits.
type hurried struct {
	mu  sync.Mutex
	now time.Duration
}

func (h *hurried) Now() time.Duration { return 0 }

func (h *hurried) Sleep(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now += d
	return ctx.Err()
}

func start(t *testing.T, s *server) (*bucket.Bucket, *hurried) {
	t.Helper()
	s.objects = map[string]string{}
	s.looked.Add(16)
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	point(t, h.URL)
	clk := &hurried{}
	b, err := bucket.Open(t.Context(), "s3://team/slipway", bucket.Options{Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	return b, clk
}

func TestAnHonestServer(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (store.Store, store.Store) {
		b, _ := start(t, &server{})
		return b, b
	})
}

func TestOnlyAtomicConditionalWritesAreTrusted(t *testing.T) {
	for want, s := range map[string]*server{
		"":                               {},
		"does not look at If-None-Match": {blind: true},
		"does not look at If-Match":      {numb: true},
		"of 16 writers who put one new object at once, ": {racing: true},
	} {
		b, _ := start(t, s)
		err := b.Probe(t.Context())
		if (err == nil) != (want == "") || err != nil && !(strings.Contains(err.Error(), want) && strings.Contains(err.Error(), "two could hold one lock there")) {
			t.Errorf("%q: %v", want, err)
		}
		s.looked.Add(16)
		before := s.asked
		if err := b.Probe(t.Context()); (err == nil) != (want == "") || want == "" && s.asked != before+1 {
			t.Errorf("%q, once more: %v, %d questions", want, err, s.asked-before)
		}
	}
}

// A write whose answer is lost is asked again, meets what it wrote itself, and is not
// taken for another's.
func TestALostAnswerIsOurOwn(t *testing.T) {
	for _, replace := range []bool{false, true} {
		s := &server{}
		b, _ := start(t, s)
		tag := "none"
		if replace {
			var err error
			if tag, err = b.Put(t.Context(), "k", []byte("first")); err != nil {
				t.Fatal(err)
			}
		}
		lost := false
		s.trouble = func(r *http.Request, _ int) (int, string, bool) {
			if lost || r.Method != http.MethodPut {
				return 0, "", false
			}
			lost = true
			return http.StatusInternalServerError, "InternalError", true
		}
		var got string
		var err error
		if replace {
			got, err = b.Replace(t.Context(), "k", []byte("mine"), tag)
		} else {
			got, err = b.Put(t.Context(), "k", []byte("mine"))
		}
		if err != nil || got != etag("mine") {
			t.Errorf("replace %t: %q %v", replace, got, err)
		}
		if _, err := b.Put(t.Context(), "k", []byte("mine")); err != store.ErrExists {
			t.Errorf("and of another: %v", err)
		}
	}
}

func TestTroubleIsOutlastedAndSaid(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		code   string
		times  int
		want   string // "": it succeeds
		asked  int
	}{
		"a stumble":                 {503, "ServiceUnavailable", 2, "", 3},
		"throttling":                {503, "SlowDown", 3, "", 4},
		"another's write under way": {409, "ConditionalRequestConflict", 1, "", 2},
		"stumbling for good":        {500, "InternalError", 99, "writing the store s3://team/slipway: ", 4},
		"no permission":             {403, "AccessDenied", 99, "the caller needs s3:GetObject", 1},
		"another region":            {301, "PermanentRedirect", 99, "name it, s3://team/slipway?region=REGION", 1},
		"no such bucket":            {404, "NoSuchBucket", 99, "make the bucket", 1},
		"no S3 at all":              {404, "InvalidAction", 99, "what answers there is no S3", 1},
	} {
		s := &server{}
		b, clk := start(t, s)
		s.trouble = func(_ *http.Request, n int) (int, string, bool) {
			if n <= c.times {
				return c.status, c.code, false
			}
			return 0, "", false
		}
		_, err := b.Put(t.Context(), "k", []byte("x"))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || s.asked != c.asked || (clk.now > 0) != (s.asked > 1) {
			t.Errorf("%s: %v after %d questions and %s", name, err, s.asked, clk.now)
		}
		if _, _, err := b.Get(t.Context(), "other"); c.status == 404 && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, asked for another: %v", name, err)
		}
	}
}

func TestAnUnreachableServerIsSaidAtOnce(t *testing.T) {
	h := httptest.NewServer(http.NotFoundHandler())
	h.Close()
	point(t, h.URL)
	clk := &hurried{}
	b, err := bucket.Open(t.Context(), "s3://team/slipway", bucket.Options{Clock: clk})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "k", nil); err == nil || !strings.Contains(err.Error(), "nothing answers there") || clk.now > 0 {
		t.Errorf("after %s: %v", clk.now, err)
	}
}

func TestNamesOfStores(t *testing.T) {
	point(t, "http://127.0.0.1:1")
	for url, want := range map[string]string{
		"s3://team":                           "s3://team/",
		"s3://team/a/b/":                      "s3://team/a/b",
		"s3://team/a?region=eu-west-1":        "s3://team/a",
		"s3:///a":                             "",
		"s3://team/../x":                      "",
		"s3://team/a?endpoint=http://1.2.3.4": "",
		"file:///tmp":                         "",
	} {
		b, err := bucket.Open(t.Context(), url, bucket.Options{})
		if (err == nil) != (want != "") || err == nil && b.String() != want {
			t.Errorf("%s: %v %v", url, b, err)
		}
	}
}
