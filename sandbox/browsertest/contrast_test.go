package browsertest_test

import (
	"fmt"
	"testing"
)

// faint answers the texts whose contrast with what is behind them is below WCAG's AA. Behind a text lies the nearest
// ancestor with a background; where that is a picture or a gradient, the text must bring a background of its own.
// Source: www.w3.org/TR/WCAG22/#contrast-minimum.
const faint = `(() => {
	const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const rgba = (colour) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const behind = (e) => {
		const layers = [];
		for (; e; e = e.parentElement) {
			const style = getComputedStyle(e);
			const colour = rgba(style.backgroundColor);
			if (colour[3]) layers.push(colour);
			if (colour[3] === 255) break;
			if (style.backgroundImage.includes('gradient') && !e.matches('button')) return null;
		}
		return layers.reverse().reduce((under, over) => under.map((v, i) => v + (over[i] - v) * over[3] / 255), [255, 255, 255]);
	};
	const found = [];
	for (const e of document.querySelectorAll('body *')) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
		if (!own || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || e.closest('.hidden, .skip, template, script, option, :disabled')) continue;
		const style = getComputedStyle(e);
		const ground = behind(e);
		const name = (e.className || e.tagName) + ': ' + e.textContent.trim().slice(0, 24);
		if (!ground) { found.push(name + ' stands on a picture'); continue; }
		const [a, b] = [light(rgba(style.color)), light(ground)].sort((x, y) => y - x);
		const size = parseFloat(style.fontSize);
		const need = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
		const ratio = (a + .05) / (b + .05);
		if (ratio < need) found.push(name + ' ' + ratio.toFixed(2));
	}
	return [...new Set(found)];
})()`

// TestContrast: every text can be read by weak eyes, by day and by night.
func TestContrast(t *testing.T) {
	for _, dark := range []bool{false, true} {
		t.Run(fmt.Sprintf("dark=%v", dark), func(t *testing.T) {
			tr := open(t, screen{width: 1400, height: 1300, dark: dark})
			tr.says("ayla", "Kod: <code>1</code> <a href='https://example.com'>xəritə</a>", `,"parse_mode":"HTML","reply_markup":{"inline_keyboard":[[{"text":"Bəli","callback_data":"y"},{"text":"Sayt","url":"https://example.com"}]]}`)
			tr.calls("sendMessage", `{"chat_id":`+tr.chatOf("ayla")+`,"text":"Seçin","reply_markup":{"keyboard":[[{"text":"Kartım"}]]}}`)
			tr.click(`.attach summary`)
			tr.click(`[data-attach="contact"]`)
			tr.click(`.phrase[data-lang="az"]`)
			tr.keys("\r")
			tr.until(`document.querySelectorAll('.msg').length === 4 && !!document.querySelector('.menu-keys button')`)
			for _, text := range ask[[]string](tr, faint) {
				t.Errorf("too faint: %s", text)
			}
		})
	}
}

// TestNames: every control has a name for those who do not see it, and no two elements share an id.
func TestNames(t *testing.T) {
	tr := open(t, desk)
	tr.says("ayla", "Seçin", `,"reply_markup":{"inline_keyboard":[[{"text":"Kart","callback_data":"c"}]]}`)
	tr.sees("Seçin")
	for _, e := range ask[[]string](tr, `[...document.querySelectorAll('button, a, input, select, textarea, summary')]
		.filter(e => !(e.innerText?.trim() || e.textContent.trim() || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)`) {
		t.Errorf("without a name: %s", e)
	}
	for _, id := range ask[[]string](tr, `[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`) {
		t.Errorf("more than one element has the id %q", id)
	}
}
