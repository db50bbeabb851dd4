package eks

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/slipway-eks/slipway/internal/sim/wire"
)

// connected is a cluster from elsewhere that was registered, to be seen in EKS's console.
// It stays PENDING here: nobody runs its agent against the region.
type connected struct {
	types.Cluster
}

// activation is how long a registered cluster's agent may take to report (EKS user guide,
// "Connecting a cluster": three days).
const activation = 72 * time.Hour

func (s *EKS) registerConnected(svc *wire.Service) {
	wire.Handle(svc, "RegisterCluster", s.RegisterCluster)
	wire.Handle(svc, "DeregisterCluster", s.DeregisterCluster)
}

// RegisterCluster notes a cluster from elsewhere.
func (s *EKS) RegisterCluster(by *wire.Caller, in *eks.RegisterClusterInput) (*eks.RegisterClusterOutput, error) {
	name := aws.ToString(in.Name)
	exists := inUse("Cluster already exists with name: %s", name).Member("clusterName", name)
	if c := s.connected.Get(name); c != nil {
		if by.Before() != *c.ConnectorConfig.ActivationId {
			return nil, exists
		}
		return &eks.RegisterClusterOutput{Cluster: new(c.Cluster)}, nil
	}
	if s.clusters.Get(name) != nil {
		return nil, exists
	}
	if err := checkTags(by, in.Tags); err != nil {
		return nil, err
	}
	if !s.iam.Assumable(aws.ToString(in.ConnectorConfig.RoleArn), "ssm.amazonaws.com") {
		return nil, wire.Errorf("InvalidRequestException", "Not existing role: %s", aws.ToString(in.ConnectorConfig.RoleArn)).Member("clusterName", name)
	}
	id := s.w.UUID("activation", name)
	c := s.connected.Put(name, &connected{Cluster: types.Cluster{Name: in.Name, Arn: s.arn("cluster/%s", name), CreatedAt: new(s.w.Date()),
		Status: types.ClusterStatusPending, Tags: tagsOf(in.Tags), ConnectorConfig: &types.ConnectorConfigResponse{ActivationId: new(id),
			ActivationCode: new(s.w.Hex("activation code "+id, 20)), ActivationExpiry: new(s.w.Date().Add(activation)),
			Provider: new(string(in.ConnectorConfig.Provider)), RoleArn: in.ConnectorConfig.RoleArn}}})
	by.Note(id)
	return &eks.RegisterClusterOutput{Cluster: new(c.Cluster)}, nil
}

// DeregisterCluster forgets a registered cluster.
func (s *EKS) DeregisterCluster(_ *wire.Caller, in *eks.DeregisterClusterInput) (*eks.DeregisterClusterOutput, error) {
	name := aws.ToString(in.Name)
	c := s.connected.Get(name)
	if c == nil {
		if s.clusters.Get(name) != nil {
			return nil, wire.Errorf("InvalidRequestException", "Cluster %s is not a connected cluster", name).Member("clusterName", name)
		}
		return nil, notFound("No cluster found for name: %s.", name).Member("clusterName", name)
	}
	c.Status = types.ClusterStatusDeleting
	s.connected.Delete(name)
	return &eks.DeregisterClusterOutput{Cluster: new(c.Cluster)}, nil
}
