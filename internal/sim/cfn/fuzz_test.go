package cfn

import (
	"testing"
	"time"
)

// FuzzTemplate parses, resolves and evaluates whatever it is given: it must answer,
// soon, and without growing.
func FuzzTemplate(f *testing.F) {
	for _, x := range hostile {
		if len(x.body) < 2000 {
			f.Add(x.body, "v")
		}
	}
	f.Add("Parameters: {P: {Type: Number, Default: 1}}\n"+vpc("!Sub '${P}'"), "2")
	f.Fuzz(func(t *testing.T, body, param string) {
		if len(body) > maxBodyBytes {
			return
		}
		begun := time.Now()
		resolve(body, map[string]string{"P": param}) //nolint:errcheck // an error is an answer
		resolve(body, nil)                           //nolint:errcheck // an error is an answer
		if d := time.Since(begun); d > 10*time.Second {
			t.Errorf("took %s", d)
		}
	})
}
