package kubeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/user"
)

// Writer is a part of the control plane that writes by requests to the API, as clients do.
type Writer struct {
	user user.Info
	// Agent is the program, as the User-Agent header has it.
	Agent string
	// Manager is whose the fields are that it sets (managedFields); "": the agent's.
	Manager string
}

// NewWriter is a program of the control plane's that comes as a user.
func NewWriter(name, agent, manager string) *Writer {
	return &Writer{&user.DefaultInfo{Name: name, Groups: []string{user.AllAuthenticated}}, agent, manager}
}

// NewSubject is a program of AWS's that may do what RBAC lets its user do, and no more.
func NewSubject(name, agent string) *Writer {
	return &Writer{user: &subject{user.DefaultInfo{Name: name, Groups: []string{user.AllAuthenticated}}}, Agent: agent}
}

// subject is a user on the control plane's own way in who is not let off RBAC.
type subject struct{ user.DefaultInfo }

// path is where the API has a kind's objects, or one of them.
func (k kind) path(ns, name string) string {
	path := "/apis/" + k.gv.String()
	if k.gv.Group == "" {
		path = "/api/" + k.gv.Version
	}
	if k.namespaced {
		path += "/namespaces/" + ns
	}
	path += "/" + k.resource
	if name != "" {
		path += "/" + name
	}
	return path
}

// ask has the API server answer a request, and is the error that it says. Whether the API is
// down is not asked: that is for those outside of the control plane.
func (c *Cluster) ask(w *Writer, method, path, contentType string, body []byte, options ...string) error {
	q := url.Values{}
	if w.Manager != "" {
		q.Set("fieldManager", w.Manager)
	}
	for i := 0; i < len(options); i += 2 {
		q.Set(options[i], options[i+1])
	}
	ctx := context.WithValue(withCluster(context.Background(), c), loopbackKey{}, w.user)
	r, err := http.NewRequestWithContext(ctx, method, "https://kubernetes.default.svc"+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", w.Agent)
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	x := &recorder{header: http.Header{}, status: http.StatusOK}
	serverOf(c.Version()).Handler.ServeHTTP(x, r)
	if x.status < http.StatusMultipleChoices {
		return nil
	}
	e := &apierrors.StatusError{}
	if json.Unmarshal(x.body.Bytes(), &e.ErrStatus) != nil || e.ErrStatus.Message == "" {
		b, _ := io.ReadAll(&x.body) //nolint:errcheck // it is in memory
		return fmt.Errorf("%s %s: status %d: %s", method, path, x.status, b)
	}
	return e
}
