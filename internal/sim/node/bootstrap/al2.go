package bootstrap

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"sigs.k8s.io/yaml"
)

// readAL2 follows cloud-init: it runs the scripts of the user data, and the node joins
// if they call the AMI's bootstrap.sh. One that fails does not keep the next from
// running; the node is what the last successful call of bootstrap.sh made of it.
func readAL2(data []byte, metadata map[string]string) (*Config, error) {
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	defer cancel()
	b := &boot{}
	b.machine = machine{files: map[string][]byte{"/etc/eks/bootstrap.sh": []byte("# the AMI's\n")}, metadata: metadata, bootstrap: b.bootstrapSh, sed: b.teach}
	data, err := unpack(data)
	if err != nil {
		return nil, err
	}
	if err := b.document(ctx, "", data); err != nil {
		b.err = err
	}
	switch {
	case b.node != nil:
		return b.node, nil
	case b.err != nil:
		return nil, b.err
	}
	return nil, errors.New("cloud-init: no script calls /etc/eks/bootstrap.sh")
}

// boot is a first boot under way.
type boot struct {
	machine
	extra string // flags that bootstrap.sh was taught to add, by sed
	node  *Config
	err   error // of the last script that failed
}

// document runs one document of user data by its content type, or by how it begins.
func (b *boot) document(ctx context.Context, typ string, data []byte) error {
	if r, err := multipartReader(data); err == nil {
		return b.parts(ctx, r)
	}
	text := string(data)
	switch {
	case strings.HasPrefix(text, "#!") && (typ == "" || strings.HasPrefix(typ, "text/")):
		return b.script(ctx, text)
	case strings.HasPrefix(text, "#cloud-config") || typ == "text/cloud-config":
		return b.cloudConfig(ctx, data)
	case typ == "text/x-shellscript" || typ == "text/cloud-boothook":
		return fmt.Errorf("cloud-init: Exec format error. Missing #! in script?")
	case typ == "":
		return fmt.Errorf("cloud-init: Unhandled non-multipart (text/x-not-multipart) userdata: %q", text[:min(len(text), 24)])
	}
	return nil // a type that cloud-init does not know
}

func (b *boot) parts(ctx context.Context, r *multipart.Reader) error {
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cloud-init: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(p, limit))
		if err != nil {
			return fmt.Errorf("cloud-init: %w", err)
		}
		typ, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			continue
		}
		if strings.EqualFold(p.Header.Get("Content-Transfer-Encoding"), "base64") {
			if body, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(body)), "")); err != nil {
				return fmt.Errorf("cloud-init: %w", err)
			}
		}
		if body, err = unpack(body); err != nil {
			return err
		}
		if err := b.document(ctx, typ, body); err != nil {
			b.err = err
		}
	}
}

// script runs a script whose interpreter is a shell; others are taken to succeed.
func (b *boot) script(ctx context.Context, text string) error {
	first, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(strings.TrimPrefix(first, "#!"))
	if len(words) == 0 || !strings.HasSuffix(words[0], "sh") && (len(words) < 2 || !strings.HasSuffix(words[1], "sh")) {
		return nil
	}
	before := b.err
	b.err = nil
	err := b.run(ctx, "user-data", text, nil, rootEnv(), 0)
	said := b.err // by bootstrap.sh
	if said == nil {
		b.err = before
	}
	if status := interp.ExitStatus(0); errors.As(err, &status) {
		if said != nil {
			return said
		}
		return fmt.Errorf("cloud-init: Failed running the script: exit status %d", status)
	}
	return err
}

