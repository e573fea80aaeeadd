//! Routes a path to its endpoint.

use std::collections::HashMap;

use super::endpoint::Endpoint;

/// The endpoints by path.
#[derive(Default)]
pub(super) struct Routes {
    whole: HashMap<String, Endpoint>,
    /// The endpoints with the tenant's name as a path segment: the path before and after it.
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

    /// The endpoint with exactly this path, or else the first one whose pattern matches.
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
