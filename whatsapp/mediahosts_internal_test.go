package whatsapp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestH6_AFileServerSendsToNoOther(t *testing.T) {
	t.Parallel()
	for to, follows := range map[string]bool{
		"https://mmg.whatsapp.net/v/x?a=1": true, "https://media-gru1-1.cdn.whatsapp.net/v/x": true, "https://MMG.whatsapp.net.:443/x": true,
		"http://mmg.whatsapp.net/x": false, "https://mmg.whatsapp.net:8443/x": false, "https://user@mmg.whatsapp.net/x": false,
		"https://whatsapp.net.evil.example/x": false, "https://evilwhatsapp.net/x": false, "https://127.0.0.1/x": false, "https://169.254.169.254/": false, "https://evil.example/#.whatsapp.net": false,
	} {
		asked := []string{}
		client := mediaClient(roundTripper(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.Host)
			resp := &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {to}}, Body: http.NoBody, Request: r}
			if len(asked) > 1 {
				resp.StatusCode = http.StatusOK
			}
			return resp, nil
		}))
		resp, err := client.Get("https://mmg.whatsapp.net/v/first")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, follows, len(asked) == 2, to)
		require.Equal(t, follows, resp.StatusCode == http.StatusOK, to)
	}
	hops := 0
	client := mediaClient(roundTripper(func(r *http.Request) (*http.Response, error) {
		hops++
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://mmg.whatsapp.net/v/again"}}, Body: http.NoBody, Request: r}, nil
	}))
	resp, err := client.Get("https://mmg.whatsapp.net/v/first")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 1+mediaRedirects, hops)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

// FuzzH6_AMediaPath puts paths behind a server's name as the library does.
func FuzzH6_AMediaPath(f *testing.F) {
	for _, path := range []string{
		"/v/t62/1.enc?ccb=11", "https://evil.example/x", "//evil.example/x", "/\\evil.example", "@evil.example/x", ".evil.example/x", ":443@evil.example/", "/x#@evil.example", "/x\r\nHost: evil.example", "/%zz", "", "/", "/../../x", ":8080/x", "?@evil.example", "#",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if !isMediaPath(path) {
			return
		}
		req, err := http.NewRequest(http.MethodGet, "https://mmg.whatsapp.net"+path+"&hash=x&mms-type=image&__wa-mms=", nil)
		if err == nil && (req.URL.Host != "mmg.whatsapp.net" || req.URL.User != nil || req.URL.Scheme != "https" || !strings.HasPrefix(req.URL.Path, "/")) {
			t.Fatalf("%q leads to %s", path, req.URL)
		}
	})
}

func TestH6_AnErrorHoldsNoAddress(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	err := withoutAddress(fmt.Errorf("failed: %w", &url.Error{Op: "Get", URL: "https://mmg.whatsapp.net/v/evil?auth=hush", Err: cause}))
	require.Equal(t, cause, err)
	require.Equal(t, cause, withoutAddress(cause))
}
