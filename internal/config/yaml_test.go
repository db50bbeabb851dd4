package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-eks/slipway/internal/finding"
)

func mustLoad(t *testing.T, text string) *File {
	t.Helper()
	f, err := Load("f.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// refused loads what must be refused.
func refused(t *testing.T, text string) finding.Findings {
	t.Helper()
	_, err := Load("f.yaml", []byte(text))
	var fs finding.Findings
	if !errors.As(err, &fs) || len(fs) == 0 {
		t.Fatalf("not refused: %v", err)
	}
	for _, f := range fs {
		if f.Code == "" || f.Severity != finding.Error || !f.Input || f.Where.File != "f.yaml" || f.What == "" {
			t.Errorf("a finding that is not whole: %+v", f)
		}
	}
	return fs
}

func TestAliasesAndMergeKeysAreRead(t *testing.T) {
	c := mustLoad(t, `x-defaults: &defaults
  instanceType: t3.large
  volumeSize: 30
`+head+`managedNodeGroups:
  - &first
    <<: *defaults
    name: a
    labels: &l {tier: web}
    iam: {attachPolicyARNs: &p ["arn:aws:iam::aws:policy/A"]}
  - <<: *first
    name: b
    labels: {<<: *l, tier: db, rack: "1"}
  - <<: [{volumeSize: 40}, *defaults]
    name: c
nodeGroups:
  - name: d
    kubeletExtraConfig: &k {maxPods: 9, kubeReserved: {cpu: 100m}}
  - name: e
    kubeletExtraConfig: {<<: *k, maxPods: 10}
`).Cluster
	a, b, last := c.ManagedNodeGroups[0], c.ManagedNodeGroups[1], c.ManagedNodeGroups[2]
	if a.InstanceType != "t3.large" || *a.VolumeSize != 30 || a.Labels["tier"] != "web" {
		t.Errorf("a: %+v", a)
	}
	if b.Name != "b" || b.InstanceType != "t3.large" || b.Labels["tier"] != "db" || b.Labels["rack"] != "1" || b.IAM.AttachPolicyARNs[0] != "arn:aws:iam::aws:policy/A" {
		t.Errorf("b: %+v", b)
	}
	if *last.VolumeSize != 40 || last.InstanceType != "t3.large" || last.Labels != nil {
		t.Errorf("c: the first of several sources wins: %+v", last)
	}
	if e := c.NodeGroups[1].KubeletExtraConfig; e["maxPods"] != 10.0 || fmt.Sprint(e["kubeReserved"]) != "map[cpu:100m]" {
		t.Errorf("e: %v", e)
	}
}

// What is wrong in a merged value is shown where it is written.
func TestAMergedFaultIsShownAtItsAnchor(t *testing.T) {
	fs := refused(t, head+"managedNodeGroups:\n  - &a\n    name: a\n    volumeType: floppy\n  - <<: *a\n    name: b\n")
	if len(fs) != 2 || fs[0].Where.Line != 7 || fs[1].Where.Line != 7 || fs[1].Where.Path != "managedNodeGroups[1].volumeType" {
		t.Errorf("%v", fs)
	}
}

// The n-th line holds ten times what the one before it holds.
func bomb(lines int, merge bool) string {
	var b strings.Builder
	b.WriteString("x-0: &a0 {a: b}\n")
	for i := 1; i < lines; i++ {
		refs := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", ")
		if merge {
			fmt.Fprintf(&b, "x-%d: &a%d {<<: [%s], k%d: v}\n", i, i, refs, i)
		} else {
			fmt.Fprintf(&b, "x-%d: &a%d [%s]\n", i, i, refs)
		}
	}
	return b.String() + head + fmt.Sprintf("nodeGroups: [{name: n, kubeletExtraConfig: {x: *a%d}}]\n", lines-1)
}

func TestAliasesThatCannotBeReadAreRefusedInWords(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"bomb", bomb(12, false), "the aliases of this file stand for more than"},
		{"bomb of merges", bomb(12, true), "the aliases of this file stand for more than"},
		{"cycle", head + "nodeGroups: [{name: n, kubeletExtraConfig: &k {a: *k}}]\n", "stands within its own anchor"},
		{"cycle of merges", head + "nodeGroups: [{name: n, kubeletExtraConfig: &k {<<: *k}}]\n", "stands within its own anchor"},
		{"cycle through two", head + "nodeGroups: [{name: n, kubeletExtraConfig: &k {a: {b: *k}}}]\n", "stands within its own anchor"},
		{"no anchor", head + "vpc: *nope\n", "the alias *nope names no anchor before it"},
		{"anchor behind", head + "vpc: *v\nx-v: &v {cidr: 10.0.0.0/16}\n", "names no anchor before it"},
		{"merge of a text", head + "vpc: {<<: abc}\n", `a merge key (<<) takes a mapping, or a list of mappings, not the text "abc"`},
		{"merged twice", head + "x-a: &a {}\nvpc: {<<: *a, <<: *a}\n", "the key is written twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := refused(t, c.text)
			if len(fs) != 1 || !strings.Contains(fs[0].What, c.says) || fs[0].Remedy == "" || fs[0].Where.Line == 0 {
				t.Errorf("expected one finding that says %q: %v", c.says, fs)
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	for name, text := range map[string]string{
		"a comment's first":   "---\n# nothing here\n---\n" + head,
		"three empty ones":    "---\n---\n---\n" + head,
		"an empty last":       head + "---\n",
		"a comment's last":    head + "---\n# that is all\n",
		"an end":              head + "...\n",
		"carriage returns":    strings.ReplaceAll(head, "\n", "\r\n"),
		"a mark":              "\ufeff" + head,
		"a mark and a header": "\ufeff---\n" + head,
	} {
		if _, err := Load("f.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	fs := refused(t, head+"---\n"+head)
	if fs[0].Code != "second-document" || fs[0].Where.Line < 5 {
		t.Errorf("%v", fs)
	}
	fs = refused(t, "---\n# a comment\n---\napiVersion: eksctl.io/v1alpha5\nkind: Cluster\nmetadata: {name: c, region: us-west-2}\n")
	if fs[0].Where.Line != 5 {
		t.Errorf("lines are counted from the file's start: %v", fs)
	}
}

func utf16(s string, big bool) string {
	var b strings.Builder
	for _, r := range s {
		if big {
			b.WriteString("\x00" + string(r))
		} else {
			b.WriteString(string(r) + "\x00")
		}
	}
	return b.String()
}

func TestOtherEncodingsAreRefusedInWords(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"UTF-16LE", "\xff\xfe" + utf16(head, false), "is text in UTF-16; expected UTF-8"},
		{"UTF-16BE", "\xfe\xff" + utf16(head, true), "is text in UTF-16; expected UTF-8"},
		{"UTF-16 without a mark", utf16(head, false), "is text in UTF-16; expected UTF-8"},
		{"UTF-32", "\xff\xfe\x00\x00" + head, "is text in UTF-32; expected UTF-8"},
		{"binary", head + "vpc: \x00\n", "holds binary data"},
		{"Latin-1", head + "# caf\xe9\n", "the byte 0xE9 is no part of a character"},
		{"endless", strings.Repeat("#", sizeLimit+1), "is longer than 4 MiB"},
	} {
		fs := refused(t, c.text)
		if len(fs) != 1 || fs[0].Code != "file-encoding" || !strings.Contains(fs[0].Error(), c.says) {
			t.Errorf("%s: %.200v", c.name, fs)
		}
	}
	if fs := refused(t, head+"# caf\xe9\n"); fs[0].Where.Line != 4 || fs[0].Where.Column != 6 {
		t.Errorf("at %d:%d", fs[0].Where.Line, fs[0].Where.Column)
	}
}

// What is found wrong is printed on terminals: what it quotes cannot steer them.
func TestNoControlCharactersReachTheTerminal(t *testing.T) {
	for _, text := range []string{
		head + "\"k\\e[31mey\": 1\n",
		head + "kind: \x1b[31mred\n",
		head + "vpc: {cidr: \"\\a\\e[2J\"}\n",
		head + "\x1b[31m",
		head + "a\x1b: [\n",
		head + "managedNodeGroups: [{name: \"a\\u009b31m\"}]\n",
	} {
		s := refused(t, text).Error()
		if strings.ContainsFunc(strings.ReplaceAll(s, "\n", ""), func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("%q", s)
		}
	}
}
