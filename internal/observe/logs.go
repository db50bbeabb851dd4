package observe

// LogGroup is a CloudWatch log group of the cluster.
type LogGroup struct {
	Name            string `json:"logGroupName"`
	ARN             string `json:"arn,omitempty"`
	RetentionInDays int    `json:"retentionInDays,omitempty"` // 0: for good
	KMSKeyID        string `json:"kmsKeyId,omitempty"`
	Class           string `json:"logGroupClass,omitempty"`
}
