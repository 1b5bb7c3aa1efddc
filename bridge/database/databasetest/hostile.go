package databasetest

import "strings"

// HostileIDs are ids and names as a stranger may send them, by what is wrong
// with them. All are different.
func HostileIDs() map[string]string {
	ids := make([]string, 300)
	for i := range ids {
		ids[i] = "3EB0" + strings.ToUpper(Unique())
	}
	long := ""
	for len(long) < 10<<10 { // random, so that no database compresses it
		long += Unique()
	}
	return map[string]string{
		"a NUL":                "3EB0\x00A",
		"another NUL":          "3EB0\x00B",
		"nothing but a NUL":    "\x00",
		"invalid UTF-8":        "3EB0\xff\xfe",
		"half a character":     "3EB0\xf0\x9f",
		"a surrogate":          "3EB0\xed\xa0\x80",
		"control characters":   "3EB0\x1b[2J\r\n\u0085",
		"10 KB":                long,
		"10 KB with a NUL":     long + "\x00",
		"300 ids":              strings.Join(ids, ","),
		"bars":                 strings.Repeat("|", 5000),
		"bars and a NUL":       "3EB0|\x00|A",
		"emoji":                "3EB0😀👩‍👩‍👧",
		"right to left":        "3EB0\u202e\u200f\u2066A",
		"marks of a search":    "%",
		"one of any character": "3EB0_",
		"a backslash":          `3EB0\`,
		"quotes":               `'"; DROP TABLE job; --`,
		"a hash":               "~" + strings.Repeat("0", 64),
		"slashes":              "l1/c1/in",
	}
}
