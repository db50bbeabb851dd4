package check

import (
	"context"

	awsc "github.com/slipway-eks/slipway/internal/aws"
	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/finding"
	"github.com/slipway-eks/slipway/internal/sshkey"
)

var keyPairs = Check{
	Name:   "key-pairs",
	Title:  "SSH keys can be read, and named key pairs exist",
	Source: "the key files; ec2:DescribeKeyPairs",
	Codes:  []string{"key-not-found", "key-unreadable"},
	When:   Preflight,
	Run: func(ctx context.Context, in *Input) finding.Findings {
		var out finding.Findings
		in.groups(func(g config.Group) {
			k := g.SSH
			switch {
			case k == nil:
			case k.PublicKeyName != "":
				if _, err := in.AWS.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{k.PublicKeyName}}); err != nil && awsc.NotFound(err) {
					out = append(out, in.at("key-not-found", g.Path+".ssh.publicKeyName", "import it (aws ec2 import-key-pair) or name another",
						"EC2 has no key pair %q in %s", k.PublicKeyName, in.AWS.Region))
				}
			case config.On(k.Allow, false):
				if _, err := sshkey.Public(k); err != nil {
					out = append(out, in.at("key-unreadable", g.Path+".ssh", "make the file, or set publicKeyName", "%s", err))
				}
			}
		})
		return out
	},
}
