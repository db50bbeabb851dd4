package eks_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	ec2types "github.com/slipway-eks/slipway/internal/aws/ec2/types"
)

// A claim whose pod has a node gets one EBS volume, in the node's zone, however long EC2 takes to
// make it; the volume is attached while the pod runs, and goes with the claim.
func TestAClaimGetsOneVolume(t *testing.T) {
	s := serve(t)
	_, err := s.AWS.IAM.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: new("nodes"),
		PolicyArn: new("arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy")})
	s.refused("", err)
	_, err = s.addon(eks.CreateAddonInput{AddonName: new("aws-ebs-csi-driver")})
	s.refused("", err)
	s.after(5 * time.Minute)
	_, err = s.CoreV1().PersistentVolumeClaims("default").Create(t.Context(), &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data"},
		Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: new("gp2"), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("3Gi")}}}}, metav1.CreateOptions{})
	s.refused("", err)
	volumes := func() []ec2types.Volume {
		t.Helper()
		l, err := s.Region.Region.EC2.DescribeVolumes(nil, &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{
			{Name: new("tag:kubernetes.io/created-for/pvc/name"), Values: []string{"data"}}}})
		s.refused("", err)
		return l.Volumes
	}
	s.after(time.Minute)
	if v := volumes(); len(v) != 0 {
		t.Errorf("before there is a pod: %d volumes", len(v))
	}
	_, err = s.CoreV1().Pods("default").Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "c", Image: "db", VolumeMounts: []corev1.VolumeMount{{Name: "data", MountPath: "/data"}}}},
		Volumes:    []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}},
	}}, metav1.CreateOptions{})
	s.refused("", err)
	for range 60 {
		s.after(2 * time.Second)
	}
	p, err := s.CoreV1().Pods("default").Get(t.Context(), "db", metav1.GetOptions{})
	s.refused("", err)
	n, err := s.CoreV1().Nodes().Get(t.Context(), p.Spec.NodeName, metav1.GetOptions{})
	s.refused("", err)
	v := volumes()
	if p.Status.Phase != corev1.PodRunning || len(v) != 1 || v[0].State != ec2types.VolumeStateInUse || *v[0].Size != 3 || v[0].VolumeType != "gp2" ||
		*v[0].AvailabilityZone != n.Labels[corev1.LabelTopologyZone] {
		t.Fatalf("%s, volumes %+v", p.Status.Phase, v)
	}
	s.refused("", s.CoreV1().Pods("default").Delete(t.Context(), "db", metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}))
	s.refused("", s.CoreV1().PersistentVolumeClaims("default").Delete(t.Context(), "data", metav1.DeleteOptions{}))
	for range 60 {
		s.after(2 * time.Second)
	}
	if v := volumes(); len(v) != 0 {
		t.Errorf("afterwards: %+v", v)
	}
}
