//! What the inspector shows of a delivery beside its request.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::{EarlyResponse, Grant, Verified, schemes};
use http::Response;
use http_body_util::{BodyExt, Full};

use super::capture::{PublicUrl, Stopwatch};
use super::config::EndpointPlan;
use super::endpoint::handshake;
use super::inspected_secrets::SecretCopies;
use super::queue;
use super::short_id::short_id;
use crate::inspect::{Answer, Delivery, Event, InspectedEndpoint};

/// The result of a request. The capture adds the request, and redacts both.
pub(super) async fn inspected(
    response: &Response<Full<Bytes>>,
    verified: Option<&Verified>,
    handled: Option<&(Verified, Grant)>,
    stopwatch: &Stopwatch,
) -> Delivery {
    let times = stopwatch.times();
    let extensions = response.extensions();
    let grant = handled.map(|(_, grant)| *grant);
    let reason = match extensions.get() {
        Some(EarlyResponse::Rejected(error)) => Some(error.to_string()),
        _ => None,
    };
    // The body is in memory: this never waits.
    let body = match response.body().clone().collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let body = Bytes::copy_from_slice(&body);
    Delivery {
        is_verified: verified.is_some(),
        reason,
        event: verified.map(event),
        attempt: grant.map(|grant| grant.attempt),
        possible_duplicate: grant.is_some_and(|grant| grant.possible_duplicate),
        handshake: handshake(response).map(str::to_owned),
        job: extensions.get().map(|accepted: &queue::Accepted| accepted.job),
        times,
        response: Some(Answer { body, ..Answer::default() }),
        ..Delivery::default()
    }
}

/// An endpoint of the configuration, once its secrets and deadline are known.
pub(super) fn endpoint(
    plan: &EndpointPlan,
) -> impl FnOnce(Arc<SecretCopies>, Duration) -> InspectedEndpoint + use<> {
    let path = plan.path.clone();
    let scheme = plan.verifier.scheme().clone();
    let public_url = plan.url.as_ref().map(|url| match url {
        PublicUrl::Whole(url) => url.clone(),
        PublicUrl::Origin(origin) => format!("{origin}{path}"),
    });
    let (tolerance, body_limit) = (plan.verifier.tolerance(), plan.verifier.body_limit());
    let forward = plan.forward.as_ref().map(|target| target.uri.clone());
    let is_scheme_file = schemes::named(scheme.name()).is_err();
    move |secrets, ack_deadline| InspectedEndpoint {
        path,
        scheme,
        is_scheme_file,
        public_url,
        tolerance,
        body_limit,
        ack_deadline,
        own: None,
        forward,
        secrets,
    }
}

/// Sets the URL of the endpoint on this machine.
pub(super) fn address(endpoint: &mut InspectedEndpoint, address: SocketAddr) {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let address = SocketAddr::new(ip, address.port());
    let path = endpoint.path.replace('{', "%7B").replace('}', "%7D");
    endpoint.own = format!("http://{address}{path}").parse().ok();
}

fn event(verified: &Verified) -> Event {
    let kind = verified.event_type();
    Event {
        id: short_id(verified.event_id()).into_owned(),
        id_from: verified.event_id_from().to_string(),
        kind: kind.map(|kind| short_id(kind.name).into_owned()),
        is_kind_signed: kind.is_some_and(|kind| kind.is_signed()),
        identity: verified.identity().to_string(),
        secret: verified.secret_index(),
        secret_name: verified.secret_name().map(str::to_owned),
        tenant: verified.tenant().map(str::to_owned),
        signed_at_ms: verified.signed_at_unix_ms(),
    }
}
