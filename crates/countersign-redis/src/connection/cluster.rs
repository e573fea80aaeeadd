//! The client of a cluster, which finds the server of each key by itself and
//! keeps one connection to each.

use std::time::Duration;

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::{ConnectionInfo, RedisError};

/// Its waits are cut down to what fits into `deadline`, an operation's: by
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
