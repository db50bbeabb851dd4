package cfn

import (
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func createOIDC(o *op) (progress, error) {
	in := &iam.CreateOpenIDConnectProviderInput{Url: o.opt("Url"), ClientIDList: o.strs("ClientIdList"), ThumbprintList: o.strs("ThumbprintList")}
	in.Tags = list(o.userTags(), iamTag)
	out, err := call(o, o.env.IAM.CreateOpenIDConnectProvider, in)
	if err != nil {
		return progress{}, err
	}
	o.made(*out.OpenIDConnectProviderArn)
	return after(quick, o.phys, values{"Arn": o.phys})
}

func updateOIDC(o *op) (progress, error) {
	arn, was := new(o.phys), stringsOf(o.old["ClientIdList"])
	for _, c := range difference(o.strs("ClientIdList"), was) {
		in := &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: new(c)}
		if _, err := call(o, o.env.IAM.AddClientIDToOpenIDConnectProvider, in); err != nil {
			return progress{}, err
		}
	}
	for _, c := range difference(was, o.strs("ClientIdList")) {
		in := &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: new(c)}
		if _, err := call(o, o.env.IAM.RemoveClientIDFromOpenIDConnectProvider, in); err != nil {
			return progress{}, err
		}
	}
	if o.changed("ThumbprintList") {
		in := &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: o.strs("ThumbprintList")}
		if _, err := call(o, o.env.IAM.UpdateOpenIDConnectProviderThumbprint, in); err != nil {
			return progress{}, err
		}
	}
	return after(quick, o.phys, nil)
}

func deleteOIDC(o *op) (progress, error) {
	_, err := call(o, o.env.IAM.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: new(o.phys)})
	return gone(err)
}
