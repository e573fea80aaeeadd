//! The endpoints that deliveries are sent to, with what signing and a diagnosis need.

use std::sync::Arc;
use std::time::Duration;

use countersign::{Scheme, Secret, Secrets, Tolerance};
use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::delivery::Delivery;

/// The secrets of an endpoint. They are used here, and never sent to the page.
pub(crate) trait SecretSource: Send + Sync {
    /// The active secrets, the current one first; `None` if there are none.
    fn active(&self, tenant: Option<&str>) -> Option<Secrets>;

    /// Secrets that were replaced while the program runs.
    fn retired(&self) -> Vec<Secret>;

    /// Whether each tenant has its own secrets.
    fn are_of_tenants(&self) -> bool {
        false
    }
}

/// A configured endpoint.
#[derive(Clone)]
pub(crate) struct InspectedEndpoint {
    pub(crate) path: String,
    pub(crate) scheme: Scheme,
    /// Whether the scheme is described in a file of the user.
    pub(crate) is_scheme_file: bool,
    /// The URL that the provider calls, if it is configured.
    pub(crate) public_url: Option<String>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) body_limit: usize,
    pub(crate) ack_deadline: Duration,
    /// The endpoint itself; `None` for captures on disk.
    pub(crate) own: Option<Uri>,
    /// The application behind it.
    pub(crate) forward: Option<Uri>,
    pub(crate) secrets: Arc<dyn SecretSource>,
}

/// The destination of a request. There are no others: the page cannot name a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Endpoint,
    Forward,
}

impl Target {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Endpoint, Self::Forward].into_iter().find(|target| target.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Forward => "forward",
        }
    }
}

impl InspectedEndpoint {
    pub(crate) fn target(&self, target: Target) -> Option<&Uri> {
        match target {
            Target::Endpoint => self.own.as_ref(),
            Target::Forward => self.forward.as_ref(),
        }
    }

    /// The tenant of a delivery. The path of a rejected one names it, too.
    pub(crate) fn tenant_of(&self, delivery: &Delivery) -> Option<String> {
        let verified = delivery.event.as_ref().and_then(|event| event.tenant.clone());
        verified.or_else(|| {
            let segment = self.tenant_segment(path_and_query(&delivery.request.url).0)?;
            Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
        })
    }

    /// The target for a request of this tenant: its name is a segment of the path. The query is that of
    /// the recorded request.
    pub(crate) fn addressed(
        &self,
        to: &Uri,
        tenant: Option<&str>,
        recorded: Option<&Delivery>,
    ) -> Result<Uri, String> {
        let template = to.path();
        let Some(place) = PLACES.into_iter().find(|place| template.contains(place)) else {
            return Ok(to.clone());
        };
        let tenant = tenant.filter(|tenant| !tenant.is_empty());
        let tenant =
            tenant.ok_or("the path names a tenant, and that of this delivery is not known")?;
        let segment = utf8_percent_encode(tenant, OF_SEGMENT).to_string();
        let query = recorded.and_then(|it| path_and_query(&it.request.url).1).or(to.query());
        let query = query.map_or_else(String::new, |query| format!("?{query}"));
        let (scheme, authority) = (to.scheme_str().unwrap_or("http"), to.authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        let path = template.replace(place, &segment);
        format!("{scheme}://{authority}{path}{query}")
            .parse()
            .map_err(|_| "the URL of the recorded request is not valid".to_owned())
    }

    /// The segment of a request's path that names the tenant.
    fn tenant_segment<'a>(&self, path: &'a str) -> Option<&'a str> {
        let mut found = None;
        let (mut template, mut segments) = (self.path.split('/'), path.split('/'));
        loop {
            match (template.next(), segments.next()) {
                (None, None) => return found,
                (Some(place), Some(segment)) if PLACES.contains(&place) => found = Some(segment),
                (Some(one), Some(other)) if one == other => {}
                _ => return None,
            }
        }
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = (Target, &Uri)> {
        let all = [Target::Endpoint, Target::Forward].into_iter();
        all.filter_map(|target| Some((target, self.target(target)?)))
    }
}

/// The path and the query of a URL. Only at its beginning does `://` end a scheme: a sender can write it
/// into the query.
pub(crate) fn path_and_query(url: &str) -> (&str, Option<&str>) {
    let is_scheme = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let path = match url.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        Some((_, rest)) => rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]),
        None => url,
    };
    let path = path.split('#').next().unwrap_or_default();
    match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    }
}

/// The segment of a path that names the tenant, as it is configured and as it is in a URL.
const PLACES: [&str; 2] = ["{tenant}", "%7Btenant%7D"];
const OF_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// No secrets, for captures that are only looked at.
pub(crate) struct NoSecrets;

impl SecretSource for NoSecrets {
    fn active(&self, _: Option<&str>) -> Option<Secrets> {
        None
    }

    fn retired(&self) -> Vec<Secret> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::super::delivery::{Event, Recorded};
    use super::*;

    fn endpoint(path: &str) -> InspectedEndpoint {
        InspectedEndpoint {
            path: path.to_owned(),
            scheme: schemes::stripe(),
            is_scheme_file: false,
            public_url: None,
            tolerance: None,
            body_limit: 1024,
            ack_deadline: Duration::from_secs(1),
            own: None,
            forward: None,
            secrets: Arc::new(NoSecrets),
        }
    }

    fn delivery(url: &str, tenant: Option<&str>) -> Delivery {
        let tenant = tenant.map(str::to_owned);
        let event = tenant.map(|tenant| Event { tenant: Some(tenant), ..Event::default() });
        let request = Recorded { url: url.to_owned(), ..Recorded::default() };
        Delivery { event, request, ..Delivery::default() }
    }

    #[test]
    fn a_request_of_a_tenant_stays_at_its_endpoint_whatever_its_query() {
        let it = endpoint("/t/{tenant}");
        let to: Uri = "https://127.0.0.1:3000/t/%7Btenant%7D".parse().unwrap();
        for (url, expected) in [
            ("http://a.example/t/a", "https://127.0.0.1:3000/t/a"),
            ("http://a.example/t/a?u=://x/hooks", "https://127.0.0.1:3000/t/a?u=://x/hooks"),
            ("/t/a?u=http://x/admin", "https://127.0.0.1:3000/t/a?u=http://x/admin"),
        ] {
            let delivery = delivery(url, None);
            let tenant = it.tenant_of(&delivery);
            assert_eq!(tenant.as_deref(), Some("a"), "{url}");
            let addressed = it.addressed(&to, tenant.as_deref(), Some(&delivery)).unwrap();
            assert_eq!(addressed.to_string(), expected);
        }
        for url in ["http://a.example/other/a", "http://a.example", "/t/a/b", "[redacted]"] {
            assert_eq!(it.tenant_of(&delivery(url, None)), None, "{url}");
        }
        assert!(it.addressed(&to, None, None).is_err());
        let odd = it.addressed(&to, Some("../x?y"), None).unwrap();
        assert_eq!(odd.path(), "/t/..%2Fx%3Fy");
        let plain: Uri = "http://127.0.0.1:3000/hooks".parse().unwrap();
        assert_eq!(endpoint("/hooks").addressed(&plain, None, None).unwrap(), plain);
    }
}
