// Package bucket is a store in an S3 bucket, for a team. S3 keeps the store's promises
// by conditional writes (If-None-Match, If-Match), which are atomic on AWS and, with
// servers that speak S3, are atomic, or checked and raced, or not looked at: the first
// use of a bucket finds out (Probe). It must not know what the objects say.
package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/pace"
	"github.com/slipway-eks/slipway/internal/store"
)

// Scheme begins the name of a store in a bucket.
const Scheme = "s3://"

// Bucket is a store in a bucket, below a prefix.
type Bucket struct {
	api    *s3.Client
	bucket string
	prefix string // "" or ending with a slash
	clock  clock.Clock
	spoken atomic.Bool // something has answered there: it is no wrong address
}

// Options say how the bucket is reached.
type Options struct {
	Region  string // the bucket's, where the URL names none; "": the AWS configuration's
	Profile string
	// Clock is what waits between two tries are made of; nil: the wall's.
	Clock clock.Clock
}

// Open names a bucket by its URL, s3://BUCKET/PREFIX, with ?region=REGION where it lies
// elsewhere than the AWS configuration says. It calls nothing.
func Open(ctx context.Context, from string, o Options) (*Bucket, error) {
	u, err := url.Parse(from)
	if err != nil || u.Scheme+"://" != Scheme || u.Host == "" {
		return nil, fmt.Errorf("%q names no store: s3://BUCKET/PREFIX, with ?region=REGION where the bucket lies elsewhere", from)
	}
	for k := range u.Query() {
		if k != "region" {
			return nil, fmt.Errorf("%q: a store's URL takes ?region=REGION, and no %s", from, k)
		}
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		if err := store.Plain(prefix); err != nil {
			return nil, fmt.Errorf("%q: %w", from, err)
		}
		prefix += "/"
	}
	var opts []func(*awsconfig.LoadOptions) error
	if r := cmp(u.Query().Get("region"), o.Region); r != "" {
		opts = append(opts, awsconfig.WithRegion(r))
	}
	if o.Profile != "" {
		opts = append(opts, awsconfig.WithSharedConfigProfile(o.Profile))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if o.Clock == nil {
		o.Clock = &clock.Wall{Start: time.Now(), Speed: 1}
	}
	api := s3.NewFromConfig(cfg, func(x *s3.Options) {
		x.Retryer = aws.NopRetryer{} // do asks again, and knows what may have taken effect
		x.UsePathStyle = served()
		x.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // some servers refuse trailing checksums
		x.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	return &Bucket{api: api, bucket: u.Host, prefix: prefix, clock: o.Clock}, nil
}

func cmp(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// served tells whether a server other than AWS is named: those have no name for each bucket.
func served() bool { return os.Getenv("AWS_ENDPOINT_URL_S3")+os.Getenv("AWS_ENDPOINT_URL") != "" }

func (b *Bucket) String() string { return Scheme + b.bucket + "/" + strings.TrimSuffix(b.prefix, "/") }

// Get is as store.Store says.
func (b *Bucket) Get(ctx context.Context, key string) (data []byte, tag string, err error) {
	if err := store.Plain(key); err != nil {
		return nil, "", err
	}
	err = b.do(ctx, func(ctx context.Context) error {
		out, err := b.api.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key)})
		if err != nil {
			return err
		}
		defer out.Body.Close() //nolint:errcheck // it was only read
		data, err = io.ReadAll(out.Body)
		tag = aws.ToString(out.ETag)
		return err
	})
	if absent(err) {
		return nil, "", store.ErrAbsent
	}
	return data, tag, b.failed("reading", err)
}

// Put is as store.Store says.
func (b *Bucket) Put(ctx context.Context, key string, data []byte) (string, error) {
	tag, err := b.write(ctx, key, data, &s3.PutObjectInput{IfNoneMatch: aws.String("*")})
	if errors.Is(err, errRefused) {
		return "", store.ErrExists
	}
	return tag, err
}

// Replace is as store.Store says.
func (b *Bucket) Replace(ctx context.Context, key string, data []byte, tag string) (string, error) {
	next, err := b.write(ctx, key, data, &s3.PutObjectInput{IfMatch: &tag})
	if errors.Is(err, errRefused) {
		return "", store.ErrMoved
	}
	return next, err
}

// errRefused is that the condition of a write does not hold.
var errRefused = errors.New("the condition does not hold")

// write puts an object under a condition. Where the answer to a try was lost, the next
// one meets what that one wrote: it is looked at before it is taken for another's.
func (b *Bucket) write(ctx context.Context, key string, data []byte, in *s3.PutObjectInput) (tag string, err error) {
	if err := store.Plain(key); err != nil {
		return "", err
	}
	in.Bucket, in.Key, in.ContentType = &b.bucket, aws.String(b.prefix+key), aws.String("application/json")
	lost := false
	err = b.do(ctx, func(ctx context.Context) error {
		in.Body = bytes.NewReader(data)
		out, err := b.api.PutObject(ctx, in)
		if err == nil {
			tag = aws.ToString(out.ETag)
		}
		lost = lost || err != nil && status(err) != http.StatusPreconditionFailed && status(err) != http.StatusConflict
		return err
	})
	switch s := status(err); {
	case s != http.StatusPreconditionFailed && s != http.StatusConflict && !absent(err):
		return tag, b.failed("writing", err)
	case !lost:
		return "", errRefused
	}
	have, tag, err := b.Get(ctx, key)
	if err == nil && bytes.Equal(have, data) {
		return tag, nil
	}
	if err == nil || errors.Is(err, store.ErrAbsent) {
		return "", errRefused
	}
	return "", err
}

// Delete is as store.Store says. Not every server looks at If-Match of a DELETE, and
// none answers alike where nothing is there: so it is looked at first, and a server
// that ignores the condition leaves the moment between the two.
func (b *Bucket) Delete(ctx context.Context, key, tag string) error {
	switch _, have, err := b.Get(ctx, key); {
	case err != nil:
		return err
	case have != tag:
		return store.ErrMoved
	}
	err := b.do(ctx, func(ctx context.Context) error {
		_, err := b.api.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: aws.String(b.prefix + key), IfMatch: &tag})
		return err
	})
	switch s := status(err); {
	case s == http.StatusPreconditionFailed || s == http.StatusConflict:
		return store.ErrMoved
	case absent(err):
		return store.ErrAbsent
	}
	return b.failed("writing", err)
}

