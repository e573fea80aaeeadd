//! Why a delivery was rejected, for the page. It costs some hundred verifications, so it is made when
//! it is requested, one at a time, and never for a delivery in progress.

use std::sync::Arc;

use countersign::Secrets;
use countersign::diagnose::{Audience, Diagnose, Diagnosis};
use http::StatusCode;
use serde::Serialize;

use super::actions::{missing_secret, request_of};
use super::delivery::{BodyState, Delivery};
use super::reply::{self, Reply, problem};
use super::server::State;

#[derive(Serialize)]
struct DiagnosisJson {
    /// Whether it verifies with the secrets that are active now, at the time at which it arrived.
    verified: bool,
    code: Option<&'static str>,
    reason: Option<String>,
    causes: Vec<CauseJson>,
    /// Why the result may be incomplete.
    limits: Vec<String>,
}

#[derive(Serialize)]
struct CauseJson {
    cause: &'static str,
    certain: bool,
    detail: String,
    fix: String,
}

pub(super) async fn answer(state: &Arc<State>, delivery: &Arc<Delivery>) -> Reply {
    let Ok(_one) = state.diagnoses.acquire().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the program ends");
    };
    let (state, delivery) = (Arc::clone(state), Arc::clone(delivery));
    let diagnosed = tokio::task::spawn_blocking(move || diagnose(&state, &delivery)).await;
    match diagnosed {
        Ok(Ok(diagnosis)) => reply::json(&diagnosis),
        Ok(Err(why)) => problem(StatusCode::CONFLICT, &why),
        Err(_) => problem(StatusCode::INTERNAL_SERVER_ERROR, "the diagnosis failed"),
    }
}

fn diagnose(state: &State, delivery: &Delivery) -> Result<DiagnosisJson, String> {
    let request = &delivery.request;
    if matches!(request.body_state, BodyState::Redacted | BodyState::TooLarge) {
        return Err("the body is not kept, and without it the reason cannot be found".to_owned());
    }
    let Some(scheme) = state.scheme(delivery) else {
        return Err(format!("the scheme `{}` is not known here", delivery.scheme));
    };
    let endpoint = state.endpoint(&delivery.endpoint);
    let tenant = endpoint.and_then(|endpoint| endpoint.tenant_of(delivery));
    let own = endpoint.and_then(|endpoint| endpoint.secrets.active(tenant.as_deref()));
    let Some(own): Option<Secrets> = own else {
        let why = endpoint.map_or("the endpoint is not known here", |endpoint| {
            missing_secret(endpoint, tenant.as_deref())
        });
        return Err(format!("the cause cannot be found: {why}"));
    };
    let audience = match endpoint {
        Some(endpoint) if endpoint.is_scheme_file => Audience::SchemeFile,
        _ => Audience::Program,
    };
    let now = delivery.received_at_ms;
    let mut diagnose = Diagnose::new(scheme, own).with_audience(audience).with_clock(move || now);
    if let Some(endpoint) = endpoint {
        diagnose = diagnose.with_body_limit(endpoint.body_limit);
        if let Some(tolerance) = endpoint.tolerance {
            diagnose = diagnose.with_tolerance(tolerance);
        }
        for retired in endpoint.secrets.retired() {
            diagnose = diagnose.with_retired(retired);
        }
    }
    for other in state.endpoints.iter().filter(|other| other.path != delivery.endpoint) {
        for secret in other.secrets.active(None).iter().flat_map(Secrets::iter) {
            diagnose = diagnose.with_candidate(secret.dangerous_copy());
        }
    }
    let captured = request_of(delivery).captured();
    let diagnosis = diagnose.diagnose(&captured).map_err(|error| error.to_string())?;
    Ok(json(&diagnosis, delivery))
}

fn json(diagnosis: &Diagnosis, delivery: &Delivery) -> DiagnosisJson {
    let mut limits = Vec::new();
    if delivery.request.body_state == BodyState::Incomplete {
        limits.push(
            "the body is not complete: it was cut off, or rejected before it arrived".to_owned(),
        );
    }
    let redacted: Vec<&str> = delivery.request.redacted.iter().map(String::as_str).collect();
    if !redacted.is_empty() {
        limits.push(format!("checks that need redacted parts fail: {}", redacted.join(", ")));
    }
    let causes = diagnosis.causes().iter().map(|cause| CauseJson {
        cause: cause.kind().code(),
        certain: cause.is_certain(),
        detail: cause.detail().to_owned(),
        fix: cause.fix().to_owned(),
    });
    DiagnosisJson {
        verified: diagnosis.is_verified(),
        code: diagnosis.rejection().map(|rejection| rejection.code()),
        reason: diagnosis.rejection().map(ToString::to_string),
        causes: causes.collect(),
        limits,
    }
}
