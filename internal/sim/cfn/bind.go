package cfn

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// bind copies properties into an SDK input by field name; CloudFormation accepts
// numbers and booleans as strings.
func bind(v any, dst any) error { return bindValue(v, reflect.ValueOf(dst).Elem()) }

func bindValue(v any, dst reflect.Value) error {
	if v == nil {
		return nil
	}
	if dst.Kind() == reflect.Pointer {
		if dst.IsNil() {
			dst.Set(reflect.New(dst.Type().Elem()))
		}
		return bindValue(v, dst.Elem())
	}
	if p, ok := v.(values); ok {
		v = map[string]any(p)
	}
	switch x := v.(type) {
	case map[string]any:
		if dst.Kind() == reflect.String {
			b, err := json.Marshal(x)
			dst.SetString(string(b))
			return err
		}
		return bindMap(x, dst)
	case []any:
		if dst.Kind() != reflect.Slice {
			return said("Value of property must be of type %s", dst.Type())
		}
		out := reflect.MakeSlice(dst.Type(), len(x), len(x))
		for i, e := range x {
			if err := bindValue(e, out.Index(i)); err != nil {
				return err
			}
		}
		dst.Set(out)
		return nil
	}
	return bindScalar(fmt.Sprint(v), dst)
}

func bindMap(x map[string]any, dst reflect.Value) error {
	switch dst.Kind() {
	case reflect.Map:
		out := reflect.MakeMap(dst.Type())
		if dst.Type().Key().Kind() != reflect.String {
			return said("Value of property must be of type %s", dst.Type())
		}
		for k, e := range x {
			y := reflect.New(dst.Type().Elem()).Elem()
			if err := bindValue(e, y); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(k).Convert(dst.Type().Key()), y)
		}
		dst.Set(out)
		return nil
	case reflect.Struct:
		for _, k := range sorted(x) {
			e := x[k]
			f := dst.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, k) })
			if !f.IsValid() || !f.CanSet() {
				return fmt.Errorf("extraneous key [%s] is not permitted", k)
			}
			if err := bindValue(e, f); err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
		}
		return nil
	}
	return said("Value of property must be of type %s", dst.Type())
}

func bindScalar(s string, dst reflect.Value) error {
	switch {
	case dst.Kind() == reflect.String:
		dst.SetString(s)
	case dst.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(s)
		dst.SetBool(b)
		return err
	case dst.CanInt():
		f, err := strconv.ParseFloat(s, 64)
		dst.SetInt(int64(f))
		return err
	case dst.CanFloat():
		f, err := strconv.ParseFloat(s, 64)
		dst.SetFloat(f)
		return err
	case dst.Kind() == reflect.Slice && dst.Type().Elem().Kind() == reflect.Uint8:
		b, err := base64.StdEncoding.DecodeString(s)
		dst.SetBytes(b)
		return err
	default:
		return fmt.Errorf("cannot use %q as %s", s, dst.Type())
	}
	return nil
}

func doc(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
