//! Why an operation for people failed.

use std::error::Error;
use std::fmt;

use countersign_core::jobs::JobState;
use countersign_core::{MalformedMessage, StoreError};

/// Why an operation for people failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueueError {
    /// The database cannot be used.
    #[non_exhaustive]
    Database {
        /// The error of the operation.
        source: StoreError,
    },
    /// The message of the job cannot be read.
    #[non_exhaustive]
    Message {
        /// What is wrong with it.
        source: MalformedMessage,
    },
    /// The operation changes no job that is in one of the states of the filter.
    #[non_exhaustive]
    States {
        /// The states in which it changes jobs.
        possible: Vec<JobState>,
    },
}

impl From<StoreError> for QueueError {
    fn from(source: StoreError) -> Self {
        Self::Database { source }
    }
}

impl From<MalformedMessage> for QueueError {
    fn from(source: MalformedMessage) -> Self {
        Self::Message { source }
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database { .. } => f.write_str("the queue's database cannot be used"),
            Self::Message { .. } => f.write_str("the job's message cannot be read"),
            Self::States { possible } => {
                let names: Vec<&str> = possible.iter().map(|state| state.name()).collect();
                write!(f, "only jobs in these states can be changed so: {}", names.join(", "))
            }
        }
    }
}

impl Error for QueueError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Database { source } => Some(source),
            Self::Message { source } => Some(source),
            Self::States { .. } => None,
        }
    }
}
