package telegram

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-telegram/bot/models"

	"github.com/rapport-chat/rapport/conversation"
)

// attachments lists what came with a message besides words.
func attachments(m *models.Message) []conversation.Attachment {
	var out []conversation.Attachment
	add := func(a conversation.Attachment) {
		a.Name, a.Text = clean(a.Name), clean(a.Text)
		out = append(out, a)
	}
	if n := len(m.Photo); n > 0 {
		largest := m.Photo[n-1]
		add(conversation.Attachment{Kind: "photo", File: largest.FileID, Size: int64(largest.FileSize)})
	}
	if v := m.Voice; v != nil {
		add(conversation.Attachment{Kind: "voice", File: v.FileID, Size: v.FileSize})
	}
	if v := m.Audio; v != nil {
		add(conversation.Attachment{Kind: "file", File: v.FileID, Name: v.FileName, Size: v.FileSize})
	}
	if v := m.Video; v != nil {
		add(conversation.Attachment{Kind: "video", File: v.FileID, Name: v.FileName, Size: v.FileSize})
	}
	if v := m.VideoNote; v != nil {
		add(conversation.Attachment{Kind: "video", File: v.FileID, Size: int64(v.FileSize)})
	}
	switch { // an animation comes as a document too
	case m.Animation != nil:
		add(conversation.Attachment{Kind: "video", File: m.Animation.FileID, Name: m.Animation.FileName, Size: m.Animation.FileSize})
	case m.Document != nil:
		add(conversation.Attachment{Kind: "file", File: m.Document.FileID, Name: m.Document.FileName, Size: m.Document.FileSize})
	}
	if s := m.Sticker; s != nil {
		add(conversation.Attachment{Kind: "sticker", File: s.FileID, Text: s.Emoji, Size: int64(s.FileSize)})
	}
	if d := m.Dice; d != nil {
		add(conversation.Attachment{Kind: "sticker", Text: d.Emoji})
	}
	if l := m.Location; l != nil { // a venue brings its location too
		at := strconv.FormatFloat(l.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(l.Longitude, 'f', -1, 64)
		add(conversation.Attachment{Kind: "location", Text: at})
	}
	if c := m.Contact; c != nil {
		add(conversation.Attachment{
			Kind: "contact", Text: c.PhoneNumber, Name: strings.TrimSpace(c.FirstName + " " + c.LastName),
			Own: m.From != nil && c.UserID != 0 && c.UserID == m.From.ID,
		})
	}
	return out
}

// isService says that a message without words reports a change of the chat and not something that a person said.
func isService(m *models.Message) bool {
	return m.PinnedMessage != nil || m.MessageAutoDeleteTimerChanged != nil || len(m.NewChatMembers) > 0 ||
		m.LeftChatMember != nil || m.NewChatTitle != "" || len(m.NewChatPhoto) > 0 || m.DeleteChatPhoto ||
		m.GroupChatCreated || m.SupergroupChatCreated || m.ChannelChatCreated || m.MigrateToChatID != 0 ||
		m.MigrateFromChatID != 0 || m.SuccessfulPayment != nil || m.RefundedPayment != nil || m.UsersShared != nil ||
		m.ChatShared != nil || m.ConnectedWebsite != "" || m.WriteAccessAllowed != nil || m.PassportData != nil ||
		m.ProximityAlertTriggered != nil || m.BoostAdded != nil || m.ChatBackgroundSet != nil ||
		m.ChecklistTasksDone != nil || m.ChecklistTasksAdded != nil || m.DirectMessagePriceChanged != nil ||
		m.ForumTopicCreated != nil || m.ForumTopicEdited != nil || m.ForumTopicClosed != nil ||
		m.ForumTopicReopened != nil || m.GeneralForumTopicHidden != nil || m.GeneralForumTopicUnhidden != nil ||
		m.GiveawayCreated != nil || m.GiveawayCompleted != nil || m.PaidMessagePriceChanged != nil ||
		m.ChatOwnerLeft != nil || m.ChatOwnerChanged != nil || m.SuggestedPostApproved != nil ||
		m.SuggestedPostApprovalFailed != nil || m.SuggestedPostDeclined != nil || m.SuggestedPostPaid != nil ||
		m.SuggestedPostRefunded != nil || m.VoiceChatScheduled != nil || m.VoiceChatStarted != nil ||
		m.VoiceChatEnded != nil || m.VoiceChatParticipantsInvited != nil || m.WebAppData != nil ||
		m.Gift != nil || m.UniqueGift != nil || m.GiftUpgradeSent != nil
}

// commandPattern: a command stands at the start of the text. Source: core.telegram.org/bots/features#commands.
var commandPattern = regexp.MustCompile(`^/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+([\s\S]*))?$`)

// command reads "/name@bot args" from the text itself. Telegram's own entities count in UTF-16 units and are not needed.
func command(words string) (name, at, args string, ok bool) {
	m := commandPattern.FindStringSubmatch(words)
	if m == nil {
		return "", "", "", false
	}
	return strings.ToLower(m[1]), m[2], strings.TrimSpace(m[3]), true
}

// mentioned finds mentions of the bot in a group's message and takes them out of the words. Entities count in UTF-16.
func (a *Adapter) mentioned(words string, entities []models.MessageEntity) (string, bool) {
	units := utf16.Encode([]rune(words))
	var out []uint16
	found, last := false, 0
	for _, e := range entities {
		from, to := e.Offset, e.Offset+e.Length
		if e.Length <= 0 || from < last || to > len(units) {
			continue
		}
		name := string(utf16.Decode(units[from:to]))
		ours := e.Type == models.MessageEntityTypeMention && a.me() != "" && strings.EqualFold(name, "@"+a.me()) ||
			e.Type == models.MessageEntityTypeTextMention && e.User != nil && strconv.FormatInt(e.User.ID, 10) == a.botID
		if !ours {
			continue
		}
		out = append(out, units[last:from]...)
		found, last = true, to
	}
	if !found {
		return words, false
	}
	return strings.TrimSpace(string(utf16.Decode(append(out, units[last:]...)))), true
}

// repliesToUs says whether the message answers one of the bot's.
func (a *Adapter) repliesToUs(m *models.Message) bool {
	r := m.ReplyToMessage
	return r != nil && r.From != nil && strconv.FormatInt(r.From.ID, 10) == a.botID
}
