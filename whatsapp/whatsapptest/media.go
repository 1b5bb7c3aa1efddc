package whatsapptest

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/util/cbcutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
)

// ErrNoMedia is returned for a message without a file.
var ErrNoMedia = errors.New("message has no file")

const macSize = 10

// uploaded is a file on the server, with what a message says about it.
type uploaded struct {
	url, path        string
	key, sum, encSum []byte
	size             uint64
}

// upload encrypts a file of a peer into the server's folder.
func (s *Server) upload(kind whatsmeow.MediaType, content io.Reader) (uploaded, error) {
	key := randomBytes(32)
	iv, cipherKey, macKey := mediaKeys(key, kind)
	temp, err := os.CreateTemp(s.media.dir, "peer-")
	if err != nil {
		return uploaded{}, err
	}
	sum, encSum, size, _, err := cbcutil.EncryptStream(cipherKey, iv, macKey, content, temp)
	if err = errors.Join(err, temp.Close()); err != nil {
		return uploaded{}, errors.Join(err, os.Remove(temp.Name()))
	}
	if err := s.media.adopt(temp.Name(), encSum); err != nil {
		return uploaded{}, err
	}
	location := directPath(hex.EncodeToString(encSum))
	return uploaded{url: "https://mmg.whatsapp.net" + location, path: location, key: key, sum: sum, encSum: encSum, size: size}, nil
}

func mediaKeys(key []byte, kind whatsmeow.MediaType) (iv, cipherKey, macKey []byte) {
	all := hkdfutil.SHA256(key, nil, []byte(kind), 112)
	return all[:16], all[16:48], all[48:80]
}

// Media is the file of a message.
type Media struct {
	Mimetype string
	FileName string
	Size     uint64
	SHA256   []byte
	part     whatsmeow.DownloadableMessage
}

// Media describes the message's file; ErrNoMedia when it has none.
func (r Received) Media() (Media, error) {
	m := unwrap(r.Message)
	switch {
	case m.ImageMessage != nil:
		return mediaOf(m.ImageMessage, ""), nil
	case m.VideoMessage != nil:
		return mediaOf(m.VideoMessage, ""), nil
	case m.PtvMessage != nil:
		return mediaOf(m.PtvMessage, ""), nil
	case m.AudioMessage != nil:
		return mediaOf(m.AudioMessage, ""), nil
	case m.DocumentMessage != nil:
		return mediaOf(m.DocumentMessage, m.DocumentMessage.GetFileName()), nil
	case m.StickerMessage != nil:
		return mediaOf(m.StickerMessage, ""), nil
	}
	return Media{}, ErrNoMedia
}

type filePart interface {
	whatsmeow.DownloadableMessage
	GetMimetype() string
	GetFileLength() uint64
}

func mediaOf(part filePart, name string) Media {
	return Media{Mimetype: part.GetMimetype(), FileName: name, Size: part.GetFileLength(), SHA256: part.GetFileSHA256(), part: part}
}

// Download fetches and decrypts the file of a message and checks it against
// what the message says.
func (p *Peer) Download(r Received) ([]byte, error) {
	var content bytes.Buffer
	err := p.DownloadTo(&content, r)
	return content.Bytes(), err
}

// DownloadTo is Download for files of any size.
func (p *Peer) DownloadTo(w io.Writer, r Received) error {
	media, err := r.Media()
	if err != nil {
		return err
	}
	name, _, _ := strings.Cut(path.Base(media.part.GetDirectPath()), ".enc")
	if status := p.srv.media.status(name); status != 0 {
		return fmt.Errorf("download file: status %d", status)
	}
	if name != hex.EncodeToString(media.part.GetFileEncSHA256()) {
		return errors.New("download file: the path is not that of the hash")
	}
	file, err := os.Open(p.srv.media.file(name))
	if err != nil {
		return fmt.Errorf("download file: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("download file: %w", err)
	}
	sum := sha256.New()
	counted := &countingWriter{w: io.MultiWriter(w, sum)}
	if err := decryptFile(counted, file, info.Size(), media); err != nil {
		return fmt.Errorf("decrypt file: %w", err)
	}
	if !bytes.Equal(sum.Sum(nil), media.SHA256) {
		return errors.New("decrypt file: content does not have the hash that the message states")
	}
	if media.Size != uint64(counted.n) {
		return fmt.Errorf("decrypt file: %d bytes, the message states %d", counted.n, media.Size)
	}
	return nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(data []byte) (int, error) {
	n, err := c.w.Write(data)
	c.n += int64(n)
	return n, err
}

// decryptFile streams AES-CBC with a MAC over IV and ciphertext at the end.
func decryptFile(w io.Writer, r io.Reader, size int64, media Media) error {
	iv, key, macKey := mediaKeys(media.part.GetMediaKey(), whatsmeow.GetMediaType(media.part))
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	left := size - macSize
	if left <= 0 || left%aes.BlockSize != 0 {
		return errors.New("length is not that of an encrypted file")
	}
	cbc := cipher.NewCBCDecrypter(block, iv)
	mac := hmac.New(sha256.New, macKey)
	mac.Write(iv)
	buffer := make([]byte, 64<<10)
	for left > 0 {
		chunk := buffer[:min(int64(len(buffer)), left)]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return err
		}
		mac.Write(chunk)
		cbc.CryptBlocks(chunk, chunk)
		left -= int64(len(chunk))
		if left == 0 {
			padding := int(chunk[len(chunk)-1])
			if padding == 0 || padding > aes.BlockSize {
				return errPadding
			}
			chunk = chunk[:len(chunk)-padding]
		}
		if _, err := w.Write(chunk); err != nil {
			return err
		}
	}
	want := make([]byte, macSize)
	if _, err := io.ReadFull(r, want); err != nil {
		return err
	}
	if !hmac.Equal(mac.Sum(nil)[:macSize], want) {
		return errors.New("wrong MAC")
	}
	return nil
}

// ExpireMedia makes the file of a message unavailable: downloads are answered
// with the status, as WhatsApp does with 404 or 410 for old files.
func (s *Server) ExpireMedia(r Received, status int) error {
	media, err := r.Media()
	if err != nil {
		return err
	}
	s.media.expire(hex.EncodeToString(media.part.GetFileEncSHA256()), status)
	return nil
}

// Sent returns a message of the peer in the form in which the other side has it.
func (p *Peer) Sent(id string) (Received, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sent, ok := p.sent[id]
	if !ok {
		return Received{}, false
	}
	return Received{ID: id, From: p, Sender: p.JID(), Chat: sent.to.chatJID(), Message: sent.message, Time: sent.at}, true
}

func (s *Server) pause(r *http.Request, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	select {
	case <-ctx.Done():
		return r.Context().Err() == nil
	case <-s.ctx.Done():
		return false
	}
}
