package observe

// LogGroup is a CloudWatch log group of the cluster.
type LogGroup struct {
	Name            string `json:"logGroupName"`
	ARN             string `json:"arn,omitempty"`
	RetentionInDays int    `json:"retentionInDays,omitempty"` // 0: for good
	KMSKeyID        string `json:"kmsKeyId,omitempty"`
	Class           string `json:"logGroupClass,omitempty"`
}

// ControlPlaneLogs is the name of the log group that a control plane writes to.
func ControlPlaneLogs(cluster string) string { return "/aws/eks/" + cluster + "/cluster" }
