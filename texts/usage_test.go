package texts_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/language"
)

// usedKey finds literal keys in calls of the catalogue anywhere in the program.
var usedKey = regexp.MustCompile(`\.(?:Say|Label)\((?:[^()"]|\([^()"]*\))*,\s*"([a-z_0-9]+(?:\.[a-z_0-9]+)+)"\s*[,)]`)

// A misspelt key would show itself only when a customer meets it.
func TestKeysUsedByTheProgramExist(t *testing.T) {
	t.Parallel()
	c := load(t)
	used := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "texts" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile("../" + path)
		if err != nil {
			return err
		}
		for _, found := range usedKey.FindAllStringSubmatch(string(source), -1) {
			used++
			if !c.Has(language.English, found[1]) {
				t.Errorf("%s uses the text %q, which is not in the catalogue", path, found[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if used == 0 {
		t.Error("no use of any text was found; has the way of calling changed?")
	}
}
