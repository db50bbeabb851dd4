package pace

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// SignIn is the remedy for credentials that have run out.
const SignIn = "sign in again (aws sso login, or new session credentials)"

// row is one error of an API that its status does not tell.
type row struct {
	codes  []string // one of these; none: any
	text   string   // in the message; "": any
	class  Class
	reason string
	source string
}

// rows are tried in order; the first that fits decides.
var rows = []row{
	{
		[]string{
			"Throttling",
			"ThrottlingException",
			"TooManyRequestsException",
			"RequestLimitExceeded",
			"RequestThrottled",
			"Throttled",
			"SlowDown",
			"RequestThrottledException",
			"BandwidthLimitExceeded",
			"EC2ThrottledException",
		},
		"",
		Throttled,
		"the service throttles",
		"aws-sdk-go-v2 aws/retry, DefaultThrottleErrorCodes",
	},
	{nil, "Rate exceeded", Throttled, "the service throttles", "CloudFormation, Auto Scaling: ValidationError or Throttling with this text"},

	{[]string{"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"},
		"", Blocked, expired + ": " + SignIn, "IAM User Guide, Common errors"},
	{nil, "the SSO session has expired", Blocked, expired + ": " + SignIn, "aws-sdk-go-v2 credentials/ssocreds"},
	{[]string{"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidAccessKeyId", "SignatureDoesNotMatch",
		"InvalidSignatureException"}, "", Blocked, "AWS does not accept the credentials any more: " + SignIn, "IAM User Guide, Common errors"},
	{nil, "no EC2 IMDS role found", Blocked, nobody, "aws-sdk-go-v2 credentials/ec2rolecreds: the last place where it looks"},
	{nil, "failed to refresh cached credentials", Blocked, "there are no AWS credentials any more: " + SignIn, "aws-sdk-go-v2 aws/credential_cache.go"},
	{nil, "get identity: get credentials", Blocked, "there are no AWS credentials any more: " + SignIn, "aws-sdk-go-v2 service middleware"},

	{[]string{"InsufficientInstanceCapacity", "InsufficientCapacity"}, "", Terminal, "EC2 has no such capacity now", "EC2 API, Error codes (status 500)"},
	{[]string{"ResourceInUseException"}, "in progress", Wait, "another change of it is under way", "EKS UpdateClusterConfig (facts/eks.md §4)"},
	{[]string{"ResourceInUseException"}, "currently", Wait, "another change of it is under way", "EKS UpdateClusterConfig (facts/eks.md §4)"},
	{[]string{"InvalidRequestException"}, "not in ACTIVE status", Wait, "it is being changed", "EKS CreateAddon, CreateNodegroup (facts/eks.md §4)"},
	{
		[]string{"OperationInProgressException", "ConcurrentModification", "ConcurrentModificationException", "TokenAlreadyExistsException"},
		"",
		Wait,
		"another change of it is under way",
		"CloudFormation and IAM API, Errors",
	},
	{
		[]string{"OperationAbortedException", "ScalingActivityInProgress", "ResourceContention"},
		"",
		Wait,
		"another change of it is under way",
		"CloudWatch Logs and Auto Scaling API, Errors",
	},

	{nil, "could not be assumed because it does not exist", Retry, "IAM has not spread the role yet", "EKS CreateCluster, CreateNodegroup (facts/eks.md §4)"},
	{nil, "invalid principal", Retry, "IAM has not spread the role yet", "EKS CreateAccessEntry (facts/eks.md §4)"},
	{nil, "Misconfigured PodExecutionRole Trust Policy", Retry, "IAM has not spread the role yet", "EKS CreateFargateProfile (facts/eks.md §4)"},
	{nil, "does not have the Amazon EKS Managed Policies", Retry, "IAM has not spread the role's policies yet", "EKS CreateNodegroup (facts/eks.md §4)"},
	{nil, "were not found in the trust relationships", Retry, "IAM has not spread the role yet", "EKS CreateNodegroup (facts/eks.md §4)"},
	{nil, "Kubernetes version should be equal to Cluster kubernetes version", Retry, "EKS has not spread the control plane's version yet",
		"EKS UpdateNodegroupVersion, CreateNodegroup (facts/eks.md §6; ACK community #2957)"},
	{nil, "Role provided in the request does not exist", Retry, "IAM has not spread the role yet", "EKS CreatePodIdentityAssociation (facts/eks.md §4)"},

	{nil, "No updates are to be performed", Already, "", "CloudFormation UpdateStack"},
	{nil, "already at the desired configuration", Already, "", "EKS UpdateClusterConfig"},
	{nil, "No changes needed", Already, "", "EKS UpdateClusterConfig"},
	{[]string{"ResourceInUseException"}, "already exists", Already, "", "EKS CreateAddon"},
	{[]string{"AlreadyExistsException", "EntityAlreadyExists"}, "", Already, "", "CloudFormation CreateStack, IAM Create…"},
}

// missing are the answers to a question for something that is not there.
var missing = []row{
	{
		codes:  []string{"ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException", "NotFoundException"},
		source: "EKS, IAM, KMS and CloudWatch Logs API, Errors",
	},
	{codes: []string{"ValidationError"}, text: "does not exist", source: "CloudFormation DescribeStacks"},
	{codes: []string{"ValidationError"}, text: "is not imported by any stack", source: "CloudFormation ListImports (facts/repair.md §1.2)"},
}

// Missing tells whether an error of AWS says that there is no such resource. EC2 ends
// the code of every such error with NotFound (EC2 API, Error codes).
func Missing(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	return strings.HasSuffix(api.ErrorCode(), "NotFound") ||
		slices.ContainsFunc(missing, func(r row) bool { return r.fits(api.ErrorCode(), api.ErrorMessage()) })
}

