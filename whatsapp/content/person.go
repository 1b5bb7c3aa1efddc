package content

// Person is what is known of somebody who is named in a message.
type Person struct {
	// Name is the one that the phone has saved, else the one that the person goes by;
	// "" if neither is known.
	Name string
	// Saved says that the name is the one that the phone has saved.
	Saved bool
	// Number is in digits, or "".
	Number string
	// Own says that it is the line's own account.
	Own bool
}
