package chatwoot_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestR06_UploadsKeepNameTypeAndSize(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.pdf", "no extension", "Orçamento final.pdf", `quo"te;semi.pdf`, "日本.docx"} {
		for _, size := range []int{0, 1, 300_000} {
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.ContentLength <= 0 {
					t.Errorf("length of %q is not sent beforehand", name)
				}
				if err := r.ParseMultipartForm(1 << 20); err != nil {
					t.Errorf("%q: %v", name, err)
					return
				}
				file := r.MultipartForm.File["attachments[]"][0]
				if file.Filename != strings.ReplaceAll(name, `"`, "%22") || file.Size != int64(size) || file.Header.Get("Content-Type") != "application/pdf" {
					t.Errorf("got %q, %d bytes, %s", file.Filename, file.Size, file.Header.Get("Content-Type"))
				}
				_, _ = io.WriteString(w, `{"id":9,"message_type":0,"created_at":1787052020}`)
			})
			m, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Type: chatwoot.Incoming, Attachment: &chatwoot.Upload{
				Name: name, ContentType: "application/pdf", Size: int64(size),
				Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, size))), nil },
			}})
			require.NoError(t, err)
			require.Equal(t, chatwoot.Incoming, m.Type)
			require.EqualValues(t, 1787052020, m.CreatedAt.Unix())
		}
	}
}

func TestR40_AnUploadWithoutANameIsRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it must not be sent") })
	_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Attachment: &chatwoot.Upload{Name: " "}})
	require.ErrorIs(t, err, chatwoot.ErrNoFileName)
}

// Several files come whole, each under its own name, behind the attachment.
func TestAMessageCarriesSeveralFiles(t *testing.T) {
	t.Parallel()
	fileOf := func(name, text string) *chatwoot.Upload {
		return &chatwoot.Upload{Name: name, ContentType: "text/vcard", Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(text)), nil
		}}
	}
	many := []*chatwoot.Upload{fileOf("a.vcf", "first"), fileOf("b.vcf", ""), fileOf("a.vcf", "third")}
	for _, message := range []chatwoot.NewMessage{{Files: many}, {Attachment: many[0], Files: many[1:]}} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			length := r.ContentLength
			body, err := io.ReadAll(r.Body)
			if err != nil || int64(len(body)) != length {
				t.Errorf("%d bytes of %d: %v", len(body), length, err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if err := r.ParseMultipartForm(1 << 20); err != nil {
				t.Error(err)
				return
			}
			got := ""
			for _, file := range r.MultipartForm.File["attachments[]"] {
				part, err := file.Open()
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := io.ReadAll(part)
				got += file.Filename + "=" + string(text) + ";"
			}
			if got != "a.vcf=first;b.vcf=;a.vcf=third;" {
				t.Error(got)
			}
			_, _ = io.WriteString(w, `{"id":9}`)
		})
		_, err := c.CreateMessage(ctx, 5, message)
		require.NoError(t, err)
	}
	_, err := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("it must not be sent") }).
		CreateMessage(ctx, 5, chatwoot.NewMessage{Files: append(many, fileOf("", "x"))})
	require.ErrorIs(t, err, chatwoot.ErrNoFileName)
}

func TestR05_FilesAreFetchedFromTheConfiguredAddress(t *testing.T) {
	t.Parallel()
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Api-Access-Token") != "" {
			t.Error("the token reached the storage")
		}
		_, _ = io.WriteString(w, "content")
	}))
	t.Cleanup(storage.Close)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Api-Access-Token") != "" {
			t.Error("the token went along with a file's address")
		}
		http.Redirect(w, r, storage.URL+"/bucket/key?sig=1", http.StatusFound)
	})
	for _, address := range []string{
		"http://0.0.0.0:3000/rails/active_storage/blobs/redirect/x/a.ogg?disposition=inline",
		"https://localhost/rails/active_storage/blobs/redirect/x/a.ogg",
		"http://127.0.0.1:1/rails/active_storage/blobs/redirect/x/a.ogg", // a wrong port
		"/rails/active_storage/blobs/redirect/x/a.ogg",
		"rails/active_storage/blobs/redirect/x/a.ogg",
		"http://0.0.0.0:3000/desk/rails/active_storage/blobs/redirect/x/a.ogg", // with the base path
	} {
		var got bytes.Buffer
		info, err := c.Download(ctx, address, &got, 100)
		require.NoError(t, err, address)
		require.Equal(t, "content", got.String())
		require.EqualValues(t, 7, info.Size)
	}
	_, err := c.Download(ctx, "/rails/active_storage/x", io.Discard, 3)
	require.ErrorIs(t, err, chatwoot.ErrTooLarge)
}

func TestR05_AnAddressWithoutAFileIsRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("nothing is to be asked") })
	for _, address := range []string{"", "http://%zz/", "https://chat.example.com", "javascript:alert(1)", "file:///etc/passwd"} {
		_, err := c.Download(ctx, address, io.Discard, 100)
		require.Error(t, err, address)
		require.NotErrorIs(t, err, chatwoot.ErrNotStored)
	}
}

func TestR10_PresignedAddressesAreUsedLetterForLetter(t *testing.T) {
	t.Parallel()
	const signed = "/bucket/a%2Fb%20c?X-Amz-Signature=a%2Bb%2F&response-content-disposition=inline%3B%20filename%3D%22x%22"
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != signed {
			t.Errorf("asked for %s", r.RequestURI)
		}
		w.Header().Set("Content-Type", "image/png")
	}))
	t.Cleanup(storage.Close)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/desk/rails/active_storage/x/S%C3%A3o%20Paulo.png?disposition=inline&a=%2B" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		http.Redirect(w, r, storage.URL+signed, http.StatusFound)
	})
	info, err := c.Download(ctx, "https://0.0.0.0/rails/active_storage/x/S%C3%A3o%20Paulo.png?disposition=inline&a=%2B", io.Discard, 100)
	require.NoError(t, err)
	require.Equal(t, "image/png", info.ContentType)
}

func TestD42_AFileThatIsNotThereYetIsTold(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "3f0e")
			w.WriteHeader(status)
		})
		_, err := c.Download(ctx, "/rails/active_storage/x/a.png", io.Discard, 100)
		require.ErrorIs(t, err, chatwoot.ErrNotStored)
	}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	})
	var away *chatwoot.UnavailableError
	_, err := c.Download(ctx, "/rails/active_storage/x/a.png", io.Discard, 100)
	require.ErrorAs(t, err, &away, "a connection that breaks in the middle")
}

// The rest of the file comes only once the server has got its beginning: a
// client that reads all of it before it sends would wait for ever.
func TestD39_UploadsAreNotReadBeforeTheyAreSent(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	begun := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, size)
		_, err := io.ReadFull(r.Body, first)
		close(begun)
		rest, _ := io.Copy(io.Discard, r.Body)
		if err != nil || rest < size {
			t.Errorf("got %d bytes more: %v", rest, err)
		}
		_, _ = io.WriteString(w, `{"id":9}`)
	})
	_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Attachment: &chatwoot.Upload{
		Name: "large.bin", ContentType: "application/octet-stream", Size: 2 * size,
		Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, size)), &gate{begun}, bytes.NewReader(make([]byte, size)))), nil
		},
	}})
	require.NoError(t, err)
}

// gate is a reader without content that ends when its channel does.
type gate struct{ open <-chan struct{} }

func (g *gate) Read([]byte) (int, error) {
	select {
	case <-g.open:
		return 0, io.EOF
	case <-time.After(10 * time.Second): // only a failing test waits so long
		return 0, errors.New("nothing was sent before all was read")
	}
}

func TestAnUploadThatCannotBeReadIsNotTakenForSent(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			t.Error("the form came to an end")
		}
	})
	for _, open := range []func() (io.ReadCloser, error){
		func() (io.ReadCloser, error) { return nil, errors.New("gone") },
		func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("short")), nil },
	} {
		_, err := c.CreateMessage(ctx, 5, chatwoot.NewMessage{Attachment: &chatwoot.Upload{Name: "a", ContentType: "text/plain", Size: 100, Open: open}})
		require.Error(t, err)
	}
}

func TestACancelledUploadEnds(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(ctx)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = r.Body.Read(make([]byte, 1))
		stop()
		_, _ = io.Copy(io.Discard, r.Body)
	})
	_, err := c.CreateMessage(stopped, 5, chatwoot.NewMessage{Attachment: &chatwoot.Upload{
		Name: "a", ContentType: "text/plain", Size: 10 << 20,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, 10<<20))), nil },
	}})
	require.Error(t, err)
}
