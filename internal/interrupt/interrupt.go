// Package interrupt turns signals into two contexts: the first signal asks to drain,
// the second to end at once, and the third does what it does by default. It must not
// know what is drained.
package interrupt

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

type hardKey struct{}

// Context ends at the first SIGINT, SIGTERM or SIGHUP, and carries another context,
// Hard, that ends at the second. stop gives the signals back.
//
// A reader of standard output that goes away (SIGPIPE) ends nothing: the write fails,
// and whoever writes decides, for what is under way must still be drained.
func Context(parent context.Context) (soft context.Context, stop func()) {
	hard, end := context.WithCancel(parent)
	soft, drain := context.WithCancel(context.WithValue(parent, hardKey{}, hard))
	// Notify rather than Ignore: what is ignored stays ignored in child processes.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup means it
		signal.Notify(c, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		for _, act := range []func(){drain, func() { signal.Stop(c); end() }} {
			select {
			case <-c:
				act()
			case <-done:
				return
			}
		}
	}()
	return soft, func() {
		signal.Stop(c)
		signal.Stop(pipe)
		close(done)
		drain()
		end()
	}
}

// Hard is the context that ends at the second signal; ctx itself where nobody watches
// signals. What a run is asked once it has been interrupted is asked with it.
func Hard(ctx context.Context) context.Context {
	if h, ok := ctx.Value(hardKey{}).(context.Context); ok {
		return h
	}
	return context.WithoutCancel(ctx)
}
