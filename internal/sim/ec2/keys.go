package ec2

import (
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/crypto/ssh"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerKeys(s *wire.Service) {
	handle(e, s, "DescribeKeyPairs", e.DescribeKeyPairs)
	handle(e, s, "CreateKeyPair", e.CreateKeyPair)
	handle(e, s, "ImportKeyPair", e.ImportKeyPair)
	handle(e, s, "DeleteKeyPair", e.DeleteKeyPair)
}

// DescribeKeyPairs lists key pairs.
func (e *EC2) DescribeKeyPairs(_ *wire.Caller, in *ec2.DescribeKeyPairsInput) (*ec2.DescribeKeyPairsOutput, error) {
	names := append([]string{}, in.KeyNames...)
	for _, id := range in.KeyPairIds {
		k := e.keys.Find(func(k *types.KeyPairInfo) bool { return *k.KeyPairId == id })
		if k == nil {
			return nil, wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", id)
		}
		names = append(names, *k.KeyName)
	}
	l, err := res.List(e.keys, names, filters(in.Filters), func(k *types.KeyPairInfo) types.KeyPairInfo {
		v := e.viewKey(k)
		if !aws.ToBool(in.IncludePublicKey) {
			v.PublicKey = nil
		}
		return v
	})
	return &ec2.DescribeKeyPairsOutput{KeyPairs: l}, err
}

// CreateKeyPair makes a key pair, and tells its private half this once.
func (e *EC2) CreateKeyPair(_ *wire.Caller, in *ec2.CreateKeyPairInput) (*ec2.CreateKeyPairOutput, error) {
	if in.KeyFormat == types.KeyFormatPpk {
		return nil, wire.Errorf("UnsupportedOperation", "The simulated region makes keys in pem format only")
	}
	k := &types.KeyPairInfo{KeyName: in.KeyName, KeyType: in.KeyType}
	material, err := generate(k)
	if err != nil {
		return nil, err
	}
	if err := e.addKey(k, in.TagSpecifications); err != nil {
		return nil, err
	}
	return &ec2.CreateKeyPairOutput{KeyName: k.KeyName, KeyPairId: k.KeyPairId, KeyFingerprint: k.KeyFingerprint, KeyMaterial: new(material),
		Tags: e.tagsOf(*k.KeyPairId)}, nil
}

// generate makes the key pair itself. The fingerprint of an RSA key that EC2 made is the
// SHA-1 of its private half, of ED25519 as of one that was imported.
func generate(k *types.KeyPairInfo) (material string, err error) {
	if k.KeyType == types.KeyTypeEd25519 {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return "", err
		}
		p, err := ssh.NewPublicKey(public)
		if err != nil {
			return "", err
		}
		describe(k, p)
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			return "", err
		}
		return string(pem.EncodeToMemory(block)), nil
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	p, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		return "", err
	}
	describe(k, p)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	k.KeyFingerprint = new(colons(fmt.Sprintf("%x", sha1.Sum(der))))
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})), nil
}

// ImportKeyPair stores a public key under a name.
func (e *EC2) ImportKeyPair(_ *wire.Caller, in *ec2.ImportKeyPairInput) (*ec2.ImportKeyPairOutput, error) {
	p, err := publicKey(in.PublicKeyMaterial)
	if err != nil {
		return nil, wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	if t := p.Type(); t != ssh.KeyAlgoRSA && t != ssh.KeyAlgoED25519 {
		return nil, wire.Errorf("InvalidKey.Format", "Key type %s is not supported", t)
	}
	k := &types.KeyPairInfo{KeyName: in.KeyName}
	describe(k, p)
	if err := e.addKey(k, in.TagSpecifications); err != nil {
		return nil, err
	}
	return &ec2.ImportKeyPairOutput{KeyName: k.KeyName, KeyPairId: k.KeyPairId, KeyFingerprint: k.KeyFingerprint, Tags: e.tagsOf(*k.KeyPairId)}, nil
}

// publicKey reads what EC2 takes: OpenSSH's line, RFC 4716's block, or base64 of DER.
func publicKey(b []byte) (ssh.PublicKey, error) {
	text := strings.TrimSpace(string(b))
	if p, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text)); err == nil {
		return p, nil
	}
	if body, ok := strings.CutPrefix(text, "---- BEGIN SSH2 PUBLIC KEY ----"); ok {
		var lines []string
		for _, l := range strings.Split(strings.TrimSuffix(body, "---- END SSH2 PUBLIC KEY ----"), "\n") {
			if !strings.Contains(l, ":") {
				lines = append(lines, strings.TrimSpace(l))
			}
		}
		blob, err := base64.StdEncoding.DecodeString(strings.Join(lines, ""))
		if err != nil {
			return nil, err
		}
		return ssh.ParsePublicKey(blob)
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, err
	}
	return ssh.NewPublicKey(key)
}

