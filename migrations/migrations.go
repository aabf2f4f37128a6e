// Package migrations holds the schema: one folder a dialect with the same numbers and names, embedded in the program.
//
// It promises that every version is reached the same way, step by step, whether the database is new or old: there is no
// separate schema for a fresh installation. A step with nothing to do in one dialect has a file that says so.
package migrations

import "embed"

// Files holds the folders sqlite and postgres with goose's .sql files.
//
//go:embed sqlite/*.sql postgres/*.sql
var Files embed.FS
