package run

import "testing"

func TestKubeletOfAnAMIsName(t *testing.T) {
	for name, want := range map[string]string{"amazon-eks-node-al2023-x86_64-standard-1.34-v20261101": "1.34", "golden-1.12.0-eks-1.34": "1.34", "base-v1.34": "1.34",
		"ubuntu-eks/k8s_1.33/images/hvm-ssd/ubuntu-jammy-22.04-amd64": "1.33", "company-1.34.2-7": "1.34", "company-2026.11": "", "image-11.345": ""} {
		if got := kubeletOf(name); got != want {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
}
