package kubeapi

import (
	"context"
	"net"
	"net/http"
	"os"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/server/egressselector"
	kubelet "k8s.io/kubernetes/pkg/kubelet/client"
)

// kubelets is how the API server would reach kubelets. Nodes are simulated and nothing
// listens at their addresses: logs, exec, attach, port-forward and proxy end as they do
// where a security group stands between the control plane and a node, but at once.
var kubelets = kubelet.KubeletClientConfig{Port: 10250, PreferredAddressTypes: []string{string(corev1.NodeInternalIP), string(corev1.NodeInternalDNS),
	string(corev1.NodeHostName)}, Lookup: func(egressselector.NetworkContext) (utilnet.DialFunc, error) {
	return dial, nil
}}

func dial(_ context.Context, network, addr string) (net.Conn, error) {
	a, err := net.ResolveTCPAddr(network, addr)
	if err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "dial", Net: network, Addr: a, Err: os.ErrDeadlineExceeded}
}

// unreachable is the transport to pods and Services.
type unreachable struct{}

func (unreachable) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := dial(r.Context(), "tcp", r.URL.Host)
	return nil, err
}
