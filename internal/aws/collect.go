package aws

import "context"

// pager is what every SDK paginator is.
type pager[O, F any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*F)) (*O, error)
}

// Collect gathers what a listing holds, over all its pages. Nothing lists by a
// single call: a page that is forgotten is a resource that is not seen.
func Collect[O, F, T any](ctx context.Context, p pager[O, F], items func(*O) []T) ([]T, error) {
	var out []T
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, items(page)...)
	}
	return out, nil
}
