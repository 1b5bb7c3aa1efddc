// Package catalogue holds every text that the bridge itself shows to agents,
// in the languages a line can have. The texts are data; a test keeps the
// languages complete and their placeholders equal.
//
// A Catalogue does not change and may be used by several goroutines.
package catalogue
