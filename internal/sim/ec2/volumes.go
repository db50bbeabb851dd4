package ec2

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/slipway-eks/slipway/internal/aws/ec2"
	"github.com/slipway-eks/slipway/internal/aws/ec2/types"
	"github.com/slipway-eks/slipway/internal/sim/res"
	"github.com/slipway-eks/slipway/internal/sim/wire"
)

func (e *EC2) registerVolumes(s *wire.Service) {
	handle(e, s, "CreateVolume", e.CreateVolume)
	handle(e, s, "DescribeVolumes", e.DescribeVolumes)
	handle(e, s, "DeleteVolume", e.DeleteVolume)
	handle(e, s, "AttachVolume", e.AttachVolume)
	handle(e, s, "DetachVolume", e.DetachVolume)
	handle(e, s, "ModifyVolume", e.ModifyVolume)
	handle(e, s, "DescribeVolumesModifications", e.DescribeVolumesModifications)
	handle(e, s, "CreateSnapshot", e.CreateSnapshot)
	handle(e, s, "DescribeSnapshots", e.DescribeSnapshots)
	handle(e, s, "DeleteSnapshot", e.DeleteSnapshot)
}

var (
	volumeFilters = map[string]string{
		"attachment.attach-time": "Attachments.AttachTime", "attachment.delete-on-termination": "Attachments.DeleteOnTermination",
		"attachment.device": "Attachments.Device", "attachment.instance-id": "Attachments.InstanceId", "attachment.status": "Attachments.State",
		"availability-zone": "AvailabilityZone", "availability-zone-id": "AvailabilityZoneId", "create-time": "CreateTime", "encrypted": "Encrypted",
		"fast-restored": "FastRestored", "multi-attach-enabled": "MultiAttachEnabled", "operator.managed": "Operator.Managed",
		"operator.principal": "Operator.Principal", "size": "Size", "snapshot-id": "SnapshotId", "status": "State", "volume-id": "VolumeId",
		"volume-type": "VolumeType",
	}
	snapshotFilters = map[string]string{
		"description": "Description", "encrypted": "Encrypted", "owner-alias": "OwnerAlias", "owner-id": "OwnerId", "progress": "Progress",
		"snapshot-id": "SnapshotId", "start-time": "StartTime", "status": "State", "storage-tier": "StorageTier", "transfer-type": "TransferType",
		"volume-id": "VolumeId", "volume-size": "VolumeSize",
	}
	modificationFilters = map[string]string{
		"modification-state": "ModificationState", "original-iops": "OriginalIops", "original-size": "OriginalSize",
		"original-volume-type": "OriginalVolumeType", "originalMultiAttachEnabled": "OriginalMultiAttachEnabled", "start-time": "StartTime",
		"target-iops": "TargetIops", "target-size": "TargetSize", "target-volume-type": "TargetVolumeType",
		"targetMultiAttachEnabled": "TargetMultiAttachEnabled", "volume-id": "VolumeId",
	}
)

// A volume's moves take a few seconds each; the durations are assumptions.
const (
	volumeTime   = 3 * time.Second
	snapshotTime = 30 * time.Second
	resizeTime   = 10 * time.Second
)

// sizes are the least and the most GiB of each volume type (API reference, CreateVolume).
var sizes = map[types.VolumeType][2]int32{"gp3": {1, 65536}, "gp2": {1, 16384}, "io1": {4, 16384}, "io2": {4, 65536}, "st1": {125, 16384},
	"sc1": {125, 16384}, "standard": {1, 1024}}

// newVolume is a volume of a type and size, with the performance that comes with them.
func (e *EC2) newVolume(id, zone string, t types.VolumeType, size int32, iops, throughput *int32) *types.Volume {
	z := e.zone(zone)
	v := &types.Volume{VolumeId: new(id), AvailabilityZone: new(z.Name), AvailabilityZoneId: new(z.ID), VolumeType: t, Size: new(size), Iops: iops,
		Throughput: throughput, CreateTime: new(e.w.Date()), State: types.VolumeStateCreating, Encrypted: new(false), MultiAttachEnabled: new(false),
		SnapshotId: new(""), Attachments: []types.VolumeAttachment{}}
	perform(v)
	return v
}

