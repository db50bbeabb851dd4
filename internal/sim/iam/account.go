package iam

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (i *IAM) registerAccount(s *wire.Service) {
	wire.Handle(s, "GetUser", i.GetUser)
	wire.Handle(s, "ListUsers", i.ListUsers)
	wire.Handle(s, "ListAccountAliases", i.ListAccountAliases)
	wire.Handle(s, "SimulatePrincipalPolicy", i.SimulatePrincipalPolicy)
}

// adminID is the administrator's unique identifier.
func (i *IAM) adminID() string { return "AIDA" + strings.ToUpper(digest(i.admin())[:17]) }

// user is the account's one user, who was there when the world began.
func (i *IAM) user() *types.User {
	return &types.User{Arn: new(i.admin()), UserName: new(lastOf(i.admin())), UserId: new(i.adminID()), Path: new("/"), CreateDate: new(i.w.Began())}
}

// GetUser reads the account's user: without a name, who calls.
func (i *IAM) GetUser(c *wire.Caller, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	u := i.user()
	u.Tags = []types.Tag{}
	switch {
	case in.UserName == nil && c.ARN != i.admin():
		return nil, wire.Errorf("ValidationError", "Must specify userName when calling with non-User credentials")
	case in.UserName != nil && *in.UserName != *u.UserName:
		return nil, noEntity("The user with name %s cannot be found.", *in.UserName)
	}
	return &iam.GetUserOutput{User: u}, nil
}

// ListUsers lists the account's user.
func (i *IAM) ListUsers(_ *wire.Caller, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	out := &iam.ListUsersOutput{Users: []types.User{}}
	if strings.HasPrefix("/", aws.ToString(in.PathPrefix)) {
		out.Users = append(out.Users, *i.user())
	}
	return out, nil
}

// ListAccountAliases lists the account's aliases: it has none.
func (i *IAM) ListAccountAliases(_ *wire.Caller, _ *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
	return &iam.ListAccountAliasesOutput{AccountAliases: []string{}}, nil
}
