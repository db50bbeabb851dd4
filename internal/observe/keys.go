package observe

// KeyPair is an SSH key pair that was made for the cluster.
type KeyPair struct {
	Name        string `json:"keyName"`
	ID          string `json:"keyPairId,omitempty"`
	Type        string `json:"keyType,omitempty"`
	Fingerprint string `json:"keyFingerprint,omitempty"`
	Tags        Tags   `json:"tags,omitempty"`
}
