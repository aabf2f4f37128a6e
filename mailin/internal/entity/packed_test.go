package entity

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"unicode/utf16"
)

// tnefAttribute is an attribute of a TNEF stream with its checksum.
func tnefAttribute(level byte, id uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := uint16(0)
	for _, c := range data {
		sum += uint16(c)
	}
	return binary.LittleEndian.AppendUint16(append(b, data...), sum)
}

// property is a MAPI property of a variable length.
func property(kind, id uint16, v []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
	b = append(b, v...)
	return append(b, make([]byte, (4-len(v)%4)%4)...)
}

func properties(all ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(all))), bytes.Join(all, nil)...)
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func tnefStream(attributes ...[]byte) []byte {
	return append([]byte{0x78, 0x9f, 0x3e, 0x22, 1, 0}, bytes.Join(attributes, nil)...)
}

// winmail is a mail with the stream as its second part, after the text if there is one.
func winmail(text string, stream []byte) string {
	return "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\n" + text + "\n--m\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(stream) + "\n--m--\n"
}

// outlook is a stream with a body, a screenshot with a long name, a file with a short one, and a message with a file.
func outlook() []byte {
	inner := tnefStream(tnefAttribute(2, tnefRendering, make([]byte, 14)), tnefAttribute(2, tnefTitle, []byte("dalam.txt\x00")), tnefAttribute(2, tnefData, []byte("dalam")))
	return tnefStream(
		tnefAttribute(1, tnefCodepage, []byte{0xe3, 4, 0, 0, 0, 0, 0, 0}), // 1251
		tnefAttribute(1, tnefMessageProps, properties(
			[]byte{3, 0, 0x17, 0, 1, 0, 0, 0}, // a number
			append([]byte{0x1e, 0, 1, 0x80}, append(append(make([]byte, 16), 1, 0, 0, 0, 4, 0, 0, 0, 'a', 0, 0, 0), property(0x1e, 0, []byte("named\x00"))[4:]...)...),
			property(0x1f, propBody, utf16Bytes("Isi dari Outlook")))),
		tnefAttribute(2, tnefRendering, make([]byte, 14)),
		tnefAttribute(2, tnefTitle, []byte("LAYAR~1.PNG\x00")),
		tnefAttribute(2, tnefData, []byte("\x89PNG")),
		tnefAttribute(2, tnefAttachProps, properties(property(0x1f, propLongFilename, utf16Bytes("Tangkapan layar é.png")),
			property(0x1e, propMIMETag, []byte("image/png\x00")), property(0x1e, propContentID, []byte("image001@x\x00")))),
		tnefAttribute(2, tnefRendering, make([]byte, 14)),
		tnefAttribute(2, tnefTitle, []byte("\xcf.txt\x00")),
		tnefAttribute(2, tnefData, nil),
		tnefAttribute(2, tnefRendering, make([]byte, 14)),
		tnefAttribute(2, tnefAttachProps, properties(property(0x0d, propAttachData, append(make([]byte, 16), inner...)))),
	)
}

func TestWinmailIsOpenedAndStaysListed(t *testing.T) {
	raw := winmail("teks", outlook())
	m := read(raw)
	got := strings.Join(files(m)[1:], "|")
	if want := "Tangkapan layar é.png image/png 4 inline|П.txt text/plain 0|dalam.txt text/plain 5"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if m.Attachments[0].Filename != "winmail.dat" || m.Attachments[0].Size != int64(len(outlook())) {
		t.Errorf("original %+v", m.Attachments[0])
	}
	if m.Text != "teks" || len(m.Problems) > 0 {
		t.Errorf("text %q, problems %q", m.Text, m.Problems)
	}
	opensAsListed(t, raw, m)
}

func TestTheTextInWinmailCountsWhereThereIsNoOther(t *testing.T) {
	if m := read(winmail(" ", outlook())); m.Text != "Isi dari Outlook" {
		t.Errorf("got %q", m.Text)
	}
}

