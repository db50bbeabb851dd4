package wire

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// asked is what a service answers to a request.
func asked(t *testing.T, signing, target, path, body string, register func(*Service)) *httptest.ResponseRecorder {
	t.Helper()
	s := NewServer()
	s.Log = func(format string, a ...any) { t.Errorf(format, a...) }
	s.Add(signing, signing, register)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, Asked{Service: signing, Method: http.MethodPost, Path: path, Target: target, Body: body}.HTTP("AKIA"))
	return w
}

// A union is an interface in the SDK, whose members cannot be found: a request that has one
// is refused.
func TestUnionsAreRefused(t *testing.T) {
	w := asked(t, "iam", "", "/", "Action=SimulatePrincipalPolicy&PolicySourceArn=x&ActionNames.member.1=x&PolicyExclusionList.member.1.PolicyArn=x", func(s *Service) {
		Handle(s, "SimulatePrincipalPolicy", func(*Caller, *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
			return &iam.SimulatePrincipalPolicyOutput{}, nil
		})
	})
	if w.Code != 400 || !strings.Contains(w.Body.String(), "unexpected object for types.PolicyIdentifier") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// Numbers are refused where they do not fit, and do not become others.
func TestNumbersThatDoNotFitAreRefused(t *testing.T) {
	var size *int32
	for body, want := range map[string]string{
		`{"nodegroupName":"g","scalingConfig":{"minSize":4294967297}}`:  "value out of range",
		`{"nodegroupName":"g","scalingConfig":{"minSize":-2147483649}}`: "value out of range",
		`{"nodegroupName":"g","scalingConfig":{"minSize":1.5}}`:         "invalid syntax",
		`{"nodegroupName":"g","scalingConfig":{"minSize":"NaN"}}`:       "invalid syntax",
		`{"nodegroupName":"g","scalingConfig":{"minSize":2}}`:           "",
	} {
		size = nil
		w := asked(t, "eks", "", "/clusters/c/node-groups/g/update-config", body, func(s *Service) {
			Handle(s, "UpdateNodegroupConfig", func(_ *Caller, in *eks.UpdateNodegroupConfigInput) (*eks.UpdateNodegroupConfigOutput, error) {
				size = in.ScalingConfig.MinSize
				return &eks.UpdateNodegroupConfigOutput{Update: &ekstypes.Update{}}, nil
			})
		})
		if want == "" {
			if w.Code != 200 || size == nil || *size != 2 {
				t.Errorf("%s: answered %d %s", body, w.Code, w.Body)
			}
		} else if w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: answered %d %s", body, w.Code, w.Body)
		}
	}
}

// A date that no year of four digits has is refused: nothing could repeat it.
func TestDatesThatNothingCanSayAreRefused(t *testing.T) {
	for date, ok := range map[string]bool{"1e300": false, "-1e300": false, "-62167219201": false, "NaN": false, "253402300800": false, "253402300799": true, "1795305600.5": true} {
		var at time.Time
		err := setScalar(reflect.ValueOf(&at).Elem(), date, true)
		if _, said := at.MarshalJSON(); (err == nil) != ok || said != nil {
			t.Errorf("%s: %s, %v, %v", date, at, err, said)
		}
	}
}

// What no XML can say is not repeated: no client could read the answer.
func TestAnswersInXMLAreReadable(t *testing.T) {
	for _, action := range []string{"a%00b", "%1b", "%ff%fe", "%ef%bf%be", "%ed%a0%80", "a%0db", "<&>%22"} {
		w := asked(t, "iam", "", "/", "Action="+action, func(*Service) {})
		var said struct{ Error struct{ Message string } }
		if err := xml.Unmarshal(w.Body.Bytes(), &said); err != nil {
			t.Errorf("%s: answered %q: %v", action, w.Body, err)
		}
		if action == "a%0db" && !strings.Contains(said.Error.Message, "a\rb") {
			t.Errorf("the carriage return is lost: %q", said.Error.Message)
		}
	}
}

// Names and paths that are as long as a body may be are answered soon.
func TestLongNamesAreAnsweredSoon(t *testing.T) {
	begun := time.Now()
	asked(t, "iam", "", "/", "Action=CreateRole&"+strings.Repeat("a.", MaxBody/2-20)+"=x", func(s *Service) {
		Handle(s, "CreateRole", func(*Caller, *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
			return &iam.CreateRoleOutput{}, nil
		})
	})
	if w := asked(t, "eks", "", "/"+strings.Repeat("a/", MaxBody/2), "", func(*Service) {}); w.Code != http.StatusRequestURITooLong {
		t.Errorf("answered %d %.200s", w.Code, w.Body)
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}
