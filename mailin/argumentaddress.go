package mailin

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"aduan/tickets"
)

// plainAddress takes from an address what mail programs and sentences put around it: brackets, mailto:, a closing full stop. It
// is false where the word is no address.
func plainAddress(word string) (string, bool) {
	w := strings.Trim(word, closing)
	if len(w) >= 7 && strings.EqualFold(w[:7], "mailto:") {
		w, _, _ = strings.Cut(w[7:], "?")
		if plain, err := url.PathUnescape(w); err == nil && utf8.ValidString(plain) {
			w = plain
		}
		w = strings.Trim(w, closing)
	}
	if strings.HasSuffix(w, "_") { // italic: no domain ends so
		w = strings.Trim(w, "_")
	}
	at := strings.IndexByte(w, '@')
	if at <= 0 || at == len(w)-1 || strings.Count(w, "@") != 1 || strings.ContainsAny(w, " <>()[],;\"\\") || strings.ContainsFunc(w, unicode.IsControl) {
		return word, false
	}
	return w, true
}

// isLink says whether a word is the address behind a link or a name: <budi@…>, [mailto:budi@…], (mailto:budi@…).
func isLink(a argument) bool {
	return !a.quoted && len(a.text) > 1 && strings.ContainsRune("<[(", rune(a.text[0])) && strings.Contains(a.text, "@")
}

// plainAddresses gives the arguments of a command that takes addresses: each address once, however it was linked, separated or
// introduced by its person's name; other words (a team) without closing punctuation.
func plainAddresses(args []argument) []string {
	plain, seen := make([]string, 0, len(args)), map[string]bool{}
	words := 0 // at the end of plain, that are no address
	for i, a := range args {
		addresses, ok := severalAddresses(a.text)
		if !ok {
			w := a.text
			if !a.quoted {
				w = strings.Trim(w, closing)
			}
			if w != "" {
				plain = append(plain, w)
				words++
			}
			continue
		}
		if isLink(a) && isName(args[:i], words) {
			plain = plain[:len(plain)-words]
		}
		words = 0
		for _, address := range addresses {
			if key := tickets.Key(address); !seen[key] {
				seen[key] = true
				plain = append(plain, address)
			}
		}
	}
	return plain
}

// severalAddresses reads one word as addresses with commas or semicolons between them.
func severalAddresses(word string) ([]string, bool) {
	var all []string
	for _, w := range strings.FieldsFunc(word, func(r rune) bool { return r == ',' || r == ';' }) {
		address, ok := plainAddress(w)
		if !ok {
			return nil, false
		}
		all = append(all, address)
	}
	return all, len(all) > 0
}

// isName says whether the last words before an address in brackets are its person's name, as mail programs complete it. A word
// in lower case is not: it may be a team, and then two things were said.
func isName(before []argument, words int) bool {
	if words == 0 || words > 5 || words > len(before) {
		return false
	}
	for _, a := range before[len(before)-words:] {
		first, _ := utf8.DecodeRuneInString(a.text)
		if !a.quoted && first != '@' && !unicode.IsUpper(first) {
			return false
		}
	}
	return true
}

// addressValue reads the address of a field, with the name before it or the link behind it.
func (r *argumentReader) addressValue(value string) string {
	address, ok := plainAddress(value)
	if !ok {
		for n := 0; n < len(r.todo) && n < 4; n++ {
			if a, found := plainAddress(r.todo[n].text); found && isLink(r.todo[n]) {
				address, r.todo, ok = a, r.todo[n+1:], true
				break
			}
		}
	}
	if ok && len(r.todo) > 0 && isLink(r.todo[0]) {
		link, _ := plainAddress(r.todo[0].text)
		if name, a, cut := strings.Cut(link, "="); cut && r.keys[strings.ToLower(name)] != "" { // a link made of key=address
			link = a
		}
		if tickets.Key(link) == tickets.Key(address) {
			r.todo = r.todo[1:]
		}
	}
	return address
}
