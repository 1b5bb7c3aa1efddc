package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// differences compares both sides with the script: every message once, in
// order, with its text, its file and its quote. Nothing means that they match.
func (p *play) differences() []string {
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	messages := p.Chatwoot.Messages(p.maria.ID)
	var inChatwoot []chatwoottest.Message
	for _, m := range messages {
		if m.Kind != "activity" {
			inChatwoot = append(inChatwoot, m)
		}
	}
	if n := len(p.Chatwoot.Conversations()); n != 1 {
		report("Chatwoot has %d conversations instead of one", n)
	}
	if len(inChatwoot) != len(p.done) {
		report("Chatwoot shows %d messages instead of %d", len(inChatwoot), len(p.done))
	}
	for i, e := range p.done[:min(len(inChatwoot), len(p.done))] {
		for _, fault := range p.chatwootFaults(e, inChatwoot[i]) {
			report("Chatwoot, message %d: %s", i+1, fault)
		}
	}
	return append(found, p.phoneDifferences()...)
}

func (p *play) chatwootFaults(e exchange, m chatwoottest.Message) (faults []string) {
	report := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if m.ID != e.chatwoot {
		report("another one comes here, %q", m.Text)
		return faults
	}
	if (m.Kind == "incoming") != (e.by == customer) || m.Private != (e.by == note) {
		report("it is on the wrong side")
	}
	if m.Text != e.line.chatwoot {
		report("it reads %q instead of %q", m.Text, e.line.chatwoot)
	}
	if quoted, _ := p.find(e.quotes); m.ReplyTo != quoted.chatwoot {
		report("it answers message %d instead of %d", m.ReplyTo, quoted.chatwoot)
	}
	if m.Status == "failed" {
		report("it failed: %s", m.Reason)
	}
	switch {
	case e.file == nil && len(m.Files) != e.attached, e.file != nil && len(m.Files) != 1:
		report("it has %d files", len(m.Files))
	case e.file != nil && m.Files[0].SHA256 != hashOf(e.file.content):
		report("its file is not the one that was sent")
	}
	return faults
}

func (p *play) phoneDifferences() []string {
	var found []string
	report := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	var sent []exchange
	for _, e := range p.done {
		if e.by == agent {
			sent = append(sent, e)
		}
	}
	got := p.maria.Messages()
	if len(got) != len(sent) {
		report("Maria's phone has %d messages instead of %d", len(got), len(sent))
	}
	for i, e := range sent[:min(len(got), len(sent))] {
		m := got[i]
		if m.Text() != e.phone {
			report("Maria's phone, message %d reads %q instead of %q", i+1, m.Text(), e.phone)
		}
		if quoted, _ := p.find(e.quotes); m.Quoted().GetStanzaID() != quoted.wa {
			report("Maria's phone, message %d quotes the wrong message", i+1)
		}
		if e.file == nil {
			continue
		}
		if m.Kind() != e.file.kind {
			report("Maria's phone, message %d is a %s instead of a %s", i+1, m.Kind(), e.file.kind)
		}
		switch content, err := p.maria.Download(m); {
		case err != nil:
			report("Maria's phone, message %d: %v", i+1, err)
		case !e.file.converted && hashOf(content) != hashOf(e.file.content):
			report("Maria's phone, message %d has another file", i+1)
		}
	}
	for _, err := range p.maria.Errors() {
		report("Maria's phone: %v", err)
	}
	return found
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
