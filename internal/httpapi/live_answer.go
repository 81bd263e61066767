package httpapi

import (
	"net/http"
)

// liveAnswer is an answer of a live view, encoded already.
type liveAnswer struct {
	revision, asOf, etag string
	body                 []byte
	unchanged            bool // the caller has it: 304
}

// unless is the answer to a caller who may have it already.
func (a liveAnswer) unless(ifNoneMatch string) liveAnswer {
	a.unchanged = isNamed(ifNoneMatch, a.etag)
	return a
}

func (a liveAnswer) write(w http.ResponseWriter) error {
	h := w.Header()
	h.Set("Coach-Revision", a.revision)
	h.Set("Coach-As-Of", a.asOf)
	h.Set("ETag", a.etag)
	if a.unchanged {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(a.body)
	return err
}

// VisitListCoachingUsersResponse writes the answer.
func (a liveAnswer) VisitListCoachingUsersResponse(w http.ResponseWriter) error { return a.write(w) }

// VisitGetCoachingUserResponse writes the answer.
func (a liveAnswer) VisitGetCoachingUserResponse(w http.ResponseWriter) error { return a.write(w) }
