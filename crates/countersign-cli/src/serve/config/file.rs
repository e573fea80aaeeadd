//! The configuration from a file.

mod unreadable;

use std::cell::RefCell;
use std::env;
use std::fmt::Debug;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign::tenants::Tenants;
use countersign::{ConfigError, PublicUrl, Scheme, Secrets, Tolerance, Verifier};
use toml::Spanned;

use super::place::Place;
use super::shared_secrets::{SecretUser, SecretUsers};
use super::source::{ADD_A_VALID_ONE, Source};
use super::toml::{EndpointConfig, SecretConfig, ServeConfig, Span, TenantConfig, takes};
use super::{
    Changes, DeadLetterPlan, EndpointPlan, EndpointScheme, EventTypes, Fixed, Limits, Paths, Plan,
    ServeArgs, StorePlan, Target, check_body_limit, check_literal, check_tolerance,
};
use crate::files::{self, FileKind};
use crate::output;
use crate::possible_secret::shown_path;
use crate::scheme;
use crate::secrets::{self, is_plainly_a_name, is_plainly_a_path};
use crate::serve::capture::{self, KnownSecrets};
use crate::serve::folders;
use crate::serve::secrets_source::{Reloaded, SecretsSource, Table};
use crate::serve::store::MEMORY;
use crate::usage_error::UsageError;

pub(super) fn plan(
    path: &Path,
    args: &ServeArgs,
    hidden: Option<KnownSecrets>,
) -> Result<Plan, UsageError> {
    let what = format!("the configuration `{}`", shown_path(path));
    let text = files::read_text(path, FileKind::Config, &what)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (nothing, users) = (Arc::new(KnownSecrets::nothing()), RefCell::default());
    File { path, folder, text: &text, hidden: nothing, users }.plan(args, hidden)
}

/// The file, with its text to find the line of a value.
pub(super) struct File<'a> {
    path: &'a Path,
    folder: &'a Path,
    text: &'a str,
    /// The secrets that it names, to redact them in captures.
    pub(super) hidden: Arc<KnownSecrets>,
    /// The endpoints and tenants that accept them.
    users: RefCell<SecretUsers>,
}

