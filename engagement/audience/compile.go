package audience

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/rapport-chat/rapport/config"
)

// Limits of an expression: an operator's mistake must not stop the service.
const (
	maxLength = 2000
	maxNodes  = 300
	maxMemory = 10_000 // expr's unit: elements made while it runs
)

// Everyone is the name of the audience of all people, and what an empty expression means.
const Everyone = "everyone"

// Error is what is wrong with an expression.
type Error struct {
	Offset  int // of the place in the expression, in characters
	Message string
	Hint    string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Audience is a compiled expression. It may be used by many goroutines.
type Audience struct {
	Name   string // empty for an expression that has none
	About  config.LocalText
	source string
	whole  *vm.Program // nil: everyone
	terms  []term
	needs  Needs
}

// term is one of the conditions that must all hold.
type term struct {
	source  string
	node    ast.Node
	program *vm.Program
}

// String is the expression as it was written.
func (a *Audience) String() string {
	if a.whole == nil {
		return Everyone
	}
	return a.source
}

// Needs says which facts the expression reads.
func (a *Audience) Needs() Needs { return a.needs }

// Compile reads an expression and checks its types. The error is an *Error.
func Compile(expression string) (*Audience, error) {
	source := strings.TrimSpace(expression)
	if source == "" || source == Everyone {
		return &Audience{source: Everyone}, nil
	}
	lead := utf8.RuneCountInString(expression[:strings.Index(expression, source)])
	if len(source) > maxLength {
		return nil, &Error{Message: fmt.Sprintf("is longer than %d characters", maxLength), Hint: "make two audiences of it"}
	}
	a := &Audience{source: source}
	look := &inspector{}
	program, err := expr.Compile(source, append(options(), expr.Patch(look))...)
	if err == nil && look.bad != nil {
		look.bad.Offset += lead
		return nil, look.bad
	}
	if err != nil {
		return nil, explainError(err, lead)
	}
	a.whole, a.needs = program, look.needs
	return a, a.split()
}

func options() []expr.Option {
	return []expr.Option{expr.Env(env{}), expr.AsBool(), expr.MaxNodes(maxNodes), expr.DisableBuiltin("now"), expr.Optimize(true)}
}

// split compiles each condition alone, for reasons.
func (a *Audience) split() error {
	tree, err := parser.Parse(a.source)
	if err != nil {
		return explainError(err, 0)
	}
	for _, node := range conditions(tree.Node, nil) {
		t := term{source: node.String(), node: node}
		if t.program, err = expr.Compile(t.source, options()...); err != nil {
			// A part that only has its type in the whole: the whole is then its own single reason.
			a.terms = []term{{source: a.source, node: tree.Node, program: a.whole}}
			return nil
		}
		a.terms = append(a.terms, t)
	}
	return nil
}

// conditions takes "a && b && c" apart.
func conditions(n ast.Node, into []ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "&&" || b.Operator == "and") {
		return conditions(b.Right, conditions(b.Left, into))
	}
	return append(into, n)
}

// inspector notes what an expression reads, and checks the periods in it.
type inspector struct {
	needs Needs
	bad   *Error
}

// Visit implements ast.Visitor.
func (i *inspector) Visit(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.IdentifierNode:
		i.needs |= needsOf[node.Value]
	case *ast.CallNode:
		if period := periodOf(node); period != nil && i.bad == nil {
			i.period(period)
		}
	}
}

// periodOf is the argument of a call that must be a period.
func periodOf(n *ast.CallNode) ast.Node {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok && id.Value == "in_last" && len(n.Arguments) == 2 {
		return n.Arguments[1]
	}
	m, ok := n.Callee.(*ast.MemberNode)
	if !ok || len(n.Arguments) != 1 {
		return nil
	}
	if id, ok := m.Node.(*ast.IdentifierNode); ok && id.Value == "orders" {
		return n.Arguments[0]
	}
	return nil
}

func (i *inspector) period(n ast.Node) {
	at := n.Location().From
	text, ok := n.(*ast.StringNode)
	if !ok {
		i.bad = &Error{Offset: at, Message: "the period must be written here", Hint: `write it as "90d" or "3 months"`}
		return
	}
	if _, err := config.ParsePeriod(text.Value); err != nil {
		i.bad = &Error{Offset: at, Message: fmt.Sprintf("%q is not a period", text.Value), Hint: `write it as "90d", "3 months" or "1y"`}
		var bad *config.ValueError
		if errors.As(err, &bad) {
			i.bad.Message, i.bad.Hint = fmt.Sprintf("the period %q %s", text.Value, bad.Message), bad.Hint
		}
	}
}

// explainError makes an *Error of what the library says.
func explainError(err error, lead int) *Error {
	out := &Error{Offset: lead, Hint: `write a condition such as tier == "gold" && orders.count("90d") >= 3`}
	var at *file.Error
	if !errors.As(err, &at) {
		out.Message = firstLine(err.Error())
	} else {
		out.Offset, out.Message = lead+at.From, firstLine(at.Message)
	}
	if name, unknown := strings.CutPrefix(out.Message, "unknown name "); unknown {
		out.Message, out.Hint = fmt.Sprintf("there is no fact %q", name), config.Suggest(name, names)
	}
	if strings.HasPrefix(out.Message, "expected bool") {
		out.Message = strings.Replace(out.Message, "expected bool, but got", "is no condition: it is of type", 1)
	}
	if strings.Contains(out.Message, "mismatched types") {
		out.Hint = `compare like with like: numbers with numbers, "texts" with "texts", days_since(last_order) with a number`
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Match tells whether the person is in the audience at now.
func (a *Audience) Match(c *Customer, now time.Time, p Place) (bool, error) {
	if a.whole == nil {
		return true, nil
	}
	return run(a.whole, envOf(c, now, p))
}

// run evaluates a condition.
func run(program *vm.Program, e env) (bool, error) {
	machine := vm.VM{MemoryBudget: maxMemory}
	out, err := machine.Run(program, e)
	if err != nil {
		return false, fmt.Errorf("evaluate an audience: %w", err)
	}
	yes, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("evaluate an audience: the result is a %T", out)
	}
	return yes, nil
}