// describe notes what EC2 tells of a public key. Fingerprints are as EC2's guide has
// them ("Verify the fingerprint of your key pair"): MD5 of an RSA key's DER, SHA-256 as
// OpenSSH's of ED25519.
func describe(k *types.KeyPairInfo, p ssh.PublicKey) {
	k.KeyType = types.KeyTypeRsa
	k.PublicKey = new(strings.TrimSpace(string(ssh.MarshalAuthorizedKey(p))))
	if p.Type() == ssh.KeyAlgoED25519 {
		k.KeyType = types.KeyTypeEd25519
		k.KeyFingerprint = new(strings.TrimPrefix(ssh.FingerprintSHA256(p), "SHA256:") + "=")
		return
	}
	if c, ok := p.(ssh.CryptoPublicKey); ok {
		if der, err := x509.MarshalPKIXPublicKey(c.CryptoPublicKey()); err == nil {
			k.KeyFingerprint = new(colons(fmt.Sprintf("%x", md5.Sum(der))))
		}
	}
}

func colons(hex string) string {
	var pairs []string
	for i := 0; i+1 < len(hex); i += 2 {
		pairs = append(pairs, hex[i:i+2])
	}
	return strings.Join(pairs, ":")
}

func (e *EC2) addKey(k *types.KeyPairInfo, tags []types.TagSpecification) error {
	if e.keys.Get(*k.KeyName) != nil {
		return wire.Errorf("InvalidKeyPair.Duplicate", "The keypair already exists")
	}
	if err := e.completeKey(k); err != nil {
		return err
	}
	e.keys.Put(*k.KeyName, k)
	e.tagSpec(*k.KeyPairId, tags)
	return nil
}

// completeKey gives a key pair of a name the rest.
func (e *EC2) completeKey(k *types.KeyPairInfo) error {
	k.KeyPairId, k.CreateTime = new(e.w.ID("key-", *k.KeyName)), new(e.w.Date())
	if k.KeyType == "" {
		k.KeyType = types.KeyTypeRsa
	}
	if k.KeyFingerprint == nil {
		k.KeyFingerprint = new(colons(e.w.Hex("fingerprint "+*k.KeyName, 32)))
	}
	return nil
}

func (e *EC2) viewKey(k *types.KeyPairInfo) types.KeyPairInfo {
	v := *k
	v.Tags = e.tagsOf(*k.KeyPairId)
	return v
}

// DeleteKeyPair removes a key; an absent one is no error, as in EC2.
func (e *EC2) DeleteKeyPair(_ *wire.Caller, in *ec2.DeleteKeyPairInput) (*ec2.DeleteKeyPairOutput, error) {
	if k := e.keys.Find(func(k *types.KeyPairInfo) bool {
		return *k.KeyName == aws.ToString(in.KeyName) || *k.KeyPairId == aws.ToString(in.KeyPairId)
	}); k != nil {
		e.keys.Delete(*k.KeyName)
	}
	return &ec2.DeleteKeyPairOutput{Return: new(true)}, nil
}
