package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rapport-chat/rapport/conversation"
	"github.com/rapport-chat/rapport/outbox"
	"github.com/rapport-chat/rapport/persistence"
)

// metricsTimeout is how long a scrape may keep the database busy.
const metricsTimeout = 5 * time.Second

// lanes name the lanes as in metrics.
var lanes = map[conversation.Lane]string{
	conversation.LaneAnswer: "answer", conversation.LaneNotice: "notice", conversation.LaneBulk: "bulk",
}

// gauge describes a metric of this program. Labels never hold anything of a customer.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rapport_"+name, help, labels, nil)
}

// What this process and the database tell. The database's figures are the same in every process of a service.
var (
	metricBuild = gauge("build_info", "What this program was built from; always 1.", "version", "revision", "go")
	metricUp    = gauge("channel_up", "1 while a channel works, 0 once it has stopped for good or while it receives nothing.", "channel")
	metricStale = gauge("config_broken", "1 while a changed file has problems and the last good version is in force.")

	metricQueued  = gauge("outbox_queued", "Messages that may go now and wait.", "account", "lane")
	metricLater   = gauge("outbox_scheduled", "Messages whose time has not come.", "account", "lane")
	metricOldest  = gauge("outbox_oldest_seconds", "How long the oldest message has been due, on the business clock.", "account", "lane")
	metricUnknown = gauge("outbox_unknown", "Messages of which nobody knows whether they arrived.", "account")
	metricHolder  = gauge("outbox_lease_seconds", "What is left of the lease of the process that runs the account.", "account", "holder")
	metricEpoch   = gauge("outbox_lease_epoch", "How often the account has changed hands.", "account")

	metricFlight  = gauge("outbox_in_flight", "Messages that this process has claimed and not settled.", "account")
	metricRate    = gauge("outbox_rate", "Messages a second that bulk may use now; what refusals have taught.", "account")
	metricPaused  = gauge("outbox_paused_seconds", "How much longer the platform has told us to wait.", "account", "what")
	metricSettled = gauge("outbox_messages_total", "Messages settled by this process.", "account", "outcome")
	metricRetried = gauge("outbox_retries_total", "Calls that are made again.", "account")
	metricRefused = gauge("outbox_refusals_total", "Calls that the platform refused for pace.", "account")

	metricOpen    = gauge("inbox_open", "Events that no turn has ended yet.")
	metricWaits   = gauge("inbox_oldest_seconds", "How long the oldest of them waits, on the business clock.")
	metricParked  = gauge("inbox_parked", "Events whose turns failed too often.")
	metricTickets = gauge("tickets", "Tickets that are not resolved.", "state")
)

// metrics collects what operators watch at each scrape.
type metrics struct{ s *service }

// Describe implements prometheus.Collector. What there is depends on the accounts, so nothing is promised beforehand.
func (metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m metrics) Collect(out chan<- prometheus.Metric) {
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	b := buildFacts()
	set(metricBuild, 1, b.Version, b.Revision, b.Go)
	set(metricStale, truth(m.s.learner.broken.Load() != nil))
	m.s.mu.Lock()
	for _, c := range m.s.channels {
		set(metricUp, truth(m.s.dead[c.Name()] == nil && deaf(c) == nil), c.Name())
	}
	stats := make(map[string]outbox.Stats, len(m.s.workers))
	for account, w := range m.s.workers {
		stats[account] = w.Stats()
	}
	m.s.mu.Unlock()
	for account, s := range stats {
		collectWorker(out, account, s)
	}
	m.collectDatabase(out, set)
}

// collectWorker tells what this process has sent for an account.
func collectWorker(out chan<- prometheus.Metric, account string, s outbox.Stats) {
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{account}, labels...)...)
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), append([]string{account}, labels...)...)
	}
	now := time.Now()
	set(metricFlight, float64(s.InFlight))
	set(metricRate, s.Rate)
	set(metricPaused, max(s.Paused.Sub(now).Seconds(), 0), "all")
	set(metricPaused, max(s.BulkPause.Sub(now).Seconds(), 0), "bulk")
	count(metricSettled, s.Sent, "sent")
	count(metricSettled, s.Failed, "failed")
	count(metricSettled, s.Dropped, "dropped")
	count(metricSettled, s.Unknown, "unknown")
	count(metricRetried, s.Retried)
	count(metricRefused, s.Refused)
}

// collectDatabase tells what every process of the service would tell alike.
func (m metrics) collectDatabase(out chan<- prometheus.Metric, set func(*prometheus.Desc, float64, ...string)) {
	ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
	defer cancel()
	now := m.s.business.Now()
	f, err := m.s.db.Figures(ctx, now)
	if err != nil {
		out <- prometheus.NewInvalidMetric(metricQueued, err)
		return
	}
	age := func(since time.Time) float64 {
		if since.IsZero() {
			return 0
		}
		return max(now.Sub(since).Seconds(), 0)
	}
	for _, q := range m.withIdle(f.Queues) {
		set(metricQueued, float64(q.Due), q.Account, lanes[q.Lane])
		set(metricLater, float64(q.Later), q.Account, lanes[q.Lane])
		set(metricOldest, age(q.Oldest), q.Account, lanes[q.Lane])
	}
	for _, account := range m.accounts() {
		if _, ok := f.Unknown[account]; !ok {
			set(metricUnknown, 0, account)
		}
	}
	for account, n := range f.Unknown {
		set(metricUnknown, float64(n), account)
	}
	for _, h := range f.Holders {
		if h.Lasts > 0 {
			set(metricHolder, h.Lasts.Seconds(), h.Account, h.Owner)
		}
		set(metricEpoch, float64(h.Epoch), h.Account)
	}
	set(metricOpen, float64(f.Open))
	set(metricWaits, age(f.Since))
	set(metricParked, float64(f.Parked))
	for _, state := range []string{"open", "claimed", "waiting"} {
		set(metricTickets, float64(f.Tickets[state]), state)
	}
}

// accounts are those that this process knows.
func (m metrics) accounts() []string {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	known := map[string]bool{}
	for _, account := range m.s.accounts {
		known[account] = account != ""
	}
	for account := range m.s.workers {
		known[account] = true
	}
	maps.DeleteFunc(known, func(_ string, yes bool) bool { return !yes })
	return slices.Sorted(maps.Keys(known))
}

// withIdle adds the lanes in which nothing waits, so that a panel shows a nought and an alert has something to look at.
func (m metrics) withIdle(queues []persistence.Queue) []persistence.Queue {
	for _, account := range m.accounts() {
		for lane := range lanes {
			if !slices.ContainsFunc(queues, func(q persistence.Queue) bool { return q.Account == account && q.Lane == lane }) {
				queues = append(queues, persistence.Queue{Account: account, Lane: lane})
			}
		}
	}
	return queues
}

// metricsHandler answers GET /metrics.
func (s *service) metricsHandler() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(metrics{s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
