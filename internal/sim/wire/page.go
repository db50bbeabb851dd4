package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"strings"
)

// pager is how an operation's answer comes in pages, found in the SDK's own structs:
// a token in and out, a limit, and the lists that are cut. Handlers answer whole
// lists; what is sent is cut here, for every operation.
type pager struct {
	token, limit  string // input fields; limit may be ""
	next          string // output field
	truncated     string // output field that tells of more, or ""
	lists         []string
	size          int    // a page without a limit; 0: everything
	least, most   int    // what a limit may be; most 0: not checked
	code, message string // the refusal of a token
}

var (
	tokenFields     = []string{"NextToken", "Marker"}
	nextFields      = []string{"NextToken", "NextMarker", "Marker"}
	limitFields     = []string{"MaxResults", "MaxItems", "MaxRecords", "Limit", "PageSize"}
	truncatedFields = []string{"IsTruncated", "Truncated"}
)

// books are each service's page sizes and refusals, from the API references (25 Nov
// 2026). EC2 pages only when a limit is given.
var books = map[string]pager{
	"ec2": {least: 5, most: 1000, code: "InvalidNextToken", message: "The specified NextToken is not valid."},
	"eks": {size: 100, least: 1, most: 100, code: "InvalidParameterException", message: "The nextToken is invalid."},
	"iam": {size: 100, least: 1, most: 1000, code: "ValidationError", message: "Invalid Marker."},
	"cloudformation": {size: 100, least: 1, most: 100, code: "ValidationError",
		message: "The NextToken is invalid."},
	"autoscaling":            {size: 50, least: 1, most: 100, code: "InvalidNextToken", message: "The NextToken value is not valid."},
	"kms":                    {size: 100, least: 1, most: 1000, code: "InvalidMarkerException", message: "The marker is not valid."},
	"logs":                   {size: 50, least: 1, most: 50, code: "InvalidParameterException", message: "The specified nextToken is invalid."},
	"ssm":                    {size: 50, least: 1, most: 50, code: "InvalidNextToken", message: "The specified token isn't valid."},
	"elasticloadbalancing":   {size: 400, least: 1, most: 400, code: "ValidationError", message: "The marker is not valid."},
	"elasticloadbalancingv2": {size: 400, least: 1, most: 400, code: "ValidationError", message: "The marker is not valid."},
	"servicequotas":          {size: 100, least: 1, most: 100, code: "InvalidPaginationTokenException", message: "Invalid input was provided."},
	"sqs":                    {size: 1000, least: 1, most: 1000, code: "InvalidParameterValue", message: "Invalid NextToken value."},
	"cloudtrail":             {size: 50, least: 1, most: 50, code: "InvalidNextTokenException", message: "Invalid token."},
	"events":                 {size: 100, least: 1, most: 100, code: "ValidationException", message: "Parameter NextToken is not valid."},
}

// chapters are the operations whose pages are not as their service's.
var chapters = map[string]pager{
	"autoscaling:DescribeScalingActivities": {size: 100},
	"ec2:DescribeInstanceTypes":             {size: 100, most: 100},
	"ec2:DescribeInstanceTypeOfferings":     {size: 1000},
	"ec2:DescribeSecurityGroupRules":        {size: 1000},
	"ec2:DescribeLaunchTemplates":           {least: 1, most: 200},
	"ec2:DescribeLaunchTemplateVersions":    {least: 1, most: 200},
	"ec2:DescribeSpotPriceHistory":          {least: 1, most: 100000}, // without a bound that anybody met: Karpenter asks for 2,000
	"ec2:DescribeVpcEndpointServices":       {lists: []string{"ServiceDetails", "ServiceNames"}},
	"cloudformation:DescribeChangeSet":      {lists: []string{"Changes"}},
	"iam:ListEntitiesForPolicy":             {lists: []string{"PolicyRoles"}},
	"logs:FilterLogEvents":                  {lists: []string{"Events"}, size: 10000, most: 10000},
	"kms:ListAliases":                       {size: 50, most: 100},
	"ssm:GetParametersByPath":               {size: 10, most: 10},
}

