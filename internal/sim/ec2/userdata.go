package ec2

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// userDataLimit is how long user data may be, decoded (EC2 user guide, user data).
const userDataLimit = 16384

// checkUserData refuses user data that EC2 would not keep: long is the code about its
// length. RunInstances says InvalidParameterValue (kubermatic#144), launch templates say
// InvalidUserData.Malformed (terraform-provider-aws#49234).
func checkUserData(data *string, long string) error {
	raw, err := base64.StdEncoding.DecodeString(aws.ToString(data))
	switch {
	case err != nil:
		return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	case len(raw) > userDataLimit:
		return wire.Errorf(long, "User data is limited to %d bytes", userDataLimit)
	}
	return nil
}
