package plan

import (
	"fmt"
	"time"

	"github.com/slipway-eks/slipway/internal/config"
	"github.com/slipway-eks/slipway/internal/eksfacts"
	"github.com/slipway-eks/slipway/internal/plan/rules"
	"github.com/slipway-eks/slipway/internal/steps"
)

func (b *builder) logRetention() {
	w := b.cfg.CloudWatch
	if w == nil || w.ClusterLogging == nil || config.Int(w.ClusterLogging.LogRetentionInDays, 0) == 0 || len(w.ClusterLogging.EnableTypes) == 0 {
		return
	}
	days := *w.ClusterLogging.LogRetentionInDays
	if g := b.live.LogGroups[eksfacts.LogGroup(b.cfg.Metadata.Name)]; g != nil && g.RetentionInDays == days {
		return
	}
	b.add(part{Step: rules.Step{Kind: rules.Retention}, Action: Create, Title: fmt.Sprintf("log retention: %d days", days),
		Typical: 2 * time.Second, Timeout: timeoutQuick,
		Run: &steps.LogRetention{Days: days}})
}
