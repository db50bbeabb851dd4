package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (k *KMS) registerCryptography(s *wire.Service) {
	wire.Handle(s, "Encrypt", k.Encrypt)
	wire.Handle(s, "Decrypt", k.Decrypt)
	wire.Handle(s, "GenerateDataKey", k.GenerateDataKey)
	wire.Handle(s, "GenerateDataKeyWithoutPlaintext", k.GenerateDataKeyWithoutPlaintext)
}

const (
	idSize    = 36 // of a key's ID, in a ciphertext's head
	nonceSize = 12
	maxPlain  = 4096
)

// symmetric is a key that encrypts, by any name. The region does symmetric encryption
// alone.
func (k *KMS) symmetric(id *string) (*key, error) {
	m, err := k.named(id)
	switch {
	case err != nil:
		return nil, err
	case m.KeyState == types.KeyStatePendingDeletion:
		return nil, wire.Errorf("KMSInvalidStateException", "%s is pending deletion.", *m.Arn)
	case !m.Enabled:
		return nil, disabled(m)
	case m.KeyUsage != types.KeyUsageTypeEncryptDecrypt:
		return nil, wire.Errorf("InvalidKeyUsageException", "%s key usage is %s which is not valid for this operation.", *m.Arn, m.KeyUsage)
	case m.KeySpec != types.KeySpecSymmetricDefault:
		return nil, wire.Errorf("UnsupportedOperationException", "The simulated region encrypts with symmetric keys alone, and %s is %s.", *m.Arn, m.KeySpec)
	}
	return m, nil
}

func (m *key) sealer() (cipher.AEAD, error) {
	b, err := aes.NewCipher(m.Material)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// about is an encryption context as authenticated data.
func about(context map[string]string) []byte {
	var b strings.Builder
	for _, n := range slices.Sorted(maps.Keys(context)) {
		b.WriteString(n + "\x00" + context[n] + "\x00")
	}
	return []byte(b.String())
}

// seal encrypts: the key's ID, a nonce, and what AES-GCM makes. Nothing but a region
// reads it again.
func (k *KMS) seal(m *key, plain []byte, context map[string]string) ([]byte, error) {
	g, err := m.sealer()
	if err != nil {
		return nil, err
	}
	nonce, err := hex.DecodeString(k.w.Hex("kms:nonce\x00"+*m.KeyId, 2*nonceSize))
	if err != nil {
		return nil, err
	}
	head := append([]byte(*m.KeyId), nonce...)
	return g.Seal(head, nonce, plain, about(context)), nil
}

// Encrypt encrypts up to 4 KiB.
func (k *KMS) Encrypt(_ *wire.Caller, in *kms.EncryptInput) (*kms.EncryptOutput, error) {
	m, err := k.symmetric(in.KeyId)
	if err != nil {
		return nil, err
	}
	if len(in.Plaintext) > maxPlain {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", maxPlain)
	}
	b, err := k.seal(m, in.Plaintext, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kms.EncryptOutput{CiphertextBlob: b, KeyId: m.Arn, EncryptionAlgorithm: types.EncryptionAlgorithmSpecSymmetricDefault}, nil
}

// Decrypt decrypts with the key that encrypted.
func (k *KMS) Decrypt(_ *wire.Caller, in *kms.DecryptInput) (*kms.DecryptOutput, error) {
	invalid := wire.Errorf("InvalidCiphertextException", "")
	if len(in.CiphertextBlob) < idSize+nonceSize {
		return nil, invalid
	}
	id := string(in.CiphertextBlob[:idSize])
	m := k.keys.Get(id)
	if m == nil {
		return nil, invalid
	}
	m, err := k.symmetric(m.Arn)
	if err != nil {
		return nil, err
	}
	if in.KeyId != nil {
		if want, err := k.named(in.KeyId); err != nil {
			return nil, err
		} else if *want.KeyId != id {
			return nil, wire.Errorf("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
		}
	}
	g, err := m.sealer()
	if err != nil {
		return nil, err
	}
	plain, err := g.Open(nil, in.CiphertextBlob[idSize:idSize+nonceSize], in.CiphertextBlob[idSize+nonceSize:], about(in.EncryptionContext))
	if err != nil {
		return nil, invalid
	}
	return &kms.DecryptOutput{Plaintext: plain, KeyId: m.Arn, EncryptionAlgorithm: types.EncryptionAlgorithmSpecSymmetricDefault}, nil
}

// GenerateDataKey makes a data key, plain and encrypted.
func (k *KMS) GenerateDataKey(_ *wire.Caller, in *kms.GenerateDataKeyInput) (*kms.GenerateDataKeyOutput, error) {
	m, err := k.symmetric(in.KeyId)
	if err != nil {
		return nil, err
	}
	size := map[types.DataKeySpec]int32{types.DataKeySpecAes128: 16, types.DataKeySpecAes256: 32}[in.KeySpec]
	if (size == 0) == (in.NumberOfBytes == nil) {
		return nil, wire.Errorf("ValidationException", "Please specify either number of bytes or key spec.")
	}
	if size == 0 {
		size = *in.NumberOfBytes
	}
	if size < 1 || size > 1024 {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value '%d' at 'numberOfBytes' failed to satisfy constraint: "+
			"Member must have value between 1 and 1024", size)
	}
	plain, err := hex.DecodeString(k.w.Hex("kms:datakey\x00"+*m.KeyId, int(2*size)))
	if err != nil {
		return nil, err
	}
	sealed, err := k.seal(m, plain, in.EncryptionContext)
	if err != nil {
		return nil, err
	}
	return &kms.GenerateDataKeyOutput{KeyId: m.Arn, Plaintext: plain, CiphertextBlob: sealed}, nil
}

// GenerateDataKeyWithoutPlaintext makes one, encrypted alone.
func (k *KMS) GenerateDataKeyWithoutPlaintext(c *wire.Caller, in *kms.GenerateDataKeyWithoutPlaintextInput) (
	*kms.GenerateDataKeyWithoutPlaintextOutput, error) {
	out, err := k.GenerateDataKey(c, &kms.GenerateDataKeyInput{KeyId: in.KeyId, KeySpec: in.KeySpec, NumberOfBytes: in.NumberOfBytes,
		EncryptionContext: in.EncryptionContext})
	if err != nil {
		return nil, err
	}
	return &kms.GenerateDataKeyWithoutPlaintextOutput{KeyId: out.KeyId, CiphertextBlob: out.CiphertextBlob}, nil
}
