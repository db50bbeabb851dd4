package kubeapi_test

import (
	"net/http"
	"testing"
	"time"

	flowcontrolv1beta3 "k8s.io/api/flowcontrol/v1beta3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/slipway-eks/slipway/internal/sim/kubeapi"
)

// calling is a client that calls itself something.
func calling(t *testing.T, c *kubeapi.Cluster, agent string) kubernetes.Interface {
	t.Helper()
	k, err := kubernetes.NewForConfig(&rest.Config{Host: "https://c", UserAgent: agent, QPS: -1,
		WrapTransport: func(http.RoundTripper) http.RoundTripper { return bearer{c, "good"} }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Who uses what a later minor does not serve is known for thirty days, by its user agent, also
// by who loads the cluster. A minor that does not serve it knows of nothing that ends.
func TestWhoUsesWhatEndsIsKnown(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	date := func() time.Time { return now }
	c, err := kubeapi.NewCluster("v1.31.14-eks-1", func(key string) string { return key }, date, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Token = func(string) *kubeapi.User { return admin }
	_, err = calling(t, c, "old-controller/v1").FlowcontrolV1beta3().FlowSchemas().Create(t.Context(), &flowcontrolv1beta3.FlowSchema{
		ObjectMeta: metav1.ObjectMeta{Name: "f"}, Spec: flowcontrolv1beta3.FlowSchemaSpec{PriorityLevelConfiguration: flowcontrolv1beta3.
				PriorityLevelConfigurationReference{Name: "x"}, MatchingPrecedence: 9}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := calling(t, c, "kubectl/v1.31.0").FlowcontrolV1beta3().FlowSchemas().List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := calling(t, c, "kubectl/v1.31.0").FlowcontrolV1().FlowSchemas().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := c.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if c, err = kubeapi.LoadCluster(b, func(key string) string { return key }, date, nil); err != nil {
		t.Fatal(err)
	}
	c.Token = func(string) *kubeapi.User { return admin }
	all := c.Deprecations()
	const path = "/apis/flowcontrol.apiserver.k8s.io/"
	if len(all) != 2 || all[0].Usage != path+"v1beta3/flowschemas" || all[0].ReplacedWith != path+"v1/flowschemas" || all[0].Removed != "1.32" ||
		all[0].Since != "1.29" || len(all[0].Clients) != 2 || all[0].Clients[0] != (kubeapi.Client{UserAgent: "kubectl/v1.31.0", Requests: 2, Last: now}) ||
		all[0].Clients[1].UserAgent != "old-controller/v1" || len(all[1].Clients) != 0 {
		t.Errorf("%+v", all)
	}
	now = now.Add(20 * 24 * time.Hour)
	if _, err := calling(t, c, "kubectl/v1.31.0").FlowcontrolV1beta3().FlowSchemas().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * 24 * time.Hour)
	if by := c.Deprecations()[0].Clients; len(by) != 1 || by[0].Requests != 1 {
		t.Errorf("after a month: %+v", by)
	}
	c.SetVersion("v1.32.1-eks-1")
	if all := c.Deprecations(); len(all) != 0 {
		t.Errorf("1.32 serves %+v", all)
	}
}
