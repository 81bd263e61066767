package store

import (
	"sync"
	"testing"
)

func TestAKeyIsTheSameForAllWhoAskAtOnceAndLater(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		s := open(t, url)
		var all sync.WaitGroup
		keys := make([]Key, 8)
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = s.Key(t.Context(), "cursors"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if keys[0] == (Key{}) {
			t.Error("the key is all zero")
		}
		for _, k := range keys {
			if k != keys[0] {
				t.Error("two got different keys")
			}
		}
		if other, err := s.Key(t.Context(), "another"); err != nil || other == keys[0] {
			t.Errorf("another name: got the same key, or %v", err)
		}
		again := open(t, url)
		if k, err := again.Key(t.Context(), "cursors"); err != nil || k != keys[0] {
			t.Errorf("another process: got another key, or %v", err)
		}
	})
}
