package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
)

// reportWithFile is a report with a file of a size that nothing makes smaller.
func reportWithFile(size int) []byte {
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size)}).Read(content)
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: Berkas\r\nMessage-ID: <%d@baliprov.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTerlampir.\r\n"+
		"--b\r\nContent-Type: application/pdf; name=berkas.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n", ani, aduan, size)
	for rest := content; len(rest) > 0; {
		n := min(57, len(rest))
		b.WriteString(base64.StdEncoding.EncodeToString(rest[:n]) + "\r\n")
		rest = rest[n:]
	}
	b.WriteString("--b--\r\n")
	return b.Bytes()
}

// peakWith is the peak memory, in MiB, of a gateway that takes in a mail and sends what follows from it, the case with its
// files to Front Desk among it.
func peakWith(t *testing.T, mail []byte) float64 {
	t.Helper()
	box, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	box.AddUser(aduan, password)
	if err := box.Deliver(aduan, "INBOX", mail, time.Now()); err != nil {
		t.Fatal(err)
	}
	relay, err := smtptest.Start("127.0.0.1:0", nil, smtptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	in, err := install(t.TempDir(), "sqlite:aduan.db", box.Addr(), relay.Addr())
	if err != nil {
		t.Fatal(err)
	}
	in.call(t, exitDone, "staff", "add", frontdesk, "--name", "Front Desk", "--role", "front-desk")
	gateway := exec.Command(os.Args[0], "serve", "--config", in.config)
	gateway.Env = append(os.Environ(), asProgram+"=1")
	var log journal
	gateway.Stderr = &log
	if err := gateway.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { gateway.Process.Kill(); gateway.Wait() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := relay.Wait(ctx, 2); err != nil { // the acknowledgement, and Front Desk's with the file
		t.Fatalf("%v\n%s", err, log.String())
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", gateway.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(string(status))
	if m == nil {
		t.Skipf("this system does not tell a process's peak memory: %s", strings.TrimSpace(string(status)))
	}
	kib, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(kib) / 1024
}

// Neither taking a mail in nor sending its file on holds the mail in memory. What is allowed is far below the size of the
// files, and far above what two runs differ by.
func TestMemoryDoesNotGrowWithTheMail(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("counting coverage needs memory of its own")
	}
	small := peakWith(t, reportWithFile(100_000))
	for about, size := range map[string]int{"a file that goes along": 9_500_000, "a file that is only named": 33_000_000} {
		if peak := peakWith(t, reportWithFile(size)); peak > small+8 {
			t.Errorf("%s, of %d bytes: the peak is %.0f MiB, %.0f with a small one", about, size, peak, small)
		} else {
			t.Logf("%s: the peak is %.1f MiB, %.1f with a small one", about, peak, small)
		}
	}
}
