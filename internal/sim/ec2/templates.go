package ec2

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// launchTemplate is a template with its versions, the oldest first; deleted ones are
// gone from the list, and their numbers are not given again.
type launchTemplate struct {
	types.LaunchTemplate
	Versions []types.LaunchTemplateVersion
}

func (e *EC2) registerTemplates(s *wire.Service) {
	handle(e, s, "CreateLaunchTemplate", e.CreateLaunchTemplate)
	handle(e, s, "CreateLaunchTemplateVersion", e.CreateLaunchTemplateVersion)
	handle(e, s, "ModifyLaunchTemplate", e.ModifyLaunchTemplate)
	handle(e, s, "DescribeLaunchTemplates", e.DescribeLaunchTemplates)
	handle(e, s, "DescribeLaunchTemplateVersions", e.DescribeLaunchTemplateVersions)
	handle(e, s, "DeleteLaunchTemplate", e.DeleteLaunchTemplate)
	handle(e, s, "DeleteLaunchTemplateVersions", e.DeleteLaunchTemplateVersions)
}

// convert copies a structure into its twin: EC2 models a request and its answer as two
// types with the same members.
func convert[T any](in any) *T {
	var out T
	b, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("a structure and its twin: %v", err)) // same module, same shape
	}
	return &out
}

// overlay sets on a structure what another of its type has.
func overlay[T any](on, over *T) {
	to, from := reflect.ValueOf(on).Elem(), reflect.ValueOf(over).Elem()
	for i := range from.NumField() {
		if to.Type().Field(i).IsExported() && !from.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
}

// templateName is what launch templates may be called (API reference).
var templateName = regexp.MustCompile(`^[a-zA-Z0-9()./_-]{3,128}$`)

// CreateLaunchTemplate makes a template with version 1.
func (e *EC2) CreateLaunchTemplate(by *wire.Caller, in *ec2.CreateLaunchTemplateInput) (*ec2.CreateLaunchTemplateOutput, error) {
	name := aws.ToString(in.LaunchTemplateName)
	if had := e.templates.Get(by.Before()); had != nil {
		return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: new(e.viewTemplate(had))}, nil
	}
	if !templateName.MatchString(name) {
		return nil, wire.Errorf("InvalidLaunchTemplateName.MalformedException", "Invalid launch template name. Must be between 3 and 128 characters, "+
			"and may contain letters, numbers, and the following characters: - ( ) . / _.")
	}
	if e.templates.Find(func(t *launchTemplate) bool { return *t.LaunchTemplateName == name }) != nil {
		return nil, wire.Errorf("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
	}
	if err := checkTemplate(in.LaunchTemplateData); err != nil {
		return nil, err
	}
	id := e.w.ID("lt-", name)
	t := &launchTemplate{LaunchTemplate: types.LaunchTemplate{LaunchTemplateId: new(id), LaunchTemplateName: new(name)}}
	t.add(e, convert[types.ResponseLaunchTemplateData](in.LaunchTemplateData), in.VersionDescription)
	if err := e.completeTemplate(t); err != nil {
		return nil, err
	}
	e.templates.Put(id, t)
	e.tagSpec(id, in.TagSpecifications)
	by.Note(id)
	return &ec2.CreateLaunchTemplateOutput{LaunchTemplate: new(e.viewTemplate(t))}, nil
}

// completeTemplate gives a launch template of an ID and versions the rest.
func (e *EC2) completeTemplate(t *launchTemplate) error {
	if len(t.Versions) == 0 {
		return wire.Errorf("MissingParameter", "a launch template has at least one version")
	}
	if t.LaunchTemplateName == nil {
		t.LaunchTemplateName = new("existing-" + *t.LaunchTemplateId)
	}
	t.DefaultVersionNumber, t.LatestVersionNumber = new(int64(1)), new(int64(len(t.Versions)))
	t.CreateTime, t.CreatedBy = new(e.w.Date()), new("arn:"+e.Partition+":iam::"+e.Account+":root")
	for i := range t.Versions {
		v := &t.Versions[i]
		v.LaunchTemplateId, v.LaunchTemplateName, v.VersionNumber, v.CreatedBy = t.LaunchTemplateId, t.LaunchTemplateName, new(int64(i+1)), t.CreatedBy
		if v.CreateTime == nil {
			v.CreateTime = t.CreateTime
		}
		if v.LaunchTemplateData == nil {
			v.LaunchTemplateData = &types.ResponseLaunchTemplateData{}
		}
	}
	return nil
}

// add is a new version.
func (t *launchTemplate) add(e *EC2, d *types.ResponseLaunchTemplateData, description *string) *types.LaunchTemplateVersion {
	n := aws.ToInt64(t.LatestVersionNumber) + 1
	t.Versions = append(t.Versions, types.LaunchTemplateVersion{LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName,
		VersionNumber: new(n), VersionDescription: description, CreateTime: new(e.w.Date()), CreatedBy: t.CreatedBy, LaunchTemplateData: d})
	t.LatestVersionNumber = new(n)
	return &t.Versions[len(t.Versions)-1]
}

// checkTemplate is what EC2 looks at of a template before it keeps it: hardly anything.
func checkTemplate(d *types.RequestLaunchTemplateData) error {
	if d == nil {
		return nil
	}
	return checkUserData(d.UserData, "InvalidUserData.Malformed")
}

func noTemplate(id string) error {
	return wire.Errorf("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %s, does not exist.", id)
}

func (e *EC2) template(id, name *string) (*launchTemplate, error) {
	if id != nil {
		if t := e.templates.Get(*id); t != nil {
			return t, nil
		}
		return nil, noTemplate(*id)
	}
	if t := e.templates.Find(func(t *launchTemplate) bool { return *t.LaunchTemplateName == aws.ToString(name) }); t != nil {
		return t, nil
	}
	return nil, wire.Errorf("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.",
		aws.ToString(name))
}

// CreateLaunchTemplateVersion adds a version: of a source version, where one is named,
// with what the request says over it.
func (e *EC2) CreateLaunchTemplateVersion(by *wire.Caller, in *ec2.CreateLaunchTemplateVersionInput) (*ec2.CreateLaunchTemplateVersionOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	if n := by.Before(); n != "" {
		if v, err := t.version(n); err == nil {
			return &ec2.CreateLaunchTemplateVersionOutput{LaunchTemplateVersion: new(t.view(v))}, nil
		}
	}
	if err := checkTemplate(in.LaunchTemplateData); err != nil {
		return nil, err
	}
	d := convert[types.ResponseLaunchTemplateData](in.LaunchTemplateData)
	if in.SourceVersion != nil {
		source, err := t.version(*in.SourceVersion)
		if err != nil {
			return nil, err
		}
		whole := *source.LaunchTemplateData
		overlay(&whole, d)
		d = &whole
	}
	v := t.add(e, d, in.VersionDescription)
	by.Note(fmt.Sprint(*v.VersionNumber))
	return &ec2.CreateLaunchTemplateVersionOutput{LaunchTemplateVersion: new(t.view(v))}, nil
}

// ModifyLaunchTemplate sets the default version.
func (e *EC2) ModifyLaunchTemplate(_ *wire.Caller, in *ec2.ModifyLaunchTemplateInput) (*ec2.ModifyLaunchTemplateOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	if in.DefaultVersion == nil {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter SetDefaultVersion")
	}
	v, err := t.version(*in.DefaultVersion)
	if err != nil {
		return nil, err
	}
	t.DefaultVersionNumber = v.VersionNumber
	return &ec2.ModifyLaunchTemplateOutput{LaunchTemplate: new(e.viewTemplate(t))}, nil
}

// DescribeLaunchTemplates lists templates.
func (e *EC2) DescribeLaunchTemplates(_ *wire.Caller, in *ec2.DescribeLaunchTemplatesInput) (*ec2.DescribeLaunchTemplatesOutput, error) {
	ids := in.LaunchTemplateIds
	for _, n := range in.LaunchTemplateNames {
		t, err := e.template(nil, new(n))
		if err != nil {
			return nil, err
		}
		ids = append(ids, *t.LaunchTemplateId)
	}
	l, err := res.List(e.templates, ids, filters(in.Filters), e.viewTemplate)
	return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: l}, err
}

