package audit_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coachmanager/coachmanager/internal/audit"
)

// What strangers compute is written in the contract: this must never change.
func TestTheHashIsWhatTheContractSays(t *testing.T) {
	t.Parallel()
	user := uuid.MustParse("019cad8f-afe8-7a31-9c54-2f6be0d81a07")
	e := audit.Entry{
		Number: 12, At: time.Unix(1, 5000).UTC(), Action: "token.created", Result: "done",
		Actor: audit.Actor{Kind: "token", ID: "ab", User: &user}, Subject: audit.Subject{Kind: "token", ID: "c"}, Details: `{"a":1}`,
	}
	zeros := strings.Repeat("0", 64)
	text := "1:1,64:" + zeros + ",2:12,7:1000005,13:token.created,4:done,5:token,2:ab,36:" + user.String() + ",5:token,1:c,7:{\"a\":1},"
	if sum := sha256.Sum256([]byte(text)); e.After(audit.Hash{}).String() != hex.EncodeToString(sum[:]) {
		t.Errorf("got %v, want the hash of %s", e.After(audit.Hash{}), text)
	}
}

func TestHeadsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	head := audit.Head{Number: 7, Hash: audit.Hash{1, 2, 255}}
	if got, err := audit.ParseHead(head.String()); err != nil || got != head {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "7", "7:", "7:abcd", "x" + head.String(), "0" + head.String()[1:], head.String() + "00", "-" + head.String()} {
		if got, err := audit.ParseHead(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestPersonalTextsGetIntoNoEntry(t *testing.T) {
	t.Parallel()
	key := audit.Key{1}
	text, err := audit.Details{"number": audit.Number("+14155550132"), "team": audit.Team("+14155550132")}.Text(key)
	if err != nil || strings.Contains(text, "5550132") || len(text) != len(`{"number":"","team":""}`)+2*32 {
		t.Errorf("got %s, %v", text, err)
	}
	if key.Hash(audit.Number("1")) == key.Hash(audit.Team("1")) || key.Hash(audit.Number("1")) == (audit.Key{2}).Hash(audit.Number("1")) {
		t.Error("hashes of two kinds, or under two keys, are the same")
	}
	if text, err := (audit.Details{"deep": []any{audit.Number("1")}}).Text(key); err == nil {
		t.Errorf("got %s, want an error", text)
	}
}

func TestKeysAreNamedSoThatOldOnesSortFirst(t *testing.T) {
	t.Parallel()
	december := time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC)
	if name := audit.KeyName(december); name != "audit 2026-12" || audit.KeyName(december.Add(time.Minute)) <= name {
		t.Errorf("got %s", name)
	}
}

func TestActorsAreReadFromTheirCredentials(t *testing.T) {
	t.Parallel()
	for _, a := range []audit.Actor{{Kind: audit.ByToken, ID: "01a1"}, {Kind: audit.Local}} {
		if got := audit.ActorOf(a.Credential(), nil); got != a {
			t.Errorf("got %+v, want %+v", got, a)
		}
	}
	if got := audit.ActorOf("", nil); got.Kind != audit.Unknown {
		t.Errorf("got %+v", got)
	}
}
