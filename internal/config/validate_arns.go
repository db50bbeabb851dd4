package config

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/finding"
)

// anARN has six parts: arn:partition:service:region:account:resource.
var anARN = regexp.MustCompile(`^arn:([a-z0-9*-]+):[a-z0-9*-]+:[a-z0-9*-]*:[a-z0-9*]*:.+$`)

// arnField tells from a field's name whether it holds ARNs.
func arnField(path string) bool {
	leaf := path[strings.LastIndex(path, ".")+1:]
	leaf, _, _ = strings.Cut(leaf, "[")
	for _, end := range []string{"ARN", "ARNs", "Arn", "ermissionsBoundary"} {
		if strings.HasSuffix(leaf, end) && leaf != "noDuplicateARNs" {
			return true
		}
	}
	return false
}

// arns: every ARN of the file has an ARN's form and is of the region's partition: one
// of another partition names nothing that could be there. Policies are looked through
// too, for IAM refuses such a one.
func arns(f *File) finding.Findings {
	var ps finding.Findings
	want := eksfacts.Partition(f.Cluster.Metadata.Region)
	eachText(reflect.ValueOf(f.Cluster), "", func(path, s string) {
		if s == "" || strings.HasSuffix(path, "principalARN") && !strings.HasPrefix(s, "arn:") {
			return // the rule for access says it
		}
		m := anARN.FindStringSubmatch(s)
		switch {
		case m == nil && arnField(path):
			ps = append(ps, f.At("arn-invalid", path, "%q is no ARN, such as arn:%s:iam::111122223333:role/name", short(s), want))
		case m != nil && m[1] != want && !strings.Contains(m[1], "*"):
			ps = append(ps, f.At("arn-partition", path, "%s is in AWS's partition %s; the region %s is in %s", s, m[1], f.Cluster.Metadata.Region, want).
				With("write arn:"+want+strings.TrimPrefix(s, "arn:"+m[1])))
		}
	})
	return ps
}

// eachText visits every text of a config with its path, maps in order of their keys.
func eachText(v reflect.Value, path string, visit func(path, s string)) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			eachText(v.Elem(), path, visit)
		}
	case reflect.Struct:
		known := properties(v.Type())
		for _, k := range sorted(known) {
			eachText(v.FieldByIndex(known[k].Index), join(path, k), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachText(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case reflect.Map:
		byName := map[string]reflect.Value{}
		for _, k := range v.MapKeys() {
			byName[k.String()] = v.MapIndex(k)
		}
		for _, k := range sorted(byName) {
			eachText(byName[k], join(path, k), visit)
		}
	case reflect.String:
		visit(path, v.String())
	}
}
