package discord_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/rapport-chat/rapport/sandbox/discord"
	"github.com/rapport-chat/rapport/sandbox/lookalike"
)

// elsewhere sends what is meant for the real platform to the look-alike.
type elsewhere struct{ addr string }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = "http", e.addr, e.addr
	return http.DefaultTransport.RoundTrip(r)
}

// TestLibrary: a client library that knows only the real platform can talk to the look-alike. It runs over sockets: the
// library sleeps with a lock held, which hangs a bubble.
func TestLibrary(t *testing.T) {
	t.Parallel()
	limits := unlimited
	limits.Respond = time.Minute // of a busy machine
	l, err := discord.New(discord.Config{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	server, err := lookalike.Listen(t.Context(), "127.0.0.1:0", l.Handler())
	if err != nil {
		t.Fatal(err)
	}
	bot, err := discordgo.New("Bot " + l.Token())
	if err != nil {
		t.Fatal(err)
	}
	bot.Client = &http.Client{Transport: elsewhere{server.Addr()}}
	bot.Identify.Intents = discordgo.IntentsGuilds | discordgo.IntentsDirectMessages
	bot.ShouldReconnectOnError = false
	heard, answered := make(chan string, 10), make(chan error, 1)
	bot.AddHandler(func(_ *discordgo.Session, m *discordgo.MessageCreate) {
		if !m.Author.Bot {
			heard <- m.Content
		}
	})
	bot.AddHandler(func(b *discordgo.Session, i *discordgo.InteractionCreate) {
		err := b.InteractionRespond(i.Interaction, &discordgo.InteractionResponse{Type: discordgo.InteractionResponseDeferredChannelMessageWithSource})
		words := "42 points"
		_, edited := b.InteractionResponseEdit(i.Interaction, &discordgo.WebhookEdit{Content: &words})
		_, followed := b.FollowupMessageCreate(i.Interaction, true, &discordgo.WebhookParams{Content: "and a coupon"})
		answered <- errors.Join(err, edited, followed)
	})
	s := &stage{T: t, l: l}
	s.must(bot.Open())
	s.say("ayla", "salam")
	if got := <-heard; got != "salam" {
		t.Errorf("the library heard %q", got)
	}
	s.talk(bot, answered)
	s.must(errors.Join(bot.Close(), l.Close(), server.Close()))
}

// talk sends, edits and deletes, sets a command and has somebody use it.
func (s *stage) talk(bot *discordgo.Session, answered <-chan error) {
	dm, err := bot.UserChannelCreate(s.l.Person("ayla").ID)
	s.must(err)
	if dm.ID != s.l.Direct("ayla") {
		s.Errorf("the direct channel is %s", dm.ID)
	}
	m, err := bot.ChannelMessageSendComplex(dm.ID, &discordgo.MessageSend{
		Content: "**Salam**", Embeds: []*discordgo.MessageEmbed{{Title: "Kofe"}},
		Components: []discordgo.MessageComponent{discordgo.ActionsRow{Components: []discordgo.MessageComponent{
			discordgo.Button{Label: "Bəli", CustomID: "yes", Style: discordgo.PrimaryButton},
		}}},
	})
	s.must(err)
	_, err = bot.ChannelMessageEdit(dm.ID, m.ID, "Sağ ol")
	s.must(err)
	s.sees("ayla", "", "Sağ ol\nKofe")
	s.must(bot.ChannelMessageDelete(dm.ID, m.ID))
	s.must(bot.ChannelTyping(dm.ID))
	_, err = bot.ApplicationCommandBulkOverwrite(s.l.BotID(), "", []*discordgo.ApplicationCommand{{Name: "balance", Description: "My points"}})
	s.must(err)
	s.must(s.l.Command(s.Context(), "ayla", "/balance", ""))
	s.must(<-answered)
	s.sees("ayla", "", "42 points", "and a coupon")
	list, err := bot.ChannelMessages(dm.ID, 100, "", "1", "")
	if err != nil || len(list) != 3 {
		s.Errorf("listed %d messages: %v", len(list), err)
	}
	s.must(s.l.Block(s.Context(), "ayla"))
	var refused *discordgo.RESTError
	_, err = bot.ChannelMessageSend(dm.ID, "x")
	if !errors.As(err, &refused) || refused.Message == nil || refused.Message.Code != discordgo.ErrCodeCannotSendMessagesToThisUser {
		s.Errorf("to a closed chat: %v", err)
	}
}

// TestRestart: what a look-alike with a folder knew, the next one knows too: chats, ids, commands and what waits.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func() *discord.Lookalike {
		l, err := discord.New(discord.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	first, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "salam"})
	if err != nil {
		t.Fatal(err)
	}
	direct := l.Direct("ayla")
	if err := errors.Join(l.Block(t.Context(), "vera"), l.Close()); err != nil {
		t.Fatal(err)
	}
	l = open()
	chat := l.Chat("ayla", "")
	if len(chat) != 1 || chat[0].ID != first || chat[0].Text != "salam" || l.Direct("ayla") != direct || !l.Blocked("vera") {
		t.Errorf("after the restart: %+v", chat)
	}
	if len(l.Busy()) == 0 {
		t.Error("the message that the bot has not seen is forgotten")
	}
	second, err := l.Say(t.Context(), lookalike.Say{As: "ayla", Text: "again"})
	if err != nil || second <= first {
		t.Errorf("the ids go back from %s to %s: %v", first, second, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
