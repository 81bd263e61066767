// Package proxytest gives tests a way to a server that fails as networks do: it
// hangs, forgets its connections, cuts or refuses them, and works again.
//
// It carries bytes and knows nothing of what they mean. It keeps them in their
// order, and loses none but those of a connection that it forgets or cuts. It ends
// with the test, with all its connections.
package proxytest
