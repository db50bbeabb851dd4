package eksfacts

// Tags of eksctl's contract (facts/eksctl.md §1), on stacks and on what they hold.
const (
	TagCluster       = "alpha.eksctl.io/cluster-name"
	TagClusterLegacy = "eksctl.cluster.k8s.io/v1alpha1/cluster-name"
	TagVersion       = "alpha.eksctl.io/eksctl-version"
	TagOIDC          = "alpha.eksctl.io/cluster-oidc-enabled"
	TagGroup         = "alpha.eksctl.io/nodegroup-name"
	TagGroupType     = "alpha.eksctl.io/nodegroup-type"
	TagGroupLegacy   = "eksctl.io/v1alpha2/nodegroup-name"
	TagAccount       = "alpha.eksctl.io/iamserviceaccount-name"
	TagAddon         = "alpha.eksctl.io/addon-name"
	TagAddonPod      = "alpha.eksctl.io/addon-podidentityassociation-name"
	TagPodIdentity   = "alpha.eksctl.io/podidentityassociation-name"
)

// Labels and tags by which EKS and eksctl mark a node group's nodes and instances.
const (
	LabelGroup      = "eks.amazonaws.com/nodegroup"       // on managed groups' nodes, by EKS
	LabelType       = "node.kubernetes.io/instance-type"  // on all nodes, by the cloud provider
	LabelImage      = "eks.amazonaws.com/nodegroup-image" // likewise, the AMI
	LabelOwnGroup   = TagGroup                            // on self-managed groups' nodes, by their kubelets
	TagManagedGroup = "eks:nodegroup-name"                // on managed groups' instances, by EKS
)

// LogGroup is the CloudWatch log group that holds a control plane's logs.
func LogGroup(cluster string) string { return "/aws/eks/" + cluster + "/cluster" }
