// Package mailout turns notices into mail and hands them to a relay.
//
// What rendering promises:
//   - A notice becomes one mail to one person. To names nobody else, and nothing that came from outside reaches a header with
//     a line break or a control character in it.
//   - What is internal goes to staff only. A notice that would tell anybody else an internal kind, an internal message, the
//     case or a staff address is refused with ErrInternal before a byte is written; it is never mended silently.
//   - To a recipient who is not proven nothing is said in words of theirs: no name, no file name, no text.
//   - The text part says all that the HTML part says. Both come from the same words (package templates).
//   - Rendering the same notice again gives the same words, but other MIME boundaries: whoever must send the same mail twice
//     keeps the bytes.
//
// After an error what was written is no mail and must be thrown away.
package mailout
