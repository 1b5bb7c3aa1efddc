package chatwoot

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
)

// multipartBody is a form with one file that is streamed: its length is known
// beforehand, and the file is never held in memory.
type multipartBody struct {
	head, tail []byte
	boundary   string
	upload     *Upload
	size       int64
}

// field is a plain value of a form.
type field struct{ name, value string }

func newMultipart(fields []field, fileField string, upload *Upload) (*multipartBody, error) {
	if strings.TrimSpace(upload.Name) == "" {
		return nil, ErrNoFileName
	}
	var frame bytes.Buffer
	w := multipart.NewWriter(&frame)
	for _, f := range fields {
		if err := w.WriteField(f.name, f.value); err != nil {
			return nil, fmt.Errorf("write form: %w", err)
		}
	}
	// The part's declared type decides what the bubble becomes.
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, fileField, quoteName(upload.Name)))
	header.Set("Content-Type", upload.ContentType)
	if _, err := w.CreatePart(header); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	head := bytes.Clone(frame.Bytes())
	frame.Reset()
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	tail := bytes.Clone(frame.Bytes())
	return &multipartBody{
		head: head, tail: tail, boundary: w.Boundary(), upload: upload,
		size: int64(len(head)) + upload.Size + int64(len(tail)),
	}, nil
}

// quoteName writes a file name as browsers do: UTF-8 as it is, and the three
// characters that would end the quotes percent-encoded.
func quoteName(name string) string {
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(name)
}

func (m *multipartBody) contentType() string { return "multipart/form-data; boundary=" + m.boundary }

// reader gives the body once. The file is opened at its first read; one that
// is shorter or longer than it was said to be is an error, not a broken form.
func (m *multipartBody) reader() io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(m.write(w)) }() // ends when r is closed or read to the end
	return r
}

func (m *multipartBody) write(w io.Writer) error {
	if _, err := w.Write(m.head); err != nil {
		return err
	}
	file, err := m.upload.Open()
	if err != nil {
		return fmt.Errorf("open the file to upload: %w", err)
	}
	defer file.Close()
	if _, err := io.CopyN(w, file, m.upload.Size); err != nil {
		return fmt.Errorf("read the file to upload: %w", err)
	}
	_, err = w.Write(m.tail)
	return err
}