// perform gives a volume its type's usual performance where none is asked for.
func perform(v *types.Volume) {
	switch v.VolumeType {
	case types.VolumeTypeGp3:
		if v.Iops == nil {
			v.Iops = new(int32(3000))
		}
		if v.Throughput == nil {
			v.Throughput = new(int32(125))
		}
	case types.VolumeTypeGp2:
		v.Iops, v.Throughput = new(min(16000, max(100, 3*(*v.Size)))), nil
	case types.VolumeTypeIo1, types.VolumeTypeIo2:
		v.Throughput = nil
	default:
		v.Iops, v.Throughput = nil, nil
	}
}

// attachVolumes makes an instance's volumes: its image's, as the template has them.
func (e *EC2) attachVolumes(i *types.Instance, image *types.Image, d *types.ResponseLaunchTemplateData) {
	devices := map[string]types.LaunchTemplateEbsBlockDevice{}
	var order []string
	set := func(name string, over types.LaunchTemplateEbsBlockDevice) {
		x, ok := devices[name]
		if !ok {
			order = append(order, name)
		}
		overlay(&x, &over)
		devices[name] = x
	}
	for _, m := range image.BlockDeviceMappings {
		if m.Ebs != nil {
			set(aws.ToString(m.DeviceName), *convert[types.LaunchTemplateEbsBlockDevice](m.Ebs))
		}
	}
	for _, m := range d.BlockDeviceMappings {
		switch {
		case m.NoDevice != nil:
			delete(devices, aws.ToString(m.DeviceName))
			order = slices.DeleteFunc(order, func(n string) bool { return n == aws.ToString(m.DeviceName) })
		case m.Ebs != nil:
			set(aws.ToString(m.DeviceName), *m.Ebs)
		}
	}
	i.BlockDeviceMappings = []types.InstanceBlockDeviceMapping{}
	for _, name := range order {
		b := devices[name]
		if b.VolumeType == "" {
			b.VolumeType = types.VolumeTypeGp2
		}
		v := e.newVolume(e.w.ID("vol-", *i.InstanceId, name), *i.Placement.AvailabilityZone, b.VolumeType, max(1, aws.ToInt32(b.VolumeSize)), b.Iops, b.Throughput)
		v.State, v.Encrypted, v.KmsKeyId = types.VolumeStateInUse, new(aws.ToBool(b.Encrypted)), b.KmsKeyId
		if b.SnapshotId != nil {
			v.SnapshotId = b.SnapshotId
		}
		keep := b.DeleteOnTermination == nil || *b.DeleteOnTermination
		e.volumes.Put(*v.VolumeId, v)
		e.tag(*v.VolumeId, templateTags(d, types.ResourceTypeVolume))
		v.Attachments = []types.VolumeAttachment{{VolumeId: v.VolumeId, InstanceId: i.InstanceId, Device: new(name), AttachTime: i.LaunchTime,
			DeleteOnTermination: new(keep), State: types.VolumeAttachmentStateAttached}}
		e.showVolume(i, v)
	}
}

// showVolume writes a volume's attachment into its instance.
func (e *EC2) showVolume(i *types.Instance, v *types.Volume) {
	i.BlockDeviceMappings = slices.DeleteFunc(slices.Clone(i.BlockDeviceMappings), func(m types.InstanceBlockDeviceMapping) bool {
		return *m.Ebs.VolumeId == *v.VolumeId
	})
	for _, a := range v.Attachments {
		if *a.InstanceId == *i.InstanceId {
			i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.InstanceBlockDeviceMapping{DeviceName: a.Device,
				Ebs: &types.EbsInstanceBlockDevice{VolumeId: v.VolumeId, AttachTime: a.AttachTime, DeleteOnTermination: a.DeleteOnTermination,
					Status: types.AttachmentStatus(a.State)}})
		}
	}
}

