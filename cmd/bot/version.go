package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct {
	JSON bool `help:"As JSON."`
}

// build is what is known of how the program was built.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Time     string `json:"time,omitempty"` // of the revision, RFC 3339
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func buildFacts() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Revision = s.Value
			case "vcs.time":
				b.Time = s.Value
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
		if b.Version == "" {
			b.Version = info.Main.Version
		}
	}
	if b.Version == "" {
		b.Version = "devel"
	}
	return b
}

// Run prints the build's facts.
func (v *versionCmd) Run(con terminal) error {
	b := buildFacts()
	if v.JSON {
		return json.NewEncoder(con.out).Encode(b)
	}
	modified := ""
	if b.Modified {
		modified = " with changes"
	}
	_, err := fmt.Fprintf(con.out, "rapport %s (%s%s) %s %s\n", b.Version, b.Revision, modified, b.Go, b.Platform)
	return err
}
