package aws

import (
	"context"
	"errors"
	"slices"
	"testing"
)

type options struct{}

type pages struct {
	left [][]int
	err  error
}

func (p *pages) HasMorePages() bool { return len(p.left) > 0 }
func (p *pages) NextPage(context.Context, ...func(*options)) (*[]int, error) {
	page := p.left[0]
	p.left = p.left[1:]
	if len(p.left) == 0 {
		return &page, p.err
	}
	return &page, nil
}

func TestCollectReadsEveryPage(t *testing.T) {
	all := func(o *[]int) []int { return *o }
	got, err := Collect(t.Context(), &pages{left: [][]int{{1, 2}, {}, {3}}}, all)
	if err != nil || !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("%v %v", got, err)
	}
	broken := errors.New("the second page does not come")
	if got, err := Collect(t.Context(), &pages{left: [][]int{{1}, {2}}, err: broken}, all); !errors.Is(err, broken) || got != nil {
		t.Errorf("half a listing is handed out: %v %v", got, err)
	}
}
