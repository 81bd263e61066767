// Package housetest holds the law of the house as Go tests: which folder may
// import what, that every package says what it is for, that generated code is
// fresh, and a few habits that are easier kept by a test than by a reader.
//
// Under it lie the servers that tests run for themselves (postgrestest,
// asterisktest, siptest). What tests share stands here: Missing, by which a test
// says that this machine lacks a part, and WaitFor, the one polled wait.
package housetest
