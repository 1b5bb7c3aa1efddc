package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/fault"
)

// described is as much of OpenAPI as is checked.
type described struct {
	OpenAPI string                               `json:"openapi"`
	Paths   map[string]map[string]map[string]any `json:"paths"`
	Parts   struct {
		Schemas map[string]struct {
			Required   []string `json:"required"`
			Properties map[string]struct {
				Type jsonType `json:"type"`
				Ref  string   `json:"$ref"`
				Enum []string `json:"enum"`
			} `json:"properties"`
		} `json:"schemas"`
	} `json:"components"`
}

// jsonType is one type, which may be null besides.
type jsonType string

func (j *jsonType) UnmarshalJSON(raw []byte) error {
	if raw[0] != '[' {
		return json.Unmarshal(raw, (*string)(j))
	}
	var pair [2]string
	if err := json.Unmarshal(raw, &pair); err != nil {
		return err
	}
	if pair[1] != "null" {
		return fmt.Errorf("two types: %q", pair)
	}
	*j = jsonType(pair[0])
	return nil
}

func readDocument(t *testing.T) described {
	t.Helper()
	var doc described
	require.NoError(t, json.Unmarshal(document, &doc))
	require.Equal(t, "3.1.0", doc.OpenAPI)
	return doc
}

func TestEveryRouteIsDescribedAndEveryDescriptionIsARoute(t *testing.T) {
	t.Parallel()
	// The routes are walked and never called, so an empty bridge will do; it
	// brings the routes of its webhooks.
	b := bridge.New(bridge.Config{Metrics: bridge.NewMetrics(prometheus.NewRegistry())})
	s := New(Config{Admin: b, Webhooks: b.Webhooks(), Registry: prometheus.NewRegistry(), Metrics: http.NotFoundHandler()})
	var routes []string
	add := func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		routes = append(routes, strings.ToLower(method)+" "+strings.TrimPrefix(route, "/*"))
		return nil
	}
	require.NoError(t, chi.Walk(s.router, add))
	var documented []string
	for path, methods := range readDocument(t).Paths {
		for method := range methods {
			documented = append(documented, method+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(documented)
	require.Equal(t, routes, documented)
}

// Whatever the server has, nothing of it is for people without the token but
// these.
func TestD35_EveryRouteNeedsTheToken(t *testing.T) {
	t.Parallel()
	open := []string{"/healthz", "/readyz", "/api/v1/openapi.json", "/webhooks/{line}/{secret}"}
	b := bridge.New(bridge.Config{Metrics: bridge.NewMetrics(prometheus.NewRegistry())})
	s := New(Config{Admin: b, Webhooks: b.Webhooks(), Token: "secret", Registry: prometheus.NewRegistry(), Metrics: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)})
	for path, methods := range readDocument(t).Paths {
		for method := range methods {
			if slices.Contains(open, path) {
				continue
			}
			answer := httptest.NewRecorder()
			s.router.ServeHTTP(answer, httptest.NewRequest(strings.ToUpper(method), strings.NewReplacer("{line}", "l1", "{job}", "1").Replace(path), strings.NewReader("{}")))
			require.Equal(t, http.StatusUnauthorized, answer.Code, "%s %s", method, path)
		}
	}
}

func TestTheDocumentsSchemasAreTheTypes(t *testing.T) {
	t.Parallel()
	schemas := readDocument(t).Parts.Schemas
	types := map[string]any{
		"Line": api.Line{}, "Way": api.Way{}, "Lines": api.Lines{}, "Chatwoot": api.Chatwoot{}, "Queue": api.Queue{}, "NewLine": api.NewLine{}, "LineUpdate": api.LineUpdate{}, "NewToken": api.NewToken{}, "Move": api.Move{},
		"Pair": api.Pair{}, "Job": api.Job{}, "Jobs": api.Jobs{}, "Replay": api.Replay{}, "Replayed": api.Replayed{}, "StateEvent": api.StateEvent{},
		"QREvent": api.QREvent{}, "Failure": api.Failure{}, "Error": fault.Error{}, "Settings": bridge.Settings{}, "SettingsUpdate": bridge.Settings{},
	}
	for name := range schemas {
		require.True(t, name == "Health" || types[name] != nil, "%s has no type", name)
	}
	for name, value := range types {
		schema, ok := schemas[name]
		require.True(t, ok, name)
		fields := map[string]reflect.Type{}
		for _, field := range reflect.VisibleFields(reflect.TypeOf(value)) {
			if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != "-" {
				fields[tag] = field.Type
			}
		}
		for field, goType := range fields {
			property, ok := schema.Properties[field]
			require.True(t, ok, "%s.%s is not described", name, field)
			require.Equal(t, wantType(goType), string(property.Type)+property.Ref[:min(1, len(property.Ref))], "%s.%s", name, field)
		}
		require.Len(t, fields, len(schema.Properties), "%s describes what does not exist", name)
	}
}

// wantType is the JSON type of a Go type, or # for a reference.
func wantType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return "#"
	case t.Name() == "Time":
		return "string"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wantType(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	case reflect.Map:
		return "object"
	default:
		return "#"
	}
}

func TestEveryReferenceIsThere(t *testing.T) {
	t.Parallel()
	var whole map[string]any
	require.NoError(t, json.Unmarshal(document, &whole))
	var visit func(node any)
	visit = func(node any) {
		switch v := node.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				at := any(whole)
				for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
					inner, ok := at.(map[string]any)
					require.True(t, ok && inner[step] != nil, ref)
					at = inner[step]
				}
			}
			for _, child := range v {
				visit(child)
			}
		case []any:
			for _, child := range v {
				visit(child)
			}
		}
	}
	visit(whole)
}