func TestOutlooksRichTextIsRead(t *testing.T) {
	rtf := `{\rtf1\ansi\ansicpg1251\fromhtml1 {\fonttbl{\f0 Arial;}}{\*\htmltag64 <p>}Situs \'cf\par` + "\r\n" + `{\b diretas}\u8211?\u-10179?\u-8704? \{a\}\tab b{\*\x hidden}}`
	packed := append([]byte("0000"+"0000"+"MELA"+"0000"), rtf...)
	stream := tnefStream(tnefAttribute(1, tnefMessageProps, properties(property(0x102, propRTF, packed))))
	if m := read(winmail(" ", stream)); m.Text != "Situs П\ndiretas–😀 {a}\tb" {
		t.Errorf("got %q", m.Text)
	}
}

// The example of [MS-OXRTFCP] section 3.1.1 and that of a reference to itself, section 3.1.2.
func TestCompressedRichTextIsUnpacked(t *testing.T) {
	rows := []struct{ packed, want string }{
		{"2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c09002062770" + "5b06c647d0a800fa0", "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"},
		{"1a0000001c0000004c5a4675e2d44b5141000420" + "5758595a0d6e7d010eb0", "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"},
	}
	for _, r := range rows {
		b, err := hex.DecodeString(r.packed)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(unpackRTF(b, 1000)); got != r.want {
			t.Errorf("got %q, want %q", got, r.want)
		}
	}
	if got := unpackRTF([]byte("short"), 10); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestADamagedWinmailIsAnAttachmentWithAProblem(t *testing.T) {
	whole := outlook()
	for _, stream := range [][]byte{[]byte("no TNEF at all"), whole[:len(whole)-40], append(tnefStream(), 9, 9, 9, 9, 9, 9, 9, 9, 9)} {
		m := read(winmail("teks", stream))
		if len(m.Attachments) < 1 || m.Attachments[0].Size != int64(len(stream)) || len(m.Problems) != 1 {
			t.Errorf("files %q, problems %q", files(m), m.Problems)
		}
	}
}

// ber is an element of definite length, or of an indefinite one.
func ber(indefinite bool, tag byte, content ...[]byte) []byte {
	b := bytes.Join(content, nil)
	switch {
	case indefinite && tag&0x20 != 0:
		return append(append([]byte{tag, 0x80}, b...), 0, 0)
	case len(b) < 0x80:
		return append([]byte{tag, byte(len(b))}, b...)
	}
	return append([]byte{tag, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
}

func signedMail(indefinite bool, content string) string {
	octets := ber(false, 0x04, []byte(content))
	if indefinite { // and in pieces
		octets = ber(true, 0x24, ber(false, 0x04, []byte(content[:10])), ber(false, 0x04, []byte(content[10:])))
	}
	b := ber(indefinite, 0x30, ber(false, 0x06, oidSignedData), ber(indefinite, 0xA0, ber(indefinite, 0x30,
		ber(false, 0x02, []byte{1}), ber(indefinite, 0x31), ber(indefinite, 0x30, ber(false, 0x06, oidData), ber(indefinite, 0xA0, octets)), ber(false, 0x31))))
	return "Subject: x\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(b) + "\n"
}

func TestTheTextInsideASignedContainerIsRead(t *testing.T) {
	inside := "Content-Type: multipart/mixed; boundary=s\r\n\r\n--s\r\n\r\nditandatangani\r\n--s\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--s--\r\n"
	for _, indefinite := range []bool{false, true} {
		raw := signedMail(indefinite, inside)
		m := read(raw)
		if m.Text != "ditandatangani" || len(m.Attachments) != 2 || m.Attachments[0].Filename != "smime.p7m" || m.Attachments[1].Filename != "a.png" {
			t.Errorf("indefinite %v: text %q, files %q", indefinite, m.Text, files(m))
		}
		if m.Header.Subject() != "x" {
			t.Errorf("subject %q", m.Header.Subject())
		}
		opensAsListed(t, raw, m)
	}
}

func TestAnEncryptedContainerStaysAnAttachment(t *testing.T) {
	m := read("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMIIB\n")
	if len(m.Attachments) != 1 || m.Attachments[0].Size != 3 || m.Text != "" {
		t.Errorf("files %q, text %q", files(m), m.Text)
	}
}