// DescribeLaunchTemplateVersions lists versions, the newest first. Without a template it
// lists the latest or the default versions of all.
func (e *EC2) DescribeLaunchTemplateVersions(_ *wire.Caller, in *ec2.DescribeLaunchTemplateVersionsInput) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
	templates := e.templates.All()
	if in.LaunchTemplateId != nil || in.LaunchTemplateName != nil {
		t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
		if err != nil {
			return nil, err
		}
		templates = []*launchTemplate{t}
	} else if slices.ContainsFunc(in.Versions, func(v string) bool { return v != "$Latest" && v != "$Default" }) || len(in.Versions) == 0 {
		return nil, wire.Errorf("MissingParameter", "You must specify either a launch template name or launch template ID.")
	}
	rows := []types.LaunchTemplateVersion{}
	for _, t := range templates {
		picked := map[int64]bool{}
		for _, n := range in.Versions {
			v, err := t.version(n)
			if err != nil {
				return nil, err
			}
			picked[*v.VersionNumber] = true
		}
		for i := len(t.Versions) - 1; i >= 0; i-- {
			v := &t.Versions[i]
			if (len(in.Versions) == 0 || picked[*v.VersionNumber]) && within(*v.VersionNumber, in.MinVersion, in.MaxVersion) {
				rows = append(rows, t.view(v))
			}
		}
	}
	rows, err := res.Pick(rows, filters(in.Filters), res.Fields[types.LaunchTemplateVersion](versionFilters))
	return &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: rows}, err
}

