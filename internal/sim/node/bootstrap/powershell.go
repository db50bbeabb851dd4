package bootstrap

import (
	"errors"
	"regexp"
	"strings"
)

// readWindows follows EC2Launch and Start-EKSBootstrap.ps1: the first <powershell>
// block runs; in it, a call of the bootstrap script by name or by the variable that
// holds its path, with named parameters. Words are PowerShell's: quoted ones, and
// variables assigned before, plain or inside double quotes.
func readWindows(data string) (*Config, error) {
	_, rest, open := strings.Cut(data, "<powershell>")
	script, _, closed := strings.Cut(rest, "</powershell>")
	if !open || !closed {
		return nil, errors.New("EC2Launch: the user data holds no <powershell> script")
	}
	vars := map[string]string{}
	for _, line := range logicalLines(script) {
		words := powershellWords(line, vars)
		if name, value, ok := assignment(line, vars); ok {
			vars[strings.ToLower(name)] = value
			continue
		}
		for i, w := range words {
			if strings.HasSuffix(strings.ToLower(w), "start-eksbootstrap.ps1") && (i == 0 || words[i-1] == "&" || words[i-1] == ".") {
				return eksBootstrap(words[i+1:])
			}
		}
	}
	return nil, errors.New("the user data does not call Start-EKSBootstrap.ps1")
}

// eksBootstrap reads the script's parameters, which PowerShell matches without case.
func eksBootstrap(args []string) (*Config, error) {
	out := &Config{}
	for i := 0; i+1 < len(args); i++ {
		name, ok := strings.CutPrefix(strings.ToLower(args[i]), "-")
		if !ok {
			continue
		}
		value := args[i+1]
		switch name {
		case "eksclustername":
			out.Cluster = value
		case "apiserverendpoint":
			out.Endpoint = value
		case "base64clusterca":
			out.CA = value
		case "servicecidr":
			out.CIDR = value
		case "kubeletextraargs":
			if err := out.flags(strings.Fields(value)); err != nil {
				return nil, err
			}
		case "dnsclusterip", "containerruntime", "excludedsnatcidrs", "fargate":
		default:
			return nil, sentence("Start-EKSBootstrap.ps1: A parameter cannot be found that matches parameter name '" + args[i][1:] + "'.")
		}
		i++
	}
	if out.Cluster == "" {
		return nil, sentence("Start-EKSBootstrap.ps1: Cannot bind argument to parameter 'EKSClusterName' because it is an empty string.")
	}
	return out, nil
}

// logicalLines are lines with those joined that end in a backtick.
func logicalLines(s string) []string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "`\n", " ")
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == ';' })
}

var (
	assignRE   = regexp.MustCompile(`^\s*(?:\[[A-Za-z]+\])?\$(\w+)\s*=\s*(.*)$`)
	variableRE = regexp.MustCompile(`\$\{?(env:)?(\w+)\}?`)
)

func assignment(line string, vars map[string]string) (name, value string, ok bool) {
	m := assignRE.FindStringSubmatch(line)
	if m == nil {
		return "", "", false
	}
	words := powershellWords(m[2], vars)
	return m[1], strings.Join(words, " "), true
}

// powershellWords splits a command into words.
func powershellWords(line string, vars map[string]string) []string {
	var words []string
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case c == '#':
			return words
		case c == '\'' || c == '"':
			w, n := quoted(line[i:], vars)
			words, i = append(words, w), i+n
		default:
			n := strings.IndexAny(line[i:], " \t\r")
			if n < 0 {
				n = len(line) - i
			}
			words, i = append(words, interpolate(line[i:i+n], vars)), i+n
		}
	}
	return words
}

// quoted reads a string: a doubled quote is one, a backtick escapes in double quotes,
// where variables are expanded too.
func quoted(s string, vars map[string]string) (word string, length int) {
	q := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == q && i+1 < len(s) && s[i+1] == q:
			b.WriteByte(q)
			i++
		case s[i] == q:
			if q == '"' {
				return interpolate(b.String(), vars), i + 1
			}
			return b.String(), i + 1
		case s[i] == '`' && q == '"' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), len(s)
}

func interpolate(s string, vars map[string]string) string {
	return variableRE.ReplaceAllStringFunc(s, func(v string) string {
		m := variableRE.FindStringSubmatch(v)
		if m[1] != "" {
			return `C:\Program Files` // the only one that bootstrap scripts use
		}
		return vars[strings.ToLower(m[2])]
	})
}
