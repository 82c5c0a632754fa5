package discord_test

import (
	"strings"
	"testing"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

func row(parts ...any) obj { return obj{"type": 1, "components": parts} }

func pressable(id, label string) obj {
	return obj{"type": 2, "style": 1, "custom_id": id, "label": label}
}

func many(n int, one func(i int) any) []any {
	var out []any
	for i := range n {
		out = append(out, one(i))
	}
	return out
}

// TestRefusedMessages: what the platform refuses of a message, and with which code.
func TestRefusedMessages(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("ə", n) }
	options := func(n int) []any {
		return many(n, func(i int) any { return obj{"label": "o", "value": string(rune('a' + i))} })
	}
	chosen := func(o []any) obj { return row(obj{"type": 3, "custom_id": "s", "options": o}) }
	for name, c := range map[string]struct {
		body any
		code int // 0: taken
	}{
		"2000 characters":     {obj{"content": long(2000)}, 0},
		"2001 characters":     {obj{"content": long(2001)}, 50035},
		"nothing":             {obj{}, 50006},
		"blanks":              {obj{"content": " \n "}, 50006},
		"no JSON":             {"{", 50109},
		"a number for a text": {obj{"content": 7}, 50109},
		"nonce of 26":         {obj{"content": "x", "nonce": long(26)}, 50035},
		"11 embeds":           {obj{"embeds": many(11, func(int) any { return obj{"title": "x"} })}, 50035},
		"embed of 4097":       {obj{"embeds": []any{obj{"description": long(4097)}}}, 50035},
		"embeds of 6001":      {obj{"embeds": []any{obj{"description": long(4000)}, obj{"description": long(2001)}}}, 50035},
		"picture from a file": {obj{"embeds": []any{obj{"image": obj{"url": "file:///etc/passwd"}}}}, 50035},
		"six rows":            {obj{"content": "x", "components": many(6, func(i int) any { return row(pressable(string(rune('a'+i)), "x")) })}, 50035},
		"six in a row":        {obj{"content": "x", "components": []any{row(many(6, func(i int) any { return pressable(string(rune('a'+i)), "x") })...)}}, 50035},
		"25 buttons": {obj{"content": "x", "components": many(5, func(i int) any {
			return row(many(5, func(j int) any { return pressable(string(rune('a'+5*i+j)), "x") })...)
		})}, 0},
		"an empty row":                 {obj{"content": "x", "components": []any{row()}}, 50035},
		"no row":                       {obj{"content": "x", "components": []any{pressable("a", "x")}}, 50035},
		"the same id twice":            {obj{"content": "x", "components": []any{row(pressable("a", "x"), pressable("a", "y"))}}, 50035},
		"label of 81":                  {obj{"content": "x", "components": []any{row(pressable("a", long(81)))}}, 50035},
		"no label":                     {obj{"content": "x", "components": []any{row(pressable("a", ""))}}, 50035},
		"id of 101":                    {obj{"content": "x", "components": []any{row(pressable(long(101), "x"))}}, 50035},
		"no id":                        {obj{"content": "x", "components": []any{row(pressable("", "x"))}}, 50035},
		"style 9":                      {obj{"content": "x", "components": []any{row(obj{"type": 2, "style": 9, "custom_id": "a", "label": "x"})}}, 50035},
		"a link with an id":            {obj{"content": "x", "components": []any{row(obj{"type": 2, "style": 5, "custom_id": "a", "url": "https://x.example", "label": "x"})}}, 50035},
		"a link to a script":           {obj{"content": "x", "components": []any{row(obj{"type": 2, "style": 5, "url": "javascript:1", "label": "x"})}}, 50035},
		"a link of 513":                {obj{"content": "x", "components": []any{row(obj{"type": 2, "style": 5, "url": "https://x.example/" + strings.Repeat("x", 500), "label": "x"})}}, 50035},
		"25 options":                   {obj{"content": "x", "components": []any{chosen(options(25))}}, 0},
		"26 options":                   {obj{"content": "x", "components": []any{chosen(options(26))}}, 50035},
		"no options":                   {obj{"content": "x", "components": []any{chosen(nil)}}, 50035},
		"an option twice":              {obj{"content": "x", "components": []any{chosen(append(options(1), options(1)...))}}, 50035},
		"a select beside a button":     {obj{"content": "x", "components": []any{row(obj{"type": 3, "custom_id": "s", "options": options(1)}, pressable("a", "x"))}}, 50035},
		"a component of tomorrow":      {obj{"content": "x", "components": []any{row(obj{"type": 99})}}, 50035},
		"mentions of everybody's kind": {obj{"content": "x", "allowed_mentions": obj{"parse": []string{"everybody"}}}, 50035},
		"mentions parsed and listed":   {obj{"content": "x", "allowed_mentions": obj{"parse": []string{"users"}, "users": []string{"1"}}}, 50035},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
				status := 400
				if c.code == 0 {
					status = 200
				}
				s.is("send", s.call("POST", s.direct("ayla"), c.body), status, c.code)
				if n := len(s.l.Chat("ayla", "")); (n == 1) != (c.code == 0) {
					s.Errorf("%d messages stand there", n)
				}
			})
		})
	}
}

