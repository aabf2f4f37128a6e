package entity

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decodeCharset makes valid UTF-8 without NUL of bytes in the charset that a mail declares. Where the declaration is
// missing, unknown or proven wrong by the bytes, it reads what they most likely are.
func decodeCharset(b []byte, name string) string {
	name = charsetName(name)
	switch name {
	case "", "utf-8", "us-ascii", "unknown-8bit", "x-unknown", "unknown", "binary", "8bit", "7bit", "default", "none":
		return guess(b)
	case "utf-7", "unicode-1-1-utf-7":
		return clean(decodeUTF7(b))
	case "iso-2022-kr":
		return clean(decode(korean.EUCKR, shifted(b)))
	}
	enc := lookup(name)
	if enc == nil {
		return guess(b)
	}
	multibyte := !isCharmap(enc)
	if !multibyte && lies(b) {
		return guess(b)
	}
	s := decode(enc, b)
	if multibyte && strings.ContainsRune(s, utf8.RuneError) && utf8.Valid(b) && !isASCII(b) {
		return guess(b)
	}
	return clean(s)
}

// charsetName undoes what programs do to charset names.
func charsetName(name string) string {
	name = strings.ToLower(strings.Trim(name, "\"' \t;,."))
	name = strings.ReplaceAll(name, "_", "-")
	for _, wrong := range []string{"charset=", "x-", "cs"} {
		if t := strings.TrimPrefix(name, wrong); t != name && t != "unknown" && t != "user-defined" && !known(name) {
			name = t
		}
	}
	if n, ok := aliases[name]; ok {
		return n
	}
	for _, p := range []string{"cp-", "win-", "ms-"} {
		if t, ok := strings.CutPrefix(name, p); ok && t != "" {
			name = strings.TrimSuffix(p, "-") + t
		}
	}
	if t, ok := strings.CutPrefix(name, "iso8859"); ok {
		name = "iso-8859-" + strings.TrimLeft(t, "-")
	}
	if t, ok := strings.CutPrefix(name, "win125"); ok {
		name = "windows-125" + t
	}
	return name
}

func known(name string) bool {
	_, err := htmlindex.Get(name)
	return err == nil
}

// aliases are names that are written, and what is meant. GB 18030 holds GBK, which holds GB 2312, and mails that
// declare the smaller use the larger.
var aliases = map[string]string{
	"utf8": "utf-8", "utf-8": "utf-8", "unicode-1-1-utf-8": "utf-8", "utf8mb4": "utf-8", "utf-8n": "utf-8",
	"ascii": "us-ascii", "ansi-x3.4-1968": "us-ascii", "us-ascii": "us-ascii", "646": "us-ascii",
	"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "ms936": "gb18030", "gb-2312": "gb18030", "euc-cn": "gb18030",
	"windows-936": "gb18030", "gb2312-80": "gb18030", "gb-2312-80": "gb18030", "chinese": "gb18030",
	"hz": "hz-gb-2312", "cp950": "big5", "ms950": "big5", "big5-eten": "big5",
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "ks-c-5601-1987": "euc-kr", "ks-c-5601": "euc-kr",
	"cp932": "shift_jis", "ms932": "shift_jis", "sjis": "shift_jis", "shift-jis": "shift_jis", "windows-31j": "shift_jis",
	"cp51932": "euc-jp", "iso-2022-jp-ms": "iso-2022-jp", "cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp",
	"iso-2022-jp-1": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp",
	"latin1": "iso-8859-1", "latin-1": "iso-8859-1", "ansi": "windows-1252", "windows1252": "windows-1252",
	"koi8": "koi8-r", "koi-8": "koi8-r", "macroman": "macintosh", "ucs-2": "utf-16", "utf16": "utf-16", "unicode": "utf-16",
	"tis620": "tis-620", "viscii1.1-1": "viscii",
}

