package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/rapport-chat/rapport/config"
)

const token = "123456:not-to-be-printed"

type holder struct {
	Token  config.Secret
	hidden config.Secret
	Many   []config.Secret
	ByName map[string]config.Secret
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := config.NewSecret(token)
	h := holder{Token: s, hidden: s, Many: []config.Secret{s}, ByName: map[string]config.Secret{"a": s}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%T", "%p", "%10.3s"} {
		for _, value := range []any{s, &s, h, &h, []any{s}, map[string]any{"token": h}} {
			if got := fmt.Sprintf(verb, value); strings.Contains(got, "not-to-be") || strings.Contains(got, fmt.Sprintf("%x", "not-to-be")) {
				t.Errorf("%s of %T shows the secret: %s", verb, value, got)
			}
		}
	}
	if got := fmt.Sprint(s); got != "<secret>" {
		t.Errorf("a secret is printed as %q", got)
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "token", s, "all", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "token", s, "all", h)
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		text, err := marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	if strings.Contains(out.String(), "not-to-be") {
		t.Errorf("a secret was written: %s", &out)
	}
	if strings.Count(out.String(), "<secret>") < 8 && strings.Count(out.String(), `\u003csecret\u003e`) < 3 {
		t.Errorf("the mask is missing: %s", &out)
	}
	if s.Reveal() != token || !s.Equal(token) || s.Equal("other") {
		t.Error("a secret does not hold its text")
	}
}

func TestSecretThatIsNotSet(t *testing.T) {
	t.Parallel()
	var none config.Secret
	if none.IsSet() || none.Reveal() != "" || none.String() != "" || config.NewSecret("").IsSet() {
		t.Error("a secret that is not set has a text")
	}
}

func TestSecretFromFileAndEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "token", "\ufeff"+token+"\r\n")
	write(t, dir, "empty", "\n")
	write(t, dir, "long", strings.Repeat("x", 20<<10))
	tests := []struct {
		name, yaml string
		opts       config.Options
		want       string
		problems   []string
	}{
		{"from the environment", "token: ${SAMPLE_TOKEN}", config.Options{}, token, nil},
		{"written out", "token: " + token, config.Options{}, token, nil},
		{"from a file beside the configuration", "token_file: token", config.Options{}, token, nil},
		{"file named by the environment", "token_file: ${NO_SUCH:-token}", config.Options{}, token, nil},
		{"not set, to run", "token: ${NO_SUCH}", config.Options{}, "", []string{"error: the environment variable NO_SUCH is not set or empty"}},
		{"not set, to check", "token: ${NO_SUCH}", config.Options{Unset: config.Warning}, "", []string{"warning: the environment variable NO_SUCH is not set or empty"}},
		{"not set, to try", "token: ${NO_SUCH}", config.Options{Unset: config.Ignore}, "", nil},
		{"no file, to check", "token_file: nowhere", config.Options{Unset: config.Warning}, "", []string{"warning: cannot read the secret file: there is no such file"}},
		{"no file, to try", "token_file: nowhere", config.Options{Unset: config.Ignore}, "", nil},
		{"empty file", "token_file: empty", config.Options{}, "", []string{"error: the secret in the file is empty"}},
		{"wrong file", "token_file: long", config.Options{}, "", []string{"error: cannot read the secret file: the file is too large"}},
		{"the mask", "token: <secret>", config.Options{}, "", []string{"error: token is the mask <secret>, not the secret itself"}},
		{"a map", "token: {a: hunter2}", config.Options{}, "", []string{"error: expected a secret, found a map of keys"}},
		{"neither", "{}", config.Options{}, "", []string{`error: the file has no "token"`}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, dir, fmt.Sprintf("config%d.yaml", i), tt.yaml+"\n")
			tt.opts.Env = environment
			doc, r := config.Load(path, tt.opts)
			var into struct {
				Token config.Secret `yaml:"token" check:"required"`
			}
			config.Decode(doc.Root, &into, r)
			var got []string
			for _, p := range r.Problems() {
				got = append(got, p.Severity.String()+": "+p.Message)
				if strings.Contains(p.Source, "not-to-be") || strings.Contains(p.Source, "hunter2") {
					t.Errorf("the problem shows the secret: %s", p.Source)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.problems) {
				t.Errorf("problems %q, want %q", got, tt.problems)
			}
			if into.Token.Reveal() != tt.want {
				t.Errorf("the secret is %q, want %q", into.Token.Reveal(), tt.want)
			}
		})
	}
}

// TestExcerptsMaskSecrets draws problems beside secrets in every form of YAML.
func TestExcerptsMaskSecrets(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"flow map":                   `a: {token: hunter2hunter2, oops: 1}`,
		"reversed":                   `a: {oops: 1, token: hunter2hunter2}`,
		"double quotes":              `a: {token: "hunter2: \"hunter2\"", oops: 1}`,
		"single quotes":              `a: {token: 'hunter2''hunter2', oops: 1}`,
		"several lines":              "a:\n  token: >\n    hunter2\n    hunter2\n  oops: 1",
		"over a line break":          "a:\n  {token: hunter2\n   hunter2, oops: 1}",
		"quoted, two lines":          "a:\n  {token: \"hunter2\n   hunter2\", oops: 1}",
		"default of a variable":      `a: {token: "${NO_SUCH:-hunter2}", oops: 1}`,
		"beside a variable":          `a: {token: "${SAMPLE_WORD}hunter2", oops: 1}`,
		"misspelt":                   `a: {tokn: hunter2, oops: 1}`,
		"misspelt, a list":           `a: {tokn: [hunter2, hunter2], oops: 1}`,
		"misspelt, a map":            `a: {tokn: {x: hunter2}, oops: 1}`,
		"in a place without secrets": `b: {password: hunter2, oops: 1}`,
		"twice":                      "a: {token: hunter2, token: hunter2, oops: 1}",
		"with a file":                "a: {token: hunter2, token_file: x, oops: 1}",
		"syntax error":               "a: {token: hunter2 hunter2, oops: 1\nb: {}",
		"syntax error in quotes":     "a: {token: \"hunter2}\nb: {}",
		"tab":                        "a:\n\ttoken: hunter2\n",
		"address":                    "b: {url: postgres://me:hunter2@db/x, oops: 1}",
		"address in a broken line":   "b: {url: postgres://me:hunter2@db/x, [}",
		"after tabs":                 "a: {\ttoken:\thunter2,\toops: 1}",
		"merged":                     "x: &x {token: hunter2, oops: 1}\na: {<<: *x}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, r := config.Parse("c.yaml", []byte(text+"\n"), config.Options{Env: environment})
			var into struct {
				A struct {
					Token config.Secret `yaml:"token"`
				} `yaml:"a"`
				B struct{} `yaml:"b"`
			}
			config.Decode(doc.Root, &into, r)
			problems := r.Problems()
			if len(problems) == 0 {
				t.Fatal("no problem found")
			}
			var out bytes.Buffer
			if err := problems.Render(&out, false); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "not-to-be") {
				t.Errorf("a secret is shown:\n%s", &out)
			}
		})
	}
}
