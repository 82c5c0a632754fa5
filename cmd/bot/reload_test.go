package main

import (
	"slices"
	"testing"

	"github.com/rapport-chat/rapport/config"
)

// TestChangedSections edits a file as operators do and expects to be told exactly what takes a restart.
func TestChangedSections(t *testing.T) {
	t.Parallel()
	const file = "brand: {name: Nar}\ndesk:\n  first_response: 15m\noffers:\n  friday: {every: Friday 10:00, text: hi}\nknowledge: {files: [a.yaml]}\n"
	for name, tt := range map[string]struct {
		edited string
		want   []string
	}{
		"nothing":                   {file, nil},
		"a comment and other lines": {"# new\n\nbrand:\n  name: Nar # us\ndesk: {first_response: 15m}\noffers:\n  friday:\n    every: Friday 10:00\n    text: hi\nknowledge: {files: [a.yaml]}\n", nil},
		"articles": {
			"brand: {name: Nar}\ndesk: {first_response: 15m}\noffers: {friday: {every: Friday 10:00, text: hi}}\nknowledge: {files: [a.yaml, b.yaml]}\n", nil,
		},
		"a time and an offer": {
			"brand: {name: Nar}\ndesk: {first_response: 20m}\noffers: {friday: {every: Friday 10:00, text: hi}, wed: {every: Wednesday 11:30, text: hi}}\nknowledge: {files: [a.yaml]}\n",
			[]string{"desk", "offers"},
		},
		"a section taken out": {
			"brand: {name: Nar}\ndesk: {first_response: 15m}\nknowledge: {files: [a.yaml]}\n", []string{"offers"},
		},
		"a section put in": {file + "texts: mine\n", []string{"texts"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, _ := config.Parse("rapport.yaml", []byte(file), config.Options{})
			is, _ := config.Parse("rapport.yaml", []byte(tt.edited), config.Options{})
			if got := changedSections(was, is); !slices.Equal(got, tt.want) {
				t.Errorf("changedSections() = %q, want %q", got, tt.want)
			}
		})
	}
}
