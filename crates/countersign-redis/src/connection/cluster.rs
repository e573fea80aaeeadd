//! The client of a cluster. It finds the server of each key and keeps one
//! connection to each server.

use std::time::Duration;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{ConnectionInfo, RedisError};

/// Its timeouts are reduced to fit into `deadline`, an operation's deadline. By
/// default it waits for more than a second before it follows a failover.
pub(super) fn client(
    nodes: Vec<ConnectionInfo>,
    deadline: Duration,
) -> Result<ClusterClient, RedisError> {
    ClusterClientBuilder::new(nodes)
        .connection_timeout(deadline)
        .response_timeout(deadline)
        .overall_response_timeout(Some(deadline))
        .retries(RETRIES)
        .min_retry_wait(MIN_WAIT_MS)
        .max_retry_wait(MAX_WAIT_MS)
        .build()
}

const RETRIES: u32 = 3;
const MIN_WAIT_MS: u64 = 5;
const MAX_WAIT_MS: u64 = 25;
