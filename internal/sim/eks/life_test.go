package eks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	iamsdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/testregion"
)

// life is a region that AWS's own client uses, with a cluster under way and what it
// takes for granted.
type life struct {
	*testregion.Region
	t *testing.T
}

const (
	fargate = "arn:aws:iam::" + account + ":role/fargate"
	subnetA = "subnet-a"
	subnetB = "subnet-b"
)

func begin(t *testing.T) life {
	t.Helper()
	text := testregion.Cluster + "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}, " +
		"private: {us-west-2a: {id: subnet-p}}}}\n"
	l := life{testregion.New(t, testregion.Load(t, text), 1), t}
	for arn, service := range map[string]string{role: "eks.amazonaws.com", nodes: "ec2.amazonaws.com", fargate: "eks-fargate-pods.amazonaws.com"} {
		l.Region.Region.IAM.AdoptRole(arn, []string{service}, "AmazonEKSClusterPolicy", "AmazonEKSWorkerNodePolicy")
	}
	_, err := l.AWS.EKS.CreateCluster(t.Context(), &eks.CreateClusterInput{Name: new("c"), RoleArn: new(role), ClientRequestToken: new("first"),
		AccessConfig:               &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi},
		BootstrapSelfManagedAddons: new(false), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{subnetA, subnetB}}})
	l.refused("", err)
	return l
}

// after moves the region on.
func (l life) after(d time.Duration) life {
	l.Sim.World.Advance(d)
	return l
}

// refused expects an error of a code, "" for none.
func (l life) refused(code string, err error) {
	l.t.Helper()
	got := ""
	if e := smithy.APIError(nil); errors.As(err, &e) {
		got = e.ErrorCode()
	} else if err != nil {
		got = err.Error()
	}
	if got != code {
		l.t.Errorf("the answer is %v, want %q", err, code)
	}
}

func (l life) addon(in eks.CreateAddonInput) (*types.Addon, error) {
	in.ClusterName = new("c")
	out, err := l.AWS.EKS.CreateAddon(l.t.Context(), &in)
	if err != nil {
		return nil, err
	}
	return out.Addon, nil
}

// is is an add-on's status, with its first issue.
func (l life) is(name string) string {
	out, err := l.AWS.EKS.DescribeAddon(l.t.Context(), &eks.DescribeAddonInput{ClusterName: new("c"), AddonName: &name})
	if e := new(types.ResourceNotFoundException); errors.As(err, &e) {
		return "gone"
	}
	l.refused("", err)
	s := string(out.Addon.Status)
	for _, i := range out.Addon.Health.Issues {
		s += " " + string(i.Code)
	}
	return s
}

func (l life) expect(what, got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func TestAnAddonsLife(t *testing.T) {
	l := begin(t)
	_, err := l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni")})
	l.refused("InvalidRequestException", err) // the cluster is CREATING
	l.after(20 * time.Minute)

	first, err := l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni"), ClientRequestToken: new("t")})
	l.refused("", err)
	again, err := l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni"), ClientRequestToken: new("t")})
	l.refused("", err)
	if *first.AddonArn != *again.AddonArn || first.Status != types.AddonStatusCreating {
		t.Errorf("asked again it is another: %+v and %+v", first, again)
	}
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni"), ClientRequestToken: new("other")})
	l.refused("ResourceInUseException", err)
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("kube-proxy"), AddonVersion: new("v0.0.1-eksbuild.1")})
	l.refused("InvalidParameterException", err)
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("coredns")})
	l.refused("", err)
	l.expect("vpc-cni", l.is("vpc-cni"), "CREATING")
	l.after(2 * time.Minute)
	l.expect("a DaemonSet's add-on without nodes", l.is("vpc-cni"), "ACTIVE")
	l.expect("a Deployment's add-on without nodes", l.is("coredns"), "DEGRADED InsufficientNumberOfReplicas")

	// Its workload is there before EKS says ACTIVE.
	var applied, active time.Duration
	for _, e := range l.Sim.World.Log() {
		switch {
		case e.Kind == "eks:addon-install" && e.Name == "c/vpc-cni":
			applied = e.End
		case e.Kind == "eks:addon" && e.Name == "c/vpc-cni":
			active = e.End
		}
	}
	if applied == 0 || applied >= active {
		t.Errorf("applied at %s, ACTIVE at %s", applied, active)
	}

	up, err := l.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni"),
		ConfigurationValues: new(`{"env": {"ENABLE_PREFIX_DELEGATION": "true"}}`)})
	l.refused("", err)
	l.expect("vpc-cni", l.is("vpc-cni"), "UPDATING")
	_, err = l.AWS.EKS.UpdateAddon(t.Context(), &eks.UpdateAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni"), ConfigurationValues: new("{}")})
	l.refused("ResourceInUseException", err)
	l.after(5 * time.Minute)
	d, err := l.AWS.EKS.DescribeUpdate(t.Context(), &eks.DescribeUpdateInput{Name: new("c"), AddonName: new("vpc-cni"), UpdateId: up.Update.Id})
	l.refused("", err)
	l.expect("the update", string(d.Update.Status), "Successful")

	gone := &eks.DeleteAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni")}
	_, err = l.AWS.EKS.DeleteAddon(t.Context(), gone)
	l.refused("", err)
	l.expect("vpc-cni", l.is("vpc-cni"), "DELETING")
	l.after(time.Minute)
	l.expect("vpc-cni", l.is("vpc-cni"), "gone")
	_, err = l.AWS.EKS.DeleteAddon(t.Context(), gone)
	l.refused("ResourceNotFoundException", err)
}

