package kubeapi

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// form is how objects of one resource are stored, as against how its registry knows them.
type form interface {
	// stored is an object in its storage version, sharing nothing.
	stored(runtime.Object) (runtime.Object, error)
	// load fills an object of the registry's from a row, sharing nothing.
	load(row, into runtime.Object) error
	// view is a row as the registry knows it, to be read only.
	view(row runtime.Object) (runtime.Object, error)
}

// typed is the form of built-in kinds: registries hold the internal version, rows are in
// the version that Kubernetes would write.
type typed struct {
	scheme  *runtime.Scheme
	gv      schema.GroupVersion
	newFunc func() runtime.Object
}

func (f typed) stored(o runtime.Object) (runtime.Object, error) {
	// A conversion may share memory with what it converts.
	row, err := f.scheme.ConvertToVersion(o.DeepCopyObject(), f.gv)
	if err == nil {
		f.scheme.Default(row) // as etcd's decoder does when it is read again
		row.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	return row, err
}

func (f typed) load(row, into runtime.Object) error {
	return f.scheme.Convert(row.DeepCopyObject(), into, nil)
}

func (f typed) view(row runtime.Object) (runtime.Object, error) {
	o := f.newFunc()
	return o, f.scheme.Convert(row, o, nil)
}

// custom is the form of custom resources: the codec of their definition writes the storage
// version and reads the served one, with pruning, defaults and conversion.
type custom struct {
	codec   runtime.Codec
	newFunc func() runtime.Object
}

func (f custom) stored(o runtime.Object) (runtime.Object, error) {
	b, err := runtime.Encode(f.codec, o)
	if err != nil {
		return nil, err
	}
	row := &unstructured.Unstructured{}
	return row, row.UnmarshalJSON(b)
}

func (f custom) load(row, into runtime.Object) error {
	b, err := row.(*unstructured.Unstructured).MarshalJSON()
	if err != nil {
		return err
	}
	o, _, err := f.codec.Decode(b, nil, into)
	if err == nil && o != into {
		err = set(into, o)
	}
	return err
}

func (f custom) view(row runtime.Object) (runtime.Object, error) {
	o := f.newFunc()
	return o, f.load(row, o)
}
