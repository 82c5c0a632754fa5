-- The first schema. Each feature has its own headed section, the same sections in the same order in both folders.
--
-- Instants are milliseconds since 1970 UTC in columns that end in _at (0: not yet, or never), on the business clock
-- unless a comment says otherwise. Yes and no are 1 and 0. Money is minor units beside a currency. JSON is text.
-- A customer_id is the record a fact was made with; a root_id is the person that the record belonged to then.

-- +goose Up

-- ============================================================ settings
CREATE TABLE settings (
	name       TEXT    PRIMARY KEY,
	value      TEXT    NOT NULL,
	updated_at INTEGER NOT NULL
) STRICT;

-- ============================================================ people
CREATE TABLE customers (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	root_id      INTEGER NOT NULL REFERENCES customers(id) DEFERRABLE INITIALLY DEFERRED, -- itself while not linked
	chosen       TEXT    NOT NULL DEFAULT '',
	spoken       TEXT    NOT NULL DEFAULT '',
	name         TEXT    NOT NULL DEFAULT '',
	honorific    TEXT    NOT NULL DEFAULT '',
	zone         TEXT    NOT NULL DEFAULT '',
	stopped      INTEGER NOT NULL DEFAULT 0, -- derived from the consent for "all"
	staff        INTEGER NOT NULL DEFAULT 0,
	welcomed_at  INTEGER NOT NULL DEFAULT 0,
	offers_asked_at INTEGER NOT NULL DEFAULT 0, -- the question whether we may write first
	created_at   INTEGER NOT NULL,
	forgotten_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX customers_by_root ON customers (root_id);

CREATE TABLE identities (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	customer_id   INTEGER NOT NULL REFERENCES customers(id),
	channel       TEXT    NOT NULL,
	user_id       TEXT    NOT NULL,
	display_name  TEXT    NOT NULL DEFAULT '',
	locale        TEXT    NOT NULL DEFAULT '',
	reach         TEXT    NOT NULL DEFAULT 'ok', -- ok, gone
	reach_reason  TEXT    NOT NULL DEFAULT '',
	reach_at      INTEGER NOT NULL DEFAULT 0,
	needs_consent INTEGER NOT NULL DEFAULT 0, -- was gone since the last yes: marketing does not resume by itself
	created_at    INTEGER NOT NULL,
	UNIQUE (channel, user_id)
) STRICT;
CREATE INDEX identities_by_customer ON identities (customer_id);

CREATE TABLE conversations (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	account     TEXT    NOT NULL,
	chat        TEXT    NOT NULL,
	channel     TEXT    NOT NULL,
	private     INTEGER NOT NULL DEFAULT 0,
	customer_id INTEGER REFERENCES customers(id),  -- private chats only
	identity_id INTEGER REFERENCES identities(id), -- private chats only
	dialogue    TEXT    NOT NULL DEFAULT '',
	version     INTEGER NOT NULL DEFAULT 0,
	created_at  INTEGER NOT NULL,
	last_in_at  INTEGER NOT NULL DEFAULT 0, -- the last turn
	UNIQUE (account, chat)
) STRICT;
CREATE INDEX conversations_by_customer ON conversations (customer_id);

-- Facts of a profile, each with where it came from.
CREATE TABLE facts (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	field       TEXT    NOT NULL,
	value       TEXT    NOT NULL,
	source      TEXT    NOT NULL, -- customer, staff, import, a declared source
	set_at      INTEGER NOT NULL,
	UNIQUE (customer_id, field)
) STRICT;
CREATE INDEX facts_by_value ON facts (field, value);

CREATE TABLE link_codes (
	code        TEXT    PRIMARY KEY,
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	purpose     TEXT    NOT NULL DEFAULT 'link',
	expires_at  INTEGER NOT NULL,
	used_at     INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What was joined to what, by whom and on what proof, so that it can be undone.
CREATE TABLE links (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	root_id     INTEGER NOT NULL REFERENCES customers(id),
	before      TEXT    NOT NULL DEFAULT '', -- JSON: what unlinking gives back
	way         TEXT    NOT NULL,
	linked_at   INTEGER NOT NULL,
	undone_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX links_by_customer ON links (customer_id);

-- ============================================================ consent
-- Every yes and no for ever.
CREATE TABLE consents (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	key         TEXT    NOT NULL UNIQUE, -- inbox:<id>:<topic>:<n>, import:<row>, ...
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	root_id     INTEGER NOT NULL REFERENCES customers(id),
	channel     TEXT    NOT NULL,
	topic       TEXT    NOT NULL,
	granted     INTEGER NOT NULL,
	wording     TEXT    NOT NULL,
	way         TEXT    NOT NULL,
	given_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX consents_by_customer ON consents (customer_id, id);

-- The one in force per record, channel and topic. A no is written to every record of the person, a yes to the one it
-- was said with.
CREATE TABLE consents_in_force (
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	channel     TEXT    NOT NULL,
	topic       TEXT    NOT NULL,
	granted     INTEGER NOT NULL,
	consent_id  INTEGER NOT NULL REFERENCES consents(id),
	given_at    INTEGER NOT NULL,
	PRIMARY KEY (customer_id, channel, topic)
) STRICT;

-- ============================================================ inbox
CREATE TABLE inbox (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	account         TEXT    NOT NULL,
	event_id        TEXT    NOT NULL,
	conversation_id INTEGER, -- null: the chat could not be read
	customer_id     INTEGER, -- null: the sender could not be read
	kind            TEXT    NOT NULL,
	payload         TEXT    NOT NULL, -- JSON of the event, with the raw bytes when it could not be decoded
	state           INTEGER NOT NULL DEFAULT 0, -- 0 open, 1 done, 2 parked
	attempts        INTEGER NOT NULL DEFAULT 0, -- failed turns
	cause           TEXT    NOT NULL DEFAULT '',
	received_at     INTEGER NOT NULL,
	settled_at      INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account, event_id)
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE state = 0;
CREATE INDEX inbox_parked ON inbox (id) WHERE state = 2;
CREATE INDEX inbox_by_customer ON inbox (customer_id, id);

-- ============================================================ outbox
CREATE TABLE outbox (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	key          TEXT    NOT NULL UNIQUE,
	account      TEXT    NOT NULL,
	channel      TEXT    NOT NULL,
	chat         TEXT    NOT NULL,
	thread       TEXT    NOT NULL DEFAULT '',
	lane         INTEGER NOT NULL,
	customer_id  INTEGER, -- null: nobody, a staff channel
	body         TEXT    NOT NULL, -- JSON, with the tokens of its buttons
	handle       TEXT    NOT NULL DEFAULT '', -- base64
	token        TEXT, -- what the tokens of its buttons begin with
	of_id        INTEGER, -- edit and delete: which message
	state        INTEGER NOT NULL DEFAULT 0, -- 0 pending, 1 sending, 2 sent, 3 unknown, 4 failed, 5 dropped
	not_before   INTEGER NOT NULL DEFAULT 0,
	not_after    INTEGER NOT NULL DEFAULT 0,
	retry_at     INTEGER NOT NULL DEFAULT 0, -- real clock
	crash_rule   INTEGER NOT NULL DEFAULT 0, -- 0 resend, 1 unknown
	purpose      TEXT    NOT NULL DEFAULT '', -- what we started it for; empty: not gated
	topic        TEXT    NOT NULL DEFAULT '',
	report_kind  TEXT    NOT NULL DEFAULT '',
	report_id    INTEGER NOT NULL DEFAULT 0,
	epoch        INTEGER NOT NULL DEFAULT 0, -- of the lease under which it was claimed last
	attempts     INTEGER NOT NULL DEFAULT 0, -- calls made
	message_id   TEXT    NOT NULL DEFAULT '', -- the platform's
	sent_chat    TEXT    NOT NULL DEFAULT '', -- where it stands, when the platform named another chat
	error_kind   TEXT    NOT NULL DEFAULT '',
	error_code   TEXT    NOT NULL DEFAULT '',
	error_detail TEXT    NOT NULL DEFAULT '',
	created_at   INTEGER NOT NULL,
	settled_at   INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_pending ON outbox (account, lane, id) WHERE state = 0;
CREATE INDEX outbox_sending ON outbox (account, id) WHERE state = 1;
CREATE UNIQUE INDEX outbox_token ON outbox (token) WHERE token IS NOT NULL;
CREATE INDEX outbox_by_customer ON outbox (customer_id, id);

-- The right to run a bot account or an agenda. expires_at is on the database's own clock.
CREATE TABLE leases (
	account    TEXT    PRIMARY KEY,
	owner      TEXT    NOT NULL,
	epoch      INTEGER NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;

-- ============================================================ desk
CREATE TABLE tickets (
	id                INTEGER PRIMARY KEY AUTOINCREMENT,
	customer_id       INTEGER REFERENCES customers(id), -- null: the sender could not be read
	root_id           INTEGER REFERENCES customers(id),
	conversation_id   INTEGER REFERENCES conversations(id),
	topic             TEXT    NOT NULL DEFAULT '',
	reason            TEXT    NOT NULL,
	lang              TEXT    NOT NULL DEFAULT '',
	words             TEXT    NOT NULL DEFAULT '', -- what the customer said, one opening a line
	urgent            INTEGER NOT NULL DEFAULT 0,
	silent            INTEGER NOT NULL DEFAULT 0,
	state             TEXT    NOT NULL DEFAULT 'open', -- open, claimed, waiting (for the customer), resolved
	owner             TEXT    NOT NULL DEFAULT '', -- staff member
	opened_at         INTEGER NOT NULL,
	changed_at        INTEGER NOT NULL,
	claimed_at        INTEGER NOT NULL DEFAULT 0,
	first_response_at INTEGER NOT NULL DEFAULT 0,
	due_at            INTEGER NOT NULL DEFAULT 0,
	told_until        INTEGER NOT NULL DEFAULT 0, -- the waiting time the customer heard
	snoozed_until     INTEGER NOT NULL DEFAULT 0,
	resolved_at       INTEGER NOT NULL DEFAULT 0,
	reopened          INTEGER NOT NULL DEFAULT 0,
	added             INTEGER NOT NULL DEFAULT 0, -- later requests that were added to it
	card_account      TEXT    NOT NULL DEFAULT '',
	card_chat         TEXT    NOT NULL DEFAULT '',
	card_outbox_id    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX tickets_unresolved ON tickets (root_id, topic) WHERE state <> 'resolved';
CREATE INDEX tickets_due ON tickets (due_at) WHERE state <> 'resolved';
CREATE INDEX tickets_by_customer ON tickets (customer_id, id);

-- What was said in a ticket: by the customer, by staff to the customer, by staff among themselves.
CREATE TABLE ticket_messages (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	ticket_id  INTEGER NOT NULL REFERENCES tickets(id),
	key        TEXT    NOT NULL UNIQUE, -- the staff platform's chat and message, or inbox:<id>
	direction  TEXT    NOT NULL, -- in, out, internal
	author     TEXT    NOT NULL DEFAULT '',
	text       TEXT    NOT NULL DEFAULT '',
	inbox_id   INTEGER NOT NULL DEFAULT 0,
	outbox_id  INTEGER NOT NULL DEFAULT 0, -- the copy that went to the other side
	state      TEXT    NOT NULL DEFAULT '', -- out: pending, delivered, failed, unknown
	written_at INTEGER NOT NULL,
	changed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX ticket_messages_by_ticket ON ticket_messages (ticket_id, id);

-- ============================================================ knowledge
-- Questions that found no answer, for gaps.
CREATE TABLE unanswered (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	inbox_id    INTEGER NOT NULL UNIQUE,
	customer_id INTEGER,
	lang        TEXT    NOT NULL,
	text        TEXT    NOT NULL,
	nearest     TEXT    NOT NULL DEFAULT '', -- article
	score       REAL    NOT NULL DEFAULT 0,
	outcome     TEXT    NOT NULL, -- did_you_mean, none, not_helped
	ticket_id   INTEGER NOT NULL DEFAULT 0,
	closed_at   INTEGER NOT NULL DEFAULT 0,
	asked_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX unanswered_open ON unanswered (asked_at) WHERE closed_at = 0;

-- "Helped?" under an answer: one per question.
CREATE TABLE article_feedback (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	inbox_id    INTEGER NOT NULL UNIQUE, -- the question
	customer_id INTEGER NOT NULL,
	article     TEXT    NOT NULL,
	lang        TEXT    NOT NULL,
	helped      INTEGER NOT NULL,
	given_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX article_feedback_by_article ON article_feedback (article, given_at);

-- How often an article answered, by day.
CREATE TABLE article_uses (
	article TEXT    NOT NULL,
	lang    TEXT    NOT NULL,
	day     TEXT    NOT NULL, -- 2027-03-20, brand's zone
	uses    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (article, lang, day)
) STRICT;

CREATE TABLE learned_phrasings (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	article    TEXT    NOT NULL,
	lang       TEXT    NOT NULL,
	folded     TEXT    NOT NULL, -- the key: as the ranker compares it
	text       TEXT    NOT NULL,
	votes      INTEGER NOT NULL DEFAULT 0,
	author     TEXT    NOT NULL DEFAULT '', -- staff member; empty for votes alone
	ticket_id  INTEGER NOT NULL DEFAULT 0,
	state      TEXT    NOT NULL DEFAULT 'vote', -- vote, live, undone
	learned_at INTEGER NOT NULL,
	UNIQUE (article, lang, folded)
) STRICT;

CREATE TABLE learned_articles (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	article    TEXT    NOT NULL UNIQUE,
	body       TEXT    NOT NULL, -- JSON
	author     TEXT    NOT NULL,
	ticket_id  INTEGER NOT NULL DEFAULT 0,
	state      TEXT    NOT NULL DEFAULT 'draft', -- draft, live, undone
	learned_at INTEGER NOT NULL
) STRICT;

-- ============================================================ events
-- Facts that surveys and offers are triggered by, written in the transaction that makes them true.
CREATE TABLE events (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	kind        TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	happened_at INTEGER NOT NULL,
	UNIQUE (kind, key)
) STRICT;

-- ============================================================ surveys
CREATE TABLE survey_invitations (
	id              INTEGER PRIMARY KEY AUTOINCREMENT,
	survey          TEXT    NOT NULL,
	kind            TEXT    NOT NULL DEFAULT '', -- nps, csat, ces, custom
	trigger_key     TEXT    NOT NULL, -- what it is about: order:<id>, ticket.resolved:<id>, 2027-03-01T06:00, hand:<id>
	subject         TEXT    NOT NULL DEFAULT '', -- the event behind it, the same for all surveys that ask about it
	root_id         INTEGER NOT NULL REFERENCES customers(id),
	customer_id     INTEGER NOT NULL REFERENCES customers(id),
	conversation_id INTEGER NOT NULL DEFAULT 0,
	touchpoint      TEXT    NOT NULL DEFAULT '',
	state           TEXT    NOT NULL DEFAULT 'planned', -- planned, sending, open, partial, answered, declined, expired, suppressed
	reason          TEXT    NOT NULL DEFAULT '',
	step            TEXT    NOT NULL DEFAULT '', -- the question that waits
	asks            INTEGER NOT NULL DEFAULT 0, -- how often it went out, without reminders
	promised        INTEGER NOT NULL DEFAULT 0, -- points told up front
	rewarded        INTEGER NOT NULL DEFAULT 0, -- points given
	low_reply       TEXT    NOT NULL DEFAULT '', -- under "a colleague will write"
	again           TEXT    NOT NULL DEFAULT '', -- "is it better now?": yes, partly, no
	window_ms       INTEGER NOT NULL DEFAULT 0, -- how long it stays open
	reminder_ms     INTEGER NOT NULL DEFAULT 0, -- when it is reminded of; 0: never
	event_at        INTEGER NOT NULL DEFAULT 0,
	due_at          INTEGER NOT NULL,
	late_at         INTEGER NOT NULL DEFAULT 0, -- not asked after this
	asked_at        INTEGER NOT NULL DEFAULT 0, -- delivered
	remind_at       INTEGER NOT NULL DEFAULT 0, -- the reminder is due; 0: none
	closes_at       INTEGER NOT NULL DEFAULT 0,
	alert_at        INTEGER NOT NULL DEFAULT 0, -- a low score without words calls a person then
	alerted_at      INTEGER NOT NULL DEFAULT 0,
	again_at        INTEGER NOT NULL DEFAULT 0, -- "is it better now?" is asked then
	reviewed_at     INTEGER NOT NULL DEFAULT 0, -- the review link was shown
	created_at      INTEGER NOT NULL,
	UNIQUE (survey, trigger_key, root_id)
) STRICT;
CREATE INDEX survey_invitations_due ON survey_invitations (due_at) WHERE state = 'planned';
CREATE INDEX survey_invitations_closing ON survey_invitations (closes_at) WHERE state = 'open';
CREATE INDEX survey_invitations_to_remind ON survey_invitations (remind_at) WHERE remind_at > 0;
CREATE INDEX survey_invitations_to_alert ON survey_invitations (alert_at) WHERE alert_at > 0;
CREATE INDEX survey_invitations_again ON survey_invitations (again_at) WHERE again_at > 0;
CREATE INDEX survey_invitations_by_customer ON survey_invitations (customer_id, asked_at);
CREATE INDEX survey_invitations_by_subject ON survey_invitations (subject) WHERE subject <> '';
CREATE INDEX survey_invitations_asked ON survey_invitations (kind, asked_at) WHERE asked_at > 0;

-- Runs of a survey's schedule whose people are planned page by page.
CREATE TABLE survey_rounds (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	survey      TEXT    NOT NULL,
	due_at      INTEGER NOT NULL,
	cursor      INTEGER NOT NULL DEFAULT 0, -- the last person looked at
	finished_at INTEGER NOT NULL DEFAULT 0,
	UNIQUE (survey, due_at)
) STRICT;
CREATE INDEX survey_rounds_open ON survey_rounds (due_at) WHERE finished_at = 0;

CREATE TABLE survey_responses (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	invitation_id INTEGER NOT NULL UNIQUE REFERENCES survey_invitations(id),
	customer_id   INTEGER NOT NULL REFERENCES customers(id),
	survey        TEXT    NOT NULL,
	kind          TEXT    NOT NULL, -- nps, csat, ces, custom
	touchpoint    TEXT    NOT NULL DEFAULT '',
	score         INTEGER, -- null: not given
	comment       TEXT    NOT NULL DEFAULT '',
	answers       TEXT    NOT NULL DEFAULT '', -- JSON, all questions
	lang          TEXT    NOT NULL DEFAULT '',
	answered_at   INTEGER NOT NULL,
	changed_at    INTEGER NOT NULL DEFAULT 0,
	completed_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX survey_responses_by_time ON survey_responses (survey, answered_at);
CREATE INDEX survey_responses_by_customer ON survey_responses (customer_id, answered_at);

-- What an answer was before it was changed.
CREATE TABLE survey_response_history (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	response_id INTEGER NOT NULL REFERENCES survey_responses(id),
	question    TEXT    NOT NULL,
	answer      TEXT    NOT NULL, -- JSON
	replaced_at INTEGER NOT NULL
) STRICT;
CREATE INDEX survey_response_history_by_response ON survey_response_history (response_id, id);

-- Comments and unasked feedback as items that somebody works through.
CREATE TABLE feedback_items (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	key         TEXT    NOT NULL UNIQUE, -- response:<id>:<question>, inbox:<id>
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	touchpoint  TEXT    NOT NULL DEFAULT '',
	lang        TEXT    NOT NULL DEFAULT '',
	text        TEXT    NOT NULL,
	attachments TEXT    NOT NULL DEFAULT '', -- JSON
	themes      TEXT    NOT NULL DEFAULT '', -- JSON list
	polarity    INTEGER NOT NULL DEFAULT 0, -- -1, 0, 1
	score       INTEGER,
	state       TEXT    NOT NULL DEFAULT 'new', -- new, noted, acted_on, told
	given_at    INTEGER NOT NULL,
	changed_at  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX feedback_items_by_state ON feedback_items (state, given_at);
CREATE INDEX feedback_items_by_customer ON feedback_items (customer_id);

-- ============================================================ orders
CREATE TABLE orders (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	source       TEXT    NOT NULL,
	order_id     TEXT    NOT NULL, -- the source's
	customer_id  INTEGER REFERENCES customers(id), -- null: nobody known by that phone yet
	phone        TEXT    NOT NULL DEFAULT '',
	shop         TEXT    NOT NULL DEFAULT '',
	currency     TEXT    NOT NULL,
	total        INTEGER NOT NULL,
	state        TEXT    NOT NULL DEFAULT 'placed', -- placed, returned
	digest       TEXT    NOT NULL DEFAULT '', -- of the request: the same key with another content is refused
	placed_at    INTEGER NOT NULL,
	received_at  INTEGER NOT NULL,
	returned_at  INTEGER NOT NULL DEFAULT 0,
	UNIQUE (source, order_id)
) STRICT;
CREATE INDEX orders_by_customer ON orders (customer_id, placed_at);
CREATE INDEX orders_by_phone ON orders (phone) WHERE customer_id IS NULL;
CREATE INDEX orders_waiting ON orders (received_at) WHERE customer_id IS NULL AND phone <> '';

CREATE TABLE order_lines (
	order_row INTEGER NOT NULL REFERENCES orders(id),
	line      INTEGER NOT NULL,
	sku       TEXT    NOT NULL DEFAULT '',
	name      TEXT    NOT NULL DEFAULT '',
	category  TEXT    NOT NULL DEFAULT '',
	quantity  INTEGER NOT NULL DEFAULT 1,
	amount    INTEGER NOT NULL,
	cost      INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (order_row, line)
) STRICT;

-- ============================================================ loyalty
CREATE TABLE members (
	customer_id INTEGER PRIMARY KEY REFERENCES customers(id),
	card        TEXT    NOT NULL UNIQUE,
	terms       TEXT    NOT NULL, -- version
	way         TEXT    NOT NULL,
	tier        TEXT    NOT NULL DEFAULT '',
	tier_until  INTEGER NOT NULL DEFAULT 0, -- the tier is kept until then although too little was earned; 0: enough was
	review_at   INTEGER NOT NULL DEFAULT 0, -- when the tier must be looked at again; 0: never
	notices     INTEGER NOT NULL DEFAULT 1, -- wants to hear of credits
	invite      TEXT    NOT NULL UNIQUE, -- the code that brings friends
	joined_at   INTEGER NOT NULL,
	left_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX members_to_review ON members (review_at) WHERE review_at > 0;

-- Append-only: a mistake is mended by the opposite entry.
CREATE TABLE ledger_entries (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	source      TEXT    NOT NULL, -- order, survey, reward, staff, expiry, referral, import, ...
	source_id   TEXT    NOT NULL,
	kind        TEXT    NOT NULL, -- earn, redeem, expire, adjust, reverse
	root_id     INTEGER NOT NULL REFERENCES customers(id),
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	points      INTEGER NOT NULL, -- what it adds to the balance
	short       INTEGER NOT NULL DEFAULT 0, -- what it should have taken back and did not find
	reason      TEXT    NOT NULL, -- of the text reason.<reason>
	detail      TEXT    NOT NULL DEFAULT '', -- JSON: what the text is filled in with
	reverses_id INTEGER UNIQUE REFERENCES ledger_entries(id),
	happened_at INTEGER NOT NULL,
	posted_at   INTEGER NOT NULL,
	UNIQUE (source, source_id, kind, root_id)
) STRICT;
CREATE INDEX ledger_entries_by_customer ON ledger_entries (customer_id, id);
CREATE INDEX ledger_entries_by_time ON ledger_entries (happened_at);

-- Each earning is a lot; what is spent is taken from the lot that lapses first.
CREATE TABLE ledger_lots (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	entry_id     INTEGER NOT NULL UNIQUE REFERENCES ledger_entries(id),
	customer_id  INTEGER NOT NULL REFERENCES customers(id),
	points       INTEGER NOT NULL,
	remaining    INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND points),
	available_at INTEGER NOT NULL DEFAULT 0, -- pending before that
	expires_at   INTEGER NOT NULL DEFAULT 0, -- 0: never
	warn_at      INTEGER NOT NULL DEFAULT 0 -- of the next warning; 0: none any more
) STRICT;
CREATE INDEX ledger_lots_open ON ledger_lots (customer_id, expires_at, id) WHERE remaining > 0;
CREATE INDEX ledger_lots_expiring ON ledger_lots (expires_at) WHERE remaining > 0 AND expires_at > 0;
CREATE INDEX ledger_lots_warning ON ledger_lots (warn_at) WHERE remaining > 0 AND warn_at > 0;

CREATE TABLE ledger_allocations (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	entry_id INTEGER NOT NULL REFERENCES ledger_entries(id),
	lot_id   INTEGER NOT NULL REFERENCES ledger_lots(id),
	points   INTEGER NOT NULL, -- negative takes from the lot
	UNIQUE (entry_id, lot_id)
) STRICT;
CREATE INDEX ledger_allocations_by_lot ON ledger_allocations (lot_id);

-- The cached sums, changed with each entry and proven by `ledger verify`.
CREATE TABLE balances (
	customer_id INTEGER PRIMARY KEY REFERENCES customers(id),
	points      INTEGER NOT NULL DEFAULT 0 CHECK (points >= 0),
	owed        INTEGER NOT NULL DEFAULT 0 CHECK (owed >= 0), -- was spent and then had to be given back: taken from what comes next
	changed_at  INTEGER NOT NULL
) STRICT;

-- What a reward, an offer or a guest gets: a code that the till takes.
CREATE TABLE vouchers (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	code        TEXT    NOT NULL UNIQUE,
	key         TEXT    NOT NULL UNIQUE, -- reward:<what asked for it>, delivery:<id>, ...
	customer_id INTEGER NOT NULL REFERENCES customers(id),
	reward      TEXT    NOT NULL,
	kind        TEXT    NOT NULL, -- percent, amount, free_item, gift_card, place, gift
	value       INTEGER NOT NULL DEFAULT 0, -- percent or minor units
	remaining   INTEGER NOT NULL DEFAULT 0, -- gift card
	currency    TEXT    NOT NULL DEFAULT '',
	terms       TEXT    NOT NULL DEFAULT '', -- JSON
	state       TEXT    NOT NULL DEFAULT 'valid', -- valid, used, expired, cancelled
	issued_at   INTEGER NOT NULL,
	expires_at  INTEGER NOT NULL DEFAULT 0,
	used_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX vouchers_by_customer ON vouchers (customer_id, id);
CREATE INDEX vouchers_expiring ON vouchers (expires_at) WHERE state = 'valid' AND expires_at > 0;

CREATE TABLE voucher_uses (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	voucher_id INTEGER NOT NULL REFERENCES vouchers(id),
	source     TEXT    NOT NULL,
	source_id  TEXT    NOT NULL,
	amount     INTEGER NOT NULL DEFAULT 0,
	used_by    TEXT    NOT NULL DEFAULT '',
	used_at    INTEGER NOT NULL,
	undone_at  INTEGER NOT NULL DEFAULT 0,
	UNIQUE (source, source_id, voucher_id)
) STRICT;
CREATE INDEX voucher_uses_by_voucher ON voucher_uses (voucher_id);

-- How many of a reward with a limited stock are taken.
CREATE TABLE reward_stock (
	reward TEXT    PRIMARY KEY,
	taken  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE referrals (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	friend_id   INTEGER NOT NULL UNIQUE REFERENCES customers(id), -- root
	inviter_id  INTEGER NOT NULL REFERENCES customers(id), -- root
	state       TEXT    NOT NULL DEFAULT 'joined', -- joined, due, paid, refused
	reason      TEXT    NOT NULL DEFAULT '',
	order_key   TEXT    NOT NULL DEFAULT '', -- the friend's first: its source and id
	joined_at   INTEGER NOT NULL,
	due_at      INTEGER NOT NULL DEFAULT 0, -- when the order can no longer be returned
	paid_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX referrals_by_inviter ON referrals (inviter_id, paid_at);
CREATE INDEX referrals_due ON referrals (due_at) WHERE state = 'due';

-- ============================================================ offers
-- What a schedule knows of itself: a new or changed one has no past.
CREATE TABLE schedules (
	name      TEXT    PRIMARY KEY, -- offer/<id>, survey/<id>, ...
	digest    TEXT    NOT NULL, -- of its definition
	loaded_at INTEGER NOT NULL,
	cursor_at INTEGER NOT NULL, -- due times up to here have been dealt with
	paused    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE occurrences (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	offer       TEXT    NOT NULL,
	due_at      INTEGER NOT NULL,
	subject_id  INTEGER NOT NULL DEFAULT 0, -- the one person it is for; 0: an audience
	next_at     INTEGER NOT NULL DEFAULT 0, -- not gone on with before
	state       TEXT    NOT NULL DEFAULT 'open', -- open: people are still to be looked at; planned: messages may still be under way; finished, missed, stopped
	reason      TEXT    NOT NULL DEFAULT '',
	content     TEXT    NOT NULL DEFAULT '', -- JSON: the offer as it was then
	cursor      INTEGER NOT NULL DEFAULT 0, -- the last customer looked at
	started_at  INTEGER NOT NULL DEFAULT 0,
	finished_at INTEGER NOT NULL DEFAULT 0,
	UNIQUE (offer, due_at, subject_id)
) STRICT;
CREATE INDEX occurrences_open ON occurrences (due_at) WHERE state = 'open';

CREATE TABLE deliveries (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	occurrence_id INTEGER NOT NULL REFERENCES occurrences(id),
	root_id       INTEGER NOT NULL REFERENCES customers(id),
	customer_id   INTEGER NOT NULL REFERENCES customers(id),
	offer         TEXT    NOT NULL,
	step          INTEGER NOT NULL DEFAULT 0, -- of a series
	state         TEXT    NOT NULL, -- pending, deferred, suppressed, sent, unknown, failed, unreachable, late_skipped, control
	reason        TEXT    NOT NULL DEFAULT '',
	variant       TEXT    NOT NULL DEFAULT '',
	why           TEXT    NOT NULL DEFAULT '', -- JSON: what explain prints
	outbox_id     INTEGER NOT NULL DEFAULT 0,
	due_at        INTEGER NOT NULL,
	decided_at    INTEGER NOT NULL,
	settled_at    INTEGER NOT NULL DEFAULT 0,
	tapped_at     INTEGER NOT NULL DEFAULT 0,
	UNIQUE (occurrence_id, root_id)
) STRICT;
CREATE INDEX deliveries_open ON deliveries (occurrence_id, state) WHERE state IN ('pending', 'deferred');
CREATE INDEX deliveries_by_customer ON deliveries (customer_id, id);
CREATE INDEX deliveries_by_offer ON deliveries (customer_id, offer);

-- Texts a person has had: nobody gets the same one twice.
CREATE TABLE texts_given (
	root_id  INTEGER NOT NULL REFERENCES customers(id),
	digest   TEXT    NOT NULL,
	given_at INTEGER NOT NULL,
	PRIMARY KEY (root_id, digest)
) STRICT;

-- ============================================================ attention
-- What we start costs a place in the person's budget, taken when the message is claimed.
CREATE TABLE attention (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	key      TEXT    NOT NULL UNIQUE, -- outbox:<id>
	root_id  INTEGER NOT NULL REFERENCES customers(id),
	kind     TEXT    NOT NULL, -- the purpose
	state    TEXT    NOT NULL DEFAULT 'taken', -- taken, given_back
	taken_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attention_by_root ON attention (root_id, taken_at) WHERE state <> 'given_back';

-- Times in which we start nothing.
CREATE TABLE silences (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	from_at  INTEGER NOT NULL,
	until_at INTEGER NOT NULL,
	reason   TEXT    NOT NULL,
	actor    TEXT    NOT NULL
) STRICT;

-- ============================================================ audit
CREATE TABLE audit (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	key          TEXT    NOT NULL UNIQUE, -- the event that asked for it
	actor        TEXT    NOT NULL, -- slack:U123, cockpit:<name>, cli
	act          TEXT    NOT NULL,
	subject_kind TEXT    NOT NULL DEFAULT '',
	subject_id   INTEGER NOT NULL DEFAULT 0,
	detail       TEXT    NOT NULL DEFAULT '', -- JSON, no words of customers
	done_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (done_at);
CREATE INDEX audit_by_subject ON audit (subject_kind, subject_id);
