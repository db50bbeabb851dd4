package diff

import "sigs.k8s.io/yaml"

// parsed is a text that holds JSON or YAML as what it says: two texts that say the
// same are no difference. What is neither stays a text.
func parsed(s string) any {
	var v any
	if s == "" || yaml.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	return v
}
