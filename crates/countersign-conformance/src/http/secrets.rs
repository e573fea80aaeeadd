//! Which secrets are used: those of tenants, and replaced ones.

use std::future::pending;
use std::time::Duration;

use countersign_core::{ConfigError, Secret, Secrets, Signer, TenantId, Tenants, Verifier};

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult};
use super::endpoint::{NOW_MS, event, other_secret, plain_scheme, plain_verifier, secret};
use super::request::Request;

pub(super) async fn a_tenants_delivery_is_verified_with_its_own_secrets(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(several_tenants(PLENTY)?).await;
    let delivery = of_tenant("a", "a")?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.deliver(&of_tenant("b", "a")?).await?.is_rejected(401, "signature_mismatch")?;
    server.has_called(1)
}

pub(super) async fn a_delivery_of_an_unknown_tenant_is_answered_503(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(several_tenants(PLENTY)?).await;
    let unknown = of_tenant("z", "a")?;
    server.deliver(&unknown).await?.is_rejected(503, "unknown_tenant")?;
    let unnamed = unknown.clone().without_header(TENANT);
    server.deliver(&unnamed).await?.is_rejected(503, "unknown_tenant")?;
    // Rejected before the body is sent.
    let mut connection = server.connect().await?;
    connection.send(unknown.wire_head()).await?;
    server.answer_on(&mut connection).await?.is_rejected(503, "unknown_tenant")?;
    server.has_done_nothing()
}

pub(super) async fn a_failed_lookup_of_secrets_is_answered_503(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(several_tenants(DEADLINE)?).await;
    for tenant in ["fails", "hangs"] {
        let delivery = of_tenant(tenant, "a")?;
        server.deliver(&delivery).await?.is_rejected(503, "secrets_unavailable")?;
    }
    server.has_done_nothing()
}

pub(super) async fn two_tenants_do_not_share_an_event(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(several_tenants(PLENTY)?).await;
    for tenant in ["a", "b"] {
        let delivery = of_tenant(tenant, tenant)?;
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
        server.deliver(&delivery).await?.is_duplicate()?;
    }
    server.has_called(2)
}

pub(super) async fn a_replaced_secret_applies_from_the_next_delivery(
    scene: &TestContext<'_>,
) -> TestResult {
    let (verifier, secrets) = plain_verifier()?.with_secrets_handle()?;
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    let old = event("1")?;
    server.deliver(&old).await?.is_handled(&old.body)?;

    secrets.replace(other_secret()?)?;
    server.deliver(&event("2")?).await?.is_rejected(401, "signature_mismatch")?;
    let new = signed_by(other_secret()?, r#"{"id":"3"}"#)?;
    server.deliver(&new).await?.is_handled(&new.body)?;

    secrets.replace(Secrets::new(other_secret()?).with_previous(secret()?))?;
    let old = event("4")?;
    server.deliver(&old).await?.is_handled(&old.body)?;
    server.has_called(3)
}

/// An endpoint of the tenants `a` and `b`, each with its own secret, and of two
/// tenants whose lookup fails.
fn several_tenants(deadline: Duration) -> Result<HttpEndpoint, Failure> {
    let tenants =
        Tenants::new(TenantId::header(TENANT)?, async |tenant: String| match tenant.as_str() {
            "a" | "b" => Ok(Some(secret_of(&tenant)?.into())),
            "fails" => Err("the lookup fails".into()),
            "hangs" => pending().await,
            _ => Ok(None),
        });
    let verifier = Verifier::for_tenants(plain_scheme()?, tenants)?;
    Ok(HttpEndpoint::of(verifier.with_clock(|| NOW_MS).with_body_timeout(deadline)))
}

/// A delivery to one tenant, signed with the secret of one.
fn of_tenant(to: &str, by: &str) -> Result<Request, Failure> {
    Ok(signed_by(secret_of(by)?, r#"{"id":"1"}"#)?.with_header(TENANT, to))
}

fn signed_by(secret: Secret, body: &str) -> Result<Request, Failure> {
    Ok(Request::post(body).signed_by(&Signer::new(plain_scheme()?, secret)?)?)
}

fn secret_of(tenant: &str) -> Result<Secret, ConfigError> {
    Secret::new(format!("the secret of tenant {tenant}"))
}

/// An adapter waits for secrets as long as for a body.
const DEADLINE: Duration = Duration::from_secs(1);
const PLENTY: Duration = Duration::from_secs(30);
const TENANT: &str = "X-Tenant";
