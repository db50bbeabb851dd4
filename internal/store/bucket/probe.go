package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/slipway-eks/slipway/internal/store"
)

// probed is what says that a bucket was tried: its first user writes it.
const probed = "probe/passed.json"

const writers = 16

// Probe finds out, at the first use of a bucket, whether its conditional writes are
// what they say: one that is not looked at, or that is checked and then raced, would
// let two hold one lock. It refuses such a bucket.
func (b *Bucket) Probe(ctx context.Context) error {
	switch _, _, err := b.Get(ctx, probed); {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrAbsent):
		return err
	}
	if err := b.twice(ctx); err != nil {
		return err
	}
	if err := b.atOnce(ctx); err != nil {
		return err
	}
	_, err := b.Put(ctx, probed, []byte(`{"conditionalWrites":"atomic"}`+"\n"))
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// unsafe is a bucket that cannot hold a lock.
func (b *Bucket) unsafe(format string, a ...any) error {
	return &store.Unusable{Store: b.String(), Doing: "trusting", Err: fmt.Errorf(format, a...),
		Remedy: "two could hold one lock there: use AWS S3, or a server whose conditional writes are atomic"}
}

// twice puts one key twice, and replaces by a tag that is no more.
func (b *Bucket) twice(ctx context.Context) error {
	key := "probe/" + rand.Text()
	tag, err := b.Put(ctx, key, []byte("1"))
	if err != nil {
		return err
	}
	defer b.drop(ctx, key)
	if _, err := b.Put(ctx, key, []byte("2")); err == nil {
		return b.unsafe("the server does not look at If-None-Match: an object was put twice")
	} else if !errors.Is(err, store.ErrExists) {
		return err
	}
	if _, err = b.Replace(ctx, key, []byte("3"), tag); err != nil {
		return err
	}
	if _, err := b.Replace(ctx, key, []byte("4"), tag); err == nil {
		return b.unsafe("the server does not look at If-Match: an object was replaced by a tag that it no longer had")
	} else if !errors.Is(err, store.ErrMoved) {
		return err
	}
	return nil
}

// atOnce lets writers put one key, and then replace it, at the same time.
func (b *Bucket) atOnce(ctx context.Context) error {
	key := "probe/" + rand.Text()
	defer b.drop(ctx, key)
	won, err := race("put by", func(me []byte) error {
		_, err := b.Put(ctx, key, me)
		return err
	}, store.ErrExists)
	if err == nil && won != 1 {
		err = b.unsafe("of %d writers who put one new object at once, %d were told that it was theirs", writers, won)
	}
	if err != nil {
		return err
	}
	_, tag, err := b.Get(ctx, key)
	if err != nil {
		return err
	}
	won, err = race("replaced by", func(me []byte) error {
		_, err := b.Replace(ctx, key, me, tag)
		return err
	}, store.ErrMoved)
	if err == nil && won != 1 {
		err = b.unsafe("of %d writers who replaced one object at once, %d were told that it was theirs", writers, won)
	}
	return err
}

// race lets all writers try at once, and counts who won; those who lost must have got
// the error. What they write begins with a word that no other race's does: S3's tags are
// of the content, and one who wrote again what was there would not end the race.
func race(word string, try func(me []byte) error, lost error) (won int, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for n := range writers {
		wg.Go(func() {
			<-begin
			e := try(fmt.Appendf(nil, "%s writer %d", word, n))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case e == nil:
				won++
			case !errors.Is(e, lost):
				err = errors.Join(err, e)
			}
		})
	}
	close(begin)
	wg.Wait()
	return won, err
}

// drop takes a scratch object away; one that stays is in nobody's way.
func (b *Bucket) drop(ctx context.Context, key string) {
	if _, tag, err := b.Get(ctx, key); err == nil {
		_ = b.Delete(ctx, key, tag)
	}
}
