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

// IdentityMapping adds rows to kube-system/aws-auth.
type IdentityMapping struct {
	Mapping config.IAMIdentityMapping `json:"mapping"`
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
	changed, err := addMapping(cm.Data, m)
	if err != nil {
		return engine.Result{}, err
	}
	if !changed {
		return engine.Finished("in place")
	}
	if fresh {
		_, err = api.Create(ctx, cm, metav1.CreateOptions{})
	} else {
		_, err = api.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		return engine.Result{}, fmt.Errorf("writing aws-auth: %w", err)
	}
	return engine.Result{State: engine.Done, Reason: "mapped", Changed: true}, nil
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
