package wire

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
)

// Call does an operation without a request: for what a file says that somebody called.
// Parameters are JSON, by the names that the aws CLI takes in --cli-input-json. The caller
// is who it says; nobody asks for a signature or for permissions.
func (s *Server) Call(c *Caller, op string, parameters json.RawMessage) (out any, err error) {
	svc := s.service(c.Service)
	if svc == nil {
		return nil, Errorf("InvalidAction", "The simulated region does not serve the service %s.", c.Service)
	}
	h, err := svc.lookup(op, "InvalidAction", http.StatusBadRequest)
	if err != nil {
		return nil, err
	}
	var j any = map[string]any{}
	if len(parameters) > 0 {
		d := json.NewDecoder(bytes.NewReader(parameters))
		d.UseNumber()
		if err := d.Decode(&j); err != nil {
			return nil, Errorf("SerializationException", "%v", err)
		}
	}
	in := reflect.New(h.in)
	if err := svc.decodeJSON(j, &ref{T: svc.Ops[op].In}, in.Elem()); err != nil {
		return nil, Errorf("SerializationException", "%v", err)
	}
	if err := svc.constrain(op, in.Interface()); err != nil {
		return nil, err
	}
	if c.HTTP == nil {
		c.HTTP = httptest.NewRequest(http.MethodPost, "/", nil)
		c.HTTP.Header.Set("User-Agent", "aws-cli")
	}
	s.Around(func() {
		out, err = h.answer(c, in.Interface(), 0)
		if s.After != nil {
			s.After(c, op, in.Interface(), out, err)
		}
	})
	return out, err
}
