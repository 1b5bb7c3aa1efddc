package chatwoottest_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// part is one file of a multipart message, its header as it is written.
type part struct{ disposition, contentType, content string }

func attachment(name, contentType, content string) part {
	return part{fmt.Sprintf(`form-data; name="attachments[]"; filename="%s"`, name), contentType, content}
}

func (w *world) upload(conversation int, fields map[string]string, parts ...part) answer {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range fields {
		require.NoError(w.t, form.WriteField(key, value))
	}
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {p.disposition}}
		if p.contentType != "" {
			h.Set("Content-Type", p.contentType)
		}
		out, err := form.CreatePart(h)
		require.NoError(w.t, err)
		_, err = out.Write([]byte(p.content))
		require.NoError(w.t, err)
	}
	require.NoError(w.t, form.Close())
	req, err := http.NewRequest(http.MethodPost, w.URL()+w.conversation(conversation, "/messages"), &body)
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	return w.do(req, w.AdminToken())
}

func TestTheDeclaredTypeDecidesTheKindOfFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	tests := []struct{ name, declared, content, kind, detected, extension string }{
		{"a.jpg", "image/jpeg", "\xff\xd8\xff", "image", "image/jpeg", "jpg"},
		{"a.png", "image/png", "\x89PNG", "image", "image/png", "png"},
		{"a.webp", "image/webp", "RIFF\x00\x00\x00\x00WEBP", "image", "image/webp", "webp"},
		{"a.jpg", "image/jpeg; x=y", "\xff\xd8\xff", "file", "image/jpeg", "jpg"},
		{"a.heic", "image/heic", "x", "file", "image/heic", "heic"},
		{"a.mp4", "video/mp4", "x", "video", "video/mp4", "mp4"},
		{"a.3gp", "video/3gpp", "x", "file", "video/3gpp", "3gp"},
		{"a.ogg", "audio/ogg; codecs=opus", "OggS\x00OpusHead", "audio", "audio/opus", "ogg"},
		{"a.mp3", "audio/mpeg", "ID3", "audio", "audio/mpeg", "mp3"},
		{"a.png", "application/octet-stream", "\x89PNG", "file", "image/png", "png"},
		{"a.pdf", "", "%PDF-1.4", "file", "application/pdf", "pdf"},
		{"a", "", "x", "file", "application/octet-stream", ""},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.declared, func(t *testing.T) {
			got := w.upload(conv, nil, attachment(test.name, test.declared, test.content))
			require.Equal(t, http.StatusOK, got.status, got.text)
			require.Equal(t, test.kind, got.at("attachments.0.file_type"))
			require.Equal(t, test.detected, got.at("attachments.0.content_type"))
			if test.extension == "" {
				require.Nil(t, got.at("attachments.0.extension"))
			} else {
				require.Equal(t, test.extension, got.at("attachments.0.extension"))
			}
			require.Equal(t, len(test.content), got.int("attachments.0.file_size"))
		})
	}
}

func TestOddParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	got := w.upload(conv, map[string]string{"content": "x"}, attachment("", "application/pdf", "%PDF-"))
	require.Equal(t, http.StatusOK, got.status)
	require.NotContains(t, got.text, "attachments", "a part without a file name is dropped without a word")

	names := map[string]string{
		"a;b.pdf": "a-b.pdf", "a/b.pdf": "a-b.pdf", " a.pdf ": "a.pdf", "ação 😀.pdf": "ação 😀.pdf",
		`q\"q.pdf`: "q-q.pdf", `q"q.pdf`: "q",
	}
	for sent, stored := range names {
		m := w.upload(conv, nil, attachment(sent, "application/pdf", "%PDF-"))
		require.Equal(t, http.StatusOK, m.status)
		list := w.Messages(conv)
		require.Equal(t, stored, list[len(list)-1].Files[0].Name)
	}
	many := make([]part, 16)
	for i := range many {
		many[i] = attachment(fmt.Sprint(i, ".png"), "image/png", "\x89PNG")
	}
	require.Len(t, w.upload(conv, nil, many...).at("attachments"), 16)
	long := w.upload(conv, map[string]string{"content_attributes": `{"in_reply_to_external_id":"WAID:none"}`}, attachment("a.pdf", "application/pdf", "x"))
	require.JSONEq(t, `{"in_reply_to":null,"in_reply_to_external_id":null}`, mustJSON(t, long.at("content_attributes")), "attributes may be text")
}

func TestAFileIsBehindARedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	m, err := w.Reply(w.newConversation("Maria"), "", chatwoottest.WithFile("ação (1).pdf", "application/pdf", []byte("%PDF-1.4 content")))
	require.NoError(t, err)
	first := w.get("", m.Files[0].URL)
	require.Equal(t, http.StatusFound, first.status)
	second := w.get("", first.header.Get("Location"))
	require.Equal(t, http.StatusOK, second.status)
	require.Equal(t, "%PDF-1.4 content", second.text)
	require.Equal(t, "application/pdf", second.header.Get("Content-Type"))
	require.Contains(t, second.header.Get("Content-Disposition"), "filename*=UTF-8''a%C3%A7%C3%A3o%20%281%29.pdf")
	require.Equal(t, http.StatusNotFound, w.get("", w.URL()+"/rails/active_storage/blobs/redirect/nothing/a.pdf").status)
}

func TestAnAvatarMustBeAPicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	w.newConversation("Maria")
	put := func(name, contentType, content string) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		out, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="avatar"; filename="` + name + `"`}, "Content-Type": {contentType}})
		require.NoError(t, err)
		_, err = out.Write([]byte(content))
		require.NoError(t, err)
		require.NoError(t, form.WriteField("custom_attributes[lid]", "1@lid"))
		require.NoError(t, form.Close())
		req, err := http.NewRequest(http.MethodPut, w.URL()+contactsPath+"/1", &body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", form.FormDataContentType())
		return w.do(req, w.AdminToken())
	}
	bad := put("me.txt", "text/plain", "hello")
	require.Equal(t, http.StatusUnprocessableEntity, bad.status)
	require.JSONEq(t, `{"message":"Avatar filetype not supported","attributes":["avatar"]}`, bad.text)
	good := put("me.png", "image/png", "\x89PNG")
	require.Equal(t, http.StatusOK, good.status)
	require.Equal(t, "1@lid", good.at("payload.custom_attributes.lid"))
	require.NotEmpty(t, w.Contacts()[0].Avatar)
	gone := w.send(http.MethodDelete, w.AdminToken(), contactsPath+"/1/avatar", "")
	require.Equal(t, "", gone.at("payload.thumbnail"))
}

// Several files of an agent come out of their order; their ids tell it.
func TestFilesComeInNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, chatwoottest.Options{})
	conv := w.newConversation("Maria")
	_, err := w.Reply(conv, "", chatwoottest.WithFile("a.png", "image/png", []byte("\x89PNG")),
		chatwoottest.WithFile("b.png", "image/png", []byte("\x89PNG")), chatwoottest.WithFile("c.png", "image/png", []byte("\x89PNG")))
	require.NoError(t, err)
	list := w.get(w.AdminToken(), w.conversation(conv, "/messages"))
	var ids []int
	for i := range 3 {
		ids = append(ids, list.int(fmt.Sprintf("payload.0.attachments.%d.id", i)))
	}
	require.False(t, slices.IsSorted(ids))
	slices.Sort(ids)
	for i, f := range w.Messages(conv)[0].Files {
		require.Equal(t, ids[i], f.ID)
		require.Equal(t, string(rune('a'+i))+".png", f.Name)
	}
}
