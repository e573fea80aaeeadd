//! Reports, on exit, the handled events whose completion the store has not recorded.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::{Endpoint, EventKey, OutagePolicy, Receiver, TokioRuntime, Verified};

use super::short_id::short_id;
use super::store::Store;
use crate::output;

/// The receiver of an endpoint, and the ids of recently handled events. The store only has event
/// keys, which are digests that users do not recognize.
#[derive(Clone)]
pub(super) struct Recorder {
    receiver: Receiver<Store>,
    endpoint: Endpoint,
    handled: Arc<Mutex<Handled>>,
}

#[derive(Default)]
struct Handled {
    ids: HashMap<[u8; 32], Box<str>>,
    /// The oldest first.
    order: VecDeque<[u8; 32]>,
}

impl Recorder {
    pub(super) fn new(receiver: Receiver<Store>, endpoint: Endpoint) -> Self {
        Self { receiver, endpoint, handled: Arc::default() }
    }

    /// The path of the endpoint.
    pub(super) fn endpoint(&self) -> &str {
        self.endpoint.name()
    }

    /// Whether deliveries are answered 503 while the store is away.
    pub(super) fn needs_store(&self) -> bool {
        self.receiver.outage_policy() == OutagePolicy::FailClosed
    }

    /// Remembers an event that was handled.
    pub(super) fn handled(&self, verified: &Verified) {
        let key = *EventKey::of(verified, &self.endpoint).digest();
        let mut handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        handled.add(key, verified.event_id());
    }

    /// Sends pending completions to the store, and reports those that were not recorded `within`
    /// this time.
    pub(super) async fn finish(self, within: Duration) {
        let lost = self.receiver.flush(within, &TokioRuntime).await;
        if lost.is_empty() {
            return;
        }
        let handled = self.handled.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<String> = lost.iter().map(|key| handled.name(key.digest())).collect();
        output::note(&unrecorded(self.endpoint.name(), &ids));
    }
}

impl Handled {
    fn add(&mut self, key: [u8; 32], id: &str) {
        if self.ids.insert(key, short_id(id).into()).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > MAX_IDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// The event's id, or the beginning of its key if the id is no longer remembered.
    fn name(&self, key: &[u8; 32]) -> String {
        match self.ids.get(key) {
            Some(id) => id.to_string(),
            None => key[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

fn unrecorded(endpoint: &str, ids: &[String]) -> String {
    let named: Vec<String> = ids.iter().take(MAX_NAMED).map(|id| format!("`{id}`")).collect();
    let more = match ids.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{endpoint}: the store did not record {} events that were handled; they may be handled \
         again: {}{more}",
        ids.len(),
        named.join(", ")
    )
}

/// The maximum number of ids for each endpoint. In normal operation far fewer completions are
/// pending.
const MAX_IDS: usize = 20_000;
const MAX_NAMED: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_logged_with_their_ids_while_those_are_known() {
        let mut handled = Handled::default();
        let key = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key
        };
        for number in 0..=MAX_IDS {
            handled.add(key(number), &format!("evt_{number}"));
            handled.add(key(number), &format!("evt_{number}"));
        }
        assert_eq!(handled.name(&key(1)), "evt_1");
        assert_eq!(handled.name(&key(0)), "0000000000000000");
        handled.add(key(1), &"a".repeat(100_000));
        assert!(handled.name(&key(1)).starts_with("sha256:"));
        let ids: Vec<String> = (0..102).map(|number| format!("evt_{number}")).collect();
        let said = unrecorded("/hooks", &ids);
        assert!(said.contains("102 events") && said.ends_with("`evt_99` and 2 more"), "{said}");
    }
}
