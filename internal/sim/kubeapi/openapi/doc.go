// Package openapi holds the generated OpenAPI definitions of the Kubernetes kinds
// that a simulated cluster serves. It must not be edited by hand: go generate.
package openapi

//go:generate go tool openapi-gen --output-dir . --output-pkg github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi --output-file zz_generated.go --go-header-file /dev/null --report-filename /dev/null k8s.io/api/core/v1 k8s.io/api/apps/v1 k8s.io/api/policy/v1 k8s.io/apimachinery/pkg/apis/meta/v1 k8s.io/apimachinery/pkg/api/resource k8s.io/apimachinery/pkg/util/intstr k8s.io/apimachinery/pkg/runtime k8s.io/apimachinery/pkg/version
