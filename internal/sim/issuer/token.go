package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
)

// Key signs the tokens of service accounts (JSON Web Tokens with RS256), and reads them.
type Key struct{ private *rsa.PrivateKey }

// Of a token that cannot be read: it is none, or another key signed it.
var (
	ErrMalformed = errors.New("the token is no signed JSON Web Token")
	ErrSignature = errors.New("the token's signature is invalid")
)

// NewKey makes a key that is nowhere else.
func NewKey() (*Key, error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	return &Key{k}, err
}

// LoadKey reads a key as DER writes it.
func LoadKey(der []byte) (*Key, error) {
	k, err := x509.ParsePKCS1PrivateKey(der)
	return &Key{k}, err
}

// DER is the key as PKCS 1 has it.
func (k *Key) DER() []byte { return x509.MarshalPKCS1PrivateKey(k.private) }

// id names the key in a token's header and among an issuer's keys.
func (k *Key) id() string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&k.private.PublicKey))
	return hex.EncodeToString(sum[:])[:40]
}

// Sign makes a token of claims.
func (k *Key) Sign(claims any) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "kid": k.id()})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	sign, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(sign), err
}

// Read checks a token's signature, and gives its claims.
func (k *Key) Read(token string, claims any) error {
	head, _, _ := strings.Cut(token, ".")
	var by struct{ Alg string }
	if err := Claims(token, claims); err != nil {
		return err
	}
	if part(head, &by) != nil || by.Alg != "RS256" {
		return ErrSignature
	}
	end := strings.LastIndex(token, ".")
	sign, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	sum := sha256.Sum256([]byte(token[:end]))
	if err != nil || rsa.VerifyPKCS1v15(&k.private.PublicKey, crypto.SHA256, sum[:], sign) != nil {
		return ErrSignature
	}
	return nil
}

// Claims gives what a token says, whoever signed it.
func Claims(token string, claims any) error {
	p := strings.Split(token, ".")
	if len(p) != 3 || part(p[1], claims) != nil {
		return ErrMalformed
	}
	return nil
}

func part(text string, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
