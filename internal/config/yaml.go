package config

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// aliasLimit is how many values a file may hold through its aliases: beyond it, a
// few lines that refer to each other would fill the memory.
const aliasLimit = 20_000

// depthLimit is how many brackets may stand within each other: the parser's time grows
// with the square of it.
const depthLimit = 1000

// tooDeep is the token at which brackets nest deeper than that, or nil.
func tooDeep(all token.Tokens) *token.Token {
	depth := 0
	for _, t := range all {
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			if depth++; depth > depthLimit {
				return t
			}
		case token.MappingEndType, token.SequenceEndType:
			depth--
		}
	}
	return nil
}

// documents parses a YAML stream into the bodies of its documents, without those
// that hold nothing. The parser is given one document at a time: of several it drops
// what follows an empty one.
func documents(text string) ([]ast.Node, error) {
	var out []ast.Node
	all := lexer.Tokenize(text)
	if t := tooDeep(all); t != nil {
		return nil, &yaml.SyntaxError{Message: fmt.Sprintf("more than %d brackets within each other", depthLimit), Token: t}
	}
	for _, tokens := range split(all) {
		f, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
		if err != nil {
			return nil, err
		}
		for _, d := range f.Docs {
			if d.Body != nil && d.Body.Type() != ast.NullType && d.Body.Type() != ast.CommentType && d.Body.Type() != ast.DirectiveType {
				out = append(out, d.Body)
			}
		}
	}
	return out, nil
}

// split cuts a stream's tokens before each document's header (---).
func split(all token.Tokens) []token.Tokens {
	var out []token.Tokens
	start := 0
	cut := func(end int) {
		part := all[start:end]
		said := func(t *token.Token) bool {
			return t.Type != token.DocumentHeaderType && t.Type != token.DocumentEndType && t.Type != token.CommentType
		}
		if slices.ContainsFunc(part, said) {
			part[0].Prev, part[len(part)-1].Next = nil, nil
			out = append(out, part)
		}
		start = end
	}
	for i, t := range all {
		if t.Type == token.DocumentHeaderType && i > start {
			cut(i)
		}
	}
	cut(len(all))
	return out
}

// anchors finds what each alias stands for: the last anchor of its name before it,
// as YAML has it. An alias without one is absent.
type anchors struct {
	named  map[string]ast.Node
	target map[*ast.AliasNode]ast.Node
}

// Visit implements ast.Visitor; nodes come in the file's order.
func (a *anchors) Visit(n ast.Node) ast.Visitor {
	switch x := n.(type) {
	case *ast.AnchorNode:
		a.named[x.Name.GetToken().Value] = x.Value
	case *ast.AliasNode:
		if t := a.named[x.Value.GetToken().Value]; t != nil {
			a.target[x] = t
		}
		return nil
	}
	return a
}

// enter follows anchors, tags and aliases to the value itself, and marks what it
// went through, so that a value that contains itself is noticed. The caller calls
// leave when it is done with the value.
func (d *decoder) enter(n ast.Node, path string) (value ast.Node, leave func(), ok bool) {
	var opened []ast.Node
	aliases := 0
	leave = func() {
		for _, o := range opened {
			delete(d.open, o)
		}
		d.depth -= aliases
	}
	for {
		switch x := n.(type) {
		case *ast.AnchorNode:
			n = x.Value
		case *ast.TagNode:
			n = x.Value
			continue
		case *ast.AliasNode:
			name := x.Value.GetToken().Value
			t := d.anchors.target[x]
			switch {
			case t == nil:
				d.problem("yaml-alias", x, path, "write &"+name+" before the value that is meant", "the alias *%s names no anchor before it", name)
			case d.open[t]:
				d.problem("yaml-alias", x, path, "write the value out", "the alias *%s stands within its own anchor", name)
			}
			if t == nil || d.open[t] {
				leave()
				return nil, nil, false
			}
			aliases++
			d.depth++
			n = t
		default:
			return n, leave, d.room(n, path, leave)
		}
		if n == nil {
			leave()
			return nil, nil, false
		}
		if !d.open[n] {
			d.open[n] = true
			opened = append(opened, n)
		}
	}
}

