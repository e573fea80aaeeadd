//! What is known of each transaction, whatever the order in which its steps are
//! told.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// An event as Venum sends it, as far as it is followed here.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The step that the transaction has taken.
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
#[expect(clippy::exhaustive_enums, reason = "these are Venum's")]
pub enum Step {
    /// The network has seen it. It is not executed yet.
    Landed,
    /// The cluster has executed it.
    Processed,
    /// A supermajority has voted for it.
    Confirmed,
    /// It is irreversible: an end.
    Finalized,
    /// It failed on chain: the other end.
    Failed,
}

impl Step {
    fn is_end(self) -> bool {
        matches!(self, Self::Finalized | Self::Failed)
    }
}

/// What is known of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transaction {
    /// The furthest step that has been told.
    pub reached: Step,
    /// The slot of each step that has been told.
    pub slots: BTreeMap<Step, u64>,
    /// Why it failed, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub err: Option<String>,
}

/// What an event has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing else")]
pub enum Noted {
    /// The transaction has come further.
    Further,
    /// It is a step that had been passed already.
    Late,
    /// It was told before.
    Again,
    /// It cannot be, after the end that was told first. That one stays.
    Contradiction,
}

/// Remembers the transactions that were told of last.
#[derive(Debug)]
pub struct Tracker {
    room: usize,
    transactions: HashMap<String, Transaction>,
    /// By when they were first told of.
    order: VecDeque<String>,
}

impl Tracker {
    /// A tracker of so many transactions, one at the least.
    #[must_use]
    pub fn with_room(transactions: usize) -> Self {
        let room = transactions.max(1);
        Self { room, transactions: HashMap::new(), order: VecDeque::new() }
    }

    /// Notes a step.
    pub fn note(&mut self, event: Event) -> Noted {
        let Event { step, signature, slot, err } = event;
        let Some(known) = self.transactions.get_mut(&signature) else {
            self.make_room();
            self.order.push_back(signature.clone());
            let slots = BTreeMap::from([(step, slot)]);
            self.transactions.insert(signature, Transaction { reached: step, slots, err });
            return Noted::Further;
        };
        if known.slots.contains_key(&step) {
            return Noted::Again;
        }
        if step.is_end() && known.reached.is_end() {
            return Noted::Contradiction;
        }
        known.slots.insert(step, slot);
        if step < known.reached {
            return Noted::Late;
        }
        known.reached = step;
        known.err = err;
        Noted::Further
    }

    /// What is known of a transaction.
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
