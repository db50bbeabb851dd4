package ec2

import "testing"

// An instance counts for the quota of its family, on demand or Spot.
func TestQuotaOf(t *testing.T) {
	for name, want := range map[string][2]string{"m5.large": {"L-1216C47A", "L-34B43A08"}, "im4gn.large": {"L-1216C47A", "L-34B43A08"}, "is4gen.large": {"L-1216C47A", "L-34B43A08"},
		"i3.large": {"L-1216C47A", "L-34B43A08"}, "t3.micro": {"L-1216C47A", "L-34B43A08"}, "trn1.2xlarge": {"L-2C3B7624", "L-6B0D517C"}, "inf2.xlarge": {"L-1945791B", "L-B5D1601B"},
		"g4dn.xlarge": {"L-DB2E81BA", "L-3819A6DF"}, "p4d.24xlarge": {"L-417A185B", "L-7212CCBC"}, "dl1.24xlarge": {"L-6E869C2A", "L-85EED4F7"}, "x2idn.16xlarge": {"L-7295265B", "L-E3A00192"},
		"mac1.metal": {"", ""}, "": {"", ""}} {
		for i, spot := range []bool{false, true} {
			got := ""
			if q := quotaOf(name, spot); q != nil {
				got = q.Code
			}
			if got != want[i] {
				t.Errorf("%s, Spot %t: %s, expected %s", name, spot, got, want[i])
			}
		}
	}
}
