package sync

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-eks/slipway/internal/cli/cmdutil"
	"github.com/slipway-eks/slipway/internal/outcome"
	"github.com/slipway-eks/slipway/internal/run"
)

// head is the beginning of what a person runs by hand: how a change set is made, and looked
// at before it is executed. The placeholders are stack, what may change, region, and
// further options.
const head = `#!/bin/sh
# Brings the outputs of %[1]s to what is live; see outputs.diff. Written by slipway sync --print.
# It changes nothing but the stack's record: a change set that would touch %[2]s is deleted.
set -eu
cd "$(dirname "$0")"
stack=%[1]s
region=%[3]s

changes='Changes[].ResourceChange.join(` + "`:`, [Action, LogicalResourceId, not_null(Replacement, `False`)" + `, '
changes=$changes'join(` + "`+`, not_null(Scope, `[]`)" + `)])'

# change KIND TEMPLATE ALLOWED [OPTION...]: what may change is ACTION:RESOURCE:REPLACEMENT:SCOPE, by patterns.
# Where CloudFormation takes no change of outputs alone for one, template.touching.json touches a metadata, too.
change() {
    kind=$1 template=$2 allowed=$3 set=sync-by-hand-$(echo "$1" | tr A-Z a-z)
    shift 3
    aws cloudformation create-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --change-set-type "$kind" \
        --template-body "file://$template" --parameters file://parameters.json --tags file://tags.json \
        --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM%[4]s "$@" >/dev/null
    while :; do
        status=$(aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --query Status --output text)
        case $status in
        CREATE_COMPLETE) break ;;
        FAILED)
            why=$(aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --query StatusReason --output text)
            aws cloudformation delete-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
            case $template:$why in
            template.json:*"didn't contain changes"* | template.json:*"No updates are to be performed"*)
                if [ -f template.touching.json ]; then
                    change "$kind" template.touching.json "$allowed Modify:*:False:Metadata" "$@"
                    return
                fi ;;
            esac
            echo "$why" >&2
            exit 1 ;;
        esac
        sleep "${SLIPWAY_SYNC_SLEEP:-3}"
    done
    aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" \
        --query "$changes" --output text | tr '\t' '\n' >changes.txt
    while read -r touched; do
        fits=
        for pattern in None $allowed; do
            case $touched in $pattern) fits=yes ;; esac
        done
        if [ -n "$touched" ] && [ -z "$fits" ]; then
            echo "the change set would touch a resource: $touched; it was not executed" >&2
            aws cloudformation delete-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
            exit 1
        fi
    done <changes.txt
    aws cloudformation execute-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
    status=IN_PROGRESS
    while :; do
        case $status in *IN_PROGRESS) ;; *) break ;; esac
        sleep "${SLIPWAY_SYNC_SLEEP:-3}"
        status=$(aws cloudformation describe-stacks --region "$region" --stack-name "$stack" --query 'Stacks[0].StackStatus' --output text)
    done
    if [ "$status" != "${kind}_COMPLETE" ]; then
        echo "the stack $stack is $status: aws cloudformation describe-stack-events says why" >&2
        exit 1
    fi
}

set -f # patterns are for change, not for files
`

// tail is its end.
const tail = `aws cloudformation describe-stacks --region "$region" --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text
`

// write writes the script with its files into a new folder.
func write(a *cmdutil.App, s *run.Sync, dir string) error {
	if s.Correction.Empty() {
		return cmdutil.Input("there is no template to print: --continue-rollback is one command, "+
			"aws cloudformation continue-update-rollback --stack-name %s", s.Correction.Stack)
	}
	files, err := phases(s)
	if err != nil {
		return outcome.Exit(outcome.ExitFailed, err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return cmdutil.Input("the folder cannot be made: %v", err)
	}
	parameters, tags := []any{}, []any{}
	for _, k := range slices.Sorted(maps.Keys(s.Stack.Parameters)) {
		parameters = append(parameters, map[string]any{"ParameterKey": k, "UsePreviousValue": true})
	}
	for _, k := range slices.Sorted(maps.Keys(s.Stack.Tags)) {
		tags = append(tags, map[string]any{"Key": k, "Value": s.Stack.Tags[k]})
	}
	maps.Copy(files, map[string]string{"template.before.json": s.Stack.Template, "parameters.json": asJSON(parameters), "tags.json": asJSON(tags),
		"outputs.diff": difference(s)})
	for _, name := range slices.Sorted(maps.Keys(files)) {
		mode := os.FileMode(0o644)
		if name == "sync.sh" {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(files[name]), mode); err != nil {
			return fmt.Errorf("writing the script: %w", err)
		}
	}
	a.Say("Nothing was changed. Look at %s, then run sh %s", filepath.Join(dir, "outputs.diff"), filepath.Join(dir, "sync.sh"))
	fmt.Fprintln(a.Out, filepath.Join(dir, "sync.sh"))
	return a.Out.Failed
}

// phases are the script and the files of its change sets, one after the other.
func phases(s *run.Sync) (map[string]string, error) {
	more, allowed := "", "a resource"
	if s.Stack.RoleARN != "" {
		more = " --role-arn " + s.Stack.RoleARN
	}
	if len(s.Correction.Edit.Gone) > 0 {
		allowed = "any other resource than those that are gone, and the control plane's subnets"
	}
	all, err := s.Phases()
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	text := fmt.Sprintf(head, s.Correction.Stack, allowed, s.AWS.Region, more)
	for _, p := range all {
		file, options := "template.json", ""
		switch {
		case len(p.Import) > 0:
			file, options = "template.import.json", " --resources-to-import file://import.json"
			out["import.json"] = asJSON(p.Import)
		case p.Touch:
			file = "template.touched.json"
		}
		out[file] = p.Body
		if p.Touching != "" {
			out["template.touching.json"] = p.Touching
		}
		text += fmt.Sprintf("change %s %s '%s'%s\n", p.Kind, file, strings.Join(p.Allowed, " "), options)
	}
	out["sync.sh"] = text + tail
	return out, nil
}

// difference draws the outputs before and after: a change set shows nothing of them.
func difference(s *run.Sync) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--- outputs of %s as recorded\n+++ as the cluster is\n", s.Correction.Stack)
	for _, o := range s.Correction.Outputs {
		if len(o.Used) > 0 || o.Was == o.Now {
			continue
		}
		fmt.Fprintf(&b, "-%s = %s\n", o.Name, o.Was)
		if o.Now != "" {
			fmt.Fprintf(&b, "+%s = %s\n", o.Name, o.Now)
		}
	}
	return b.String()
}

func asJSON(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic(err) // texts, lists and maps of them
	}
	return string(b) + "\n"
}
