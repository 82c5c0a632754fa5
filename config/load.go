package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// defaultMaxBytes is the largest file that Load reads. The parser needs about
// 100 times as much memory and about a second per megabyte.
const defaultMaxBytes = 8 << 20

// maxFiles bounds how many files one configuration may include.
const maxFiles = 1000

// Options change how a configuration is read.
type Options struct {
	// Env looks up an environment variable; os.LookupEnv when nil.
	Env func(name string) (string, bool)
	// Unset is how severe a variable that is not set and a secret file that is
	// not there are: Error (the default) to run, Warning to check, Ignore where
	// the values are replaced anyway.
	Unset Severity
	// MaxBytes is the largest file that is read, 8 MiB when 0.
	MaxBytes int64
}

// Document is a configuration as it was read, of one or several files.
type Document struct {
	// Root is the map of sections. After a problem it holds what could be read.
	Root Node
	// Files are the absolute paths of the files read, the main file first.
	Files []string
	// Watch are the paths to watch for changes: the files, and the patterns of
	// include.
	Watch []string
}

// Load reads a configuration file and the files it names under include. It
// never fails: what is wrong is in the report, and the document holds the rest.
func Load(path string, opts Options) (*Document, *Report) {
	r := NewReport(opts)
	r.mainFile = path
	l := &loader{r: r, seen: map[string]bool{}, doc: &Document{}}
	root := l.file(path, path, At{})
	if root == nil {
		root = &node{kind: Mapping, partial: true, size: 1}
	}
	l.doc.Root = Node{l.include(root)}
	l.doc.Watch = compact(append(slices.Clone(l.doc.Files), l.watch...))
	return l.doc, r
}

// Parse reads a configuration from memory. name stands for the file in
// problems; include is not followed.
func Parse(name string, data []byte, opts Options) (*Document, *Report) {
	r := NewReport(opts)
	r.mainFile = name
	l := &loader{r: r, seen: map[string]bool{}, doc: &Document{}}
	return &Document{Root: Node{l.parse(name, filepath.Dir(name), data)}}, r
}

// Read reads further files that a configuration names, such as articles, into
// the same report: pattern stands at the given place and is relative to the
// folder of its file. The root of such a file may also be a list. Files that
// cannot be read are reported and left out.
func (r *Report) Read(at At, pattern string) []*Document {
	l := &loader{r: r, seen: map[string]bool{}, doc: &Document{}, anyRoot: true}
	shown := &source{name: r.mainFile, dir: filepath.Dir(r.mainFile)}
	if at.src != nil {
		shown = at.src
	}
	named := &node{kind: Scalar, src: shown, line: at.line, col: at.col, width: at.width, text: pattern, written: pattern}
	var out []*Document
	for _, path := range l.expandPattern(named) {
		l.doc.Files = nil
		if root := l.file(path, shownPath(shown, path), at); root != nil {
			out = append(out, &Document{Root: Node{root}, Files: l.doc.Files, Watch: l.watch})
		}
	}
	return out
}

type loader struct {
	r       *Report
	doc     *Document
	seen    map[string]bool
	watch   []string
	anyRoot bool // a list will do
}

// file reads one file; nil when it cannot be read at all.
func (l *loader) file(path, shown string, from At) *node {
	abs := absolute(path)
	l.seen[abs] = true
	l.doc.Files = append(l.doc.Files, abs)
	data, err := l.read(path)
	if err != nil {
		l.r.partial = true
		l.r.Errorf(from, readHint(err), "cannot read %s: %s", shown, readReason(err))
		return nil
	}
	return l.parse(shown, filepath.Dir(abs), data)
}

var errTooLarge = errors.New("the file is too large")

func (l *loader) read(path string) ([]byte, error) {
	limit := l.r.opts.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errIsFolder
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%w: at most %d bytes", errTooLarge, limit)
	}
	return data, err
}

var errIsFolder = errors.New("it is a folder")

func readReason(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func readHint(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "check the path; name another file with -c FILE"
	case errors.Is(err, fs.ErrPermission):
		return "let the user that runs the program read the file (chmod, chown)"
	case errors.Is(err, errTooLarge):
		return "split the file and name the parts under include"
	}
	return ""
}

