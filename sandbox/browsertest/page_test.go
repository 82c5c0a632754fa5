package browsertest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// chatOf is the private chat of a customer, as the bot addresses it.
func (tr trial) chatOf(name string) string { return tr.telegram.Person(name).ID }

// says has the bot write to a customer.
func (tr trial) says(name, text, more string) {
	tr.t.Helper()
	tr.calls("sendMessage", fmt.Sprintf(`{"chat_id":%s,"text":%q%s}`, tr.chatOf(name), text, more))
}

// TestTalk is the first minute of a newcomer: an example is tapped, sent, answered, and the answer's button pressed.
func TestTalk(t *testing.T) {
	tr := open(t, desk)
	tr.click(`.phrase[data-lang="az"]`)
	example := ask[string](tr, `document.querySelector('.phrase[data-lang="az"]').textContent`)
	if got := ask[string](tr, `document.querySelector('#input-telegram').value`); got != example {
		t.Errorf("the input holds %q, want the example %q", got, example)
	}
	tr.keys(kb.Enter)
	tr.sees(example)
	if got := tr.telegram.Chat("ayla", ""); len(got) != 1 || got[0].Text != example {
		t.Fatalf("the bot was told %v", got)
	}
	tr.calls("sendChatAction", fmt.Sprintf(`{"chat_id":%s,"action":"typing"}`, tr.chatOf("ayla")))
	tr.until(`document.querySelector('.pane').classList.contains('typing')`)
	tr.says("ayla", "Cavab <b>kömək etdi?</b> & <script>alert(1)</script>",
		`,"reply_markup":{"inline_keyboard":[[{"text":"Bəli","callback_data":"y"},{"text":"Xeyr","callback_data":"n"}]]}`)
	tr.sees("<script>alert(1)</script>")
	tr.until(`!document.querySelector('.pane').classList.contains('typing')`)
	tr.click(`.msg .key[data-press="Xeyr"]`)
	tr.until(`!document.querySelector('.key[aria-busy]')`)
	if busy := tr.telegram.Busy(); len(busy) == 0 {
		t.Error("the press has not reached the platform")
	}
	tr.calls("editMessageText", fmt.Sprintf(`{"chat_id":%s,"message_id":2,"text":"Aydındır"}`, tr.chatOf("ayla")))
	tr.sees("Aydındır")
	tr.sees("edited")
}

// TestAnswerToAPress: what the bot answers to a press is shown over the chat, as the app does.
func TestAnswerToAPress(t *testing.T) {
	tr := open(t, desk)
	tr.says("ayla", "Seçin", `,"reply_markup":{"inline_keyboard":[[{"text":"Kart","callback_data":"c"}]]}`)
	tr.sees("Seçin")
	tr.click(`.key[data-press="Kart"]`)
	id := tr.pressID()
	tr.calls("answerCallbackQuery", fmt.Sprintf(`{"callback_query_id":%q,"text":"Hazırdır"}`, id))
	tr.until(`document.querySelector('[data-note]').innerText === 'Hazırdır'`)
}

// TestCustomers: switching, inventing somebody, and going back with the browser.
func TestCustomers(t *testing.T) {
	tr := open(t, desk)
	tr.says("james", "Hello James", "")
	tr.until(`document.querySelector('#tab-telegram-james').classList.contains('news')`)
	tr.click(`#tab-telegram-james`)
	tr.sees("Hello James")
	if got := ask[string](tr, `document.querySelector('#guide').dataset.language`); got != "en" {
		t.Errorf("the examples are in %q, want James's language", got)
	}
	tr.click(`#new-telegram summary`)
	tr.do("name the newcomer", chromedp.SendKeys(`#new-telegram input`, "Leyla"), chromedp.SetValue(`#new-telegram select`, "ru"))
	tr.keys(kb.Enter)
	tr.click(`[data-start]`)
	tr.sees("/start")
	if got := tr.telegram.Person("leyla"); got.Locale != "ru" {
		t.Errorf("the newcomer's app is in %q, want ru", got.Locale)
	}
	tr.do("go back", chromedp.NavigateBack())
	tr.sees("Hello James")
	if tabs := tr.text(".customers nav"); !strings.Contains(tabs, "Leyla") {
		t.Errorf("the tabs are %q, without the newcomer", tabs)
	}
}

