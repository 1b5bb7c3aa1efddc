package preview

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/internal/fetch"
	"github.com/wootbridge/wootbridge/whatsapp/content"
)

func TestPagesSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	at, err := url.Parse("https://shop.example/a/b")
	require.NoError(t, err)
	for name, tc := range map[string]struct{ html, title, description, image string }{
		"open graph": {`<head><meta property="og:title" content="A &amp; B"><meta property="og:description" content="C"><meta property="og:image" content="/i.png"></head><title>no</title>`,
			"A & B", "C", "https://shop.example/i.png"},
		"plain": {`<!doctype html><title> Our
 shop </title><meta name="Description" content="Bread">`, "Our shop", "Bread", ""},
		"twitter":            {`<meta name="twitter:title" content="T"><meta name="twitter:image" content="https://cdn.example/t.jpg">`, "T", "", "https://cdn.example/t.jpg"},
		"below the head":     {`<head></head><body><meta property="og:title" content="Late"></body>`, "Late", "", ""},
		"a link":             {`<title>T</title><link rel="IMAGE_SRC" href="i.png">`, "T", "", "https://shop.example/a/i.png"},
		"picture of no web":  {`<title>T</title><meta property="og:image" content="data:image/png;base64,AAAA">`, "T", "", ""},
		"picture of a file":  {`<title>T</title><meta property="og:image" content="file:///etc/passwd">`, "T", "", ""},
		"the first counts":   {`<meta property="og:title" content="1"><meta property="og:title" content="2">`, "1", "", ""},
		"in a script":        {`<script>var a = '<meta property="og:title" content="no">'</script><title>T</title>`, "T", "", ""},
		"in a comment":       {`<!-- <title>no</title> --><title>T</title>`, "T", "", ""},
		"signs nobody sees":  {"<title>a\u202eb\x00c\u200f</title>", "abc", "", ""},
		"only a description": {`<meta name="description" content="D">`, "", "D", ""},
		"nothing":            {``, "", "", ""},
		"no page at all":     {"\x89PNG\r\n\x1a\n\x00\xff", "", "", ""},
		"very long":          {"<title>" + strings.Repeat("é", 400) + "</title>", strings.Repeat("é", 149) + "…", "", ""},
	} {
		p := parse(strings.NewReader(tc.html), at)
		require.Equal(t, tc.title, p.title, name)
		require.Equal(t, tc.description, p.description, name)
		image := ""
		if p.image != nil {
			image = p.image.String()
		}
		require.Equal(t, tc.image, image, name)
	}
}

func TestAPageWithoutAnEndIsReadToALimit(t *testing.T) {
	t.Parallel()
	at, _ := url.Parse("https://a.example")
	for name, piece := range map[string]string{"tags": "<p>", "meta": `<meta property="og:x" content="y">`, "attributes": "<a " + strings.Repeat("b=c ", 2000) + ">", "one tag": `<meta content="` + strings.Repeat("x", 5000)} {
		source := &endless{piece: piece}
		parse(io.LimitReader(source, largestPage), at)
		require.LessOrEqual(t, source.read, largestPage, name)
	}
}

type endless struct {
	piece string
	read  int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.piece[(e.read+i)%len(e.piece)]
	}
	e.read += len(p)
	return len(p), nil
}

// looker may look at a server of the test.
func looker(t *testing.T, server *httptest.Server) *Looker {
	t.Helper()
	options := fetch.Options{Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
	if server != nil {
		u, err := url.Parse(server.URL)
		require.NoError(t, err)
		options.Allow, err = fetch.ParseAllow(u.Host)
		require.NoError(t, err)
	}
	thumbnail := func(_ context.Context, r io.ReadSeeker) []byte {
		all, _ := io.ReadAll(r)
		return all
	}
	return &Looker{Fetcher: fetch.New(options), Thumbnail: thumbnail, Log: slog.New(slog.DiscardHandler)}
}

func TestALinkIsLookedAtWithItsPicture(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	page := func(path, kind, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		})
	}
	page("/shop", "text/html; charset=utf-8", `<title>Shop</title><meta name="description" content="Bread"><meta property="og:image" content="/i.png">`)
	page("/i.png", "image/png", "picture")
	page("/latin", "text/html; charset=iso-8859-1", "<title>P\xe3o</title>")
	page("/file", "application/pdf", "<title>no</title>")
	page("/untitled", "text/html", "<p>hello")
	page("/lost", "text/html", `<title>T</title><meta property="og:image" content="/nowhere">`)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/shop", http.StatusFound) })
	mux.HandleFunc("/inside", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l := looker(t, server)
	shop := &content.Preview{Title: "Shop", Description: "Bread", Thumbnail: []byte("picture")}
	for path, want := range map[string]*content.Preview{
		"/shop": shop, "/shop#part": shop, "/moved": shop, "/latin": {Title: "Pão"}, "/file": nil, "/untitled": nil, "/nowhere": nil, "/lost": {Title: "T"}, "/inside": nil,
	} {
		got := l.Of(t.Context(), server.URL+path)
		if want == nil {
			require.Nil(t, got, path)
			continue
		}
		with := *want
		with.Link = server.URL + path
		require.NotNil(t, got, path)
		if path == "/lost" {
			got.Thumbnail = nil
		}
		require.Equal(t, &with, got, path)
	}
	require.Nil(t, looker(t, nil).Of(t.Context(), server.URL+"/shop"), "it is no public address")
	require.Nil(t, l.Of(t.Context(), "http://%zz"))
}

func TestASlowPageDelaysForTwoSecondsAtMost(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hold) })
	began := time.Now()
	require.Nil(t, looker(t, server).Of(t.Context(), server.URL))
	require.Less(t, time.Since(began), 20*time.Second)
}

func FuzzPage(f *testing.F) {
	for _, seed := range []string{`<title>a</title>`, `<meta property="og:title" content="&#x202e;x">`, "<head", "<!--", `<meta property=og:image content="http://[::1"`, "<svg><title>x</title></svg>", "<title><title>"} {
		f.Add(seed)
	}
	at, err := url.Parse("https://a.example/b")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		p := parse(strings.NewReader(text), at)
		require.True(t, utf8.ValidString(p.title+p.description))
		require.LessOrEqual(t, utf8.RuneCountInString(p.title), longestTitle)
		require.LessOrEqual(t, utf8.RuneCountInString(p.description), longestDescription)
		require.NotContains(t, p.title+p.description, "\n")
		if p.image != nil {
			require.Contains(t, []string{"http", "https"}, p.image.Scheme)
		}
	})
}
