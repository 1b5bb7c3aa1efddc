package outbound_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

const pdf = "application/pdf"

// R06 and D41 towards WhatsApp. Chatwoot itself has changed some names already.
func TestR06_AgentsDocumentsKeepNameTypeAndBytes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, tc := range []struct{ name, contentType, body, wantName, wantType string }{
		{"Orçamento final.pdf", pdf, "%PDF-1.4", "Orçamento final.pdf", pdf},
		{"見積書.pdf", pdf, "%PDF-1.4", "見積書.pdf", pdf},
		{`a "b"; c's.pdf`, pdf, "%PDF-1.4", "a -b-- c_s.pdf", pdf},
		{"no extension", pdf, "%PDF-1.4", "no extension.pdf", pdf},
		{"table.csv", "text/csv", "a;b\n", "table.csv", "text/csv"},
		{"program.exe", "application/x-msdownload", "MZ", "program.exe", "application/x-msdownload"},
		{"empty.txt", "text/plain", "", "empty.txt", "text/plain"},
		{"no type", "", "%PDF-1.4", "no type.pdf", pdf}, // R10
		{"page.html", "text/html", "<script>", "page.html", "text/html"},
	} {
		o.say("", chatwoottest.WithFile(tc.name, tc.contentType, []byte(tc.body)))
		require.Len(t, o.phone.sent, i+1)
		got := o.phone.sent[i]
		require.Equal(t, "document", o.phone.kinds()[i])
		require.Equal(t, [3]string{tc.wantName, tc.wantType, tc.body}, [3]string{got.Media.Name, got.Media.MIME, got.body}, tc.name)
	}
}

func TestK8_AgentsFilesKeepTheirNamesAndSongsAreNoVoiceNotes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, tc := range []struct{ name, contentType, body, wantName, wantKind string }{
		{"Proposta Dr.Silva", pdf, "%PDF-1.4", "Proposta Dr.Silva.pdf", "document"},
		{"Proposta Dr.Silva", "", "%PDF-1.4", "Proposta Dr.Silva.pdf", "document"},
		{"OFFER.PDF", pdf, "%PDF-1.4", "OFFER.PDF", "document"},
		{"con.pdf", pdf, "%PDF-1.4", "_con.pdf", "document"},
		{"202411291037.mp3", "audio/mpeg", "ID3\x04", "202411291037.mp3", "audio"},
	} {
		o.say("", chatwoottest.WithFile(tc.name, tc.contentType, []byte(tc.body)))
		require.Len(t, o.phone.sent, i+1)
		require.Equal(t, [2]string{tc.wantName, tc.wantKind}, [2]string{o.phone.sent[i].Media.Name, o.phone.kinds()[i]})
	}
}

func TestD31_R39_SeveralFilesHaveOneCaptionAndAreTakenBackTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var files []chatwoottest.MessageOption
	for i := range 3 {
		files = append(files, chatwoottest.WithFile(fmt.Sprintf("%d.pdf", i), pdf, fmt.Appendf(nil, "%%PDF-%d", i)))
	}
	m := o.say("three pages", files...)
	require.Equal(t, []string{"three pages", "", ""}, o.phone.texts())
	parts := o.phone.sent
	ids := map[string]bool{}
	for i, got := range parts {
		require.Equal(t, [2]string{fmt.Sprintf("%d.pdf", i), fmt.Sprintf("%%PDF-%d", i)}, [2]string{got.Media.Name, got.body})
		ids[got.ID] = true
	}
	require.Len(t, ids, 3)

	o.phone.sent = nil
	require.NoError(t, o.Delete(m.ID))
	require.Empty(t, o.drain())
	require.Len(t, o.phone.sent, 3)
	for i, got := range o.phone.sent {
		require.Equal(t, parts[i].ID, got.Revoke)
		require.NotContains(t, ids, got.ID)
	}
}

func TestD42_AFileThatIsStoredLateIsWaitedFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.MissFiles(1)
	m := o.write("here", chatwoottest.WithFile("late.pdf", pdf, []byte("%PDF-1.4")))
	require.Len(t, o.drain(), 1)
	require.Equal(t, []string{"here"}, o.phone.texts())
	require.Equal(t, "%PDF-1.4", o.phone.sent[0].body)
	require.Equal(t, "sent", o.bubble(m.ID).Status)
}

func TestD42_AFileThatIsNeverStoredFailsWithTheReason(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.MissFiles(1000)
	m := o.write("here", chatwoottest.WithFile("never.pdf", pdf, []byte("%PDF-1.4")))
	require.NoError(t, o.WaitIdle(t.Context()))
	o.ahead.Store(int64(31 * time.Second))
	require.Len(t, o.drain(), 1, "it is not waited for any longer")
	require.Equal(t, []string{"text"}, o.phone.kinds())
	require.Equal(t, []string{"here"}, o.phone.texts(), "the text by itself")
	require.Equal(t, "failed", o.bubble(m.ID).Status)
	require.NotEmpty(t, o.bubble(m.ID).Reason)
}

