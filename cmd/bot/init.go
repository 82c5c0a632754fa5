package main

import (
	"bufio"
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/language"
)

//go:embed starter
var starter embed.FS

type initCmd struct {
	Yes bool   `help:"Take every default instead of asking."`
	Dir string `default:"." help:"Where to write the files."`
}

// question is one of the things that init asks.
type question struct {
	key, text, standard string
	check               func(answer string) error
}

// questions are asked in this order.
var questions = []question{
	{"name", "What is your business called, as customers know it?", "My Shop", notEmpty},
	{"languages", "Which languages do your customers write? (az, tr, ru, en; the first is the default)", "az, tr, ru, en", checkLanguages},
	{"timezone", "In which time zone are you?", "Asia/Baku", checkZone},
	{"currency", "Which currency do you take?", "AZN", checkCurrency},
	{"hours", "When does somebody answer? (for example 10:00-19:00)", "10:00-19:00", checkHours},
	{"address", "Where are you? (street and city)", "Nizami 10, Baku", notEmpty},
	{"phone", "Which phone number may customers call?", "+994 12 000 00 00", notEmpty},
	{"delivery", "Do you deliver? (yes or no)", "yes", yesOrNo},
	{"points", "Do you want to give points for purchases? (yes or no)", "yes", yesOrNo},
	{"offers", "Do you want to send a weekly offer to those who agree? (yes or no)", "no", yesOrNo},
}

// Run asks, and writes a config and articles that work.
func (c *initCmd) Run(con terminal) error {
	configFile, articleFile := filepath.Join(c.Dir, defaultConfig), filepath.Join(c.Dir, "knowledge", "first.yaml")
	for _, file := range []string{configFile, articleFile} {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return usageError{fmt.Errorf("%s is there already; move it away first, nothing was changed", file)}
		}
	}
	answers, err := c.ask(con)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(articleFile), 0o755); err != nil {
		return err
	}
	for file, name := range map[string]string{configFile: "starter/rapport.yaml.tmpl", articleFile: "starter/first.yaml.tmpl"} {
		content, err := fill(name, answers)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(con.out, "wrote", file)
	}
	fmt.Fprintf(con.out, "Next: bot check -c %[1]s, then bot sandbox -c %[1]s. For a real bot, set TELEGRAM_TOKEN and: bot run -c %[1]s\n", configFile)
	return nil
}

// ask puts the questions until each has an answer that will do.
func (c *initCmd) ask(con terminal) (map[string]string, error) {
	answers := map[string]string{}
	in := bufio.NewScanner(con.in)
	for _, q := range questions {
		for {
			answer := q.standard
			if !c.Yes {
				fmt.Fprintf(con.out, "%s [%s] ", q.text, q.standard)
				if !in.Scan() {
					fmt.Fprintln(con.out)
					return nil, usageError{errors.New("the answers ended early; nothing was written (bot init --yes takes the defaults)")}
				}
				if typed := strings.TrimSpace(in.Text()); typed != "" {
					answer = typed
				}
			}
			if err := q.check(answer); err != nil {
				fmt.Fprintf(con.out, "That will not do: %s.\n", err)
				continue
			}
			answers[q.key] = answer
			break
		}
	}
	return answers, nil
}

// fill fills a starter file. Answers become quoted YAML, so that no answer can break the file.
func fill(name string, answers map[string]string) ([]byte, error) {
	langs, err := languagesOf(answers["languages"])
	if err != nil {
		return nil, err
	}
	t, err := template.New(filepath.Base(name)).Funcs(template.FuncMap{
		"quote": func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" },
		"in":    func(code string) bool { return slices.Contains(langs, language.Code(code)) },
		"list": func() string {
			names := make([]string, len(langs))
			for i, l := range langs {
				names[i] = string(l)
			}
			return strings.Join(names, ", ")
		},
		"today": func() string { return time.Now().Format(time.DateOnly) },
	}).ParseFS(starter, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, answers)
	return out.Bytes(), err
}

func notEmpty(answer string) error {
	if strings.TrimSpace(answer) == "" || strings.ContainsAny(answer, "\n\r\t") {
		return errors.New("write one line")
	}
	return nil
}

func languagesOf(answer string) ([]language.Code, error) {
	var langs []language.Code
	for _, word := range strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || r == ' ' }) {
		code, ok := language.Parse(word)
		if !ok {
			return nil, fmt.Errorf("%q is not one of az, tr, ru, en", word)
		}
		if !slices.Contains(langs, code) {
			langs = append(langs, code)
		}
	}
	if len(langs) == 0 {
		return nil, errors.New("name at least one of az, tr, ru, en")
	}
	return langs, nil
}

func checkLanguages(answer string) error {
	_, err := languagesOf(answer)
	return err
}

func checkZone(answer string) error {
	_, err := config.ParseZone(answer)
	return err
}

func checkCurrency(answer string) error {
	_, err := config.ParseCurrency(answer)
	return err
}

func checkHours(answer string) error {
	_, err := config.ParseTimeRange(answer)
	return err
}

func yesOrNo(answer string) error {
	if answer != "yes" && answer != "no" {
		return errors.New("write yes or no")
	}
	return nil
}
