//! Which endpoint a path leads to.

use std::collections::HashMap;

use super::endpoint::Endpoint;

/// The endpoints, by their paths.
#[derive(Default)]
pub(super) struct Routes {
    whole: HashMap<String, Endpoint>,
    /// Those in whose path a segment is the tenant's name: what stands before it and behind.
    of_tenants: Vec<(String, String, Endpoint)>,
}

impl Routes {
    pub(super) fn add(&mut self, path: String, endpoint: Endpoint) {
        match path.split_once(TENANT) {
            Some((before, after)) => {
                self.of_tenants.push((before.to_owned(), after.to_owned(), endpoint));
            }
            None => drop(self.whole.insert(path, endpoint)),
        }
    }

    /// The endpoint of this very path; else the first in whose path it fits.
    pub(super) fn find(&self, path: &str) -> Option<&Endpoint> {
        let fits = |before: &str, after: &str| {
            let segment = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            segment.is_some_and(|segment| !segment.is_empty() && !segment.contains('/'))
        };
        let of_tenants = || self.of_tenants.iter().find(|(before, after, _)| fits(before, after));
        self.whole.get(path).or_else(|| of_tenants().map(|(_, _, endpoint)| endpoint))
    }

    pub(super) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.whole.values().chain(self.of_tenants.iter().map(|(_, _, endpoint)| endpoint))
    }
}

const TENANT: &str = "{tenant}";
