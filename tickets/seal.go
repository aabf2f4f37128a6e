package tickets

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// ErrSealed is returned for a secret that none of the keys opens: the key that sealed it was taken away, or it was changed.
var ErrSealed = errors.New("none of the secret keys opens it")

// seal encrypts a secret for the database with a key derived from the newest secret key (RFC 5869, AES-256-GCM). It is bound
// to its name, so that one row's secret cannot stand in for another's.
func (k Keys) seal(name string, secret []byte) (string, error) {
	box, err := sealing(k[0])
	if err != nil {
		return "", fmt.Errorf("seal a secret: %w", err)
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce)
	return base64.StdEncoding.EncodeToString(box.Seal(nonce, nonce, secret, []byte(name))), nil
}

// open is the reverse of seal; every key is tried, so that keys can be rotated. Its error is ErrSealed.
func (k Keys) open(name, sealed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, ErrSealed
	}
	for _, key := range k {
		box, err := sealing(key)
		if err != nil || len(raw) < box.NonceSize() {
			return nil, ErrSealed
		}
		if secret, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], []byte(name)); err == nil {
			return secret, nil
		}
	}
	return nil, ErrSealed
}

// sealing derives the key for secrets, so that the key that signs reply addresses is never used for two things.
func sealing(key []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "aduan credential", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