// room counts a value that is read through an alias, and tells whether there is room
// for it.
func (d *decoder) room(n ast.Node, path string, leave func()) bool {
	if d.depth > 0 {
		d.copied++
	}
	if d.copied > aliasLimit {
		if !d.full {
			d.problem("yaml-alias", n, path, "write the values out", "the aliases of this file stand for more than %d values", aliasLimit)
		}
		d.full = true
		leave()
		return false
	}
	return true
}

// entry is one key of a mapping, its own or merged into it.
type entry struct {
	key   string
	node  ast.Node // the key's
	value ast.Node
	from  []ast.Node // the mappings that it was merged from, outermost first
}

// entries lists a mapping's keys in order, then those that its merge keys (<<) bring
// and it does not have itself; of several sources the first wins. ok is false where
// n is no mapping.
func (d *decoder) entries(n ast.Node, path string) (out []entry, ok bool) {
	var values []*ast.MappingValueNode
	switch x := n.(type) {
	case *ast.MappingNode:
		values = x.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{x}
	default:
		return nil, false
	}
	seen := map[string]bool{}
	var merges []*ast.MappingValueNode
	for _, v := range values {
		key := keyText(v.Key)
		if seen[key] {
			d.problem("key-twice", v.Key, join(path, key), "remove one of the two", "the key is written twice")
			continue
		}
		seen[key] = true
		if v.Key.Type() == ast.MergeKeyType {
			merges = append(merges, v)
			continue
		}
		out = append(out, entry{key: key, node: v.Key, value: v.Value})
	}
	for _, m := range merges {
		for _, e := range d.merged(m.Value, path) {
			if !seen[e.key] {
				seen[e.key] = true
				out = append(out, e)
			}
		}
	}
	return out, true
}

// merged lists what a merge key's value brings: a mapping's keys, or those of a list
// of mappings.
func (d *decoder) merged(n ast.Node, path string) []entry {
	n, leave, ok := d.enter(n, path)
	if !ok {
		return nil
	}
	defer leave()
	if s, ok := n.(*ast.SequenceNode); ok {
		var out []entry
		for _, v := range s.Values {
			out = append(out, d.merged(v, path)...)
		}
		return out
	}
	es, ok := d.entries(n, path)
	if !ok {
		d.problem("value-type", n, path, "for example <<: *base", "a merge key (<<) takes a mapping, or a list of mappings, not %s", describe(n))
		return nil
	}
	for i := range es {
		d.copied++
		es[i].from = append([]ast.Node{n}, es[i].from...)
	}
	return es
}

// within runs f while the mappings that an entry was merged from count as open.
func (d *decoder) within(e entry, f func()) {
	var opened []ast.Node
	for _, n := range e.from {
		if !d.open[n] {
			d.open[n] = true
			opened = append(opened, n)
		}
	}
	d.depth += len(e.from)
	f()
	d.depth -= len(e.from)
	for _, n := range opened {
		delete(d.open, n)
	}
}

// keyText is a key as it was meant: quotes and escapes are read.
func keyText(n ast.Node) string {
	for {
		switch x := n.(type) {
		case *ast.AnchorNode:
			n = x.Value
		case *ast.TagNode:
			n = x.Value
		case *ast.StringNode:
			return x.Value
		case nil:
			return ""
		default:
			return n.GetToken().Value
		}
	}
}

// describe says what a node is, for "expected X, found Y".
func describe(n ast.Node) string {
	switch x := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode:
		if plainNumber.MatchString(x.Value) && x.Token.Type == token.StringType {
			return "the number " + short(x.Value)
		}
		return fmt.Sprintf("the text %q", short(x.Value))
	case *ast.LiteralNode:
		return "a text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return n.GetToken().Value
	case *ast.NullNode:
		return "nothing"
	}
	return n.Type().String()
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}
