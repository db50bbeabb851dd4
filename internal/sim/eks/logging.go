package eks

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

// streams are what each kind of log writes to, by the beginning of the stream's name
// ("Send control plane logs to CloudWatch Logs" in the EKS user guide).
var streams = map[types.LogType][]string{
	types.LogTypeApi:               {"kube-apiserver"},
	types.LogTypeAudit:             {"kube-apiserver-audit"},
	types.LogTypeAuthenticator:     {"authenticator"},
	types.LogTypeControllerManager: {"kube-controller-manager", "cloud-controller-manager"},
	types.LogTypeScheduler:         {"kube-scheduler"},
}

// logging makes the log group that a cluster with any log on writes to, and the streams
// of those that are on. Nothing is written to them: no component here has a log.
func (s *EKS) logging(c *cluster) {
	group := "/aws/eks/" + *c.Name + "/cluster"
	for _, l := range enabledLogs(c.Logging) {
		s.logs.Ensure(group)
		for _, name := range streams[types.LogType(l)] {
			sum := sha256.Sum256([]byte(c.ID + name))
			s.logs.EnsureStream(group, name+"-"+hex.EncodeToString(sum[:16]))
		}
	}
}
