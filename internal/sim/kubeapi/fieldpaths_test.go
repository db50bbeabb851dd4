package kubeapi

import (
	"encoding/json"
	"testing"
)

// What is yielded is what is named and owned: a field, an element of a list by its keys or by
// its value, and nothing beside it.
func TestYieldTakesOutWhatIsNamed(t *testing.T) {
	const owned = `{"f:metadata": {"f:labels": {"f:app.kubernetes.io/version": {}}, "f:finalizers": {"v:\"a/b\"": {}}},
		"f:spec": {"f:replicas": {}, "f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:image": {},
		"f:ports": {"k:{\"containerPort\":53,\"protocol\":\"UDP\"}": {".": {}, "f:name": {}}}}}}}`
	const manifest = `{"metadata": {"labels": {"app.kubernetes.io/version": "1", "a": "b"}, "finalizers": ["a/b", "c"]}, "spec": {"replicas": 2,
		"containers": [{"name": "d", "image": "x"}, {"name": "c", "image": "y", "ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"},
		{"containerPort": 53, "protocol": "TCP"}]}]}}`
	for _, c := range []struct {
		named []string
		want  string
	}{
		{[]string{`.spec.containers[name="c"].image`},
			`{"metadata":{"finalizers":["a/b","c"],"labels":{"a":"b","app.kubernetes.io/version":"1"}},"spec":{"containers":[{"image":"x","name":"d"},` +
				`{"name":"c","ports":[{"containerPort":53,"name":"dns","protocol":"UDP"},{"containerPort":53,"protocol":"TCP"}]}],"replicas":2}}`},
		{[]string{".metadata.labels.app.kubernetes.io/version", `.metadata.finalizers[="a/b"]`, ".spec.replicas",
			`.spec.containers[name="c"].ports[containerPort=53,protocol="UDP"]`, `.spec.containers[name="d"].image`},
			`{"metadata":{"finalizers":["c"],"labels":{"a":"b"}},"spec":{"containers":[{"image":"x","name":"d"},` +
				`{"image":"y","name":"c","ports":[{"containerPort":53,"protocol":"TCP"}]}]}}`},
	} {
		var m, o map[string]any
		if json.Unmarshal([]byte(manifest), &m) != nil || json.Unmarshal([]byte(owned), &o) != nil {
			t.Fatal("no JSON")
		}
		b, err := json.Marshal(yield(m, o, "", c.named))
		if err != nil || string(b) != c.want {
			t.Errorf("%q leaves %s, %v\nwant %s", c.named, b, err, c.want)
		}
	}
}
