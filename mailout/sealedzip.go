package mailout

import (
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"time"
)

// Sizes of WinZip's AES encryption with a key of 256 bits ("AES Encryption Information: Encryption Specification AE-1 and
// AE-2", sections II and III; PKWARE's APPNOTE 6.3.10 section 4.4.5 has the method's number).
const (
	aesKeySize    = 32
	aesSaltSize   = 16
	aesVerifySize = 2
	aesMACSize    = 10
	aesIterations = 1000
	zipMethodAES  = 99
	zipDeflate    = 8
)

// sealZip writes a zip that holds one file, encrypted under a password (AE-2, AES-256), while it reads it: nothing is held in
// memory. The file's bytes are compressed first; name and time stay readable, as in every zip of this kind.
func sealZip(w io.Writer, name string, at time.Time, password string, r io.Reader) error {
	if name == "" || len(name) > math.MaxUint16 {
		return fmt.Errorf("seal a zip: a name of %d bytes", len(name))
	}
	out := &counter{w: w}
	entry := zipEntry{name: name, at: at}
	if _, err := out.Write(entry.local()); err != nil {
		return err
	}
	start := out.n
	sealed, err := newSealer(out, password)
	if err != nil {
		return err
	}
	packed, err := flate.NewWriter(sealed, flate.DefaultCompression)
	if err != nil {
		return err
	}
	if entry.size, err = io.Copy(packed, r); err != nil {
		return err
	}
	if err := errors.Join(packed.Close(), sealed.Close()); err != nil {
		return err
	}
	if entry.packed = out.n - start; entry.packed > math.MaxUint32 || entry.size > math.MaxUint32 {
		return fmt.Errorf("seal a zip: %d bytes are too many", entry.size)
	}
	if _, err := out.Write(entry.descriptor()); err != nil {
		return err
	}
	directory := out.n
	if _, err := out.Write(entry.central()); err != nil {
		return err
	}
	_, err = out.Write(zipEnd(directory, out.n-directory))
	return err
}

// counter counts what goes through it.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// sealer encrypts and authenticates what is written to it: salt, password verification, ciphertext, and at Close the MAC.
type sealer struct {
	w      io.Writer
	stream cipher.Stream
	mac    hash.Hash
	buffer []byte
}

func newSealer(w io.Writer, password string) (*sealer, error) {
	salt := make([]byte, aesSaltSize)
	rand.Read(salt)
	stream, mac, verify, err := zipKeys(password, salt)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(append(salt, verify...))
	return &sealer{w: w, stream: stream, mac: mac, buffer: make([]byte, 32<<10)}, err
}

// zipKeys derives from a password what encrypts, what authenticates and what tells a wrong password early.
func zipKeys(password string, salt []byte) (stream cipher.Stream, mac hash.Hash, verify []byte, err error) {
	key, err := pbkdf2.Key(sha1.New, password, salt, aesIterations, 2*aesKeySize+aesVerifySize)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("derive the zip's key: %w", err)
	}
	block, err := aes.NewCipher(key[:aesKeySize])
	if err != nil {
		return nil, nil, nil, err
	}
	return &littleCTR{block: block, used: aes.BlockSize}, hmac.New(sha1.New, key[aesKeySize:2*aesKeySize]), key[2*aesKeySize:], nil
}

func (s *sealer) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		part := s.buffer[:min(len(p), len(s.buffer))]
		s.stream.XORKeyStream(part, p[:len(part)])
		s.mac.Write(part)
		if _, err := s.w.Write(part); err != nil {
			return written, err
		}
		written += len(part)
		p = p[len(part):]
	}
	return written, nil
}

func (s *sealer) Close() error {
	_, err := s.w.Write(s.mac.Sum(nil)[:aesMACSize])
	return err
}

// littleCTR is counter mode as zips have it: the counter is little-endian and begins with 1.
type littleCTR struct {
	block   cipher.Block
	counter uint64
	key     [aes.BlockSize]byte
	used    int
}

func (c *littleCTR) XORKeyStream(dst, src []byte) {
	for i, b := range src {
		if c.used == aes.BlockSize {
			c.counter++
			var n [aes.BlockSize]byte
			binary.LittleEndian.PutUint64(n[:], c.counter)
			c.block.Encrypt(c.key[:], n[:])
			c.used = 0
		}
		dst[i] = b ^ c.key[c.used]
		c.used++
	}
}

// zipEntry is the one file of a sealed zip.
type zipEntry struct {
	name         string
	at           time.Time
	size, packed int64
}

// zipFlags: encrypted, sizes after the data, name in UTF-8.
const zipFlags = 1<<0 | 1<<3 | 1<<11

// common is what the local and the central header share, from the version that is needed to extract to the extra's length.
// AE-2 has no CRC: it would tell something about the content.
func (e zipEntry) common(b []byte, packed, size int64) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 51) // AES
	b = le.AppendUint16(b, zipFlags)
	b = le.AppendUint16(b, zipMethodAES)
	clock, day := dosTime(e.at)
	b = le.AppendUint16(b, clock)
	b = le.AppendUint16(b, day)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, uint32(packed))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, uint16(len(zipExtra)))
}

// zipExtra names the encryption: AE-2 of AES-256 over deflated data.
var zipExtra = []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', 3, zipDeflate, 0}

func (e zipEntry) local() []byte {
	b := e.common([]byte("PK\x03\x04"), 0, 0)
	return append(append(b, e.name...), zipExtra...)
}

func (e zipEntry) descriptor() []byte {
	b := append([]byte("PK\x07\x08"), 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, uint32(e.packed)), uint32(e.size))
}

func (e zipEntry) central() []byte {
	b := e.common([]byte{'P', 'K', 1, 2, 51, 0}, e.packed, e.size)
	b = append(b, make([]byte, 2+2+2+4+4)...) // no comment, first disk, no attributes, at the beginning
	return append(append(b, e.name...), zipExtra...)
}

// zipEnd is the end of central directory record of a zip with one entry.
func zipEnd(directory, size int64) []byte {
	le := binary.LittleEndian
	b := append([]byte("PK\x05\x06"), 0, 0, 0, 0, 1, 0, 1, 0)
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(directory))
	return append(b, 0, 0)
}

// dosTime is a time as zips have it: years from 1980, every other second.
func dosTime(t time.Time) (clock, day uint16) {
	if t.Year() < 1980 || t.Year() > 2107 {
		return 0, 1<<5 | 1
	}
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return clock, uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
}