// TestRefusedCalls: wrong addresses, wrong owners, wrong credentials.
func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		mine, _ := s.call("POST", s.direct("ayla"), obj{"content": "mine"}).body["id"].(string)
		theirs := s.say("ayla", "theirs")
		public, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: "hi", In: discord.Channel})
		s.must(err)
		guilds := s.call("GET", "users/@me/guilds", nil).list
		server, _ := guilds[0]["id"].(string)
		place, _ := s.call("GET", "guilds/"+server+"/channels", nil).list[0]["id"].(string)
		one := obj{"content": "x"}
		for _, c := range []struct {
			what, verb, path string
			body             any
			status, code     int
		}{
			{"an unknown path", "GET", "nothing/here", nil, 404, 0},
			{"a wrong verb", "PUT", "users/@me", nil, 405, 0},
			{"a channel that is none", "POST", "channels/x/messages", one, 400, 50035},
			{"an unknown channel", "POST", "channels/5/messages", one, 404, 10003},
			{"an unknown message", "PATCH", s.direct("ayla") + "/5", one, 404, 10008},
			{"another's message edited", "PATCH", s.direct("ayla") + "/" + theirs, one, 403, 50005},
			{"another's message deleted", "DELETE", s.direct("ayla") + "/" + theirs, nil, 403, 50003},
			{"another's message deleted in public", "DELETE", "channels/" + place + "/messages/" + public, nil, 403, 50013},
			{"edited to nothing", "PATCH", s.direct("ayla") + "/" + mine, obj{"content": ""}, 400, 50006},
			{"a foreign application", "PUT", "applications/5/commands", []any{}, 403, 20012},
			{"a foreign server", "GET", "guilds/5/channels", nil, 403, 50001},
			{"an unknown interaction", "POST", "interactions/5/token/callback", obj{"type": 6}, 404, 10062},
			{"an unknown token", "POST", "webhooks/" + s.l.BotID() + "/token", one, 404, 10015},
			{"a stranger's direct channel", "POST", "users/@me/channels", obj{"recipient_id": "5"}, 404, 10013},
			{"too many listed", "GET", s.direct("ayla") + "?limit=101", nil, 400, 50035},
			{"deleted", "DELETE", s.direct("ayla") + "/" + mine, nil, 204, 0},
			{"deleted again", "DELETE", s.direct("ayla") + "/" + mine, nil, 404, 10008},
		} {
			s.is(c.what, s.call(c.verb, c.path, c.body), c.status, c.code)
		}
		for what, auth := range map[string]string{"no token": "", "another token": "Bot x.y.z", "no prefix": s.l.Token()} {
			s.is(what, s.callAs(auth, "DiscordBot (x, 1)", "GET", "users/@me", nil), 401, 0)
		}
		s.is("a library's user agent", s.callAs("Bot "+s.l.Token(), "Go-http-client/1.1", "GET", "users/@me", nil), 403, 40333)
	})
}

// TestReach: closed direct messages and a missing common server are two codes, for everything that reaches a person.
func TestReach(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		sent, _ := s.call("POST", s.direct("ayla"), obj{"content": "before"}).body["id"].(string)
		s.must(s.l.Block(s.Context(), "ayla"))
		s.must(s.l.Leave("vera"))
		s.is("to a closed chat", s.call("POST", s.direct("ayla"), obj{"content": "x"}), 403, 50007)
		s.is("edit in it", s.call("PATCH", s.direct("ayla")+"/"+sent, obj{"content": "x"}), 403, 50007)
		s.is("type in it", s.call("POST", "channels/"+s.l.Direct("ayla")+"/typing", nil), 403, 50007)
		s.is("without a common server", s.call("POST", s.direct("vera"), obj{"content": "x"}), 403, 50278)
		if _, err := s.l.Say(s.Context(), lookalike.Say{As: "ayla", Text: "x"}); err == nil {
			s.Error("a person can write into a chat that is closed")
		}
		s.must(s.l.Unblock(s.Context(), "ayla"))
		s.is("to an open chat", s.call("POST", s.direct("ayla"), obj{"content": "x"}), 200, 0)
	})
}

// TestCommandsRefused: the limits of the list of commands.
func TestCommandsRefused(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		path := "applications/" + s.l.BotID() + "/commands"
		ok := obj{"name": "balance", "description": "x", "name_localizations": obj{"ru": "баллы"}}
		for what, list := range map[string][]any{
			"capitals":          {obj{"name": "Balance", "description": "x"}},
			"a blank":           {obj{"name": "my balance", "description": "x"}},
			"no description":    {obj{"name": "balance", "description": ""}},
			"101 characters":    {obj{"name": "balance", "description": strings.Repeat("x", 101)}},
			"the same twice":    {ok, ok},
			"a language of air": {obj{"name": "balance", "description": "x", "name_localizations": obj{"az": "xallar"}}},
		} {
			s.is(what, s.call("PUT", path, list), 400, 50035)
		}
		s.is("101 commands", s.call("PUT", path, many(101, func(i int) any { return obj{"name": "c" + string(rune('a'+i%26)), "description": "x"} })), 400, 30032)
		s.is("one", s.call("PUT", path, []any{ok}), 200, 0)
	})
}

// TestPings: what rings is counted, and nothing rings that was not allowed to.
func TestPings(t *testing.T) {
	t.Parallel()
	onStage(t, discord.Config{Limits: unlimited}, func(s *stage) {
		id := s.l.Person("vera").ID
		quiet := obj{"parse": []string{}}
		for _, text := range []string{"@everyone", "@here", "<@" + id + ">", "<@&5>"} {
			before := s.l.Pings()
			s.call("POST", s.direct("ayla"), obj{"content": text, "allowed_mentions": quiet})
			if s.l.Pings() != before {
				s.Errorf("%q rang although nothing was allowed to", text)
			}
			s.call("POST", s.direct("ayla"), obj{"content": text})
			if s.l.Pings() != before+1 {
				s.Errorf("%q did not ring although nothing forbade it", text)
			}
		}
	})
}
