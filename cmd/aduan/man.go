package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// man writes the manual pages that packages carry. Their texts are those of --help; the date is SOURCE_DATE_EPOCH's where
// that is set, so that one commit makes one package.
func (p *program) man() *cobra.Command {
	return &cobra.Command{Use: "man FOLDER", Short: "Write the manual pages into a folder", Args: cobra.ExactArgs(1), Hidden: true, RunE: func(c *cobra.Command, args []string) error {
		if err := os.MkdirAll(args[0], 0o755); err != nil {
			return fmt.Errorf("make the folder of the manual pages: %w", err)
		}
		root := c.Root()
		root.DisableAutoGenTag = true
		header := &doc.GenManHeader{Section: "1", Source: "aduan " + release, Manual: "aduan"}
		if err := doc.GenManTree(root, header, args[0]); err != nil {
			return fmt.Errorf("write the manual pages: %w", err)
		}
		return nil
	}}
}
