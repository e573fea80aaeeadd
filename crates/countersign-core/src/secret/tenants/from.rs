//! The place of a tenant's name in a request.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::name::Name;

/// The place in a request that contains the name of its tenant.
///
/// A name has 1 to 128 visible ASCII characters and is case-sensitive. Events are
/// deduplicated for each name separately. If a resolver treats `acme` and `ACME` as
/// the same tenant, a client can replay a delivery under the other name and have it
/// handled twice.
#[derive(Clone)]
pub struct TenantId(TenantSource);

#[derive(Clone)]
enum TenantSource {
    Header(Name),
    Path { before: Box<str>, after: Box<str> },
    Head(Arc<Find>),
}

type Find = dyn Fn(&RequestHead<'_>) -> Option<String> + Send + Sync;

impl TenantId {
    /// Takes the name from the value of this header, such as `X-Webhook-ID`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] if this is not a valid header name.
    pub fn header(name: &str) -> Result<Self, ConfigError> {
        let name = Name::new(name).ok_or_else(|| problem("a header cannot have this name"))?;
        Ok(Self(TenantSource::Header(name)))
    }

    /// Takes the name from the path segment at `{tenant}`: `/hooks/{tenant}`, or
    /// `/{tenant}/hooks`. Other paths name no tenant. A segment with a `%` names no
    /// tenant either, because one name could be escaped in many ways.
    ///
    /// The path is the one that is passed to the verifier. For a nested router, axum
    /// strips the prefix from it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] if the template is not a path with exactly one
    /// `{tenant}` as a whole segment.
    pub fn path(template: &str) -> Result<Self, ConfigError> {
        let Some((before, after)) = template.split_once("{tenant}") else {
            return Err(problem("the path has no `{tenant}`: write `/hooks/{tenant}`"));
        };
        if !template.starts_with('/') {
            return Err(problem("the path does not begin with `/`: write `/hooks/{tenant}`"));
        }
        if !before.ends_with('/') || !(after.is_empty() || after.starts_with('/')) {
            return Err(problem("`{tenant}` must be a whole segment: write `/hooks/{tenant}`"));
        }
        if [before, after].iter().any(|text| text.contains(['{', '}', '?', '#'])) {
            return Err(problem("the path may contain only segments and one `{tenant}`"));
        }
        Ok(Self(TenantSource::Path { before: before.into(), after: after.into() }))
    }

    /// Takes the name that this function returns for a request's head; `None`, or a
    /// panic, if the request names no tenant.
    ///
    /// The head is not verified yet, and any client can have sent it: use only the
    /// head, and nothing outside it.
    #[must_use]
    pub fn head(find: impl Fn(&RequestHead<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(TenantSource::Head(Arc::new(find)))
    }

    /// The tenant's name in a request.
    pub(super) fn name<'h>(&self, head: &RequestHead<'h>) -> Result<Cow<'h, str>, VerifyError> {
        let name = match &self.0 {
            TenantSource::Header(header) => {
                let value = head
                    .headers
                    .unique(header.lower())
                    .map_err(|_| VerifyError::header(VerifyErrorKind::RepeatedHeader, header))?;
                let value = value.and_then(|value| str::from_utf8(value).ok());
                value.map(Cow::Borrowed)
            }
            TenantSource::Path { before, after } => {
                head.target.and_then(|target| segment(target, before, after)).map(Cow::Borrowed)
            }
            // A panic would close the connection without a response.
            TenantSource::Head(find) => {
                let found = catch_unwind(AssertUnwindSafe(|| find(head)));
                found.ok().flatten().map(Cow::Owned)
            }
        };
        let name = name.filter(|name| {
            (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        });
        name.ok_or_else(|| VerifyErrorKind::UnknownTenant.into())
    }
}

/// The single path segment between `before` and `after`.
fn segment<'a>(target: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let path = target.split(['?', '#']).next()?;
    let segment = path.strip_prefix(before)?.strip_suffix(after)?;
    (!segment.contains(['/', '%'])).then_some(segment)
}

fn problem(problem: &'static str) -> ConfigError {
    ConfigError::Tenants { problem }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            TenantSource::Header(name) => write!(f, "TenantId(header `{name}`)"),
            TenantSource::Path { before, after } => {
                write!(f, "TenantId(path `{before}{{tenant}}{after}`)")
            }
            TenantSource::Head(_) => f.write_str("TenantId(head)"),
        }
    }
}

/// Longer than any id that providers and databases generate.
const MAX_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(
        from: &TenantId,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, &'static str> {
        let headers = headers.to_vec();
        let name = from.name(&RequestHead::new("POST", target, &headers));
        name.map(Cow::into_owned).map_err(|error| error.code())
    }

    #[test]
    fn a_header_names_a_tenant_unless_it_is_repeated_or_invalid() {
        let from = TenantId::header("X-Webhook-ID").unwrap();
        let name = |headers: &[(&str, &str)]| named(&from, "/", headers);
        assert_eq!(name(&[("x-webhook-id", "acme")]).unwrap(), "acme");
        assert_eq!(name(&[("x-webhook-id", &"a".repeat(128))]).unwrap().len(), 128);
        assert_eq!(name(&[("x-webhook-id", "a"), ("X-Webhook-ID", "a")]), Err("repeated_header"));
        for no_name in ["", "a b", "a\nb", "é", "a\u{7f}", &"a".repeat(129)] {
            assert_eq!(name(&[("x-webhook-id", no_name)]), Err("unknown_tenant"), "{no_name:?}");
        }
        assert_eq!(name(&[]), Err("unknown_tenant"));
    }

    #[test]
    fn a_path_names_a_tenant_by_one_whole_segment() {
        let end = TenantId::path("/hooks/{tenant}").unwrap();
        let middle = TenantId::path("/hooks/{tenant}/in").unwrap();
        let name = |from: &TenantId, target: &str| named(from, target, &[]).ok();
        assert_eq!(name(&end, "/hooks/acme").as_deref(), Some("acme"));
        assert_eq!(name(&end, "/hooks/acme?tenant=other").as_deref(), Some("acme"));
        assert_eq!(name(&middle, "/hooks/acme/in").as_deref(), Some("acme"));
        for other in ["/hooks/", "/hooks", "/hooks/a/b", "/hooks/%61cme", "/other/acme", "acme"] {
            assert_eq!(name(&end, other), None, "{other}");
        }
        for other in ["/hooks/in", "/hooks//in", "/hooks/acme", "/hooks/acme/in/", "/hooks/a/b/in"]
        {
            assert_eq!(name(&middle, other), None, "{other}");
        }
    }

    #[test]
    fn a_function_that_panics_names_no_tenant() {
        let from = TenantId::head(|_| panic!("intended panic"));
        assert_eq!(named(&from, "/", &[]), Err("unknown_tenant"));
    }

    #[test]
    fn an_invalid_path_template_is_rejected_with_the_fix() {
        for (template, said) in [
            ("/hooks", "no `{tenant}`"),
            ("hooks/{tenant}", "begin with `/`"),
            ("/hooks/a-{tenant}", "whole segment"),
            ("/hooks/{tenant}.json", "whole segment"),
            ("/{tenant}/{tenant}", "one `{tenant}`"),
            ("/hooks/{tenant}/?a", "one `{tenant}`"),
        ] {
            let error = TenantId::path(template).unwrap_err().to_string();
            assert!(error.contains(said), "{template}: {error}");
        }
        assert!(TenantId::header("X Webhook").is_err());
    }
}
