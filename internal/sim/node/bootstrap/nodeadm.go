package bootstrap

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/netip"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"
)

// nodeConfigType is the content type of a NodeConfig in a multipart document.
const nodeConfigType = "application/node.eks.aws"

// nodeConfig is the part of nodeadm's configuration that decides whether and how a
// node joins (awslabs/amazon-eks-ami, nodeadm/api/v1alpha1). nodeadm decodes without
// strictness: unknown fields are passed over, wrong types are not.
type nodeConfig struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Cluster struct {
			Name                 string `json:"name"`
			APIServerEndpoint    string `json:"apiServerEndpoint"`
			CertificateAuthority []byte `json:"certificateAuthority"`
			CIDR                 string `json:"cidr"`
			EnableOutpost        *bool  `json:"enableOutpost"`
			ID                   string `json:"id"`
		} `json:"cluster"`
		Containerd struct {
			Config          string                     `json:"config"`
			BaseRuntimeSpec map[string]json.RawMessage `json:"baseRuntimeSpec"`
		} `json:"containerd"`
		Kubelet struct {
			Config            map[string]json.RawMessage `json:"config"`
			Flags             []string                   `json:"flags"`
			MaxPodsExpression string                     `json:"maxPodsExpression"`
		} `json:"kubelet"`
		FeatureGates map[string]bool `json:"featureGates"`
	} `json:"spec"`
}

// readNodeadm follows nodeadm's internal/configprovider and internal/api: base64 or
// gzip once more, a multipart document or one NodeConfig, merged in order, validated.
func readNodeadm(data []byte) (*Config, error) {
	data, err := unfold(data)
	if err != nil {
		return nil, err
	}
	parts, multi, err := nodeConfigParts(data)
	if err != nil {
		return nil, err
	}
	if !multi {
		parts = [][]byte{data}
	}
	if len(parts) == 0 {
		return nil, errors.New("nodeadm: could not find NodeConfig within UserData")
	}
	var all nodeConfig
	for _, p := range parts {
		next, err := decodeNodeConfig(p)
		if err != nil {
			return nil, err
		}
		if err := all.merge(next); err != nil {
			return nil, err
		}
	}
	return all.start()
}

// unfold undoes base64 and gzip where they are.
func unfold(b []byte) ([]byte, error) {
	if d, err := base64.StdEncoding.DecodeString(string(b)); err == nil {
		b = d
	}
	return unpack(b)
}

// multipartReader is a reader of the parts of a MIME document; an error where it is
// none.
func multipartReader(data []byte) (*multipart.Reader, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	typ, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(typ, "multipart/") {
		return nil, errors.New("MIME type is not multipart")
	}
	return multipart.NewReader(msg.Body, params["boundary"]), nil
}

func nodeConfigParts(data []byte) (parts [][]byte, multi bool, err error) {
	r, err := multipartReader(data)
	if err != nil {
		return nil, false, nil // nodeadm takes the whole as one NodeConfig then
	}
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return parts, true, nil
		}
		if err != nil {
			return nil, true, fmt.Errorf("nodeadm: %w", err)
		}
		header := p.Header.Get("Content-Type")
		if header == "" {
			continue
		}
		typ, _, err := mime.ParseMediaType(header)
		if err != nil {
			return nil, true, fmt.Errorf("nodeadm: %w", err)
		}
		if typ != nodeConfigType {
			continue
		}
		b, err := io.ReadAll(io.LimitReader(p, limit))
		if err == nil {
			b, err = unfold(b)
		}
		if err != nil {
			return nil, true, fmt.Errorf("nodeadm: %w", err)
		}
		parts = append(parts, b)
	}
}

func decodeNodeConfig(b []byte) (*nodeConfig, error) {
	var c nodeConfig
	if err := yaml.Unmarshal(b, &c); err != nil {
		return nil, fmt.Errorf("nodeadm: failed to decode node config, %w", err)
	}
	switch {
	case c.Kind == "":
		return nil, errors.New("nodeadm: failed to decode node config, Object 'Kind' is missing")
	case c.APIVersion == "":
		return nil, errors.New("nodeadm: failed to decode node config, Object 'apiVersion' is missing")
	case c.APIVersion != "node.eks.aws/v1alpha1" || c.Kind != "NodeConfig":
		return nil, fmt.Errorf("nodeadm: failed to decode node config, no kind %q is registered for version %q", c.Kind, c.APIVersion)
	}
	return &c, nil
}

