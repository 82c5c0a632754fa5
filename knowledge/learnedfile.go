package knowledge

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rapport-chat/rapport/config"
)

// LearnedFile is the file of articles into which what staff teach is written, for the operator to read and commit. It
// changes line by line: what else stands in it, the operator's own edits and remarks among it, stays as it is.
type LearnedFile struct {
	Path string
}

// ErrLearnedFile is a learned file that cannot be changed safely.
var ErrLearnedFile = errors.New("the file of learned articles cannot be changed")

// learnedHead begins a new file.
const learnedHead = `# What staff taught the bot. It is in force already; commit this file to keep it with your own articles, and edit it
# like them: what stands here counts before what the bot remembers.
`

// Add writes a lesson. Nothing happens when the file has it, or when one of the others does.
func (f LearnedFile) Add(l Lesson, others []Article) error {
	return f.change(func(lines []string, content Content) ([]string, error) {
		articles := slices.Concat(content.Articles, others)
		if l.Kind == TaughtArticle {
			if slices.ContainsFunc(articles, func(a Article) bool { return a.ID == l.ArticleID }) {
				return lines, nil
			}
			return insert(lines, "articles", l.articleLines())
		}
		for _, p := range l.Text.Phrasings {
			line := l.phrasingLine(p)
			if has(articles, l, p) || slices.ContainsFunc(lines, func(other string) bool { return samePhrasing(other, line) }) {
				continue
			}
			var err error
			if lines, err = insert(lines, "phrasings", []string{line}); err != nil {
				return nil, err
			}
		}
		return lines, nil
	})
}

// Remove takes a lesson out of the file. Nothing happens when the file does not have it.
func (f LearnedFile) Remove(l Lesson) error {
	if _, err := os.Stat(f.Path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return f.change(func(lines []string, _ Content) ([]string, error) {
		if l.Kind == TaughtArticle {
			return removeArticle(lines, l.ArticleID), nil
		}
		for _, p := range l.Text.Phrasings {
			line := l.phrasingLine(p)
			lines = slices.DeleteFunc(lines, func(other string) bool { return samePhrasing(other, line) })
		}
		return lines, nil
	})
}

// change reads the file, has it changed, and puts the new one in its place once that reads without an error.
func (f LearnedFile) change(edit func(lines []string, content Content) ([]string, error)) error {
	raw, err := os.ReadFile(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		raw, err = []byte(learnedHead), nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLearnedFile, err)
	}
	content, err := f.parse(raw)
	if err != nil {
		return err
	}
	was := strings.ReplaceAll(string(raw), "\r\n", "\n")
	lines, err := edit(strings.Split(was, "\n"), content)
	if err != nil {
		return err
	}
	is := strings.Join(dropEmpty(lines), "\n")
	if is == was {
		return nil
	}
	if _, err := f.parse([]byte(is)); err != nil {
		return err
	}
	return f.replace(is)
}

// parse reads the text as loading would.
func (f LearnedFile) parse(raw []byte) (Content, error) {
	doc, report := config.Parse(filepath.Base(f.Path), raw, config.Options{Unset: config.Ignore})
	var file articleFile
	config.Decode(doc.Root, &file, report)
	var content Content
	for id, section := range file.Articles.All() {
		content.Articles = append(content.Articles, section.article(id, report))
	}
	for _, p := range report.Problems() {
		if p.Severity == config.Error {
			return content, fmt.Errorf("%w: %s: %s", ErrLearnedFile, p.Place(), p.Message)
		}
	}
	return content, nil
}

// replace writes beside the file and renames, so that a reader sees the old or the new one.
func (f LearnedFile) replace(text string) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil { //nolint:gosec // the operator's articles, which are no secret
		return fmt.Errorf("%w: %w", ErrLearnedFile, err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".*")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLearnedFile, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrLearnedFile, errors.Join(err, os.Remove(fresh.Name())))
		}
	}()
	_, err = fresh.WriteString(text)
	if err == nil {
		err = fresh.Chmod(0o644) // as an editor would leave it, for whoever commits it
	}
	if err == nil {
		err = fresh.Sync()
	}
	if err = errors.Join(err, fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), f.Path)
}

