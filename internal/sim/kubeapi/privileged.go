package kubeapi

import "k8s.io/kubernetes/pkg/capabilities"

// EKS's API servers run with --allow-privileged: aws-node's own pods are privileged.
func init() { capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true}) }
