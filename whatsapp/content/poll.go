package content

import "go.mau.fi/whatsmeow/proto/waE2E"

// Poll is a question with answers to choose from.
type Poll struct {
	Question string
	Options  []string
	// One says that one answer can be chosen, and not several.
	One bool
	// More says that there are more answers than are taken over.
	More bool
}

func (Poll) isContent() {}

// mostOptions is how many answers or rows are taken over: WhatsApp itself allows 12
// answers, and 10 rows in each of 10 sections.
const mostOptions = 100

// poll decodes a poll, which is the same message in all its versions but for V4, which
// wraps another one.
func poll(x *waE2E.PollCreationMessage) (Content, *waE2E.ContextInfo) {
	p := Poll{Question: clean(x.GetName()), One: x.GetSelectableOptionsCount() == 1, More: len(x.GetOptions()) > mostOptions}
	for _, option := range x.GetOptions()[:min(mostOptions, len(x.GetOptions()))] {
		p.Options = append(p.Options, clean(option.GetOptionName()))
	}
	return p, x.GetContextInfo()
}
