package iam

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// AWS managed policies, as IAM answered them on 1 May 2026 (managed/extract.py says from
// where). One that is newer is not there, as in an account of that day.
//
//go:embed managed/policies.tsv.gz
var managedTSV []byte

// managedPolicy is a policy that AWS manages: its default version.
type managedPolicy struct {
	types.Policy
	document string
}

// managed are AWS's policies by path and name, and those in IAM's order.
var managed = sync.OnceValues(func() (map[string]*managedPolicy, []string) {
	z, err := gzip.NewReader(bytes.NewReader(managedTSV))
	if err != nil {
		panic(err) // it is embedded
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	by, order := map[string]*managedPolicy{}, []string{}
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5)
		made, err := time.Parse(time.RFC3339, f[2])
		changed, err2 := time.Parse(time.RFC3339, f[3])
		if err != nil || err2 != nil {
			panic(fmt.Sprint(f[0], err, err2))
		}
		path, name := f[0][:strings.LastIndex(f[0], "/")+1], lastOf(f[0])
		by[f[0]] = &managedPolicy{document: f[4], Policy: types.Policy{PolicyName: &name, Path: &path, DefaultVersionId: &f[1],
			CreateDate: &made, UpdateDate: &changed, IsAttachable: true}}
		order = append(order, f[0])
	}
	return by, order
})

// serviceRolePath is where the policies and roles are that only services use.
const serviceRolePath = "/aws-service-role/"

// managedBy is AWS's policy of an ARN, or nil.
func (i *IAM) managedBy(arn string) *managedPolicy {
	name, ours := strings.CutPrefix(arn, "arn:"+i.Partition+":iam::aws:policy")
	if !ours {
		return nil
	}
	by, _ := managed()
	m := by[name]
	if m == nil {
		return nil
	}
	v := *m
	v.Arn = &arn
	v.PolicyId = new("ANPA" + strings.ToUpper(digest(arn)[:17]))
	if i.Partition != "aws" {
		v.document = strings.ReplaceAll(v.document, `"arn:aws:`, `"arn:`+i.Partition+`:`)
	}
	return &v
}