impl File<'_> {
    fn plan(mut self, args: &ServeArgs, hidden: Option<KnownSecrets>) -> Result<Plan, UsageError> {
        let words: ServeConfig =
            toml::from_str(self.text).map_err(|error| self.unreadable(&error))?;
        let capture = self.capture(&words, args)?;
        self.hidden =
            super::hidden(hidden, capture.is_some() || args.show_body || args.inspect.is_some());
        if words.endpoint.is_empty() {
            return Err(Place::key(self.path, None, None)
                .fix("there is no endpoint: add a table `[[endpoint]]` with `path`, `scheme` and `secrets`"));
        }
        let mut paths = Paths(Vec::new());
        let mut endpoints = Vec::new();
        for endpoint in &words.endpoint {
            let at = self.at("path", endpoint.path.span());
            paths.add(endpoint.path.get_ref(), &at)?;
            endpoints.push(self.endpoint(endpoint, words.queue.is_some())?);
        }
        self.reject_shared_files(&words.endpoint)?;
        let users = self.users.borrow();
        users.check()?;
        for (plan, changes) in &mut endpoints {
            changes.users = users.of_path(&plan.path);
        }
        drop(users);
        let listen = match args.listen.as_ref().or(words.listen.as_ref()) {
            Some(listen) => listen.clone(),
            None => {
                let said = takes("listen").unwrap_or_default();
                let at = Place::key(self.path, Some(1), Some("listen"));
                return Err(at.fix(format!("is missing: expected {said}")));
            }
        };
        let fixed = vec![
            ("listen", format!("{:?}", words.listen)),
            ("admin", format!("{:?}", words.admin)),
            ("store", format!("{:?}", words.store)),
            ("store_prefix", said(words.store_prefix.as_ref())),
            ("queue", said(words.queue.as_ref())),
            ("header_timeout", said(words.header_timeout.as_ref())),
            ("idle_timeout", said(words.idle_timeout.as_ref())),
            ("connections", format!("{:?}", words.connections)),
            ("drain_timeout", said(words.drain_timeout.as_ref())),
            ("forwarded_headers", format!("{:?}", words.forwarded_headers)),
            ("capture", said(words.capture.as_ref())),
            ("capture_rejected", said(words.capture_rejected.as_ref())),
            ("capture_files", said(words.capture_files.as_ref())),
            ("dead_letters", said(words.dead_letters.as_ref())),
        ];
        let limits = Limits {
            header_timeout: self.time("header_timeout", words.header_timeout.as_ref())?,
            idle_timeout: self.time("idle_timeout", words.idle_timeout.as_ref())?,
            connections: words.connections,
            drain_timeout: self.time("drain_timeout", words.drain_timeout.as_ref())?,
        };
        let dead_letters = words.dead_letters.as_ref().map(|said| {
            let at = self.at("dead_letters", said.span());
            folders::named(said.get_ref(), &at)?;
            Ok::<_, UsageError>(DeadLetterPlan { folder: self.beside(said.get_ref()), at })
        });
        let dead_letters = dead_letters.transpose()?;
        let queue = self.queue(&words)?;
        let prefix = words.store_prefix.as_ref();
        let prefix =
            prefix.map(|said| (said.get_ref().clone(), self.at("store_prefix", said.span())));
        let store = words.store.unwrap_or_else(|| MEMORY.to_owned());
        let store = StorePlan::new(store, prefix, |path| self.beside(path))?;
        let forwarded_headers = words.forwarded_headers.unwrap_or_default();
        let dead_letters = args.dead_letters().or(dead_letters);
        let plan = Plan::new(args, listen, store, endpoints, capture, self.hidden);
        let admin = words.admin;
        Ok(Plan { admin, queue, fixed, limits, forwarded_headers, dead_letters, ..plan })
    }

    fn endpoint(
        &self,
        words: &EndpointConfig,
        has_queue: bool,
    ) -> Result<(EndpointPlan, Changes), UsageError> {
        let scheme_at = self.at("scheme", words.scheme.span());
        let described = scheme::load_from(self.folder, words.scheme.get_ref())
            .map_err(|error| scheme_at.fix(error))?;
        let event_id = words.event_id.as_ref();
        let event_id = event_id.map(|id| (id.get_ref().as_str(), self.at("event_id", id.span())));
        let scheme = EndpointScheme::new(described, event_id)?;
        if words.tenants.is_none() {
            let path = &words.path;
            check_literal(path.get_ref(), &self.at("path", path.span()))?;
        }
        let only = words.only.as_ref().map(|said| {
            EventTypes::new(said.get_ref(), &scheme.used, &self.at("only", said.span()))
        });
        let only = only.transpose()?;
        let fixed = fixed(words, &scheme.described);
        let (mut verifier, live, fresh) = self.verifier(words, scheme, &scheme_at)?;
        let mut limit_at = scheme_at;
        if let Some(limit) = &words.body_limit {
            verifier = verifier.with_body_limit(limit.get_ref().get());
            limit_at = self.at("body_limit", limit.span());
        }
        check_body_limit(&verifier, &limit_at)?;
        if let Some(said) = &words.tolerance {
            let Span(tolerance) = *said.get_ref();
            check_tolerance(tolerance, &self.at("tolerance", said.span()))?;
            verifier = verifier.with_tolerance(Tolerance::symmetric(tolerance));
        }
        verifier = self.with_verify_token(words, verifier)?;
        let handshake_window = self.handshake_window(words)?;
        let forward = words
            .forward
            .as_ref()
            .map(|said| Target::parse(said.get_ref(), self.at("forward", said.span())));
        let queue = self.endpoint_queue(words, verifier.scheme(), has_queue)?;
        let plan = EndpointPlan {
            path: words.path.get_ref().clone(),
            verifier,
            forward: forward.transpose()?,
            retention: self.retention(words)?,
            ack_deadline: self.time("ack_deadline", words.ack_deadline.as_ref())?,
            handler_timeout: self.time("handler_timeout", words.handler_timeout.as_ref())?,
            outage: words.outage.map(Into::into),
            repeats: words.repeats.map(Into::into),
            only,
            queue,
            sign: self.sign(words)?,
            is_shadow: self.is_shadow(words)?,
            url: words.url.as_ref().map(|said| match is_of_tenants(words) {
                true => capture::PublicUrl::Origin(said.get_ref().clone()),
                false => capture::PublicUrl::Whole(said.get_ref().clone()),
            }),
        };
        // The users of the secrets are set later, for all endpoints together.
        let users = SecretUsers::default();
        Ok((plan, Changes { live, fresh, fixed, users, handshake_window }))
    }

    /// Whether all requests are forwarded. Then no event is claimed, and no response is sent but the
    /// target's, so the keys that configure these would have no effect.
    fn is_shadow(&self, words: &EndpointConfig) -> Result<bool, UsageError> {
        let Some(said) = words.enforce.as_ref().filter(|said| !said.get_ref()) else {
            return Ok(false);
        };
        let at = self.at("enforce", said.span());
        if words.forward.is_none() {
            return Err(at.fix(
                "needs `forward`: without verification, only another receiver can handle the \
                 deliveries",
            ));
        }
        if is_of_tenants(words) {
            return Err(at.fix(
                "cannot be used with tenants in the path: the target would not get the path, and so \
                 could not find the secret of the tenant",
            ));
        }
        for (key, is_set) in [
            ("only", words.only.is_some()),
            ("outage", words.outage.is_some()),
            ("retention", words.retention.is_some()),
            ("repeats", words.repeats.is_some()),
            ("handshake_secret_file", words.handshake_secret_file.is_some()),
            ("sign", words.sign.is_some()),
        ] {
            if is_set {
                return Err(at.fix(format!(
                    "`{key}` has no effect with it, because every request is forwarded: remove \
                     `{key}`, or set `enforce = true`"
                )));
            }
        }
        Ok(true)
    }

    fn retention(&self, words: &EndpointConfig) -> Result<Option<(Duration, Place)>, UsageError> {
        let Some(said) = &words.retention else { return Ok(None) };
        let (Span(retention), at) = (*said.get_ref(), self.at("retention", said.span()));
        if retention > MAX_RETENTION {
            return Err(at.fix("is too long: use at most 10y"));
        }
        Ok(Some((retention, at)))
    }

    /// A timeout or another waiting time, within limits.
    pub(super) fn time(
        &self,
        key: &str,
        said: Option<&Spanned<Span>>,
    ) -> Result<Option<Duration>, UsageError> {
        let Some(said) = said else {
            return Ok(None);
        };
        let time = said.get_ref().0;
        if time < MIN_WAIT || time > MAX_WAIT {
            return Err(self
                .at(key, said.span())
                .fix("is out of range: use a value between 100ms and 1h"));
        }
        Ok(Some(time))
    }

    fn verifier(
        &self,
        words: &EndpointConfig,
        scheme: EndpointScheme,
        scheme_at: &Place,
    ) -> Result<(Verifier, SecretsSource, Reloaded), UsageError> {
        let url = self.url(words, &scheme.used, scheme_at)?;
        if let Some(said) = &words.handshake_secret_file {
            return match &words.tenants {
                None => self.of_kept(words, said, scheme, url),
                Some(_) => Err(self.at("handshake_secret_file", said.span()).fix(
                    "the handshake does not identify the tenant: use an endpoint for each tenant \
                     of this provider",
                )),
            };
        }
        match (&words.secrets, &words.tenants) {
            (Some(secrets), None) => {
                let sources = self.sources(secrets)?;
                self.note_users(words, &scheme.described, None, &sources);
                let none = || {
                    let said = takes("secrets").unwrap_or_default();
                    self.at("secrets", secrets.span()).fix(format!("is empty: expected {said}"))
                };
                let verifier = verifier(url, scheme.used, &sources, scheme_at)?.ok_or_else(none)?;
                let (verifier, handle) = verifier.with_secrets_handle()?;
                let fresh = Source::secrets(&sources)?.ok_or_else(none)?;
                Ok((verifier, SecretsSource::Own(handle), Reloaded::Own(fresh)))
            }
            (None, Some(tenants)) => self.of_tenants(words, tenants.get_ref(), scheme, url),
            (Some(_), Some(tenants)) => Err(self
                .at("tenants", tenants.span())
                .fix("each tenant has its own secrets: remove the endpoint's `secrets`")),
            (None, None) => {
                let said = takes("secrets").unwrap_or_default();
                let at = Place::key(
                    self.path,
                    Some(self.line(words.path.span().start)),
                    Some("secrets"),
                );
                Err(at.fix(format!("is missing: expected {said}")))
            }
        }
    }

    fn of_tenants(
        &self,
        words: &EndpointConfig,
        tenants: &TenantConfig,
        EndpointScheme { described, used: scheme }: EndpointScheme,
        url: Option<PublicUrl>,
    ) -> Result<(Verifier, SecretsSource, Reloaded), UsageError> {
        let scheme_at = self.at("scheme", words.scheme.span());
        let from = self.tenant_from(words, tenants)?;
        let tenants = self.tenants(tenants)?;
        for (tenant, sources) in &tenants {
            verifier(url.clone(), scheme.clone(), sources, &scheme_at)?;
            self.note_users(words, &described, Some(tenant), sources);
        }
        let table = Arc::new(Table::new(scheme.clone(), tenants));
        let known = Arc::clone(&table);
        let tenants = Tenants::new(from, move |tenant: String| {
            let secrets = known.secrets(&tenant);
            async move { Ok(secrets?) }
        });
        let verifier = match url {
            Some(url) => Verifier::for_tenants_with_public_url(url, scheme, tenants),
            None => Verifier::for_tenants(scheme, tenants),
        };
        let verifier = verifier.map_err(|error| scheme_at.fix(error))?;
        let fresh = Reloaded::OfTenants(Arc::clone(&table));
        Ok((verifier.clone(), SecretsSource::OfTenants { verifier, table }, fresh))
    }

    /// Records the endpoint or tenant that accepts these secrets.
    pub(super) fn note_users(
        &self,
        words: &EndpointConfig,
        scheme: &Scheme,
        tenant: Option<&String>,
        sources: &[Source],
    ) {
        let Some(first) = sources.first() else { return };
        let fix = match words.handshake_secret_file {
            Some(_) => "start the provider's handshake, which delivers one",
            None => ADD_A_VALID_ONE,
        };
        let user = SecretUser {
            path: words.path.get_ref().clone(),
            scheme: scheme.clone(),
            tenant: tenant.cloned(),
            at: first.at.clone(),
            none_is_valid: (!Source::is_any_valid(sources, scheme)).then_some(fix),
        };
        self.users.borrow_mut().add(user, sources.iter().map(|source| &source.read));
    }

    fn url(
        &self,
        words: &EndpointConfig,
        scheme: &Scheme,
        scheme_at: &Place,
    ) -> Result<Option<PublicUrl>, UsageError> {
        match &words.url {
            _ if !scheme.signs_url() => Ok(None),
            Some(said) => {
                let url = said.get_ref();
                let url = match is_of_tenants(words) {
                    true => PublicUrl::origin(url),
                    false => PublicUrl::new(url),
                };
                url.map(Some).map_err(|error| self.at("url", said.span()).fix(error))
            }
            None => Err(scheme_at.fix(format!(
                "scheme `{}` signs the URL: add the URL that the provider calls, as `url`",
                scheme.name()
            ))),
        }
    }

    /// Reads the secrets.
    pub(super) fn sources(
        &self,
        words: &Spanned<Vec<Spanned<SecretConfig>>>,
    ) -> Result<Vec<Source>, UsageError> {
        let sources = words.get_ref().iter().map(|words| {
            let at = self.at("secrets", words.span());
            let words = words.get_ref();
            let kept = self.place(words.env.as_deref(), words.file.as_deref(), &at)?;
            let read = kept.read().map_err(|error| at.fix(error))?;
            self.hidden.add(&read);
            let name = words.name.clone().unwrap_or_else(|| kept.name());
            let (not_before, not_after) = (words.not_before, words.not_after);
            Ok(Source { read, name, not_before, not_after, kept, at })
        });
        sources.collect()
    }

    pub(super) fn place(
        &self,
        env: Option<&str>,
        file: Option<&Path>,
        at: &Place,
    ) -> Result<secrets::Place, UsageError> {
        match (env, file) {
            (Some(name), None) if !is_plainly_a_name(name) && env::var_os(name).is_none() => {
                Err(at.fix(
                    "`env` does not name a variable that is set: give the name of one, never the \
                     secret itself",
                ))
            }
            (Some(name), None) => Ok(secrets::Place::Env(name.to_owned())),
            (None, Some(file)) => {
                let path = self.beside(file);
                if path.metadata().is_err() && !is_plainly_a_path(file, self.folder) {
                    return Err(at.fix(
                        "`file` cannot be read: give the path of a file, never the secret itself",
                    ));
                }
                Ok(secrets::Place::File(path))
            }
            _ => Err(at.fix("give exactly one of `env` and `file`")),
        }
    }

    /// Resolves a path in this file, relative to the file's folder.
    pub(super) fn beside(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    pub(super) fn at(&self, key: &str, span: Range<usize>) -> Place {
        Place::key(self.path, Some(self.line(span.start)), Some(key))
    }

    /// The line of a byte, counted from 1.
    fn line(&self, byte: usize) -> usize {
        let before = self.text.as_bytes().get(..byte).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// A verifier with these secrets; `None` if there are none.
pub(super) fn verifier(
    url: Option<PublicUrl>,
    scheme: Scheme,
    sources: &[Source],
    scheme_at: &Place,
) -> Result<Option<Verifier>, UsageError> {
    let Some(secrets) = Source::secrets(sources)? else {
        return Ok(None);
    };
    warn(&secrets, sources, &scheme);
    let verifier = match url {
        Some(url) => Verifier::with_public_url(url, scheme, secrets),
        None => Verifier::new(scheme, secrets),
    };
    verifier.map(Some).map_err(|error| match error {
        ConfigError::Secret { problem, index: Some(index), .. } if index < sources.len() => {
            let Source { kept, at, .. } = &sources[index];
            at.fix(kept.unusable(problem))
        }
        error => scheme_at.fix(error),
    })
}

/// Prints warnings about secrets that look wrong, each with its place in the file.
fn warn(secrets: &Secrets, sources: &[Source], scheme: &Scheme) {
    for warning in secrets.warnings(scheme) {
        let at = sources.get(warning.index()).map(|source| &source.at);
        let at = at.map_or_else(String::new, |at| format!("{at}: "));
        output::note(&format!("{at}scheme `{}`: {warning}", scheme.name()));
    }
}

/// Whether the path names the tenant, so that each tenant has a different URL.
fn is_of_tenants(words: &EndpointConfig) -> bool {
    words.path.get_ref().contains('{')
}

/// The values of an endpoint that cannot change while it is served.
fn fixed(words: &EndpointConfig, scheme: &Scheme) -> Fixed {
    let tenants = words.tenants.as_ref().map(|tenants| said(tenants.get_ref().header.as_ref()));
    vec![
        ("scheme", format!("{scheme:?}")),
        ("tenants", format!("{tenants:?}")),
        ("verify_token", said(words.verify_token.as_ref())),
        ("handshake_secret_file", said(words.handshake_secret_file.as_ref())),
        ("forward", said(words.forward.as_ref())),
        ("url", said(words.url.as_ref())),
        ("body_limit", said(words.body_limit.as_ref())),
        ("tolerance", said(words.tolerance.as_ref())),
        ("retention", said(words.retention.as_ref())),
        ("ack_deadline", said(words.ack_deadline.as_ref())),
        ("handler_timeout", said(words.handler_timeout.as_ref())),
        ("outage", format!("{:?}", words.outage)),
        ("event_id", said(words.event_id.as_ref())),
        ("repeats", format!("{:?}", words.repeats)),
        ("only", said(words.only.as_ref())),
        ("enforce", said(words.enforce.as_ref())),
        ("queue", said(words.queue.as_ref())),
        ("retry_schedule", said(words.retry_schedule.as_ref())),
        ("concurrency", said(words.concurrency.as_ref())),
        ("order_by", said(words.order_by.as_ref())),
        ("sign", said(words.sign.as_ref())),
    ]
}

/// The value without its position in the file.
fn said<T: Debug>(word: Option<&Spanned<T>>) -> String {
    format!("{:?}", word.map(Spanned::get_ref))
}

const MIN_WAIT: Duration = Duration::from_millis(100);
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);
/// The value of `10y`. A store counts in milliseconds, which do not overflow at this value.
const MAX_RETENTION: Duration = Duration::from_secs(315_576_000);
