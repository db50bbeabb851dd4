package check_test

import (
	"testing"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/testregion"
)

func TestEncryptionKey(t *testing.T) {
	f := testregion.Load(t, testregion.Cluster)
	r := testregion.New(t, f, 1)
	f.Cluster.SecretsEncryption = &config.SecretsEncryption{KeyARN: "arn:aws:kms:us-west-2:111122223333:key/none"}
	finds(t, lookAt(t, r, f), "key-not-found", "secretsEncryption.keyARN", "KMS has no key")
}
