package res_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

type box struct {
	ID, Owner, Colour string
	Labels            map[string]string
	Lid               string
}

func describe() res.Kind[box] {
	return res.Kind[box]{Name: "box", Key: func(b *box) string { return b.ID },
		Missing:  func(id string) error { return fmt.Errorf("no box %s", id) },
		ARN:      func(b *box) string { return "arn:box/" + b.Owner + b.ID },
		Tags:     func(b *box) map[string]string { return b.Labels },
		SetTags:  func(b *box, t map[string]string) { b.Labels = t },
		Filters:  map[string]func(*box) []string{"colour": func(b *box) []string { return []string{b.Colour} }, "weight": nil},
		Complete: func(b *box) error { b.Lid = "on"; return nil }}
}

func boxes(reg *res.Registry) *res.Kind[box] {
	k := describe()
	res.Add(reg, &k)
	for _, b := range []box{{ID: "a", Colour: "red", Labels: map[string]string{"env": "prod"}}, {ID: "b", Colour: "green"},
		{ID: "c", Colour: "grey", Labels: map[string]string{"team": "x"}}} {
		k.Put(b.ID, &b)
	}
	return &k
}

func TestDescribeSelectsByIDsAndFilters(t *testing.T) {
	k := boxes(&res.Registry{})
	for _, x := range []struct {
		ids  []string
		f    []res.Filter
		want string // identifiers, or the error
	}{
		{nil, nil, "a b c"},
		{[]string{"c", "a"}, nil, "c a"},
		{[]string{"a", "z"}, nil, "no box z"},
		{nil, []res.Filter{{Name: "colour", Values: []string{"gr*"}}}, "b c"},
		{nil, []res.Filter{{Name: "colour", Values: []string{"gre?", "red"}}}, "a c"},
		{nil, []res.Filter{{Name: "colour", Values: []string{"*e*"}}, {Name: "tag:env", Values: []string{"prod"}}}, "a"},
		{nil, []res.Filter{{Name: "tag-key", Values: []string{"t*", "none"}}}, "c"},
		{nil, []res.Filter{{Name: "weight", Values: []string{"*"}}}, ""},
		{nil, []res.Filter{{Name: "size", Values: []string{"1"}}}, "InvalidParameterValue: The filter 'size' is invalid"},
	} {
		rows, err := k.Describe(x.ids, x.f)
		var got []string
		for _, r := range rows {
			got = append(got, r.ID)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if s := strings.Join(got, " "); s != x.want {
			t.Errorf("%v %v: %q, want %q", x.ids, x.f, s, x.want)
		}
	}
	var e *wire.Error
	if _, err := k.Describe(nil, []res.Filter{{Name: "size"}}); !errors.As(err, &e) {
		t.Errorf("not an AWS error: %v", err)
	}
}

// A pattern of many stars is no way to keep the region busy.
func TestPatternsAreMatchedInTime(t *testing.T) {
	if (res.Filter{Values: []string{strings.Repeat("*a", 200) + "b"}}).Matches([]string{strings.Repeat("a", 5000)}) {
		t.Error("it ends in b")
	}
}

func TestTagsOfEveryKindByARN(t *testing.T) {
	var reg res.Registry
	k := boxes(&reg)
	d := describe()
	d.Name = "small"
	small := res.AddOwned(&reg, &res.Owned[box]{Kind: d, Owner: func(b *box) string { return b.Owner }})
	small.Of("a").Put("s", &box{ID: "s", Owner: "a"})
	if !reg.Tag("arn:box/a", map[string]string{"k": "v"}, "env") || !reg.Tag("arn:box/as", map[string]string{"k": "w"}) || reg.Tag("arn:nothing", nil) {
		t.Fatal("the wrong ones were found")
	}
	if l := k.Get("a").Labels; len(l) != 1 || l["k"] != "v" {
		t.Errorf("%v", l)
	}
	if l, ok := reg.Tags("arn:box/as"); !ok || l["k"] != "w" {
		t.Errorf("%v %v", l, ok)
	}
}

func TestAServiceIsSavedAndLoaded(t *testing.T) {
	make := func() (*res.Registry, *res.Kind[box], *res.Owned[box], *map[string]int) {
		reg, n := &res.Registry{}, &map[string]int{}
		k, d := describe(), describe()
		d.Name = "small"
		res.Add(reg, &k)
		o := res.AddOwned(reg, &res.Owned[box]{Kind: d, Owner: func(b *box) string { return b.Owner }})
		reg.Keep("counts", n)
		return reg, &k, o, n
	}
	reg, k, o, n := make()
	k.Put("b", &box{ID: "b"})
	k.Put("a", &box{ID: "a", Labels: map[string]string{}})
	o.Of("b").Put("s", &box{ID: "s", Owner: "b"})
	(*n)["x"] = 3
	saved, err := reg.Save()
	if err != nil {
		t.Fatal(err)
	}
	reg2, k2, o2, n2 := make()
	k2.Put("other", &box{})
	if err := reg2.Load(saved); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(k2.IDs(), " "); s != "b a" || o2.Of("b").Get("s") == nil || (*n2)["x"] != 3 {
		t.Errorf("%s %v %v", s, o2.All(), *n2)
	}
	again, err := reg2.Save()
	if err != nil || string(again) != string(saved) {
		t.Errorf("%v\n%s\n%s", err, saved, again)
	}
}

func TestAdoptedResourcesAreCompleted(t *testing.T) {
	var reg res.Registry
	k := boxes(&reg)
	if err := reg.Adopt("box", []byte(`{"ID":"n","Colour":"blue"}`)); err != nil || k.Get("n").Lid != "on" {
		t.Fatalf("%v", err)
	}
	if err := reg.Adopt("box", []byte(`{"ID":"a","Colour":"blue"}`)); err != nil || k.Get("a").Colour != "red" {
		t.Errorf("one that was there: %v", err)
	}
	for kind, row := range map[string]string{"crate": `{}`, "box": `{"Colour":"blue"}`} {
		if err := reg.Adopt(kind, []byte(row)); err == nil {
			t.Errorf("%s %s was adopted", kind, row)
		}
	}
}

func TestFieldsReadWhatAPathPointsAt(t *testing.T) {
	type leaf struct {
		Name *string
		N    int32
		On   *bool
	}
	type tree struct {
		Leaves []leaf
		Top    *leaf
	}
	f := res.Fields[tree](map[string]string{"leaf.name": "Leaves.Name", "top.n": "Top.N", "top.on": "Top.On", "bark": ""})
	x := &tree{Leaves: []leaf{{Name: new("a")}, {}, {Name: new("b")}}, Top: &leaf{N: 3, On: new(true)}}
	for name, want := range map[string]string{"leaf.name": "[a b]", "top.n": "[3]", "top.on": "[true]"} {
		if got := fmt.Sprint(f[name](x)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := f["top.n"](&tree{}); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	if rows, err := res.Pick([]tree{*x, {}}, []res.Filter{{Name: "top.n", Values: []string{"3"}}}, f); err != nil || len(rows) != 1 {
		t.Errorf("%v %v", rows, err)
	}
	if _, err := res.Pick([]tree{*x}, []res.Filter{{Name: "roots"}}, f); err == nil {
		t.Error("roots is no filter")
	}
	defer func() {
		if recover() == nil {
			t.Error("a path that is not there was taken")
		}
	}()
	res.Fields[tree](map[string]string{"x": "Leaves.Colour"})
}
