// Coach-manager is the service and its commands: demo, serve, token, migrate, privacy, dialers,
// version and what imports and exports.
//
// It wires the parts in the order of their lifetimes (service.go) and holds no
// rule of the business. It exits with 0 when all went well, with 1 when something
// failed while it ran, and with 2 when it was called or configured wrongly; what
// was wrong is one line on standard error that says what to do. Logs go there too.
//
// SIGTERM or SIGINT stops it within ten seconds: requests under way are answered,
// what the dialers reported is kept. A second signal ends it at once.
package main
