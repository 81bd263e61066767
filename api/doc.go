// Package api is the contract of openapi.yaml in Go: the types of its requests
// and answers, the interface a server implements, and the document itself.
//
// All but the document is generated, and it checks nothing: a request that
// reaches the interface has the right types, and whether its values are allowed
// is for the validation in front of it. Answers that are problems have no types
// here: a handler returns an error, and one place writes the problem. Nor have the
// headers that every response carries: X-Request-Id, Date and Cache-Control.
//
// To change the contract, edit openapi.yaml and run go generate ./api/... . A test
// fails while the two differ. Programs that call the service import api/client,
// which needs nothing of this package.
package api
