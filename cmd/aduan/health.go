package main

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"aduan/mailin"
	"aduan/tickets"
)

// health gathers what the parts say of themselves, for /readyz and /metrics.
type health struct {
	mu        sync.Mutex
	troubles  map[string]string // part → what is wrong; "" is well
	registry  *prometheus.Registry
	mails     *prometheus.CounterVec
	intake    prometheus.Histogram
	sends     *prometheus.CounterVec
	delivery  prometheus.Histogram
	connected *prometheus.GaugeVec
	held      *prometheus.GaugeVec
	gateways  prometheus.Gauge
	relayUp   prometheus.Gauge

	readAt    map[string]time.Time // when this gateway last read each mailbox to its end
	expected  []string             // names of the mailboxes of the settings
	mine      map[string]bool      // those whose lease we hold
	place, of int                  // of this gateway among those that live; of nobody before that is known
}

func newHealth() *health {
	h := &health{troubles: map[string]string{}, mine: map[string]bool{}, readAt: map[string]time.Time{}, registry: prometheus.NewRegistry(),
		mails:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aduan_mails_total", Help: "Mails taken in, by outcome."}, []string{"outcome"}),
		intake:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aduan_intake_seconds", Help: "From a mail's arrival at the mail server to its record.", Buckets: waits}),
		sends:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "aduan_sends_total", Help: "Tries to send a notice, by outcome: sent, refused, later."}, []string{"outcome"}),
		delivery:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "aduan_delivery_seconds", Help: "From the queueing of a notice to the relay's acceptance.", Buckets: waits}),
		connected: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "aduan_mailbox_up", Help: "1 while this gateway works the mailbox."}, []string{"mailbox"}),
		held:      prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "aduan_mailbox_held", Help: "1 while this gateway holds the mailbox's lease, 0 while another does or nobody."}, []string{"mailbox"}),
		gateways:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "aduan_gateways", Help: "Gateways that live on this database, this one included."}),
		relayUp:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "aduan_relay_up", Help: "1 while the relay takes mail."})}
	h.registry.MustRegister(h.mails, h.intake, h.sends, h.delivery, h.connected, h.held, h.gateways, h.relayUp)
	h.relayUp.Set(1)
	h.gateways.Set(1)
	return h
}

// waits are the classes of how long something took, in seconds.
var waits = []float64{.05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 86400}

func (h *health) mail(outcome string, after time.Duration) {
	h.mails.WithLabelValues(outcome).Inc()
	h.intake.Observe(after.Seconds())
}

func (h *health) sent(outcome string, after time.Duration) {
	h.sends.WithLabelValues(outcome).Inc()
	if outcome == "sent" {
		h.delivery.Observe(after.Seconds())
	}
}

// notConnected is the trouble of a mailbox that is ours and has not reported yet.
const notConnected = "not connected yet"