// releaseVolumes gives back the volumes of an instance that is over.
func (e *EC2) releaseVolumes(i *types.Instance) {
	for _, m := range i.BlockDeviceMappings {
		v := e.volumes.Get(aws.ToString(m.Ebs.VolumeId))
		switch {
		case v == nil:
		case aws.ToBool(m.Ebs.DeleteOnTermination):
			drop(e, e.volumes, *v.VolumeId)
			delete(e.modifications, *v.VolumeId)
		default:
			v.Attachments, v.State = []types.VolumeAttachment{}, types.VolumeStateAvailable
		}
	}
	i.BlockDeviceMappings = []types.InstanceBlockDeviceMapping{}
}

// CreateVolume makes a volume that is available a few seconds later.
func (e *EC2) CreateVolume(by *wire.Caller, in *ec2.CreateVolumeInput) (*ec2.CreateVolumeOutput, error) {
	if had := e.volumes.Get(by.Before()); had != nil {
		return convert[ec2.CreateVolumeOutput](new(e.viewVolume(had))), nil
	}
	zone := aws.ToString(in.AvailabilityZone) + aws.ToString(in.AvailabilityZoneId)
	if e.zone(zone) == nil {
		return nil, wire.Errorf("InvalidZone.NotFound", "The zone '%s' does not exist.", zone)
	}
	size := aws.ToInt32(in.Size)
	if in.SnapshotId != nil {
		s := e.snapshots.Get(*in.SnapshotId)
		if s == nil {
			return nil, e.snapshots.Missing(*in.SnapshotId)
		}
		if size == 0 {
			size = *s.VolumeSize
		}
		if size < *s.VolumeSize {
			return nil, wire.Errorf("InvalidParameterValue", "Volume of %dGiB is smaller than snapshot '%s', expect size >= %dGiB", size, *in.SnapshotId,
				*s.VolumeSize)
		}
	}
	t := in.VolumeType
	if t == "" {
		t = types.VolumeTypeGp2
	}
	if err := checkVolume(t, size, in.Iops); err != nil {
		return nil, err
	}
	id := e.w.ID("vol-", zone, fmt.Sprint(t, size), identity(in.TagSpecifications))
	v := e.newVolume(id, zone, t, size, in.Iops, in.Throughput)
	v.Encrypted, v.KmsKeyId, v.MultiAttachEnabled = new(aws.ToBool(in.Encrypted)), in.KmsKeyId, new(aws.ToBool(in.MultiAttachEnabled))
	if in.SnapshotId != nil {
		v.SnapshotId = in.SnapshotId
	}
	e.volumes.Put(id, v)
	e.tagSpec(id, in.TagSpecifications)
	by.Note(id)
	e.w.Schedule(volumeTime, "ec2:volume", id, nil)
	return convert[ec2.CreateVolumeOutput](new(e.viewVolume(v))), nil
}

func checkVolume(t types.VolumeType, size int32, iops *int32) error {
	r, ok := sizes[t]
	switch {
	case !ok:
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter volumeType is invalid. Unknown volume type.", t)
	case size == 0:
		return wire.Errorf("MissingParameter", "The request must contain the parameter size/snapshot")
	case size < r[0] || size > r[1]:
		return wire.Errorf("InvalidParameterValue", "Volume of %dGiB is out of range for volume type %s; expect %d to %d GiB", size, t, r[0], r[1])
	case iops == nil && (t == types.VolumeTypeIo1 || t == types.VolumeTypeIo2):
		return wire.Errorf("MissingParameter", "The request must contain the parameter iops")
	case iops != nil && t != types.VolumeTypeIo1 && t != types.VolumeTypeIo2 && t != types.VolumeTypeGp3:
		return wire.Errorf("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", t)
	}
	return nil
}

