// Package tickets holds the vocabulary and the rules of the gateway: tickets and their states, people and their roles, the
// table of mail commands, events, notices, reply addresses, the evidence, and the Store that keeps all of it.
//
// What it promises:
//   - One mail, one transaction. Store.File writes the ledger, the message, the ticket, the effects of the mail's commands,
//     the events and the notices together. After a fault either all of it is there or nothing is, and filing the same mail
//     again changes nothing.
//   - The record is append-only. Every change is an event that carries the SHA-256 of its content and of the event before it;
//     raw mails lie in the evidence store under their own SHA-256. The journal keeps, in the same transaction, how each row then
//     reads: whoever writes a row of a sealedTable says so with tx.wrote. Store.Audit finds what was changed afterwards.
//   - A notice is an intent that outlives every crash: it is told at least once, always as the same mail.
//   - Only infrastructure fails (database, disk, context). What a mail asks for and may not have is an answer, never an error.
//
// It knows neither IMAP nor SMTP nor MIME: mailin hands it what a mail says, mailout takes from it what is to be told.
package tickets