// expect names a mailbox before it first reports, so that readiness waits for it.
func (h *health) expect(name string) {
	h.set("mailbox "+name, notConnected)
	h.connected.WithLabelValues(name).Set(0)
	h.held.WithLabelValues(name).Set(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expected = append(h.expected, name)
}

// standing notes how the mailboxes are shared out. That another gateway has one is as good as having it; that nobody has it,
// or that nobody knows, is trouble.
func (h *health) standing(st tickets.Standing, trouble error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sure := st.Until.IsZero() || time.Now().Before(st.Until)
	for _, name := range h.expected {
		part, mine := "mailbox "+name, st.Mine[name] && sure
		switch {
		case mine && !h.mine[name]:
			h.troubles[part] = notConnected // from now on it speaks for itself
		case mine:
		case trouble != nil:
			h.troubles[part] = trouble.Error()
		case st.Elsewhere[name] != "":
			h.troubles[part] = ""
		default:
			h.troubles[part] = "no gateway has it yet"
		}
		if !mine {
			h.connected.WithLabelValues(name).Set(0)
		}
		h.mine[name] = mine
		h.held.WithLabelValues(name).Set(map[bool]float64{true: 1}[mine])
	}
	if trouble == nil {
		h.place, h.of = st.Place, st.Gateways
		h.gateways.Set(float64(st.Gateways))
	}
}

// share is which part of the rate of sending is this gateway's.
func (h *health) share() (place, of int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.place, h.of
}

// mailbox notes what a mailbox that is ours says of itself; the last words of one that was count no more.
func (h *health) mailbox(s mailin.MailboxStatus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.mine[s.Mailbox] {
		return
	}
	h.troubles["mailbox "+s.Mailbox] = s.Trouble
	up := 0.0
	if s.Trouble == "" {
		up = 1
	}
	h.connected.WithLabelValues(s.Mailbox).Set(up)
}

func (h *health) relay(trouble error) {
	if trouble == nil {
		h.set("smtp", "")
		h.relayUp.Set(1)
		return
	}
	h.set("smtp", trouble.Error())
	h.relayUp.Set(0)
}

func (h *health) set(part, trouble string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.troubles[part] = trouble
}

// wrong returns the parts that are not well, with the words of each.
func (h *health) wrong(ctx context.Context, p *parts) map[string]string {
	h.mu.Lock()
	out := maps.Clone(h.troubles)
	h.mu.Unlock()
	if err := p.store.Ping(ctx); err != nil {
		out["database"] = err.Error()
	}
	if err := p.evidence.Check(ctx); err != nil {
		out["evidence"] = err.Error()
	}
	maps.DeleteFunc(out, func(_, trouble string) bool { return trouble == "" })
	return out
}

func (h *health) handler(p *parts) http.Handler {
	h.registry.MustRegister(&storeCollector{store: p.store})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		answerReady(w, h.wrong(ctx, p))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{}))
	return mux
}

// storeCollector asks the record for its figures when Prometheus asks for them.
type storeCollector struct{ store *tickets.Store }

var (
	noticesDesc  = prometheus.NewDesc("aduan_notices", "Notices by state of delivery, sent ones excepted.", []string{"state"}, nil)
	oldestDesc   = prometheus.NewDesc("aduan_notice_oldest_seconds", "Age of the oldest queued notice.", nil, nil)
	readDesc     = prometheus.NewDesc("aduan_mailbox_read_age_seconds", "Time since the mailbox was last read to its end, by any gateway.", []string{"mailbox"}, nil)
	comparedDesc = prometheus.NewDesc("aduan_reconciliation_age_seconds", "Time since record, mailboxes and evidence were last compared.", nil, nil)
	differDesc   = prometheus.NewDesc("aduan_reconciliation_differences", "Differences that the last comparison of record, mailboxes and evidence found: missing mails and evidence, and others.", []string{"kind"}, nil)
	ticketsDesc  = prometheus.NewDesc("aduan_tickets", "Tickets by state.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (c *storeCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- noticesDesc
	ch <- oldestDesc
	ch <- readDesc
	ch <- comparedDesc
	ch <- differDesc
	ch <- ticketsDesc
}

// Collect implements prometheus.Collector.
func (c *storeCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	f, err := c.store.Figures(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(ticketsDesc, err)
		return
	}
	for state, n := range f.Notices {
		ch <- prometheus.MustNewConstMetric(noticesDesc, prometheus.GaugeValue, float64(n), string(state))
	}
	for state, n := range f.Tickets {
		ch <- prometheus.MustNewConstMetric(ticketsDesc, prometheus.GaugeValue, float64(n), string(state))
	}
	ch <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, f.OldestQueued.Seconds())
	c.compared(ctx, ch)
	read, err := c.store.Readings(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(readDesc, err)
		return
	}
	for name, at := range read {
		ch <- prometheus.MustNewConstMetric(readDesc, prometheus.GaugeValue, time.Since(at).Seconds(), name)
	}
}

// compared tells the result of the last reconciliation; nothing before the first.
func (c *storeCollector) compared(ctx context.Context, ch chan<- prometheus.Metric) {
	r, ok, err := c.store.LastReconciliation(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(comparedDesc, err)
		return
	}
	if ok {
		ch <- prometheus.MustNewConstMetric(comparedDesc, prometheus.GaugeValue, time.Since(r.At).Seconds())
		ch <- prometheus.MustNewConstMetric(differDesc, prometheus.GaugeValue, float64(r.Missing), "missing")
		ch <- prometheus.MustNewConstMetric(differDesc, prometheus.GaugeValue, float64(r.Faults-r.Missing), "other")
	}
}
