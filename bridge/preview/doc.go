// Package preview looks at what a link in an agent's text leads to: title, description and
// a small picture. It is a courtesy: whatever cannot be had within two seconds is left out.
//
// Anybody can have an agent send a link, so a page is read as a stranger's: only from
// addresses that the fetcher's rules allow, up to a size, and without running anything.
//
// It imports the fetcher and the converter of pictures, and starts no goroutine.
package preview
