package loyalty

import (
	"github.com/invopop/jsonschema"

	"github.com/rapport-chat/rapport/config"
)

// Category is how much more a category of goods brings. In the file it is a factor alone, or a factor with the name by
// which customers know the category: beans: 2, or beans: {times: 2, title: {az: Qəhvə dənələri, en: Coffee beans}}.
type Category struct {
	Times Factor
	Title config.LocalText
}

// categoryMap is the longer form of a Category.
type categoryMap struct {
	config.At
	Times Factor           `yaml:"times" check:"required"`
	Title config.LocalText `yaml:"title"`
}

// DecodeConfig implements config.NodeDecoder.
func (c *Category) DecodeConfig(n config.Node, r *config.Report) {
	if n.Kind() != config.Mapping {
		config.Decode(n, &c.Times, r)
		return
	}
	var m categoryMap
	config.Decode(n, &m, r)
	c.Times, c.Title = m.Times, m.Title
}

// JSONSchema implements config.SchemaDescriber.
func (*Category) JSONSchema() *jsonschema.Schema {
	long := &jsonschema.Schema{Type: "object", Required: []string{"times"}, AdditionalProperties: jsonschema.FalseSchema, Properties: jsonschema.NewProperties()}
	long.Properties.Set("times", &jsonschema.Schema{Type: "number", Description: "How many times more it brings."})
	long.Properties.Set("title", &jsonschema.Schema{Description: "The name by which customers know it: a text, or one by language."})
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "number"}, long}}
}
