package tickets

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// eachLine calls do with each line of r without its LF; a last line without one counts too. Long lines come whole.
func eachLine(r io.Reader, do func(string) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := b.ReadString('\n')
		if line != "" {
			if err := do(strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
