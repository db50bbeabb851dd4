package sim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	authnv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/slipway-eks/slipway/internal/kube"
	"github.com/slipway-eks/slipway/internal/sim"
	simiam "github.com/slipway-eks/slipway/internal/sim/iam"
	"github.com/slipway-eks/slipway/internal/testregion"
)

// pods is a region with a cluster, whose issuer is registered, and a service account.
type pods struct {
	*testregion.Region
	t        *testing.T
	at       http.RoundTripper
	issuer   string
	provider string
}

func newPods(t *testing.T) *pods {
	t.Helper()
	const role = "arn:aws:iam::111122223333:role/control"
	text := testregion.Cluster + "vpc: {id: vpc-mine, subnets: {public: {us-west-2a: {id: subnet-a}, us-west-2b: {id: subnet-b}}}}\n"
	p := &pods{Region: testregion.New(t, testregion.Load(t, text), 1), t: t}
	p.at = p.Sim
	p.Region.Region.IAM.AdoptRole(role, []string{"eks.amazonaws.com"}, "AmazonEKSClusterPolicy")
	in := &eks.CreateClusterInput{Name: new("x"), RoleArn: new(role), ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: []string{"subnet-a", "subnet-b"}}}
	if _, err := p.AWS.EKS.CreateCluster(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	p.Sim.World.Advance(time.Hour)
	out, err := p.AWS.EKS.DescribeCluster(t.Context(), &eks.DescribeClusterInput{Name: new("x")})
	if err != nil {
		t.Fatal(err)
	}
	p.issuer = *out.Cluster.Identity.Oidc.Issuer
	made, err := p.AWS.IAM.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: &p.issuer,
		ClientIDList: []string{"sts.amazonaws.com"}})
	if err != nil {
		t.Fatal(err)
	}
	p.provider = *made.OpenIDConnectProviderArn
	ctx, k := t.Context(), p.kube("")
	_, err = k.CoreV1().ServiceAccounts("default").Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-0"}, Spec: corev1.PodSpec{ServiceAccountName: "web",
		Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	if _, err := k.CoreV1().Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return p
}

// kube is a client of the cluster with a token; "": as the administrator.
func (p *pods) kube(token string) kubernetes.Interface {
	p.t.Helper()
	out, err := p.AWS.EKS.DescribeCluster(p.t.Context(), &eks.DescribeClusterInput{Name: new("x")})
	if err != nil {
		p.t.Fatal(err)
	}
	if token == "" {
		k, err := kube.Client(p.t.Context(), p.AWS, out.Cluster)
		if err != nil {
			p.t.Fatal(err)
		}
		return k
	}
	k, err := kubernetes.NewForConfig(&restclient.Config{Host: *out.Cluster.Endpoint, BearerToken: token, Transport: p.at})
	if err != nil {
		p.t.Fatal(err)
	}
	return k
}

// token asks for a token of the service account, for an audience and bound to the pod.
func (p *pods) token(audience string, bound bool) string {
	p.t.Helper()
	r := &authnv1.TokenRequest{Spec: authnv1.TokenRequestSpec{ExpirationSeconds: new(int64(600))}}
	if audience != "" {
		r.Spec.Audiences = []string{audience}
	}
	if bound {
		r.Spec.BoundObjectRef = &authnv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: "web-0"}
	}
	out, err := p.kube("").CoreV1().ServiceAccounts("default").CreateToken(p.t.Context(), "web", r, metav1.CreateOptions{})
	if err != nil {
		p.t.Fatal(err)
	}
	return out.Status.Token
}

