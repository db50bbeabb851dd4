package cfn

import (
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func createKey(o *op) (progress, error) {
	in := &kms.CreateKeyInput{Description: o.opt("Description"), KeySpec: types.KeySpec(o.str("KeySpec")), KeyUsage: types.KeyUsageType(o.str("KeyUsage"))}
	if o.props["MultiRegion"] != nil {
		in.MultiRegion = o.is("MultiRegion")
	}
	if p := o.props["KeyPolicy"]; p != nil {
		in.Policy = new(doc(p))
	}
	in.Tags = list(o.userTags(), kmsTag)
	out, err := call(o, o.env.KMS.CreateKey, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.KeyMetadata.KeyId)
	if err := o.keySettings(values{}); err != nil {
		return progress{}, err
	}
	return after(quick, o.phys, values{"Arn": *out.KeyMetadata.Arn, "KeyId": o.phys})
}

// keySettings turns rotation and the key itself on or off, where they are not so already.
func (o *op) keySettings(was values) error {
	id := new(o.phys)
	before := *o
	before.props = was
	if now, then := o.str("EnableKeyRotation") == "true", before.str("EnableKeyRotation") == "true"; now && !then {
		if _, err := call(o, o.env.KMS.EnableKeyRotation, &kms.EnableKeyRotationInput{KeyId: id}); err != nil {
			return err
		}
	} else if then && !now {
		if _, err := call(o, o.env.KMS.DisableKeyRotation, &kms.DisableKeyRotationInput{KeyId: id}); err != nil {
			return err
		}
	}
	if now, then := o.str("Enabled") != "false", before.str("Enabled") != "false"; now && !then {
		_, err := call(o, o.env.KMS.EnableKey, &kms.EnableKeyInput{KeyId: id})
		return err
	} else if then && !now {
		_, err := call(o, o.env.KMS.DisableKey, &kms.DisableKeyInput{KeyId: id})
		return err
	}
	return nil
}

func updateKey(o *op) (progress, error) {
	id := new(o.phys)
	if o.changed("Description") {
		if _, err := call(o, o.env.KMS.UpdateKeyDescription, &kms.UpdateKeyDescriptionInput{KeyId: id, Description: new(o.str("Description"))}); err != nil {
			return progress{}, err
		}
	}
	if o.changed("KeyPolicy") && o.props["KeyPolicy"] != nil {
		if _, err := call(o, o.env.KMS.PutKeyPolicy, &kms.PutKeyPolicyInput{KeyId: id, Policy: new(doc(o.props["KeyPolicy"]))}); err != nil {
			return progress{}, err
		}
	}
	err := o.keySettings(o.old)
	return until(err == nil, err, o.phys, nil)
}

// deleteKey schedules the deletion; the key waits for it.
func deleteKey(o *op) (progress, error) {
	in := &kms.ScheduleKeyDeletionInput{KeyId: new(o.phys)}
	if err := bind(o.props["PendingWindowInDays"], &in.PendingWindowInDays); err != nil {
		return gone(err)
	}
	_, err := call(o, o.env.KMS.ScheduleKeyDeletion, in)
	return gone(err)
}

func createAlias(o *op) (progress, error) {
	in := &kms.CreateAliasInput{AliasName: o.opt("AliasName"), TargetKeyId: o.opt("TargetKeyId")}
	if _, err := call(o, o.env.KMS.CreateAlias, in); err != nil {
		return progress{}, err
	}
	o.made(o.str("AliasName"))
	return after(quick, o.phys, nil)
}

func updateAlias(o *op) (progress, error) {
	_, err := call(o, o.env.KMS.UpdateAlias, &kms.UpdateAliasInput{AliasName: new(o.phys), TargetKeyId: o.opt("TargetKeyId")})
	return until(err == nil, err, o.phys, nil)
}

func deleteAlias(o *op) (progress, error) {
	_, err := call(o, o.env.KMS.DeleteAlias, &kms.DeleteAliasInput{AliasName: new(o.phys)})
	return gone(err)
}
