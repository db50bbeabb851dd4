package kubeapi

import (
	"context"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// aged makes tables whose ages are the world's: upstream's printers subtract from the
// wall's time, so they are shown objects whose times are moved by the difference.
type aged struct{ rest.TableConvertor }

// age gives a registry such tables; storages that wrap one keep it in a field Store.
func age(s rest.Storage) {
	v := reflect.Indirect(reflect.ValueOf(s))
	if v.Kind() != reflect.Struct {
		return
	}
	f := v.FieldByName("Store")
	if !f.IsValid() {
		return
	}
	if st, ok := f.Interface().(*registry.Store); ok {
		if _, done := st.TableConvertor.(aged); !done {
			st.TableConvertor = aged{st.TableConvertor}
		}
	}
}

func (a aged) ConvertToTable(ctx context.Context, o, opts runtime.Object) (*metav1.Table, error) {
	moved := o.DeepCopyObject()
	shift(reflect.ValueOf(moved), time.Since(clusterOf(ctx).objects.date()))
	t, err := a.TableConvertor.ConvertToTable(ctx, moved, opts)
	if err != nil {
		return nil, err
	}
	rows := []runtime.Object{o}
	if meta.IsListType(o) {
		if rows, err = meta.ExtractList(o); err != nil {
			return nil, err
		}
	}
	for i := range t.Rows {
		if i < len(rows) && t.Rows[i].Object.Object != nil {
			t.Rows[i].Object.Object = rows[i]
		}
	}
	return t, nil
}

var (
	timeType  = reflect.TypeFor[metav1.Time]()
	microType = reflect.TypeFor[metav1.MicroTime]()
)

// shift moves every time in a value.
func shift(v reflect.Value, d time.Duration) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if u, ok := v.Interface().(*unstructured.Unstructured); ok {
			shiftTimestamps(u.Object, d)
		} else if !v.IsNil() {
			shift(v.Elem(), d)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			shift(v.Index(i), d)
		}
	case reflect.Struct:
		switch v.Type() {
		case timeType:
			if t := v.Addr().Interface().(*metav1.Time); !t.IsZero() {
				t.Time = t.Add(d)
			}
		case microType:
			if t := v.Addr().Interface().(*metav1.MicroTime); !t.IsZero() {
				t.Time = t.Add(d)
			}
		case reflect.TypeFor[unstructured.Unstructured]():
			shiftTimestamps(v.Addr().Interface().(*unstructured.Unstructured).Object, d)
		default:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					shift(v.Field(i), d)
				}
			}
		}
	}
}

// shiftTimestamps moves what looks like a time in a custom resource; which columns are
// dates is its definition's business.
func shiftTimestamps(x any, d time.Duration) {
	move := func(v any) any {
		s, ok := v.(string)
		if !ok {
			shiftTimestamps(v, d)
			return v
		}
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return v
		}
		return t.Add(d).UTC().Format(time.RFC3339)
	}
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			x[k] = move(v)
		}
	case []any:
		for i, v := range x {
			x[i] = move(v)
		}
	}
}
