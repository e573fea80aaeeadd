//! One attempt at a job, and what follows from its result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::Scheme;
use countersign::queue::Message;
use countersign::queue::jobs::{SettleOutcome, Settlement, TakenJob};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::breaker::Breaker;
use super::delay::before_retry;
use super::held::{Held, Holding};
use crate::job_table::JobTable;
use crate::output;
use crate::serve::config::ForwardedHeaders;
use crate::serve::forward::{Delivered, Forward, MessageFacts};
use crate::serve::log::{JobLine, Log};
use crate::serve::metrics;
use crate::serve::store::with_causes;

/// What the attempts at the jobs of one endpoint share.
pub(super) struct Attempts {
    pub(super) jobs: JobTable,
    pub(super) path: Arc<str>,
    pub(super) scheme: Scheme,
    pub(super) schedule: Vec<Duration>,
    pub(super) forward: Forward,
    pub(super) forwarded_headers: ForwardedHeaders,
    pub(super) log: Log,
    pub(super) breaker: Breaker,
    pub(super) wake: Arc<Notify>,
    pub(super) held: Held,
    /// Cancelled when the process is to end.
    pub(super) stop: CancellationToken,
}

impl Attempts {
    /// Forwards the job, and settles it. The attempt is held until then.
    pub(super) async fn run(self: Arc<Self>, mut job: TakenJob, _holding: Holding) {
        let since = Instant::now();
        let bytes = Bytes::from(std::mem::take(&mut job.message));
        let Ok(message) = Message::parse(bytes) else {
            let error = "the message in the queue cannot be read".to_owned();
            let settled = self.settle(&job, Settlement::Dead { status: None, error }).await;
            if !matches!(settled, Some(SettleOutcome::Settled { .. })) {
                return;
            }
            metrics::count(metrics::queue::DEAD_LETTERS, &self.path);
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
                let code = match settled {
                    Some(SettleOutcome::Lost) => "delivered_late",
                    None => NOT_RECORDED,
                    Some(_) => "delivered",
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
                let line = JobLine { code: "dead", ..line };
                (Settlement::Dead { status, error: error.clone() }, line)
            }
        };
        let is_last = matches!(settlement, Settlement::Dead { .. });
        match self.settle(&job, settlement).await {
            Some(SettleOutcome::Lost) => {
                self.log.print_job(&JobLine { code: "lease_lost", retry_in: None, ..line });
            }
            None => self.log.print_job(&JobLine { code: NOT_RECORDED, retry_in: None, ..line }),
            Some(_) => {
                if is_last {
                    metrics::count(metrics::queue::DEAD_LETTERS, &self.path);
                }
                self.log.print_job(&line);
            }
        }
    }

    /// Settles the attempt. If the queue is unavailable, tries again until the process ends. `None`
    /// if it is not settled by then: another attempt follows when the lease ends.
    async fn settle(&self, job: &TakenJob, settlement: Settlement) -> Option<SettleOutcome> {
        let mut waits = SETTLE_WAITS.into_iter();
        let mut is_first = true;
        // The last try begins after the process was asked to end.
        loop {
            let is_last = self.stop.is_cancelled() && !is_first;
            match self.jobs.settle(job.id, job.token, settlement.clone()).await {
                Ok(settled) => {
                    // A slot is free, and a job that waited for this one may be due.
                    self.wake.notify_one();
                    return Some(settled);
                }
                Err(error) if is_first => {
                    let (path, job, why) = (&self.path, job.id, with_causes(&error));
                    output::note(&format!("{path}: job {job} is not settled yet: {why}"));
                }
                Err(_) if is_last => return None,
                Err(_) => {}
            }
            is_first = false;
            let wait = waits.next().unwrap_or(SETTLE_WAIT);
            tokio::select! {
                () = sleep(wait) => {}
                () = self.stop.cancelled() => sleep(wait.min(SETTLE_WAIT_AT_END)).await,
            }
        }
    }

    fn note_success(&self) {
        if self.breaker.succeeded() {
            output::note(&format!("{}: the target is back", self.path));
        }
    }

    fn count(&self, result: &'static str) {
        metrics::queue::count_attempt(&self.path, result);
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

/// The attempt has ended, and the queue has not recorded how.
const NOT_RECORDED: &str = "not_recorded";

const SETTLE_WAITS: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(3)];
/// The time between two further tries.
const SETTLE_WAIT: Duration = Duration::from_secs(10);
/// The time before the last try of a process that ends.
const SETTLE_WAIT_AT_END: Duration = Duration::from_secs(1);
