// Package slack is a look-alike of Slack for one app in one workspace: the Web API, Socket Mode and the Events API on
// one side, the people who write to the app on the other. It is written from docs.slack.dev (read November 2026) and
// refuses what Slack refuses.
//
// Addresses, below the base of Handler: the Web API at /api/{method}, the websockets of Socket Mode at /link, response
// URLs at /actions/…, uploads at /upload/…, files of people at /files-pri/…. What is handed out (the socket's address,
// response_url, upload_url, url_private) names the host that the app itself used for its last Web API call.
//
// # Wiring
//
//	l, err := slack.New(slack.Config{Dir: dir, Now: clock.Now, Channels: []string{"support", "care"}})
//	server, err := lookalike.Listen(ctx, "127.0.0.1:0", l.Handler()) // api_url is server.URL() + "/api/"
//	l.BotToken(), l.AppToken(), l.SigningSecret()                     // the app's secrets
//	l.Online(ctx)                                                     // a socket stands, or HTTP mode is set
//	l.Verify(ctx, "http://127.0.0.1:8080")                            // HTTP mode: url_verification, then deliveries
//	l.Direct("ayla"), l.ChannelID("#care"), l.BotUser()               // ids: D…, C…, U…
//
// Config.EventsURL, or Verify, is the base of the app's own server: events go to {base}/slack/events, presses and
// forms to {base}/slack/interactive, commands to {base}/slack/commands, all signed. Without one it is Socket Mode.
//
// # Places
//
// "" is the private chat (D…), "staff" the first of Config.Channels, "#name" or a channel's id another one,
// "thread:TS" the thread under that message wherever it is, "home" the App Home. Somebody who writes in a channel
// joins it, as anybody may. Chat(as, "home") is the act of opening the tab: it sends app_home_opened, at most once in
// 30 s; OpenHome sends it at once. A message's id is its ts, unique in the whole look-alike. A transcript of a channel
// shows what stands in it and not the threads; one of a thread begins with its root.
//
// # What is strict, and what was chosen where Slack does not say
//
//   - One message a second for a channel, with a burst of three; tiers 1 to 4 are 1, 20, 50 and 100 calls a minute for
//     each method, each in its own sliding minute. Limits changes or lifts that.
//   - Methods that read (conversations.list, users.info and their like) take their arguments as a form or in the query
//     only; a JSON body is not looked at. A token in a JSON body is not looked at anywhere.
//   - The sum of the texts of a message's blocks is at most 13,000 characters.
//   - Everything that happens in a channel of the bot comes as an event, the bot's own posts included; a mention comes
//     as message and as app_mention with one ts.
//   - Each payload goes to one connection, in turn, so that order between two connections is not kept.
//   - An event that is not acknowledged within 3 s, or whose connection is cut, comes again with a new envelope id: at
//     once, after 1 min, after 5 min, and then whenever the app connects anew (Slack would have given up; the sandbox
//     promises to keep them). A late acknowledgement, or one over another connection, does not count.
//   - Presses, commands and forms are not repeated. Without a connection, or without an acknowledgement in 3 s, the
//     person is told so: Press, Command and Submit answer lookalike.ErrRefused.
//   - chat.postMessage to the D… of a deactivated person answers is_archived; conversations.open answers user_disabled.
//   - A post in a thread whose root was deleted is posted un-threaded.
//   - A file is answered only with the bot's token; without one a page to log in is, with status 200, as on Slack.
//   - block_actions from an ephemeral message have no "message", only a container.
//   - Slash commands do not work in threads, and only those in Config.Commands are known, with Slack's own "/invite @bot".
//   - A private channel (AddPrivate) is unknown to a bot that was not invited: channel_not_found, and in no list. What is
//     said in a place comes as an event only with the scope for its kind, such as groups:history; conversations.list with a
//     type for which the scope is missing answers missing_scope as a whole.
//   - A modal stays open over a restart; what is sent then holds its private_metadata, as from a client that kept it.
//
// A mention in one of the bot's texts is shown with a bell ("🔔@channel") in transcripts and on the page, so that a
// leak is seen; Pings lists the posts that rang for somebody.
//
// # Faults
//
// As lookalike.Fault says, by API method; "response_url" and "upload" are methods too. Method "socket" is for
// Socket Mode: Path "open" refuses the websocket itself with Status, "hello" answers it with a disconnect (Status 0
// cuts it), "ack" loses the acknowledgement. Further: Disconnect, SocketMode, Mute, Inject, Invite, Kick, Archive,
// Revoke.
package slack
