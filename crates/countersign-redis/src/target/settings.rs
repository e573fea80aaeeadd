//! The store's settings in its URL.

use std::borrow::Cow;
use std::time::Duration;

use crate::error::ConnectError;

/// `?deadline_ms=600&try_timeout_ms=400`, extracted from a URL.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlSettings {
    pub(crate) deadline: Option<Duration>,
    pub(crate) try_timeout: Option<Duration>,
}

impl UrlSettings {
    /// The settings, and the rest of the URL.
    pub(crate) fn take_from(url: &str) -> Result<(Self, Cow<'_, str>), ConnectError> {
        let mut settings = Self::default();
        let Some((address, query)) = url.split_once('?') else {
            return Ok((settings, url.into()));
        };
        let mut others = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("deadline_ms", value)) => settings.deadline = Some(millis(value)?),
                Some(("try_timeout_ms", value)) => settings.try_timeout = Some(millis(value)?),
                _ => others.push(pair),
            }
        }
        let url = match others.as_slice() {
            _ if settings == Self::default() => url.into(),
            [] => address.into(),
            others => format!("{address}?{}", others.join("&")).into(),
        };
        Ok((settings, url))
    }
}

fn millis(value: &str) -> Result<Duration, ConnectError> {
    let millis = value.parse().map_err(|_| ConnectError::Url { problem: NO_NUMBER })?;
    Ok(Duration::from_millis(millis))
}

const NO_NUMBER: &str =
    "sets `deadline_ms` or `try_timeout_ms` to something other than a whole number";
