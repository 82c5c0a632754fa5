// The sandbox's page: keeps what the server rendered up to date from one stream of events, and sends what people do to
// the JSON API. Without this script the page can still be read.
'use strict';
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const body = document.body;
  const panes = () => all('.pane');
  const focused = () => one('.pane.focused') || one('.pane');

  // ---- talking to the server ----

  async function send(path, data) {
    const answer = await fetch(path, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(data),
    });
    const result = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(result.error || `the sandbox answered ${answer.status}`);
    return result;
  }

  // act does something a person asked for and says what went wrong.
  async function act(what, source) {
    if (source) source.setAttribute('aria-busy', 'true');
    try {
      await what();
      return true;
    } catch (problem) {
      toast(problem.message, true);
      return false;
    } finally {
      if (source) source.removeAttribute('aria-busy');
    }
  }

  // steady runs a refresh once at a time, and once more when it was asked for meanwhile.
  function steady(run) {
    let running = false, again = false;
    return async () => {
      again = true;
      if (running) return;
      running = true;
      try {
        while (again) {
          again = false;
          await run();
        }
      } catch { /* the stream says that the sandbox is away, and refreshes all when it is back */ } finally {
        running = false;
      }
    };
  }

  async function fetched(path) {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), 'text/html').body;
  }

  // ---- putting new HTML in the place of old ----

  const sources = new WeakMap(); // the HTML that an element was made from
  const source = (element) => sources.get(element) ?? element.outerHTML;

  function swap(old, fresh) {
    const html = fresh.outerHTML;
    if (source(old) === html) return;
    const active = document.activeElement;
    const inside = old.contains(active);
    if (inside && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName)) return;
    const open = all('details[open]', old).map((d) => d.id);
    const before = new Map(all('[data-key]', old).map((e) => [e.dataset.key, e.textContent]));
    sources.set(fresh, html);
    if (fresh.matches('.commands')) fresh.hidden = old.hidden;
    old.replaceWith(fresh);
    for (const id of open) {
      const d = id && document.getElementById(id);
      if (d) d.open = true;
    }
    if (inside && active.id) document.getElementById(active.id)?.focus({ preventScroll: true });
    if (before.size) {
      for (const e of all('[data-key]', fresh)) {
        if (before.get(e.dataset.key) !== e.textContent) e.classList.add('changed');
      }
    }
  }

  // merge brings a list of messages up to date and leaves alone what has not changed, so that a screen reader reads only
  // what is new and no picture flickers. It answers how many came at the end.
  function merge(list, fresh) {
    const old = new Map([...list.children].map((e) => [e.id, e]));
    const last = list.lastElementChild;
    const known = new Set(old.keys());
    let at = list.firstElementChild;
    let added = 0;
    const active = document.activeElement;
    const activeId = list.contains(active) ? active.id : '';
    for (const item of [...fresh.children]) {
      const html = item.outerHTML;
      let use = old.get(item.id);
      old.delete(item.id);
      if (!use || source(use) !== html) {
        sources.set(item, html);
        if (use) {
          if (use === at) at = use.nextElementSibling;
          use.remove();
        }
        if (!known.has(item.id) && item.classList.contains('msg')) {
          item.classList.add('arrives');
          if (last) added++;
        }
        use = item;
      }
      if (use === at) at = at.nextElementSibling;
      else list.insertBefore(use, at);
    }
    for (const gone of old.values()) gone.remove();
    if (activeId) document.getElementById(activeId)?.focus({ preventScroll: true });
    return added;
  }

  // ---- the panes ----

  const refreshers = new Map();

  function seat(pane) {
    const { pane: platform, as, in: place, locale, fresh } = pane.dataset;
    return { platform, as, in: place, locale, fresh: fresh === 'true' };
  }

  function refreshPane(pane) {
    const platform = pane.dataset.pane;
    if (!refreshers.has(platform)) {
      refreshers.set(platform, steady(async () => {
        const s = seat(pane);
        const html = await fetched(`/fragment/pane/${platform}?${new URLSearchParams({ as: s.as, in: s.in, locale: s.locale })}`);
        if (pane.dataset.as === s.as && pane.dataset.in === s.in) show(pane, one('.pane', html));
      }));
    }
    return refreshers.get(platform)();
  }

  function show(pane, fresh) {
    const log = one('.log', pane);
    const atEnd = nearEnd(log);
    const moved = pane.dataset.shown !== `${fresh.dataset.as}|${fresh.dataset.in}`;
    pane.dataset.shown = `${fresh.dataset.as}|${fresh.dataset.in}`;
    pane.dataset.fresh = fresh.dataset.fresh;
    pane.dataset.locale = fresh.dataset.locale;
    const hadForm = one('.modal', pane);
    for (const part of all('[data-part]', fresh)) {
      const old = one(`[data-part="${part.dataset.part}"]`, pane);
      if (!old) continue;
      if (part.dataset.part !== 'log') {
        swap(old, part);
        continue;
      }
      if (moved) {
        log.setAttribute('aria-live', 'off');
        old.replaceChildren(...part.children);
        setTimeout(() => log.setAttribute('aria-live', 'polite'), 500);
        continue;
      }
      const added = merge(old, part);
      if (added && !atEnd) unread(pane, added);
    }
    const input = one('textarea', one('.composer', pane));
    input.setAttribute('aria-label', one('textarea', one('.composer', fresh)).getAttribute('aria-label'));
    if (moved || atEnd) toEnd(log, !moved);
    if (moved) one('[data-switch][aria-current]', pane)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const form = one('.modal', pane);
    if (form && !hadForm) one('input, textarea', form)?.focus();
  }

  const nearEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 90;

  function toEnd(log, smooth) {
    log.scrollTo({ top: log.scrollHeight, behavior: smooth && !calm.matches ? 'smooth' : 'auto' });
  }

  function unread(pane, more) {
    const button = one('[data-end]', pane);
    const badge = one('.unread', button);
    const n = (Number(badge.textContent) || 0) + more;
    badge.textContent = n;
    badge.hidden = false;
    button.hidden = false;
  }

  function watchScroll(pane) {
    const log = one('.log', pane);
    const button = one('[data-end]', pane);
    log.addEventListener('scroll', () => {
      const end = nearEnd(log);
      button.hidden = end;
      if (end) {
        one('.unread', button).textContent = '';
        one('.unread', button).hidden = true;
      }
    }, { passive: true });
    // Pictures and the growing input move the end away.
    let height = log.clientHeight, stick = true;
    log.addEventListener('scroll', () => { stick = nearEnd(log); }, { passive: true });
    new ResizeObserver(() => {
      if (stick && log.clientHeight !== height) toEnd(log, false);
      height = log.clientHeight;
    }).observe(log);
    log.addEventListener('load', () => { if (stick) toEnd(log, false); }, true);
    toEnd(log, false);
  }

  // sit changes as whom, and where, a pane is used.
  function sit(pane, change, push = true) {
    const s = { ...seat(pane), ...change };
    pane.dataset.as = s.as.trim().toLowerCase();
    pane.dataset.in = s.in || '';
    pane.dataset.locale = s.locale || '';
    pane.classList.remove('typing');
    unquote(pane);
    one('[data-note]', pane).hidden = true;
    if (push) history.pushState(null, '', address());
    focusPane(pane, true);
    if (['az', 'tr', 'ru', 'en'].includes(s.locale)) speak(s.locale);
    return refreshPane(pane);
  }

  function address() {
    const q = new URLSearchParams();
    for (const pane of panes()) {
      const s = seat(pane);
      q.set(s.platform, s.as);
      if (s.in) q.set(`${s.platform}.in`, s.in);
      if (s.locale && s.fresh) q.set(`${s.platform}.locale`, s.locale);
    }
    if (panes().length > 1) q.set('focus', focused().dataset.pane);
    return `/?${q}`;
  }

  function focusPane(pane, force) {
    if (!pane || (pane.classList.contains('focused') && !force)) return;
    for (const p of panes()) p.classList.toggle('focused', p === pane);
    for (const e of all('[data-customer]')) e.textContent = capital(pane.dataset.as);
    refreshSide();
  }

  const capital = (s) => s.charAt(0).toLocaleUpperCase() + s.slice(1);

  // ---- the side and the clock ----

  const refreshSide = steady(async () => {
    const pane = focused();
    if (!pane) return;
    const { platform, as } = seat(pane);
    const html = await fetched(`/fragment/side/${platform}?${new URLSearchParams({ as })}`);
    if (focused() !== pane || pane.dataset.as !== as) return refreshSide();
    const root = one('#side');
    const same = root.dataset.of === `${platform}|${as}`;
    root.dataset.of = `${platform}|${as}`;
    for (const part of all('[data-part]', html)) {
      const old = one(`[data-part="${part.dataset.part}"]`, root);
      swap(old, part);
    }
    if (!same) for (const e of all('.changed', root)) e.classList.remove('changed');
  });

  let sideTimer;
  function sideSoon() {
    clearTimeout(sideTimer);
    sideTimer = setTimeout(refreshSide, 150);
  }

  const clock = { base: 0, at: 0, offset: 0 };

  function readClock() {
    const face = one('[data-now]');
    clock.base = Number(face.dataset.now);
    clock.offset = Number(face.dataset.offset);
    clock.at = performance.now();
  }

  function tick() {
    const now = new Date(clock.base + performance.now() - clock.at + clock.offset * 60000);
    const two = (n) => String(n).padStart(2, '0');
    const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][now.getUTCDay()];
    const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][now.getUTCMonth()];
    const text = `${day} ${now.getUTCDate()} ${month} ${now.getUTCFullYear()}, ${two(now.getUTCHours())}:${two(now.getUTCMinutes())}`;
    for (const e of all('[data-clock]')) if (e.textContent !== text) e.textContent = text;
  }

  const refreshClock = steady(async () => {
    const html = await fetched('/fragment/clock');
    for (const part of all('[data-part]', html)) swap(one(`#clock [data-part="${part.dataset.part}"]`), part);
    readClock();
    tick();
  });

  async function move(path, data, source) {
    const group = one('.clock-moves');
    group.setAttribute('aria-busy', 'true');
    await act(async () => {
      const { now } = await send(path, data);
      toast(`The business clock shows ${now.slice(0, 16).replace('T', ' ')}.`);
    }, source);
    group.removeAttribute('aria-busy');
    refreshAll();
  }

  function refreshAll() {
    for (const pane of panes()) refreshPane(pane);
    refreshSide();
    refreshClock();
  }

  // ---- the stream ----

  function listen() {
    const stream = new EventSource('/events');
    let away = false;
    stream.onopen = () => {
      one('#offline').hidden = true;
      if (away) refreshAll();
      away = false;
    };
    stream.onerror = () => {
      away = true;
      one('#offline').hidden = false;
    };
    stream.onmessage = (event) => heard(JSON.parse(event.data));
    addEventListener('pagehide', () => stream.close());
  }

  function heard(n) {
    if (n.kind === 'clock') {
      refreshClock();
      for (const pane of panes()) refreshPane(pane);
      return sideSoon();
    }
    if (n.kind === 'work') return working(n.busy || []);
    const pane = one(`#pane-${CSS.escape(n.platform)}`);
    if (!pane) return;
    const s = seat(pane);
    const here = (!n.person || n.person === s.as) && (n.kind === 'note' || (n.in || '') === s.in || !n.person);
    if (!here) {
      if (n.kind === 'chat' && n.person !== s.as) one(`#tab-${CSS.escape(n.platform)}-${CSS.escape(n.person)}`)?.classList.add('news');
      return;
    }
    if (n.kind === 'typing') return typing(pane);
    if (n.kind === 'note') return note(pane, n.note);
    pane.classList.remove('typing');
    refreshPane(pane);
    sideSoon();
  }

  let typingTimer;
  function typing(pane) {
    pane.classList.add('typing');
    clearTimeout(typingTimer);
    typingTimer = setTimeout(() => pane.classList.remove('typing'), 6000);
  }

  function note(pane, text) {
    const place = one('[data-note]', pane);
    place.textContent = text;
    place.hidden = false;
    clearTimeout(place.timer);
    place.timer = setTimeout(() => { place.hidden = true; }, 4000);
  }

  function working(busy) {
    const sign = one('[data-work]');
    sign.textContent = busy.length ? 'working' : 'at rest';
    sign.classList.toggle('busy', busy.length > 0);
    sign.title = busy.join('; ');
    if (busy.length) return;
    refreshSide();
    refreshClock();
    for (const pane of panes()) refreshPane(pane);
  }

  function toast(text, bad) {
    const p = document.createElement('p');
    p.textContent = capital(text);
    p.className = bad ? 'bad' : '';
    one('#toasts').append(p);
    setTimeout(() => p.remove(), bad ? 8000 : 4000);
  }

  // ---- writing ----

  async function say(pane, text, more = {}) {
    const s = seat(pane);
    const base = { as: s.as, in: s.in };
    if (s.fresh && s.locale) more = { ...more, locale: s.locale };
    if (s.platform !== 'telegram' && text.startsWith('/') && !more.attach) {
      return send(`/api/${s.platform}/command`, { ...base, text });
    }
    return send(`/api/${s.platform}/say`, { ...base, text, ...more });
  }

  async function submit(form) {
    const pane = form.closest('.pane');
    const input = one('textarea', form);
    const text = input.value.trim();
    if (!text) return;
    const { quoting, message } = form.dataset;
    const s = seat(pane);
    setInput(pane, '');
    unquote(pane);
    const fine = await act(() => {
      if (quoting === 'edit') return send(`/api/${s.platform}/edit`, { as: s.as, message, text });
      return say(pane, text, quoting === 'reply' ? { reply_to: message } : {});
    });
    if (!fine && !input.value) setInput(pane, text);
    toEnd(one('.log', pane), true);
    input.focus();
  }

  function setInput(pane, text) {
    const input = one('.composer textarea', pane);
    input.value = text;
    grow(input);
    offer(pane);
  }

  function grow(input) {
    input.rows = Math.min(6, Math.max(1, input.value.split('\n').length));
    input.closest('.composer').classList.toggle('filled', input.value.trim() !== '');
  }

  function quote(pane, item, kind) {
    const form = one('[data-composer]', pane);
    form.dataset.quoting = kind;
    form.dataset.message = item.dataset.id;
    const text = one('.text', item)?.textContent.trim() || '';
    one('[data-quote-text]', form).textContent = `${kind === 'edit' ? 'Edit' : 'Reply to'}: ${text}`;
    one('[data-quote]', form).hidden = false;
    if (kind === 'edit') setInput(pane, text);
    one('textarea', form).focus();
  }

  function unquote(pane) {
    const form = one('[data-composer]', pane);
    if (form.dataset.quoting === 'edit') setInput(pane, '');
    delete form.dataset.quoting;
    delete form.dataset.message;
    one('[data-quote]', form).hidden = true;
  }

  // ---- the list of commands over the input ----

  function offer(pane, everything) {
    const list = one('.commands', pane);
    const input = one('.composer textarea', pane);
    const start = input.value;
    let shown = 0;
    for (const item of list.children) {
      item.hidden = !(everything || (start.startsWith('/') && !/\s/.test(start) && item.dataset.command.startsWith(start)));
      if (!item.hidden) shown++;
      item.setAttribute('aria-selected', 'false');
    }
    list.hidden = shown === 0;
    if (input.hasAttribute('aria-expanded')) input.setAttribute('aria-expanded', String(shown > 0));
    input.removeAttribute('aria-activedescendant');
  }

  function closeCommands(pane) {
    one('.commands', pane).hidden = true;
    const input = one('.composer textarea', pane);
    if (input.hasAttribute('aria-expanded')) input.setAttribute('aria-expanded', 'false');
  }

  function choose(pane, step) {
    const items = all('.commands li:not([hidden])', pane);
    const now = items.findIndex((i) => i.getAttribute('aria-selected') === 'true');
    const next = items[(now + step + items.length + (now < 0 && step < 0 ? 1 : 0)) % items.length];
    for (const item of items) item.setAttribute('aria-selected', String(item === next));
    next.scrollIntoView({ block: 'nearest' });
    one('.composer textarea', pane).setAttribute('aria-activedescendant', next.id);
  }

  function pick(pane, item) {
    setInput(pane, '');
    closeCommands(pane);
    act(() => say(pane, item.dataset.command));
    one('.composer textarea', pane).focus();
  }

  // ---- the guide ----

  function speak(language) {
    const guide = one('#guide');
    guide.dataset.language = language;
    for (const b of all('.languages button', guide)) b.setAttribute('aria-pressed', String(b.dataset.language === language));
  }

  function fill(text, from) {
    const pane = from.closest('.pane') || focused();
    from.closest('.step')?.classList.add('tried');
    view(pane.dataset.pane);
    setInput(pane, text);
    one('.composer textarea', pane).focus();
  }

  function go(control, from) {
    from.closest('.step')?.classList.add('tried');
    if (control === 'next') return move('/clock', { next: true }, from);
    const desk = control === 'staff' && one('#pane-slack');
    if (desk) {
      view('slack');
      const tab = one('[data-staff]', desk);
      return sit(desk, { as: tab?.dataset.switch || seat(desk).as, in: desk.dataset.first });
    }
    view('tools');
    const target = control === 'order' ? one('.order input') : one('#fault-down');
    target.scrollIntoView({ block: 'center', behavior: calm.matches ? 'auto' : 'smooth' });
    target.focus({ preventScroll: true });
    const card = target.closest('.card');
    card.classList.remove('pointed');
    requestAnimationFrame(() => card.classList.add('pointed'));
  }

  function view(name) {
    body.dataset.view = name;
    for (const b of all('.views button')) {
      if (b.dataset.view === name) b.setAttribute('aria-current', 'true');
      else b.removeAttribute('aria-current');
    }
    const pane = one(`#pane-${CSS.escape(name)}`);
    if (pane) {
      focusPane(pane);
      toEnd(one('.log', pane), false);
    }
  }

  // ---- what people do ----

  // doing is what a click does, by the attribute of what was clicked.
  const doing = {
    'data-switch': (e) => {
      const pane = e.closest('.pane');
      sit(pane, { as: e.dataset.switch, in: 'staff' in e.dataset ? pane.dataset.first : '', locale: e.dataset.locale });
    },
    'data-fill': (e) => fill(e.dataset.fill, e),
    'data-go': (e) => go(e.dataset.go, e),
    'data-advance': (e) => move('/api/clock', { advance: e.dataset.advance }, e),
    'data-next': (e) => move('/clock', { next: true }, e),
    'data-end': (e) => toEnd(one('.log', e.closest('.pane')), true),
    'data-commands': (e) => {
      const pane = e.closest('.pane');
      if (one('.commands', pane).hidden) offer(pane, true);
      else closeCommands(pane);
      one('.composer textarea', pane).focus();
    },
    'data-command': (e) => pick(e.closest('.pane'), e),
    'data-reply': (e) => quote(e.closest('.pane'), e.closest('.msg'), 'reply'),
    'data-edit': (e) => quote(e.closest('.pane'), e.closest('.msg'), 'edit'),
    'data-unquote': (e) => unquote(e.closest('.pane')),
    'data-delete': (e) => {
      const s = seat(e.closest('.pane'));
      act(() => send(`/api/${s.platform}/delete`, { as: s.as, message: e.closest('.msg').dataset.id }));
    },
    'data-block': (e) => {
      const s = seat(e.closest('.pane'));
      act(() => send(`/api/${s.platform}/${e.dataset.block}`, { as: s.as }), e);
    },
    'data-start': (e) => act(() => say(e.closest('.pane'), '/start'), e),
    'data-thread': (e) => sit(e.closest('.pane'), { in: e.dataset.thread }),
    'data-dismiss': (e) => { e.closest('[data-part]').replaceChildren(); },
    'data-attach': (e) => {
      e.closest('details').open = false;
      const pane = e.closest('.pane');
      const text = one('.composer textarea', pane).value.trim();
      setInput(pane, '');
      act(() => say(pane, text, { attach: e.dataset.attach }));
    },
    'data-press': (e) => press(e, e.dataset.press),
    'data-key-press': (e) => {
      const s = seat(e.closest('.pane'));
      act(() => send(`/api/${s.platform}/press`, { as: s.as, label: e.dataset.keyPress, in: s.in }), e);
    },
    'data-down': (e) => {
      const down = e.getAttribute('aria-checked') !== 'true';
      trouble(e, { down }, down ? 'Every connection is refused now. Write something, then switch it back on.' : 'The platform answers again.');
    },
    'data-fault': (e) => trouble(e, JSON.parse(e.dataset.fault), `Armed: ${e.textContent.trim()}.`),
  };

  function press(e, label) {
    const s = seat(e.closest('.pane'));
    return act(() => send(`/api/${s.platform}/press`, { as: s.as, label, in: s.in, message: e.dataset.message }), e);
  }

  async function trouble(e, fault, text) {
    const platform = e.closest('[data-platform]').dataset.platform;
    if (await act(() => send(`/api/${platform}/fault`, fault), e)) toast(text);
    refreshSide();
    for (const pane of panes()) refreshPane(pane);
    if (fault.drop) setTimeout(refreshAll, 4500);
  }

  async function order(form) {
    const pane = focused();
    const s = seat(pane);
    const total = form.elements.total.value.replace(',', '.');
    const category = form.elements.category.value.trim();
    const id = `page-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e6).toString(36)}`;
    const items = category ? [{ category, total }] : [];
    if (await act(() => send('/api/orders', { as: s.as, platform: s.platform, id, total, items }), one('button', form))) {
      toast(`${capital(s.as)} paid ${total}.`);
      refreshAll();
    }
  }

  document.addEventListener('click', (event) => {
    for (const d of all('details.drop[open]')) if (!d.contains(event.target)) d.open = false;
    for (const pane of panes()) if (!one('.composer', pane).contains(event.target)) closeCommands(pane);
    const nav = event.target.closest('.views button');
    if (nav) return view(nav.dataset.view);
    const language = event.target.closest('.languages button');
    if (language) return speak(language.dataset.language);
    for (let e = event.target; e && e.getAttribute; e = e.parentElement) {
      const name = e.getAttributeNames().find((n) => doing[n]);
      if (!name || e.matches('form')) continue;
      if (e.tagName === 'A' && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
      event.preventDefault();
      doing[name](e);
      return;
    }
  });

  document.addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.matches('[data-composer]')) submit(form);
    else if (form.matches('[data-order]')) order(form);
    else if (form.matches('[data-clock-to]')) {
      form.closest('details').open = false;
      move('/clock', { to: form.elements.to.value }, one('button', form));
    } else if (form.matches('[data-new]')) {
      const pane = form.closest('.pane');
      form.closest('details').open = false;
      sit(pane, { as: form.elements.name.value, in: '', locale: form.elements.locale.value });
      one('.composer textarea', pane).focus();
    } else if (form.matches('[data-submit]')) {
      const s = seat(form.closest('.pane'));
      const values = Object.fromEntries(new FormData(form));
      act(() => send(`/api/${s.platform}/submit`, { as: s.as, values }), form);
    }
  });

  document.addEventListener('change', (event) => {
    const e = event.target;
    if (e.matches('[data-place]')) sit(e.closest('.pane'), { in: e.value });
    if (e.matches('[data-press-option]') && e.value) press(e, e.value);
  });

  document.addEventListener('input', (event) => {
    if (!event.target.matches('.composer textarea')) return;
    grow(event.target);
    offer(event.target.closest('.pane'));
  });

  // A line break comes only with Shift held; keyboards of phones send the break beside the key.
  let shift = false;
  document.addEventListener('beforeinput', (event) => {
    if (event.inputType === 'insertLineBreak' && !shift && event.target.matches('.composer textarea')) event.preventDefault();
  });

  document.addEventListener('focusin', (event) => focusPane(event.target.closest?.('.pane')));
  document.addEventListener('pointerdown', (event) => focusPane(event.target.closest?.('.pane')));

  document.addEventListener('keydown', (event) => {
    shift = event.shiftKey;
    if (event.key === 'Escape') {
      const open = event.target.closest?.('details.drop[open]') || one('details.drop[open]');
      if (open) {
        open.open = false;
        one('summary', open).focus();
      }
    }
    if (!event.target.matches?.('.composer textarea')) return;
    const pane = event.target.closest('.pane');
    const listed = !one('.commands', pane).hidden;
    if (event.key === 'Escape') {
      closeCommands(pane);
      unquote(pane);
    } else if (listed && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      choose(pane, event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      const chosen = listed && one('.commands [aria-selected="true"]', pane);
      if (chosen) pick(pane, chosen);
      else event.target.form.requestSubmit();
    } else if (event.key === 'ArrowUp' && !event.target.value) {
      const own = all('.msg', pane).reverse().find((m) => one('[data-edit]', m));
      if (own) {
        event.preventDefault();
        quote(pane, own, 'edit');
      }
    }
  });

  addEventListener('popstate', () => {
    const q = new URLSearchParams(location.search);
    for (const pane of panes()) {
      const name = pane.dataset.pane;
      const first = one('[data-switch]', pane);
      sit(pane, { as: q.get(name) || first?.dataset.switch || '', in: q.get(`${name}.in`) || (q.has(name) ? '' : pane.dataset.first), locale: q.get(`${name}.locale`) || '' }, false);
    }
    const pane = one(`#pane-${CSS.escape(q.get('focus') || '')}`);
    if (pane) focusPane(pane, true);
  });

  // ---- beginning ----

  for (const pane of panes()) {
    pane.dataset.shown = `${pane.dataset.as}|${pane.dataset.in}`;
    one('.new .drop-body', pane).append(one('#new-customer').content.cloneNode(true));
    for (const part of all('[data-part], .log > ol > li', pane)) sources.set(part, part.outerHTML);
    watchScroll(pane);
  }
  for (const part of all('#side [data-part], #clock [data-part]')) sources.set(part, part.outerHTML);
  if (focused()) one('#side').dataset.of = `${focused().dataset.pane}|${focused().dataset.as}`;
  document.documentElement.classList.add('live');
  view(body.dataset.view);
  readClock();
  setInterval(tick, 1000);
  listen();
})();