func (l life) group(token string) error {
	_, err := l.AWS.EKS.CreateNodegroup(l.t.Context(), &eks.CreateNodegroupInput{ClusterName: new("c"), NodegroupName: new("g"), NodeRole: new(nodes),
		Subnets: []string{subnetA}, ClientRequestToken: &token, InstanceTypes: []string{"m5.large"},
		ScalingConfig: &types.NodegroupScalingConfig{MinSize: new(int32(1)), MaxSize: new(int32(1)), DesiredSize: new(int32(1))}})
	return err
}

func (l life) groupIs() string {
	out, err := l.AWS.EKS.DescribeNodegroup(l.t.Context(), &eks.DescribeNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	if e := new(types.ResourceNotFoundException); errors.As(err, &e) {
		return "gone"
	}
	l.refused("", err)
	s := string(out.Nodegroup.Status)
	for _, i := range out.Nodegroup.Health.Issues {
		s += " " + string(i.Code)
	}
	return s
}

// A group without a network plugin fails, as late as EKS gives up, and stands in the way
// of the cluster's deletion until it is deleted itself.
func TestANodegroupsLife(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	l.refused("", l.group("t"))
	l.refused("", l.group("t"))
	l.refused("ResourceInUseException", l.group("other"))
	l.expect("the group", l.groupIs(), "CREATING")
	_, err := l.AWS.EKS.DeleteCluster(t.Context(), &eks.DeleteClusterInput{Name: new("c")})
	l.refused("ResourceInUseException", err)
	l.after(15 * time.Minute)
	l.expect("the group before EKS gives up", l.groupIs(), "CREATING")
	l.after(30 * time.Minute)
	l.expect("the group", l.groupIs(), "CREATE_FAILED NodeCreationFailure")
	_, err = l.AWS.EKS.UpdateNodegroupConfig(t.Context(), &eks.UpdateNodegroupConfigInput{ClusterName: new("c"), NodegroupName: new("g"),
		Labels: &types.UpdateLabelsPayload{AddOrUpdateLabels: map[string]string{"a": "b"}}})
	if err == nil {
		t.Error("a group that failed takes updates")
	}
	_, err = l.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
	l.refused("", err)
	l.expect("the group", l.groupIs(), "DELETING NodeCreationFailure")
	l.after(20 * time.Minute)
	l.expect("the group", l.groupIs(), "gone")
	_, err = l.AWS.EKS.DeleteCluster(t.Context(), &eks.DeleteClusterInput{Name: new("c")})
	l.refused("", err)
}

// One profile is deleted at a time, and until it is gone none is made.
func TestAFargateProfilesLife(t *testing.T) {
	l := begin(t).after(20 * time.Minute)
	create := func(name string) error {
		_, err := l.AWS.EKS.CreateFargateProfile(t.Context(), &eks.CreateFargateProfileInput{ClusterName: new("c"), FargateProfileName: &name,
			PodExecutionRoleArn: new(fargate), Subnets: []string{"subnet-p"}, Selectors: []types.FargateProfileSelector{{Namespace: new("default")}}})
		return err
	}
	is := func(name string) string {
		d, err := l.AWS.EKS.DescribeFargateProfile(t.Context(), &eks.DescribeFargateProfileInput{ClusterName: new("c"), FargateProfileName: &name})
		if e := new(types.ResourceNotFoundException); errors.As(err, &e) {
			return "gone"
		}
		l.refused("", err)
		return string(d.FargateProfile.Status)
	}
	remove := func(name string) error {
		_, err := l.AWS.EKS.DeleteFargateProfile(t.Context(), &eks.DeleteFargateProfileInput{ClusterName: new("c"), FargateProfileName: &name})
		return err
	}
	l.refused("", create("one"))
	l.expect("the profile", is("one"), "CREATING")
	l.after(10 * time.Minute)
	l.expect("the profile", is("one"), "ACTIVE")
	l.refused("", create("two"))
	l.after(10 * time.Minute)
	l.refused("", remove("one"))
	l.expect("the profile", is("one"), "DELETING")
	l.refused("ResourceInUseException", remove("two"))
	l.refused("ResourceInUseException", create("three"))
	l.after(20 * time.Minute)
	l.expect("the profile", is("one"), "gone")
	l.refused("", create("three"))
}

// trusting makes a role with a trust policy and the VPC CNI's permissions.
func (l life) trusting(name, trust string) *string {
	l.t.Helper()
	out, err := l.AWS.IAM.CreateRole(l.t.Context(), &iamsdk.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	l.refused("", err)
	_, err = l.AWS.IAM.AttachRolePolicy(l.t.Context(), &iamsdk.AttachRolePolicyInput{RoleName: &name,
		PolicyArn: new("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy")})
	l.refused("", err)
	return out.Role.Arn
}

// A role is what its trust policy lets assume it, not what its text mentions.
func TestATrustPolicyIsEvaluated(t *testing.T) {
	service := `{"Version": "2012-10-17", "Statement": [{"Effect": EFFECT, "Action": ACTIONS, "Principal": {"Service": "pods.eks.amazonaws.com"}}]}`
	l := begin(t).after(20 * time.Minute)
	for name, x := range map[string]struct{ effect, actions, code string }{
		"both":      {`"Allow"`, `["sts:AssumeRole", "sts:TagSession"]`, ""},
		"all":       {`"Allow"`, `"sts:*"`, ""},
		"untagged":  {`"Allow"`, `"sts:AssumeRole"`, "InvalidParameterException"},
		"forbidden": {`"Deny"`, `["sts:AssumeRole", "sts:TagSession"]`, "InvalidParameterException"},
	} {
		arn := l.trusting(name, strings.NewReplacer("EFFECT", x.effect, "ACTIONS", x.actions).Replace(service))
		_, err := l.AWS.EKS.CreatePodIdentityAssociation(t.Context(), &eks.CreatePodIdentityAssociationInput{ClusterName: new("c"), Namespace: new("n"),
			ServiceAccount: &name, RoleArn: arn})
		l.refused(x.code, err)
	}

	cluster, err := l.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("c")})
	l.refused("", err)
	issuer := *cluster.Cluster.Identity.Oidc.Issuer
	_, err = l.AWS.IAM.CreateOpenIDConnectProvider(
		t.Context(),
		&iamsdk.CreateOpenIDConnectProviderInput{Url: &issuer, ClientIDList: []string{"sts.amazonaws.com"}},
	)
	l.refused("", err)
	web := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/HOST"}, "Condition": {"StringEquals": {"HOST:sub": "SUBJECT"}}}]}`
	_, err = l.addon(eks.CreateAddonInput{AddonName: new("kube-proxy")})
	l.refused("", err)
	for _, x := range []struct{ subject, want string }{
		{"system:serviceaccount:kube-system:somebody-else", "CREATE_FAILED"}, {"system:serviceaccount:kube-system:aws-node", "ACTIVE"},
	} {
		host := strings.TrimPrefix(issuer, "https://")
		arn := l.trusting(x.want, strings.NewReplacer("HOST", host, "SUBJECT", x.subject).Replace(web))
		_, err := l.addon(eks.CreateAddonInput{AddonName: new("vpc-cni"), ServiceAccountRoleArn: arn})
		l.refused("", err)
		l.after(time.Minute)
		l.refused("", l.group(x.want))
		l.after(45 * time.Minute)
		if got, _, _ := strings.Cut(l.groupIs(), " "); got != x.want {
			t.Errorf("with a role that trusts %s the group is %s, want %s", x.subject, l.groupIs(), x.want)
		}
		_, err = l.AWS.EKS.DeleteNodegroup(t.Context(), &eks.DeleteNodegroupInput{ClusterName: new("c"), NodegroupName: new("g")})
		l.refused("", err)
		_, err = l.AWS.EKS.DeleteAddon(t.Context(), &eks.DeleteAddonInput{ClusterName: new("c"), AddonName: new("vpc-cni")})
		l.refused("", err)
		l.after(20 * time.Minute)
	}
}