// Expired tells whether an error is that the AWS credentials have run out.
func Expired(err error) bool { return strings.HasPrefix(Classify(err).Reason, expired) }

const (
	expired = "the AWS credentials have expired"
	nobody  = "there are no AWS credentials: not in the environment, not in a profile, and this machine has no role"
)

// Nobody tells whether an error is that there are no AWS credentials.
func Nobody(err error) bool { return Classify(err).Reason == nobody }

func (r row) fits(code, message string) bool {
	return (len(r.codes) == 0 || slices.Contains(r.codes, code)) && strings.Contains(message, r.text)
}

// Classify says what an error means, whether AWS, a Kubernetes API server, the network
// or a step of ours made it.
func Classify(err error) Verdict {
	if err == nil {
		return Verdict{}
	}
	var own *Error
	var a *answer
	if errors.As(err, &a) {
		return a.Verdict
	}
	if errors.As(err, &own) {
		return Verdict{Class: own.Class, Reason: own.Reason}
	}
	if errors.Is(err, context.Canceled) {
		return Verdict{Reason: "interrupted"}
	}
	if v, ok := ofServer(err); ok {
		return v
	}
	var api smithy.APIError
	code, msg := "", err.Error()
	if errors.As(err, &api) {
		code, msg = api.ErrorCode(), api.ErrorMessage()
	}
	for _, r := range rows {
		if r.fits(code, msg) {
			return Verdict{Class: r.class, Reason: r.reason, After: after(err)}
		}
	}
	var status *smithyhttp.ResponseError
	if errors.As(err, &status) {
		switch s := status.HTTPStatusCode(); {
		case s == http.StatusTooManyRequests:
			return Verdict{Class: Throttled, Reason: "the service throttles", After: after(err)}
		case s >= 500:
			return Verdict{Class: Retry, Reason: "the service stumbled (HTTP " + strconv.Itoa(s) + ")", After: after(err)}
		}
	}
	if api != nil {
		return Verdict{}
	}
	return network(err)
}

// refused tells whether a service gave an answer of its own, if only that it stumbled.
func refused(err error) bool {
	var api smithy.APIError
	var a *answer
	return errors.As(err, &api) || errors.As(err, &a)
}

// ofServer classifies an API server's own errors.
func ofServer(err error) (Verdict, bool) {
	var s apierrors.APIStatus
	if !errors.As(err, &s) {
		return Verdict{}, false
	}
	st := s.Status()
	wait := time.Duration(0)
	if st.Details != nil {
		wait = time.Duration(st.Details.RetryAfterSeconds) * time.Second
	}
	switch code := st.Code; {
	case apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, "DisruptionBudget"): // policy/v1 DisruptionBudgetCause
		return Verdict{Class: Wait, Reason: "a disruption budget allows no eviction now", After: wait}, true
	case code == http.StatusTooManyRequests:
		return Verdict{Class: Throttled, Reason: "the API server throttles", After: wait}, true
	case apierrors.IsConflict(err):
		return Verdict{Class: Retry, Reason: "somebody else changed it in between"}, true
	case apierrors.IsAlreadyExists(err):
		return Verdict{Class: Already}, true
	case code >= 500:
		return Verdict{Class: Retry, Reason: "the API server stumbled (HTTP " + strconv.Itoa(int(code)) + ")", After: wait}, true
	case code == http.StatusUnauthorized:
		// A principal that was just let in is known within seconds; a token that ran out is signed anew.
		return Verdict{Class: Retry, Reason: "the API server does not know the caller yet"}, true
	}
	return Verdict{}, true
}

// network classifies what went wrong on the way.
func network(err error) Verdict {
	var certificate *tls.CertificateVerificationError
	var dial *net.OpError
	var dns *net.DNSError
	var unreadable *smithy.DeserializationError
	var timeout net.Error
	switch {
	case errors.As(err, &certificate):
		return Verdict{Reason: "the certificate is not to be trusted"}
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
		return Verdict{Class: Retry, Reason: "there is no connection", Unreachable: true}
	case errors.Is(err, context.DeadlineExceeded):
		return Verdict{Class: Retry, Reason: "no answer in time"}
	case errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET),
		errors.Is(err, syscall.EPIPE),
		errors.Is(err, net.ErrClosed),
		utilnet.IsProbableEOF(err),
		utilnet.IsHTTP2ConnectionLost(err):
		return Verdict{Class: Retry, Reason: "the connection broke off"}
	case errors.As(err, &unreadable):
		return Verdict{Class: Retry, Reason: "the answer cannot be read"}
	case errors.As(err, &timeout): // every error of an HTTP client's, TLS handshake timeouts among them
		return Verdict{Class: Retry, Reason: "the connection failed"}
	}
	return Verdict{}
}

// after is what the header Retry-After says, in seconds.
func after(err error) time.Duration {
	var status *smithyhttp.ResponseError
	if !errors.As(err, &status) || status.Response == nil || status.Response.Response == nil {
		return 0
	}
	return retryAfter(status.Response.Header)
}

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n) * time.Second
}

// unchanged are the reasons of a change set that failed because nothing differs.
var unchanged = []string{"didn't contain changes", "No updates are to be performed"} // facts/repair.md §1.1

// Unchanged tells whether the reason of a failed change set is that there was nothing to
// change.
func Unchanged(reason string) bool {
	return slices.ContainsFunc(unchanged, func(u string) bool { return strings.Contains(reason, u) })
}

// Done tells whether an error says that what was asked for is so already.
func Done(err error) bool { return err != nil && Classify(err).Class == Already }
