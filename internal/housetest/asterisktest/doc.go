// Package asterisktest runs private, real Asterisks for tests: each with the
// configuration that the test hands it, its manager interface on a random port
// of the loopback, and all it writes in a temporary folder.
//
// The program is the wrapper that install-asterisk makes, `asterisk CONFDIR
// STATEDIR`: it is named by the environment's ASTERISK, or is asterisk-private
// in PATH. Without it tests are skipped, and in CI they fail. An Asterisk dies
// with the test binary, however that ends.
package asterisktest
