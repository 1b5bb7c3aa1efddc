package content

// Fate is what becomes of a field of WhatsApp's message.
type Fate string

// The fates of fields.
const (
	FateShown       Fate = "shown"       // it has a decoder
	FateWrapper     Fate = "wrapper"     // the message inside is meant
	FateNothing     Fate = "nothing"     // it carries nothing for people
	FateUnsupported Fate = "unsupported" // a placeholder names it, and its job is kept
)

// Fates says of every field what becomes of it, by the field's name: the table that
// messages are decoded by, for people.
func Fates() map[string]Fate {
	all := map[string]Fate{}
	for _, f := range fields {
		fate := FateUnsupported
		switch {
		case f.inner != nil:
			fate = FateWrapper
		case f.decode != nil:
			fate = FateShown
		case f.silent:
			fate = FateNothing
		}
		all[string(f.name)] = fate
	}
	return all
}
