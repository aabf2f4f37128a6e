package entity

import "bytes"

// oidSignedData and oidData are the object identifiers of RFC 5652 sections 4 and 5.1, as they are encoded.
var (
	oidSignedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidData       = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
)

// signedContent takes the content out of a signed CMS container in BER or DER. It checks no signature.
func signedContent(b []byte) ([]byte, bool) {
	outer, _, ok := berInside(b, 0x30) // ContentInfo
	if !ok {
		return nil, false
	}
	kind, rest, ok := berInside(outer, 0x06)
	if !ok || !bytes.Equal(kind, oidSignedData) {
		return nil, false
	}
	for _, tag := range []byte{0xA0, 0x30} { // [0] EXPLICIT SignedData
		if rest, _, ok = berInside(rest, tag); !ok {
			return nil, false
		}
	}
	for _, tag := range []byte{0x02, 0x31} { // version, digestAlgorithms
		if _, rest, ok = berInside(rest, tag); !ok {
			return nil, false
		}
	}
	info, _, ok := berInside(rest, 0x30) // encapContentInfo
	if !ok {
		return nil, false
	}
	kind, rest, ok = berInside(info, 0x06)
	if !ok || !bytes.Equal(kind, oidData) {
		return nil, false
	}
	content, _, ok := berInside(rest, 0xA0)
	if !ok {
		return nil, false
	}
	out, _, ok := octets(content, 0)
	return out, ok
}

// octets reads an OCTET STRING, also one in pieces.
func octets(b []byte, depth int) (out, rest []byte, ok bool) {
	if len(b) == 0 || depth > 4 {
		return nil, nil, false
	}
	if b[0] == 0x04 {
		return berInside(b, 0x04)
	}
	pieces, rest, ok := berInside(b, 0x24)
	for ok && len(pieces) > 0 {
		var piece []byte
		piece, pieces, ok = octets(pieces, depth+1)
		out = append(out, piece...)
	}
	return out, rest, ok
}

// berInside gives the content of the element that b begins with, if it has the tag, and what follows it.
func berInside(b []byte, tag byte) (inside, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	head, size, ok := berLength(b)
	if !ok {
		return nil, nil, false
	}
	if size < 0 {
		end, ok := berEnd(b[head:], 0)
		if !ok {
			return nil, nil, false
		}
		return b[head : head+end], b[head+end+2:], true
	}
	return b[head : head+size], b[head+size:], true
}

// berLength reads the length after a tag of one byte; -1 is an indefinite one (X.690 section 8.1.3).
func berLength(b []byte) (head, size int, ok bool) {
	if len(b) < 2 {
		return 0, 0, false
	}
	switch n := int(b[1]); {
	case n < 0x80:
		return 2, n, n <= len(b)-2
	case n == 0x80:
		return 2, -1, b[0]&0x20 != 0
	case n > 0x84 || len(b) < 2+n-0x80:
		return 0, 0, false
	default:
		for _, c := range b[2 : 2+n-0x80] {
			size = size<<8 | int(c)
		}
		head = 2 + n - 0x80
		return head, size, size >= 0 && size <= len(b)-head
	}
}

// berEnd finds the two zero bytes that end an indefinite length.
func berEnd(b []byte, depth int) (int, bool) {
	if depth > 16 {
		return 0, false
	}
	for at := 0; at+1 < len(b); {
		if b[at] == 0 && b[at+1] == 0 {
			return at, true
		}
		head, size, ok := berLength(b[at:])
		if !ok {
			return 0, false
		}
		if size < 0 {
			end, ok := berEnd(b[at+head:], depth+1)
			if !ok {
				return 0, false
			}
			size = end + 2
		}
		at += head + size
	}
	return 0, false
}
