package issuer

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
)

// Documents answers what an issuer of EKS answers: its discovery document and the keys
// that sign its cluster's tokens (OpenID Connect Discovery 1.0). is tells whether an ID
// is a cluster's.
func Documents(host string, key *Key, is func(id string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/id/"), "/")
		var v any
		if strings.HasPrefix(r.URL.Path, "/id/") && is(id) {
			switch what {
			case ".well-known/openid-configuration":
				v = discovery("https://" + host + "/id/" + id)
			case "keys":
				v = keys(key)
			}
		}
		if v == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v) //nolint:errcheck // the client went away
	})
}

func discovery(issuer string) any {
	return map[string]any{
		"issuer": issuer, "jwks_uri": issuer + "/keys", "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
		"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"},
		"claims_supported": []string{"sub", "iss"}, "id_token_signing_alg_values_supported": []string{"RS256"},
	}
}

func keys(k *Key) any {
	b, pub := base64.RawURLEncoding, &k.private.PublicKey
	return map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": k.id(),
		"n": b.EncodeToString(pub.N.Bytes()), "e": b.EncodeToString(big.NewInt(int64(pub.E)).Bytes())}}}
}
