package main

import (
	"go.mau.fi/whatsmeow/proto/waE2E"

	"github.com/wootbridge/wootbridge/bridge/media/convert"
)

// What the demo plays. A line is a message of one side as both sides should
// have it.
type line struct {
	by side
	// phone and chatwoot are its text in WhatsApp's and in Chatwoot's formatting.
	phone, chatwoot string
	file            *file
	quotes          string // the key of an earlier line
	key             string // a name for later lines to quote
	offline         bool   // written while the bridge is stopped
	// message is what the customer's phone sends in place of a text or a file; phone
	// says what that is. attached is how many files Chatwoot has of it.
	message  *waE2E.Message
	attached int
}

type side int

const (
	customer side = iota
	agent
	note // an agent's, which the customer must never see
)

// file is a file of a line. kind is WhatsApp's word for it as its recipient
// has it; converted says that the bridge makes another file of it.
type file struct {
	kind, name, mime string
	content          []byte
	converted        bool
}

func text(by side, key, phone, chatwoot, quotes string) line {
	return line{by: by, key: key, phone: phone, chatwoot: chatwoot, quotes: quotes}
}

func script() ([]line, error) {
	theirs, err := photo(190)
	if err != nil {
		return nil, err
	}
	ours, err := photo(150)
	if err != nil {
		return nil, err
	}
	// The dashboard records MP3. With ffmpeg it becomes a voice note, without
	// it goes out as the sound file it is.
	answer := &file{kind: "audio", name: "11817c4d4da0.mp3", mime: "audio/mpeg", content: agentVoice}
	if convert.FindFFmpeg() != "" {
		answer.kind, answer.converted = "ptt", true
	}
	return []line{
		text(customer, "question", "Good morning! Is there any *sourdough* left today?", "Good morning! Is there any **sourdough** left today?", ""),
		text(agent, "", "Good morning, Maria! Yes, *two* loaves, still _warm_.", "Good morning, Maria! Yes, **two** loaves, still *warm*.", "question"),
		{by: customer, phone: "Like this one, please", chatwoot: "Like this one, please", file: &file{kind: "image", mime: "image/jpeg", content: theirs}},
		{by: agent, phone: "Today it looks like this", chatwoot: "Today it looks like this", file: &file{kind: "image", name: "today.jpg", mime: "image/jpeg", content: ours}},
		{by: customer, file: &file{kind: "document", name: "My order.pdf", mime: "application/pdf", content: page("One loaf, one dozen rolls")}},
		{by: agent, key: "prices", phone: "Our ~old~ *new* prices", chatwoot: "Our ~~old~~ **new** prices",
			file: &file{kind: "document", name: "Price list.pdf", mime: "application/pdf", content: page("Sourdough 5.90, rolls 0.60")}},
		{by: customer, file: &file{kind: "voice", mime: "audio/ogg; codecs=opus", content: customerVoice}},
		{by: customer, phone: "Hello? Did you hear that?", chatwoot: "Hello? Did you hear that?", offline: true},
		{by: agent, file: answer},
		text(note, "", "", "Maria orders every Friday", ""),
		text(customer, "", "Good prices 👍 See you at five!", "Good prices 👍 See you at five!", "prices"),
		text(agent, "", "See you!", "See you!", ""),
	}, nil
}
