//go:build !linux

package tickets

import (
	"errors"
	"os"
)

func openNameless(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func isNameless(*os.File) bool { return false }

func linkNameless(*os.File, string) error { return errors.ErrUnsupported }
