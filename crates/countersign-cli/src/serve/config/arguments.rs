//! The configuration from the command line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use countersign::{Secret, Verifier};

use super::capture;
use super::place::Place;
use super::queue::{EndpointQueue, QueuePlan, check_endpoint, check_signing_secret};
use super::shared_secrets::{SecretUser, SecretUsers, key_digests};
use super::source::{ADD_A_VALID_ONE, is_any_valid};
use super::{
    Changes, EndpointPlan, EndpointScheme, Paths, Plan, ServeArgs, StorePlan, Target,
    check_body_limit, check_literal,
};
use crate::possible_secret::{shown, shown_path};
use crate::serve::capture::KnownSecrets;
use crate::serve::secrets_source::{Reloaded, SecretsSource};
use crate::serve::store::SQLITE;
use crate::usage_error::UsageError;
use crate::{scheme, secrets};

pub(super) fn plan(args: &ServeArgs, hidden: Option<KnownSecrets>) -> Result<Plan, UsageError> {
    if has_password(&args.store) {
        return Err(Place::option("--store").fix(
            "has a password, and every process on the machine can read the command line: write \
             the URL as `store` into a file for `--config`",
        ));
    }
    if args.queue.as_deref().is_some_and(has_password) {
        return Err(Place::option("--queue").fix(
            "has a password, and every process on the machine can read the command line: write \
             the URL as `queue` into a file for `--config`",
        ));
    }
    let prefix = args.store_prefix.clone().map(|said| (said, Place::option("--store-prefix")));
    let store = StorePlan::new(args.store.clone(), prefix, Path::to_owned)?;
    let queue = args
        .queue
        .as_deref()
        .map(|url| QueuePlan::of_url(url, &Place::option("--queue"), |path| path.into()));
    let queue = queue.transpose()?;
    let capture = capture::plan(args)?;
    let hidden =
        super::hidden(hidden, capture.is_some() || args.show_body || args.inspect.is_some());
    // All endpoints accept all secrets.
    let keys = RefCell::new(BTreeSet::new());
    let read = args.secrets.read_for(2 * args.endpoints.len(), |read| {
        hidden.add(read);
        keys.borrow_mut().extend(key_digests(read));
    })?;
    let mut read = read.into_iter();
    let sign = signing_secret(args)?;
    sign.iter().for_each(|secret| hidden.add(secret));
    let mut paths = Paths(Vec::new());
    let mut endpoints = Vec::new();
    let mut users = SecretUsers::default();
    for endpoint in &args.endpoints {
        let at = Place::option(format_args!("--endpoint {}", shown_endpoint(endpoint)));
        let Some((path, name)) = endpoint.split_once('=') else {
            return Err(at.fix("has no scheme: use the form `--endpoint /hooks/venum=venum`"));
        };
        paths.add(path, &at)?;
        check_literal(path, &at)?;
        let scheme = scheme::load(name).map_err(|error| at.fix(error))?;
        let event_id = args.event_id.as_deref().map(|id| (id, Place::option("--event-id")));
        let EndpointScheme { described, used: scheme } = EndpointScheme::new(scheme, event_id)?;
        if scheme.signs_url() {
            return Err(at.fix(format!(
                "scheme `{}` signs the URL: define the endpoint, with its `url`, in a file for \
                 `--config`",
                scheme.name()
            )));
        }
        let (Some(own), Some(fresh)) = (read.next(), read.next()) else {
            // Two copies were read for each endpoint.
            break;
        };
        secrets::warn(&own, &scheme);
        let none_is_valid = (!is_any_valid(&own, &scheme)).then_some(ADD_A_VALID_ONE);
        let mut accepted = keys.borrow().clone();
        // Secrets that the scheme cannot use are an error below.
        accepted.extend(own.key_identities(&scheme).unwrap_or_default());
        let fixed = vec![("scheme", format!("{described:?}"))];
        let verifier = Verifier::new(scheme, own).and_then(Verifier::with_secrets_handle);
        let (verifier, handle) = verifier.map_err(|error| args.secrets.blame(error))?;
        check_body_limit(&verifier, &at)?;
        let forward = args.forward.as_deref();
        let (live, fresh) = (SecretsSource::Own(handle), Reloaded::Own(fresh));
        let endpoint_queue = match &queue {
            Some(_) => {
                check_endpoint(forward.is_some(), verifier.scheme(), &at)?;
                Some(EndpointQueue::default())
            }
            None => None,
        };
        let plan = EndpointPlan {
            path: path.to_owned(),
            verifier,
            forward: forward
                .map(|url| Target::parse(url, Place::option("--forward")))
                .transpose()?,
            retention: None,
            ack_deadline: None,
            handler_timeout: None,
            outage: None,
            repeats: None,
            only: None,
            queue: endpoint_queue,
            sign: sign.as_ref().map(secrets::again).transpose()?,
            is_shadow: false,
            url: None,
        };
        let path = path.to_owned();
        let user = SecretUser { path, scheme: described, tenant: None, at, none_is_valid };
        let mut own = SecretUsers::default();
        own.add_keys(user, accepted);
        users.extend(&own);
        endpoints.push((plan, Changes { live, fresh, fixed, users: own, handshake_window: None }));
    }
    users.check()?;
    let listen = args.listen.clone().unwrap_or_default();
    Ok(Plan { queue, ..Plan::new(args, listen, store, endpoints, capture, hidden) })
}

/// The secret that signs what is forwarded.
fn signing_secret(args: &ServeArgs) -> Result<Option<Secret>, UsageError> {
    let (place, at) = match (&args.sign_secret_env, &args.sign_secret_file) {
        (Some(name), _) => (secrets::Place::Env(name.clone()), "--sign-secret-env"),
        (None, Some(path)) => (secrets::Place::File(path.clone()), "--sign-secret-file"),
        (None, None) => return Ok(None),
    };
    let secret = place.read()?;
    check_signing_secret(&secret, &place, &Place::option(at))?;
    Ok(Some(secret))
}

/// An endpoint of the command line for an error message, without what may be a secret.
fn shown_endpoint(endpoint: &str) -> String {
    match endpoint.split_once('=') {
        Some((path, name)) if scheme::is_file(name) => {
            format!("{}={}", shown(path), shown_path(Path::new(name)))
        }
        Some((path, name)) => format!("{}={}", shown(path), shown(name)),
        None => shown(endpoint).to_owned(),
    }
}

/// Whether a URL has `user:password@` or a password parameter.
pub(crate) fn has_password(url: &str) -> bool {
    if url.starts_with(SQLITE) {
        return false;
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = rest.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || rest.contains("password=")
}
