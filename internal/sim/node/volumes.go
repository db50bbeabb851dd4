package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// Storage is the CSI drivers of a cluster. An Env that has none leaves claims waiting, as a
// cluster without a driver does. What is not done yet is asked for again.
type Storage interface {
	// Driver is the CSI driver that serves a provisioner, and whether it runs now.
	Driver(provisioner string) (name string, runs bool)
	// NewVolume makes a claim's volume, where a node reaches it; nil: it is not there yet.
	NewVolume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, n *corev1.Node) (*corev1.PersistentVolume, error)
	// DeleteVolume deletes a volume that nobody claims any more.
	DeleteVolume(v *corev1.PersistentVolume) error
	// Attach and Detach tie a volume to a node and untie it.
	Attach(v *corev1.PersistentVolume, n *corev1.Node) (done bool, err error)
	Detach(v *corev1.PersistentVolume, node string) (done bool, err error)
}

// selectedNode is where the scheduler notes for which node a volume is wanted.
const selectedNode = "volume.kubernetes.io/selected-node"

// again is how soon what a driver was asked for is asked for again.
const again = time.Second

// volumes is what there is of storage in a cluster.
type volumes struct {
	claims  map[string]*corev1.PersistentVolumeClaim // by namespace/name
	all     map[string]*corev1.PersistentVolume
	classes map[string]*storagev1.StorageClass
	nodes   map[string]bool
}

func (c *Cluster) volumes() *volumes {
	v := &volumes{map[string]*corev1.PersistentVolumeClaim{}, map[string]*corev1.PersistentVolume{}, map[string]*storagev1.StorageClass{}, map[string]bool{}}
	for _, x := range kubeapi.List[corev1.PersistentVolumeClaim](c.API) {
		v.claims[x.Namespace+"/"+x.Name] = x
	}
	if len(v.claims) == 0 {
		return v
	}
	for _, x := range kubeapi.List[corev1.PersistentVolume](c.API) {
		v.all[x.Name] = x
	}
	for _, x := range kubeapi.List[storagev1.StorageClass](c.API) {
		v.classes[x.Name] = x
	}
	for _, x := range kubeapi.List[corev1.Node](c.API) {
		v.nodes[x.Name] = true
	}
	return v
}

// claimsOf are the names of the claims that a pod mounts.
func claimsOf(p *corev1.Pod) []string {
	var out []string
	for _, x := range p.Spec.Volumes {
		switch {
		case x.PersistentVolumeClaim != nil:
			out = append(out, x.PersistentVolumeClaim.ClaimName)
		case x.Ephemeral != nil:
			out = append(out, p.Name+"-"+x.Name)
		}
	}
	return out
}

func (v *volumes) class(x *corev1.PersistentVolumeClaim) *storagev1.StorageClass {
	if x.Spec.StorageClassName == nil {
		return nil
	}
	return v.classes[*x.Spec.StorageClassName]
}