// merge lays another NodeConfig over one: values that are set win, documents merge,
// flags are appended (nodeadm/internal/api/merge.go).
func (c *nodeConfig) merge(o *nodeConfig) error {
	a, b := &c.Spec, &o.Spec
	set(&a.Cluster.Name, b.Cluster.Name)
	set(&a.Cluster.APIServerEndpoint, b.Cluster.APIServerEndpoint)
	set(&a.Cluster.CIDR, b.Cluster.CIDR)
	set(&a.Cluster.ID, b.Cluster.ID)
	set(&a.Kubelet.MaxPodsExpression, b.Kubelet.MaxPodsExpression)
	if len(b.Cluster.CertificateAuthority) > 0 {
		a.Cluster.CertificateAuthority = b.Cluster.CertificateAuthority
	}
	if b.Cluster.EnableOutpost != nil {
		a.Cluster.EnableOutpost = b.Cluster.EnableOutpost
	}
	if a.Kubelet.Config == nil {
		a.Kubelet.Config = map[string]json.RawMessage{}
	}
	maps.Copy(a.Kubelet.Config, b.Kubelet.Config)
	a.Kubelet.Flags = append(a.Kubelet.Flags, b.Kubelet.Flags...)
	return nil
}

func set(to *string, v string) {
	if v != "" {
		*to = v
	}
}

// start validates (nodeadm/internal/api/validation.go) and starts the kubelet.
func (c *nodeConfig) start() (*Config, error) {
	cl := c.Spec.Cluster
	switch {
	case cl.Name == "":
		return nil, errors.New("nodeadm: Name is missing in cluster configuration")
	case cl.APIServerEndpoint == "":
		return nil, errors.New("nodeadm: Apiserver endpoint is missing in cluster configuration")
	case cl.CertificateAuthority == nil:
		return nil, errors.New("nodeadm: Certificate authority is missing in cluster configuration")
	case cl.CIDR == "":
		return nil, errors.New("nodeadm: CIDR is missing in cluster configuration")
	case cl.EnableOutpost != nil && *cl.EnableOutpost && cl.ID == "":
		return nil, errors.New("nodeadm: cluster ID must be provided for outposts")
	}
	if _, err := netip.ParsePrefix(cl.CIDR); err != nil {
		return nil, fmt.Errorf("nodeadm: invalid CIDR address: %s", cl.CIDR)
	}
	out := &Config{Cluster: cl.Name, Endpoint: cl.APIServerEndpoint, CA: base64.StdEncoding.EncodeToString(cl.CertificateAuthority), CIDR: cl.CIDR}
	if err := out.kubeletConfig(c.Spec.Kubelet.Config); err != nil {
		return nil, err
	}
	var args []string
	for _, f := range c.Spec.Kubelet.Flags {
		args = append(args, words(f)...)
	}
	if err := out.flags(args); err != nil {
		return nil, err
	}
	return out, nil
}

// words are the arguments in a text, as systemd cuts $NODEADM_KUBELET_ARGS: at spaces
// outside of quotes, which are taken away (systemd.service(5), "Command lines").
func words(text string) []string {
	var out []string
	var word strings.Builder
	quote, begun := rune(0), false
	for _, c := range text {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && unicode.IsSpace(c):
			if begun {
				out = append(out, word.String())
				word.Reset()
				begun = false
			}
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}

// kubeletConfig applies what of a KubeletConfiguration shows on a Node; the kubelet
// refuses wrong types.
func (c *Config) kubeletConfig(doc map[string]json.RawMessage) error {
	b, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var k struct {
		MaxPods            int32 `json:"maxPods"`
		RegisterWithTaints []struct{ Key, Value, Effect string }
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return fmt.Errorf("kubelet: failed to load kubelet config: %w", err)
	}
	if k.MaxPods < 0 {
		return fmt.Errorf("kubelet: invalid configuration: maxPods (--max-pods) %d must not be a negative number", k.MaxPods)
	}
	c.MaxPods = int(k.MaxPods)
	for _, t := range k.RegisterWithTaints {
		if err := c.taint(t.Key, t.Value, t.Effect); err != nil {
			return err
		}
	}
	return nil
}
