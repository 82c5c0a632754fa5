package audience

import (
	"github.com/rapport-chat/rapport/config"
)

// Config is the section audiences: named conditions.
type Config struct{ config.Map[Definition] }

// Definition is one named audience.
type Definition struct {
	config.At
	Who   config.Located[string] `yaml:"who" check:"required" doc:"A condition, such as orders.count(\"90d\") >= 3."`
	About config.LocalText       `yaml:"about" doc:"What it means, in words; given by language it answers “Why me?”."`
}

// Check reports what is wrong with the condition, at its place.
func (d *Definition) Check(r *config.Report) {
	if d.Who.Value != "" {
		checkExpression(r, d.Who)
	}
}

// CheckReference reports a to: that is neither an audience's name nor a condition.
func (c *Config) CheckReference(r *config.Report, to config.Located[string]) {
	if to.Value == "" || to.Value == Everyone {
		return
	}
	if _, ok := c.Get(to.Value); ok {
		return
	}
	if isName(to.Value) && !known(to.Value) {
		r.UnknownID(to.At, "audience", to.Value, append(c.IDs(), Everyone))
		return
	}
	checkExpression(r, to)
}

func checkExpression(r *config.Report, of config.Located[string]) {
	_, err := Compile(of.Value)
	if bad, ok := asError(err); ok {
		r.ErrorIn(of.At, bad.Offset, bad.Hint, "the condition cannot be used: %s", bad.Message)
	}
}

// isName says that a text can only be a name: one word.
func isName(text string) bool {
	for _, c := range text {
		if c != '_' && c != '-' && c < 0x80 && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func known(name string) bool { _, ok := needsOf[name]; return ok || name == "reachable" }