// volumeMoves ends what a volume is at: its creation, attachment or detachment.
func (e *EC2) volumeMoves(id string, _ struct{}) {
	v := e.volumes.Get(id)
	if v == nil {
		return
	}
	for i := range v.Attachments {
		if v.Attachments[i].State == types.VolumeAttachmentStateAttaching {
			v.Attachments[i].State = types.VolumeAttachmentStateAttached
		}
	}
	left := slices.DeleteFunc(slices.Clone(v.Attachments), func(a types.VolumeAttachment) bool { return a.State == types.VolumeAttachmentStateDetaching })
	was := v.Attachments
	v.Attachments = left
	if v.State = types.VolumeStateInUse; len(left) == 0 {
		v.State = types.VolumeStateAvailable
	}
	for _, a := range was {
		if i := e.instances.Get(*a.InstanceId); i != nil {
			e.showVolume(i, v)
		}
	}
}

func (e *EC2) volume(id *string) (*types.Volume, error) {
	if v := e.volumes.Get(aws.ToString(id)); v != nil {
		return v, nil
	}
	return nil, e.volumes.Missing(aws.ToString(id))
}

// DescribeVolumes lists volumes.
func (e *EC2) DescribeVolumes(_ *wire.Caller, in *ec2.DescribeVolumesInput) (*ec2.DescribeVolumesOutput, error) {
	l, err := res.List(e.volumes, in.VolumeIds, filters(in.Filters), e.viewVolume)
	return &ec2.DescribeVolumesOutput{Volumes: l}, err
}

// DeleteVolume refuses a volume in use.
func (e *EC2) DeleteVolume(_ *wire.Caller, in *ec2.DeleteVolumeInput) (*ec2.DeleteVolumeOutput, error) {
	v, err := e.volume(in.VolumeId)
	if err != nil {
		return nil, err
	}
	if len(v.Attachments) > 0 {
		return nil, wire.Errorf("VolumeInUse", "Volume %s is currently attached to %s", *v.VolumeId, *v.Attachments[0].InstanceId)
	}
	drop(e, e.volumes, *v.VolumeId)
	delete(e.modifications, *v.VolumeId)
	return &ec2.DeleteVolumeOutput{}, nil
}

// AttachVolume ties an available volume to an instance of its zone.
func (e *EC2) AttachVolume(_ *wire.Caller, in *ec2.AttachVolumeInput) (*ec2.AttachVolumeOutput, error) {
	v, err := e.volume(in.VolumeId)
	if err != nil {
		return nil, err
	}
	i := e.instances.Get(aws.ToString(in.InstanceId))
	switch {
	case i == nil:
		return nil, e.instances.Missing(aws.ToString(in.InstanceId))
	case i.State.Name != types.InstanceStateNameRunning:
		return nil, wire.Errorf("IncorrectState", "Instance '%s' is not 'running'.", *i.InstanceId)
	case len(v.Attachments) > 0 && !aws.ToBool(v.MultiAttachEnabled):
		return nil, wire.Errorf("VolumeInUse", "%s is already attached to an instance", *v.VolumeId)
	case v.State != types.VolumeStateAvailable && !aws.ToBool(v.MultiAttachEnabled):
		return nil, wire.Errorf("IncorrectState", "%s is not 'available'.", *v.VolumeId)
	case *v.AvailabilityZone != *i.Placement.AvailabilityZone:
		return nil, wire.Errorf("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", *v.VolumeId, *i.InstanceId)
	case slices.ContainsFunc(i.BlockDeviceMappings, func(m types.InstanceBlockDeviceMapping) bool { return *m.DeviceName == aws.ToString(in.Device) }):
		return nil, wire.Errorf("InvalidParameterValue", "Invalid value '%s' for unixDevice. Attachment point %s is already in use", aws.ToString(in.Device),
			aws.ToString(in.Device))
	}
	a := types.VolumeAttachment{VolumeId: v.VolumeId, InstanceId: i.InstanceId, Device: in.Device, AttachTime: new(e.w.Date()),
		DeleteOnTermination: new(false), State: types.VolumeAttachmentStateAttaching}
	v.Attachments, v.State = append(v.Attachments, a), types.VolumeStateInUse
	e.showVolume(i, v)
	e.w.Schedule(volumeTime, "ec2:volume", *v.VolumeId, nil)
	return convert[ec2.AttachVolumeOutput](a), nil
}

