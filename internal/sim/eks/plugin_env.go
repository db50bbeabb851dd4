package eks

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// pluginEnv is the environment of the VPC CNI's own container where nobody says otherwise: the
// manifest sets it, so it is EKS's and contested where somebody else changes it
// (aws/amazon-vpc-cni-k8s, charts/aws-vpc-cni/values.yaml of v1.20; issue #2607 there).
func (c *cluster) pluginEnv() map[string]string {
	env := map[string]string{"ADDITIONAL_ENI_TAGS": "{}", "ANNOTATE_POD_IP": "false", "AWS_VPC_CNI_NODE_PORT_SUPPORT": "true", "AWS_VPC_ENI_MTU": "9001",
		"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "false", "AWS_VPC_K8S_CNI_EXTERNALSNAT": "false",
		"AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG", "AWS_VPC_K8S_CNI_LOG_FILE": "/host/var/log/aws-routed-eni/ipamd.log",
		"AWS_VPC_K8S_CNI_RANDOMIZESNAT": "prng", "AWS_VPC_K8S_CNI_VETHPREFIX": "eni",
		"AWS_VPC_K8S_PLUGIN_LOG_FILE": "/var/log/aws-routed-eni/plugin.log", "AWS_VPC_K8S_PLUGIN_LOG_LEVEL": "DEBUG",
		"CLUSTER_ENDPOINT": aws.ToString(c.Endpoint), "CLUSTER_NAME": *c.Name, "DISABLE_INTROSPECTION": "false", "DISABLE_METRICS": "false",
		"DISABLE_NETWORK_RESOURCE_PROVISIONING": "false", "ENABLE_POD_ENI": "false", "ENABLE_PREFIX_DELEGATION": "false",
		"ENABLE_SUBNET_DISCOVERY": "true", "NETWORK_POLICY_ENFORCING_MODE": "standard", "VPC_ID": aws.ToString(c.ResourcesVpcConfig.VpcId),
		"WARM_ENI_TARGET": "1", "WARM_PREFIX_TARGET": "1"}
	six := c.KubernetesNetworkConfig != nil && c.KubernetesNetworkConfig.IpFamily == types.IpFamilyIpv6
	env["ENABLE_IPv4"], env["ENABLE_IPv6"] = strconv.FormatBool(!six), strconv.FormatBool(six)
	if six {
		env["ENABLE_PREFIX_DELEGATION"] = "true"
	}
	return env
}
