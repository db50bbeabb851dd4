// Package access holds the generated OpenAPI definitions of the kinds around who may
// do what, and of leases. It must not be edited by hand: go generate.
package access

//go:generate go tool openapi-gen --output-dir . --output-pkg github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi/access --output-file zz_generated.go --go-header-file /dev/null --report-filename /dev/null k8s.io/api/authentication/v1 k8s.io/api/authorization/v1 k8s.io/api/coordination/v1 k8s.io/api/rbac/v1
