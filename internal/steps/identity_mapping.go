package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/engine"
)

// IdentityMapping adds a row to kube-system/aws-auth, or takes one of a role away.
type IdentityMapping struct {
	Mapping config.IAMIdentityMapping `json:"mapping"`
	Gone    bool                      `json:"gone,omitempty"`
}

type mapRow struct {
	RoleARN  string   `json:"rolearn,omitempty"`
	UserARN  string   `json:"userarn,omitempty"`
	Username string   `json:"username"`
	Groups   []string `json:"groups,omitempty"`
}

// Run adds what is missing, corrects its own row and keeps the others.
func (s *IdentityMapping) Run(ctx context.Context, e *Env, _ *Memo) (engine.Result, error) {
	m := s.Mapping
	k, err := e.Kube(ctx)
	if err != nil {
		return engine.Result{}, err
	}
	api := k.CoreV1().ConfigMaps("kube-system")
	cm, err := api.Get(ctx, "aws-auth", metav1.GetOptions{})
	fresh := apierrors.IsNotFound(err)
	if fresh {
		cm = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "aws-auth", Namespace: "kube-system"}}
	} else if err != nil {
		return engine.Result{}, fmt.Errorf("reading aws-auth: %w", err)
	}
	if cm.Data == nil {
		cm.Data = map[string]string{}
	}
	write := addMapping
	if s.Gone {
		write = dropRole
	}
	changed, err := write(cm.Data, m)
	if err != nil {
		return engine.Result{}, err
	}
	if !changed {
		return engine.Finished("as wanted")
	}
	if fresh {
		_, err = api.Create(ctx, cm, metav1.CreateOptions{})
	} else {
		_, err = api.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("writing aws-auth: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "written", Changed: true}, nil
}

// dropRole takes the row of a role away, and no other.
func dropRole(data map[string]string, m config.IAMIdentityMapping) (bool, error) {
	var rows []mapRow
	if err := yaml.Unmarshal([]byte(data["mapRoles"]), &rows); err != nil {
		return false, fmt.Errorf("aws-auth holds mapRoles that cannot be read: %w", err)
	}
	left := slices.DeleteFunc(slices.Clone(rows), func(r mapRow) bool { return r.RoleARN == m.ARN })
	if len(left) == len(rows) {
		return false, nil
	}
	return true, put(data, "mapRoles", left)
}

func addMapping(data map[string]string, m config.IAMIdentityMapping) (bool, error) {
	if m.Account != "" {
		var accounts []string
		if err := yaml.Unmarshal([]byte(data["mapAccounts"]), &accounts); err != nil {
			return false, fmt.Errorf("aws-auth holds mapAccounts that cannot be read: %w", err)
		}
		for _, a := range accounts {
			if a == m.Account {
				return false, nil
			}
		}
		return true, put(data, "mapAccounts", append(accounts, m.Account))
	}
	key, row := "mapRoles", mapRow{RoleARN: m.ARN, Username: m.Username, Groups: m.Groups}
	if m.ServiceName != "" {
		row = mapRow{RoleARN: m.ARN, Username: m.ServiceName, Groups: nil}
	} else if strings.Contains(m.ARN, ":user/") {
		key, row = "mapUsers", mapRow{UserARN: m.ARN, Username: m.Username, Groups: m.Groups}
	}
	var rows []mapRow
	if err := yaml.Unmarshal([]byte(data[key]), &rows); err != nil {
		return false, fmt.Errorf("aws-auth holds %s that cannot be read: %w", key, err)
	}
	for i, r := range rows {
		if r.RoleARN == row.RoleARN && r.UserARN == row.UserARN {
			rows[i] = row
			return r.Username != row.Username || !slices.Equal(r.Groups, row.Groups), put(data, key, rows)
		}
	}
	return true, put(data, key, append(rows, row))
}

// roles are the rows of roles that aws-auth has; one that cannot be read has none.
func roles(data map[string]string) []mapRow {
	var rows []mapRow
	_ = yaml.Unmarshal([]byte(data["mapRoles"]), &rows) // who writes it is told
	return rows
}

// RolesMapped are the ARNs of the roles that aws-auth lets in.
func RolesMapped(data map[string]string) []string {
	var out []string
	for _, r := range roles(data) {
		out = append(out, r.RoleARN)
	}
	return out
}

// MappingOf is how aws-auth lets a role in; false where it does not.
func MappingOf(data map[string]string, role string) (config.IAMIdentityMapping, bool) {
	for _, r := range roles(data) {
		if r.RoleARN == role {
			return config.IAMIdentityMapping{ARN: role, Username: r.Username, Groups: r.Groups}, true
		}
	}
	return config.IAMIdentityMapping{}, false
}

// Mapped tells whether aws-auth maps an identity as wanted.
func Mapped(data map[string]string, m config.IAMIdentityMapping) bool {
	if data == nil {
		return false
	}
	changed, err := addMapping(maps.Clone(data), m)
	return err == nil && !changed
}

func put(data map[string]string, key string, v any) error {
	b, err := yaml.Marshal(v)
	data[key] = string(b)
	return err
}
