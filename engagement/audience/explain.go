package audience

import (
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/rapport-chat/rapport/language"
)

// Reason is why a person is in an audience, kept with a delivery. Key is the last word of a text offer.reason.*; the
// rest fills it in.
type Reason struct {
	Key   string            `json:"key"`
	N     int               `json:"n,omitempty"`
	Tier  string            `json:"tier,omitempty"`
	Item  string            `json:"item,omitempty"`
	About map[string]string `json:"about,omitempty"` // by language
}

// Term is one condition of an audience and whether it held.
type Term struct {
	Source string
	Held   bool
}

// Explain lists the conditions that must all hold, with what came of them.
func (a *Audience) Explain(c *Customer, now time.Time, p Place) ([]Term, error) {
	e := envOf(c, now, p)
	out := make([]Term, len(a.terms))
	for i, t := range a.terms {
		held, err := run(t.program, e)
		if err != nil {
			return nil, err
		}
		out[i] = Term{Source: t.source, Held: held}
	}
	return out, nil
}

// Reasons says in words why the person is in the audience: what its author wrote about it, else each condition that
// can be told.
func (a *Audience) Reasons(c *Customer, now time.Time, p Place) []Reason {
	if a.whole == nil {
		return []Reason{{Key: "everyone"}}
	}
	if about := a.about(); len(about) > 0 {
		return []Reason{{Key: "audience", About: about}}
	}
	var out []Reason
	for _, t := range a.terms {
		if r, ok := reasonOf(t.node, c, now, p); ok {
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		out = append(out, Reason{Key: "chosen"})
	}
	return out
}

// about is what the author wrote, by language; a plain text is for operators and not shown to customers.
func (a *Audience) about() map[string]string {
	out := map[string]string{}
	for _, lang := range a.About.Languages() {
		out[string(lang)], _ = a.About.In(lang)
	}
	return out
}

// AboutIn is the author's words in a language, else in any of the others.
func (r Reason) AboutIn(lang language.Code, brand []language.Code) string {
	if text := r.About[string(lang)]; text != "" {
		return text
	}
	for _, l := range brand {
		if text := r.About[string(l)]; text != "" {
			return text
		}
	}
	return ""
}

// reasonOf tells a condition that held in words, if it is one that a customer would recognise.
func reasonOf(n ast.Node, c *Customer, now time.Time, p Place) (Reason, bool) {
	switch node := n.(type) {
	case *ast.IdentifierNode:
		switch node.Value {
		case "birthday_today":
			return Reason{Key: "birthday"}, true
		case "member":
			return Reason{Key: "member"}, true
		}
	case *ast.CallNode:
		name, arg := callOf(node)
		switch name {
		case "bought":
			return Reason{Key: "bought", Item: arg}, arg != ""
		case "likes":
			return Reason{Key: "liked", Item: arg}, arg != ""
		}
	case *ast.BinaryNode:
		return reasonOfComparison(node, c, now, p)
	}
	return Reason{}, false
}

func reasonOfComparison(n *ast.BinaryNode, c *Customer, now time.Time, p Place) (Reason, bool) {
	if id, ok := n.Left.(*ast.IdentifierNode); ok && id.Value == "tier" && c.Tier != "" {
		return Reason{Key: "tier", Tier: c.Tier}, true
	}
	call, ok := n.Left.(*ast.CallNode)
	if !ok {
		return Reason{}, false
	}
	switch name, arg := callOf(call); name {
	case "days_since":
		if arg == "last_order" && !c.LastOrder().IsZero() {
			return Reason{Key: "last_order", N: int(daysSince(c.LastOrder(), now))}, true
		}
		if arg == "last_seen" {
			return Reason{Key: "silence"}, true
		}
	case "orders.count":
		n, _ := sum(c.Orders, since(arg, now, p.Zone), now)
		return Reason{Key: "orders", N: n}, n > 0
	}
	return Reason{}, false
}

// callOf is a call's name and its first argument when that is a text or a name.
func callOf(n *ast.CallNode) (name, arg string) {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		name = callee.Value
	case *ast.MemberNode:
		if of, ok := callee.Node.(*ast.IdentifierNode); ok {
			if prop, ok := callee.Property.(*ast.StringNode); ok {
				name = of.Value + "." + prop.Value
			}
		}
	}
	if len(n.Arguments) > 0 {
		switch a := n.Arguments[0].(type) {
		case *ast.StringNode:
			arg = a.Value
		case *ast.IdentifierNode:
			arg = a.Value
		}
	}
	return name, arg
}