// cloudConfig applies write_files and runcmd, in that order, as cloud-init does.
func (b *boot) cloudConfig(ctx context.Context, data []byte) error {
	var doc struct {
		WriteFiles []struct{ Path, Content, Encoding string } `json:"write_files"`
		RunCmd     []any                                      `json:"runcmd"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return fmt.Errorf("cloud-init: Failed loading yaml blob: %w", err)
	}
	for _, f := range doc.WriteFiles {
		content := []byte(f.Content)
		if f.Encoding == "b64" || f.Encoding == "base64" {
			var err error
			if content, err = base64.StdEncoding.DecodeString(f.Content); err != nil {
				return fmt.Errorf("cloud-init: write_files: %w", err)
			}
		}
		b.write(f.Path, content)
	}
	for _, c := range doc.RunCmd {
		line, ok := c.(string)
		if list, many := c.([]any); many {
			var words []string
			for _, w := range list {
				words = append(words, "'"+strings.ReplaceAll(fmt.Sprint(w), "'", `'\''`)+"'")
			}
			line, ok = strings.Join(words, " "), true
		}
		if !ok {
			return fmt.Errorf("cloud-init: runcmd: %v is neither a string nor a list", c)
		}
		if err := b.script(ctx, "#!/bin/sh\n"+line); err != nil {
			b.err = err
		}
	}
	return nil
}

// options are bootstrap.sh's; each takes a value.
var options = map[string]bool{
	"--use-max-pods": true, "--b64-cluster-ca": true, "--apiserver-endpoint": true, "--kubelet-extra-args": true, "--enable-docker-bridge": true,
	"--aws-api-retry-attempts": true, "--docker-config-json": true, "--containerd-config-file": true, "--pause-container-account": true,
	"--pause-container-version": true, "--dns-cluster-ip": true, "--container-runtime": true, "--ip-family": true, "--service-ipv4-cidr": true,
	"--service-ipv6-cidr": true, "--enable-local-outpost": true, "--cluster-id": true, "--mount-bpf-fs": true, "--local-disks": true,
}

// bootstrapSh reads its arguments as the AMI's script does (awslabs/amazon-eks-ami,
// templates/al2/runtime/bootstrap.sh): unknown ones are positional, the first of
// which names the cluster.
func (b *boot) bootstrapSh(args []string) error {
	fail := func(format string, a ...any) error {
		b.err = fmt.Errorf("[eks-bootstrap] ERROR: "+format, a...)
		return interp.ExitStatus(1)
	}
	got := map[string]string{}
	var positional []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-h" || args[i] == "--help":
			return interp.ExitStatus(1)
		case !options[args[i]]:
			positional = append(positional, args[i])
		case i+1 == len(args):
			return fail("$2: unbound variable")
		default:
			got[args[i]] = args[i+1]
			i++
		}
	}
	if len(positional) == 0 || positional[0] == "" {
		return fail("cluster name is not defined")
	}
	if r := got["--container-runtime"]; r != "" && r != "containerd" {
		return fail("containerd is the only supported container runtime as of Kubernetes version 1.24")
	}
	n := &Config{Cluster: positional[0], CIDR: got["--service-ipv4-cidr"]}
	if got["--b64-cluster-ca"] != "" && got["--apiserver-endpoint"] != "" { // else it asks EKS
		n.CA, n.Endpoint = got["--b64-cluster-ca"], got["--apiserver-endpoint"]
	}
	if err := n.flags(strings.Fields(got["--kubelet-extra-args"] + " " + b.extra)); err != nil {
		b.err = err
		return nil // the script ends well, the kubelet does not
	}
	b.node, b.err = n, nil
	return nil
}

// addsFlags is eksctl's way to add flags to EKS's own call of bootstrap.sh.
var addsFlags = regexp.MustCompile(`^s/KUBELET_EXTRA_ARGS=\$2/KUBELET_EXTRA_ARGS="\$2 ([^"]*)"/$`)

// teach is sed, of which what teaches bootstrap.sh flags is understood.
func (b *boot) teach(args []string) error {
	for i, a := range args {
		if x := addsFlags.FindStringSubmatch(a); x != nil && i+1 < len(args) && args[len(args)-1] == "/etc/eks/bootstrap.sh" {
			b.extra += " " + x[1]
		}
	}
	return nil
}
