//! One attempt at a job, and what follows from its result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::Scheme;
use countersign::queue::Message;
use countersign_sqlite::queue::{SettleOutcome, Settlement, SqliteQueue, TakenJob};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::breaker::Breaker;
use super::delay::before_retry;
use crate::output;
use crate::serve::config::ForwardedHeaders;
use crate::serve::forward::{Delivered, Forward, MessageFacts};
use crate::serve::log::{JobLine, Log};
use crate::serve::metrics;
use crate::serve::store::with_causes;

/// What the attempts at the jobs of one endpoint share.
pub(super) struct Attempts {
    pub(super) jobs: SqliteQueue,
    pub(super) path: Arc<str>,
    pub(super) scheme: Scheme,
    pub(super) schedule: Vec<Duration>,
    pub(super) forward: Forward,
    pub(super) forwarded_headers: ForwardedHeaders,
    pub(super) log: Log,
    pub(super) breaker: Breaker,
    pub(super) wake: Arc<Notify>,
}

impl Attempts {
    /// Forwards the job, and settles it.
    pub(super) async fn run(self: Arc<Self>, mut job: TakenJob) {
        let since = Instant::now();
        let bytes = Bytes::from(std::mem::take(&mut job.message));
        let Ok(message) = Message::parse(bytes) else {
            let error = "the message in the queue cannot be read".to_owned();
            self.settle(&job, Settlement::Dead { status: None, error }).await;
            metrics::count(metrics::QUEUE_DEAD_LETTERS, &self.path);
            output::error(&format!("{}: job {} is dead: it cannot be read", self.path, job.id));
            return;
        };
        let facts = MessageFacts {
            message: &message,
            attempt: job.attempt,
            possible_duplicate: job.possible_duplicate,
        };
        let delivered =
            self.forward.deliver(request(&message), &self.scheme, &self.forwarded_headers, &facts);
        let (status, wanted, error) = match delivered.await {
            Delivered::Done { status } => {
                self.note_success();
                let settled = self.settle(&job, Settlement::Done { status: Some(status) }).await;
                // The target has it, but another attempt may have given it to the target, too.
                let code = if settled == Some(SettleOutcome::Lost) {
                    "delivered_late"
                } else {
                    "delivered"
                };
                self.count("delivered");
                let line = self.line(code, &job, &message, since);
                return self.log.print_job(&JobLine { status: Some(status), ..line });
            }
            Delivered::Cut => {
                self.settle(&job, Settlement::Release).await;
                return;
            }
            Delivered::Failed { status, retry_after, error } => (status, retry_after, error),
        };
        if is_up(status) {
            self.note_success();
        } else if self.breaker.failed() {
            output::note(&format!(
                "{}: the target fails repeatedly: its events wait, and one is tried from time to \
                 time",
                self.path
            ));
        }
        self.count("failed");
        let line = self.line("retry", &job, &message, since);
        let line = JobLine { status, reason: Some(&error), ..line };
        let (settlement, line) = match before_retry(&self.schedule, job.attempt, wanted) {
            Some(after) => {
                let error = error.clone();
                let line = JobLine { retry_in: Some(after), ..line };
                (Settlement::Retry { after, status, error }, line)
            }
            None => {
                metrics::count(metrics::QUEUE_DEAD_LETTERS, &self.path);
                let line = JobLine { code: "dead", ..line };
                (Settlement::Dead { status, error: error.clone() }, line)
            }
        };
        match self.settle(&job, settlement).await {
            Some(SettleOutcome::Lost) => {
                self.log.print_job(&JobLine { code: "lease_lost", retry_in: None, ..line });
            }
            _ => self.log.print_job(&line),
        }
    }

    /// Settles the attempt. If the queue is unavailable, tries again for about as long as a lease
    /// lasts. `None` if it is not settled: another attempt follows when the lease ends.
    async fn settle(&self, job: &TakenJob, settlement: Settlement) -> Option<SettleOutcome> {
        for wait in SETTLE_WAITS {
            match self.jobs.settle(job.id, job.token, settlement.clone()).await {
                Ok(settled) => {
                    // A slot is free, and a job that waited for this one may be due.
                    self.wake.notify_one();
                    return Some(settled);
                }
                Err(error) => {
                    let (path, job, why) = (&self.path, job.id, with_causes(&error));
                    output::note(&format!("{path}: job {job} is not settled yet: {why}"));
                }
            }
            sleep(wait).await;
        }
        None
    }

    fn note_success(&self) {
        if self.breaker.succeeded() {
            output::note(&format!("{}: the target is back", self.path));
        }
    }

    fn count(&self, result: &'static str) {
        metrics::count_attempt(&self.path, result);
    }

    fn line<'a>(
        &'a self,
        code: &'a str,
        job: &TakenJob,
        message: &'a Message,
        since: Instant,
    ) -> JobLine<'a> {
        JobLine {
            endpoint: &self.path,
            scheme: message.scheme(),
            code,
            job: job.id,
            event_id: message.event_id(),
            event_type: message.event_type(),
            tenant: message.tenant(),
            attempt: job.attempt,
            possible_duplicate: job.possible_duplicate,
            status: None,
            reason: None,
            retry_in: None,
            since,
        }
    }
}

/// Whether the target works, although it did not accept this event.
fn is_up(status: Option<u16>) -> bool {
    status.is_some_and(|status| status < 500 && !matches!(status, 408 | 429))
}

/// The request as it arrived.
fn request(message: &Message) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(message.body().clone()));
    *request.method_mut() = message.method().parse().unwrap_or(http::Method::POST);
    for (name, value) in message.headers() {
        // They were valid when they arrived.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value))
        {
            request.headers_mut().append(name, value);
        }
    }
    request
}

const SETTLE_WAITS: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(10),
];
