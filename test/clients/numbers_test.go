package clients

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// idle is how long a region that nobody asks is looked at.
const idle = time.Minute

// ticks is how many of /proc's units of CPU time a second has: the same on every Linux.
const ticks = 100

// number is what one measure gave, beside what it is to be.
type number struct{ what, wanted, seen string }

// What a region costs, measured on this machine, for the page. Only -update measures: a
// minute of an idle region and two of benchmarks tell a test run nothing.
func TestNumbers(t *testing.T) {
	if !*update {
		t.Skip("measures with -update only")
	}
	if runtime.GOOS != "linux" {
		t.Skip("reads Linux' /proc")
	}
	root := testregion.Root(t)
	start, cpu := atRest(t)
	seen := []number{
		{"from the start of `slipway sim` to its exports", "under 0.3 s", fmt.Sprintf("%.2f s", start.Seconds())},
		{"CPU of `slipway sim --speed 1` that nobody asks, over a minute", "under 1 %", fmt.Sprintf("%.2f %%", cpu)},
	}
	c := exec.Command("go", "test", "./internal/sim", "-run", "^$", "-bench", "^Benchmark(RegionStart|Describe|HundredClusters)$")
	c.Dir = root
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("the benchmarks: %v\n%s", err, out)
	}
	metric := func(bench, unit string) float64 {
		m := regexp.MustCompile(`(?m)^Benchmark` + bench + `\S*\s.*?([0-9.e+]+) ` + regexp.QuoteMeta(unit)).FindSubmatch(out)
		if m == nil {
			t.Fatalf("Benchmark%s tells no %s:\n%s", bench, unit, out)
		}
		v, err := strconv.ParseFloat(string(m[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	seen = append(seen,
		number{"a region and its first answer over a socket", "under 0.3 s", fmt.Sprintf("%.3f s", metric("RegionStart", "ns/op")/1e9)},
		number{"descriptions of a cluster a second, over sockets, by an SDK in the same process", "2,000",
			fmt.Sprintf("%.0f on %d cores", metric("Describe", "describes/s"), runtime.NumCPU())},
		number{fmt.Sprintf("resident memory with 100 clusters and %.0f nodes", metric("HundredClusters", "nodes")), "under 1 GB",
			fmt.Sprintf("%.0f MiB", metric("HundredClusters", "resident-MB"))})
	var b strings.Builder
	for _, n := range seen {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", n.what, n.wanted, n.seen, when(t))
	}
	b.WriteString(executions(t))
	writeNumbers(t, b.String())
}

// loops are the tests that execute mutated inputs, by what they feed.
var loops = []struct{ pkg, test, what string }{
	{"./internal/sim/wire", "TestDecoderExecutions", "executions of the wire decoder"},
	{"./internal/sim/wire", "TestHandlerExecutions", "executions of the handlers"},
	{"./internal/sim/cfn", "TestTemplateExecutions", "executions of templates"},
}

var executedRE = regexp.MustCompile(`: (\d+) executions of seed \d+, (\d+) faults, .*the slowest (\S+) .*resident (\d+) and (\d+) MiB`)

// executions are the rows of the loops. They are measured where SLIPWAY_FUZZ says how many
// each is to make, for millions last an hour; otherwise a row stays as it was.
func executions(t *testing.T) string {
	t.Helper()
	_, text := page(t)
	var b strings.Builder
	for _, l := range loops {
		if os.Getenv("SLIPWAY_FUZZ") == "" {
			for line := range strings.Lines(numbersOf(text) + "\n") {
				if strings.HasPrefix(line, "| "+l.what+" ") {
					b.WriteString(line)
				}
			}
			continue
		}
		c := exec.Command("go", "test", l.pkg, "-run", "^"+l.test+"$", "-v", "-count", "1", "-timeout", "0")
		c.Dir = testregion.Root(t)
		out, err := c.Output()
		m := executedRE.FindSubmatch(out)
		if m == nil {
			t.Fatalf("%s: %v\n%s", l.test, err, out)
		}
		fmt.Fprintf(&b, "| %s | 10 million of the three: no fault, each within 1 s, memory flat | %s: %s faults, the slowest %s, resident %s and %s MiB "+
			"at a tenth and at the end | %s |\n", l.what, m[1], m[2], m[3], m[4], m[5], when(t))
	}
	return b.String()
}

// atRest starts a region, and tells how long it took to say where it listens and how many
// per cent of a core it takes when nobody asks it.
func atRest(t *testing.T) (time.Duration, float64) {
	t.Helper()
	slipway := filepath.Join(t.TempDir(), "slipway")
	if out, err := exec.Command("go", "build", "-o", slipway, "../../cmd/slipway").CombinedOutput(); err != nil {
		t.Fatalf("slipway does not build: %v\n%s", err, out)
	}
	c := exec.Command(slipway, "sim", "--speed", "1")
	said, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		c.Process.Signal(os.Interrupt) //nolint:errcheck // it ends with the test anyhow
		c.Wait()                       //nolint:errcheck // interrupted
	}()
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil {
		t.Fatalf("slipway sim says nothing: %v", err)
	}
	start := time.Since(begun)
	before := used(t, c.Process.Pid)
	<-time.After(idle) // what is measured is that nothing happens
	return start, float64(used(t, c.Process.Pid)-before) / ticks / idle.Seconds() * 100
}

// used is the CPU time of a process, in ticks.
func used(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	// After the name, in parentheses, comes the third field; user and system time are the 14th and 15th.
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("/proc tells no CPU time: %s", b)
	}
	return user + system
}