// newPager finds how an operation pages, or nil. It panics where the structs do not
// say which list is cut: chapters must.
func newPager(service, op string, in, out reflect.Type) *pager {
	p := books[service]
	p.token, p.limit = first(in, tokenFields), first(in, limitFields)
	p.next, p.truncated = first(out, nextFields), first(out, truncatedFields)
	if p.token == "" || p.next == "" {
		return nil
	}
	c := chapters[service+":"+op]
	if p.lists = c.lists; p.lists == nil {
		for f := range fields(out) {
			if f.Type.Kind() == reflect.Slice {
				p.lists = append(p.lists, f.Name)
			}
		}
		if len(p.lists) != 1 {
			panic(fmt.Sprintf("%s:%s pages, and chapters must say which of the lists %v", service, op, p.lists))
		}
	}
	for to, from := range map[*int]int{&p.size: c.size, &p.least: c.least, &p.most: c.most} {
		if from != 0 {
			*to = from
		}
	}
	return &p
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && !yield(f) {
				return
			}
		}
	}
}

func first(t reflect.Type, names []string) string {
	for _, n := range names {
		if _, ok := t.FieldByName(n); ok {
			return n
		}
	}
	return ""
}

// bounds reads what page a request asks for: where it starts and how many it holds
// (0: all). most is a fault's limit on every page, 0 if none.
func (p *pager) bounds(in reflect.Value, most int) (from, size int, err error) {
	size = p.size
	if p.limit != "" {
		if n, ok := number(in.FieldByName(p.limit)); ok {
			if n < p.least || p.most > 0 && n > p.most {
				return 0, 0, p.refuse(fmt.Sprintf("Value ( %d ) for parameter %s is invalid. Expecting a value between %d and %d.", n, lower(p.limit),
					p.least, p.most))
			}
			size = n
		}
	}
	if most > 0 && (size == 0 || size > most) {
		size = most
	}
	if t := in.FieldByName(p.token); !t.IsNil() && t.Elem().String() != "" {
		var ok bool
		if from, ok = p.open(t.Elem().String(), in); !ok {
			return 0, 0, Errorf(p.code, "%s", p.message)
		}
	}
	return from, size, nil
}

// refuse is the error about a limit, by the code that the service has for values.
func (p *pager) refuse(message string) error {
	code := map[string]string{"InvalidNextToken": "InvalidParameterValue", "InvalidMarkerException": "ValidationException"}[p.code]
	if code == "" {
		code = p.code
	}
	return Errorf(code, "%s", message)
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func number(v reflect.Value) (int, bool) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return 0, false
		}
		v = v.Elem()
	}
	return int(v.Int()), v.Int() != 0
}

// cut leaves one page of the answer, with the token for the next. A token that points
// behind the end, because the list became shorter, gives an empty last page.
func (p *pager) cut(in, out reflect.Value, from, size int) {
	end := 0
	for _, n := range p.lists {
		l := out.FieldByName(n)
		end = max(end, l.Len())
	}
	more := size > 0 && from+size < end
	for _, n := range p.lists {
		l := out.FieldByName(n)
		lo, hi := min(from, l.Len()), l.Len()
		if size > 0 {
			hi = min(hi, lo+size)
		}
		if lo > 0 || hi < l.Len() {
			l.Set(l.Slice3(lo, hi, hi))
		}
	}
	if p.truncated != "" {
		out.FieldByName(p.truncated).SetBool(more)
	}
	if more {
		t := p.seal(from+size, in)
		out.FieldByName(p.next).Set(reflect.ValueOf(&t))
	}
}

// seal makes an opaque token: a place in the list, bound to the question.
func (p *pager) seal(at int, in reflect.Value) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%x", at, p.question(at, in)))
}

func (p *pager) open(token string, in reflect.Value) (int, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, false
	}
	place, _, _ := strings.Cut(string(raw), ".")
	at, err := strconv.Atoi(place)
	return at, err == nil && at > 0 && p.seal(at, in) == token
}

// question is a digest of a request without its token and limit.
func (p *pager) question(at int, in reflect.Value) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "page %d of %s", at, in.Type())
	for f := range fields(in.Type()) {
		if f.Name != p.token && f.Name != p.limit && f.Name != "ResultMetadata" {
			b, _ := json.Marshal(in.FieldByIndex(f.Index).Interface()) //nolint:errcheck // an input came over the wire
			h.Write(b)
		}
	}
	return h.Sum64()
}
