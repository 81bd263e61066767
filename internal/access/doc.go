// Package access answers for who may do what: tokens, the roles they have and the
// permissions a role is made of, and the identity under which a request is served.
//
// It knows no HTTP and no SQL. A token is a text of 256 random bits that is shown
// once; what is kept of it is a hash. The Guard holds all tokens in memory, so that
// a request is let in or not without a look at the database, and reads them again
// whenever the change log tells of one.
//
// When the database is away, tokens that are known go on to be trusted for a time
// that is configured, since none could be revoked meanwhile; after it the Guard
// trusts nobody until it can read them again.
package access
