package eks

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
	"github.com/slipway-eks/slipway/internal/sim/node"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// ebsDriver is the CSI driver of the aws-ebs-csi-driver add-on, and of its chart; what the
// in-tree provisioner was, it serves too.
const ebsDriver = "ebs.csi.aws.com"

// defaultStorage is the class that EKS makes with a cluster; none is the default from 1.30 on.
func (c *cluster) defaultStorage() {
	notes := map[string]string{}
	if minor, _ := strconv.Atoi(strings.TrimPrefix(*c.Version, "1.")); minor < 30 { //nolint:errcheck // versions are EKS's own
		notes["storageclass.kubernetes.io/is-default-class"] = "true"
	}
	c.kube.Save(&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "gp2", Annotations: notes}, Provisioner: "kubernetes.io/aws-ebs",
		Parameters: map[string]string{"type": "gp2", "fsType": "ext4"}, ReclaimPolicy: new(corev1.PersistentVolumeReclaimDelete),
		VolumeBindingMode: new(storagev1.VolumeBindingWaitForFirstConsumer)})
}

// Driver implements node.Storage: the EBS driver runs when a pod of its controller is ready,
// whoever installed it.
func (c *cluster) Driver(provisioner string) (string, bool) {
	if provisioner == "kubernetes.io/aws-ebs" {
		provisioner = ebsDriver
	}
	return provisioner, provisioner == ebsDriver && c.driverPod() != nil
}

func (c *cluster) driverPod() *corev1.Pod {
	for _, p := range kubeapi.List[corev1.Pod](c.kube) {
		if node.PodReady(p) && strings.HasPrefix(p.Name, "ebs-csi-controller-") && p.DeletionTimestamp == nil {
			return p
		}
	}
	return nil
}

// driverMay says why the driver's role may not do something; nil when it may.
func (c *cluster) driverMay(action string) error {
	p := c.driverPod()
	if p == nil {
		return errors.New("rpc error: code = Unavailable desc = the driver does not run")
	}
	role, problem := c.podRole(p.Namespace, p.Spec.ServiceAccountName, c.e.ec2.Instance(c.ByNode[p.Spec.NodeName]))
	if problem == "" && !c.e.iam.Allows(role, "ec2:"+action, "AmazonEBSCSIDriverPolicy") {
		problem = fmt.Sprintf("operation error EC2: %s, https response error StatusCode: 403, api error UnauthorizedOperation: You are not "+
			"authorized to perform this operation. User: %s is not authorized to perform: ec2:%s because "+
			"no identity-based policy allows the ec2:%s action", action, role, action, action)
	}
	if problem == "" {
		return nil
	}
	return errors.New("rpc error: code = Internal desc = " + problem)
}

func internal(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("rpc error: code = Internal desc = %w", err)
}

// NewVolume implements node.Storage.
func (c *cluster) NewVolume(claim *corev1.PersistentVolumeClaim, class *storagev1.StorageClass, n *corev1.Node) (*corev1.PersistentVolume, error) {
	if err := c.driverMay("CreateVolume"); err != nil {
		return nil, err
	}
	zone := c.Zones[0]
	if n != nil {
		zone = n.Labels[corev1.LabelTopologyZone]
	}
	name := "pvc-" + string(claim.UID)
	p := map[string]string{}
	for k, v := range class.Parameters {
		p[strings.ToLower(k)] = v
	}
	if slices.ContainsFunc(claim.Spec.AccessModes, func(m corev1.PersistentVolumeAccessMode) bool {
		return m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany
	}) && (claim.Spec.VolumeMode == nil || *claim.Spec.VolumeMode == corev1.PersistentVolumeFilesystem) {
		return nil, errors.New("rpc error: code = InvalidArgument desc = Volume capabilities MULTI_NODE_MULTI_WRITER not supported. " +
			"Only AccessModes[ReadWriteOnce] supported")
	}
	in := c.volumeRequest(claim, name, zone, p)
	id, err := c.disk(name, in)
	if err != nil {
		return nil, fmt.Errorf("rpc error: code = Internal desc = Could not create volume %q: %w", name, err)
	}
	if v := c.e.ec2.Volume(id); v == nil || v.State != ec2types.VolumeStateAvailable {
		return nil, nil //nolint:nilnil // it is being made
	}
	policy := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	return &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": ebsDriver},
		Finalizers: []string{"external-provisioner.volume.kubernetes.io/finalizer", "kubernetes.io/pv-protection"}},
		Spec: corev1.PersistentVolumeSpec{AccessModes: claim.Spec.AccessModes, PersistentVolumeReclaimPolicy: policy, StorageClassName: class.Name,
			MountOptions: class.MountOptions, VolumeMode: claim.Spec.VolumeMode,
			Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(fmt.Sprintf("%dGi", *in.Size))},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: ebsDriver, VolumeHandle: id,
				FSType: cmp.Or(p["csi.storage.k8s.io/fstype"], p["fstype"], "ext4")}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelTopologyZone, Operator: corev1.NodeSelectorOpIn, Values: []string{zone}}}}}}}}}, nil
}

