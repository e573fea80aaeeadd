//! The built-in schemes: one small file a provider, and this list.

mod github;
mod gitlab;
mod jupiter;
mod linear;
mod openai;
mod paddle;
mod pagerduty;
mod perps_tracker;
mod shopify;
mod slack;
mod standard_webhooks;
mod stripe;
mod twitch;
mod venum;
mod workos;
mod x_webhook_signature;
mod zoom;

use std::time::Duration;

use super::{Scheme, SchemeBuilder};
use crate::error::ConfigError;

/// Every built-in, by the name that its file gives it. Sorted by name.
const ALL: &[(&str, Describe)] = &[
    ("github", github::scheme),
    ("gitlab-signing", gitlab::signing),
    ("jupiter", jupiter::scheme),
    ("linear", linear::scheme),
    ("openai", openai::scheme),
    ("paddle", paddle::scheme),
    ("pagerduty", pagerduty::scheme),
    ("perps-tracker", perps_tracker::scheme),
    ("shopify", shopify::scheme),
    ("slack", slack::scheme),
    ("standardwebhooks", standard_webhooks::scheme),
    ("stripe", stripe::scheme),
    ("svix", standard_webhooks::svix),
    ("twitch", twitch::scheme),
    ("venum", venum::scheme),
    ("workos", workos::scheme),
    ("x-webhook-signature", x_webhook_signature::scheme),
    ("zoom", zoom::scheme),
];

type Describe = fn() -> SchemeBuilder;

pub(super) fn named(name: &str) -> Result<Scheme, ConfigError> {
    match ALL.iter().find(|(known, _)| *known == name) {
        Some((_, describe)) => describe().build(),
        None => Err(ConfigError::UnknownScheme { name: name.to_owned() }),
    }
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|(name, _)| *name)
}

/// How each is begun: its name, its title, and where it was read.
fn describe(name: &str, title: &str, source: &str) -> SchemeBuilder {
    Scheme::builder(name).title(title).source(source)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    seconds(60 * minutes)
}

const fn hours(hours: u64) -> Duration {
    minutes(60 * hours)
}

const fn days(days: u64) -> Duration {
    hours(24 * days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::Evidence;

    #[test]
    fn every_builtin_is_valid_and_found_by_its_own_name() {
        for name in names() {
            let scheme = named(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scheme.name(), name);
            assert_ne!(scheme.evidence(), Evidence::Custom, "{name}");
            assert!(!scheme.sources().is_empty(), "{name}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_holds_no_name_twice() {
        assert!(names().is_sorted_by(|a, b| a < b));
    }
}