// List is as store.Store says.
func (b *Bucket) List(ctx context.Context, prefix string) ([]string, error) {
	var out []string
	in := &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: aws.String(b.prefix + prefix)}
	for {
		var page *s3.ListObjectsV2Output
		err := b.do(ctx, func(ctx context.Context) (err error) {
			page, err = b.api.ListObjectsV2(ctx, in)
			return err
		})
		if err != nil {
			return nil, b.failed("reading", err)
		}
		for _, o := range page.Contents {
			if key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix); store.Plain(key) == nil { // consoles make "folders"
				out = append(out, key)
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			slices.Sort(out)
			return out, nil
		}
		in.ContinuationToken = page.NextContinuationToken
	}
}

const (
	tries   = 4
	perTry  = 20 * time.Second // on the wall clock
	between = time.Second      // before the second try; it doubles
)

// do asks S3, again where it stumbles, throttles, or the way to it does.
func (b *Bucket) do(ctx context.Context, ask func(context.Context) error) error {
	pause := between
	for n := 1; ; n++ {
		limited, cancel := context.WithTimeout(ctx, perTry)
		err := ask(limited)
		cancel()
		v := pace.Classify(err)
		// A conflict is another's write that may yet fail (S3 API, ConditionalRequestConflict).
		if v.Unreachable && !b.spoken.Load() {
			return err
		}
		if !v.Unreachable {
			b.spoken.Store(true)
		}
		again := err != nil && (v.Class == pace.Retry || v.Class == pace.Throttled || status(err) == http.StatusConflict)
		if !again || n == tries || ctx.Err() != nil {
			return err
		}
		if over := b.clock.Sleep(ctx, max(pause, v.After)); over != nil {
			return err
		}
		pause *= 2
	}
}

// failed is what S3 said, with what a person can do.
func (b *Bucket) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	u := &store.Unusable{Store: b.String(), Doing: doing, Err: err}
	switch v := pace.Classify(err); {
	case code(err) == "NoSuchBucket":
		u.Remedy = "make the bucket, or name another: --store s3://BUCKET/PREFIX"
	case code(err) == "AccessDenied" || status(err) == http.StatusForbidden:
		u.Remedy = "the caller needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket on it"
	case status(err) == http.StatusMovedPermanently || code(err) == "PermanentRedirect":
		u.Remedy = "the bucket is in another region: name it, " + b.String() + "?region=REGION"
	case status(err) == http.StatusNotFound:
		u.Remedy = "what answers there is no S3: look at AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL, or name another store: --store DIR"
	case v.Unreachable:
		u.Remedy = "nothing answers there: look at the network and at AWS_ENDPOINT_URL_S3, or name another store: --store DIR"
	}
	return u
}

// absent tells that S3 has no such object. Whatever else answers 404, a bucket that is not
// there or a server that is no S3, says nothing of objects.
func absent(err error) bool {
	return status(err) == http.StatusNotFound && (code(err) == "NoSuchKey" || code(err) == "NotFound")
}

func status(err error) int {
	var r *smithyhttp.ResponseError
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
