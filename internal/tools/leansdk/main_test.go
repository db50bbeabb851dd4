package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const lean = "../../aws/ec2"

// What is committed is what the generator makes of the list and of the SDK's version
// in go.mod: nobody edits it, and nobody forgets to make it anew.
func TestTheLeanClientIsUpToDate(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all of the SDK's EC2 client")
	}
	ops, err := operations("ec2.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "ec2")
	if err := run("ec2", ops, out, "github.com/slipway-eks/slipway/internal/aws/ec2"); err != nil {
		t.Fatal(err)
	}
	made, committed := read(t, out), read(t, lean)
	for name, text := range made {
		if committed[name] != text {
			t.Errorf("%s is not what the generator makes: run make generate", name)
		}
	}
	for name := range committed {
		if _, ok := made[name]; !ok {
			t.Errorf("%s is not made by the generator any more: run make generate", name)
		}
	}
}

func TestAnOperationThatTheSDKDoesNotKnowIsNamed(t *testing.T) {
	if _, err := operations("no-such-file"); err == nil {
		t.Error("a list that is not there is read")
	}
	name := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(name, []byte("# a comment\n\nDescribeVpcs # why\nCreateVpc types\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ops, err := operations(name)
	if err != nil || !slices.Equal(ops, []operation{{"DescribeVpcs", false}, {"CreateVpc", true}}) {
		t.Errorf("%v %v", ops, err)
	}
	if err := os.WriteFile(name, []byte("DescribeVpcs and more\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := operations(name); err == nil {
		t.Error("a line that is no operation is passed over")
	}
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		out[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