// D09 and R20 towards WhatsApp: the text goes out once, whatever becomes of the
// files, and Retry brings what is missing.
func TestD09_R20_ATextGoesOutOnceWhateverBecomesOfItsFiles(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for contentType, kind := range map[string]string{"image/tiff": "document", "video/mp4": "video", pdf: "document", "audio/mpeg": "audio"} {
		content := map[string]string{"video/mp4": "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "audio/mpeg": "ID3\x04"}[contentType]
		o.phone.sent = nil
		text := "about " + contentType
		remove := o.AddRule(chatwoottest.Rule{Path: "/rails/active_storage", Fault: chatwoottest.Fault{Status: http.StatusGone}})
		m := o.write(text, chatwoottest.WithFile("a", contentType, []byte(content+"what is in it")))
		require.NotEmpty(t, o.drain())
		require.Equal(t, "failed", o.bubble(m.ID).Status)
		require.NotEmpty(t, o.bubble(m.ID).Reason)
		remove()
		require.NoError(t, o.Retry(m.ID))
		require.Empty(t, o.drain())
		require.Equal(t, []string{"text", kind}, o.phone.kinds())
		require.Equal(t, []string{text, ""}, o.phone.texts(), "its text is there already")
		require.Equal(t, "sent", o.bubble(m.ID).Status)
	}
}

func TestATextBeforeSoundIsAMessageOfItsOwn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.say("listen", chatwoottest.WithFile("song.mp3", "audio/mpeg", []byte("ID3\x04")), chatwoottest.WithFile("b.pdf", pdf, []byte("%PDF-1.4")))
	require.Equal(t, []string{"text", "audio", "document"}, o.phone.kinds())
	require.Equal(t, []string{"listen", "", ""}, o.phone.texts())
}

// Nobody has said that the file is sound, so its text goes as if it had a
// caption until the content tells.
func TestR20_ATextBesideAFileThatTurnsOutToBeSoundIsNotLost(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asked := o.say("a question")
	o.phone.sent = nil
	o.say("listen", chatwoottest.Quoting(asked.ID), chatwoottest.WithFile("a.bin", "application/octet-stream", []byte("\xff\xfb\x90\x64 sound")))
	require.Equal(t, []string{"text", "audio"}, o.phone.kinds())
	require.Equal(t, []string{"listen", ""}, o.phone.texts())
	require.NotNil(t, o.phone.sent[0].Quote)
	require.Nil(t, o.phone.sent[1].Quote)
}

// A file that meets Chatwoot's limit of requests is not broken: it is waited for.
func TestD37_AFileThatMeetsTheRateLimitIsWaitedFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	limited := chatwoottest.TooManyRequests()
	limited.Header = http.Header{"Retry-After": {"1"}}
	o.AddRule(chatwoottest.Rule{Method: http.MethodGet, Path: "/rails/active_storage", Times: 1, Fault: limited})
	o.write("please sign", chatwoottest.WithFile("a.pdf", pdf, []byte("%PDF-1.4 contract")))
	require.Len(t, o.drain(), 1)
	require.Equal(t, []string{"please sign"}, o.phone.texts())
	require.Equal(t, "%PDF-1.4 contract", o.phone.sent[0].body, "the text came without its file")
}

// What an agent's file is, its content says: a name with a wrong extension has misled
// the browser that sent it.
func TestL13_AnAgentsFileIsSentAsWhatItIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, tc := range []struct{ name, contentType, body, wantName, wantType, wantKind string }{
		{"contract.jpg", "image/jpeg", "%PDF-1.4", "contract.pdf", pdf, "document"},
		{"page.png", "image/png", "<!DOCTYPE html><script>", "page.png", "application/octet-stream", "document"},
		{"drawing.jpg", "image/jpeg", `<svg xmlns="http://www.w3.org/2000/svg">`, "drawing.jpg", "application/octet-stream", "document"},
		{"film.mp4", "video/mp4", "just words", "film.mp4", "application/octet-stream", "document"},
		{"song.mp3", "audio/mpeg", "MZ\x90\x00", "song.mp3", "application/octet-stream", "document"},
		{"photo.jpg", "image/jpeg", "MZ\x90\x00", "photo.jpg", "application/octet-stream", "document"},
		{"song.pdf", pdf, "ID3\x04", "song.pdf", "audio/mpeg", "audio"},
		{"report.pdf", pdf, "%PDF-1.4", "report.pdf", pdf, "document"},
	} {
		o.say("", chatwoottest.WithFile(tc.name, tc.contentType, []byte(tc.body)))
		require.Len(t, o.phone.sent, i+1)
		got := o.phone.sent[i].Media
		require.Equal(t, [3]string{tc.wantName, tc.wantType, tc.wantKind}, [3]string{got.Name, got.MIME, o.phone.kinds()[i]}, tc.name)
	}
}
