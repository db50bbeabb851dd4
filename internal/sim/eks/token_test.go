package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// The same token with the same request is the same update, and is one; with another
// request it is refused.
func TestAnUpdateIsAskedForTwice(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	private := func(token string, on bool) (string, error) {
		out, err := l.AWS.EKS.UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{Name: new("c"), ClientRequestToken: &token,
			ResourcesVpcConfig: &types.VpcConfigRequest{EndpointPrivateAccess: &on}})
		if err != nil {
			return "", err
		}
		return *out.Update.Id, nil
	}
	first, err := private("one", true)
	l.refused("", err)
	again, err := private("one", true)
	l.refused("", err)
	l.holds("the update", again, first)
	_, err = private("one", false)
	l.refused("InvalidParameterException", err)
	_, err = private("two", true)
	l.refused("ResourceInUseException", err)
	l.after(20 * time.Minute)
	again, err = private("one", true)
	l.refused("", err)
	l.holds("the update, when it is over", again, first)
}

// holds expects two values to be the same.
func (l life) holds(what string, got, want any) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// A creation that is asked for twice is one; the same token for something else is refused.
func TestACreationIsAskedForTwice(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	addon := func(token, version string) error {
		_, err := l.AWS.EKS.CreateAddon(t.Context(), &eks.CreateAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni"), AddonVersion: &version,
			ClientRequestToken: &token})
		return err
	}
	l.refused("", addon("one", "v1.21.1-eksbuild.3"))
	l.refused("", addon("one", "v1.21.1-eksbuild.3"))
	l.refused("InvalidParameterException", addon("one", "v1.21.1-eksbuild.1"))
	l.refused("ResourceInUseException", addon("two", "v1.21.1-eksbuild.3"))
	profile := func(token string) error {
		_, err := l.AWS.EKS.CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: new("c"), FargateProfileName: new("f"),
			PodExecutionRoleArn: new(fargate), Subnets: []string{"subnet-p"}, ClientRequestToken: &token, Tags: map[string]string{},
			Selectors: []types.FargateProfileSelector{{Namespace: new("default")}}})
		return err
	}
	l.refused("", profile("one"))
	l.refused("", profile("one"))
	l.refused("ResourceInUseException", profile("two"))
}
