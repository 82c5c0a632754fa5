package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rapport-chat/rapport/config"
	"github.com/rapport-chat/rapport/texts"
)

// catalogue is the built-in texts with the operator's own over them. What is wrong with those is answered beside it.
func (s settings) catalogue() (*texts.Catalogue, []texts.Problem, error) {
	c, err := texts.Load()
	if err != nil {
		return nil, nil, fmt.Errorf("read the built-in texts: %w", err)
	}
	c.SetDefault(s.Brand.Languages[0])
	c.SetCommon(texts.Vars{"brand": s.Brand.Name})
	if s.Texts == "" {
		return c, nil, nil
	}
	return c, c.LoadOverrides(os.DirFS(s.Resolve(s.Texts))), nil
}

// checkTexts reports what is wrong with the operator's own texts.
func (s settings) checkTexts(r *config.Report) {
	if s.Texts == "" || len(s.Brand.Languages) == 0 {
		return
	}
	if info, err := os.Stat(s.Resolve(s.Texts)); err != nil || !info.IsDir() {
		r.Errorf(s.Field("texts"), "make the folder, or leave texts out", "there is no folder %s", s.Texts)
		return
	}
	_, problems, err := s.catalogue()
	if err != nil {
		r.Errorf(s.Field("texts"), "this is a mistake in the program: please report it", "%s", err)
	}
	for _, p := range problems {
		severity := config.Error
		if p.Warning {
			severity = config.Warning
		}
		message := p.Message
		if p.Key != "" {
			message = p.Key + ": " + message
		}
		r.Add(config.Problem{
			Severity: severity, File: filepath.Join(s.Texts, p.File), Line: p.Line, Column: p.Column, Message: message,
			Hint: "docs/texts.md has the keys and what may stand in a text",
		})
	}
}