// role makes a role that trusts a principal under a condition.
func (p *pods) role(name, action, principal, condition string) string {
	p.t.Helper()
	doc := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%s,"Principal":%s%s}]}`, action, principal, condition)
	out, err := p.AWS.IAM.CreateRole(p.t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &doc})
	if err != nil {
		p.t.Fatal(err)
	}
	return *out.Role.Arn
}

func codeOf(err error) string {
	if e := smithy.APIError(nil); errors.As(err, &e) {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return fmt.Sprint(err)
}

// A service account's token becomes a role's credentials, without a signature; every
// other token is refused as STS refuses it, also in a life after the account was saved.
func TestServiceAccountsBecomeRoles(t *testing.T) {
	p := newPods(t)
	host := strings.TrimPrefix(p.issuer, "https://")
	role := p.role("web", `"sts:AssumeRoleWithWebIdentity"`, `{"Federated":"`+p.provider+`"}`,
		`,"Condition":{"StringEquals":{"`+host+`:sub":"system:serviceaccount:default:web","`+host+`:aud":"sts.amazonaws.com"}}`)
	other := p.role("other", `"sts:AssumeRoleWithWebIdentity"`, `{"Federated":"`+p.provider+`"}`, `,"Condition":{"StringEquals":{"`+host+`:sub":"x"}}`)
	assume := func(role, token string) string {
		t.Helper()
		c := sts.New(sts.Options{Region: "us-west-2", Credentials: aws.AnonymousCredentials{}, HTTPClient: &http.Client{Transport: p.at}, Retryer: aws.NopRetryer{}})
		in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: new("pod"), WebIdentityToken: &token}
		out, err := c.AssumeRoleWithWebIdentity(t.Context(), in)
		if err != nil {
			return codeOf(err)
		}
		return *out.AssumedRoleUser.Arn + " " + *out.SubjectFromWebIdentityToken
	}
	good := p.token("sts.amazonaws.com", true)
	ours := "arn:aws:sts::111122223333:assumed-role/web/pod system:serviceaccount:default:web"
	for name, x := range map[string]struct{ role, token, want string }{
		"its own":            {role, good, ours},
		"another role":       {other, good, "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"no role":            {role + "x", good, "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another audience":   {role, p.token("", true), "InvalidIdentityToken: Incorrect token audience"},
		"another signature":  {role, good[:len(good)-8] + "AAAAAAAA", "InvalidIdentityToken: The web identity token"},
		"nonsense":           {role, "nonsense", "InvalidIdentityToken: The ID Token provided is not a valid JWT."},
		"an unsigned header": {role, "eyJhbGciOiJub25lIn0" + good[strings.Index(good, "."):], "InvalidIdentityToken: The web identity token"},
	} {
		if got := assume(x.role, x.token); !strings.HasPrefix(got, x.want) {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	b, err := p.Sim.Save()
	if err != nil {
		t.Fatal(err)
	}
	next := sim.New(sim.Options{Seed: 9})
	if err := next.Load(b); err != nil {
		t.Fatal(err)
	}
	p.at = next
	if got := assume(role, good); got != ours {
		t.Errorf("in another life: %s", got)
	}
	next.World.Advance(11 * time.Minute)
	if got := assume(role, good); !strings.HasPrefix(got, "ExpiredTokenException: Token expired: current date/time") {
		t.Errorf("after ten minutes: %s", got)
	}
	p.at = p.Sim
	if _, err := p.AWS.EKS.DeleteCluster(t.Context(), &eks.DeleteClusterInput{Name: new("x")}); err != nil {
		t.Fatal(err)
	}
	p.Sim.World.Advance(time.Hour)
	if got := assume(role, good); !strings.HasPrefix(got, "InvalidIdentityToken: Couldn't retrieve verification key") {
		t.Errorf("without its cluster: %s", got)
	}
}

// The API server knows a service account by its token, and says so of others' tokens.
func TestServiceAccountsAreUsers(t *testing.T) {
	p := newPods(t)
	ctx := t.Context()
	own := p.token("", true)
	me, err := p.kube(own).AuthenticationV1().SelfSubjectReviews().Create(ctx, &authnv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || me.Status.UserInfo.Username != "system:serviceaccount:default:web" ||
		strings.Join(me.Status.UserInfo.Groups, " ") != "system:serviceaccounts system:serviceaccounts:default system:authenticated" {
		t.Fatalf("%+v %v", me, err)
	}
	if _, err := p.kube(own).CoreV1().Pods("default").List(ctx, metav1.ListOptions{}); err == nil {
		t.Error("nothing allows it to list pods")
	}
	review := func(token string, audiences ...string) authnv1.TokenReviewStatus {
		t.Helper()
		r, err := p.kube("").AuthenticationV1().TokenReviews().Create(ctx, &authnv1.TokenReview{Spec: authnv1.TokenReviewSpec{Token: token, Audiences: audiences}},
			metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	if s := review(own); !s.Authenticated || s.User.Username != "system:serviceaccount:default:web" {
		t.Errorf("%+v", s)
	}
	foreign := p.token("sts.amazonaws.com", false)
	if s := review(foreign); s.Authenticated {
		t.Errorf("a token for STS: %+v", s)
	}
	if s := review(foreign, "sts.amazonaws.com"); !s.Authenticated || strings.Join(s.Audiences, "") != "sts.amazonaws.com" {
		t.Errorf("a token for STS, for STS: %+v", s)
	}
	if err := p.kube("").CoreV1().Pods("default").Delete(ctx, "web-0", metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}); err != nil {
		t.Fatal(err)
	}
	if s := review(own); s.Authenticated {
		t.Errorf("the pod is gone: %+v", s)
	}
}

// A pod's token becomes the credentials of the role that is associated with it.
func TestPodsBecomeRoles(t *testing.T) {
	p := newPods(t)
	ask := func(cluster, token string) (map[string]map[string]any, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://eks-auth.us-west-2.api.aws/clusters/"+cluster+"/assume-role-for-pod-identity",
			strings.NewReader(`{"token":"`+token+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+simiam.Key+"/20261122/us-west-2/eks-auth/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := p.at.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]map[string]any
		_ = json.Unmarshal(b, &out) // an error is none of these
		return out, resp.Header.Get("X-Amzn-Errortype")
	}
	const audience = "pods.eks.amazonaws.com"
	good := p.token(audience, true)
	refused := func(what, cluster, token, want string) {
		t.Helper()
		if _, code := ask(cluster, token); code != want {
			t.Errorf("%s: %q, want %s", what, code, want)
		}
	}
	refused("no association", "x", good, "ResourceNotFoundException")
	role := p.role("web", `["sts:AssumeRole","sts:TagSession"]`, `{"Service":"`+audience+`"}`, "")
	made, err := p.AWS.EKS.CreatePodIdentityAssociation(t.Context(), &eks.CreatePodIdentityAssociationInput{ClusterName: new("x"), Namespace: new("default"),
		ServiceAccount: new("web"), RoleArn: &role})
	if err != nil {
		t.Fatal(err)
	}
	out, code := ask("x", good)
	if code != "" || out["subject"]["serviceAccount"] != "web" || out["podIdentityAssociation"]["associationId"] != *made.Association.AssociationId ||
		!strings.HasPrefix(fmt.Sprint(out["assumedRoleUser"]["arn"]), "arn:aws:sts::111122223333:assumed-role/web/eks-x-web-0-") ||
		out["credentials"]["sessionToken"] == "" {
		t.Errorf("%v %s", out, code)
	}
	refused("another cluster", "y", good, "ResourceNotFoundException")
	refused("another audience", "x", p.token("sts.amazonaws.com", true), "InvalidTokenException")
	refused("no pod", "x", p.token(audience, false), "InvalidTokenException")
	p.Sim.World.Advance(11 * time.Minute)
	refused("too late", "x", good, "ExpiredTokenException")
}
