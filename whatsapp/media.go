package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.mau.fi/whatsmeow"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// ErrMediaGone says that WhatsApp's servers no longer have the file.
var ErrMediaGone = errors.New("the file is no longer on WhatsApp's servers")

// ErrUpload says that a message was not sent because its file could not be
// uploaded.
var ErrUpload = errors.New("the file was not uploaded")

// DiskFile is a file on disk. A download writes the encrypted file to it, and decrypts it
// there.
type DiskFile = whatsmeow.File

// Download streams a file into dst, decrypted and checked. A file whose hash
// does not fit is kept all the same, as WhatsApp's own clients do.
func (s *Session) Download(ctx context.Context, f content.File, dst DiskFile) error {
	if f.Inline != nil {
		if _, err := dst.Write(f.Inline); err != nil {
			return fmt.Errorf("write a file: %w", err)
		}
		return nil
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	source, ok := f.Source().(whatsmeow.DownloadableMessage)
	if !ok || source.GetDirectPath() != "" && !isMediaPath(source.GetDirectPath()) {
		return fmt.Errorf("download a file: %w", ErrMediaGone)
	}
	moving, file, stop := untilStalled(ctx, dst)
	defer stop()
	arriving := &arrivingFile{File: file}
	err = guarded(s, func() error { return client.DownloadToFile(moving, source, arriving) })
	switch {
	case arriving.failed != nil:
		return fmt.Errorf("download a file: %w", arriving.failed)
	case err == nil && !arriving.came:
		return fmt.Errorf("download a file: %w", errNoHost)
	case err == nil:
		return nil
	case errors.Is(err, whatsmeow.ErrInvalidMediaSHA256):
		s.cfg.Count("media hash mismatch")
		return nil
	case errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith403), errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith404),
		errors.Is(err, whatsmeow.ErrMediaDownloadFailedWith410), errors.Is(err, whatsmeow.ErrNoURLPresent):
		return fmt.Errorf("download a file: %w", ErrMediaGone)
	default:
		return fmt.Errorf("download a file: %w", withoutAddress(err))
	}
}

// errNoHost means that WhatsApp named no server to download from, which the library
// reports as success. Even an empty file has some bytes on the server.
var errNoHost = errors.New("WhatsApp names no server for files")

// arrivingFile notes whether anything came, and why it could not be written.
type arrivingFile struct {
	whatsmeow.File
	came   bool
	failed error
}

func (f *arrivingFile) Write(p []byte) (int, error) {
	f.came = true
	n, err := f.File.Write(p)
	if err != nil {
		f.failed = err
	}
	return n, err
}

// upload encrypts a file into a temporary one beside it and uploads that; at
// no time is it in memory.
func (s *Session) upload(ctx context.Context, client *whatsmeow.Client, m content.OutgoingMedia) (*content.Upload, error) {
	plain, err := os.Open(m.Path)
	if err != nil {
		return nil, fmt.Errorf("open the file to send: %w", err)
	}
	defer plain.Close()
	sealed, err := os.CreateTemp(filepath.Dir(m.Path), "wootbridge-upload-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the upload: %w", err)
	}
	defer os.Remove(sealed.Name())
	defer sealed.Close()
	kind := whatsmeow.MediaDocument
	switch m.Kind {
	case content.Image:
		kind = whatsmeow.MediaImage
	case content.Video, content.GIF:
		kind = whatsmeow.MediaVideo
	case content.Voice, content.Audio:
		kind = whatsmeow.MediaAudio
	}
	var up whatsmeow.UploadResponse
	err = guarded(s, func() (err error) {
		moving, file, stop := untilStalled(ctx, sealed)
		defer stop()
		up, err = client.UploadReader(moving, plain, file, kind)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUpload, withoutAddress(err))
	}
	return &content.Upload{
		URL: up.URL, DirectPath: up.DirectPath, MediaKey: up.MediaKey,
		FileEncSHA256: up.FileEncSHA256, FileSHA256: up.FileSHA256, FileLength: up.FileLength,
	}, nil
}