// lookup finds an encoding; nil if nobody knows the name.
func lookup(name string) encoding.Encoding {
	switch name {
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "iso-2022-jp":
		return japanese.ISO2022JP
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	if enc, err := htmlindex.Get(name); err == nil && enc != encoding.Replacement {
		return enc
	}
	for _, index := range []*ianaindex.Index{ianaindex.MIME, ianaindex.IANA} {
		if enc, err := index.Encoding(name); err == nil && enc != nil {
			return enc
		}
	}
	if t, ok := strings.CutPrefix(name, "cp"); ok {
		if strings.HasPrefix(t, "125") {
			return lookup("windows-" + t)
		}
		return lookup("ibm" + t)
	}
	return nil
}

func isCharmap(e encoding.Encoding) bool {
	_, ok := e.(*charmap.Charmap)
	return ok
}

func decode(e encoding.Encoding, b []byte) string {
	if e == unicode.UTF16(unicode.BigEndian, unicode.UseBOM) && len(b) >= 2 {
		e = utf16Order(b)
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil && len(out) == 0 {
		return guess(b)
	}
	return strings.TrimPrefix(string(out), "\uFEFF")
}

// utf16Order tells the byte order by the mark, else by where the zero bytes of ASCII characters are.
func utf16Order(b []byte) encoding.Encoding {
	switch {
	case b[0] == 0xFF && b[1] == 0xFE:
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case b[0] == 0xFE && b[1] == 0xFF:
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM)
	}
	even, odd := 0, 0
	for i, c := range b {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	if odd > even {
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	}
	return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
}

// lies says that bytes declared as a charset of single bytes are UTF-8: in no such charset are two letters in a row
// likely to form it, let alone all.
func lies(b []byte) bool {
	return !isASCII(b) && utf8.Valid(b)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// guess reads bytes of no known charset: UTF-8 if they are, with single faults mended; ISO-2022-JP if its escapes are
// there; else Windows-1252, which has a character for nearly every byte.
func guess(b []byte) string {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if bytes.Contains(b, []byte("\x1b$")) && isASCII(b) {
		return clean(decode(japanese.ISO2022JP, b))
	}
	if utf8.Valid(b) {
		return clean(string(b))
	}
	if len(b) >= 4 && (b[0] == 0xFF && b[1] == 0xFE || b[0] == 0xFE && b[1] == 0xFF) {
		return clean(decode(utf16Order(b), b))
	}
	good, bad := 0, 0
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		i += n
	}
	if good >= bad {
		return clean(string(b))
	}
	return clean(decode(charmap.Windows1252, b))
}

// repair makes valid UTF-8 of a header's bytes, which ought to be ASCII or UTF-8 (RFC 6532).
func repair(b []byte, charset string) string {
	if !bytes.Contains(b, []byte{0x1b}) && utf8.Valid(b) {
		return clean(string(b))
	}
	return decodeCharset(b, charset)
}

// shifted turns ISO-2022-KR (RFC 1557) into EUC-KR: between SO and SI the high bits are missing.
func shifted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	b = bytes.ReplaceAll(b, []byte("\x1b$)C"), nil)
	high := byte(0)
	for _, c := range b {
		switch {
		case c == 0x0E:
			high = 0x80
		case c == 0x0F:
			high = 0
		case c > ' ':
			out = append(out, c|high)
		default:
			out = append(out, c)
		}
	}
	return out
}

// decodeUTF7 reads RFC 2152; what is not valid stays as it is.
func decodeUTF7(b []byte) string {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '+' {
			out.WriteByte(b[i])
			continue
		}
		end := i + 1
		for end < len(b) && b[end] != '-' && b[end] != '_' && sextet(b[end]) < 64 {
			end++
		}
		if end == i+1 {
			out.WriteByte('+')
		} else {
			out.WriteString(decodeUTF16Base64(b[i+1 : end]))
		}
		if end >= len(b) || b[end] != '-' {
			end--
		}
		i = end
	}
	return out.String()
}

func decodeUTF16Base64(b []byte) string {
	var units []uint16
	acc, bits := uint32(0), 0
	for _, c := range b {
		acc, bits = acc<<6|uint32(sextet(c)), bits+6
		if bits >= 16 {
			bits -= 16
			units = append(units, uint16(acc>>bits))
			acc &= 1<<bits - 1
		}
	}
	return string(utf16.Decode(units))
}
