package node

import (
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// NotReadyMessage is the kubelet's, to the letter, while no network plugin has
// written its configuration (terraform-aws-eks #3446).
const NotReadyMessage = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni " +
	"plugin not initialized"

// Spec is a node about to register.
type Spec struct {
	Name, InstanceID, Zone, Region string
	InstanceType, Arch, OS, Image  string
	InternalIP, ExternalIP         string
	Version                        string // the kubelet's
	Labels                         map[string]string
	Taints                         []corev1.Taint
	CPUs, MemMiB, Pods             int
	GPUs                           int  // that a device plugin on its AMI offers
	Ready                          bool // brings its own network (Fargate, Auto Mode)
}

// Register is a kubelet's first call: a Node that is not ready yet.
func (c *Cluster) Register(s Spec) {
	if kubeapi.Get[corev1.Node](c.API, "", s.Name) != nil {
		return
	}
	l := map[string]string{"kubernetes.io/hostname": s.Name, "kubernetes.io/arch": s.Arch, "kubernetes.io/os": s.OS, "beta.kubernetes.io/arch": s.Arch,
		"beta.kubernetes.io/os":       s.OS,
		"topology.kubernetes.io/zone": s.Zone, "topology.kubernetes.io/region": s.Region, "failure-domain.beta.kubernetes.io/zone": s.Zone,
		"failure-domain.beta.kubernetes.io/region": s.Region}
	if s.InstanceType != "" {
		l["node.kubernetes.io/instance-type"], l["beta.kubernetes.io/instance-type"] = s.InstanceType, s.InstanceType
	}
	for k, v := range s.Labels {
		l[k] = v
	}
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.Name, Labels: l}, Spec: corev1.NodeSpec{Taints: slices.Clone(s.Taints)}}
	if s.InstanceID != "" {
		n.Spec.ProviderID = "aws:///" + s.Zone + "/" + s.InstanceID
	}
	n.Status = corev1.NodeStatus{
		Capacity: resources(s, false), Allocatable: resources(s, true),
		NodeInfo: corev1.NodeSystemInfo{KubeletVersion: s.Version, OSImage: s.Image, OperatingSystem: s.OS, Architecture: s.Arch,
			ContainerRuntimeVersion: "containerd://2.1.4", KernelVersion: "6.12.40-64.114.amzn2023." + s.Arch, SystemUUID: s.InstanceID},
	}
	if s.InternalIP != "" {
		n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: s.InternalIP}, {Type: corev1.NodeInternalDNS, Address: s.Name},
			{Type: corev1.NodeHostName, Address: s.Name}}
	}
	if s.ExternalIP != "" {
		n.Status.Addresses = append(n.Status.Addresses, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: s.ExternalIP})
	}
	c.conditions(n, false)
	c.API.Save(n)
	c.renew(at{Node: s.Name})
	if s.Ready {
		c.after(2*time.Second, "node:ready", at{Node: s.Name})
	}
}

// resources are a node's capacity, and with reserve what is left of it for pods: nodeadm and
// bootstrap.sh keep back 6 % of the first core, 1 % of the second, half a percent of the next
// two and a quarter of the rest, 255 MiB and 11 MiB for each pod, and the kubelet 100 MiB and a
// tenth of the disk before it evicts.
func resources(s Spec, reserve bool) corev1.ResourceList {
	cpus, mem, disk := int64(max(1, s.CPUs))*1000, int64(max(512, s.MemMiB))*1024, int64(diskKiB)
	mem -= mem / 40 // what the hypervisor and the kernel keep
	if reserve {
		for core := range cpus / 1000 {
			switch {
			case core == 0:
				cpus -= 60
			case core == 1:
				cpus -= 10
			case core < 4:
				cpus -= 5
			}
		}
		if n := int64(s.CPUs); n > 4 {
			cpus -= (n - 4) * 5 / 2
		}
		mem = max(mem-(255+11*int64(s.Pods)+100)*1024, 64*1024)
		disk = disk * 9 / 10
	}
	l := corev1.ResourceList{corev1.ResourceCPU: *resource.NewMilliQuantity(cpus, resource.DecimalSI), corev1.ResourceMemory: quantity("%dKi", mem),
		corev1.ResourceEphemeralStorage: quantity("%dKi", disk), corev1.ResourcePods: quantity("%d", s.Pods),
		"hugepages-1Gi": quantity("0"), "hugepages-2Mi": quantity("0")}
	if s.GPUs > 0 {
		l["nvidia.com/gpu"] = quantity("%d", s.GPUs)
	}
	return l
}

