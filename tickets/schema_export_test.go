package tickets

import (
	"fmt"
	"strings"
)

// Tables lists the tables of the database.
func (s *Store) Tables() (names []string, err error) {
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	if s.dialect.name == "postgres" {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY table_name`
	}
	return names, s.read.Select(&names, query)
}

// Row reads the first row of a table in an order, after some; nil where there is none.
func (s *Store) Row(table, order string, offset int) (columns []string, values []any, err error) {
	rows, err := s.read.Queryx(fmt.Sprintf(`SELECT * FROM %s ORDER BY %s LIMIT 1 OFFSET %d`, table, order, offset))
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil || !rows.Next() {
		return columns, nil, err
	}
	if values, err = rows.SliceScan(); err != nil {
		return nil, nil, err
	}
	for i := range values {
		if b, ok := values[i].([]byte); ok {
			values[i] = string(b)
		}
	}
	return columns, values, rows.Err()
}

// Exec runs a statement past the Store; it returns how many rows it touched.
func (s *Store) Exec(query string, args ...any) (int64, error) {
	r, err := s.db.Exec(s.db.Rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Insert puts a row in past the Store.
func (s *Store) Insert(table string, columns []string, values []any) error {
	_, err := s.Exec(`INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) VALUES (`+listOf(len(columns), "?")+`)`, values...)
	return err
}

// SealedTables names the tables whose rows the journal knows, with the columns that it leaves out.
func SealedTables() map[string][]string {
	out := map[string][]string{}
	for _, s := range sealedTables {
		out[s.name] = s.apart
	}
	return out
}
