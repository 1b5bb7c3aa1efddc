package web

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
)

// addresses says of every route what becomes of the addresses in what it takes; "" is
// one that takes none. A new route, of the console too, says so here, and follows an
// address that a stranger has written with internal/fetch only (decision 15).
var addresses = map[string]string{
	"post /api/v1/lines":               "chatwoot_url: an admin may name any Chatwoot; no redirect of it is followed",
	"post /api/v1/lines/{line}/move":   "chatwoot_url: as above",
	"post /webhooks/{line}/{secret}":   "data_url: fetched by internal/fetch, and never from an unsigned webhook; others are texts",
	"get /api/v1/lines":                "",
	"get /api/v1/lines/{line}":         "",
	"patch /api/v1/lines/{line}":       "",
	"delete /api/v1/lines/{line}":      "",
	"post /api/v1/lines/{line}/token":  "",
	"post /api/v1/lines/{line}/pair":   "",
	"post /api/v1/lines/{line}/logout": "", "post /api/v1/lines/{line}/reconnect": "", "post /api/v1/lines/{line}/confirm": "",
	"post /api/v1/lines/{line}/pause": "", "post /api/v1/lines/{line}/resume": "", "get /api/v1/lines/{line}/events": "",
	"get /api/v1/jobs": "", "post /api/v1/jobs/replay": "", "post /api/v1/jobs/{job}/replay": "",
	"get /api/v1/openapi.json": "", "get /healthz": "", "get /readyz": "", "get /metrics": "",
}

// TestH6_EveryRouteSaysWhatBecomesOfAddresses walks all routes.
func TestH6_EveryRouteSaysWhatBecomesOfAddresses(t *testing.T) {
	t.Parallel()
	b := bridge.New(bridge.Config{Metrics: bridge.NewMetrics(prometheus.NewRegistry())})
	s := New(Config{Admin: b, Webhooks: b.Webhooks(), Registry: prometheus.NewRegistry(), Metrics: http.NotFoundHandler()})
	routes := map[string]bool{}
	require.NoError(t, chi.Walk(s.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes[strings.ToLower(method)+" "+strings.TrimPrefix(route, "/*")] = true
		return nil
	}))
	for route := range routes {
		require.Contains(t, addresses, route, "say what becomes of the addresses that it takes")
	}
	for route := range addresses {
		require.Contains(t, routes, route, "the row is of no use any more")
	}
	doc := readDocument(t)
	named := regexp.MustCompile(`(?i)url|uri|link|host|address|avatar|image|callback`)
	for path, methods := range doc.Paths {
		for method, described := range methods {
			raw, err := json.Marshal(described["requestBody"])
			require.NoError(t, err)
			for _, schema := range regexp.MustCompile(`#/components/schemas/(\w+)`).FindAllStringSubmatch(string(raw), -1) {
				for property := range doc.Parts.Schemas[schema[1]].Properties {
					if named.MatchString(property) {
						require.Contains(t, addresses[method+" "+path], property, "%s %s takes an address", method, path)
					}
				}
			}
		}
	}
}