// parse turns a file's bytes into a map of sections.
func (l *loader) parse(shown, dir string, data []byte) *node {
	text, problem, line := readText(data)
	src := newSource(shown, dir, text)
	l.r.order[src] = len(l.r.order)
	empty := &node{kind: Mapping, src: src, line: 1, col: 1, partial: true, size: 1}
	if problem != "" {
		l.r.Errorf(At{src: src, line: line, col: 1, width: 1}, saveAsUTF8, "%s", problem)
	}
	file, bad := parseSections(src)
	for _, section := range bad {
		l.r.partial = true
		l.r.reportSyntax(src, section)
	}
	if file == nil {
		return empty
	}
	c := &converter{src: src, r: l.r, anchors: map[string]*node{}}
	var root *node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		next := c.convert(d.Body, 0)
		if root == nil {
			root = next
			continue
		}
		l.r.Errorf(next.at(), "remove the line ---, or move the part below it to a file of its own under include", "a second document begins above this line (---); it would be ignored")
	}
	if root == nil || root.kind == Null {
		empty.partial = len(bad) > 0
		return empty
	}
	if root.kind != Mapping && !(l.anyRoot && root.kind == List) {
		l.r.Errorf(root.at(), "begin with a section, such as “brand:”", "the file must be a map of sections, not %s", root.kind)
		return empty
	}
	root.partial = root.partial || len(bad) > 0
	return root
}

// include joins the files named in the root's include list.
func (l *loader) include(root *node) *node {
	e := root.find("include")
	if e == nil {
		return root
	}
	patterns := e.value.items
	if e.value.kind == Scalar {
		patterns = []*node{e.value}
	}
	if e.value.kind == Mapping {
		l.r.Errorf(e.at, "write include: [offers/*.yaml]", "include must be a list of files")
	}
	out := *root
	out.entries = slices.DeleteFunc(slices.Clone(root.entries), func(x *entry) bool { return x.key == "include" })
	joinedRoot := &out
	for _, p := range patterns {
		for _, path := range l.expandPattern(p) {
			part := l.file(path, shownPath(p.src, path), p.at())
			if part == nil {
				joinedRoot.partial = true
				continue
			}
			if nested := part.find("include"); nested != nil {
				l.r.Errorf(nested.at, "name the file in the main file's include", "an included file cannot include others")
			}
			joinedRoot = joined(joinedRoot, part)
		}
	}
	return joinedRoot
}

// expandPattern returns the files of one line of include, sorted, each once.
func (l *loader) expandPattern(p *node) []string {
	if p.kind != Scalar {
		l.r.Errorf(p.at(), "write a path or a pattern such as offers/*.yaml", "include needs paths, not %s", p.kind)
		return nil
	}
	l.r.reportMissing(p)
	pattern := p.at().Resolve(filepath.FromSlash(p.text))
	l.watch = append(l.watch, pattern)
	if !strings.ContainsAny(p.text, "*?[") {
		return l.fresh([]string{pattern}, p)
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		l.r.Errorf(p.at(), "* stands for any characters of a name, ? for one", "%s is not a pattern", p.quote())
		return nil
	}
	if len(found) == 0 {
		l.r.Warnf(p.at(), "patterns are relative to the folder of this file", "no file matches %s", p.quote())
	}
	sort.Strings(found)
	return l.fresh(found, p)
}

func (l *loader) fresh(paths []string, p *node) []string {
	var out []string
	for _, path := range paths {
		abs := absolute(path)
		if l.seen[abs] {
			l.r.Warnf(p.at(), "name each file once", "%s is included already", shownPath(p.src, path))
			continue
		}
		if len(l.seen) >= maxFiles {
			l.r.Errorf(p.at(), "join some of the files", "more than %d files are included", maxFiles)
			return out
		}
		l.seen[abs] = true
		out = append(out, path)
	}
	return out
}

// shownPath names an included file as the main file was named on the command
// line, with its folder.
func shownPath(src *source, path string) string {
	rel, err := filepath.Rel(src.dir, path)
	if err != nil {
		return path
	}
	return filepath.Join(filepath.Dir(src.name), rel)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func compact(paths []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(paths, func(p string) bool {
		if seen[p] {
			return true
		}
		seen[p] = true
		return false
	})
}
