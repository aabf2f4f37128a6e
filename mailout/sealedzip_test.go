package mailout

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/hmac"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var errWrongPassword = errors.New("wrong password")

// unseal reads a sealed zip back by the specification.
func unseal(t *testing.T, sealed []byte, password string) (name string, content []byte, err error) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(sealed), int64(len(sealed)))
	if err != nil {
		t.Fatalf("no zip: %v", err)
	}
	if len(z.File) != 1 || z.File[0].Method != zipMethodAES || z.File[0].CRC32 != 0 || z.File[0].Flags&1 == 0 {
		t.Fatalf("not one encrypted file of AE-2: %+v", z.File)
	}
	raw, err := z.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	salt, verify := data[:aesSaltSize], data[aesSaltSize:aesSaltSize+aesVerifySize]
	body, sum := data[aesSaltSize+aesVerifySize:len(data)-aesMACSize], data[len(data)-aesMACSize:]
	stream, mac, want, err := zipKeys(password, salt)
	if err != nil {
		t.Fatal(err)
	}
	mac.Write(body)
	if !bytes.Equal(verify, want) || !hmac.Equal(mac.Sum(nil)[:aesMACSize], sum) {
		return "", nil, errWrongPassword
	}
	plain := make([]byte, len(body))
	stream.XORKeyStream(plain, body)
	content, err = io.ReadAll(flate.NewReader(bytes.NewReader(plain)))
	if err != nil {
		t.Fatalf("the content cannot be read: %v", err)
	}
	if uint64(len(content)) != z.File[0].UncompressedSize64 {
		t.Errorf("%d bytes, the directory says %d", len(content), z.File[0].UncompressedSize64)
	}
	return z.File[0].Name, content, nil
}

func sealed(t *testing.T, name, password string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	at := time.Date(2026, 11, 23, 14, 5, 6, 0, time.UTC)
	if err := sealZip(&b, name, at, password, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASealedZipOpensWithItsPasswordAlone(t *testing.T) {
	for _, c := range []struct {
		about, name string
		content     []byte
	}{
		{"an empty file", "kosong.exe", nil},
		{"one byte", "a.js", []byte("x")},
		{"less than a block", "a.vbs", []byte("MsgBox 1")},
		{"a name with letters beyond ASCII", "daftar akun – ākun.xlsm", []byte("macro")},
		{"more than a buffer", "a.iso", bytes.Repeat([]byte("0123456789abcdef"), 40_000)},
	} {
		z := sealed(t, c.name, "rahasia23456789a", c.content)
		name, content, err := unseal(t, z, "rahasia23456789a")
		if err != nil || name != c.name || !bytes.Equal(content, c.content) {
			t.Errorf("%s: got %q, %d bytes, %v", c.about, name, len(content), err)
		}
		if _, _, err := unseal(t, z, "rahasia23456789b"); !errors.Is(err, errWrongPassword) {
			t.Errorf("%s: another password gave %v", c.about, err)
		}
	}
}

func TestASealedZipShowsNothingOfItsContent(t *testing.T) {
	word := "KATA-RAHASIA-YANG-TERBACA"
	if z := sealed(t, "a.txt", "rahasia23456789a", []byte(word)); bytes.Contains(z, []byte(word)) {
		t.Error("the content can be read")
	}
}

func TestTheSameFileIsNeverSealedTheSameWay(t *testing.T) {
	a, b := sealed(t, "a.exe", "rahasia23456789a", []byte("x")), sealed(t, "a.exe", "rahasia23456789a", []byte("x"))
	if bytes.Equal(a, b) {
		t.Error("two zips have the same salt")
	}
}

func TestAFaultOfReadingEndsTheZip(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("begin"), errorReader{})
	if err := sealZip(io.Discard, "a.exe", time.Now(), "rahasia23456789a", broken); err == nil {
		t.Error("a zip was sealed over half a file")
	}
	if err := sealZip(io.Discard, "", time.Now(), "rahasia23456789a", broken); err == nil {
		t.Error("a file without a name was sealed")
	}
}

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

func TestOtherProgramsOpenASealedZip(t *testing.T) {
	seven, err := exec.LookPath("7z")
	if err != nil {
		t.Skip("7z is not installed (Debian package p7zip-full)")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "bukti.zip")
	content := bytes.Repeat([]byte("MZ isi berbahaya "), 5000)
	if err := os.WriteFile(file, sealed(t, "jahat ā.exe", "rahasia23456789a", content), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(seven, "x", "-y", "-prahasia23456789a", "-o"+dir, file).CombinedOutput(); err != nil {
		t.Fatalf("7z: %v\n%s", err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "jahat ā.exe"))
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("extracted %d bytes, %v", len(got), err)
	}
	if out, err := exec.Command(seven, "t", "-psalah", file).CombinedOutput(); err == nil {
		t.Errorf("7z took a wrong password:\n%s", out)
	}
}