// disk is the volume that the driver has made by a name, or makes: once, however often it is asked.
func (c *cluster) disk(name string, in *ec2.CreateVolumeInput) (string, error) {
	l, err := c.e.ec2.DescribeVolumes(nil, &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{{Name: new("tag:CSIVolumeName"), Values: []string{name}}}})
	if err != nil {
		return "", err
	}
	if len(l.Volumes) > 0 {
		return *l.Volumes[0].VolumeId, nil
	}
	out, err := c.e.ec2.CreateVolume(nil, in)
	if err != nil {
		return "", err
	}
	return *out.VolumeId, nil
}

// volumeRequest is what the driver asks EC2 for, by a class's parameters in lower case.
func (c *cluster) volumeRequest(claim *corev1.PersistentVolumeClaim, name, zone string, p map[string]string) *ec2.CreateVolumeInput {
	const gib = 1 << 30
	size := int32((claim.Spec.Resources.Requests.Storage().Value() + gib - 1) / gib)
	in := &ec2.CreateVolumeInput{AvailabilityZone: &zone, Size: new(max(size, 1)), VolumeType: ec2types.VolumeType(cmp.Or(p["type"], "gp3")),
		Encrypted: new(p["encrypted"] == "true")}
	if k := p["kmskeyid"]; k != "" {
		in.KmsKeyId = &k
	}
	if n, err := strconv.Atoi(p["iops"]); err == nil {
		in.Iops = new(int32(n))
	}
	if n, err := strconv.Atoi(p["throughput"]); err == nil {
		in.Throughput = new(int32(n))
	}
	tags := [][2]string{{"Name", *c.Name + "-dynamic-" + name}, {"CSIVolumeName", name}, {"ebs.csi.aws.com/cluster", "true"}, {"KubernetesCluster", *c.Name},
		{"kubernetes.io/cluster/" + *c.Name, "owned"}, {"kubernetes.io/created-for/pvc/name", claim.Name},
		{"kubernetes.io/created-for/pvc/namespace", claim.Namespace}, {"kubernetes.io/created-for/pv/name", name}}
	spec := ec2types.TagSpecification{ResourceType: ec2types.ResourceTypeVolume}
	for _, t := range tags {
		spec.Tags = append(spec.Tags, ec2types.Tag{Key: new(t[0]), Value: new(t[1])})
	}
	in.TagSpecifications = []ec2types.TagSpecification{spec}
	return in
}

// DeleteVolume implements node.Storage.
func (c *cluster) DeleteVolume(v *corev1.PersistentVolume) error {
	if err := c.driverMay("DeleteVolume"); err != nil {
		return err
	}
	_, err := c.e.ec2.DeleteVolume(nil, &ec2.DeleteVolumeInput{VolumeId: &v.Spec.CSI.VolumeHandle})
	if e := (*wire.Error)(nil); errors.As(err, &e) && e.Code == "InvalidVolume.NotFound" {
		return nil
	}
	return internal(err)
}

// Attach implements node.Storage.
func (c *cluster) Attach(v *corev1.PersistentVolume, n *corev1.Node) (bool, error) {
	id, vol := c.ByNode[n.Name], c.e.ec2.Volume(v.Spec.CSI.VolumeHandle)
	if vol == nil {
		return false, fmt.Errorf("rpc error: code = NotFound desc = Volume %q not found", v.Spec.CSI.VolumeHandle)
	}
	for _, a := range vol.Attachments {
		if aws.ToString(a.InstanceId) == id {
			return a.State == ec2types.VolumeAttachmentStateAttached, nil
		}
	}
	if err := c.driverMay("AttachVolume"); err != nil {
		return false, err
	}
	_, err := c.e.ec2.AttachVolume(nil, &ec2.AttachVolumeInput{VolumeId: vol.VolumeId, InstanceId: &id, Device: new(c.freeDevice(id))})
	return false, internal(err)
}

// freeDevice is the first name for a device that an instance does not use (the driver's
// names go from /dev/xvdaa on).
func (c *cluster) freeDevice(instance string) string {
	i := c.e.ec2.Instance(instance)
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			name := fmt.Sprintf("/dev/xvd%c%c", a, b)
			if i == nil || !slices.ContainsFunc(i.BlockDeviceMappings, func(m ec2types.InstanceBlockDeviceMapping) bool { return aws.ToString(m.DeviceName) == name }) {
				return name
			}
		}
	}
	return ""
}

// Detach implements node.Storage.
func (c *cluster) Detach(v *corev1.PersistentVolume, of string) (bool, error) {
	id, vol := c.ByNode[of], c.e.ec2.Volume(v.Spec.CSI.VolumeHandle)
	if vol == nil || id == "" {
		return false, node.ErrNoInstance
	}
	for _, a := range vol.Attachments {
		if aws.ToString(a.InstanceId) != id {
			continue
		}
		if a.State == ec2types.VolumeAttachmentStateDetaching {
			return false, nil
		}
		if err := c.driverMay("DetachVolume"); err != nil {
			return false, err
		}
		_, err := c.e.ec2.DetachVolume(nil, &ec2.DetachVolumeInput{VolumeId: vol.VolumeId, InstanceId: &id})
		return false, internal(err)
	}
	return true, nil
}
