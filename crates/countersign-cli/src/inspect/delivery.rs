//! A recorded delivery: what the page and the API show of it.

use std::collections::VecDeque;

use bytes::Bytes;

/// A request that an endpoint received, and its result. Secrets and credentials are redacted before it
/// is created.
#[derive(Clone, Default)]
pub(crate) struct Delivery {
    /// Its number in the ring, from 1.
    pub(crate) seq: u64,
    pub(crate) received_at_ms: i64,
    /// Whether its signature is valid. The other ones are rejections.
    pub(crate) is_verified: bool,
    pub(crate) endpoint: String,
    pub(crate) scheme: String,
    pub(crate) code: String,
    pub(crate) status: u16,
    /// Why it was rejected.
    pub(crate) reason: Option<String>,
    pub(crate) event: Option<Event>,
    /// Whether the handler knew about an earlier attempt.
    pub(crate) attempt: Option<u32>,
    pub(crate) possible_duplicate: bool,
    pub(crate) handshake: Option<String>,
    /// The job of the queue.
    pub(crate) job: Option<i64>,
    /// The file of the capture.
    pub(crate) capture: Option<String>,
    pub(crate) times: Times,
    pub(crate) request: Recorded,
    pub(crate) response: Option<Answer>,
}

/// The event of a verified delivery.
#[derive(Clone, Default)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) id_from: String,
    pub(crate) kind: Option<String>,
    pub(crate) is_kind_signed: bool,
    pub(crate) identity: String,
    pub(crate) secret: usize,
    pub(crate) secret_name: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) signed_at_ms: Option<i64>,
}

/// The times since the headers arrived, in microseconds; `None` for a step that was not reached.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Times {
    /// The headers were accepted, and the body was read from then on.
    pub(crate) head: Option<u64>,
    pub(crate) body: Option<u64>,
    /// The signature was verified, the event claimed, and the handler called.
    pub(crate) claimed: Option<u64>,
    pub(crate) answered: Option<u64>,
}

/// The request as it arrived, without what is redacted.
#[derive(Clone, Default)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) body_state: BodyState,
    /// The length of the body that arrived.
    pub(crate) body_bytes: usize,
    /// The redacted parts, as in a captured file.
    pub(crate) redacted: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum BodyState {
    #[default]
    Whole,
    /// It was cut off, or rejected before it arrived.
    Incomplete,
    /// It contains a secret.
    Redacted,
    /// It is larger than the memory for deliveries.
    TooLarge,
}

/// The response to the sender.
#[derive(Clone, Default)]
pub(crate) struct Answer {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) is_body_redacted: bool,
}

/// An attempt at a job of the queue.
#[derive(Clone)]
pub(crate) struct JobAttempt {
    pub(crate) at_ms: i64,
    pub(crate) code: String,
    pub(crate) status: Option<u16>,
    pub(crate) reason: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) ms: u64,
    pub(crate) retry_at_ms: Option<i64>,
}

/// The attempts at a job, the oldest first.
pub(crate) type JobAttempts = VecDeque<JobAttempt>;

impl Delivery {
    /// The bytes that it takes of the memory for deliveries.
    pub(crate) fn size(&self) -> usize {
        let pairs = |headers: &[(String, Vec<u8>)]| -> usize {
            headers.iter().map(|(name, value)| name.len() + value.len() + PAIR).sum()
        };
        let answer = self.response.as_ref();
        let answer = answer.map_or(0, |answer| pairs(&answer.headers) + answer.body.len());
        let texts = [&self.endpoint, &self.scheme, &self.code, &self.request.url];
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        let event = self.event.as_ref().map_or(0, |event| {
            event.id.len() + event.id_from.len() + event.kind.as_ref().map_or(0, String::len)
        });
        let reason = self.reason.as_ref().map_or(0, String::len);
        FIXED
            + texts
            + event
            + reason
            + pairs(&self.request.headers)
            + self.request.body.len()
            + answer
    }

    /// The type of its event.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.event.as_ref()?.kind.as_deref()
    }
}

impl BodyState {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Incomplete => "incomplete",
            Self::Redacted => "redacted",
            Self::TooLarge => "too_large",
        }
    }
}

/// The memory of a delivery apart from its texts, and of a header apart from its bytes.
const FIXED: usize = 1024;
const PAIR: usize = 64;
