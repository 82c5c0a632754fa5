package slack_test

import "testing"

// TestWhoBelongsWhere: lists are asked for once, and what was known still counts while the platform does not answer.
func TestWhoBelongsWhere(t *testing.T) {
	t.Parallel()
	h := newHTTPMode(t, "C9")
	h.api.answer("usergroups.list", `{"ok":true,"usergroups":[{"id":"S1","handle":"others"},{"id":"S2","handle":"Leads"}]}`)
	h.api.answer("usergroups.users.list", `{"ok":true,"users":["U1","U2"]}`)
	h.api.answer("conversations.members", `{"ok":true,"members":["U1","U3"],"response_metadata":{"next_cursor":""}}`)
	for _, c := range []struct {
		group bool
		list  string
		user  string
		in    bool
	}{
		{true, "leads", "U1", true},
		{true, "@leads", "U2", true},
		{true, "leads", "U3", false},
		{true, "nobody", "U1", false},
		{false, "C9", "U3", true},
		{false, "C9", "U2", false},
	} {
		look := h.a.InChannel
		if c.group {
			look = h.a.InGroup
		}
		if in, err := look(t.Context(), c.list, c.user); err != nil || in != c.in {
			t.Errorf("%s in %s: %v, %v", c.user, c.list, in, err)
		}
	}
	if n := len(h.api.of("usergroups.users.list")); n != 1 {
		t.Errorf("a group was asked for %d times", n)
	}
	if n := len(h.api.of("conversations.members")); n != 1 {
		t.Errorf("a channel was asked for %d times", n)
	}
	h.api.answer("conversations.members", `{"ok":false,"error":"internal_error"}`)
	if in, err := h.a.InChannel(t.Context(), "C8", "U1"); err == nil || in {
		t.Errorf("nobody answered, and U1 is in: %v, %v", in, err)
	}
}
