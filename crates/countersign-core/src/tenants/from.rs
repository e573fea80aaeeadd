//! Where a tenant's name stands in a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::headers::Head;
use crate::name::Name;

/// Where in a request the name of its tenant stands.
///
/// A name is 1 to 128 visible ASCII characters, and is compared to the letter.
/// An event is handled once for each name: a resolver for which `acme` and
/// `ACME` are one tenant lets whoever repeats a delivery have it handled twice.
#[derive(Clone)]
pub struct TenantFrom(Place);

#[derive(Clone)]
enum Place {
    Header(Name),
    Path { before: Box<str>, after: Box<str> },
    Head(Arc<Find>),
}

type Find = dyn Fn(&Head<'_>) -> Option<String> + Send + Sync;

impl TenantFrom {
    /// The value of this header, such as `X-Webhook-ID`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] where no header can have this name.
    pub fn header(name: &str) -> Result<Self, ConfigError> {
        let name = Name::new(name).ok_or_else(|| problem("a header cannot have this name"))?;
        Ok(Self(Place::Header(name)))
    }

    /// The segment of the path that stands in the place of `{tenant}`:
    /// `/hooks/{tenant}`, or `/{tenant}/hooks`. Other paths name no tenant, and
    /// nor does a segment with a `%`: one name could be written in many ways.
    ///
    /// The path is the one that the verifier is shown. axum strips the prefix
    /// from that of a nested router.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] where that is no template of a path, with one
    /// `{tenant}` for a whole segment.
    pub fn path(template: &str) -> Result<Self, ConfigError> {
        let Some((before, after)) = template.split_once("{tenant}") else {
            return Err(problem("the path has no `{tenant}`: write `/hooks/{tenant}`"));
        };
        if !template.starts_with('/') {
            return Err(problem("the path does not begin with `/`: write `/hooks/{tenant}`"));
        }
        if !before.ends_with('/') || !(after.is_empty() || after.starts_with('/')) {
            return Err(problem("`{tenant}` stands for a whole segment: write `/hooks/{tenant}`"));
        }
        if [before, after].iter().any(|text| text.contains(['{', '}', '?', '#'])) {
            return Err(problem("the path has more than segments and one `{tenant}`"));
        }
        Ok(Self(Place::Path { before: before.into(), after: after.into() }))
    }

    /// What this function finds in a request's head; `None` where it names no
    /// tenant.
    ///
    /// Anybody can have written that head: look at it, and at nothing outside.
    #[must_use]
    pub fn head(find: impl Fn(&Head<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Place::Head(Arc::new(find)))
    }

    /// The name that a request gives.
    pub(super) fn name<'h>(&self, head: &Head<'h>) -> Result<Cow<'h, str>, VerifyError> {
        let name = match &self.0 {
            Place::Header(header) => {
                let value = head
                    .headers
                    .unique(header.lower())
                    .map_err(|_| VerifyError::header(VerifyErrorKind::RepeatedHeader, header))?;
                let value = value.and_then(|value| str::from_utf8(value).ok());
                value.map(Cow::Borrowed)
            }
            Place::Path { before, after } => {
                head.target.and_then(|target| segment(target, before, after)).map(Cow::Borrowed)
            }
            Place::Head(find) => find(head).map(Cow::Owned),
        };
        let name = name.filter(|name| {
            (1..=LONGEST_NAME).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic())
        });
        name.ok_or_else(|| VerifyErrorKind::UnknownTenant.into())
    }
}

/// The one segment between these.
fn segment<'a>(target: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let path = target.split(['?', '#']).next()?;
    let segment = path.strip_prefix(before)?.strip_suffix(after)?;
    (!segment.contains(['/', '%'])).then_some(segment)
}

fn problem(problem: &'static str) -> ConfigError {
    ConfigError::Tenants { problem }
}

impl fmt::Debug for TenantFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Header(name) => write!(f, "TenantFrom(header `{name}`)"),
            Place::Path { before, after } => {
                write!(f, "TenantFrom(path `{before}{{tenant}}{after}`)")
            }
            Place::Head(_) => f.write_str("TenantFrom(head)"),
        }
    }
}

/// Longer than any id that providers and databases make up.
const LONGEST_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn named(
        from: &TenantFrom,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<String, &'static str> {
        let headers = headers.to_vec();
        let name = from.name(&Head::new("POST", target, &headers));
        name.map(Cow::into_owned).map_err(|error| error.code())
    }

    #[test]
    fn a_header_names_a_tenant_unless_it_is_repeated_or_no_name() {
        let from = TenantFrom::header("X-Webhook-ID").unwrap();
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
        let end = TenantFrom::path("/hooks/{tenant}").unwrap();
        let middle = TenantFrom::path("/hooks/{tenant}/in").unwrap();
        let name = |from: &TenantFrom, target: &str| named(from, target, &[]).ok();
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
    fn what_is_no_template_is_refused_with_the_mend() {
        for (template, said) in [
            ("/hooks", "no `{tenant}`"),
            ("hooks/{tenant}", "begin with `/`"),
            ("/hooks/a-{tenant}", "whole segment"),
            ("/hooks/{tenant}.json", "whole segment"),
            ("/{tenant}/{tenant}", "one `{tenant}`"),
            ("/hooks/{tenant}/?a", "one `{tenant}`"),
        ] {
            let error = TenantFrom::path(template).unwrap_err().to_string();
            assert!(error.contains(said), "{template}: {error}");
        }
        assert!(TenantFrom::header("X Webhook").is_err());
    }
}
