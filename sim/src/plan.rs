//! What a seed decides before its world starts.

use std::time::Duration;

use countersign_core::{OutagePolicy, Repeats, Retries, RetrySignature, Scheme, Secret, Signer};
use countersign_schemes as schemes;

use crate::faults::{Fault, Faults};
use crate::random::Random;

/// A run: a seed, and what is left out of its world.
#[derive(Debug, Clone)]
pub struct Run {
    /// The seed. It decides everything that is not left out.
    pub seed: u64,
    /// The events that are delivered; all of them if not set.
    pub(crate) events: Option<Vec<usize>>,
    /// The kinds of faults that are left out.
    pub(crate) left_out: Faults,
    /// The only faults of store calls: the call with this number has this fault.
    pub(crate) nth_call: Option<(u64, Fault)>,
    /// Whether to write the history.
    pub(crate) is_recorded: bool,
}

impl Run {
    /// The whole world of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self { seed, events: None, left_out: Faults::NONE, nth_call: None, is_recorded: false }
    }

    /// As this run, with its history.
    #[must_use]
    pub fn recorded(mut self) -> Self {
        self.is_recorded = true;
        self
    }
}

/// The world of a run.
pub(crate) struct Plan {
    pub(crate) faults: Faults,
    pub(crate) processes: usize,
    pub(crate) provider: Provider,
    pub(crate) policy: Option<OutagePolicy>,
    pub(crate) repeats: Option<Repeats>,
    pub(crate) lease_ms: u64,
    pub(crate) retention_ms: Option<u64>,
    /// The longest way to the store, in one direction; 0 if the store replies at once.
    pub(crate) latency_ms: u64,
    /// Whether the store is the real `MemoryStore`, and not the protocol on a table.
    pub(crate) is_memory_store: bool,
    pub(crate) has_dead_letters: bool,
    pub(crate) events: usize,
    /// The times in which store calls fail, and how many of them, in percent.
    pub(crate) windows: Vec<(u64, u64, u64)>,
}

impl Plan {
    pub(crate) fn of(run: &Run) -> Self {
        let mut random = Random::of_part(run.seed, 0);
        let mut bits = u32::try_from(random.next() & u64::from(u32::MAX)).unwrap_or(0);
        if random.chance(40) {
            bits &= u32::try_from(random.next() & u64::from(u32::MAX)).unwrap_or(0);
        }
        let mut faults = if random.chance(12) { Faults::NONE } else { Faults::from_bits(bits) };
        if random.chance(70) {
            faults = faults.with(Fault::Duplicate);
        }
        if run.nth_call.is_some() {
            faults = Faults::NONE.with(Fault::Duplicate);
        }
        faults = run.left_out.iter().fold(faults, Faults::without);
        let windows = (0..random.within(1, 4))
            .map(|_| {
                let from = random.magnitude(LONGEST_MS);
                let length = 1_000 + random.magnitude(600_000);
                (from, from + length, [20, 60, 100][random.index(3)])
            })
            .collect();
        let policies = [
            Some(OutagePolicy::FailClosed),
            Some(OutagePolicy::FailClosed),
            Some(OutagePolicy::LocalFallback),
            Some(OutagePolicy::LocalFallback),
            Some(OutagePolicy::FailOpen),
            None,
        ];
        Self {
            faults,
            processes: random.index(3) + 1,
            provider: Provider::ALL[random.index(Provider::ALL.len())],
            policy: policies[random.index(policies.len())],
            repeats: [None, Some(Repeats::Suppress), Some(Repeats::Suppress)][random.index(3)],
            lease_ms: [1_000, 5_000, 30_000][random.index(3)],
            retention_ms: random.chance(10).then_some(600_000),
            latency_ms: [0, 0, 5, 60][random.index(4)],
            is_memory_store: random.chance(25),
            has_dead_letters: random.chance(50),
            events: random.index(8) + 3,
            windows,
        }
    }
}

/// The time in which faults begin: as long as the longest schedule of retries.
const LONGEST_MS: u64 = 3 * 24 * 3_600_000;

/// A provider whose real schedule of retries is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provider {
    Stripe,
    Svix,
    Slack,
    Shopify,
    Github,
}

impl Provider {
    pub(crate) const ALL: [Self; 5] =
        [Self::Stripe, Self::Svix, Self::Slack, Self::Shopify, Self::Github];

    pub(crate) fn scheme(self) -> Scheme {
        match self {
            Self::Stripe => schemes::stripe(),
            Self::Svix => schemes::svix(),
            Self::Slack => schemes::slack(),
            Self::Shopify => schemes::shopify(),
            Self::Github => schemes::github(),
        }
    }

    pub(crate) fn secret(self) -> Secret {
        let text = match self {
            Self::Svix => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            _ => "0123456789abcdef0123456789abcdef",
        };
        Secret::new(text).expect("a secret of the simulation is valid")
    }

    pub(crate) fn body(self, event: usize) -> String {
        let id = match self {
            Self::Slack => "event_id",
            _ => "id",
        };
        format!(r#"{{"{id}":"evt_{event}","type":"order.paid","number":{event}}}"#)
    }

    pub(crate) fn sign(self, scheme: &Scheme, event: usize, at_unix_ms: i64) -> Headers {
        let signer = Signer::new(scheme.clone(), self.secret());
        let signer = signer.expect("the scheme of the simulation is complete");
        let signer = signer.at_unix_ms(at_unix_ms).with_id(format!("msg_{event}"));
        signer.sign(self.body(event)).expect("the simulation signs what the scheme needs")
    }

    pub(crate) fn signs_retries_again(self, scheme: &Scheme) -> bool {
        scheme.profile().retry_signature() != RetrySignature::Same
    }

    /// The pauses between the attempts. A schedule of which only the length is known doubles its
    /// pauses, from 5 s on.
    pub(crate) fn retries(scheme: &Scheme) -> Vec<u64> {
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        match scheme.profile().retries() {
            Retries::Never => Vec::new(),
            Retries::After(pauses) => pauses.iter().map(|pause| ms(*pause)).collect(),
            other => {
                let window = other.window().map_or(LONGEST_MS, ms);
                let mut pauses = Vec::new();
                let (mut pause, mut passed) = (5_000, 0);
                while passed + pause <= window {
                    pauses.push(pause);
                    passed += pause;
                    pause *= 2;
                }
                pauses
            }
        }
    }
}

/// The headers of a delivery.
pub(crate) type Headers = Vec<(String, String)>;