// diskKiB is the file system of a node: 80 GiB, eksctl's volumes, less what XFS takes.
const diskKiB = 83_873_772

// conditions sets the kubelet's report; a node that is not ready carries the taint.
func (c *Cluster) conditions(n *corev1.Node, ready bool) {
	now := metav1.NewTime(c.w.Date())
	st, why, msg := corev1.ConditionFalse, "KubeletNotReady", NotReadyMessage
	if ready {
		st, why, msg = corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"
	}
	n.Status.Conditions = []corev1.NodeCondition{
		{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientMemory",
			Message: "kubelet has sufficient memory available", LastHeartbeatTime: now, LastTransitionTime: now},
		{Type: corev1.NodeDiskPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasNoDiskPressure", Message: "kubelet has no disk pressure",
			LastHeartbeatTime: now, LastTransitionTime: now},
		{Type: corev1.NodePIDPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientPID", Message: "kubelet has sufficient PID available",
			LastHeartbeatTime: now, LastTransitionTime: now},
		{Type: corev1.NodeReady, Status: st, Reason: why, Message: msg, LastHeartbeatTime: now, LastTransitionTime: now},
	}
	n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady })
	if !ready {
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule},
			corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute})
	}
}

// ready turns a node Ready, once.
func (c *Cluster) ready(p at) {
	name := p.Node
	n := kubeapi.Get[corev1.Node](c.API, "", name)
	if n == nil || NodeReady(n) {
		return
	}
	u := n.DeepCopy()
	c.conditions(u, true)
	if !c.API.Save(u) {
		c.after(time.Second, "node:ready", p)
		return
	}
	c.event("Node", "", name, "Normal", "NodeReady", "Node "+name+" status is now: NodeReady")
}

// Forget removes a node whose instance is gone, with its pods.
func (c *Cluster) Forget(name string) {
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		if p.Spec.NodeName == name {
			c.API.Remove(p)
		}
	}
	if n := kubeapi.Get[corev1.Node](c.API, "", name); n != nil {
		c.API.Remove(n)
	}
	if l := kubeapi.Get[coordinationv1.Lease](c.API, leaseNamespace, name); l != nil {
		c.API.Remove(l)
	}
	delete(c.Readied, name)
}

// cniDir is where a network plugin leaves its configuration; a pod that mounts it
// from the host is one.
const cniDir = "/etc/cni/net.d"

// IsCNI tells whether a pod installs a network plugin on its node.
func IsCNI(s *corev1.PodSpec) bool {
	return slices.ContainsFunc(s.Volumes, func(v corev1.Volume) bool {
		return v.HostPath != nil && (v.HostPath.Path == cniDir || v.HostPath.Path == cniDir+"/")
	})
}

