// Package audit answers for the record of who did what through the service and its
// commands: an append-only chain of entries, each with a hash over the one before.
//
// An entry holds ids, counts, known words and keyed hashes, and never a number, a
// name, an address or free text: what is erased elsewhere breaks no chain here. The
// keys are made anew each month, so that destroying an old one makes its hashes
// meaningless.
//
// What changes something is entered in the transaction that changes it, by the store.
// A look at history by phone number is entered before it is answered. Refusals are
// counted in memory and entered soon after: they changed nothing, and who provokes
// them must not fill the database.
package audit
