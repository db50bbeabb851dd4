package drift

import (
	"fmt"
	"path"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// Ignore is a rule by which differences are not counted: they are still shown, with why.
type Ignore struct {
	Path   string `json:"path"`          // of the catalogue; * stands for any part, and what is below a path is meant too
	Key    string `json:"key,omitempty"` // a pattern of the thing's name; "": any
	Reason string `json:"reason"`
	Until  string `json:"until,omitempty"` // the last day on which it holds, 2026-12-31; "": for good
	Extra  string `json:"extra,omitempty"` // a pattern: only where everything that is extra fits it, and nothing lacks
}

// ParseIgnores reads an ignore list: YAML or JSON, {"ignore": [...]}. A rule without a
// path or a reason, or with a date that is none, is an error.
func ParseIgnores(b []byte) ([]Ignore, error) {
	var f struct {
		Ignore []Ignore `json:"ignore"`
	}
	if err := yaml.UnmarshalStrict(b, &f); err != nil {
		return nil, err
	}
	for i, x := range f.Ignore {
		if x.Path == "" || x.Reason == "" {
			return nil, fmt.Errorf("ignore[%d] needs a path and a reason", i)
		}
		if _, err := x.last(); err != nil {
			return nil, fmt.Errorf("ignore[%d].until: %q is no day, such as 2026-12-31", i, x.Until)
		}
		for _, p := range []string{x.Path, x.Key, x.Extra} {
			if _, err := path.Match(p, ""); err != nil {
				return nil, fmt.Errorf("ignore[%d]: %q is no pattern", i, p)
			}
		}
	}
	return f.Ignore, nil
}

// last is the moment from which a rule does not hold any more.
func (x *Ignore) last() (time.Time, error) {
	if x.Until == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, x.Until)
	return day.AddDate(0, 0, 1), err
}

// Fits tells whether a pattern means a path, or one above it.
func Fits(pattern, at string) bool {
	want, have := strings.Split(pattern, "."), strings.Split(at, ".")
	if len(want) > len(have) {
		return false
	}
	for i, w := range want {
		if ok, err := path.Match(w, have[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

func (x *Ignore) fits(d *Difference) bool {
	if !Fits(x.Path, d.Path) {
		return false
	}
	if ok, err := path.Match(x.Key, d.Key); x.Key != "" && (err != nil || !ok) {
		return false
	}
	if x.Extra == "" {
		return true
	}
	for _, e := range d.Extra {
		if ok, err := path.Match(x.Extra, e); err != nil || !ok {
			return false
		}
	}
	return len(d.Lacks) == 0 && len(d.Extra) > 0
}

// Apply marks what a list ignores. Rules whose day has passed ignore nothing, and are
// named.
func (r *Report) Apply(rules []Ignore, now time.Time) {
	for i := range rules {
		x := rules[i]
		if end, err := x.last(); err == nil && !end.IsZero() && !now.Before(end) {
			r.Expired = append(r.Expired, x)
			continue
		}
		for j := range r.Differences {
			if d := &r.Differences[j]; d.Ignored == nil && x.fits(d) {
				d.Ignored = &x
			}
		}
	}
}

// Only keeps the differences of some paths; none: all.
func (r *Report) Only(paths []string) {
	if len(paths) == 0 {
		return
	}
	kept := []Difference{}
	for _, d := range r.Differences {
		for _, p := range paths {
			if Fits(p, d.Path) {
				kept = append(kept, d)
				break
			}
		}
	}
	r.Differences = kept
}
