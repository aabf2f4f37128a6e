package tickets

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Keys sign reply addresses and Message-IDs: the first signs, all verify, so that a key can be rotated.
type Keys [][]byte

// ParseKeys reads a key file: one key a line, newest first, 64 hex digits each.
func ParseKeys(text string) (Keys, error) {
	var keys Keys
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("line %d is no key: a key is 64 hex digits; `aduan init` makes one", i+1)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it: a key is 64 hex digits on a line; `aduan init` makes one")
	}
	return keys, nil
}

// A token is 20 bytes in lower-case base32, 32 characters: what it is for (1), a reference (7), an HMAC over both and
// over what the reference stands for (12, 96 bits).
const (
	tokenLength   = 32
	tokenReply    = 0x41 // to a row of reply_address: id (5 bytes) and the ticket's version (2)
	tokenNotice   = 0x42 // of a notice's Message-ID and envelope sender: random
	tokenConfirm  = 0x43 // of a request to confirm: id (7 bytes)
	tokenDraft    = 0x44 // of a drafted report: id (7 bytes)
	referenceSize = 7
)

var tokenEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// token makes the token of a purpose and a reference with the newest key.
func (k Keys) token(purpose byte, reference [referenceSize]byte, stands string) string {
	return sealToken(k[0], purpose, reference, stands)
}

func sealToken(key []byte, purpose byte, reference [referenceSize]byte, stands string) string {
	raw := append([]byte{purpose}, reference[:]...)
	mac := hmac.New(sha256.New, key)
	mac.Write(raw)
	mac.Write([]byte(stands))
	return tokenEncoding.EncodeToString(mac.Sum(raw)[:20])
}

// verify says whether a token is ours, by comparing the whole lower-cased string in constant time: decoding first would
// let a token have several spellings.
func (k Keys) verify(token string, purpose byte, stands string) bool {
	got, reference, ok := readToken(token)
	if !ok || got != purpose {
		return false
	}
	valid := 0
	for _, key := range k {
		valid |= subtle.ConstantTimeCompare([]byte(sealToken(key, purpose, reference, stands)), []byte(strings.ToLower(token)))
	}
	return valid == 1
}

// readToken takes a token apart without believing it.
func readToken(token string) (purpose byte, reference [referenceSize]byte, ok bool) {
	if len(token) != tokenLength {
		return 0, reference, false
	}
	raw, err := tokenEncoding.DecodeString(strings.ToLower(token))
	if err != nil {
		return 0, reference, false
	}
	copy(reference[:], raw[1:])
	return raw[0], reference, true
}

// replyReference packs a reply address' row and the ticket's version; the version wraps, so
// compare its lower 16 bits.
func replyReference(row int64, version int) (r [referenceSize]byte) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(row))
	copy(r[:5], b[3:])
	binary.BigEndian.PutUint16(r[5:], uint16(version))
	return r
}

func readReplyReference(r [referenceSize]byte) (row int64, version uint16) {
	var b [8]byte
	copy(b[3:], r[:5])
	return int64(binary.BigEndian.Uint64(b[:])), binary.BigEndian.Uint16(r[5:])
}

// newNoticeToken makes the token of a new notice: unguessable, and known as ours without a look into the database.
func (k Keys) newNoticeToken() string {
	var r [referenceSize]byte
	rand.Read(r[:])
	return k.token(tokenNotice, r, "notice")
}

// isNotice says whether a token is one of a notice that these keys made.
func (k Keys) isNotice(token string) bool { return k.verify(token, tokenNotice, "notice") }

// replyRow is one row of reply_address: an address issued to one person for one ticket and room.
type replyRow struct {
	ID         int64
	Ticket     int64
	Person     string
	Room       Room
	Generation int
	IssuedAt   int64 `db:"issued_at"`
	SpentAt    int64 `db:"spent_at"`
	EndedAt    int64 `db:"ended_at"`
}

// stands is what the HMAC of a reply address covers beside its reference.
func (r replyRow) stands() string {
	return strings.Join([]string{"reply", strconv.FormatInt(r.Ticket, 10), Key(r.Person), string(r.Room), strconv.Itoa(r.Generation)}, "\x00")
}

// Mailbox is the team's address in its two forms.
type Mailbox struct {
	Address string // the report address
	Pattern string // with {token}; "" where the server knows no plus addresses
}

// With puts a token into the pattern; without a pattern it is the report address.
func (m Mailbox) With(token string) string {
	if m.Pattern == "" {
		return m.Address
	}
	return strings.Replace(m.Pattern, "{token}", token, 1)
}

// Domain is the domain of our own Message-IDs.
func (m Mailbox) Domain() string { return Domain(m.Address) }

// Token finds the token in an address that somebody wrote to, however it was mangled on the way: any case, the plus turned
// into %2B or a blank, quotes around the local part. "" where the address does not fit the pattern.
func (m Mailbox) Token(address string) string {
	before, after, found := strings.Cut(Key(m.Pattern), "{token}")
	if !found {
		return ""
	}
	a := strings.NewReplacer("%2b", "+", "=2b", "+", `"`, "", "<", "", ">", "").Replace(Key(address))
	for _, prefix := range []string{before, strings.ReplaceAll(before, "+", " ")} {
		if t, ok := strings.CutPrefix(a, prefix); ok {
			if t, ok := strings.CutSuffix(t, after); ok && len(t) == tokenLength {
				return t
			}
		}
	}
	return ""
}

// Own says whether an address is the report address or one made from the pattern.
func (m Mailbox) Own(address string) bool {
	return Key(address) == Key(m.Address) || m.Token(address) != ""
}
