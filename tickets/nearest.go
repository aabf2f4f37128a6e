package tickets

// EditDistance counts the letters by which two words differ: one left out, one too many, one for another, or two neighbours
// swapped (Damerau-Levenshtein distance in its optimal string alignment form, where no letter is touched twice).
func EditDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}

// longestWord bounds what is compared: no word of ours comes near it, and words from mails may be of any length.
const longestWord = 64

// Nearest returns the word that was probably meant: at most two letters off and less than half of the word. "" where nothing
// is near; the first one among equals.
func Nearest(word string, among []string) string {
	w := Key(word)
	letters := len([]rune(w))
	if letters == 0 || letters > longestWord {
		return ""
	}
	best, nearest := 3, ""
	for _, a := range among {
		if d := EditDistance(w, Key(a)); d < best && 2*d < letters {
			best, nearest = d, a
		}
	}
	return nearest
}

// NearestCommand returns the command word that was probably meant, in the language in which it is near, without the slash;
// "" where none is near.
func NearestCommand(word string) string { return Nearest(word, commandWords()) }

// NearCommand says whether a word is a command in either language or one letter from one: what somebody may have meant as a
// command. It is stricter than NearestCommand about long words and looser about short ones.
func NearCommand(word string) bool {
	w := Key(word)
	if len(w) > longestWord {
		return false
	}
	for _, c := range commandWords() {
		if more := len(w) - len(c); more <= 4 && more >= -1 && EditDistance(w, c) <= 1 { // a letter has four bytes at most
			return true
		}
	}
	return false
}

// commandWords lists the words of all commands, each once.
func commandWords() []string {
	words := make([]string, 0, 2*len(Commands))
	for _, c := range Commands {
		words = append(words, c.Name)
		if c.Alias != c.Name {
			words = append(words, c.Alias)
		}
	}
	return words
}
