// Command generate runs the pinned oapi-codegen on the contract, so that what is
// generated has the contract's order: people read the fields of an answer in the
// order in which the contract explains them, while the generator by itself sorts
// them by name.
//
// It answers for nothing else: what is generated is said by the generator's
// configuration files in api.
package main
