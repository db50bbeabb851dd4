package ec2_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// The fingerprints are those of ssh-keygen -E sha256 -lf, and of
// openssl pkey -pubin -outform DER | md5sum.
const (
	ed25519Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPX7CihYshbFiwCillgXKwSZ9sXBVD7N9EhnsYsTgut"
	rsaKey     = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCmHoyJbTBVWzuUg63Ak+HV0KNn6D6S2AyNHqp+KVc0CKLGLWJN45UwBTGWuU6HZy9hS+9KPvFE9Tz8mVw5" +
		"PjtaTYTuDapBH5rOq1uRmNH3bW4jeutHNTVP9V/leU73nbT6xbA3RGJm7M0LS/2pradfbqw5r2n7coC+1+/++7Y0cr5NMK0U5SJfAXxviPJ90/aX4oZCBxe4" +
		"79WdwFt9sL5prTCbYWyJAQOEQ8zDYdpZ84hjFn12/MDqscGrDz5AqAGwJRuCTwONXR887DHrLN6Dxx2VIalz6qC++2jn+wYIwOzShyMmCN1OGtyt72XbKgry" +
		"LB0Sl8oMYOAA7QI7WTKt"
	rsaPrint = "ff:71:c2:58:93:51:1a:4e:0b:e3:e7:94:b1:f5:ab:bc"
)

func TestImportedKeysHaveEC2sFingerprints(t *testing.T) {
	_, e := region()
	for _, c := range []struct {
		name, key, want string
		kind            types.KeyType
	}{
		{"ed", ed25519Key + " me", "YMQ3CCC/L9T9I95CYuGKmo64LMj/82oeDTUhCs1X4yA=", types.KeyTypeEd25519},
		{"rsa", rsaKey, rsaPrint, types.KeyTypeRsa},
	} {
		out, err := e.ImportKeyPair(nil, &ec2.ImportKeyPairInput{KeyName: &c.name, PublicKeyMaterial: []byte(c.key)})
		if err != nil || *out.KeyFingerprint != c.want {
			t.Errorf("%s: %v %v", c.name, out, err)
		}
		l, err := e.DescribeKeyPairs(nil, &ec2.DescribeKeyPairsInput{KeyPairIds: []string{*out.KeyPairId}, IncludePublicKey: new(true)})
		if err != nil || l.KeyPairs[0].KeyType != c.kind || !strings.HasPrefix(c.key, *l.KeyPairs[0].PublicKey) {
			t.Errorf("%s: %+v %v", c.name, l, err)
		}
	}
	_, err := e.ImportKeyPair(nil, &ec2.ImportKeyPairInput{KeyName: new("ed"), PublicKeyMaterial: []byte(ed25519Key)})
	is(t, "a name that is taken", err, "InvalidKeyPair.Duplicate")
	_, err = e.ImportKeyPair(nil, &ec2.ImportKeyPairInput{KeyName: new("x"), PublicKeyMaterial: []byte("ssh-rsa AAAA x")})
	is(t, "no key", err, "InvalidKey.Format")
}

// A key that EC2 makes is told once, and belongs to the public half that EC2 keeps.
func TestCreatedKeysAreToldOnce(t *testing.T) {
	_, e := region()
	for _, kind := range []types.KeyType{types.KeyTypeRsa, types.KeyTypeEd25519} {
		name := string(kind)
		out, err := e.CreateKeyPair(nil, &ec2.CreateKeyPairInput{KeyName: &name, KeyType: kind})
		if err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.ParsePrivateKey([]byte(*out.KeyMaterial))
		if err != nil {
			t.Fatal(err)
		}
		l, err := e.DescribeKeyPairs(nil, &ec2.DescribeKeyPairsInput{KeyNames: []string{name}, IncludePublicKey: new(true)})
		if err != nil || *l.KeyPairs[0].PublicKey != strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey()))) {
			t.Errorf("%s: %+v %v", kind, l, err)
		}
	}
}

// EC2 takes a public key in three forms, and they are one key.
func TestPublicKeysInEveryForm(t *testing.T) {
	_, e := region()
	p, _, _, _, err := ssh.ParseAuthorizedKey([]byte(rsaKey))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(p.(ssh.CryptoPublicKey).CryptoPublicKey())
	if err != nil {
		t.Fatal(err)
	}
	blob := base64.StdEncoding.EncodeToString(p.Marshal())
	for form, text := range map[string]string{
		"RFC 4716": "---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"2048-bit RSA\"\n" + blob[:70] + "\n" + blob[70:] + "\n---- END SSH2 PUBLIC KEY ----\n",
		"DER":      base64.StdEncoding.EncodeToString(der),
	} {
		out, err := e.ImportKeyPair(nil, &ec2.ImportKeyPairInput{KeyName: &form, PublicKeyMaterial: []byte(text)})
		if err != nil || *out.KeyFingerprint != rsaPrint {
			t.Errorf("%s: %v %v", form, out, err)
		}
	}
	_, err = e.ImportKeyPair(nil, &ec2.ImportKeyPairInput{KeyName: new("pem"), PublicKeyMaterial: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})})
	is(t, "PEM", err, "InvalidKey.Format")
}

func TestLocalZonesAreOptedInTo(t *testing.T) {
	_, e := region()
	zones := func(all bool) map[string]types.AvailabilityZoneOptInStatus {
		out, err := e.DescribeAvailabilityZones(nil, &ec2.DescribeAvailabilityZonesInput{AllAvailabilityZones: &all})
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]types.AvailabilityZoneOptInStatus{}
		for _, z := range out.AvailabilityZones {
			m[*z.ZoneName] = z.OptInStatus
		}
		return m
	}
	if z := zones(false); len(z) != 4 || z["us-west-2a"] != types.AvailabilityZoneOptInStatusOptInNotRequired {
		t.Errorf("an account's zones at first: %v", z)
	}
	if z := zones(true); z["us-west-2-lax-1a"] != types.AvailabilityZoneOptInStatusNotOptedIn {
		t.Errorf("all zones: %v", z)
	}
	v, err := e.CreateVpc(nil, &ec2.CreateVpcInput{CidrBlock: new("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	subnet := &ec2.CreateSubnetInput{VpcId: v.Vpc.VpcId, CidrBlock: new("10.0.0.0/24"), AvailabilityZone: new("us-west-2-lax-1a")}
	_, err = e.CreateSubnet(nil, subnet)
	is(t, "a subnet there", err, "InvalidParameterValue")
	opt := func(g string, s types.ModifyAvailabilityZoneOptInStatus) error {
		_, err := e.ModifyAvailabilityZoneGroup(nil, &ec2.ModifyAvailabilityZoneGroupInput{GroupName: &g, OptInStatus: s})
		return err
	}
	is(t, "no such group", opt("us-west-2-zz-1", types.ModifyAvailabilityZoneOptInStatusOptedIn), "InvalidParameterValue")
	if err := opt("us-west-2-lax-1", types.ModifyAvailabilityZoneOptInStatusOptedIn); err != nil {
		t.Fatal(err)
	}
	is(t, "out again", opt("us-west-2-lax-1", types.ModifyAvailabilityZoneOptInStatusNotOptedIn), "UnsupportedOperation")
	if z := zones(false); len(z) != 6 {
		t.Errorf("with the local zones: %v", z)
	}
	if _, err := e.CreateSubnet(nil, subnet); err != nil {
		t.Error(err)
	}
}
