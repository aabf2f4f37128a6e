// Package mailin brings mail in: from a mailbox, a file or a pipe to the record.
//
// What it promises:
//   - A mail leaves the inbox only after it is on record; until then every fault leaves it where it is, to be tried again.
//     What the record knows already is only filed away: a second sight of a mail changes nothing.
//   - The raw mail is kept as it came, under its SHA-256, before anything is read out of it. Nothing holds a whole mail in memory.
//   - No mail is refused. Reading never fails, it only knows less: what cannot be parsed becomes an unreadable report with the
//     raw mail attached. Only infrastructure fails (database, disk, connection).
//   - One bad mail stops no other. What fails again and again alone goes to the failed folder, on record, and people are told.
//
// Reading is done by pure functions (no clock, no store, no logger): what a mail says, what of it is new, which commands it
// gives, whether a robot wrote it. Who may do what is decided in package tickets.
package mailin
