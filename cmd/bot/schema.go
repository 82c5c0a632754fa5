package main

import (
	"fmt"
	"os"

	"github.com/rapport-chat/rapport/config"
)

//go:generate go run . schema --out ../../docs/rapport.schema.json

type schemaCmd struct {
	Out string `placeholder:"FILE" help:"Where to write it; standard output when left out."`
}

// Run writes the JSON Schema of the config, with which editors complete and check it.
func (s *schemaCmd) Run(con terminal) error {
	root := defaults()
	raw, err := config.JSONSchema(&root, nil)
	if err != nil {
		return fmt.Errorf("make the schema: %w", err)
	}
	if s.Out == "" {
		_, err = con.out.Write(raw)
		return err
	}
	return os.WriteFile(s.Out, raw, 0o644)
}
