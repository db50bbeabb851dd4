package table_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/table"
	"pgregory.net/rapid"
)

// A table is a map and a list of its keys, whatever is put and deleted, and after
// being saved and loaded.
func TestTableIsAMapWithAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tab table.Table[int]
		rows, order := map[string]int{}, []string{}
		for i, n := range rapid.SliceOfN(rapid.IntRange(-9, 9), 0, 200).Draw(t, "puts and deletes") {
			id := fmt.Sprint(max(n, -n))
			if _, there := rows[id]; n < 0 {
				tab.Delete(id)
				if delete(rows, id); there {
					for j, x := range order {
						if x == id {
							order = append(order[:j:j], order[j+1:]...)
							break
						}
					}
				}
			} else {
				if tab.Put(id, new(i)); !there {
					order = append(order, id)
				}
				rows[id] = i
			}
		}
		b, err := json.Marshal(tab)
		if err != nil {
			t.Fatal(err)
		}
		var loaded table.Table[int]
		if err := json.Unmarshal(b, &loaded); err != nil {
			t.Fatal(err)
		}
		for _, x := range []*table.Table[int]{&tab, &loaded} {
			want := []int{}
			for _, id := range order {
				want = append(want, rows[id])
				if g := x.Get(id); g == nil || *g != rows[id] {
					t.Fatalf("%s is not %d", id, rows[id])
				}
			}
			if got := table.Values(x.All()); x.Len() != len(order) || !reflect.DeepEqual(x.IDs(), order) || !reflect.DeepEqual(got, want) {
				t.Fatalf("%v %v, want %v %v", x.IDs(), got, order, want)
			}
			if x.Get("nobody") != nil || x.Find(func(n *int) bool { return *n < 0 }) != nil {
				t.Fatal("a row that nobody put")
			}
		}
	})
}