// DetachVolume unties a volume.
func (e *EC2) DetachVolume(_ *wire.Caller, in *ec2.DetachVolumeInput) (*ec2.DetachVolumeOutput, error) {
	v, err := e.volume(in.VolumeId)
	if err != nil {
		return nil, err
	}
	for i := range v.Attachments {
		a := &v.Attachments[i]
		if in.InstanceId == nil || *a.InstanceId == *in.InstanceId {
			a.State = types.VolumeAttachmentStateDetaching
			e.w.Schedule(volumeTime, "ec2:volume", *v.VolumeId, nil)
			return convert[ec2.DetachVolumeOutput](*a), nil
		}
	}
	return nil, wire.Errorf("IncorrectState", "Volume '%s' is in the 'available' state.", *v.VolumeId)
}

// ModifyVolume begins a change of size, type or performance.
func (e *EC2) ModifyVolume(_ *wire.Caller, in *ec2.ModifyVolumeInput) (*ec2.ModifyVolumeOutput, error) {
	v, err := e.volume(in.VolumeId)
	if err != nil {
		return nil, err
	}
	if m, ok := e.modifications[*v.VolumeId]; ok && m.ModificationState != types.VolumeModificationStateCompleted {
		return nil, wire.Errorf("IncorrectModificationState", "The volume '%s' has a modification in progress.", *v.VolumeId)
	}
	after := *v
	if in.Size != nil {
		after.Size = in.Size
	}
	if in.VolumeType != "" && in.VolumeType != v.VolumeType {
		after.VolumeType, after.Iops, after.Throughput = in.VolumeType, nil, nil
	}
	if in.Iops != nil {
		after.Iops = in.Iops
	}
	if in.Throughput != nil {
		after.Throughput = in.Throughput
	}
	if in.MultiAttachEnabled != nil {
		after.MultiAttachEnabled = in.MultiAttachEnabled
	}
	if *after.Size < *v.Size {
		return nil, wire.Errorf("InvalidParameterValue", "New size cannot be smaller than existing size")
	}
	if err := checkVolume(after.VolumeType, *after.Size, in.Iops); err != nil {
		return nil, err
	}
	perform(&after)
	m := types.VolumeModification{VolumeId: v.VolumeId, ModificationState: types.VolumeModificationStateModifying, StartTime: new(e.w.Date()),
		Progress: new(int64(0)), OriginalSize: v.Size, OriginalIops: v.Iops, OriginalThroughput: v.Throughput, OriginalVolumeType: v.VolumeType,
		OriginalMultiAttachEnabled: v.MultiAttachEnabled, TargetSize: after.Size, TargetIops: after.Iops, TargetThroughput: after.Throughput,
		TargetVolumeType: after.VolumeType, TargetMultiAttachEnabled: after.MultiAttachEnabled}
	e.modifications[*v.VolumeId] = m
	e.w.Schedule(resizeTime, "ec2:volume-modified", *v.VolumeId, nil)
	return &ec2.ModifyVolumeOutput{VolumeModification: &m}, nil
}

// volumeModified moves a modification on: from modifying to optimizing, when the volume
// is as it should be, and from there to completed.
func (e *EC2) volumeModified(id string, _ struct{}) {
	v, m := e.volumes.Get(id), e.modifications[id]
	if v == nil {
		return
	}
	if m.ModificationState == types.VolumeModificationStateModifying {
		v.Size, v.Iops, v.Throughput, v.VolumeType, v.MultiAttachEnabled = m.TargetSize, m.TargetIops, m.TargetThroughput, m.TargetVolumeType,
			m.TargetMultiAttachEnabled
		m.ModificationState, m.Progress = types.VolumeModificationStateOptimizing, new(int64(50))
		e.w.Schedule(resizeTime, "ec2:volume-modified", id, nil)
	} else {
		m.ModificationState, m.Progress, m.EndTime = types.VolumeModificationStateCompleted, new(int64(100)), new(e.w.Date())
	}
	e.modifications[id] = m
}

