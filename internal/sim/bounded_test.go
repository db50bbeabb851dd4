package sim

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// A client whose body never ends is hung up on: it holds no connection for longer than a
// request may take. The test waits for the region to do so, on its own read.
func TestASlowBodyIsNotAwaitedForEver(t *testing.T) {
	s := New(Options{Seed: 1})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := bounded(s.sockets(nil), 100*time.Millisecond)
	go srv.Serve(l)   //nolint:errcheck // ends with Close
	defer srv.Close() //nolint:errcheck // ending
	for name, begun := range map[string]string{
		"body":   "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nAction=",
		"header": "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, begun); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Second)) //nolint:errcheck // a socket has deadlines
		answer, err := io.ReadAll(c)
		if errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(string(answer), " 200 ") {
			t.Errorf("a slow %s is still awaited: %q, %v", name, answer, err)
		}
		c.Close() //nolint:errcheck // read
	}
}
