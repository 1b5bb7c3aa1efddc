// Package fetch reads files at addresses that somebody else has written. Such an
// address may lead to the machine itself, to its neighbours in a private network, or
// to the service that hands a cloud's machines their keys; and what is there would be
// sent to a stranger's phone. So a Fetcher looks, after the name was resolved and
// again at each redirect, where it is about to connect to:
//
//   - the service's own files (Request.Home) may be anywhere, as an admin has entered
//     the service's address;
//   - a host that the admin allows may be anywhere;
//   - where the service itself sends on may be in a private network, as its storage
//     often is, but never where clouds keep their keys;
//   - anything else has to be public.
//
// It follows three redirects, none from https to http, and tells nobody where it
// comes from. It knows no token. Decision 15 says why.
package fetch
