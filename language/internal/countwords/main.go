// Command countwords makes one of the lists in language/wordfreq from a file of the
// MASSIVE 1.1 data set (JSON lines with "partition" and "utt").
//
//	go run ./language/internal/countwords -keep 4000 < az-AZ.jsonl > language/wordfreq/az.txt
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
)

// partition is the part of the data set that is counted; the others stay unseen, so
// that they can be used for measuring.
const partition = "train"

func main() {
	keep := flag.Int("keep", 4000, "number of most frequent words to keep")
	limit := flag.Int("limit", 5779, "number of requests to count, 0 for all")
	flag.Parse()
	if err := count(os.Stdin, os.Stdout, *keep, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "countwords:", err)
		os.Exit(1)
	}
}

// count reads requests from in and writes the most frequent words to out, by falling
// number of requests and then by alphabet.
func count(in io.Reader, out io.Writer, keep, limit int) error {
	requests, counts := 0, make(map[string]int)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && (limit == 0 || requests < limit) {
		var request struct{ Partition, Utt string }
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return fmt.Errorf("read request %d: %w", requests+1, err)
		}
		if request.Partition != partition {
			continue
		}
		requests++
		seen := make(map[string]bool)
		for _, w := range strings.FieldsFunc(strings.ToLower(request.Utt), func(r rune) bool { return !unicode.IsLetter(r) }) {
			if !seen[w] {
				seen[w] = true
				counts[w]++
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read requests: %w", err)
	}
	words := make([]string, 0, len(counts))
	for w := range counts {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	buffered := bufio.NewWriter(out)
	fmt.Fprintf(buffered, "# %d\n", requests)
	for _, w := range words[:min(keep, len(words))] {
		fmt.Fprintf(buffered, "%s %d\n", w, counts[w])
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write words: %w", err)
	}
	return nil
}
