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

// script is what a person runs by hand: the same change set, looked at before it is
// executed. The placeholders are stack, name, region, further options, and what may change.
const script = `#!/bin/sh
# Brings the outputs of %[1]s to what is live; see outputs.diff. Written by slipway sync --print.
# It changes nothing but the stack's record: a change set that would touch %[5]s is deleted.
set -eu
cd "$(dirname "$0")"
stack=%[1]s
set=%[2]s
region=%[3]s
aws cloudformation create-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --change-set-type UPDATE \
    --template-body file://template.json --parameters file://parameters.json --tags file://tags.json \
    --capabilities CAPABILITY_IAM CAPABILITY_NAMED_IAM%[4]s >/dev/null
while :; do
    status=$(aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --query Status --output text)
    case $status in
    CREATE_COMPLETE) break ;;
    FAILED)
        aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" --query StatusReason --output text >&2
        aws cloudformation delete-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
        exit 1 ;;
    esac
    sleep "${SLIPWAY_SYNC_SLEEP:-3}"
done
changes=$(aws cloudformation describe-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" \
    --query 'Changes[].ResourceChange.join(` + "`:`" + `, [Action, LogicalResourceId, not_null(Replacement, ` + "`False`" + `)])' --output text)
for change in $changes; do
    case $change in
%[6]s    None) ;;
    *)
        echo "the change set would touch a resource: $change; nothing was changed" >&2
        aws cloudformation delete-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
        exit 1 ;;
    esac
done
aws cloudformation execute-change-set --region "$region" --stack-name "$stack" --change-set-name "$set" >/dev/null
aws cloudformation wait stack-update-complete --region "$region" --stack-name "$stack"
aws cloudformation describe-stacks --region "$region" --stack-name "$stack" --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text
`

// write writes the script with its files into a new folder.
func write(a *cmdutil.App, s *run.Sync, dir string) error {
	if s.Correction.Empty() {
		return cmdutil.Input("there is no template to print: --continue-rollback is one command, "+
			"aws cloudformation continue-update-rollback --stack-name %s", s.Correction.Stack)
	}
	body, err := s.Body()
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
	for name, text := range map[string]string{
		"template.json": body, "template.before.json": s.Stack.Template, "parameters.json": asJSON(parameters), "tags.json": asJSON(tags),
		"outputs.diff": difference(s), "sync.sh": commands(s, a),
	} {
		mode := os.FileMode(0o644)
		if name == "sync.sh" {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			return fmt.Errorf("writing the script: %w", err)
		}
	}
	a.Say("Nothing was changed. Look at %s, then run sh %s", filepath.Join(dir, "outputs.diff"), filepath.Join(dir, "sync.sh"))
	fmt.Fprintln(a.Out, filepath.Join(dir, "sync.sh"))
	return a.Out.Failed
}

func commands(s *run.Sync, a *cmdutil.App) string {
	more, allowed, cases := "", "a resource", ""
	if s.Stack.RoleARN != "" {
		more = " \\\n    --role-arn " + s.Stack.RoleARN
	}
	if gone := s.Correction.Edit.Gone; len(gone) > 0 {
		allowed = "any other resource than those that are gone, and the control plane's subnets"
		for _, id := range gone {
			cases += "    Remove:" + id + ":*) ;;\n"
		}
	}
	if len(s.Correction.Edit.Subnets) > 0 {
		cases += "    Modify:ControlPlane:False) ;;\n"
	}
	return fmt.Sprintf(script, s.Correction.Stack, "sync-by-hand", s.AWS.Region, more, allowed, cases)
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
