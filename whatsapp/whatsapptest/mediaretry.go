package whatsapptest

import (
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/gcmutil"
	"go.mau.fi/whatsmeow/util/hkdfutil"
	"google.golang.org/protobuf/proto"
)

// SetKeepsMedia says whether the phone still has the files of old messages and
// uploads them again on demand; it has at first.
func (p *Peer) SetKeepsMedia(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.noMedia = !on
}

// handleMediaRetry is the phone's answer to a companion that found a file gone:
// it uploads the file again, or says that it does not have it either.
func (p *Peer) handleMediaRetry(device *Device, receipt *waBinary.Node, id string) {
	message, ok := p.history(id)
	p.mu.Lock()
	keeps := !p.settings.noMedia
	p.mu.Unlock()
	rmr := receipt.GetChildByTag("rmr")
	answer := []waBinary.Node{{Tag: "rmr", Attrs: waBinary.Attrs{"jid": attrJID(&rmr, "jid"), "from_me": attrText(&rmr, "from_me")}}}
	if participant := attrJID(&rmr, "participant"); !participant.IsEmpty() {
		answer[0].Attrs["participant"] = participant
	}
	encrypted, err := waBinary.Node{}, error(nil)
	if ok && keeps {
		encrypted, err = p.reupload(message)
	}
	if err != nil {
		p.fail("upload file again: %w", err)
	}
	if encrypted.Tag != "" {
		answer = append(answer, encrypted)
	} else {
		answer = append(answer, waBinary.Node{Tag: "error", Attrs: waBinary.Attrs{"code": 2}})
	}
	device.push(waBinary.Node{
		Tag:     "notification",
		Attrs:   waBinary.Attrs{"type": "mediaretry", "id": id, "from": types.ServerJID, "t": p.srv.opts.Now().Unix()},
		Content: answer,
	})
}

// reupload makes the file available again and tells where.
func (p *Peer) reupload(message Received) (waBinary.Node, error) {
	media, err := message.Media()
	if err != nil {
		return waBinary.Node{}, err
	}
	p.srv.media.restore(media.part.GetFileEncSHA256())
	plain, err := proto.Marshal(&waMmsRetry.MediaRetryNotification{
		StanzaID:   &message.ID,
		DirectPath: ptr(media.part.GetDirectPath()),
		Result:     waMmsRetry.MediaRetryNotification_SUCCESS.Enum(),
	})
	if err != nil {
		return waBinary.Node{}, err
	}
	key := hkdfutil.SHA256(media.part.GetMediaKey(), nil, []byte("WhatsApp Media Retry Notification"), 32)
	iv := randomBytes(12)
	sealed, err := gcmutil.Encrypt(key, iv, plain, []byte(message.ID))
	if err != nil {
		return waBinary.Node{}, err
	}
	return waBinary.Node{Tag: "encrypt", Content: []waBinary.Node{
		{Tag: "enc_p", Content: sealed}, {Tag: "enc_iv", Content: iv},
	}}, nil
}
