package check

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/finding"
)

var encryptionKey = Check{
	Name:   "encryption-key",
	Title:  "The KMS key for secrets exists and is enabled",
	Source: "kms:DescribeKey",
	Codes:  []string{"key-not-found", "key-disabled"},
	When:   Preflight | Doctor,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		e := in.Config.SecretsEncryption
		if e == nil || in.Live.Cluster != nil {
			return nil
		}
		out, err := in.AWS.KMS.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: new(e.KeyARN)})
		switch {
		case awsc.NotFound(err):
			return finding.Findings{in.at("key-not-found", "secretsEncryption.keyARN", "name a key of this region", "KMS has no key %s", e.KeyARN)}
		case err != nil:
			return nil
		case !out.KeyMetadata.Enabled:
			return finding.Findings{in.at("key-disabled", "secretsEncryption.keyARN", "enable it, or name another", "the KMS key %s is %s", e.KeyARN,
				out.KeyMetadata.KeyState)}
		}
		return nil
	},
}
