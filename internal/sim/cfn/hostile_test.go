package cfn

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// vpc is a template with one VPC whose CIDR block is an expression.
func vpc(value string) string {
	return "Resources:\n  A:\n    Type: AWS::EC2::VPC\n    Properties:\n      CidrBlock: " + value + "\n"
}

var testPseudo = map[string]string{"AWS::Region": "us-west-2", "AWS::AccountId": "111122223333", "AWS::Partition": "aws",
	"AWS::StackName": "s", "AWS::StackId": "arn:s", "AWS::URLSuffix": "amazonaws.com"}

// resolve deploys a template and resolves every property and output, as if each
// resource were there.
func resolve(body string, params map[string]string) (map[string]any, error) {
	d, err := deploy(body, params, testPseudo)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	s := &scope{t: d.t, params: d.params, pseudo: testPseudo, zones: []string{"us-west-2a", "us-west-2b"}, conditions: d.conditions}
	s.resource = func(n string) (string, map[string]any, bool) {
		attributes := map[string]any{"VpcId": "id-" + n, "CidrBlock": "10.0.0.0/16", "Ipv6CidrBlocks": []any{"2001:db8::/56"}, "GroupId": "id-" + n, "Arn": "arn:" + n}
		return "id-" + n, attributes, d.t.Resources[n] != nil
	}
	s.export = func(n string) (string, bool) { return "value of " + n, n != "" }
	for _, n := range d.made {
		s.left = maxExpandedBytes
		if out[n], err = s.eval(d.t.Resources[n].Props); err != nil {
			return nil, err
		}
	}
	for _, n := range sorted(d.t.Outputs) {
		s.left = maxExpandedBytes
		if out["output "+n], err = s.eval([]any{d.t.Outputs[n].Value, d.t.Outputs[n].Export}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// doubled nests Fn::Sub so that each level says the one below twice.
func doubled(levels int) string {
	v := `"xxxxxxxxxxxxxxxx"`
	for range levels {
		v = `{"Fn::Sub": ["${a}${a}", {"a": ` + v + `}]}`
	}
	return v
}

// ladder is conditions each of which asks for the one before twice.
func ladder(levels int) string {
	b := strings.Builder{}
	b.WriteString("Conditions:\n  C0: !Equals [a, a]\n")
	for i := range levels {
		fmt.Fprintf(&b, "  C%d: !And [!Condition C%d, !Condition C%d]\n", i+1, i, i)
	}
	return b.String()
}

func many(n int, line string) string {
	b := strings.Builder{}
	for i := range n {
		fmt.Fprintf(&b, line+"\n", i)
	}
	return b.String()
}

const conditional = "Conditions: {C: !Equals [a, b]}\nResources: {A: {Type: 'AWS::EC2::VPC', Condition: C}, " +
	"B: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: "

// hostile is templates that crashed, hung or grew the region, and their kin.
var hostile = []struct{ name, body, want string }{
	{"GetAtt of one element", vpc(`{"Fn::GetAtt": [A2]}`), "Unresolved resource dependencies [A2]"},
	{"GetAtt of one element that is there", vpc("x") + "Outputs: {O: {Value: {Fn::GetAtt: [A]}}}", getAttForm},
	{"GetAtt of nothing", vpc(`{"Fn::GetAtt": []}`), getAttForm},
	{"GetAtt of lists", vpc(`{"Fn::GetAtt": [[A], [B]]}`), getAttForm},
	{"Select -1", vpc("!Select [-1, [a, b]]"), "Fn::Select cannot select nonexistent value at index -1"},
	{"Select past the end", vpc("!Select [2, [a, b]]"), "Fn::Select cannot select nonexistent value at index 2"},
	{"Select of a huge index", vpc("!Select ['99999999999999999999', [a]]"), "Fn::Select requires a list argument"},
	{"Select without a list", vpc("!Select [0, a]"), "Fn::Select requires a list argument"},
	{"Cidr of negative bits", vpc("!Cidr [10.0.0.0/16, 2, -1]"), "Fn::Cidr cannot make 2 blocks with -1 subnet bits"},
	{"Cidr of too many bits", vpc("!Cidr [10.0.0.0/16, 2, 40]"), "Fn::Cidr cannot make"},
	{"Cidr of few IPv6 bits", vpc("!Cidr ['2001:db8::/56', 2, 9]"), ""},
	{"Cidr of a huge count", vpc("!Cidr [10.0.0.0/16, 2000000000, 8]"), "count (1 to 256)"},
	{"Cidr that does not fit", vpc("!Cidr [10.0.0.0/24, 9, 5]"), "Fn::Cidr cannot make 9 blocks"},
	{"Sub of nothing", vpc(`{"Fn::Sub": []}`), subForm},
	{"Sub of numbers", vpc(`{"Fn::Sub": [1, 2]}`), subForm},
	{"Sub without a map", vpc(`{"Fn::Sub": ["${a}", [a]]}`), "Unresolved resource dependencies [a]"},
	{"Sub of a list", vpc(`{"Fn::Sub": ["${a}", {"a": [1]}]}`), "variable a in Fn::Sub expression does not resolve to a string"},
	{"Sub doubling", vpc(doubled(300)), "is larger than maximum allowed"},
	{"Split by nothing", vpc("!Split ['', abc]"), splitForm},
	{"Join of maps", vpc("!Join [',', [{a: b}]]"), joinForm},
	{"Ref of a list", vpc(`{"Ref": [A]}`), "every Ref object must have a single String value"},
	{"If of one", vpc(`{"Fn::If": [C]}`), "Fn::If requires a list argument"},
	{"If of a list", "Conditions: {C: !Equals [a, a]}\n" + vpc(`{"Fn::If": [[C], a, b]}`), "unresolved condition dependency"},
	{"If of no condition", vpc(`{"Fn::If": [C, a, b]}`), "unresolved condition dependency C in Fn::If"},
	{"unknown function", vpc(`{"Fn::Grow": a}`), "Fn::Grow is not supported"},
	{"FindInMap without maps", vpc("!FindInMap [M, a, b]"), "Mapping named 'M' is not present"},
	{"FindInMap of a scalar", "Mappings: {M: {a: b}}\n" + vpc("!FindInMap [M, a, b]"), "Every Mappings attribute must be a map"},
	{"a condition of itself", "Conditions: {C: !Not [!Condition C]}\n" + vpc("x"), "Circular dependency between conditions: [C]"},
	{"conditions in a ring", "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}\n" + vpc("x"), "Circular dependency between conditions: [C, D]"},
	{"conditions through If", "Conditions: {C: !Equals [!If [C, a, b], a]}\n" + vpc("x"), "Circular dependency between conditions: [C]"},
	{"a condition of a resource", "Conditions: {C: !Equals [!Ref A, a]}\n" + vpc("x"), "Cannot reference resources in the Conditions block"},
	{"an import in a condition", "Conditions: {C: !Equals [!ImportValue x, a]}\n" + vpc("x"), "Cannot use Fn::ImportValue in Conditions"},
	{"an import deep in a condition", "Conditions: {C: !Not [!Equals [!If [C, !Sub ['${a}', {a: !ImportValue x}], b], a]]}\n" + vpc("x"), "Cannot use Fn::ImportValue"},
	{"a ladder of conditions", ladder(200) + vpc("!If [C200, x, y]"), ""},
	{"eleven operands", "Conditions: {C: !Or [" + strings.Repeat("!Equals [a, b],", 11) + "]}\n" + vpc("x"), "at most 10 boolean parameters"},
	{"an anchor in itself", "Resources: &a {A: {Type: 'AWS::EC2::VPC', Properties: *a}}", "YAML aliases are not allowed"},
	{"an alias bomb", "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n" + vpc("*c"), "YAML aliases are not allowed"},
	{"a merge key", "Metadata: &m {Type: 'AWS::EC2::VPC'}\nResources: {A: {<<: *m}}", "YAML aliases are not allowed"},
	{"a resource of itself", vpc("!Ref A"), "Circular dependency between resources: [A]"},
	{"a resource that waits for itself", "Resources: {A: {Type: 'AWS::EC2::VPC', DependsOn: A}}", "Circular dependency between resources: [A]"},
	{"a ring of three", "Resources: {A: {Type: 'AWS::EC2::VPC', DependsOn: B}, " +
		"B: {Type: 'AWS::EC2::VPC', DependsOn: C}, C: {Type: 'AWS::EC2::VPC', DependsOn: A}}",
		"Circular dependency between resources: [A, B, C]"},
	{"null", vpc("null"), "[/Resources/A/Properties/CidrBlock] 'null' values are not allowed in templates"},
	{"a key twice", vpc("x") + "Outputs: {}\nOutputs: {}\n", "YAML not well-formed. (line 7, column 1)"},
	{"broken JSON", "{\"Resources\": {\n ,}}", "JSON not well-formed. (line 2, column 2)"},
	{"a list", "[a]", "unsupported structure"},
	{"nothing", " ", "Either Template URL or Template Body must be specified."},
	{"a list for resources", "Resources: [a]", "Expected a map"},
	{"an unknown section", vpc("x") + "Resoruces: {}", "Invalid template property or properties [Resoruces]"},
	{"an unknown member", "Resources: {A: {Type: 'AWS::EC2::VPC', Property: {}}}", "Invalid template resource property 'Property'"},
	{"a name with a dash", "Resources: {A-b: {Type: 'AWS::EC2::VPC'}}", "Resource name A-b is non alphanumeric."},
	{"a long name", "Resources: {" + strings.Repeat("a", 256) + ": {Type: 'AWS::EC2::VPC'}}", "is longer than maximum allowed, 255"},
	{"501 resources", "Resources:\n" + many(501, "  A%d: {Type: 'AWS::EC2::VPC'}"), "Number of resources, 501, is greater than maximum allowed, 500"},
	{"500 resources", "Resources:\n" + many(500, "  A%d: {Type: 'AWS::EC2::VPC'}"), ""},
	{"201 outputs", vpc("x") + "Outputs:\n" + many(201, "  O%d: {Value: x}"), "Number of outputs, 201, is greater than maximum allowed, 200"},
	{"201 parameters", "Parameters:\n" + many(201, "  P%d: {Type: String, Default: x}") + vpc("x"), "Number of parameters, 201, is greater than"},
	{"201 mappings", "Mappings:\n" + many(201, "  M%d: {a: {b: c}}") + vpc("x"), "Number of mappings, 201, is greater than"},
	{"a long description", "Description: " + strings.Repeat("x", 1025) + "\n" + vpc("x"), "'Description' length is greater than 1024"},
	{"a deep list", vpc(strings.Repeat("[", 9000) + strings.Repeat("]", 9000)), ""},
	{"a deeper list", vpc(strings.Repeat("[", 25000)), "YAML not well-formed."},
	{"an output without a value", vpc("x") + "Outputs: {O: {Description: x}}", "Every Outputs member must contain a Value object"},
	{"an export without a name", vpc("x") + "Outputs: {O: {Value: x, Export: y}}", "must contain a Name"},
	{"a reference to what is not made", conditional + "!Ref A}}}", "Unresolved resource dependencies [A]"},
	{"a branch that is not taken", conditional + "!If [C, !Ref A, x]}}}", ""},
	{"a policy's condition", "Resources: {A: {Type: 'AWS::EC2::VPC', Properties: {P: {Condition: {Bool: {a: 'true'}}}}}}", ""},
}

func TestHostileTemplatesAreAnswered(t *testing.T) {
	for _, x := range hostile {
		t.Run(x.name, func(t *testing.T) {
			begun := time.Now()
			_, err := resolve(x.body, nil)
			if x.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
				t.Errorf("got %v, expected %q", err, x.want)
			}
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func TestFunctionsResolve(t *testing.T) {
	params := "Parameters: {L: {Type: CommaDelimitedList, Default: 'a, b,c'}, S: {Type: String, Default: 7}}\nMappings: {M: {us-west-2: {x: y}}}\n"
	for expression, want := range map[string]string{
		"!Cidr [192.168.0.0/24, 3, 5]":                              "[192.168.0.0/27 192.168.0.32/27 192.168.0.64/27]",
		"!Cidr ['2600:1f18:abc:de00::/56', 2, 64]":                  "[2600:1f18:abc:de00::/64 2600:1f18:abc:de01::/64]",
		"!Select [1, !Ref L]":                                       "b",
		"!Join ['|', !Ref L]":                                       "a|b|c",
		"!Split [',', 'a,,b']":                                      "[a  b]",
		"!FindInMap [M, !Ref 'AWS::Region', x]":                     "y",
		"!Base64 hello":                                             "aGVsbG8=",
		"!Sub ['${AWS::Region}-${S}-${own}-${!kept}', {own: here}]": "us-west-2-7-here-${kept}",
		"!ImportValue {'Fn::Sub': '${S}-x'}":                        "value of 7-x",
		"!GetAZs ''":                                                "[us-west-2a us-west-2b]",
	} {
		out, err := resolve(params+vpc(expression), nil)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got := fmt.Sprint(out["A"].(map[string]any)["CidrBlock"]); got != want {
			t.Errorf("%s: got %s, expected %s", expression, got, want)
		}
	}
}

func TestParametersAreChecked(t *testing.T) {
	const head = `Parameters:
  E: {Type: String, AllowedValues: [dev, prod], Default: dev}
  P: {Type: String, AllowedPattern: '[a-z]+', Default: a}
  N: {Type: Number, MinValue: 1, MaxValue: 3, Default: 2}
  L: {Type: String, MinLength: 2, MaxLength: 3, Default: ab}
  C: {Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters, Default: a}
`
	for name, x := range map[string]struct{ k, v, want string }{
		"undeclared": {"X", "1", "Parameters: [X] do not exist in the template"},
		"allowed":    {"E", "test", "Parameter 'E' must be one of AllowedValues"},
		"pattern":    {"P", "A", "Parameter 'P' must match pattern [a-z]+"},
		"number":     {"N", "x", "Parameter 'N' must be a number."},
		"low":        {"N", "0", "Parameter 'N' must be a number not less than 1"},
		"high":       {"N", "4", "Parameter 'N' must be a number not greater than 3"},
		"short":      {"L", "a", "Parameter 'L' must contain at least 2 characters"},
		"long":       {"L", "abcd", "Parameter 'L' must contain at most 3 characters"},
		"constraint": {"C", "A", "Parameter C failed to satisfy constraint: small letters"},
		"huge":       {"P", strings.Repeat("a", 4097), "Parameter 'P' must contain at most 4096 characters"},
	} {
		if _, err := deploy(head+vpc("x"), map[string]string{x.k: x.v}, testPseudo); err == nil || err.Error() != x.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := deploy(head+vpc("x"), map[string]string{"E": "prod", "N": "3"}, testPseudo); err != nil {
		t.Error(err)
	}
}
