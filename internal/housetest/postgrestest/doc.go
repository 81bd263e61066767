// Package postgrestest gives tests a real PostgreSQL: one throw-away server for
// the whole test binary with a fresh database for each test (Database), or a
// private server that a test may stop, kill and start again (Server). That may
// have a standby too (Pair), or a disk that fills up and a clock that is wrong
// (FrailServer, which needs Linux and a C compiler).
//
// It runs the server's own binaries, found through the environment's PG_BIN, in
// the folders where Debian puts them (the newest version), or in PATH. Where
// there are none the test is skipped, and in CI it fails. Nothing else of the
// machine is used or changed: no running server, no port but a random one of
// the loopback, no file outside a temporary folder. What was
// committed outlives the server, not the machine.
//
// Servers die with the test binary, however that ends, and take their folder
// with them.
package postgrestest
