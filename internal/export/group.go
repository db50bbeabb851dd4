package export

import (
	"fmt"
	"strings"

	"github.com/slipway-eks/slipway/internal/observe"
	"github.com/slipway-eks/slipway/internal/owner"
)

// Group is what a file would say of one live node group: the list that it is in, and its
// properties. left is what a file cannot say of it. ok is false where nothing says what it
// is made of.
func Group(live *observe.Observed, own *owner.Owners, name string) (list string, properties map[string]any, left []Left, ok bool, err error) {
	f, err := Of(live, Options{Own: own})
	if err != nil {
		return "", nil, nil, false, err
	}
	for _, list := range []string{"managedNodeGroups", "nodeGroups"} {
		l, _ := f.Config[list].([]any)
		e := find(l, byName(name))
		if e == nil {
			continue
		}
		at := list + "." + name
		for _, x := range f.Left {
			if x.Path == at || strings.HasPrefix(x.Path, at+".") {
				left = append(left, x)
			}
		}
		return list, e, left, true, nil
	}
	return "", nil, nil, false, nil
}

// Whole tells whether what a file cannot say of a group is no matter: a file that says the
// rest makes another one like it. What a record says otherwise than what is live is none: the
// new one is made as the old one is.
func Whole(left []Left) error {
	for _, l := range left {
		if l.Why != behind {
			return fmt.Errorf("%s: %s", l.Path, l.Why)
		}
	}
	return nil
}
