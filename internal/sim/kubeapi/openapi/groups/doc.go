// Package groups holds the generated OpenAPI definitions of the built-in groups beside
// core, apps and policy that clients list. It must not be edited by hand: go generate.
package groups

//go:generate go tool openapi-gen --output-dir . --output-pkg github.com/slipway-eks/slipway/internal/sim/kubeapi/openapi/groups --output-file zz_generated.go --go-header-file /dev/null --report-filename /dev/null k8s.io/api/admissionregistration/v1 k8s.io/api/autoscaling/v1 k8s.io/api/autoscaling/v2 k8s.io/api/batch/v1 k8s.io/api/certificates/v1 k8s.io/api/discovery/v1 k8s.io/api/flowcontrol/v1 k8s.io/api/networking/v1 k8s.io/api/node/v1 k8s.io/api/scheduling/v1 k8s.io/api/storage/v1