// kubelets starts and stops the pods bound to each node, and reports a node Ready
// when its network plugin is.
func (c *Cluster) kubelets() {
	nodes := map[string]*corev1.Node{}
	for _, n := range kubeapi.List[corev1.Node](c.API) {
		nodes[n.Name] = n
	}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		n := nodes[p.Spec.NodeName]
		switch {
		case p.Spec.NodeName == "":
			if p.DeletionTimestamp != nil {
				c.API.Remove(p)
			}
		case n == nil:
			c.API.Remove(p) // the node is gone; its pods go with it
		case p.DeletionTimestamp != nil:
			c.end(p)
		case ended(p):
			// over, until somebody deletes it
		case !p.Spec.HostNetwork && !NodeReady(n) && !c.Started[string(p.UID)]:
			// waits for the pod network
		case !c.Started[string(p.UID)] && !c.mounted(p, n):
			// waits for its volumes
		case !c.Started[string(p.UID)]:
			c.Started[string(p.UID)] = true
			d := c.w.Draw("pod:start", n.Name+"/"+p.Labels["k8s-app"], 4*time.Second, 2*time.Second, 9*time.Second)
			c.after(d, "node:start", at{p.Namespace, p.Name, string(p.UID), n.Name})
		case IsCNI(&p.Spec) && PodReady(p) && !NodeReady(n) && !c.Readied[n.Name]:
			c.Readied[n.Name] = true
			c.after(c.w.Draw("node:ready", n.Name, 3*time.Second, 1*time.Second, 6*time.Second), "node:ready", at{Node: n.Name})
		default:
			c.gates(p)
		}
	}
}

// end lets a pod finish.
func (c *Cluster) end(p *corev1.Pod) {
	key := "stop:" + string(p.UID)
	if c.Started[key] {
		return
	}
	c.Started[key] = true
	c.after(2*time.Second, "node:stop", at{Namespace: p.Namespace, Pod: p.Name, UID: string(p.UID)})
}

func (c *Cluster) stopped(p at) {
	if q := kubeapi.Get[corev1.Pod](c.API, p.Namespace, p.Pod); q != nil && string(q.UID) == p.UID {
		if len(q.Finalizers) > 0 {
			c.leaveToFinalizers(q)
			return
		}
		c.API.Remove(q)
	}
	delete(c.Started, "stop:"+p.UID)
	delete(c.Started, p.UID)
}

// leaveToFinalizers says that a pod's containers have ended, as a kubelet does before it lets
// go of it; the object stays until its finalizers are taken away.
func (c *Cluster) leaveToFinalizers(p *corev1.Pod) {
	if ended(p) {
		return
	}
	u := p.DeepCopy()
	now := metav1.NewTime(c.w.Date().Truncate(time.Second))
	u.Status.Phase, u.DeletionGracePeriodSeconds = corev1.PodSucceeded, new(int64(0))
	for i := range u.Status.ContainerStatuses {
		s := &u.Status.ContainerStatuses[i]
		s.Ready, s.Started = false, new(false)
		s.State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", FinishedAt: now}}
	}
	for _, t := range []corev1.PodConditionType{corev1.PodReady, corev1.ContainersReady} {
		setCondition(u, corev1.PodCondition{Type: t, Status: corev1.ConditionFalse, Reason: "PodCompleted", LastTransitionTime: now})
	}
	if !c.API.Save(u) {
		c.after(time.Second, "node:stop", at{Namespace: p.Namespace, Pod: p.Name, UID: string(p.UID)})
	}
}

// run is a pod whose images are there; a network plugin asks AWS first.
func (c *Cluster) run(p at) {
	q := kubeapi.Get[corev1.Pod](c.API, p.Namespace, p.Pod)
	n := kubeapi.Get[corev1.Node](c.API, "", p.Node)
	if q == nil || string(q.UID) != p.UID || n == nil {
		return
	}
	u := q.DeepCopy()
	if why := c.address(u, n); why != "" {
		c.event("Pod", p.Namespace, p.Pod, "Warning", "FailedCreatePodSandBox", "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup "+
			"network for sandbox: plugin type=\"aws-cni\" name=\"aws-cni\" failed (add): add cmd: "+why)
		c.after(10*time.Second, "node:start", p)
		return
	}
	problem := ""
	if IsCNI(&q.Spec) && q.Labels["k8s-app"] == "aws-node" {
		problem = c.env.CNI(n, q.Spec.ServiceAccountName)
	}
	c.report(u, n, problem)
	if !c.API.Save(u) {
		c.after(time.Second, "node:start", p)
		return
	}
	switch {
	case problem != "":
		c.event("Pod", p.Namespace, p.Pod, "Warning", "BackOff", "Back-off restarting failed container: "+problem)
		c.after(backOff(u.Status.ContainerStatuses[0].RestartCount), "node:start", p)
	case q.Spec.RestartPolicy != corev1.RestartPolicyAlways:
		c.after(c.jobTime(p), "node:finish", p)
	}
}

