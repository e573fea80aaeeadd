//! Runs attacks on a configured target. Each result is a line of JSON, sent when it is known.

use std::sync::Arc;

use bytes::Bytes;
use countersign::serve::RequestBody;
use countersign::testing::{Attack, AttackKind, AttackList, AttackUnavailable};
use http::{Request, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use super::actions::{attacks, order, patience, request_of, target};
use super::endpoints::InspectedEndpoint;
use super::reply::{self, Reply, problem};
use super::server::State;
use crate::request;
use crate::send;

/// The body of `POST /api/attack`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    endpoint: String,
    target: String,
    /// One kind, or `all`.
    kind: String,
    /// The delivery whose body the genuine one has; a sample if it is omitted.
    delivery: Option<u64>,
    /// The tenant, without a delivery.
    tenant: Option<String>,
}

#[derive(Serialize)]
struct Row<'a> {
    kind: &'static str,
    sent: &'static str,
    why: &'static str,
    passed: bool,
    answers: Vec<String>,
    expected: Vec<String>,
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

pub(super) async fn run(state: Arc<State>, request: Request<RequestBody>) -> Reply {
    let order: Order = match order(request).await {
        Ok(order) => order,
        Err(reply) => return reply,
    };
    let (endpoint, to) = match target(&state, &order.endpoint, &order.target) {
        Ok(found) => found,
        Err(reply) => return reply,
    };
    let (prepared, to) = match prepare(&state, &order, endpoint, &to) {
        Ok(prepared) => prepared,
        Err(why) => return problem(StatusCode::UNPROCESSABLE_ENTITY, &why),
    };
    let target = match send::Target::new(&to, patience(endpoint)) {
        Ok(target) => target,
        Err(fix) => return problem(StatusCode::INTERNAL_SERVER_ERROR, &fix.to_string()),
    };
    let (sender, reply) = reply::streamed("application/x-ndjson");
    let stop = state.stop.clone();
    tokio::spawn(async move {
        let Ok(_place) = state.actions.acquire().await else { return };
        tokio::select! {
            () = report(&prepared, &target, &sender) => {}
            () = stop.cancelled() => {}
            () = sender.closed() => {}
        }
    });
    reply
}

/// The attacks, in order, and those that do not apply.
struct Prepared {
    attacks: Vec<Attack>,
    left_out: Vec<(AttackKind, String)>,
}

fn prepare(
    state: &State,
    order: &Order,
    endpoint: &InspectedEndpoint,
    to: &Uri,
) -> Result<(Prepared, Uri), String> {
    let scheme = &endpoint.scheme;
    let recorded = order.delivery.and_then(|seq| state.ring.find(seq));
    let request = match &recorded {
        Some(delivery) => request_of(delivery),
        None => {
            let url = endpoint.public_url.clone();
            request::Request::new("POST".to_owned(), url, Vec::new(), Bytes::new())
        }
    };
    // Without a delivery, the attacks have their own sample.
    let body = recorded.is_some().then(|| request.body().clone());
    let tenant = match &recorded {
        Some(delivery) => endpoint.tenant_of(delivery),
        None => order.tenant.clone(),
    };
    let tenant = tenant.as_deref();
    let to = endpoint.addressed(to, tenant, recorded.as_deref())?;
    let made = attacks(endpoint, scheme, &request, body, to.clone(), tenant)?;
    if order.kind != ALL {
        let kind = AttackKind::named(&order.kind).ok_or("there is no such attack")?;
        let attack = made.attack(kind).map_err(|why| format!("`{kind}` does not apply: {why}"))?;
        return Ok((Prepared { attacks: vec![attack], left_out: Vec::new() }, to));
    }
    let list: AttackList = made.prepare().map_err(|error| error.to_string())?;
    let left_out =
        list.left_out().map(|(kind, why): (_, &AttackUnavailable)| (kind, why.to_string()));
    let left_out = left_out.collect();
    Ok((Prepared { attacks: list.iter().cloned().collect(), left_out }, to))
}

async fn report(prepared: &Prepared, target: &send::Target, lines: &mpsc::Sender<Bytes>) {
    let (mut passed, mut failed) = (0, 0);
    let total = prepared.attacks.len();
    if write(lines, &json!({ "total": total })).await.is_err() {
        return;
    }
    for attack in &prepared.attacks {
        let attempt = target.send(attack.requests()).await;
        let is_passed = attempt.is_expected();
        if is_passed {
            passed += 1;
        } else {
            failed += 1;
        }
        let row = Row {
            kind: attack.kind().name(),
            sent: attack.kind().sent(),
            why: attack.kind().why(),
            passed: is_passed,
            answers: attempt.answered().map(|(_, answer, _)| answer.to_string()).collect(),
            expected: attempt.answered().map(|(expected, ..)| expected.to_string()).collect(),
            ms: attempt.answered().map(|(.., took)| took.as_secs_f64() * 1000.0).sum(),
            problem: target.problem(),
        };
        if write(lines, &json!({ "result": row })).await.is_err() {
            return;
        }
        if attack.kind() == AttackKind::Genuine && !is_passed && total > 1 {
            let why = "the target does not accept a genuine delivery, so no attack was sent";
            let _ = write(lines, &json!({ "stopped": why })).await;
            return;
        }
    }
    let left_out: Vec<_> = prepared
        .left_out
        .iter()
        .map(|(kind, why)| json!({ "kind": kind.name(), "why": why }))
        .collect();
    let end = json!({ "done": { "passed": passed, "failed": failed, "left_out": left_out } });
    let _ = write(lines, &end).await;
}

async fn write(lines: &mpsc::Sender<Bytes>, value: &serde_json::Value) -> Result<(), ()> {
    lines.send(format!("{value}\n").into()).await.map_err(|_| ())
}

const ALL: &str = "all";
