package httpapi

import "net/http"

// UsersEncoded tells how many users a handler of New has encoded ever.
func UsersEncoded(h http.Handler) int64 { return h.(*handler).operations.live.encoded.Load() }
