package ticketstest

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"aduan/tickets"
)

// BucketKey opens the bucket that S3 makes.
var BucketKey = tickets.AccessKey{ID: "aduan", Secret: "only-for-tests"}

// ObjectStore is an S3 server with one bucket on a loopback port, whose objects are files in Folder.
type ObjectStore struct {
	URL    string // of the settings
	Folder string // the bucket's
	t      testing.TB
	binary string
	addr   string
	folder string
	server *exec.Cmd
}

// S3 starts Versity's S3 gateway with an empty bucket. Where it is not installed
// (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0) the test is skipped, or fails when ADUAN_REQUIRE_PEERS is set.
func S3(t testing.TB) *ObjectStore {
	t.Helper()
	binary, err := exec.LookPath("versitygw")
	if err != nil {
		if os.Getenv("ADUAN_REQUIRE_PEERS") != "" {
			t.Fatal("versitygw, an S3 server, is not installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0), and ADUAN_REQUIRE_PEERS=1 asks for it")
		}
		t.Skip("versitygw is not installed")
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port.Close()
	s := &ObjectStore{t: t, binary: binary, addr: port.Addr().String(), folder: t.TempDir()}
	s.URL, s.Folder = "s3://evidence?region=us-east-1&endpoint=http://"+s.addr, filepath.Join(s.folder, "buckets", "evidence")
	for _, folder := range []string{s.Folder, filepath.Join(s.folder, "attributes")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(s.Stop)
	s.Start()
	return s
}

// Start brings the server up, again after Stop.
func (s *ObjectStore) Start() {
	s.t.Helper()
	var log bytes.Buffer
	s.server = exec.Command(s.binary, "--port", s.addr, "--access", BucketKey.ID, "--secret", BucketKey.Secret, "--region", "us-east-1", "--health", "/health", "--quiet",
		"posix", "--sidecar", filepath.Join(s.folder, "attributes"), filepath.Dir(s.Folder)) // not every file system has extended attributes
	s.server.Stdout, s.server.Stderr = &log, &log
	if err := s.server.Start(); err != nil {
		s.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		answer, err := http.Get("http://" + s.addr + "/health")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			s.Stop()
			s.t.Fatalf("the S3 server does not answer: %v\n%s", err, &log)
		}
	}
}

// Stop kills the server, as a machine that goes away does.
func (s *ObjectStore) Stop() {
	if s.server != nil && s.server.Process != nil {
		s.server.Process.Kill()
		s.server.Wait()
		s.server = nil
	}
}
