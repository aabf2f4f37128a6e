package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestAFileThatMayNotBeReadComesWithWhoseFolderItMustBe(t *testing.T) {
	forbidden := fmt.Errorf("read settings: %w", &os.PathError{Op: "open", Path: "aduan.toml", Err: syscall.EACCES})
	if hint := ownerHint(wrongUse(forbidden)); !strings.Contains(hint, "runuser -u aduan") {
		t.Errorf("a forbidden file: %q", hint)
	}
	for _, other := range []error{
		&os.PathError{Op: "open", Path: "aduan.toml", Err: syscall.ENOSPC},
		&net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EACCES)},
	} {
		if hint := ownerHint(other); hint != "" {
			t.Errorf("%v: %q", other, hint)
		}
	}
}
