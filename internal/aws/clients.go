// Package aws holds the SDK clients for one region, and credentials that renew. The SDK's
// own retries are off: package pace says how fast calls go, what an error means and what
// is asked again. It must not know what the calls are for.
package aws

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/clock"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/pace"
)

// Clients are the AWS clients of one region.
type Clients struct {
	Config    aws.Config
	Region    string
	Account   string
	Partition string
	Caller    string // the caller's ARN

	EKS    *eks.Client
	EC2    *ec2.Client
	CFN    *cloudformation.Client
	IAM    *iam.Client
	STS    *sts.Client
	SSM    *ssm.Client
	ASG    *autoscaling.Client
	KMS    *kms.Client
	Logs   *cloudwatchlogs.Client
	Quotas *servicequotas.Client
	// Trail is CloudTrail's event history of the region, GlobalTrail that of global
	// services, such as IAM, which is kept in one region of the partition.
	Trail, GlobalTrail *cloudtrail.Client

	// ELB and Classic are Elastic Load Balancing's two APIs; they only read.
	ELB     *elasticloadbalancingv2.Client
	Classic *elasticloadbalancing.Client

	// Transport reaches Kubernetes API servers without a socket; nil: the network.
	Transport http.RoundTripper

	// Pacer is what every call goes through, to AWS and to Kubernetes API servers.
	Pacer *pace.Pacer

	calls atomic.Int64
}

// Options say how to reach AWS.
type Options struct {
	Region    string
	Profile   string
	Transport http.RoundTripper // nil: the network
	Key       string            // static credentials; "": the usual chain
	Secret    string
	Clock     clock.Clock // what waits between calls are made of; nil: the wall's
}

// New builds the clients; it calls nothing.
func New(ctx context.Context, o Options) (*Clients, error) {
	if o.Clock == nil {
		o.Clock = clock.FromEnvironment()
	}
	c := &Clients{Transport: o.Transport, Pacer: pace.New(o.Clock)}
	opts := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		awsconfig.WithLogger(logging.Nop{}), // what goes wrong is in the error; the SDK would write it to the terminal, too
	}
	if o.Region != "" {
		opts = append(opts, awsconfig.WithRegion(o.Region))
	}
	if o.Profile != "" {
		opts = append(opts, awsconfig.WithSharedConfigProfile(o.Profile))
	}
	if o.Key != "" {
		opts = append(opts, awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.Key, o.Secret, "")))
	}
	var cfg aws.Config
	var err error
	if o.Transport != nil {
		// The embedded region: nothing of this machine's AWS set-up applies.
		cfg = aws.Config{
			Region:      o.Region,
			Credentials: credentials.NewStaticCredentialsProvider(o.Key, o.Secret, ""),
			HTTPClient:  &http.Client{Transport: o.Transport},
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		}
	} else if cfg, err = awsconfig.LoadDefaultConfig(ctx, opts...); err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	cfg.APIOptions = append(cfg.APIOptions, c.Pacer.SDK, c.count)
	if o.Transport == nil {
		r := &renewing{from: cfg.Credentials, load: func(ctx context.Context) (aws.CredentialsProvider, error) {
			again, err := awsconfig.LoadDefaultConfig(ctx, opts...)
			return again.Credentials, err
		}}
		cfg.Credentials, cfg.APIOptions = r, append(cfg.APIOptions, r.watch)
	}
	if cfg.Region == "" {
		cfg.Region = os.Getenv("AWS_REGION")
	}
	if cfg.Region == "" {
		return nil, fmt.Errorf("no AWS region: pass --region, or set AWS_REGION")
	}
	c.Config, c.Region, c.Partition = cfg, cfg.Region, eksfacts.Partition(cfg.Region)
	c.EKS, c.EC2, c.CFN, c.IAM = eks.NewFromConfig(cfg), ec2.NewFromConfig(cfg), cloudformation.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	c.STS, c.SSM, c.ASG, c.KMS = sts.NewFromConfig(cfg), ssm.NewFromConfig(cfg), autoscaling.NewFromConfig(cfg), kms.NewFromConfig(cfg)
	c.Logs, c.Quotas = cloudwatchlogs.NewFromConfig(cfg), servicequotas.NewFromConfig(cfg)
	c.ELB, c.Classic = elasticloadbalancingv2.NewFromConfig(cfg), elasticloadbalancing.NewFromConfig(cfg)
	c.Trail = cloudtrail.NewFromConfig(cfg)
	c.GlobalTrail = cloudtrail.NewFromConfig(cfg, func(o *cloudtrail.Options) { o.Region = eksfacts.GlobalRegion(c.Partition) })
	return c, nil
}

// Identify asks AWS who the caller is and fills Account, Partition and Caller.
func (c *Clients) Identify(ctx context.Context) error {
	out, err := c.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	c.Account, c.Caller = aws.ToString(out.Account), aws.ToString(out.Arn)
	if p := strings.Split(c.Caller, ":"); len(p) > 1 {
		c.Partition = p[1]
	}
	return nil
}

// Principal is who stands behind a caller's ARN: a session's role, or the caller
// itself. Access entries and IAM's simulation know principals, not sessions.
func Principal(arn string) string {
	p := strings.Split(arn, ":")
	if len(p) == 6 && p[2] == "sts" {
		if f := strings.Split(p[5], "/"); len(f) > 1 && f[0] == "assumed-role" {
			return p[0] + ":" + p[1] + ":iam::" + p[4] + ":role/" + f[1]
		}
	}
	return arn
}

// Calls counts the AWS requests so far.
func (c *Clients) Calls() int { return int(c.calls.Load()) }

// count adds a middleware that counts requests as they are sent.
func (c *Clients) count(s *middleware.Stack) error {
	return s.Finalize.Add(
		middleware.FinalizeMiddlewareFunc(
			"SlipwayCount",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				c.calls.Add(1)
				return next.HandleFinalize(ctx, in)
			},
		),
		middleware.After,
	)
}
