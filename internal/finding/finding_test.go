package finding

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestAFindingSaysWhereWhatAndWhatToDo(t *testing.T) {
	for want, f := range map[string]Finding{
		"c.yaml:3:5: addons[0].name: is empty (write one)": {Where: Where{File: "c.yaml", Line: 3, Column: 5, Path: "addons[0].name"}, What: "is empty", Remedy: "write one"},
		"subnet-1: is full; no node can start":             {Where: Where{Resource: "subnet-1"}, What: "is full", Breaks: "no node can start"},
		"quota-vpcs: five of five VPCs":                    {Code: "quota-vpcs", What: "five of five VPCs"},
		`c.yaml: a\x1b[31mb`:                               {Where: Where{File: "c.yaml"}, What: "a\x1b[31mb"},
		"c.yaml: cannot be read":                           {Where: Where{File: "c.yaml"}, What: "cannot be read"},
	} {
		if got := f.Error(); got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

func TestFindingsAreAnErrorWhenOneIs(t *testing.T) {
	fs := Findings{{What: "a", Severity: Warning}}
	if fs.Err() != nil {
		t.Error("a warning is an error")
	}
	fs = append(fs, Finding{What: "b", Cause: io.ErrUnexpectedEOF, Input: true})
	err := fmt.Errorf("planning: %w", fs.Err())
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
	if got, ok := Of(err); !ok || len(got) != 2 || got.Input() {
		t.Errorf("%v %v", got, ok)
	}
}

func TestJSONLeavesOutWhatIsEmpty(t *testing.T) {
	b, err := json.Marshal(Finding{Code: "x", What: "y"})
	if err != nil || string(b) != `{"code":"x","what":"y"}` {
		t.Errorf("%s %v", b, err)
	}
}
