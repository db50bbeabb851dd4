package plan

import (
	"slices"
	"strings"
)

// drainLosses says what of a node group that gets smaller, or goes, does not come back as it was.
// All of it is evicted, as ever: who has nodes taken away has said so, and there is no group that
// takes their place to go back from. But a person should read it before.
func (b *builder) drainLosses(nodes []string) {
	held, kept := map[string]bool{}, map[string]bool{}
	for pod, p := range b.live.Kubernetes.Pods {
		if !slices.Contains(nodes, p.Node) {
			continue
		}
		if p.Held != "" {
			held[podOf(pod, p)+" ("+p.Held+")"] = true
		}
		if len(p.Finalizers) > 0 && p.Leaving {
			kept[podOf(pod, p)+" ("+strings.Join(p.Finalizers, ", ")+")"] = true
		}
	}
	b.noteOf("These ask by an annotation not to be moved, and are evicted all the same", held)
	b.noteOf("These are being deleted, and their finalizers keep them: the drain waits until whoever set them takes them away", kept)
	b.losses(relocation{nodes: nodes})
}