func (c *Cluster) report(p *corev1.Pod, n *corev1.Node, problem string) {
	now := metav1.NewTime(c.w.Date())
	ready := corev1.ConditionTrue
	if problem != "" {
		ready = corev1.ConditionFalse
	}
	p.Status.Phase = corev1.PodRunning
	if p.Status.StartTime == nil {
		p.Status.StartTime = &now
	}
	for _, x := range []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue},
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: ready, Message: problem},
		{Type: corev1.ContainersReady, Status: ready, Message: problem}} {
		x.LastTransitionTime = now
		if x.Type == corev1.PodReady {
			x = withGates(p, x)
		}
		setCondition(p, x)
	}
	for i := range p.Spec.InitContainers {
		k := &p.Spec.InitContainers[i]
		s := corev1.ContainerStatus{Name: k.Name, Image: k.Image, ImageID: k.Image, Ready: true, Started: new(false), State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{Reason: "Completed", StartedAt: now, FinishedAt: now}}}
		if k.RestartPolicy != nil { // a sidecar
			s.Started, s.State = new(true), corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}
		}
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses[:min(i, len(p.Status.InitContainerStatuses)):i], s)
	}
	restarts := int32(0)
	if len(p.Status.ContainerStatuses) > 0 && problem != "" {
		restarts = p.Status.ContainerStatuses[0].RestartCount + 1
	}
	p.Status.ContainerStatuses = nil
	for _, k := range p.Spec.Containers {
		cs := corev1.ContainerStatus{Name: k.Name, Image: k.Image, ImageID: k.Image, Ready: problem == "", Started: new(problem == ""), RestartCount: restarts,
			ContainerID: "containerd://" + c.w.Hex("container "+string(p.UID)+" "+k.Name, 16),
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}}}
		if problem != "" {
			cs.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: problem}}
		}
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, cs)
	}
}

// gates looks at the readiness of a running pod again, where others have a say in it.
func (c *Cluster) gates(p *corev1.Pod) {
	if len(p.Spec.ReadinessGates) == 0 || p.Status.Phase != corev1.PodRunning {
		return
	}
	i := slices.IndexFunc(p.Status.Conditions, func(x corev1.PodCondition) bool { return x.Type == corev1.ContainersReady })
	if i < 0 {
		return
	}
	x := withGates(p, corev1.PodCondition{Type: corev1.PodReady, Status: p.Status.Conditions[i].Status, LastTransitionTime: metav1.NewTime(c.w.Date())})
	if (x.Status == corev1.ConditionTrue) == PodReady(p) {
		return
	}
	u := p.DeepCopy()
	setCondition(u, x)
	c.API.Save(u)
}

// withGates is a pod's readiness with that of its gates, which others set.
func withGates(p *corev1.Pod, x corev1.PodCondition) corev1.PodCondition {
	if x.Status != corev1.ConditionTrue {
		return x
	}
	for _, g := range p.Spec.ReadinessGates {
		i := slices.IndexFunc(p.Status.Conditions, func(y corev1.PodCondition) bool { return y.Type == g.ConditionType })
		switch {
		case i < 0:
			x.Status, x.Reason = corev1.ConditionFalse, "ReadinessGatesNotReady"
			x.Message = fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist.", g.ConditionType)
		case p.Status.Conditions[i].Status != corev1.ConditionTrue:
			x.Status, x.Reason, x.Message = corev1.ConditionFalse, "ReadinessGatesNotReady", fmt.Sprintf("the status of pod readiness gate %q is not \"True\", but %s",
				g.ConditionType, p.Status.Conditions[i].Status)
		}
	}
	return x
}