// TestByKeyboard: a message, a command of the list, a correction of one's own words, without a mouse.
func TestByKeyboard(t *testing.T) {
	tr := open(t, desk)
	tr.calls("setMyCommands", `{"commands":[{"command":"help","description":"help"},{"command":"balance","description":"points"}]}`)
	tr.do("load anew", chromedp.Reload())
	tr.until(`document.documentElement.classList.contains('live') && !!document.querySelector('[data-commands]')`)
	tr.keys(kb.Tab)
	tr.keys(kb.Enter) // the link that skips to the chat
	tr.until(`document.activeElement.id === 'input-telegram'`)
	tr.keys("salam" + kb.Enter)
	tr.sees("salam")
	tr.keys("/")
	tr.until(`document.activeElement.getAttribute('aria-expanded') === 'true'`)
	tr.keys(kb.ArrowDown + kb.ArrowDown)
	tr.until(`!!document.getElementById(document.activeElement.getAttribute('aria-activedescendant') ?? '')?.textContent.includes('/balance')`)
	tr.keys(kb.Enter)
	tr.sees("/balance")
	tr.keys(kb.ArrowUp)
	tr.until(`document.activeElement.value === '/balance'`)
	tr.keys("?" + kb.Enter)
	tr.sees("/balance?")
	tr.sees("edited")
	var got []string
	for _, m := range tr.telegram.Chat("ayla", "") {
		got = append(got, m.Text)
	}
	if want := []string{"salam", "/balance?"}; !slices.Equal(got, want) {
		t.Errorf("the chat holds %q, want %q", got, want)
	}
}

// TestAttachAndBlock: a sticker and a place can be sent, a message deleted, the bot blocked and unblocked.
func TestAttachAndBlock(t *testing.T) {
	tr := open(t, desk)
	for _, kind := range []string{"location", "voice"} {
		tr.click(`.attach summary`)
		tr.click(`[data-attach="` + kind + `"]`)
		tr.until(`!document.querySelector('.attach').open`)
	}
	tr.until(`document.querySelectorAll('.msg .file').length === 2`)
	tr.do("delete", chromedp.Focus(`.msg [data-delete]`), chromedp.KeyEvent(kb.Enter))
	tr.until(`document.querySelectorAll('.msg').length === 1`)
	tr.click(`#block-telegram`)
	tr.until(`document.querySelector('.bar-button')?.innerText.toLowerCase() === 'unblock'`)
	if !tr.telegram.Blocked("ayla") {
		t.Error("the bot is not blocked")
	}
	tr.click(`.bar-button`)
	tr.until(`!document.querySelector('.bar-button')`)
}

// TestClock: an hour, the jump to what is due next, and a time of one's own.
func TestClock(t *testing.T) {
	tr := open(t, desk)
	tr.until(`document.querySelector('[data-clock]').textContent.startsWith('Wed 2 Dec 2026, 11:0')`)
	tr.click(`[data-advance="1h"]`)
	tr.until(`document.querySelector('[data-clock]').textContent.startsWith('Wed 2 Dec 2026, 12:0')`)
	if next := strings.ToLower(tr.text("#next")); !strings.Contains(next, "offer friday discount") || !strings.Contains(next, "fri 4 dec, 10:00") {
		t.Errorf("what is due next reads %q", next)
	}
	tr.click(`#next`)
	tr.until(`document.querySelector('[data-clock]').textContent.startsWith('Fri 4 Dec 2026, 10:0')`)
	tr.until(`document.querySelector('#next').innerText.includes('nothing is due')`)
	tr.click(`#clock-to summary`)
	tr.do("set a time", chromedp.Evaluate(`document.querySelector('#clock-to input').value = '2026-12-31T23:30'`, nil))
	tr.click(`#clock-to button`)
	tr.until(`document.querySelector('[data-clock]').textContent.startsWith('Thu 31 Dec 2026, 23:3')`)
}

