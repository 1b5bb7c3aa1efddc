// Package strictjson reads JSON that people wrote: exactly one value, with no
// key that nobody knows, so that a typing mistake does not pass for a default.
package strictjson
