package kubeapi

import (
	"net/http"

	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/registry/core/componentstatus"
	configmap "k8s.io/kubernetes/pkg/registry/core/configmap/storage"
	endpoint "k8s.io/kubernetes/pkg/registry/core/endpoint/storage"
	coreevent "k8s.io/kubernetes/pkg/registry/core/event/storage"
	limitrange "k8s.io/kubernetes/pkg/registry/core/limitrange/storage"
	namespace "k8s.io/kubernetes/pkg/registry/core/namespace/storage"
	corenode "k8s.io/kubernetes/pkg/registry/core/node/storage"
	volume "k8s.io/kubernetes/pkg/registry/core/persistentvolume/storage"
	claim "k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim/storage"
	pod "k8s.io/kubernetes/pkg/registry/core/pod/storage"
	podtemplate "k8s.io/kubernetes/pkg/registry/core/podtemplate/storage"
	replication "k8s.io/kubernetes/pkg/registry/core/replicationcontroller/storage"
	quota "k8s.io/kubernetes/pkg/registry/core/resourcequota/storage"
	secret "k8s.io/kubernetes/pkg/registry/core/secret/storage"
	serviceaccount "k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage"

	kubelet "k8s.io/kubernetes/pkg/kubelet/client"
	"k8s.io/kubernetes/pkg/probe"
)

// eventTTL is how long Kubernetes keeps events, in seconds.
const eventTTL = 3600

// coreStorage are the resources of the core group. Kubernetes' own list of them
// (pkg/registry/core/rest) brings allocators over etcd along, so this is one of our own.
func coreStorage(opts generic.RESTOptionsGetter, kubelets kubelet.KubeletClientConfig, proxy http.RoundTripper) (map[string]rest.Storage, error) {
	out := map[string]rest.Storage{}
	var err error
	put := func(name string, s rest.Storage, e error) {
		if err == nil {
			out[name], err = s, e
		}
	}
	events, e := coreevent.NewREST(opts, eventTTL)
	put("events", events, e)
	secrets, e := secret.NewREST(opts)
	put("secrets", secrets, e)
	maps, e := configmap.NewREST(opts)
	put("configmaps", maps, e)
	templates, e := podtemplate.NewREST(opts)
	put("podtemplates", templates, e)
	limits, e := limitrange.NewREST(opts)
	put("limitranges", limits, e)
	quotas, quotaStatus, e := quota.NewREST(opts)
	put("resourcequotas", quotas, e)
	put("resourcequotas/status", quotaStatus, e)
	namespaces, nsStatus, nsFinalize, e := namespace.NewREST(opts)
	put("namespaces", namespaces, e)
	put("namespaces/status", nsStatus, e)
	put("namespaces/finalize", nsFinalize, e)
	volumes, volumeStatus, e := volume.NewREST(opts)
	put("persistentvolumes", volumes, e)
	put("persistentvolumes/status", volumeStatus, e)
	claims, claimStatus, e := claim.NewREST(opts)
	put("persistentvolumeclaims", claims, e)
	put("persistentvolumeclaims/status", claimStatus, e)
	endpoints, e := endpoint.NewREST(opts)
	put("endpoints", endpoints, e)
	rc, e := replication.NewStorage(opts)
	put("replicationcontrollers", rc.Controller, e)
	put("replicationcontrollers/status", rc.Status, e)
	put("replicationcontrollers/scale", rc.Scale, e)
	if err != nil {
		return nil, err
	}
	nodes, err := corenode.NewStorage(opts, kubelets, proxy)
	if err != nil {
		return nil, err
	}
	put("nodes", nodes.Node, nil)
	put("nodes/status", nodes.Status, nil)
	put("nodes/proxy", nodes.Proxy, nil)
	pods, err := pod.NewStorage(opts, nodes.KubeletConnectionInfo, proxy, nil)
	if err != nil {
		return nil, err
	}
	accounts, err := serviceaccount.NewREST(opts, tokens{}, []string{Audience}, longestToken, pods.Pod.Store, secrets.Store, nodes.Node.Store, true, extendedToken)
	if err != nil {
		return nil, err
	}
	put("serviceaccounts", accounts, nil)
	put("serviceaccounts/token", accounts.Token, nil)
	put("pods", pods.Pod, nil)
	put("pods/status", pods.Status, nil)
	put("pods/binding", pods.Binding, nil)
	put("pods/eviction", evictionREST{pods.Eviction}, nil)
	put("pods/ephemeralcontainers", pods.EphemeralContainers, nil)
	put("pods/resize", pods.Resize, nil)
	put("pods/log", pods.Log, nil)
	put("pods/exec", pods.Exec, nil)
	put("pods/attach", pods.Attach, nil)
	put("pods/portforward", pods.PortForward, nil)
	put("pods/proxy", pods.Proxy, nil)
	put("bindings", pods.LegacyBinding, nil)
	services, status, svcProxy, err := serviceStorage(opts, endpoints, pods.Pod, proxy)
	put("services", services, err)
	put("services/status", status, err)
	put("services/proxy", svcProxy, err)
	put("componentstatuses", componentstatus.NewStorage(components), err)
	return out, err
}

// sound is a part of the control plane that is well: EKS answers for it.
type sound struct{}

func (sound) DoServerCheck() (probe.Result, string, error) { return probe.Success, "ok", nil }

func components() map[string]componentstatus.Server {
	return map[string]componentstatus.Server{"controller-manager": sound{}, "scheduler": sound{}, "etcd-0": sound{}}
}
