//! What the page needs to know once: the endpoints, their targets, samples and attacks.

use countersign::schemes::{self, SampleEvent};
use countersign::testing::AttackKind;
use serde::Serialize;

use super::endpoints::InspectedEndpoint;
use super::reply::{self, Reply};
use super::server::State;
use crate::possible_secret::shown_url;

#[derive(Serialize)]
struct Session<'a> {
    version: &'static str,
    live: bool,
    /// For `X-Countersign-Token`.
    token: &'a str,
    endpoints: Vec<EndpointJson<'a>>,
    schemes: Vec<SchemeJson>,
    attacks: Vec<AttackJson>,
}

#[derive(Serialize)]
struct EndpointJson<'a> {
    path: &'a str,
    scheme: &'a str,
    scheme_title: &'a str,
    payload: &'a str,
    can_sign: bool,
    /// Whether a sample needs the name of a tenant.
    of_tenants: bool,
    targets: Vec<TargetJson>,
    samples: Vec<&'static str>,
}

#[derive(Serialize)]
struct TargetJson {
    name: &'static str,
    url: String,
}

#[derive(Serialize)]
struct SchemeJson {
    name: &'static str,
    samples: Vec<&'static str>,
}

#[derive(Serialize)]
struct AttackJson {
    kind: &'static str,
    sent: &'static str,
    why: &'static str,
}

pub(super) fn answer(state: &State) -> Reply {
    let attacks = AttackKind::ALL.iter();
    reply::json(&Session {
        version: env!("CARGO_PKG_VERSION"),
        live: state.is_live,
        token: state.access.csrf(),
        endpoints: state.endpoints.iter().map(endpoint).collect(),
        schemes: schemes::names().map(|name| SchemeJson { name, samples: samples(name) }).collect(),
        attacks: attacks
            .map(|kind| AttackJson { kind: kind.name(), sent: kind.sent(), why: kind.why() })
            .collect(),
    })
}

fn endpoint(endpoint: &InspectedEndpoint) -> EndpointJson<'_> {
    let scheme = &endpoint.scheme;
    // A query can contain a token.
    let url = |uri: &http::Uri| {
        let uri = uri.to_string();
        shown_url(uri.split('?').next().unwrap_or_default())
    };
    let targets = endpoint.targets();
    EndpointJson {
        path: &endpoint.path,
        scheme: scheme.name(),
        scheme_title: scheme.title(),
        payload: scheme.signed(),
        can_sign: endpoint.secrets.are_of_tenants() || endpoint.secrets.active(None).is_some(),
        of_tenants: endpoint.secrets.are_of_tenants(),
        targets: targets
            .map(|(target, uri)| TargetJson { name: target.name(), url: url(uri) })
            .collect(),
        samples: if endpoint.is_scheme_file { Vec::new() } else { samples(scheme.name()) },
    }
}

fn samples(scheme: &str) -> Vec<&'static str> {
    schemes::samples(scheme).into_iter().flatten().map(SampleEvent::event).collect()
}