// DescribeVolumesModifications lists the last modification of each volume.
func (e *EC2) DescribeVolumesModifications(_ *wire.Caller, in *ec2.DescribeVolumesModificationsInput) (*ec2.DescribeVolumesModificationsOutput, error) {
	rows := []types.VolumeModification{}
	for _, id := range in.VolumeIds {
		if e.volumes.Get(id) == nil {
			return nil, e.volumes.Missing(id)
		}
		if _, ok := e.modifications[id]; !ok {
			return nil, wire.Errorf("InvalidVolumeModification.NotFound", "Modification for volume '%s' does not exist.", id)
		}
	}
	for _, v := range e.volumes.All() {
		if m, ok := e.modifications[*v.VolumeId]; ok && (len(in.VolumeIds) == 0 || slices.Contains(in.VolumeIds, *v.VolumeId)) {
			rows = append(rows, m)
		}
	}
	rows, err := res.Pick(rows, filters(in.Filters), res.Fields[types.VolumeModification](modificationFilters))
	return &ec2.DescribeVolumesModificationsOutput{VolumesModifications: rows}, err
}

// CreateSnapshot begins a snapshot of a volume.
func (e *EC2) CreateSnapshot(_ *wire.Caller, in *ec2.CreateSnapshotInput) (*ec2.CreateSnapshotOutput, error) {
	v, err := e.volume(in.VolumeId)
	if err != nil {
		return nil, err
	}
	id := e.w.ID("snap-", *v.VolumeId, aws.ToString(in.Description), identity(in.TagSpecifications))
	s := e.snapshots.Put(id, &types.Snapshot{SnapshotId: new(id), VolumeId: v.VolumeId, VolumeSize: v.Size, Description: new(aws.ToString(in.Description)),
		Encrypted: v.Encrypted, KmsKeyId: v.KmsKeyId, OwnerId: new(e.Account), StartTime: new(e.w.Date()), State: types.SnapshotStatePending, Progress: new("0%"),
		StorageTier: types.StorageTierStandard})
	e.tagSpec(id, in.TagSpecifications)
	e.w.Schedule(snapshotTime, "ec2:snapshot", id, nil)
	return convert[ec2.CreateSnapshotOutput](new(e.viewSnapshot(s))), nil
}

func (e *EC2) snapshotDone(id string, _ struct{}) {
	if s := e.snapshots.Get(id); s != nil {
		s.State, s.Progress, s.CompletionTime = types.SnapshotStateCompleted, new("100%"), new(e.w.Date())
	}
}

// DescribeSnapshots lists snapshots: the account's, as those of others are not listed.
func (e *EC2) DescribeSnapshots(_ *wire.Caller, in *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error) {
	l, err := res.List(e.snapshots, in.SnapshotIds, filters(in.Filters), e.viewSnapshot)
	if len(in.OwnerIds) > 0 && !slices.Contains(in.OwnerIds, "self") && !slices.Contains(in.OwnerIds, e.Account) {
		l = []types.Snapshot{}
	}
	return &ec2.DescribeSnapshotsOutput{Snapshots: l}, err
}

// DeleteSnapshot removes one.
func (e *EC2) DeleteSnapshot(_ *wire.Caller, in *ec2.DeleteSnapshotInput) (*ec2.DeleteSnapshotOutput, error) {
	id := aws.ToString(in.SnapshotId)
	if e.snapshots.Get(id) == nil {
		return nil, e.snapshots.Missing(id)
	}
	drop(e, e.snapshots, id)
	return &ec2.DeleteSnapshotOutput{}, nil
}

func (e *EC2) viewVolume(v *types.Volume) types.Volume {
	out := *v
	out.Attachments = append([]types.VolumeAttachment{}, v.Attachments...)
	out.Tags = e.tagsOf(*v.VolumeId)
	return out
}

func (e *EC2) viewSnapshot(s *types.Snapshot) types.Snapshot {
	v := *s
	v.Tags = e.tagsOf(*s.SnapshotId)
	return v
}

// Volume is one volume, or nil.
func (e *EC2) Volume(id string) *types.Volume { return e.volumes.Get(id) }
