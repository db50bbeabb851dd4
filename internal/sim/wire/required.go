package wire

import (
	"fmt"
	"reflect"
	"strings"
)

// require refuses an input that lacks a member which the model requires, in the words
// of the service's protocol.
func (s *Service) require(op string, in any) error {
	var missing []string
	s.walkRequired(reflect.ValueOf(in), &ref{T: s.Ops[op].In}, "", &missing)
	if len(missing) == 0 {
		return nil
	}
	if s.Protocol == "AwsEc2QueryProtocol" {
		return Errorf("MissingParameter", "The request must contain the parameter %s", missing[0])
	}
	var said []string
	for _, m := range missing {
		said = append(said, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", m))
	}
	errors := "errors"
	if len(said) == 1 {
		errors = "error"
	}
	code := "ValidationException"
	switch {
	case s.Protocol == "AwsQueryProtocol":
		code = "ValidationError"
	case s.name == "eks" || s.name == "logs":
		code = "InvalidParameterException"
	}
	return Errorf(code, "%d validation %s detected: %s", len(said), errors, strings.Join(said, "; "))
}

func (s *Service) walkRequired(v reflect.Value, r *ref, path string, missing *[]string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	kind, sh := s.norm(r)
	switch kind {
	case "struct":
		for _, n := range sh.Req {
			if fv := field(v, n); fv.IsValid() && !isSet(fv) {
				*missing = append(*missing, join(path, s.said(n)))
			}
		}
		for _, n := range sh.order {
			if fv := field(v, n); fv.IsValid() && isSet(fv) {
				s.walkRequired(fv, sh.fields[n], join(path, s.said(n)), missing)
			}
		}
	case "list":
		for i := range v.Len() {
			s.walkRequired(v.Index(i), sh.item, fmt.Sprintf("%s.%d.member", path, i+1), missing)
		}
	}
}

// said is a member's name as errors say it.
func (s *Service) said(n string) string {
	if s.Protocol == "AwsEc2QueryProtocol" {
		return n
	}
	return strings.ToLower(n[:1]) + n[1:]
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
