//! Tracks the state of each transaction. Its steps can arrive in any order.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// An event of Venum, with the fields that this example uses.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The step that the transaction has reached.
    #[serde(rename = "type")]
    pub step: Step,
    /// The transaction's signature.
    pub signature: String,
    /// The slot in which the step was seen.
    pub slot: u64,
    /// Why the transaction failed.
    pub err: Option<String>,
}

/// The steps of a transaction, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the list of Venum is complete")]
pub enum Step {
    /// The network has seen it. It is not executed yet.
    Landed,
    /// The cluster has executed it.
    Processed,
    /// A supermajority has voted for it.
    Confirmed,
    /// It is irreversible. A final step.
    Finalized,
    /// It failed on chain. The other final step.
    Failed,
}

impl Step {
    fn is_end(self) -> bool {
        matches!(self, Self::Finalized | Self::Failed)
    }
}

/// The state of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transaction {
    /// The latest step that was received.
    pub reached: Step,
    /// The slot of each step that was received.
    pub slots: BTreeMap<Step, u64>,
    /// Why the transaction failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub err: Option<String>,
}

/// The change that an event caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the list is complete")]
pub enum Recorded {
    /// The transaction reached a later step.
    Further,
    /// The transaction had already passed the step.
    Late,
    /// The step was received before.
    Again,
    /// The step contradicts the final step that was received first, which stays.
    Contradiction,
}

/// Remembers the most recent transactions.
#[derive(Debug)]
pub struct Tracker {
    room: usize,
    transactions: HashMap<String, Transaction>,
    /// The signatures, in the order of their first event.
    order: VecDeque<String>,
}

impl Tracker {
    /// Creates a tracker for at most this many transactions, minimum 1.
    #[must_use]
    pub fn with_room(transactions: usize) -> Self {
        let room = transactions.max(1);
        Self { room, transactions: HashMap::new(), order: VecDeque::new() }
    }

    /// Records a step.
    pub fn note(&mut self, event: Event) -> Recorded {
        let Event { step, signature, slot, err } = event;
        let Some(known) = self.transactions.get_mut(&signature) else {
            self.make_room();
            self.order.push_back(signature.clone());
            let slots = BTreeMap::from([(step, slot)]);
            self.transactions.insert(signature, Transaction { reached: step, slots, err });
            return Recorded::Further;
        };
        if known.slots.contains_key(&step) {
            return Recorded::Again;
        }
        if step.is_end() && known.reached.is_end() {
            return Recorded::Contradiction;
        }
        known.slots.insert(step, slot);
        if step < known.reached {
            return Recorded::Late;
        }
        known.reached = step;
        known.err = err;
        Recorded::Further
    }

    /// Returns the state of a transaction.
    #[must_use]
    pub fn transaction(&self, signature: &str) -> Option<&Transaction> {
        self.transactions.get(signature)
    }

    fn make_room(&mut self) {
        while self.transactions.len() >= self.room {
            let Some(oldest) = self.order.pop_front() else { return };
            self.transactions.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests;