// insert puts lines of one entry first into a section, which is made when the file has none.
func insert(lines []string, section string, entry []string) ([]string, error) {
	at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, section+":") })
	if at < 0 {
		for len(lines) > 0 && lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		return slices.Concat(lines, []string{section + ":"}, entry, []string{""}), nil
	}
	if rest := strings.TrimSpace(strings.TrimPrefix(lines[at], section+":")); rest != "" && !strings.HasPrefix(rest, "#") {
		return nil, fmt.Errorf("%w: write what follows %s: on lines of its own", ErrLearnedFile, section)
	}
	indent := entryIndent(lines[at+1:])
	shifted := make([]string, len(entry))
	for i, line := range entry {
		shifted[i] = indent + strings.TrimPrefix(line, usualIndent)
	}
	return slices.Insert(slices.Clone(lines), at+1, shifted...), nil
}

const usualIndent = "  "

// entryIndent is how far the entries of the section that begins with these lines are indented.
func entryIndent(lines []string) string {
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case strings.HasPrefix(text, "- ") || len(text) < len(line):
			return line[:len(line)-len(text)]
		}
		break
	}
	return usualIndent
}

// removeArticle takes out the entry of an article, with the remark above that says who taught it.
func removeArticle(lines []string, id string) []string {
	entry := regexp.MustCompile(`^( +)["']?` + regexp.QuoteMeta(id) + `["']?:`)
	inside, start, indent := false, -1, 0
	for i, line := range lines {
		text := strings.TrimLeft(line, " ")
		depth := len(line) - len(text)
		switch {
		case text == "" || text[0] == '#' && depth > indent && start >= 0:
		case start >= 0 && depth <= indent:
			return cut(lines, start, i)
		case depth == 0 && text[0] != '#':
			inside = strings.HasPrefix(line, "articles:")
		case inside && start < 0 && entry.MatchString(line):
			start, indent = i, depth
		}
	}
	if start < 0 {
		return lines
	}
	return cut(lines, start, len(lines))
}

// cut removes lines from start up to end; empty ones at the end stay.
func cut(lines []string, start, end int) []string {
	for end > start && lines[end-1] == "" {
		end--
	}
	if start > 0 && strings.HasPrefix(strings.TrimSpace(lines[start-1]), taughtMark) {
		start--
	}
	return slices.Delete(slices.Clone(lines), start, end)
}

// dropEmpty takes away sections in which nothing is left.
func dropEmpty(lines []string) []string {
	for _, section := range []string{"articles:", "phrasings:"} {
		at := slices.Index(lines, section)
		if at < 0 {
			continue
		}
		next := at + 1
		for next < len(lines) && lines[next] == "" {
			next++
		}
		if next == len(lines) || lines[next][0] != ' ' && lines[next][0] != '-' && lines[next][0] != '#' {
			lines = slices.Delete(slices.Clone(lines), at, at+1)
		}
	}
	return lines
}

// taughtMark begins the remark above a taught article.
const taughtMark = "# taught by "

func (l Lesson) articleLines() []string {
	var b strings.Builder
	b.WriteString(usualIndent + taughtMark + oneLine(l.Author) + ", " + l.At.Format("2006-01-02") + "\n")
	fmt.Fprintf(&b, "  %s:\n    reviewed: %s\n", l.ArticleID, l.At.Format("2006-01-02"))
	l.Text.write(&b, l.Language)
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func (l Lesson) phrasingLine(phrasing string) string {
	return fmt.Sprintf("%s- {article: %s, %s: %s} %s%s, %s", usualIndent, l.ArticleID, l.Language, quoteYAML(phrasing),
		taughtMark, oneLine(l.Author), l.At.Format("2006-01-02"))
}

// samePhrasing says whether two lines teach the same, whoever taught it and however they are indented.
func samePhrasing(a, b string) bool {
	bare := func(line string) string {
		line = strings.TrimSpace(line)
		if i := strings.LastIndex(line, "} "+taughtMark); i >= 0 {
			line = line[:i+1]
		}
		return line
	}
	return bare(a) == bare(b)
}

// has says whether an article has the phrasing already.
func has(articles []Article, l Lesson, phrasing string) bool {
	for _, a := range articles {
		if a.ID != l.ArticleID {
			continue
		}
		questions := a.Texts[l.Language].questions()
		if len(different(append(slices.Clone(questions), phrasing), l.Language)) == len(different(questions, l.Language)) {
			return true
		}
	}
	return false
}

// oneLine keeps a name from breaking out of its remark.
func oneLine(name string) string { return strings.Join(strings.Fields(name), " ") }