// late tells whether a claim is bound when a pod that uses it has a node, not before.
func (v *volumes) late(x *corev1.PersistentVolumeClaim) bool {
	s := v.class(x)
	return s != nil && s.VolumeBindingMode != nil && *s.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// unready says why a pod's claims keep it from any node; "" where they do not.
func (v *volumes) unready(p *corev1.Pod) string {
	for _, name := range claimsOf(p) {
		x := v.claims[p.Namespace+"/"+name]
		switch {
		case x == nil:
			return fmt.Sprintf("persistentvolumeclaim %q not found", name)
		case x.DeletionTimestamp != nil:
			return fmt.Sprintf("persistentvolumeclaim %q is being deleted", name)
		case x.Status.Phase == corev1.ClaimLost:
			return fmt.Sprintf("persistentvolumeclaim %q bound to non-existent persistentvolume %q", name, x.Spec.VolumeName)
		case x.Status.Phase != corev1.ClaimBound && !v.late(x):
			return "pod has unbound immediate PersistentVolumeClaims"
		}
	}
	return ""
}

// waiting are a pod's claims that are bound once it is known where it goes.
func (v *volumes) waiting(p *corev1.Pod) []*corev1.PersistentVolumeClaim {
	var out []*corev1.PersistentVolumeClaim
	for _, name := range claimsOf(p) {
		if x := v.claims[p.Namespace+"/"+name]; x != nil && x.Status.Phase != corev1.ClaimBound {
			out = append(out, x)
		}
	}
	return out
}

// reaches tells whether a pod's volumes are within a node's reach; a claim that waits for its
// volume was promised to one node.
func (v *volumes) reaches(p *corev1.Pod, n *corev1.Node) bool {
	for _, name := range claimsOf(p) {
		x := v.claims[p.Namespace+"/"+name]
		if x == nil {
			continue
		}
		if on := x.Annotations[selectedNode]; x.Status.Phase != corev1.ClaimBound && v.nodes[on] && on != n.Name {
			return false
		}
		pv := v.all[x.Spec.VolumeName]
		if pv == nil || pv.Spec.NodeAffinity == nil || pv.Spec.NodeAffinity.Required == nil {
			continue
		}
		s, err := nodeaffinity.NewNodeSelector(pv.Spec.NodeAffinity.Required)
		if err != nil || !s.Match(n) {
			return false
		}
	}
	return true
}

// selectNode says for which node a claim's volume is wanted.
func (c *Cluster) selectNode(x *corev1.PersistentVolumeClaim, node string) {
	if x.Annotations[selectedNode] == node {
		return
	}
	u := x.DeepCopy()
	if u.Annotations == nil {
		u.Annotations = map[string]string{}
	}
	u.Annotations[selectedNode] = node
	c.API.Save(u)
}

// bind is the volume controller: claims get volumes that are there, or ones that their class's
// driver makes; volumes that are let go are deleted.
func (c *Cluster) bind() {
	v := c.volumes()
	s, _ := c.env.(Storage)
	for _, k := range sortedKeys(v.claims) {
		if x := v.claims[k]; x.DeletionTimestamp == nil && x.Status.Phase != corev1.ClaimBound {
			c.bindClaim(v, s, x)
		}
	}
	c.detach(s)
	for _, pv := range kubeapi.List[corev1.PersistentVolume](c.API) {
		c.reclaim(s, pv)
	}
}

// tell says an event about an object, once until it is another.
func (c *Cluster) tell(kind string, o metav1.Object, typ, reason, msg string) {
	if c.Told == nil {
		c.Told = map[string]string{}
	}
	k := string(o.GetUID())
	if c.Told[k] == reason+msg {
		return
	}
	c.Told[k] = reason + msg
	c.event(kind, o.GetNamespace(), o.GetName(), typ, reason, msg)
}

const claimKind = "PersistentVolumeClaim"

func (c *Cluster) bindClaim(v *volumes, s Storage, x *corev1.PersistentVolumeClaim) {
	if pv := v.suits(x); pv != nil && (!v.late(x) || pv.Spec.ClaimRef != nil || x.Annotations[selectedNode] != "") {
		c.tie(x, pv)
		v.all[pv.Name] = kubeapi.Get[corev1.PersistentVolume](c.API, "", pv.Name)
		return
	}
	if x.Spec.VolumeName != "" {
		return // it waits for that one
	}
	class := v.class(x)
	n := kubeapi.Get[corev1.Node](c.API, "", x.Annotations[selectedNode])
	switch {
	case x.Spec.StorageClassName == nil || *x.Spec.StorageClassName == "":
		c.tell(claimKind, x, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")
		return
	case class == nil:
		c.tell(claimKind, x, "Warning", "ProvisioningFailed", fmt.Sprintf("storageclass.storage.k8s.io %q not found", *x.Spec.StorageClassName))
		return
	case v.late(x) && x.Annotations[selectedNode] == "":
		c.tell(claimKind, x, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
		return
	case v.late(x) && n == nil: // the node has gone: the scheduler chooses again
		u := x.DeepCopy()
		delete(u.Annotations, selectedNode)
		c.API.Save(u)
		return
	}
	c.provision(s, x, class, n)
}

func (c *Cluster) provision(s Storage, x *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, n *corev1.Node) {
	name, runs := class.Provisioner, false
	if s != nil {
		name, runs = s.Driver(class.Provisioner)
	}
	if x.Annotations["volume.kubernetes.io/storage-provisioner"] != name {
		u := x.DeepCopy()
		if u.Annotations == nil {
			u.Annotations = map[string]string{}
		}
		u.Annotations["volume.kubernetes.io/storage-provisioner"], u.Annotations["volume.beta.kubernetes.io/storage-provisioner"] = name, name
		if c.API.Save(u) {
			x = u
		}
	}
	if !runs {
		c.tell(claimKind, x, "Normal", "ExternalProvisioning", fmt.Sprintf("Waiting for a volume to be created either by the external provisioner '%s' "+
			"or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.", name))
		return
	}
	if c.held(x) {
		return
	}
	c.tell(claimKind, x, "Normal", "Provisioning", fmt.Sprintf("External provisioner is provisioning volume for claim %q", x.Namespace+"/"+x.Name))
	pv, err := s.NewVolume(x, class, n)
	switch {
	case err != nil:
		c.event(claimKind, x.Namespace, x.Name, "Warning", "ProvisioningFailed",
			fmt.Sprintf("failed to provision volume with StorageClass %q: %v", class.Name, err))
		c.postpone(x)
	case pv == nil:
		c.after(again, "node:pass", at{})
	default:
		pv.Spec.ClaimRef = &corev1.ObjectReference{Kind: claimKind, APIVersion: "v1", Namespace: x.Namespace, Name: x.Name, UID: x.UID}
		c.API.Save(pv)
		c.event(claimKind, x.Namespace, x.Name, "Normal", "ProvisioningSucceeded", "Successfully provisioned volume "+pv.Name)
		c.tie(kubeapi.Get[corev1.PersistentVolumeClaim](c.API, x.Namespace, x.Name), kubeapi.Get[corev1.PersistentVolume](c.API, "", pv.Name))
	}
}

// postpone has the next try for an object come later each time.
func (c *Cluster) postpone(o metav1.Object) {
	if c.Attempts == nil {
		c.Attempts = map[string]*attempt{}
	}
	a := c.Attempts[string(o.GetUID())]
	if a == nil {
		a = &attempt{}
		c.Attempts[string(o.GetUID())] = a
	}
	wait := min(firstTry<<min(a.Tries, 10), lastTry)
	a.Tries++
	a.Next = c.w.Elapsed() + wait
	c.after(wait, "node:pass", at{})
}

// suits is the smallest volume that is free and has what a claim asks for, or the one that
// either of them names.
func (v *volumes) suits(x *corev1.PersistentVolumeClaim) *corev1.PersistentVolume {
	var best *corev1.PersistentVolume
	for _, name := range sortedKeys(v.all) {
		pv := v.all[name]
		r := pv.Spec.ClaimRef
		mine := r != nil && r.Namespace == x.Namespace && r.Name == x.Name && (r.UID == "" || r.UID == x.UID)
		switch {
		case x.Spec.VolumeName != "" && x.Spec.VolumeName != pv.Name, r != nil && !mine, pv.DeletionTimestamp != nil, pv.Status.Phase == corev1.VolumeReleased:
			continue
		case mine || x.Spec.VolumeName == pv.Name:
			return pv
		}
		class := ""
		if x.Spec.StorageClassName != nil {
			class = *x.Spec.StorageClassName
		}
		have, want := pv.Spec.Capacity.Storage(), x.Spec.Resources.Requests.Storage()
		modes := !slices.ContainsFunc(x.Spec.AccessModes, func(m corev1.PersistentVolumeAccessMode) bool { return !slices.Contains(pv.Spec.AccessModes, m) })
		if class == pv.Spec.StorageClassName && have.Cmp(*want) >= 0 && modes && (x.Spec.Selector == nil || matches(x.Spec.Selector, pv.Labels)) &&
			(best == nil || have.Cmp(*best.Spec.Capacity.Storage()) < 0) {
			best = pv
		}
	}
	return best
}

// tie binds a claim and a volume to each other.
func (c *Cluster) tie(x *corev1.PersistentVolumeClaim, pv *corev1.PersistentVolume) {
	p := pv.DeepCopy()
	p.Spec.ClaimRef = &corev1.ObjectReference{Kind: claimKind, APIVersion: "v1", Namespace: x.Namespace, Name: x.Name, UID: x.UID,
		ResourceVersion: x.ResourceVersion}
	p.Status.Phase = corev1.VolumeBound
	p.Status.LastPhaseTransitionTime = new(metav1.NewTime(c.w.Date().Truncate(time.Second)))
	if !c.API.Save(p) {
		return
	}
	u := x.DeepCopy()
	if u.Annotations == nil {
		u.Annotations = map[string]string{}
	}
	if u.Spec.VolumeName == "" {
		u.Spec.VolumeName = pv.Name
		u.Annotations["pv.kubernetes.io/bound-by-controller"] = "yes"
	}
	u.Annotations["pv.kubernetes.io/bind-completed"] = "yes"
	u.Status.Phase, u.Status.AccessModes, u.Status.Capacity = corev1.ClaimBound, pv.Spec.AccessModes, corev1.ResourceList{
		corev1.ResourceStorage: *pv.Spec.Capacity.Storage()}
	c.API.Save(u)
}

// reclaim lets go of a volume whose claim has gone, and says which are free.
func (c *Cluster) reclaim(s Storage, pv *corev1.PersistentVolume) {
	r := pv.Spec.ClaimRef
	phase := pv.Status.Phase
	switch {
	case r == nil || r.UID == "":
		phase = corev1.VolumeAvailable
	case pv.Status.Phase == corev1.VolumeBound:
		if x := kubeapi.Get[corev1.PersistentVolumeClaim](c.API, r.Namespace, r.Name); x == nil || x.UID != r.UID {
			phase = corev1.VolumeReleased
		}
	}
	if phase != pv.Status.Phase {
		u := pv.DeepCopy()
		u.Status.Phase = phase
		u.Status.LastPhaseTransitionTime = new(metav1.NewTime(c.w.Date().Truncate(time.Second)))
		if !c.API.Save(u) {
			return
		}
		pv = u
	}
	if phase != corev1.VolumeReleased || pv.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || s == nil || pv.Spec.CSI == nil ||
		c.held(pv) {
		return
	}
	if _, runs := s.Driver(pv.Spec.CSI.Driver); !runs || c.attachment(pv.Name, "") != nil {
		return
	}
	if err := s.DeleteVolume(pv); err != nil {
		c.event("PersistentVolume", "", pv.Name, "Warning", "VolumeFailedDelete", err.Error())
		c.postpone(pv)
		return
	}
	c.API.Remove(pv)
}

// attachment is a volume's on a node, or on any.
func (c *Cluster) attachment(pv, node string) *storagev1.VolumeAttachment {
	for _, a := range kubeapi.List[storagev1.VolumeAttachment](c.API) {
		if a.Spec.Source.PersistentVolumeName != nil && *a.Spec.Source.PersistentVolumeName == pv && (node == "" || a.Spec.NodeName == node) {
			return a
		}
	}
	return nil
}

// mounted tells whether a pod's volumes are at its node, and sees to it that they come there.
func (c *Cluster) mounted(p *corev1.Pod, n *corev1.Node) bool {
	for _, name := range claimsOf(p) {
		x := kubeapi.Get[corev1.PersistentVolumeClaim](c.API, p.Namespace, name)
		if x == nil || x.Status.Phase != corev1.ClaimBound {
			return false
		}
		pv := kubeapi.Get[corev1.PersistentVolume](c.API, "", x.Spec.VolumeName)
		if pv == nil {
			return false
		}
		if pv.Spec.CSI != nil && !c.attached(p, pv, n) {
			return false
		}
	}
	return true
}

func (c *Cluster) attached(p *corev1.Pod, pv *corev1.PersistentVolume, n *corev1.Node) bool {
	s, ok := c.env.(Storage)
	if !ok {
		return false
	}
	name, runs := s.Driver(pv.Spec.CSI.Driver)
	a := c.attachment(pv.Name, n.Name)
	switch {
	case a != nil && a.Status.Attached:
		return true
	case !runs:
		c.tell("Pod", p, "Warning", "FailedAttachVolume", fmt.Sprintf("AttachVolume.Attach failed for volume %q : CSINode %s does not contain driver %s",
			pv.Name, n.Name, name))
		return false
	case a == nil:
		a = &storagev1.VolumeAttachment{ObjectMeta: metav1.ObjectMeta{Name: "csi-" + c.w.Hex("attachment "+c.id+" "+pv.Name+" "+n.Name, 64)},
			Spec: storagev1.VolumeAttachmentSpec{Attacher: name, NodeName: n.Name, Source: storagev1.VolumeAttachmentSource{PersistentVolumeName: new(pv.Name)}}}
		c.API.Save(a)
	}
	done, err := s.Attach(pv, n)
	if err != nil {
		c.tell("Pod", p, "Warning", "FailedAttachVolume", fmt.Sprintf("AttachVolume.Attach failed for volume %q : %v", pv.Name, err))
	}
	if !done {
		c.after(again, "node:pass", at{})
		return false
	}
	u := a.DeepCopy()
	u.Status.Attached = true
	c.API.Save(u)
	c.event("Pod", p.Namespace, p.Name, "Normal", "SuccessfulAttachVolume", fmt.Sprintf("AttachVolume.Attach succeeded for volume %q ", pv.Name))
	return true
}

// detach unties volumes that no pod of their node uses any more.
func (c *Cluster) detach(s Storage) {
	all := kubeapi.List[storagev1.VolumeAttachment](c.API)
	if len(all) == 0 || s == nil {
		return
	}
	used := map[string]bool{}
	for _, p := range kubeapi.List[corev1.Pod](c.API) {
		for _, name := range claimsOf(p) {
			if x := kubeapi.Get[corev1.PersistentVolumeClaim](c.API, p.Namespace, name); x != nil && !ended(p) {
				used[p.Spec.NodeName+" "+x.Spec.VolumeName] = true
			}
		}
	}
	for _, a := range all {
		if a.Spec.Source.PersistentVolumeName == nil || used[a.Spec.NodeName+" "+*a.Spec.Source.PersistentVolumeName] {
			continue
		}
		pv := kubeapi.Get[corev1.PersistentVolume](c.API, "", *a.Spec.Source.PersistentVolumeName)
		if pv == nil || pv.Spec.CSI == nil {
			c.API.Remove(a)
			continue
		}
		if _, runs := s.Driver(pv.Spec.CSI.Driver); !runs {
			continue
		}
		done, err := s.Detach(pv, a.Spec.NodeName)
		if done || errors.Is(err, ErrNoInstance) {
			c.API.Remove(a)
		} else {
			c.after(again, "node:pass", at{})
		}
	}
}

// ErrNoInstance is a driver's answer about a node whose instance has gone, and its volumes'
// attachments with it.
var ErrNoInstance = errors.New("the node's instance is not there")