func within(n int64, low, high *string) bool {
	l, err := strconv.ParseInt(aws.ToString(low), 10, 64)
	below := err == nil && n < l
	h, err := strconv.ParseInt(aws.ToString(high), 10, 64)
	return !below && !(err == nil && n > h)
}

// version is the version of a number, of $Latest, or of $Default or "".
func (t *launchTemplate) version(v string) (*types.LaunchTemplateVersion, error) {
	var n int64
	switch v {
	case "$Latest":
		n = *t.Versions[len(t.Versions)-1].VersionNumber
	case "", "$Default":
		n = *t.DefaultVersionNumber
	default:
		n, _ = strconv.ParseInt(v, 10, 64) //nolint:errcheck // there is no version 0
	}
	for i := range t.Versions {
		if *t.Versions[i].VersionNumber == n {
			return &t.Versions[i], nil
		}
	}
	return nil, wire.Errorf("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version %s for launch template %s", v,
		*t.LaunchTemplateId)
}

// DeleteLaunchTemplate removes a template.
func (e *EC2) DeleteLaunchTemplate(_ *wire.Caller, in *ec2.DeleteLaunchTemplateInput) (*ec2.DeleteLaunchTemplateOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	v := e.viewTemplate(t)
	drop(e, e.templates, *t.LaunchTemplateId)
	return &ec2.DeleteLaunchTemplateOutput{LaunchTemplate: &v}, nil
}

// DeleteLaunchTemplateVersions removes versions, each for itself: not the default one.
func (e *EC2) DeleteLaunchTemplateVersions(_ *wire.Caller, in *ec2.DeleteLaunchTemplateVersionsInput) (*ec2.DeleteLaunchTemplateVersionsOutput, error) {
	t, err := e.template(in.LaunchTemplateId, in.LaunchTemplateName)
	if err != nil {
		return nil, err
	}
	out := &ec2.DeleteLaunchTemplateVersionsOutput{}
	for _, n := range in.Versions {
		code, why := types.LaunchTemplateErrorCode(""), ""
		v, err := t.version(n)
		switch {
		case err != nil:
			code, why = types.LaunchTemplateErrorCodeLaunchTemplateVersionDoesNotExist,
				fmt.Sprintf("Could not find launch template version %s for launch template %s", n, *t.LaunchTemplateId)
		case *v.VersionNumber == *t.DefaultVersionNumber:
			code, why = types.LaunchTemplateErrorCodeUnexpectedError, "The default version of a launch template cannot be deleted."
		}
		if why != "" {
			number, _ := strconv.ParseInt(n, 10, 64) //nolint:errcheck // then it is told as 0
			out.UnsuccessfullyDeletedLaunchTemplateVersions = append(out.UnsuccessfullyDeletedLaunchTemplateVersions,
				types.DeleteLaunchTemplateVersionsResponseErrorItem{LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName,
					VersionNumber: new(number), ResponseError: &types.ResponseError{Code: code, Message: new(why)}})
			continue
		}
		number := *v.VersionNumber
		t.Versions = slices.DeleteFunc(t.Versions, func(x types.LaunchTemplateVersion) bool { return *x.VersionNumber == number })
		out.SuccessfullyDeletedLaunchTemplateVersions = append(out.SuccessfullyDeletedLaunchTemplateVersions,
			types.DeleteLaunchTemplateVersionsResponseSuccessItem{LaunchTemplateId: t.LaunchTemplateId, LaunchTemplateName: t.LaunchTemplateName,
				VersionNumber: new(number)})
	}
	return out, nil
}

// TemplateData is a launch template version's data; the error is EC2's.
func (e *EC2) TemplateData(id, name *string, version string) (*types.ResponseLaunchTemplateData, *types.LaunchTemplateVersion, error) {
	t, err := e.template(id, name)
	if err != nil {
		return nil, nil, err
	}
	v, err := t.version(version)
	if err != nil {
		return nil, nil, err
	}
	return v.LaunchTemplateData, v, nil
}

// RequestData turns a stored template's data back into request form.
func RequestData(d *types.ResponseLaunchTemplateData) *types.RequestLaunchTemplateData {
	return convert[types.RequestLaunchTemplateData](d)
}

func (e *EC2) viewTemplate(t *launchTemplate) types.LaunchTemplate {
	v := t.LaunchTemplate
	v.LatestVersionNumber = t.Versions[len(t.Versions)-1].VersionNumber
	v.Tags = e.tagsOf(*t.LaunchTemplateId)
	return v
}

func (t *launchTemplate) view(v *types.LaunchTemplateVersion) types.LaunchTemplateVersion {
	out := *v
	out.DefaultVersion = new(*v.VersionNumber == *t.DefaultVersionNumber)
	return out
}
