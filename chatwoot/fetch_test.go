package chatwoot_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/fetch"
)

// An address that is not Chatwoot's own has to be public, wherever it hides.
func TestH6_AFileIsNotFetchedFromInside(t *testing.T) {
	t.Parallel()
	var reached atomic.Int32
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	t.Cleanup(inside.Close)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/region/"): // the storage it names sends on
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		default:
			t.Errorf("Chatwoot was asked for %s", r.URL.Path)
		}
	})
	for _, address := range []string{
		inside.URL + "/secret", inside.URL + "/bucket/key?sig=1", inside.URL + "/rails/active_storag/x",
		"http://localhost" + inside.URL[strings.LastIndex(inside.URL, ":"):] + "/x", "http://169.254.169.254/latest/meta-data/", "http://[::1]/x", "http://[fd00:ec2::254]/x",
		"http://0.0.0.0/rails/active_storage/region/x",
		"http://0.0.0.0/rails/active_storage/../region/x", "http://0.0.0.0/rails/active_storage/%2e%2e/region/x",
	} {
		_, err := c.Download(ctx, address, io.Discard, 100)
		var refused *fetch.RefusedError
		require.ErrorAs(t, err, &refused, address)
		require.False(t, chatwoot.IsUnreached(err), "it is not tried again")
		require.NotContains(t, err.Error(), "secret")
	}
	require.Zero(t, reached.Load())
}

func TestH6_AnAdminMayAllowAStorageInside(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "content") }))
	t.Cleanup(storage.Close)
	at, err := url.Parse(storage.URL)
	require.NoError(t, err)
	allow, err := fetch.ParseAllow(at.Host)
	require.NoError(t, err)
	c, err := chatwoot.New(chatwoot.Config{BaseURL: "http://chat.invalid", Token: "t", Account: 1, Fetcher: fetch.New(fetch.Options{Allow: allow})})
	require.NoError(t, err)
	var got bytes.Buffer
	_, err = c.Download(ctx, storage.URL+"/bucket/key?sig=1", &got, 100)
	require.NoError(t, err)
	require.Equal(t, "content", got.String())
}

// What is unpacked on the way counts.
func TestH6_APackedFileIsMeasuredUnpacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	packing := gzip.NewWriter(&packed)
	_, err := packing.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, packing.Close())
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	})
	var got bytes.Buffer
	_, err = c.Download(ctx, "/rails/active_storage/x", &got, 1000)
	require.ErrorIs(t, err, chatwoot.ErrTooLarge)
	require.LessOrEqual(t, got.Len(), 1001)
}

// A name and password for what stands in front of Chatwoot are for that alone.
func TestH6_ANameInChatwootsAddressIsForChatwootAlone(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"])+len(r.Header["Referer"])+len(r.Header["Cookie"])+len(r.Header["Api-Access-Token"]) > 0 {
			t.Errorf("the storage got %v", r.Header)
		}
	}))
	t.Cleanup(storage.Close)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "bridge" || password != "hush" {
			t.Error("Chatwoot's front did not get the password")
		}
		w.Header().Set("Set-Cookie", "a=b")
		http.Redirect(w, r, storage.URL, http.StatusFound)
	}))
	t.Cleanup(front.Close)
	c, err := chatwoot.New(chatwoot.Config{BaseURL: strings.Replace(front.URL, "://", "://bridge:hush@", 1), Token: "t", Account: 1, Transport: &http.Transport{DisableKeepAlives: true}})
	require.NoError(t, err)
	_, err = c.Download(ctx, "/rails/active_storage/x", io.Discard, 100)
	require.NoError(t, err)
}