// TestTillAndTrouble: an order changes what the service knows; a platform that is down refuses the service.
func TestTillAndTrouble(t *testing.T) {
	tr := open(t, desk)
	tr.until(`document.querySelector('.tiles').innerText.includes('100')`)
	if facts := tr.text("#side"); !strings.Contains(facts, "<b>quiet hours</b>") {
		t.Errorf("a reason is not shown as text: %q", facts)
	}
	tr.do("amount", chromedp.SetValue(`.order [name="total"]`, "12,50"))
	tr.click(`.order button`)
	tr.until(`document.querySelector('.tiles').innerText.includes('125')`)
	got := tr.service.taken()
	if len(got) != 1 || got[0].Total != "12.50" || got[0].UserID != tr.chatOf("ayla") || got[0].Items[0].Category != "beans" {
		t.Errorf("the service was told of %+v", got)
	}
	tr.click(`#fault-down`)
	tr.until(`document.querySelector('#fault-down').getAttribute('aria-checked') === 'true'`)
	if !tr.telegram.Down() {
		t.Error("Telegram is not down")
	}
	tr.click(`#fault-down`)
	tr.until(`document.querySelector('#fault-down').getAttribute('aria-checked') === 'false'`)
}

// TestFollowsTheEnd: at the end of the chat new messages come into view, further up a button counts them.
func TestFollowsTheEnd(t *testing.T) {
	tr := open(t, desk)
	for i := range 40 {
		tr.says("ayla", fmt.Sprintf("line %d", i), "")
	}
	tr.sees("line 39")
	const atEnd = `(l => l.scrollHeight - l.scrollTop - l.clientHeight < 90)(document.querySelector('.log'))`
	tr.until(atEnd)
	tr.do("scroll up", chromedp.Evaluate(`document.querySelector('.log').scrollTop = 0`, nil))
	tr.until(`!document.querySelector('[data-end]').hidden`)
	tr.says("ayla", "the newest", "")
	tr.until(`document.querySelector('.unread').textContent === '1'`)
	if ask[bool](tr, atEnd) {
		t.Error("the chat jumped away from what is being read")
	}
	tr.click(`[data-end]`)
	tr.until(atEnd)
}

// TestOnAPhone: one part at a time, nothing wider than the screen, everything within reach.
func TestOnAPhone(t *testing.T) {
	tr := open(t, phone)
	tr.says("ayla", strings.Repeat("averylongwordwithoutaspace", 8), `,"reply_markup":{"inline_keyboard":[[{"text":"0","callback_data":"0"},{"text":"1","callback_data":"1"},{"text":"2","callback_data":"2"},{"text":"3","callback_data":"3"},{"text":"4","callback_data":"4"},{"text":"5","callback_data":"5"}]]}`)
	tr.sees("averylongword")
	for _, view := range []string{"guide", "telegram", "knows", "tools"} {
		tr.click(`.views [data-view="` + view + `"]`)
		if wide := ask[int](tr, `document.scrollingElement.scrollWidth`); wide > 360 {
			t.Errorf("%s is %d wide on a screen of 360", view, wide)
		}
		cut := ask[[]string](tr, `[...document.querySelectorAll('main *, .top *')].filter(e => {
			const r = e.getBoundingClientRect();
			return r.width > 2 && (r.right > 361 || r.left < -1) && e.checkVisibility() && !e.closest('.customers, svg, .acts');
		}).map(e => e.className + ' ' + e.innerText?.slice(0, 30))`)
		if len(cut) > 0 {
			t.Errorf("%s: beyond the edge: %q", view, cut)
		}
	}
	tr.click(`.views [data-view="guide"]`)
	tr.click(`.phrase[data-lang="az"]`)
	tr.until(`document.body.dataset.view === 'telegram' && document.activeElement.id === 'input-telegram'`)
}
