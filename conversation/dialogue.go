package conversation

import (
	"encoding/json"
	"time"
)

// Frame is one open step: a skill that asked something and waits for the answer.
type Frame struct {
	Skill string          `json:"skill"`
	Step  string          `json:"step"`
	Data  json.RawMessage `json:"data,omitempty"`
	Until time.Time       `json:"until,omitzero"` // business clock: afterwards the step no longer waits; zero for ever
}

// Dialogue is the stack of a conversation's open steps, the newest last. It is a value: its methods answer a new one.
type Dialogue struct {
	Version int64   // raised by each turn; a turn that started from an older one is decided again
	Stack   []Frame // at most maxFrames
	// AskAgain has the open step repeat its question after a press that was answered by another skill. After a
	// message it does so anyway.
	AskAgain bool
	// Quiet keeps the open step from repeating its question: the answer just given asks something itself.
	Quiet bool
	// Answered says that the person's question was answered, not merely asked back. It is not stored.
	Answered bool
}

// maxFrames bounds the stack: a person who wanders from survey to survey loses the oldest, not the newest.
const maxFrames = 8

// Top is the open step that waits for an answer, if any.
func (d Dialogue) Top() (Frame, bool) {
	if len(d.Stack) == 0 {
		return Frame{}, false
	}
	return d.Stack[len(d.Stack)-1], true
}

// Open is the newest step of the skill, if it is the one that waits.
func (d Dialogue) Open(skill string) (Frame, bool) {
	f, ok := d.Top()
	return f, ok && f.Skill == skill
}

// Push opens a step on top.
func (d Dialogue) Push(f Frame) Dialogue {
	stack := append(append(make([]Frame, 0, len(d.Stack)+1), d.Stack...), f)
	if len(stack) > maxFrames {
		stack = stack[len(stack)-maxFrames:]
	}
	return Dialogue{Version: d.Version, Stack: stack, AskAgain: d.AskAgain, Quiet: d.Quiet}
}

// Pop ends the step on top.
func (d Dialogue) Pop() Dialogue {
	if len(d.Stack) == 0 {
		return d
	}
	return Dialogue{Version: d.Version, Stack: d.Stack[: len(d.Stack)-1 : len(d.Stack)-1]}
}

// Replace puts f in the place of the step on top.
func (d Dialogue) Replace(f Frame) Dialogue { return d.Pop().Push(f) }

// Without ends every step of the skill.
func (d Dialogue) Without(skill string) Dialogue {
	out := Dialogue{Version: d.Version}
	for _, f := range d.Stack {
		if f.Skill != skill {
			out.Stack = append(out.Stack, f)
		}
	}
	return out
}

// at drops the steps that no longer wait at now.
func (d Dialogue) at(now time.Time) Dialogue {
	out := Dialogue{Version: d.Version}
	for _, f := range d.Stack {
		if f.Until.IsZero() || f.Until.After(now) {
			out.Stack = append(out.Stack, f)
		}
	}
	return out
}
