//! `inspect --wait`: waits for a delivery at a running inspector, and prints it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::filter::Filter;
use super::server::TOKEN;
use super::session::SessionFile;
use crate::output::{self, Report};
use crate::usage_error::UsageError;

/// What to wait for, and where.
pub(super) struct Wait {
    pub(super) filter: Filter,
    pub(super) timeout: Duration,
    pub(super) address: SocketAddr,
}

/// Prints the first delivery that matches, also if it has arrived already.
pub(super) async fn run(wait: &Wait) -> Result<Report, UsageError> {
    let until = Instant::now() + wait.timeout;
    let query = wait.filter.to_query();
    let mut problem = None;
    let waiting = async {
        loop {
            // The inspector may be starting.
            match first(wait.address, &query, until).await {
                Ok(Some(delivery)) => return Ok(delivery),
                Ok(None) => {}
                Err(Failed::Denied) => return Err(denied(wait.address)),
                Err(Failed::Unreachable(why)) => problem = Some(why),
            }
            tokio::time::sleep(RETRY).await;
        }
    };
    match timeout_at(until, waiting).await {
        Ok(found) => Ok(Report::machine(found? + "\n")),
        Err(_) => match problem {
            Some(why) => Err(UsageError::because(
                format!("no inspector answers at {}: start `countersign inspect`", wait.address),
                why,
            )),
            None => {
                let timeout = humantime::format_duration(wait.timeout);
                output::error(&format!("no such delivery arrived within {timeout}"));
                Ok(Report::machine("").rejected())
            }
        },
    }
}

enum Failed {
    Denied,
    Unreachable(String),
}

/// The JSON of the first delivery that matches; `None` if there is none yet.
async fn first(address: SocketAddr, query: &str, until: Instant) -> Result<Option<String>, Failed> {
    let left = until.saturating_duration_since(Instant::now()).as_secs().min(MAX_POLL_S);
    let list = get(address, &format!("/api/deliveries?{query}&wait={left}")).await?;
    let list: Value = serde_json::from_slice(&list).map_err(|_| not_ours())?;
    let Some(seq) = list["deliveries"][0]["seq"].as_u64() else { return Ok(None) };
    let detail = get(address, &format!("/api/deliveries/{seq}")).await?;
    String::from_utf8(detail.to_vec()).map(Some).map_err(|_| not_ours())
}

async fn get(address: SocketAddr, path: &str) -> Result<Bytes, Failed> {
    let unreachable = |error: &dyn std::fmt::Display| Failed::Unreachable(error.to_string());
    let token = std::env::var(TOKEN).ok().or_else(|| SessionFile::read(address));
    let request = Request::get(format!("http://{address}{path}"))
        .header("authorization", format!("Bearer {}", token.unwrap_or_default()))
        .body(Empty::<Bytes>::new())
        .map_err(|error| unreachable(&error))?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.map_err(|error| unreachable(&error))?;
    match response.status() {
        StatusCode::OK => {
            let body = response.into_body().collect().await.map_err(|error| unreachable(&error))?;
            Ok(body.to_bytes())
        }
        StatusCode::FORBIDDEN => Err(Failed::Denied),
        _ => Err(not_ours()),
    }
}

fn not_ours() -> Failed {
    Failed::Unreachable("another program listens there".to_owned())
}

fn denied(address: SocketAddr) -> UsageError {
    UsageError::new(format!(
        "the inspector at {address} runs as another user: set `{TOKEN}` to the same random text for \
         both commands"
    ))
}

const RETRY: Duration = Duration::from_millis(100);
const MAX_POLL_S: u64 = 30;
