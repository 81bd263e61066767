// Package siptest gives the Asterisks of tests SIP phones. They answer every call, and
// in it do what a text message tells them: hum, or press a key.
//
// They are one sipp for each Asterisk, and end with the test. Without sipp tests are
// skipped, and in CI they fail.
package siptest
