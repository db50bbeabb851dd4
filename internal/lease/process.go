package lease

import (
	"os"
	"strings"
)

// Here names the space in which process IDs mean something: the host, since it was
// booted, and the container. Two containers of one host name have different ones.
func Here() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	parts := []string{host}
	if b, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		parts = append(parts, strings.TrimSpace(string(b)))
	}
	if ns, err := os.Readlink("/proc/self/ns/pid"); err == nil {
		parts = append(parts, ns)
	}
	return strings.Join(parts, " ")
}
