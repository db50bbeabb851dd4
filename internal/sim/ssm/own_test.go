package ssm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/slipway-eks/slipway/internal/testregion"
)

func code(err error) string {
	if e := smithy.APIError(nil); errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

// A parameter of the account's own is written, read, listed and removed; a secret one is
// readable where it is decrypted.
func TestOwnParameters(t *testing.T) {
	c, ctx := testregion.New(t, testregion.Load(t, testregion.Cluster), 1).AWS.SSM, t.Context()
	put := func(name, value string, kind types.ParameterType, over bool) error {
		_, err := c.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: &value, Type: kind, Overwrite: &over})
		return err
	}
	for name, want := range map[string]string{"/app/a": "", "/app/b/c": "", "plain": "", "/aws/x": "AccessDeniedException", "ssm": "ValidationException",
		"a/b": "ValidationException", "/" + strings.Repeat("x/", 16) + "x": "HierarchyLevelLimitExceededException"} {
		if err := put(name, "v", types.ParameterTypeString, false); code(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if err := put("/app/a", "w", "", false); code(err) != "ParameterAlreadyExists" {
		t.Errorf("again: %v", err)
	}
	if err := put("/app/a", "w", "", true); err != nil {
		t.Error(err)
	}
	if err := put("/app/s", "secret", types.ParameterTypeSecureString, false); err != nil {
		t.Error(err)
	}
	read := func(name string, decrypted bool) string {
		t.Helper()
		out, err := c.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: &decrypted})
		if err != nil {
			t.Fatal(err)
		}
		return *out.Parameter.Value
	}
	if read("/app/a", false) != "w" || read("/app/a:1", false) != "v" || read("/app/s", true) != "secret" || strings.Contains(read("/app/s", false), "secret") ||
		read("arn:aws:ssm:us-west-2:111122223333:parameter/plain", false) != "v" {
		t.Error("a value is not what was written")
	}
	for _, x := range []struct {
		path string
		deep bool
		want int
	}{{"/app", false, 2}, {"/app/", true, 3}, {"/aws/service/eks/optimized-ami/1.34/amazon-linux-2023", true, 75}, {"/", true, 200}} {
		n := 0
		for pages := ssm.NewGetParametersByPathPaginator(c, &ssm.GetParametersByPathInput{Path: &x.path, Recursive: &x.deep}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Parameters)
		}
		if n != x.want && (x.path != "/" || n < 100) {
			t.Errorf("below %s: %d, want %d", x.path, n, x.want)
		}
	}
	several, err := c.GetParameters(ctx, &ssm.GetParametersInput{Names: []string{"/app/a", "none"}})
	if err != nil || len(several.Parameters) != 1 || len(several.InvalidParameters) != 1 {
		t.Errorf("%+v %v", several, err)
	}
	list, err := c.DescribeParameters(ctx, &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: new("Name"), Option: new("BeginsWith"), Values: []string{"/app/"}}}})
	if err != nil || len(list.Parameters) != 3 || list.Parameters[0].Tier != types.ParameterTierStandard {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := c.DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: new("/app/a")}); err != nil {
		t.Error(err)
	}
	if _, err := c.GetParameter(ctx, &ssm.GetParameterInput{Name: new("/app/a")}); code(err) != "ParameterNotFound" {
		t.Errorf("%v", err)
	}
}
