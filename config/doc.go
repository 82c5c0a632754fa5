// Package config reads an operator's file and says everything that is wrong
// with it at once, each problem with file:line:column, the offending line and a
// hint that cures it.
//
// The package knows no platform and no feature. Load turns files into a tree of
// nodes that remember where they stand; Decode walks the tree into structs that
// other packages own. Value types (Duration, Hours, Date, Secret and so on)
// parse what operators write and complain in the operator's words.
//
//	type Settings struct {
//		config.At                                           // where this section stands
//		Name   string          `yaml:"name" check:"required" doc:"Name of the shop."`
//		Reply  config.Duration `yaml:"first_response" check:"min=1m,max=7d"`
//		Token  config.Secret   `yaml:"token"`               // reads token or token_file
//		Topics config.Map[Topic] `yaml:"topics"`            // keyed by id, in file order
//	}
//
//	func (s *Settings) Check(r *config.Report) {            // called after decoding
//		if !known(s.Name) {
//			r.Errorf(s.Field("name"), "write one of: …", "there is no shop %q", s.Name)
//		}
//	}
//
//	doc, report := config.Load("rapport.yaml", config.Options{})
//	settings := Settings{Reply: config.Duration(15 * time.Minute)} // defaults first
//	config.Decode(doc.Root, &settings, report)
//	if problems := report.Problems(); problems.HasErrors() {
//		problems.Render(os.Stderr, false)
//	}
package config
